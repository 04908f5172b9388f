//! Counts the lines of a file while it is read.

use std::io::{BufRead, Read};

/// Hands its input on in pieces that never reach across a line's end, so that at any moment
/// [`Lines::line`] is the line of the last byte that was taken, or of the file's end. (The
/// line that the `csv` crate itself gives a record is the one where the record before it
/// ended: wrong after empty lines and after CRLF.)
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

    /// The last byte that was read and is no white space.
    pub(super) fn last(&self) -> u8 {
        self.last
    }

    /// The line that reading has come to, from 1.
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
