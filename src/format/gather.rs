//! Fills a [`Document`]: checks drafts, settles duplicates, and says what it has said before only
//! once.

use std::collections::HashSet;

use super::duplicates::settle;
use super::record::Record;
use super::{Defaults, Document, File, Place, PlacedRule, Remark, Spot};
use crate::rule::{Rule, RuleDraft, RuleError};

/// A document in the making.
pub(super) struct Gather<'a> {
    defaults: &'a Defaults,
    document: Document,
    said: HashSet<String>,
}

impl<'a> Gather<'a> {
    pub(super) fn new(files: &[File], defaults: &'a Defaults) -> Self {
        let files = files.iter().map(|file| file.name.clone()).collect();
        Self { defaults, document: Document { files, ..Document::default() }, said: HashSet::new() }
    }

    pub(super) fn finish(self) -> Document {
        let Self { mut document, defaults, said: _ } = self;
        settle(&mut document, defaults.duplicates);
        document
    }

    pub(super) fn fault(&mut self, remark: Remark) {
        self.document.faults.push(remark);
    }

    /// Refuses everything that was read.
    pub(super) fn refuse_all(&mut self, remark: Remark) {
        self.document.rules.clear();
        self.document.faults.push(remark);
    }

    pub(super) fn note(&mut self, place: Place, text: String) {
        self.document.notes.push(Remark { place, text });
    }

    /// A note that is made at the first of the places it is true of.
    pub(super) fn note_once(&mut self, place: Place, text: String) {
        if self.said.insert(text.clone()) {
            self.note(place, text);
        }
    }

    /// Takes the rule that a format made of a record. Fields that the format did not ask for are
    /// told of.
    pub(super) fn record(&mut self, record: &Record<'_>, draft: RuleDraft) {
        for (place, key) in record.left() {
            self.note_once(place, format!("{key}: is not known here and is passed over"));
        }
        if let Err(RuleError { field, problem }) = self.rule(record.place, draft) {
            let (place, key) = record.origin(field);
            self.fault(Remark { place, text: format!("{key}: {problem}") });
        }
    }

    /// Takes a rule.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn rule(&mut self, place: Place, mut draft: RuleDraft) -> Result<(), RuleError> {
        self.defaults.fill(&mut draft);
        let rule = Rule::try_from(draft)?;
        self.document.rules.push(PlacedRule { place, rule });
        Ok(())
    }
}

pub(super) const fn whole(file: u32) -> Place {
    Place { file, spot: Spot::Whole }
}
