//! Errors, warnings and hints on a terminal.

use std::borrow::Cow;

use super::layout::{short_identifiers, wrap};

/// The indent of continued lines of a message without a label.
const INDENT: usize = 2;

/// What a message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Error,
    Warning,
    Hint,
    /// A fault in the input, or the cause of an error.
    Unlabeled,
}

impl Label {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Error => "error: ",
            Self::Warning => "warning: ",
            Self::Hint => "hint: ",
            Self::Unlabeled => "",
        }
    }

    /// Whether the message has a command or options that users paste.
    fn has_command(self, text: &str) -> bool {
        let marks: &[&str] = match self {
            Self::Hint => &["nicelist ", "iconv ", ": -"],
            Self::Error | Self::Warning | Self::Unlabeled => &[": nicelist ", ": chmod "],
        };
        marks.iter().any(|mark| text.contains(mark))
    }
}

/// The text after the label, wrapped at spaces to a terminal with this number of columns. Continued
/// lines are indented. Hashes are shortened, except in hints. A message with a command stays on one
/// line, because a pasted line break would end the command.
pub(super) fn fit(label: Label, text: &str, columns: usize) -> String {
    if label.has_command(text) {
        return text.to_owned();
    }
    let message = text.trim_start_matches(' ');
    let margin = text.len() - message.len();
    let indent = match label.text().len() {
        0 => margin + INDENT,
        width => width,
    };
    let message = match label {
        Label::Hint => Cow::Borrowed(message),
        Label::Error | Label::Warning | Label::Unlabeled => short_identifiers(message),
    };
    let lines = wrap(&message, columns.saturating_sub(indent));
    format!("{}{}", " ".repeat(margin), lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_wrapped_at_spaces() {
        assert_eq!(fit(Label::Error, "one two three", 14), "one two\n       three");
        assert_eq!(fit(Label::Unlabeled, "one two three", 9), "one two\n  three");
        assert_eq!(fit(Label::Unlabeled, "  one two three", 11), "  one two\n    three");
        assert_eq!(fit(Label::Warning, "short", 80), "short");
        assert_eq!(fit(Label::Hint, "", 4), "");
    }

    #[test]
    fn a_command_stays_on_one_line() {
        for hint in ["create it first: nicelist tag create eng", "to show all: --all-errors"] {
            assert_eq!(fit(Label::Hint, hint, 10), hint);
        }
        let warning = "other users can open it: chmod 600 nicelist.db";
        assert_eq!(fit(Label::Warning, warning, 10), warning);
    }

    #[test]
    fn hashes_are_shortened_in_errors() {
        let hash = "4a8b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9";
        let text = format!("f:2: invalid binary identifier `{hash}`: has 63 digits");
        assert_eq!(
            fit(Label::Unlabeled, &text, 80),
            "f:2: invalid binary identifier `4a8b0c…7f8a9`: has 63 digits"
        );
        assert_eq!(fit(Label::Hint, hash, 80), hash);
    }
}
