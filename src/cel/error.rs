//! Why an expression is not valid.

use std::fmt;

use super::schema::Macro;

/// Each message is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CelError {
    #[error("the expression is empty")]
    Empty,
    /// The expression is longer than [`MAX_LENGTH`](super::MAX_LENGTH).
    #[error("the expression has {length} bytes; the maximum is {max}", max = super::MAX_LENGTH)]
    TooLong {
        /// In bytes.
        length: usize,
    },
    /// The expression contains a NUL byte. Databases truncate text at such a byte or reject it.
    #[error("the expression must not contain NUL bytes")]
    Nul,
    #[error("{message} ({at})")]
    Syntax {
        /// The parser's message.
        message: String,
        at: Position,
    },
    #[error("unknown {kind} `{name}` ({at}){}", DidYouMean(nearest.as_deref()))]
    Unknown {
        kind: NameKind,
        /// The name. For a field, the name includes the variable.
        name: String,
        at: Position,
        nearest: Option<String>,
    },
    /// A message variable is used without a field, so the needed fields are not known.
    #[error("`{name}` is used without a field, such as `{name}.{field}` ({at})")]
    WholeMessage { name: String, field: String, at: Position },
    #[error("wrong arguments for `{}`: write `{}` ({at})", used.name(), used.usage())]
    MacroArguments { used: Macro, at: Position },
    /// The parser failed or could not be started. The expression may be valid.
    #[error("the expression could not be checked: {reason}")]
    Unchecked { reason: String },
}

/// Line and column start at 1. Columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// Returns the position after the last character if `offset` is past the end.
    pub(super) fn of_byte(source: &str, offset: usize) -> Self {
        let before = source.char_indices().take_while(|(start, _)| *start < offset);
        before.fold(Self { line: 1, column: 1 }, |at, (_, character)| match character {
            '\n' => Self { line: at.line + 1, column: 1 },
            _ => Self { column: at.column + 1, ..at },
        })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A variable or a constant.
    Variable,
    Field,
    Function,
    /// A function called on a value.
    Method,
    Type,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Variable => "variable",
            Self::Field => "field",
            Self::Function => "function",
            Self::Method => "method",
            Self::Type => "type",
        })
    }
}

struct DidYouMean<'a>(Option<&'a str>);

impl fmt::Display for DidYouMean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, ", did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_not_bytes() {
        let source = "'é' ==\n x";
        assert_eq!(Position::of_byte(source, 5), Position { line: 1, column: 5 });
        assert_eq!(Position::of_byte(source, 9), Position { line: 2, column: 2 });
        assert_eq!(Position::of_byte(source, 99), Position { line: 2, column: 3 });
    }
}
