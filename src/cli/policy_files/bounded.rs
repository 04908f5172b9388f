//! Reads files and pipes up to a limit, because a wrong path may be a device with endless data.

use std::io::{self, Read};

/// Maximum bytes of a file of rules. A million rules take about 100 MiB.
const LARGEST_FILE: u64 = 512 * MIB;
/// Maximum bytes of a PEM file.
pub(crate) const LARGEST_PEM: u64 = MIB;
/// Maximum bytes of a line. A longer one is a sign of another kind of file.
const LONGEST_LINE: u64 = MIB;
const MIB: u64 = 1024 * 1024;

/// An input that fails once it exceeds its limits.
pub(crate) struct Bounded<R> {
    input: R,
    largest: u64,
    longest_line: Option<u64>,
    read: u64,
    line: u64,
}

impl<R: Read> Bounded<R> {
    /// Fails if the input has more than `largest` bytes.
    pub(crate) fn new(input: R, largest: u64) -> Self {
        Self { input, largest, longest_line: None, read: 0, line: 0 }
    }

    /// A file of rules.
    pub(crate) fn rules(input: R) -> Self {
        Self::new(input, LARGEST_FILE)
    }

    /// A file of rules that is read line by line. Its lines are limited, too.
    pub(crate) fn lines(input: R) -> Self {
        Self { longest_line: Some(LONGEST_LINE), ..Self::rules(input) }
    }

    pub(crate) fn read_all(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.read += length as u64;
        if self.read > self.largest {
            return Err(too_large(&format!("it is larger than {} MiB", self.largest / MIB)));
        }
        if let Some(longest) = self.longest_line {
            let bytes = &buffer[..length];
            match memchr::memrchr(b'\n', bytes) {
                Some(end) => self.line = (length - end - 1) as u64,
                None => self.line += length as u64,
            }
            if self.line > longest {
                return Err(too_large("it has a line of more than 1 MiB"));
            }
        }
        Ok(length)
    }
}

fn too_large(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b6_input_without_end_is_refused() {
        let refusal =
            |mut input: Bounded<_>| io::copy(&mut input, &mut io::sink()).unwrap_err().to_string();
        assert_eq!(refusal(Bounded::new(io::repeat(0), MIB)), "it is larger than 1 MiB");
        assert_eq!(refusal(Bounded::lines(io::repeat(0))), "it has a line of more than 1 MiB");
    }

    #[test]
    fn b6_many_lines_are_read_to_the_end() {
        let text = "teamid:AAAAAAAAAA,allow\n".repeat(100_000);
        assert_eq!(Bounded::lines(text.as_bytes()).read_all().unwrap().len(), text.len());
    }
}
