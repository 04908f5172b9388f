//! Errors, warnings and hints on a terminal.

use std::borrow::Cow;

use super::layout::{short_identifiers, width_of, wrap};

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
    /// A line about progress or results. It may have a hash to paste, so hashes are not shortened.
    Status,
}

impl Label {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Error => "error: ",
            Self::Warning => "warning: ",
            Self::Hint => "hint: ",
            Self::Unlabeled | Self::Status => "",
        }
    }

    /// Whether the message has a command or options that users paste.
    fn has_command(self, text: &str) -> bool {
        let marks: &[&str] = match self {
            Self::Hint => &["nicelist ", "iconv ", ": -"],
            Self::Status => &["nicelist ", ": chmod "],
            Self::Error | Self::Warning | Self::Unlabeled => &[": nicelist ", ": chmod "],
        };
        marks.iter().any(|mark| text.contains(mark))
    }
}

/// The text after the label, wrapped at spaces to a terminal with this number of columns. Continued
/// lines are indented. Hashes are shortened, except in hints. A message with a command stays on one
/// line, because a pasted line break would end the command.
pub(super) fn fit(label: Label, text: &str, columns: usize) -> String {
    let is_short = label == Label::Status && width_of(text) <= columns;
    if is_short || label.has_command(text) {
        return text.to_owned();
    }
    let message = text.trim_start_matches(' ');
    let margin = text.len() - message.len();
    let indent = match label.text().len() {
        0 => margin + INDENT,
        width => width,
    };
    let message = match label {
        Label::Hint | Label::Status => Cow::Borrowed(message),
        Label::Error | Label::Warning | Label::Unlabeled => short_identifiers(message),
    };
    let lines = wrap(&message, columns.saturating_sub(indent));
    format!("{}{}", " ".repeat(margin), lines.join(&format!("\n{}", " ".repeat(indent))))
}

/// An error of clap about the command line, wrapped like other messages. The text has colors.
pub(crate) fn fit_usage(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| fit_usage_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn fit_usage_line(line: &str, columns: usize) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    let label =
        if plain.starts_with(Label::Error.text()) { Label::Error } else { Label::Unlabeled };
    if width_of(line) <= columns || label.has_command(&plain) {
        return line.to_owned();
    }
    let message = line.trim_start_matches(' ');
    let margin = line.len() - message.len();
    let (head, message, indent) = match (label, line.split_once(' ')) {
        (Label::Error, Some((head, message))) => (format!("{head} "), message, label.text().len()),
        _ => (" ".repeat(margin), message, margin + INDENT),
    };
    let lines = wrap(message, columns.saturating_sub(indent));
    format!("{head}{}", lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_is_wrapped_at_spaces_and_its_usage_is_not() {
        let text =
            "error: one two three\n\n  tip: four five six\n\nUsage: nicelist rule add POLICY";
        let fitted = "error: one two\n       three\n\n  tip: four five\n    six\n\nUsage: nicelist rule add POLICY";
        assert_eq!(fit_usage(text, 18), fitted);
        let colored = "\u{1b}[31merror:\u{1b}[0m one two three";
        assert_eq!(fit_usage(colored, 16), "\u{1b}[31merror:\u{1b}[0m one two\n       three");
    }

    #[test]
    fn a_status_keeps_its_hashes() {
        let hash = "4a8b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9";
        assert_eq!(fit(Label::Status, &format!("  allow {hash}"), 80), format!("  allow {hash}"));
        assert_eq!(fit(Label::Status, "backed up at 21:32 UTC", 20), "backed up at 21:32\n  UTC");
    }

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
