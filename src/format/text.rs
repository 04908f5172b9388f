//! Bytes of a file as text, and the places in it.

use super::{File, Place, Remark, Spot};

/// What some editors put in front of a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Bytes between two marks of a [`Text`].
const STRIDE: usize = 256;

/// The text of one file. It knows the line and the column of every byte, in time that does not
/// grow with the lines: files of one long line are common.
pub(super) struct Text<'a> {
    file: u32,
    text: &'a str,
    /// Line and column, from 1, of every [`STRIDE`]th byte.
    marks: Vec<(u32, u32)>,
}

impl<'a> Text<'a> {
    /// The text of the file of this number, without a byte-order mark.
    ///
    /// # Errors
    /// A remark where the file is empty, no UTF-8, or cut off within a letter.
    pub(super) fn open(number: usize, file: &'a File) -> Result<Self, Remark> {
        let number = narrowed(number);
        let at = |line, column| Place { file: number, spot: Spot::Column(line, column) };
        let refused = |place, text: &str| Err(Remark { place, text: text.to_owned() });
        let is_utf16 = file.bytes.starts_with(&[0xff, 0xfe])
            || file.bytes.starts_with(&[0xfe, 0xff])
            || matches!(*file.bytes, [0, first, ..] | [first, 0, ..] if first != 0);
        if is_utf16 {
            return refused(at(1, 1), "is UTF-16; save the file as UTF-8");
        }
        match std::str::from_utf8(&file.bytes) {
            Ok(text) => {
                let text = Self::new(number, text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text));
                if text.text.trim().is_empty() {
                    return refused(at(1, 1), "is empty");
                }
                Ok(text)
            }
            Err(error) => {
                let before = String::from_utf8_lossy(&file.bytes[..error.valid_up_to()]);
                let place = Text::new(number, &before).place(before.len());
                refused(place, "is not UTF-8; save the file as UTF-8")
            }
        }
    }

    fn new(file: u32, text: &'a str) -> Self {
        let mut at = (1, 1);
        let mut marks = Vec::with_capacity(text.len() / STRIDE + 1);
        for chunk in text.as_bytes().chunks(STRIDE) {
            marks.push(at);
            at = advance(at, chunk);
        }
        Self { file, text, marks }
    }

    pub(super) fn as_str(&self) -> &'a str {
        self.text
    }

    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// The place of the byte at an offset; the end for one behind it.
    pub(super) fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let nearest = (offset / STRIDE).min(self.marks.len().saturating_sub(1));
        let mark = self.marks.get(nearest).copied().unwrap_or((1, 1));
        let (line, column) = advance(mark, &self.text.as_bytes()[nearest * STRIDE..offset]);
        Place { file: self.file, spot: Spot::Column(line, column) }
    }

    /// Where a part begins that was borrowed from this text.
    pub(super) fn offset_of(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    /// The byte at a line and a column that counts bytes, both from 1.
    pub(super) fn offset_at(&self, line: usize, column: usize) -> usize {
        let before = self.text.split_inclusive('\n').take(line.saturating_sub(1));
        before.map(str::len).sum::<usize>() + column.saturating_sub(1)
    }

    pub(super) fn place_of(&self, part: &str) -> Place {
        self.place(self.offset_of(part))
    }
}

/// Where one stands after these bytes. The bytes in the middle of a letter count for nothing.
fn advance(from: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    bytes.iter().fold(from, |(line, column), byte| match byte {
        b'\n' => (line.saturating_add(1), 1),
        0x80..=0xBF => (line, column),
        _ => (line, column.saturating_add(1)),
    })
}

/// A number as places have them.
pub(super) fn narrowed(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Place {
    /// The line; 0 where there is none.
    #[must_use]
    pub fn line(self) -> u32 {
        match self.spot {
            Spot::Line(line) | Spot::Column(line, _) => line,
            Spot::Whole | Spot::Rule(_) => 0,
        }
    }
}

/// Whether a file in a folder of policy is not part of it and meant to be there: a hidden file,
/// or a text for people.
pub(super) fn is_beside(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    let (stem, ending) = base.rsplit_once('.').unwrap_or((base, ""));
    name.split('/').any(|part| part.starts_with('.'))
        || ending.eq_ignore_ascii_case("md")
        || (["README", "LICENSE", "CODEOWNERS"].contains(&stem) && ["", "txt"].contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> (Spot, String) {
        let file = File { bytes: bytes.to_vec(), ..File::default() };
        let remark = Text::open(0, &file).err().unwrap();
        (remark.place.spot, remark.text)
    }

    #[test]
    fn what_is_no_text_is_refused_at_its_place() {
        let utf16: Vec<u8> = "\u{feff}a = 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(refused(&utf16).1, "is UTF-16; save the file as UTF-8");
        assert_eq!(refused(&utf16[2..]).1, "is UTF-16; save the file as UTF-8");
        assert_eq!(refused(b"").1, "is empty");
        assert_eq!(refused(b"\xef\xbb\xbf\r\n ").1, "is empty");
        assert_eq!(refused(b"a = 1\nb = \"\xe4\"").0, Spot::Column(2, 6));
        assert_eq!(refused(b"a = \"\xc3").0, Spot::Column(1, 6));
    }

    #[test]
    fn a_byte_order_mark_and_letters_of_several_bytes_do_not_move_columns() {
        let file = File { bytes: "\u{feff}ü = 1\r\nb = é!".into(), ..File::default() };
        let text = Text::open(0, &file).unwrap();
        let at = |part: &str| text.place(text.as_str().find(part).unwrap()).spot;
        assert_eq!(at("="), Spot::Column(1, 3));
        assert_eq!(at("!"), Spot::Column(2, 6));
    }
}
