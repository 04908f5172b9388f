//! Reads bytes as text, and finds positions in the text.

use super::{Fault, Position};

/// Some editors write this mark at the beginning of a file.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The distance between two positions in [`Text`]'s `marks`, in bytes.
const STRIDE: usize = 64;

const START: Position = Position { line: 1, column: 1 };

/// A text that finds the line and column of any byte in constant time. In a large file, it would be
/// slow to count lines from the beginning.
pub struct Text<'a> {
    text: &'a str,
    /// The position of every [`STRIDE`]th byte.
    marks: Vec<Position>,
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        let mut at = START;
        let mut marks = Vec::with_capacity(text.len() / STRIDE + 1);
        for chunk in text.as_bytes().chunks(STRIDE) {
            marks.push(at);
            at = advance(at, chunk);
        }
        Self { text, marks }
    }
}

impl<'a> Text<'a> {
    /// Reads bytes as UTF-8, without the byte-order mark if there is one.
    ///
    /// # Errors
    /// The text is empty, contains only white space, or is not UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let is_utf16 = bytes.starts_with(&[0xff, 0xfe])
            || bytes.starts_with(&[0xfe, 0xff])
            || matches!(*bytes, [0, first, ..] | [first, 0, ..] if first != 0);
        if is_utf16 {
            return Err(Fault::new(Some(START), "is UTF-16; save the file as UTF-8"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
                match text.trim().is_empty() {
                    true => Err(Fault::new(Some(START), "is empty")),
                    false => Ok(text.into()),
                }
            }
            Err(error) => {
                let position = advance(START, &bytes[..error.valid_up_to()]);
                Err(Fault::new(Some(position), "is not UTF-8; save the file as UTF-8"))
            }
        }
    }

    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The position of the byte at an offset. If the offset is after the end of the text, the
    /// position of the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let nearest = (offset / STRIDE).min(self.marks.len().saturating_sub(1));
        let mark = self.marks.get(nearest).copied().unwrap_or(START);
        advance(mark, &self.text.as_bytes()[nearest * STRIDE..offset])
    }

    /// The position of `part`, which must be a slice of this text.
    pub(super) fn position_of(&self, part: &str) -> Position {
        self.position((part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize))
    }

    /// The position at a line and a column, which both start at 1. The given column counts bytes.
    pub(super) fn position_at(&self, line: usize, column: usize) -> Position {
        let before = self.text.split_inclusive('\n').take(line.saturating_sub(1));
        self.position(before.map(str::len).sum::<usize>() + column.saturating_sub(1))
    }
}

/// The position after these bytes, which begin at `from`. Continuation bytes of UTF-8 do not change
/// the column.
fn advance(from: Position, bytes: &[u8]) -> Position {
    bytes.iter().fold(from, |Position { line, column }, byte| match byte {
        b'\n' => Position { line: line.saturating_add(1), column: 1 },
        0x80..=0xBF => Position { line, column },
        _ => Position { line, column: column.saturating_add(1) },
    })
}

/// The bytes without the byte-order mark if they begin with one.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(bytes)
}
