//! Finds the heads of requests in the bytes of a connection, and problems in these heads.

use memchr::memchr;

/// Maximum bytes of a line that are stored and parsed. The headers that matter here are far
/// shorter.
const LINE: usize = 256;

/// Follows the bytes that a client sends, to know which bytes belong to the heads of requests.
///
/// The HTTP library handles the requests. This type detects what the library does not report:
/// incomplete headers, ambiguous body lengths, and unsupported transfer codings.
#[derive(Debug, Default)]
pub(super) struct Framing {
    part: Part,
    heads: u64,
    fault: Option<Fault>,
}

/// Why a request is refused, even if the library accepts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The length of the body is given in two ways, or cannot be parsed. A proxy may have read a
    /// body of a different length, and treated a part of the body as a separate request.
    Ambiguous,
    /// The body has a transfer coding other than `chunked`, or more than one transfer coding.
    Coding,
}

#[derive(Debug)]
enum Part {
    Head(Head),
    /// A body, with the number of its bytes that have not arrived yet.
    Body(u64),
    /// A body whose end only the HTTP library can find, such as a body in chunks. This connection
    /// accepts no further requests.
    Chunks,
}

impl Default for Part {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

#[derive(Debug, Default)]
struct Head {
    /// The received beginning of an incomplete line.
    line: Vec<u8>,
    /// Whether a line that is not empty was received.
    begun: bool,
    length: Option<Length>,
    coding: Option<Coding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Chunked,
    Other,
}

#[derive(Debug)]
enum Length {
    Of(u64),
    /// The value is not a valid number for this parser. The library may accept it.
    Unclear,
}

impl Framing {
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.part {
                Part::Chunks => return,
                Part::Body(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[taken..];
                    *left -= taken as u64;
                    if *left == 0 {
                        self.part = Part::default();
                    }
                }
                Part::Head(head) => {
                    let end = memchr(b'\n', bytes);
                    let piece = &bytes[..end.unwrap_or(bytes.len())];
                    bytes = end.map_or(&[][..], |end| &bytes[end + 1..]);
                    let has_ended = match end {
                        // Most lines arrive in one piece, and are not copied.
                        Some(_) if head.line.is_empty() => head.take_line(piece),
                        Some(_) => {
                            head.extend(piece);
                            let line = std::mem::take(&mut head.line);
                            head.take_line(&line)
                        }
                        None => {
                            head.extend(piece);
                            false
                        }
                    };
                    if has_ended {
                        self.heads += 1;
                        self.fault = self.fault.or(head.fault());
                        self.part = head.next();
                    }
                }
            }
        }
    }

    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// The fault of the first faulty head.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Whether the client must complete a head within the deadline: the first head of the
    /// connection, or a head that the client has begun to send.
    pub(super) fn owes_head(&self) -> bool {
        match &self.part {
            Part::Head(head) => self.heads == 0 || head.begun || !head.line.is_empty(),
            Part::Body(_) | Part::Chunks => false,
        }
    }
}

impl Head {
    fn extend(&mut self, bytes: &[u8]) {
        let room = LINE - self.line.len();
        self.line.extend_from_slice(&bytes[..room.min(bytes.len())]);
    }

    /// Reads a line of the head. Only the first bytes of the line are parsed. Returns whether the
    /// line is the end of the head.
    fn take_line(&mut self, line: &[u8]) -> bool {
        let cut = line.len() >= LINE;
        let line = line[..line.len().min(LINE)].trim_ascii();
        if line.is_empty() {
            // Empty lines before a request are allowed.
            return self.begun;
        }
        self.begun = true;
        if let Some(colon) = memchr(b':', line) {
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"transfer-encoding") {
                let chunked = self.coding.is_none() && value.eq_ignore_ascii_case(b"chunked");
                self.coding = Some(if chunked { Coding::Chunked } else { Coding::Other });
            } else if name.eq_ignore_ascii_case(b"content-length") {
                let value = str::from_utf8(value).ok().filter(|_| !cut);
                let length = value.and_then(|value| value.parse().ok());
                self.length = Some(length.map_or(Length::Unclear, Length::Of));
            }
        }
        false
    }

    fn fault(&self) -> Option<Fault> {
        match (&self.length, self.coding) {
            (Some(Length::Unclear), _) | (Some(Length::Of(_)), Some(_)) => Some(Fault::Ambiguous),
            (None, Some(Coding::Other)) => Some(Fault::Coding),
            (Some(Length::Of(_)), None) | (None, Some(Coding::Chunked) | None) => None,
        }
    }

    fn next(&self) -> Part {
        match self.length {
            _ if self.coding.is_some() => Part::Chunks,
            Some(Length::Of(length)) if length > 0 => Part::Body(length),
            Some(Length::Of(_)) | None => Part::default(),
            Some(Length::Unclear) => Part::Chunks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_a_head_is_owed_until_its_last_line() {
        let sent = b"\r\nPOST /x HTTP/1.1\r\nHost: y\r\ncontent-LENGTH: 4\r\n\r\n\r\n\r\nGET / ";
        let (head, body) = (50, 4);
        for step in [1, 2, 7, sent.len()] {
            let mut framing = Framing::default();
            let mut read = 0;
            for bytes in sent.chunks(step) {
                framing.read(bytes);
                read += bytes.len();
                let owes = !(head..=head + body).contains(&read);
                assert_eq!(framing.owes_head(), owes, "{read} bytes in steps of {step}");
            }
            assert_eq!(framing.heads(), 1);
        }
    }

    #[test]
    fn b7_lengths_and_codings_that_proxies_may_read_differently_are_faults() {
        let fault = |headers: &str| {
            let mut framing = Framing::default();
            framing.read(format!("POST / HTTP/1.1\r\n{headers}\r\n\r\n").as_bytes());
            framing.fault()
        };
        let is_ambiguous = |headers: &str| fault(headers) == Some(Fault::Ambiguous);
        assert_eq!(fault("content-length: 5"), None);
        assert_eq!(fault("Transfer-Encoding:\tChunked "), None);
        for coding in ["gzip, chunked", "gzip", "identity", "chunked, chunked", "xchunked", ""] {
            assert_eq!(
                fault(&format!("transfer-encoding: {coding}")),
                Some(Fault::Coding),
                "{coding}"
            );
        }
        let twice = "transfer-encoding: chunked\r\ntransfer-encoding: chunked";
        assert_eq!(fault(twice), Some(Fault::Coding));
        assert!(is_ambiguous("content-length: 5\r\ntransfer-encoding: chunked"));
        assert!(is_ambiguous("Transfer-Encoding:chunked\nContent-Length:0"));
        assert!(is_ambiguous("content-length: five"));
        assert!(is_ambiguous(&format!("content-length: {}5", "0".repeat(LINE))), "cut off here");
    }

    #[test]
    fn b2_lines_without_end_are_not_kept() {
        let mut framing = Framing::default();
        framing.read(&vec![b'x'; 1 << 20]);
        let Part::Head(head) = &framing.part else { panic!("{framing:?}") };
        assert_eq!(head.line.len(), LINE);
    }
}
