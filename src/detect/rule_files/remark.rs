//! What is wrong or unexpected in rule files.

use crate::document::{Fault, Position};
use crate::rule::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warning,
    Note,
}

words!(Level { Error = "error", Warning = "warning", Note = "note", });

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub level: Level,
    /// The index of the file in the list of all files.
    pub file: usize,
    pub position: Option<Position>,
    /// One line.
    pub message: String,
}

impl Remark {
    pub(super) fn error(
        file: usize,
        position: Option<Position>,
        message: impl Into<String>,
    ) -> Self {
        Self { level: Level::Error, file, position, message: message.into() }
    }

    pub(super) fn of_fault(file: usize, fault: Fault) -> Self {
        Self::error(file, fault.position, fault.message)
    }
}
