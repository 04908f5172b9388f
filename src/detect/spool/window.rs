//! A part of a file in a buffer that grows only as far as one event needs.

use std::io::{self, Read};
use std::ops::Range;

use super::Loss;

/// How many bytes are read at a time. A file of Santa's spool fits.
const CHUNK: usize = 256 << 10;

/// The bytes of a file that were read and are not yet used.
pub(super) struct Window<'a> {
    source: Box<dyn Read + 'a>,
    buffer: &'a mut Vec<u8>,
    /// The unused bytes in the buffer.
    unused: Range<usize>,
    read: u64,
    limit: u64,
    /// What an error of the source means.
    on_error: Loss,
    ending: Option<Ending>,
}

/// Why no more bytes can be read.
#[derive(Clone, Copy)]
enum Ending {
    End,
    Failure(Loss),
}

impl<'a> Window<'a> {
    pub(super) fn new(
        source: Box<dyn Read + 'a>,
        buffer: &'a mut Vec<u8>,
        limit: u64,
        on_error: Loss,
    ) -> Self {
        Self { source, buffer, unused: 0..0, read: 0, limit, on_error, ending: None }
    }

    /// Reads until `wanted` bytes are unused, or the file ends. Returns how many are unused.
    pub(super) fn fill(&mut self, wanted: usize) -> usize {
        while self.unused.len() < wanted && self.ending.is_none() {
            self.make_room(wanted);
            self.ending = self.read_more();
        }
        self.unused.len()
    }

    fn make_room(&mut self, wanted: usize) {
        if self.unused.start > 0 {
            let length = self.unused.len();
            self.buffer.copy_within(self.unused.clone(), 0);
            self.unused = 0..length;
        }
        let size = wanted.max(CHUNK).next_multiple_of(CHUNK);
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
    }

    fn read_more(&mut self) -> Option<Ending> {
        let Some(allowed) = self.limit.checked_sub(self.read).filter(|allowed| *allowed > 0) else {
            return Some(Ending::Failure(Loss::FileTooLarge));
        };
        let free = &mut self.buffer[self.unused.end..];
        let most = usize::try_from(allowed).unwrap_or(usize::MAX).min(free.len());
        match self.source.read(&mut free[..most]) {
            Ok(0) => Some(Ending::End),
            Ok(count) => {
                self.unused.end += count;
                self.read += count as u64;
                None
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
            Err(_) => Some(Ending::Failure(self.on_error)),
        }
    }

    /// The unused bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.range(&self.unused)
    }

    /// Bytes that were taken since the last [`Self::fill`].
    pub(super) fn range(&self, range: &Range<usize>) -> &[u8] {
        self.buffer.get(range.clone()).unwrap_or_default()
    }

    /// Uses the next bytes, and returns where they are. At most the unused bytes are used.
    pub(super) fn take(&mut self, count: usize) -> Range<usize> {
        let start = self.unused.start;
        self.unused.start += count.min(self.unused.len());
        start..self.unused.start
    }

    /// Uses the next bytes without keeping them. Returns whether there were enough.
    pub(super) fn skip(&mut self, mut count: u64) -> bool {
        while count > 0 {
            if self.fill(1) == 0 {
                return false;
            }
            let now = usize::try_from(count).unwrap_or(usize::MAX).min(self.unused.len());
            self.take(now);
            count -= now as u64;
        }
        true
    }

    /// Why the file ended early.
    pub(super) const fn failure(&self) -> Option<Loss> {
        match self.ending {
            Some(Ending::Failure(loss)) => Some(loss),
            Some(Ending::End) | None => None,
        }
    }

    /// The bytes that were read, after decompression. Zero from then on.
    pub(super) const fn forget(&mut self) -> u64 {
        std::mem::replace(&mut self.read, 0)
    }
}
