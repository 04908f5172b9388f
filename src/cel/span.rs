use std::fmt;

/// A range of bytes in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The range from the start of `self` to the end of `other`.
    pub(super) fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end.max(self.end) }
    }

    /// The text of this range. Empty if `source` is not the text that the range belongs to.
    pub fn text(self, source: &str) -> &str {
        source.get(self.start..self.end).unwrap_or_default()
    }

    /// Where this range starts in `source`.
    pub fn position(self, source: &str) -> Position {
        Position::of_byte(source, self.start)
    }
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
