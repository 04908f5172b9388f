//! Lists on stdin, such as hosts or targets, with one item per line.

use std::io::{self, BufRead, BufReader};

use super::bounded::Bounded;

/// A line of a list.
pub(crate) struct ListLine {
    /// For messages, such as `stdin:2`.
    pub(crate) place: String,
    /// The text without white space around it, or why it cannot be read.
    pub(crate) text: Result<String, &'static str>,
}

/// Reads the lines of a list. Empty lines and comments are skipped.
pub(crate) fn list_lines(stdin: impl BufRead) -> impl Iterator<Item = io::Result<ListLine>> {
    let lines = BufReader::new(Bounded::lines(stdin)).split(b'\n');
    lines.enumerate().filter_map(|(at, line)| {
        let text = match line {
            Ok(line) => String::from_utf8(line).map(|text| text.trim().to_owned()),
            Err(error) => return Some(Err(error)),
        };
        let is_skipped = text.as_ref().is_ok_and(|text| text.is_empty() || text.starts_with('#'));
        let text = text.map_err(|_| "the text is not UTF-8");
        (!is_skipped).then(|| Ok(ListLine { place: format!("stdin:{}", at + 1), text }))
    })
}
