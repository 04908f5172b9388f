//! Reads and writes whole CSV files, and recognizes CSV.

use ::csv::{ByteRecord, ReaderBuilder};

use super::column::Layout;
use super::read::TITLE_LINES;
use super::separator::delimiter_in;
use super::{Delimiter, HeaderError, Reader, Writer};
use crate::format::detect::opens_json;
use crate::format::loss::Losses;
use crate::format::rows::{RuleRows, read_files};
use crate::format::{Content, Defaults, Duplicates, File, ParsedPolicy, Written};

/// The delimiter, if the first line looks like the header of a rule file. `head` may contain only
/// the beginning of the file.
pub fn recognises(head: &[u8]) -> Option<Delimiter> {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n');
    let line = lines.next()?;
    // A line of JSON may contain a text that looks like a column name.
    if opens_json(line) {
        return None;
    }
    if let Some(delimiter) = delimiter_in(line) {
        return Some(delimiter);
    }
    let all = [Delimiter::Comma, Delimiter::Tab, Delimiter::Semicolon];
    let delimiter_of =
        |line: &[u8], after_title| all.into_iter().find(|it| is_header(line, *it, after_title));
    // A title may precede the header. The reader refuses such a file, and its error contains the
    // line of the header.
    delimiter_of(line, false)
        .or_else(|| lines.take(TITLE_LINES).find_map(|line| delimiter_of(line, true)))
}

/// Whether a line looks like the header of a rule file. After a title, it must have all required
/// columns.
fn is_header(line: &[u8], delimiter: Delimiter, after_title: bool) -> bool {
    let mut input =
        ReaderBuilder::new().has_headers(false).delimiter(delimiter.byte()).from_reader(line);
    let mut record = ByteRecord::new();
    let read = input.read_byte_record(&mut record).unwrap_or(false);
    read && match Layout::read(&record) {
        Ok(_) => true,
        Err(HeaderError::Duplicate { .. }) => !after_title,
        // A line with one field is not recognized as a header, even if the field is a column name,
        // because any text may begin with such a line.
        Err(HeaderError::Missing { .. }) => {
            !after_title && record.len() > 1 && Layout::knows_any(&record)
        }
        Err(
            HeaderError::Empty
            | HeaderError::TooLong
            | HeaderError::Utf16
            | HeaderError::Encoding
            | HeaderError::Late { .. }
            | HeaderError::Read(_),
        ) => false,
    }
}

pub fn read(files: &[File], delimiter: Delimiter, defaults: &Defaults) -> ParsedPolicy {
    read_files(files, defaults, |bytes| Reader::open(bytes, delimiter, defaults.clone()))
}

/// Reads the rule of each valid row, including duplicates.
pub(in crate::format) fn read_every_row(
    file: &File,
    delimiter: Delimiter,
    defaults: &Defaults,
) -> ParsedPolicy {
    let files = std::slice::from_ref(file);
    let defaults = Defaults { duplicates: Duplicates::Error, ..defaults.clone() };
    read_files(files, &defaults, |bytes| {
        let mut reader = Reader::open(bytes, delimiter, defaults.clone())?;
        reader.duplicates_mut().keep_all();
        Ok(reader)
    })
}

pub fn write(content: Content<'_>, delimiter: Delimiter) -> Written {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let written = Writer::new(&mut bytes, delimiter).and_then(|mut writer| {
        content.rules.iter().try_for_each(|rule| writer.write(rule))?;
        writer.finish()
    });
    debug_assert!(written.is_ok());
    Written::file(bytes, Losses::of_settings(content))
}
