//! Why an expression is not valid.

use std::fmt;

use super::span::{Position, Span};

/// More faults than this are counted and not listed.
const MAX_LISTED: usize = 5;

/// No further faults are searched for after this number.
const MAX_FAULTS: usize = 100;

/// Each message is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CelError {
    #[error("the expression is empty")]
    Empty,
    #[error("the expression has {length} bytes; the maximum is {max}")]
    TooLong {
        /// In bytes.
        length: usize,
        max: usize,
    },
    /// The expression contains a NUL byte. Databases truncate text at such a byte or reject it.
    #[error("the expression must not contain NUL bytes")]
    Nul,
    /// At least one fault, sorted by position.
    #[error("{}", Joined(.0))]
    Invalid(Box<[Fault]>),
}

impl CelError {
    /// The faults with a position in the expression.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Invalid(faults) => faults,
            Self::Empty | Self::TooLong { .. } | Self::Nul => &[],
        }
    }
}

struct Joined<'a>(&'a [Fault]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().take(MAX_LISTED).enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        match self.0.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            1 => f.write_str("; and 1 more fault"),
            more => write!(f, "; and {more} more faults"),
        }
    }
}

/// One mistake in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    pub span: Span,
    /// Where the span starts.
    pub at: Position,
    pub message: String,
    /// What would be valid at this place.
    pub expected: Option<String>,
    /// The most similar valid name.
    pub nearest: Option<String>,
}

impl Fault {
    /// The line of `source` with the fault, and a line that points to it. Only the part of a long
    /// line around the fault is returned.
    pub fn excerpt(&self, source: &str) -> [String; 2] {
        let line = source.lines().nth(self.at.line - 1).unwrap_or_default();
        excerpt(line, self.at.column, self.width(source))
    }

    /// The characters of the first line of the part with the fault.
    pub fn width(&self, source: &str) -> usize {
        self.span.text(source).lines().next().unwrap_or_default().chars().count()
    }

    /// The message without the position.
    pub fn summary(&self) -> String {
        let expected = self.expected.as_ref().map(|it| format!(": expected {it}"));
        let nearest = self.nearest.as_ref().map(|it| format!(", did you mean `{it}`?"));
        let [expected, nearest] = [expected, nearest].map(Option::unwrap_or_default);
        format!("{}{expected}{nearest}", self.message)
    }
}

/// A line, and a line that points to `width` characters from `column`, which begins at 1. Only the
/// part of a long line around the column is returned.
pub fn excerpt(line: &str, column: usize, width: usize) -> [String; 2] {
    const BEFORE: usize = 40;
    const LONGEST: usize = 78;
    let column = column.saturating_sub(1);
    let skipped = column.saturating_sub(BEFORE);
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = line.chars().skip(skipped).take(LONGEST).map(plain).collect();
    let room = LONGEST - (column - skipped);
    let pointer = "^".repeat(width.clamp(1, room));
    [shown, format!("{}{pointer}", " ".repeat(column - skipped))]
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, ": expected {expected}")?;
        }
        write!(f, " ({})", self.at)?;
        match &self.nearest {
            Some(name) => write!(f, ", did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// Stable names of the kinds are in [`FaultKind::word`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    Syntax,
    /// The expression is nested too deeply.
    Depth,
    /// A string, a number or bytes that cannot be read.
    Literal,
    /// A variable or a constant.
    UnknownVariable,
    UnknownField,
    UnknownFunction,
    /// A function called on a value.
    UnknownMethod,
    UnknownType,
    /// A text that is not a value of the enum that it is compared with.
    UnknownValue,
    /// A message variable is used without a field, so the needed fields are not known.
    WholeMessage,
    MacroArguments,
    /// The number or the types of a function's arguments.
    Arguments,
    /// The types of an operator's operands.
    Operands,
    /// An invalid regular expression.
    Pattern,
    /// The type of the whole expression.
    Result,
}

impl FaultKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Depth => "depth",
            Self::Literal => "literal",
            Self::UnknownVariable => "unknown-variable",
            Self::UnknownField => "unknown-field",
            Self::UnknownFunction => "unknown-function",
            Self::UnknownMethod => "unknown-method",
            Self::UnknownType => "unknown-type",
            Self::UnknownValue => "unknown-value",
            Self::WholeMessage => "whole-message",
            Self::MacroArguments => "macro-arguments",
            Self::Arguments => "arguments",
            Self::Operands => "operands",
            Self::Pattern => "pattern",
            Self::Result => "result",
        }
    }
}

/// Collects the faults of one expression.
pub(super) struct Faults<'a> {
    source: &'a str,
    found: Vec<Fault>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, found: Vec::new() }
    }

    pub(super) fn source(&self) -> &'a str {
        self.source
    }

    pub(super) fn add(&mut self, kind: FaultKind, span: Span, message: impl Into<String>) {
        self.push(kind, span, message.into(), None, None);
    }

    pub(super) fn expected(
        &mut self,
        kind: FaultKind,
        span: Span,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.push(kind, span, message.into(), Some(expected.into()), None);
    }

    pub(super) fn unknown(
        &mut self,
        kind: FaultKind,
        span: Span,
        message: String,
        nearest: Option<String>,
    ) {
        self.push(kind, span, message, None, nearest);
    }

    fn push(
        &mut self,
        kind: FaultKind,
        span: Span,
        message: String,
        expected: Option<String>,
        nearest: Option<String>,
    ) {
        let is_known = self.found.iter().any(|known| known.span == span && known.kind == kind);
        if !self.is_full() && !is_known {
            let at = Position::of_byte(self.source, span.start);
            self.found.push(Fault { kind, span, at, message, expected, nearest });
        }
    }

    /// Whether further faults are ignored.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= MAX_FAULTS
    }

    /// The faults as an error, if there are any.
    pub(super) fn into_result(mut self) -> Result<(), CelError> {
        self.found.sort_by_key(|fault| fault.span);
        if self.found.is_empty() { Ok(()) } else { Err(CelError::Invalid(self.found.into())) }
    }
}

/// The most similar known name, if one is similar enough.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    const ALIKE: f64 = 0.8;
    /// Longer names are not compared.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.to_owned())
}

/// A name from an expression, short enough for a message of one line.
pub(super) fn shown(name: &str) -> String {
    const LONGEST: usize = 80;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = name.chars().take(LONGEST).map(printable).collect();
    if name.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_returns_only_similar_names() {
        let known = ["args", "envs", "euid"];
        assert_eq!(nearest("arg", known.into_iter()), Some("args".into()));
        assert_eq!(nearest("banana", known.into_iter()), None);
    }

    #[test]
    fn an_excerpt_points_to_the_fault() {
        let excerpt = |source: &str, start, end| {
            let mut faults = Faults::new(source);
            faults.add(FaultKind::Syntax, Span::new(start, end), "wrong");
            faults.into_result().unwrap_err().faults()[0].excerpt(source)
        };
        assert_eq!(excerpt("true &&\n euid == 'a'", 17, 20), [" euid == 'a'", "         ^^^"]);
        assert_eq!(excerpt("1 +", 3, 3), ["1 +", "   ^"]);
        let long = format!("{}zz{}", "a".repeat(100), "b".repeat(100));
        let [line, pointer] = excerpt(&long, 100, 102);
        assert_eq!((line.len(), pointer.as_str()), (78, format!("{}^^", " ".repeat(40)).as_str()));
    }

    #[test]
    fn a_long_list_of_faults_is_cut() {
        let mut faults = Faults::new("0123456789");
        for start in 0..7 {
            faults.add(FaultKind::Syntax, Span::new(start, start + 1), "unexpected digit");
        }
        let error = faults.into_result().unwrap_err();
        assert_eq!(error.faults().len(), 7);
        let text = error.to_string();
        assert!(text.starts_with("unexpected digit (line 1, column 1); "), "{text}");
        assert!(text.ends_with("; and 2 more faults"), "{text}");
    }
}
