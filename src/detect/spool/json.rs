//! JSON: the output of `santactl printlog`, which is an array of arrays of events, and one event
//! per line.

use super::window::Window;
use super::{Limits, Loss, Place, Step};
use crate::detect::telemetry::encode_json;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Whether a file that begins with these bytes is JSON. No protobuf message of Santa begins with
/// these bytes, except with a line feed.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(&BYTE_ORDER_MARK).unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

/// The next event. Anything else than an object between two events is lost up to the end of its
/// line.
pub(super) fn step(window: &mut Window<'_>, limits: &Limits, encoded: &mut Vec<u8>) -> Step {
    match skip_to_object(window) {
        Found::Object => {}
        Found::OtherText => return Step::Lost(Loss::Undecodable),
        Found::End => return Step::End(None),
    }
    match find_end(window, limits) {
        ObjectEnd::Complete(length) => {
            let range = window.take(length);
            match encode_json(window.range(&range)) {
                Ok(event) => {
                    *encoded = event;
                    Step::Message(Place::Encoded)
                }
                Err(_) => Step::Lost(Loss::Undecodable),
            }
        }
        ObjectEnd::Skipped(loss) => Step::Lost(loss),
        ObjectEnd::Missing => Step::End(Some(Loss::Truncated)),
    }
}

enum Found {
    Object,
    OtherText,
    End,
}

/// Uses the bytes between two events. Their order is not checked.
fn skip_to_object(window: &mut Window<'_>) -> Found {
    loop {
        if window.fill(1) == 0 {
            return Found::End;
        }
        let is_between = |byte: &u8| {
            byte.is_ascii_whitespace()
                || matches!(byte, b'[' | b']' | b',')
                || BYTE_ORDER_MARK.contains(byte)
        };
        let bytes = window.bytes();
        let next = bytes.iter().position(|byte| !is_between(byte));
        let is_object = next.is_some_and(|next| bytes[next] == b'{');
        let between = next.unwrap_or(bytes.len());
        window.take(between);
        match (next, is_object) {
            (None, _) => {}
            (Some(_), true) => return Found::Object,
            (Some(_), false) => {
                skip_line(window);
                return Found::OtherText;
            }
        }
    }
}

fn skip_line(window: &mut Window<'_>) {
    while window.fill(1) > 0 {
        let line_feed = memchr::memchr(b'\n', window.bytes());
        window.take(line_feed.map_or(window.bytes().len(), |at| at + 1));
        if line_feed.is_some() {
            return;
        }
    }
}

enum ObjectEnd {
    /// The bytes of the object, which are still unused.
    Complete(usize),
    /// The object was used without keeping it.
    Skipped(Loss),
    /// The file ends within the object.
    Missing,
}

/// Finds the end of the object that the window begins with.
fn find_end(window: &mut Window<'_>, limits: &Limits) -> ObjectEnd {
    let mut scan = Scan::default();
    let mut at = 0;
    let mut is_too_large = false;
    loop {
        if window.fill(at + 1) <= at {
            return ObjectEnd::Missing;
        }
        let bytes = &window.bytes()[at..];
        let found = bytes.iter().position(|byte| {
            scan.add(*byte);
            scan.state != ScanState::Inside
        });
        let count = found.map_or(bytes.len(), |found| found + 1);
        at += count;
        match scan.state {
            ScanState::Inside if at > limits.message => {
                window.take(at);
                (at, is_too_large) = (0, true);
            }
            ScanState::Inside => {}
            ScanState::End if is_too_large || at > limits.message => {
                window.take(at);
                return ObjectEnd::Skipped(Loss::MessageTooLarge);
            }
            ScanState::End => return ObjectEnd::Complete(at),
            ScanState::NextObject => {
                // The last byte belongs to the next object.
                window.take(at - 1);
                return ObjectEnd::Skipped(Loss::Undecodable);
            }
        }
    }
}

/// Reads an object only as far as to find its end.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    after_line_feed: bool,
    state: ScanState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ScanState {
    #[default]
    Inside,
    End,
    /// A line begins with `{`, so the object before is not complete. Programs indent the objects
    /// inside an object.
    NextObject,
}

impl Scan {
    fn add(&mut self, byte: u8) {
        let begins_line = std::mem::replace(&mut self.after_line_feed, byte == b'\n');
        if begins_line && byte == b'{' {
            self.state = ScanState::NextObject;
        } else if self.in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.state = ScanState::End;
                    }
                }
                _ => {}
            }
        }
    }
}
