//! What edits of one rule come to. Both databases compute it here, from the rule that they read
//! under their write lock.

use std::borrow::Cow;
use std::ops::Deref;

use super::change::RuleDifference;
use crate::rule::{FieldChange, Outcome, Rule, RuleMerge};

/// What an edit wants in place of the current rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'e> {
    Nothing,
    Rule(&'e Rule),
    Merge(&'e RuleMerge),
}

impl<'e> Wanted<'e> {
    /// The rule as it is stored if there is no current one.
    pub(super) fn rule(self) -> Option<&'e Rule> {
        match self {
            Self::Nothing => None,
            Self::Rule(rule) => Some(rule),
            Self::Merge(merge) => Some(&merge.rule),
        }
    }

    fn onto(self, current: &Current<'_>) -> Current<'e> {
        match self {
            Self::Nothing => Current::Nothing,
            Self::Rule(rule) => Current::Rule(NewRule::Given(rule)),
            Self::Merge(merge) => Current::Rule(match merge.onto(current.rule()) {
                Cow::Borrowed(rule) => NewRule::Given(rule),
                Cow::Owned(rule) => NewRule::Merged(Box::new(rule)),
            }),
        }
    }
}

/// A rule to store. There may be a million of them, so it is small.
#[derive(Clone, Debug)]
pub(super) enum NewRule<'e> {
    /// As the edit gives it.
    Given(&'e Rule),
    /// With values of another rule, or one that was read.
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

/// The rule of one target and scope at some point of a change.
#[derive(Clone, Debug)]
pub(super) enum Current<'e> {
    Nothing,
    /// A row that this version of nicelist cannot read.
    Unreadable,
    Rule(NewRule<'e>),
}

impl Current<'_> {
    /// A row that was read.
    pub(super) fn read(rule: Option<Rule>) -> Self {
        rule.map_or(Self::Unreadable, |rule| Self::Rule(NewRule::Merged(Box::new(rule))))
    }

    fn rule(&self) -> Option<&Rule> {
        match self {
            Self::Nothing | Self::Unreadable => None,
            Self::Rule(rule) => Some(rule),
        }
    }
}

/// What the edits of one rule come to.
pub(super) struct RuleResult<'e> {
    pub(super) after: Current<'e>,
    /// Whether it differs from what was there before all of them.
    pub(super) is_changed: bool,
}

/// Makes edits of one rule in their order, and notes the outcome of each.
pub(super) fn apply<'e>(
    before: Current<'e>,
    edits: impl IntoIterator<Item = (usize, Wanted<'e>)>,
    outcomes: &mut [Outcome],
    differences: &mut Vec<RuleDifference>,
) -> RuleResult<'e> {
    let mut now = before.clone();
    for (edit, wanted) in edits {
        let next = wanted.onto(&now);
        let fields = match (now.rule(), next.rule()) {
            // There is nothing to compare an addition with.
            (None, _) => Vec::new(),
            (before, after) => FieldChange::between(before, after),
        };
        outcomes[edit] = outcome(&now, &next, &fields);
        if !fields.is_empty() {
            differences.push(RuleDifference { edit, fields });
        }
        now = next;
    }
    let is_changed = match (&before, &now) {
        (Current::Nothing, Current::Nothing) => false,
        (Current::Rule(before), Current::Rule(after)) => {
            !FieldChange::between(Some(before), Some(after)).is_empty()
        }
        _ => true,
    };
    RuleResult { after: now, is_changed }
}

fn outcome(before: &Current<'_>, after: &Current<'_>, fields: &[FieldChange]) -> Outcome {
    match (before, after) {
        (Current::Nothing, Current::Rule(_)) => Outcome::Added,
        (Current::Rule(_) | Current::Unreadable, Current::Nothing) => Outcome::Removed,
        (Current::Rule(_), Current::Rule(_)) if fields.is_empty() => Outcome::Unchanged,
        (Current::Rule(_), Current::Rule(_)) => Outcome::Changed,
        // An edit never makes an unreadable row.
        (_, Current::Unreadable) | (Current::Nothing, Current::Nothing) => Outcome::Unchanged,
        (Current::Unreadable, Current::Rule(_)) => Outcome::Changed,
    }
}
