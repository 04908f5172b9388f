//! Changes and removes rows of a CSV file. All other rows keep their values.

use ::csv::{ByteRecord, ReaderBuilder, Terminator, WriterBuilder};

use super::column::{Column, Layout};
use super::separator::is_separator_line;
use super::write::field;
use super::{Delimiter, HeaderError};
use crate::rule::{Rule, Scope};

pub struct Amendment<'a> {
    pub is: &'a Rule,
    /// None if the row is removed.
    pub wanted: Option<&'a Rule>,
}

/// Changes the rows of a file that has no invalid rows. `amendments` has one entry for each row
/// that is not empty, in the order of the file. Empty rows are removed. A missing column is added
/// if a rule needs it, except the column for the rule type.
///
/// # Errors
/// If the header is invalid or the file cannot be read.
pub fn amend(
    bytes: &[u8],
    delimiter: Delimiter,
    amendments: &[Amendment<'_>],
) -> Result<Vec<u8>, HeaderError> {
    let mut builder = ReaderBuilder::new();
    let input = builder.has_headers(false).flexible(true).delimiter(delimiter.byte());
    let mut records = input.from_reader(bytes).into_byte_records();
    let io_error = |error: ::csv::Error| HeaderError::Read(error.into());
    let mut header = records.next().ok_or(HeaderError::Empty)?.map_err(io_error)?;
    let mut separator = None;
    if is_separator_line(&header) {
        let next = records.next().ok_or(HeaderError::Empty)?.map_err(io_error)?;
        separator = Some(std::mem::replace(&mut header, next));
    }
    let mut layout = Layout::read(&header)?;
    let width = header.len();
    for column in Column::ALL {
        let needs_column =
            |it: &Amendment<'_>| it.wanted.is_some_and(|rule| needs_column(rule, column));
        let is_needed = column != Column::RuleType && layout.place_of(column).is_none();
        if is_needed && amendments.iter().any(needs_column) {
            header.push_field(column.name().as_bytes());
        }
    }
    if header.len() > width {
        layout = Layout::read(&header)?;
    }
    let has_carriage_returns = memchr::memmem::find(bytes, b"\r\n").is_some();
    let end = if has_carriage_returns { Terminator::CRLF } else { Terminator::Any(b'\n') };
    let mark: &[u8] = "\u{feff}".as_bytes();
    let start = if bytes.starts_with(mark) { mark.to_vec() } else { Vec::new() };
    let mut output = WriterBuilder::new();
    let output = output.flexible(true).delimiter(delimiter.byte()).terminator(end);
    let mut output = output.from_writer(start);
    for record in separator.iter().chain([&header]) {
        output.write_byte_record(record).map_err(io_error)?;
    }
    let mut amendments = amendments.iter();
    for record in records {
        let record = record.map_err(io_error)?;
        if record.iter().all(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        if let Some(record) = amended(record, &header, &layout, amendments.next()) {
            output.write_byte_record(&record).map_err(io_error)?;
        }
    }
    output.into_inner().map_err(|error| HeaderError::Read(error.into_error()))
}

fn needs_column(rule: &Rule, column: Column) -> bool {
    match column {
        Column::Scope => *rule.scope() != Scope::Fleet,
        _ => !field(rule, column).is_empty(),
    }
}

fn amended(
    record: ByteRecord,
    header: &ByteRecord,
    layout: &Layout,
    amendment: Option<&Amendment<'_>>,
) -> Option<ByteRecord> {
    let Some(Amendment { is, wanted }) = amendment else { return Some(record) };
    let wanted = (*wanted)?;
    let mut fields: Vec<Vec<u8>> = record.iter().map(<[u8]>::to_vec).collect();
    fields.resize(header.len(), Vec::new());
    for column in Column::ALL {
        // An unchanged value is not written again, so it keeps its spelling.
        let differs = field(is, column) != field(wanted, column);
        if let Some(place) = layout.place_of(column).filter(|_| differs) {
            fields[place] = field(wanted, column).as_bytes().to_vec();
        }
    }
    Some(fields.into())
}
