//! Formats with a rule per row or line, which are read one rule at a time.

use std::fmt;

use ::csv::ByteRecord;

use super::csv::{HeaderError, UnreadScope};
use super::duplicates::{LastLines, Repeats, RowDuplicates, identical_rows};
use super::{Defaults, Duplicates, File, Location, ParsedPolicy, PlacedRule, Remark, Spot};
use crate::rule::Rule;

/// A rule and the line that it begins on, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub line: u32,
    pub rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    pub spot: Spot,
    /// `COLUMN: REASON`, or only the reason if the error concerns the whole row.
    pub fault: String,
    /// The fields of a row of CSV, unchanged. Empty for JSON.
    pub record: ByteRecord,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.spot.line_number(), self.fault)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The rows after this one may be valid.
    #[error("{0}")]
    Bad(Box<BadRow>),
    /// A value that looks like a scope is in a column that is not read. No more rows are read.
    #[error("{0}")]
    Scope(Box<UnreadScope>),
    /// No more rows can be read.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

/// Reads rules one at a time. Keeps only a short summary of each rule that was read.
pub trait RuleRows: Iterator<Item = Result<Row, RowError>> {
    fn duplicates(&self) -> &RowDuplicates;

    fn duplicates_mut(&mut self) -> &mut RowDuplicates;

    /// The messages about the columns that nicelist does not read, with the number of values in
    /// the rows that were read. The columns that nicelist adds to a file of rejected rows are not
    /// included.
    fn unused_columns(&self) -> Vec<String> {
        Vec::new()
    }

    /// The notes about lines that were read, each with its line number.
    fn notes(&self) -> Vec<(u32, String)> {
        self.duplicates().notes()
    }
}

pub(super) fn read_files<'f, R: RuleRows>(
    files: &'f [File],
    defaults: &Defaults,
    open: impl Fn(&'f [u8]) -> Result<R, HeaderError>,
) -> ParsedPolicy {
    let mut policy = ParsedPolicy::of(files);
    for (number, file) in (0..).zip(files) {
        let at = |line| Location::line(number, line);
        let mut rows = match open(&file.bytes) {
            Ok(rows) => rows,
            Err(error) => {
                policy.fault(at(1), error.to_string());
                continue;
            }
        };
        if defaults.duplicates == Duplicates::Last
            && let Ok(first) = open(&file.bytes)
        {
            rows.duplicates_mut().keep_last(LastLines::of(first));
        }
        for row in &mut rows {
            match row {
                Ok(Row { line, rule }) => {
                    policy.rules.push(PlacedRule { location: at(line), rule });
                }
                Err(RowError::Bad(row)) => {
                    policy.fault(Location { file: number, spot: row.spot }, row.fault);
                }
                Err(RowError::Scope(refused)) => {
                    let text = format!("{refused}; {}", refused.hint());
                    policy.fault(at(refused.line), text);
                }
                Err(RowError::Read(error)) => {
                    policy.fault(Location::whole(number), error.to_string());
                }
            }
        }
        for text in rows.unused_columns() {
            policy.note(at(1), text);
        }
        policy.conflicts += rows.duplicates().conflicts();
        if let Some(Repeats { count, line, other }) = rows.duplicates().repeats() {
            policy.note(at(line), identical_rows(count, policy.name_of(at(other))));
        }
        let notes = rows.notes().into_iter();
        policy.notes.extend(notes.map(|(line, text)| Remark::new(at(line), text)));
    }
    policy
}
