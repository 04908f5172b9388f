//! The first line `sep=;`, with which spreadsheets set the delimiter.

use ::csv::ByteRecord;

use super::Delimiter;
use crate::document::without_mark;

const NAME: &[u8] = b"sep=";

/// The delimiter that the first line of a file sets. None if the line does not set a delimiter.
pub(super) fn delimiter_in(line: &[u8]) -> Option<Delimiter> {
    let line = without_mark(line);
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (name, value) = line.split_at_checked(NAME.len())?;
    if !name.eq_ignore_ascii_case(NAME) {
        return None;
    }
    match value {
        [b',', ..] => Some(Delimiter::Comma),
        [b'\t', ..] => Some(Delimiter::Tab),
        [b';', ..] => Some(Delimiter::Semicolon),
        _ => None,
    }
}

/// Whether a record is a `sep=` line. The delimiter may be part of the first field, or follow it.
pub(super) fn is_separator_line(record: &ByteRecord) -> bool {
    let mut fields = record.iter();
    let first = fields.next().unwrap_or_default();
    let is_first = first
        .split_at_checked(NAME.len())
        .is_some_and(|(name, value)| name.eq_ignore_ascii_case(NAME) && value.len() <= 1);
    is_first && fields.all(<[u8]>::is_empty)
}
