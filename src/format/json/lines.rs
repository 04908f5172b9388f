//! A rule a line, read and written as a stream.

use std::io::{self, BufRead, Write};

use super::whole::has_target;
use super::{draft, reason};
use crate::format::duplicates::{InLines, Judged, LastLines};
use crate::format::text::narrowed;
use crate::format::{Defaults, Spot};
use crate::rule::{Rule, RuleDraft};

/// Whether a text begins with a line that is a rule. The beginning of a file is enough, if it has
/// the whole line.
#[must_use]
pub fn recognises_lines(head: &[u8]) -> bool {
    let head = without_mark(head);
    let line = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    line.and_then(|line| std::str::from_utf8(line).ok()).is_some_and(has_target)
}

/// Why there is no rule to hand out.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// This line is no rule; the ones after it may be.
    #[error("{text}")]
    Bad {
        /// The place in the file.
        spot: Spot,
        /// What is wrong.
        text: String,
    },
    /// The reader failed, and nothing comes after it.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Reads rules, a line at a time.
pub struct Lines<R> {
    input: R,
    defaults: Defaults,
    duplicates: InLines,
    line: u32,
    text: Vec<u8>,
    failed: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads from `input`.
    #[must_use]
    pub fn new(input: R, defaults: Defaults) -> Self {
        let duplicates = InLines::new(defaults.duplicates);
        Self { input, defaults, duplicates, line: 0, text: Vec::new(), failed: false }
    }

    /// Reads only the last of several rules for the same target and scope.
    pub fn keep_last(&mut self, lines: LastLines) {
        self.duplicates.keep_last(lines);
    }

    /// Reads to the end to find the last lines of all targets and scopes.
    #[must_use]
    pub fn last_lines(mut self) -> LastLines {
        LastLines::of(std::iter::from_fn(|| {
            let rule = self.find(Result::is_ok)?.ok();
            rule.map(|(_, rule)| (self.line, rule))
        }))
    }

    /// How many lines were refused because they are in conflict with others.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.duplicates.conflicts()
    }

    /// How many lines were left out.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.duplicates.left_out()
    }

    /// What to say about the lines that were left out, each with its number.
    #[must_use]
    pub fn notes(&self) -> Vec<(u32, String)> {
        self.duplicates.notes()
    }

    fn rule(&mut self) -> Result<Option<Rule>, LineError> {
        let line = self.line;
        let bad = |spot, text| LineError::Bad { spot, text };
        let text = std::str::from_utf8(&self.text).map_err(|error| {
            let column = String::from_utf8_lossy(&self.text[..error.valid_up_to()]).chars().count();
            bad(Spot::Column(line, narrowed(column + 1)), "is not UTF-8".to_owned())
        })?;
        let mut draft = draft(text).map_err(|error| {
            bad(Spot::Column(line, narrowed(error.column().max(1))), reason(&error))
        })?;
        self.defaults.fill(&mut draft);
        let rule =
            Rule::try_from(draft).map_err(|error| bad(Spot::Line(line), error.to_string()))?;
        match self.duplicates.judge(&rule, line) {
            Judged::Kept => Ok(Some(rule)),
            Judged::LeftOut => Ok(None),
            Judged::Refused(text) => Err(bad(Spot::Line(line), text)),
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<(Spot, Rule), LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            self.text.clear();
            match self.input.read_until(b'\n', &mut self.text) {
                Ok(0) => return None,
                Ok(_) => {
                    if self.line == 0 && without_mark(&self.text).len() < self.text.len() {
                        self.text.drain(..BYTE_ORDER_MARK.len());
                    }
                    self.line = self.line.saturating_add(1);
                    if self.text.trim_ascii().is_empty() {
                        continue;
                    }
                    if let Some(rule) = self.rule().transpose() {
                        return Some(rule.map(|rule| (Spot::Line(self.line), rule)));
                    }
                }
                Err(error) => {
                    self.failed = true;
                    return Some(Err(LineError::Read(error)));
                }
            }
        }
        None
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text without the byte-order mark before it.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Writes a rule a line.
pub struct LineWriter<W: Write> {
    output: W,
}

impl<W: Write> LineWriter<W> {
    /// Writes to `output`.
    #[must_use]
    pub fn new(output: W) -> Self {
        Self { output }
    }

    /// Writes a rule.
    ///
    /// # Errors
    /// What the output reports.
    pub fn write(&mut self, rule: Rule) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, &RuleDraft::from(rule))?;
        self.output.write_all(b"\n")
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// What the output reports.
    pub fn finish(mut self) -> io::Result<()> {
        self.output.flush()
    }
}
