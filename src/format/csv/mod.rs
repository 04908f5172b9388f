//! Rules in CSV: a header, then a rule per row.
//!
//! [`Reader`] accepts the header names and spellings of several tools, in any order, and reports
//! every invalid row with its line and the reason. [`Writer`] writes nicelist's own columns. It
//! does not change values that a spreadsheet would run as formulas (`=…`, `+…`). Reading the file
//! returns the same rules, without white space around texts. Files of unknown origin should be
//! opened as text in a spreadsheet.

mod amend;
mod column;
mod date;
mod identifier;
mod lines;
mod quote;
mod read;
mod scope_like;
mod separator;
#[cfg(test)]
mod tests;
mod whole;
mod write;

pub use amend::{Amendment, amend};
pub(super) use column::Column;
pub use column::HeaderError;
pub use read::Reader;
pub use scope_like::UnreadScope;
pub(super) use whole::read_every_row;
pub use whole::{read, recognises, write};
pub(super) use write::field;
pub use write::{Rejects, Writer};

/// The character between two fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// CSV.
    #[default]
    Comma,
    /// TSV.
    Tab,
    /// The CSV of spreadsheets in countries where the comma is the decimal separator.
    Semicolon,
}

impl Delimiter {
    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Semicolon => b';',
        }
    }
}
