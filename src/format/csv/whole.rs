//! CSV as a whole, for those who want a [`Document`] of it, and what tells it from other formats.

use ::csv::{ByteRecord, ReaderBuilder};

use super::column::Layout;
use super::{Delimiter, HeaderError, ReadError, Reader, Row, Writer};
use crate::format::loss::Losses;
use crate::format::record::opens_json;
use crate::format::text::narrowed;
use crate::format::{
    Content, Defaults, Document, Duplicates, File, Place, PlacedRule, Remark, Spot, Written,
};

/// What stands between the fields, if the first line of a text names the columns of rules. The
/// beginning of a file is enough.
#[must_use]
pub fn recognises(head: &[u8]) -> Option<Delimiter> {
    let line = head.split_inclusive(|byte| *byte == b'\n').next()?;
    // A list in JSON on one line has fields enough that one may look like a name of a column.
    if opens_json(line) {
        return None;
    }
    let all = [Delimiter::Comma, Delimiter::Tab, Delimiter::Semicolon];
    all.into_iter().find(|delimiter| {
        let mut input =
            ReaderBuilder::new().has_headers(false).delimiter(delimiter.byte()).from_reader(line);
        let mut record = ByteRecord::new();
        let read = input.read_byte_record(&mut record).unwrap_or(false);
        read && match Layout::read(&record) {
            Ok(_) | Err(HeaderError::Duplicate { .. }) => true,
            // One name, of which the comma is a part, is no header.
            Err(HeaderError::Missing { .. }) => record.len() > 1 && Layout::knows_any(&record),
            Err(
                HeaderError::Empty
                | HeaderError::TooLong
                | HeaderError::Utf16
                | HeaderError::Encoding
                | HeaderError::Read(_),
            ) => false,
        }
    })
}

/// Reads files whose fields are parted by `delimiter`.
#[must_use]
pub fn read(files: &[File], delimiter: Delimiter, defaults: &Defaults) -> Document {
    read_rows(files, delimiter, defaults, |file, reader| {
        if defaults.duplicates == Duplicates::Last
            && let Ok(first) = Reader::open(&*file.bytes, delimiter, defaults.clone())
        {
            reader.keep_last(first.last_lines());
        }
    })
}

/// The same with a rule for each row, duplicates too.
#[must_use]
pub(in crate::format) fn read_every_row(
    file: &File,
    delimiter: Delimiter,
    defaults: &Defaults,
) -> Document {
    let files = std::slice::from_ref(file);
    read_rows(files, delimiter, defaults, |_, reader| reader.keep_all())
}

fn read_rows<'f>(
    files: &'f [File],
    delimiter: Delimiter,
    defaults: &Defaults,
    prepare: impl Fn(&File, &mut Reader<&'f [u8]>),
) -> Document {
    let names = files.iter().map(|file| file.name.clone()).collect();
    let mut document = Document { files: names, ..Document::default() };
    for (number, file) in files.iter().enumerate() {
        let number = narrowed(number);
        let at = |line: u64| {
            let line = narrowed(usize::try_from(line).unwrap_or(usize::MAX));
            Place { file: number, spot: Spot::Line(line) }
        };
        let mut reader = match Reader::open(&*file.bytes, delimiter, defaults.clone()) {
            Ok(reader) => reader,
            Err(error) => {
                document.faults.push(Remark { place: at(1), text: error.to_string() });
                continue;
            }
        };
        prepare(file, &mut reader);
        for column in reader.extra_columns() {
            let text = format!("column {column} is not used");
            document.notes.push(Remark { place: at(1), text });
        }
        for row in &mut reader {
            match row {
                Ok(Row { line, rule }) => {
                    document.rules.push(PlacedRule { place: at(line), rule });
                }
                Err(ReadError::Bad(row)) => {
                    document.faults.push(Remark { place: at(row.line), text: row.fault() });
                }
                Err(ReadError::Read(error)) => {
                    let place = Place { file: number, spot: Spot::Whole };
                    document.faults.push(Remark { place, text: error.to_string() });
                }
            }
        }
        document.conflicts += reader.conflicts();
        let notes = reader.notes().into_iter();
        let notes = notes.map(|(line, text)| Remark { place: at(line.into()), text });
        document.notes.extend(notes);
    }
    document
}

/// Writes rules with `delimiter` between their fields. Nothing of a rule is lost; settings are.
#[must_use]
pub fn write(content: Content<'_>, delimiter: Delimiter) -> Written {
    let mut bytes = Vec::new();
    // Memory takes all that is written to it.
    let written = Writer::new(&mut bytes, delimiter).and_then(|mut writer| {
        content.rules.iter().try_for_each(|rule| writer.write(rule))?;
        writer.finish()
    });
    debug_assert!(written.is_ok());
    Written {
        files: vec![File { name: String::new(), bytes }],
        losses: Losses::of_settings(content),
    }
}
