//! The good rows of a file, in the form that they are sent in.

use std::io::BufRead;

use csv::ByteRecord;
use serde_json::value::{RawValue, to_raw_value};

use super::faults::Faults;
use crate::api::Detail;
use crate::cli::error::CliError;
use crate::format::csv::{ReadError, Reader, Row};
use crate::rule::RuleDraft;

/// The good rows. Beside its text, a row takes some 30 bytes.
#[derive(Default)]
pub(super) struct Rows {
    put: Vec<Box<RawValue>>,
    lines: Vec<u64>,
    /// The fields as they came, where rows that the server refuses must be written down.
    records: Option<Vec<ByteRecord>>,
}

/// Reads all rows; those that are no rules go to `faults`.
pub(super) fn read<R: BufRead>(
    reader: &mut Reader<R>,
    name: &str,
    faults: &mut Faults<'_>,
) -> Result<Rows, CliError> {
    let mut rows = Rows { records: faults.keeps_rows().then(Vec::new), ..Rows::default() };
    while let Some(row) = reader.next() {
        match row {
            // Once something is wrong nothing is sent, and nothing need be kept.
            Ok(_) if faults.forbid() => rows.lines.push(0),
            Ok(Row { line, rule }) => {
                let rule = to_raw_value(&RuleDraft::from(rule)).map_err(std::io::Error::from)?;
                rows.put.push(rule);
                rows.lines.push(line);
                if let Some(records) = &mut rows.records {
                    records.push(reader.record().clone());
                }
            }
            Err(ReadError::Bad(row)) => faults.row(row.line, &row.fault(), &row.record)?,
            Err(ReadError::Read(error)) => {
                return Err(
                    CliError::failed(format!("cannot read {name}")).because([error.to_string()])
                );
            }
        }
    }
    Ok(rows)
}

impl Rows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The rules, as JSON.
    pub(super) fn put(&self) -> &[Box<RawValue>] {
        &self.put
    }

    /// Takes out what the server refuses, and hands it to `faults`.
    pub(super) fn refuse(
        &mut self,
        details: &[Detail],
        faults: &mut Faults<'_>,
    ) -> Result<(), CliError> {
        let mut refused = vec![false; self.len()];
        for Detail { index, field, message } in details {
            let Some(index) = index.filter(|index| *index < self.len()) else { continue };
            if std::mem::replace(&mut refused[index], true) {
                continue;
            }
            let fault = match field {
                Some(field) => format!("{field}: {message}"),
                None => message.clone(),
            };
            let nothing = ByteRecord::new();
            let record = self.records.as_ref().map_or(&nothing, |records| &records[index]);
            faults.row(self.lines[index], &fault, record)?;
        }
        keep(&mut self.put, &refused);
        keep(&mut self.lines, &refused);
        if let Some(records) = &mut self.records {
            keep(records, &refused);
        }
        Ok(())
    }
}

/// Keeps what is not refused.
fn keep<T>(items: &mut Vec<T>, refused: &[bool]) {
    let mut refused = refused.iter();
    items.retain(|_| !refused.next().is_some_and(|refused| *refused));
}
