//! Expressions as texts that know where their lines are in the file.

use super::values::ValueError;
use crate::document::Position;

/// An expression of a detection, not yet parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionText {
    text: Box<str>,
    start: Position,
    /// Where each line of the text begins in the file. Empty if the lines of the file differ from
    /// those of the text, for example because of escapes.
    lines: Vec<Position>,
}

impl ExpressionText {
    /// Maximum characters of an expression.
    pub const MAX: usize = 64 << 10;

    /// `start` is where the value begins in the file, and `source` has the lines of the file.
    ///
    /// # Errors
    /// The text is empty, too long or contains control characters.
    pub(super) fn new(text: &str, start: Position, source: &[&str]) -> Result<Self, ValueError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ValueError::Empty);
        }
        let length = text.chars().count();
        if length > Self::MAX {
            return Err(ValueError::TooLong { length, max: Self::MAX });
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(ValueError::Control);
        }
        // The text of an HCL heredoc begins on the line after its marker.
        let lines = [0, 1].into_iter().find_map(|offset| lines_of(text, start, offset, source));
        let lines = lines.unwrap_or_default();
        let start = lines.first().copied().unwrap_or(start);
        Ok(Self { text: text.into(), start, lines })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the expression begins in the file.
    pub fn start(&self) -> Position {
        self.start
    }

    /// The position in the file of a line and a column of the expression, which begin at 1. The
    /// beginning of the expression if the exact position is not known.
    pub fn position(&self, line: u32, column: u32) -> Position {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        match self.lines.get(index) {
            Some(at) => {
                Position { column: at.column.saturating_add(column.saturating_sub(1)), ..*at }
            }
            None => self.start,
        }
    }
}

/// Where each line of a text is in the file. The first line is `offset` lines below `start`. None if
/// a line of the file does not contain the line of the text.
fn lines_of(text: &str, start: Position, offset: usize, source: &[&str]) -> Option<Vec<Position>> {
    let first = usize::try_from(start.line).ok()?.checked_sub(1)? + offset;
    let lines = text.lines().enumerate().map(|(number, line)| {
        let index = first + number;
        let found = source.get(index)?;
        let skipped = match (number, offset) {
            (0, 0) => usize::try_from(start.column).ok()?.checked_sub(1)?,
            _ => 0,
        };
        let from = found.char_indices().nth(skipped).map_or(found.len(), |(byte, _)| byte);
        let byte = from + found.get(from..)?.find(line)?;
        let column = found.get(..byte)?.chars().count() + 1;
        let position = (u32::try_from(index + 1).ok()?, u32::try_from(column).ok()?);
        Some(Position { line: position.0, column: position.1 })
    });
    lines.collect()
}

/// Checks what depends on the schema of events: the names and types in expressions, and the fields
/// of events.
pub trait Checker {
    /// The mistakes in an expression.
    fn check_expression(&self, expression: &str, role: Role) -> Vec<Finding>;

    /// Why a field cannot be used. None if it can be used.
    fn check_path(&self, path: &str) -> Option<String>;
}

/// What an expression decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whether an event matches.
    Condition,
    /// Whether an event that matches is an exception.
    Exception,
}

/// A mistake in an expression. Line and column are those of the expression, and begin at 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub line: u32,
    pub column: u32,
    /// The number of characters that are wrong.
    pub width: u32,
    /// A stable name of the mistake, for tools.
    pub code: &'static str,
    /// One line.
    pub message: String,
    pub is_warning: bool,
}

impl Finding {
    /// An error about the whole expression.
    pub fn error(code: &'static str, message: String) -> Self {
        Self { line: 1, column: 1, width: 1, code, message, is_warning: false }
    }
}

/// Checks nothing. Rule files can then be read without a schema of events.
#[derive(Clone, Copy, Debug)]
pub struct Unchecked;

impl Checker for Unchecked {
    fn check_expression(&self, _: &str, _: Role) -> Vec<Finding> {
        Vec::new()
    }

    fn check_path(&self, _: &str) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(text: &str, start: (u32, u32), source: &str) -> Vec<(u32, u32)> {
        let source: Vec<&str> = source.lines().collect();
        let start = Position { line: start.0, column: start.1 };
        let expression = ExpressionText::new(text, start, &source).unwrap();
        let at = |position: Position| (position.line, position.column);
        vec![
            at(expression.position(1, 1)),
            at(expression.position(1, 4)),
            at(expression.position(2, 3)),
        ]
    }

    #[test]
    fn positions_in_the_text_become_positions_in_the_file() {
        // A block scalar.
        let source = "rules:\n  - expr: |\n      a ==\n        b\n";
        assert_eq!(positions("a ==\n  b\n", (3, 7), source), [(3, 7), (3, 10), (4, 9)]);
        // A plain scalar.
        assert_eq!(positions("a == b", (1, 7), "expr: a == b")[1], (1, 10));
        // A quoted scalar begins after its quote.
        assert_eq!(positions("a == b", (1, 7), "expr: 'a == b'")[1], (1, 11));
        // An escape moves columns, so only the beginning is known.
        assert_eq!(positions("a == \"b\"", (1, 7), r#"expr: "a == \"b\"""#)[1], (1, 7));
        // A heredoc.
        let source = "expression = <<EOT\na ==\n  b\nEOT\n";
        assert_eq!(positions("a ==\n  b\n", (1, 14), source), [(2, 1), (2, 4), (3, 3)]);
    }

    #[test]
    fn expressions_have_a_maximum_length() {
        let at = Position { line: 1, column: 1 };
        let long = "a".repeat(ExpressionText::MAX + 1);
        assert!(matches!(ExpressionText::new(&long, at, &[]), Err(ValueError::TooLong { .. })));
        assert_eq!(ExpressionText::new(" \n", at, &[]), Err(ValueError::Empty));
        assert_eq!(ExpressionText::new("a\0", at, &[]), Err(ValueError::Control));
    }
}
