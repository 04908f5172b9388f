//! Counts lines while a file is read.

use std::io::{BufRead, Read};

/// Counts lines. Each read returns at most one line, so that [`Lines::line`] is the line that the
/// parser has reached. (The `csv` crate reports the line where the previous record ended, which is
/// wrong after empty lines and after CRLF.)
pub(super) struct Lines<R> {
    input: R,
    line: u64,
    starts: bool,
    last: u8,
}

impl<R> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: 0, starts: true, last: 0 }
    }

    /// The last byte that was read and is not white space.
    pub(super) fn last(&self) -> u8 {
        self.last
    }

    /// The number of the line that was read last, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let ready = self.input.fill_buf()?;
        let ready = &ready[..ready.len().min(buffer.len())];
        let end = memchr::memchr(b'\n', ready);
        let taken = end.map_or(ready.len(), |end| end + 1);
        buffer[..taken].copy_from_slice(&ready[..taken]);
        let is_blank = |byte: &&u8| byte.is_ascii_whitespace();
        self.last =
            ready[..taken].iter().rev().find(|byte| !is_blank(byte)).map_or(self.last, |it| *it);
        self.input.consume(taken);
        self.line += u64::from(self.starts);
        self.starts = end.is_some();
        Ok(taken)
    }
}
