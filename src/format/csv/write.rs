//! Writes rules and invalid rows as CSV.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use ::csv::{ByteRecord, WriterBuilder};

use super::Delimiter;
use super::column::{Column, REJECTION, is_rejection};
use crate::rule::Rule;

/// Writes rules under nicelist's own header. [`Reader`](super::Reader) reads the same rules from
/// the output.
pub struct Writer<W: Write> {
    output: ::csv::Writer<W>,
}

impl<W: Write> Writer<W> {
    /// # Errors
    /// If the output cannot be written.
    pub fn new(output: W, delimiter: Delimiter) -> io::Result<Self> {
        let mut output = WriterBuilder::new().delimiter(delimiter.byte()).from_writer(output);
        output.write_record(Column::ALL.map(Column::name))?;
        Ok(Self { output })
    }

    /// # Errors
    /// If the output cannot be written.
    pub fn write(&mut self, rule: &Rule) -> io::Result<()> {
        for column in Column::ALL {
            self.output.write_field(field(rule, column).as_bytes())?;
        }
        self.output.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// # Errors
    /// If the output cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.output.flush()
    }
}

pub(in crate::format) fn field(rule: &Rule, column: Column) -> Cow<'_, str> {
    let (notice, provenance) = (&rule.notice, &rule.provenance);
    Cow::Borrowed(match column {
        Column::RuleType => rule.target().rule_type().word(),
        Column::Identifier => rule.target().identifier(),
        Column::Policy => rule.policy().kind().word(),
        Column::Scope => return Cow::Owned(rule.scope().to_string()),
        Column::Cel => rule.policy().expression().map(|cel| cel.as_str()).unwrap_or_default(),
        Column::Message => optional(&notice.message),
        Column::Url => optional(&notice.url),
        Column::ButtonLabel => optional(&notice.button_label),
        Column::AppName => optional(&notice.app_name),
        Column::BundleHash => notice.bundle.as_ref().map(|it| it.hash()).unwrap_or_default(),
        Column::BundleBinaryCount => {
            let count = notice.bundle.as_ref().map(|it| it.binary_count().to_string());
            return Cow::Owned(count.unwrap_or_default());
        }
        Column::Comment => optional(&provenance.comment),
        Column::Ticket => optional(&provenance.ticket),
        Column::Source => optional(&provenance.source),
        Column::Expires => {
            return Cow::Owned(rule.expires.map(|at| at.to_string()).unwrap_or_default());
        }
    })
}

fn optional(text: &Option<Arc<str>>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// Writes invalid rows. The first two columns contain the line and the reason. Such columns from an
/// earlier import are omitted, and all other fields are unchanged. After the rows have been fixed,
/// the file can be imported.
pub struct Rejects<W: Write> {
    output: ::csv::Writer<W>,
    kept: Vec<bool>,
}

impl<W: Write> Rejects<W> {
    /// Writes the header: two columns for the line and the reason, and the columns of the file.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn new(output: W, delimiter: Delimiter, columns: &[String]) -> io::Result<Self> {
        let kept: Vec<bool> = columns.iter().map(|name| !is_rejection(name)).collect();
        let output =
            WriterBuilder::new().flexible(true).delimiter(delimiter.byte()).from_writer(output);
        let mut rejects = Self { output, kept };
        let header: ByteRecord = columns.iter().collect();
        rejects.row(&header, REJECTION)?;
        Ok(rejects)
    }

    /// Writes an invalid row with the number of its first line and the error.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn write(&mut self, line: u32, fault: &str, record: &ByteRecord) -> io::Result<()> {
        self.row(record, [&line.to_string(), fault])
    }

    /// Writes a row, without the line and the reason from an earlier import. A row may be longer or
    /// shorter than the header.
    fn row(&mut self, record: &ByteRecord, added: [&str; 2]) -> io::Result<()> {
        let kept = self.kept.iter().copied().chain(std::iter::repeat(true));
        let fields = record.iter().zip(kept).filter(|(_, kept)| *kept).map(|(field, _)| field);
        self.output.write_record(added.map(str::as_bytes).into_iter().chain(fields))?;
        Ok(())
    }

    /// # Errors
    /// If the output cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.output.flush()
    }
}
