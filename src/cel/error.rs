//! Why an expression was refused.

use std::fmt;

use super::schema::Macro;

/// Why an expression was refused. Each text is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CelError {
    /// Nothing but white space.
    #[error("the expression is empty")]
    Empty,
    /// More text than [`MAX_LENGTH`](super::MAX_LENGTH).
    #[error("the expression is {length} bytes long, {max} are allowed", max = super::MAX_LENGTH)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A NUL, which databases cut a text at or refuse.
    #[error("the expression must not contain NUL bytes")]
    Nul,
    /// Not an expression of the language.
    #[error("{message} ({at})")]
    Syntax {
        /// What the parser has to say.
        message: String,
        /// Where it stumbled.
        at: Position,
    },
    /// A name that the schema doesn't know.
    #[error("unknown {kind} `{name}` ({at}){}", DidYouMean(nearest.as_deref()))]
    Unknown {
        kind: NameKind,
        /// The name; a field's is written with its variable's.
        name: String,
        /// Where it stands.
        at: Position,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// A message used as a whole, which would hide the fields that are meant.
    #[error("`{name}` is used without a field, such as `{name}.{field}` ({at})")]
    WholeMessage {
        /// The variable.
        name: String,
        field: String,
        /// Where it stands.
        at: Position,
    },
    /// A macro with arguments that it can't take.
    #[error("`{}` is written `{}` ({at})", used.name(), used.usage())]
    MacroArguments {
        used: Macro,
        /// Where it stands.
        at: Position,
    },
    /// The parser failed in a way that says nothing about the expression.
    #[error("the expression could not be checked: {reason}")]
    Unchecked {
        /// What happened to the parser.
        reason: String,
    },
}

/// A place in an expression, both counted from one, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// The place of the byte at `offset`; past the end, the place after the last character.
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

/// What kind of name was not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A variable or a constant.
    Variable,
    /// A field of a variable.
    Field,
    /// A function called on its own.
    Function,
    /// A function called on a value.
    Method,
    /// The type of a message written out.
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
