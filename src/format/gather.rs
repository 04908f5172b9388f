//! Fills a [`Document`]: checks drafts, tells which of two entries came first, and says what it
//! has said before only once.

use std::collections::HashSet;

use super::record::Record;
use super::seen::Seen;
use super::{Defaults, Document, File, Place, PlacedRule, Remark, Spot};
use crate::rule::{Rule, RuleDraft, RuleError};

/// A document in the making.
pub(super) struct Gather<'a> {
    defaults: &'a Defaults,
    document: Document,
    seen: Seen<Place>,
    said: HashSet<String>,
}

impl<'a> Gather<'a> {
    pub(super) fn new(files: &[File], defaults: &'a Defaults) -> Self {
        let files = files.iter().map(|file| file.name.clone()).collect();
        Self {
            defaults,
            document: Document { files, ..Document::default() },
            seen: Seen::default(),
            said: HashSet::new(),
        }
    }

    pub(super) fn finish(self) -> Document {
        self.document
    }

    pub(super) fn fault(&mut self, remark: Remark) {
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
    /// When it is none. One that was there before becomes a fault by itself.
    pub(super) fn rule(&mut self, place: Place, mut draft: RuleDraft) -> Result<(), RuleError> {
        self.defaults.fill(&mut draft);
        let rule = Rule::try_from(draft)?;
        match self.seen.first(&rule, place) {
            None => self.document.rules.push(PlacedRule { place, rule }),
            Some(first) => {
                let (target, scope) = (rule.target(), rule.scope());
                let first = self.document.name_of(first);
                let text = format!("{target} for {scope} is there already, at {first}");
                self.document.faults.push(Remark { place, text });
            }
        }
        Ok(())
    }
}

/// The file as a whole.
pub(super) const fn whole(file: u32) -> Place {
    Place { file, spot: Spot::Whole }
}
