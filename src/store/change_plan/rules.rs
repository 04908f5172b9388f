//! Applies the edits of one rule to the stored rule.

use std::borrow::Cow;
use std::ops::Deref;

use super::ScopeNumber;
use crate::rule::{FieldChange, Outcome, Rule, RuleDifference, RuleMerge, Target};

#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct RuleEdit<'e> {
    /// The index of the edit in the change.
    pub(in crate::store) edit: usize,
    pub(in crate::store) target: &'e Target,
    pub(in crate::store) scope: ScopeNumber,
    pub(in crate::store) wanted: WantedRule<'e>,
}

/// What an edit stores instead of the current rule.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum WantedRule<'e> {
    Nothing,
    Rule(&'e Rule),
    Merge(&'e RuleMerge),
}

impl<'e> WantedRule<'e> {
    /// The rule to store if there is no current one.
    pub(in crate::store) fn rule(self) -> Option<&'e Rule> {
        match self {
            Self::Nothing => None,
            Self::Rule(rule) => Some(rule),
            Self::Merge(merge) => Some(&merge.rule),
        }
    }

    fn replacing(self, current: &CurrentRule<'_>) -> CurrentRule<'e> {
        match self {
            Self::Nothing => CurrentRule::Nothing,
            Self::Rule(rule) => CurrentRule::Rule(NewRule::Given(rule)),
            Self::Merge(merge) => CurrentRule::Rule(match merge.onto(current.rule()) {
                Cow::Borrowed(rule) => NewRule::Given(rule),
                Cow::Owned(rule) => NewRule::Merged(Box::new(rule)),
            }),
        }
    }
}

/// A rule to store. The type is small, because a change may have a million rules.
#[derive(Clone, Debug)]
pub(in crate::store) enum NewRule<'e> {
    Given(&'e Rule),
    /// The rule of the edit with values of the stored rule, or the stored rule itself.
    Merged(Box<Rule>),
}

impl Deref for NewRule<'_> {
    type Target = Rule;

    fn deref(&self) -> &Rule {
        match self {
            Self::Given(rule) => rule,
            Self::Merged(rule) => rule,
        }
    }
}

/// The rule of one target and scope, before or after some edits of a change.
#[derive(Clone, Debug)]
pub(in crate::store) enum CurrentRule<'e> {
    Nothing,
    /// A row that this version of nicelist cannot read.
    Unreadable,
    Rule(NewRule<'e>),
}

impl<'e> CurrentRule<'e> {
    /// Converts a stored row that was read. `rule` is None if the row is unreadable.
    pub(in crate::store) fn stored(rule: Option<Rule>) -> Self {
        rule.map_or(Self::Unreadable, |rule| Self::Rule(NewRule::Merged(Box::new(rule))))
    }

    pub(super) const fn exists(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    fn rule(&self) -> Option<&Rule> {
        match self {
            Self::Nothing | Self::Unreadable => None,
            Self::Rule(rule) => Some(rule),
        }
    }

    /// The rule to insert. An unreadable row is never inserted again.
    pub(super) fn into_new(self) -> Option<NewRule<'e>> {
        match self {
            Self::Nothing | Self::Unreadable => None,
            Self::Rule(rule) => Some(rule),
        }
    }

    pub(super) fn differs_from(&self, after: &CurrentRule<'_>) -> bool {
        match (self, after) {
            (Self::Nothing, CurrentRule::Nothing) | (Self::Unreadable, CurrentRule::Unreadable) => {
                false
            }
            (Self::Rule(before), CurrentRule::Rule(after)) => {
                !FieldChange::between(Some(before), Some(after)).is_empty()
            }
            _ => true,
        }
    }
}

#[derive(Debug)]
pub(in crate::store) struct EditResults {
    pub(in crate::store) outcomes: Vec<Outcome>,
    pub(in crate::store) differences: Vec<RuleDifference>,
}

impl EditResults {
    pub(super) fn edit_rule<'e>(
        &mut self,
        current: &CurrentRule<'e>,
        edit: usize,
        wanted: WantedRule<'e>,
    ) -> CurrentRule<'e> {
        let next = wanted.replacing(current);
        let fields = match (current.rule(), next.rule()) {
            // Without a readable rule, there is nothing to compare.
            (None, _) => Vec::new(),
            (before, after) => FieldChange::between(before, after),
        };
        self.outcomes[edit] = outcome(current, &next, &fields);
        if !fields.is_empty() {
            self.differences.push(RuleDifference { edit, fields });
        }
        next
    }

    /// Applies the only edit of a rule to the stored rule. Returns None if the stored row does not
    /// change. Otherwise, the stored row must be ended, and the returned rule, if any, replaces it.
    pub(in crate::store) fn replace_rule<'e>(
        &mut self,
        stored: &CurrentRule<'e>,
        edit: usize,
        wanted: WantedRule<'e>,
    ) -> Option<Option<NewRule<'e>>> {
        let after = self.edit_rule(stored, edit, wanted);
        stored.differs_from(&after).then(|| after.into_new())
    }
}

fn outcome(before: &CurrentRule<'_>, after: &CurrentRule<'_>, fields: &[FieldChange]) -> Outcome {
    use CurrentRule::{Nothing, Rule, Unreadable};
    match (before, after) {
        (Nothing, Rule(_)) => Outcome::Added,
        (Rule(_) | Unreadable, Nothing) => Outcome::Removed,
        (Rule(_), Rule(_)) if fields.is_empty() => Outcome::Unchanged,
        (Rule(_) | Unreadable, Rule(_)) => Outcome::Changed,
        // No edit results in an unreadable row.
        (_, Unreadable) | (Nothing, Nothing) => Outcome::Unchanged,
    }
}
