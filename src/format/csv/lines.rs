//! Counts lines while a file is read, and keeps the text of the current row.

use std::io::{BufRead, Read};

/// Maximum bytes of a row that are kept. Valid rows are much shorter.
const MOST_KEPT: usize = 1 << 20;

/// Counts lines. Each read returns at most one line, so that [`Lines::line`] is the line that the
/// parser has reached. (The `csv` crate reports the line where the previous record ended, which is
/// wrong after empty lines and after CRLF.)
///
/// Also keeps the bytes of the current row, because the parser does not report which of its fields
/// are quoted.
pub(super) struct Lines<R> {
    input: R,
    line: u64,
    starts: bool,
    /// The bytes from offset `row_start` of the input, at most [`MOST_KEPT`].
    row: Vec<u8>,
    row_start: u64,
    /// The number of bytes that were read.
    end: u64,
}

impl<R> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: 0, starts: true, row: Vec::new(), row_start: 0, end: 0 }
    }

    /// The number of the line that was read last, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Begins a row at an offset of the input. The bytes before it are no longer kept.
    pub(super) fn begin_row(&mut self, start: u64) {
        let before = length(start.saturating_sub(self.row_start)).min(self.row.len());
        self.row.drain(..before);
        self.row_start = start;
    }

    /// The row up to an offset of the input. Without its end if it is very long.
    pub(super) fn row(&self, end: u64) -> &[u8] {
        &self.row[..length(end.saturating_sub(self.row_start)).min(self.row.len())]
    }

    fn keep(&mut self, bytes: &[u8]) {
        // After a row that is too long, bytes are kept again from the next row that begins where a
        // read begins. That is the next row, unless lines end with a carriage return only.
        let has_all = self.row_start + offset(self.row.len()) == self.end;
        let room = if has_all { MOST_KEPT - self.row.len() } else { 0 };
        self.row.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.end += offset(bytes.len());
    }
}

fn offset(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn length(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let ready = self.input.fill_buf()?;
        let ready = &ready[..ready.len().min(buffer.len())];
        let end = memchr::memchr(b'\n', ready);
        let taken = end.map_or(ready.len(), |end| end + 1);
        buffer[..taken].copy_from_slice(&ready[..taken]);
        self.input.consume(taken);
        self.keep(&buffer[..taken]);
        self.line += u64::from(self.starts);
        self.starts = end.is_some();
        Ok(taken)
    }
}
