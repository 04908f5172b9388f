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
    /// The number of characters from the position that are wrong.
    pub width: u32,
    /// A stable name of the mistake, for tools.
    pub code: &'static str,
    /// One line.
    pub message: String,
}

/// The code of remarks that are not about an expression or a field.
const RULE_FILE: &str = "rule-file";

impl Remark {
    pub(super) fn error(
        file: usize,
        position: Option<Position>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Level::Error, file, position, message.into())
    }

    pub(super) fn new(
        level: Level,
        file: usize,
        position: Option<Position>,
        message: String,
    ) -> Self {
        Self { level, file, position, width: 1, code: RULE_FILE, message }
    }

    pub(super) fn of_fault(file: usize, fault: Fault) -> Self {
        Self::error(file, fault.position, fault.message)
    }
}
