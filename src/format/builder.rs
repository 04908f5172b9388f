//! Fills a [`ParsedPolicy`]: checks drafts, resolves duplicates, and adds each note only once.

use std::collections::HashSet;

use super::duplicates::resolve;
use super::record::{Keys, Record};
use super::{Defaults, File, Location, ParsedPolicy, PlacedRule, Remark};
use crate::document::Text;
use crate::document::json::Json;
use crate::rule::{FieldError, Rule, RuleDraft, RuleError};

pub(super) struct Builder<'a> {
    defaults: &'a Defaults,
    pub(super) policy: ParsedPolicy,
    noted: HashSet<String>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(files: &[File], defaults: &'a Defaults) -> Self {
        Self { defaults, policy: ParsedPolicy::of(files), noted: HashSet::new() }
    }

    /// Calls `read` with the text of each file. Errors of `read`, and files that are not text,
    /// become faults.
    pub(super) fn read_texts(
        files: &[File],
        defaults: &'a Defaults,
        mut read: impl FnMut(&mut Self, u32, &Text<'_>) -> Result<(), Remark>,
    ) -> Self {
        let mut builder = Self::new(files, defaults);
        for (number, file) in (0..).zip(files) {
            let text = Text::new(&file.bytes).map_err(|fault| Remark::of(number, fault));
            let read = text.and_then(|text| read(&mut builder, number, &text));
            builder.policy.faults.extend(read.err());
        }
        builder
    }

    pub(super) fn finish(self) -> ParsedPolicy {
        let Self { mut policy, defaults, noted: _ } = self;
        resolve(&mut policy, defaults.duplicates);
        policy
    }

    /// Adds a note unless the same text was noted before.
    pub(super) fn note_once(&mut self, Remark { location, text }: Remark) {
        if self.noted.insert(text.clone()) {
            self.policy.note(location, text);
        }
    }

    /// Adds the rules that `read` returns for a record, filled with the defaults. Errors become
    /// faults. Adds notes about the fields that `read` left in the record.
    pub(super) fn add<'n>(
        &mut self,
        record: Result<Record<'n>, Remark>,
        read: impl FnOnce(&mut Record<'n>) -> Result<Vec<RuleDraft>, Faults>,
    ) {
        let record = record.map_err(Faults::from);
        let drafts = record.and_then(|mut record| Ok((read(&mut record)?, record)));
        let (drafts, record) = match drafts {
            Ok(drafts) => drafts,
            Err(Faults(faults)) => return self.policy.faults.extend(faults),
        };
        for note in record.notes() {
            self.note_once(note);
        }
        for mut draft in drafts {
            self.defaults.fill(&mut draft);
            match record.rule(draft) {
                Ok(rule) => {
                    self.policy.rules.push(PlacedRule { location: record.location, rule });
                }
                Err(fault) => return self.policy.faults.push(fault),
            }
        }
    }

    pub(super) fn add_list(
        &mut self,
        file: u32,
        rules: Vec<Json<'_>>,
        keys: Keys,
        read: fn(&mut Record<'_>) -> Result<RuleDraft, Remark>,
    ) {
        for rule in rules {
            match rule.node() {
                Ok(node) => {
                    let location = Location::of(file, node.position);
                    let record = Record::new(location, keys, &node);
                    self.add(record, |record| Ok(vec![read(record)?]));
                }
                Err(fault) => self.policy.faults.push(Remark::of(file, fault)),
            }
        }
    }
}

pub(super) struct Faults(pub(super) Vec<Remark>);

impl From<Remark> for Faults {
    fn from(fault: Remark) -> Self {
        Self(vec![fault])
    }
}

impl Record<'_> {
    pub(super) fn rule(&self, draft: RuleDraft) -> Result<Rule, Remark> {
        Rule::try_from(draft).map_err(|RuleError { field, problem }| {
            let (location, key) = self.origin(field);
            match problem {
                FieldError::Missing => self.missing(key),
                problem => Remark::new(location, format!("{key}: {problem}")),
            }
        })
    }
}
