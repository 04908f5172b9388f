//! Reads JSON with a rule per line.

use std::io::BufRead;

use ::csv::ByteRecord;

use super::whole::has_target;
use crate::document::{json, without_mark};
use crate::format::duplicates::{Judged, RowDuplicates};
use crate::format::rows::{BadRow, Row, RowError, RuleRows};
use crate::format::{Defaults, Spot};
use crate::rule::Rule;

/// Whether the first line that is not empty is an object with a `target`. The beginning of a file
/// is enough if it contains the whole line.
pub fn recognises_lines(head: &[u8]) -> bool {
    let head = without_mark(head);
    let line = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    line.and_then(|line| std::str::from_utf8(line).ok()).is_some_and(has_target)
}

pub struct Lines<R> {
    input: R,
    defaults: Defaults,
    duplicates: RowDuplicates,
    line: u32,
    text: Vec<u8>,
    failed: bool,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R, defaults: Defaults) -> Self {
        let duplicates = RowDuplicates::new(defaults.duplicates);
        Self { input, defaults, duplicates, line: 0, text: Vec::new(), failed: false }
    }

    fn rule(&mut self) -> Result<Option<Rule>, RowError> {
        let line = self.line;
        let bad = |spot, fault: String| {
            RowError::Bad(Box::new(BadRow { spot, fault, record: ByteRecord::new() }))
        };
        let text = std::str::from_utf8(&self.text).map_err(|error| {
            let column = String::from_utf8_lossy(&self.text[..error.valid_up_to()]).chars().count();
            let column = u32::try_from(column + 1).unwrap_or(u32::MAX);
            bad(Spot::Column(line, column), "is not UTF-8".to_owned())
        })?;
        let node = || json::parse(&text.into());
        let rule = super::rule(0, text, node, &self.defaults).map_err(|fault| {
            // Each line is parsed separately, so the parser reports line 1 for every position.
            let spot = match fault.location.spot {
                Spot::Column(_, column) => Spot::Column(line, column),
                Spot::Whole | Spot::Line(_) | Spot::Rule(_) => Spot::Line(line),
            };
            bad(spot, fault.text)
        })?;
        match self.duplicates.judge(&rule, line) {
            Judged::Kept => Ok(Some(rule)),
            Judged::LeftOut => Ok(None),
            Judged::Refused(text) => Err(bad(Spot::Line(line), text)),
        }
    }
}

impl<R: BufRead> RuleRows for Lines<R> {
    fn duplicates(&self) -> &RowDuplicates {
        &self.duplicates
    }

    fn duplicates_mut(&mut self) -> &mut RowDuplicates {
        &mut self.duplicates
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            self.text.clear();
            match self.input.read_until(b'\n', &mut self.text) {
                Ok(0) => return None,
                Ok(_) => {
                    if self.line == 0 {
                        let mark = self.text.len() - without_mark(&self.text).len();
                        self.text.drain(..mark);
                    }
                    self.line = self.line.saturating_add(1);
                    if self.text.trim_ascii().is_empty() {
                        continue;
                    }
                    if let Some(rule) = self.rule().transpose() {
                        return Some(rule.map(|rule| Row { line: self.line, rule }));
                    }
                }
                Err(error) => {
                    self.failed = true;
                    return Some(Err(RowError::Read(error)));
                }
            }
        }
        None
    }
}
