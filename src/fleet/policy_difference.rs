//! The tags, settings and rules at one time, and their differences from another time or from a
//! file.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Setting, SettingKey, Tag};
use crate::rule::{Outcome, Rule, RuleKey, Scope, TagName};

/// Tags, settings and rules at one time, in any order. Tag names, the setting keys of a scope, and
/// rule keys are unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyState {
    pub tags: Vec<Tag>,
    pub settings: Vec<(Scope, Setting)>,
    pub rules: Vec<Rule>,
}

/// A tag, setting or rule that differs between two states. At least one of `before` and `after` is
/// set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyDifference<'a> {
    Tag {
        name: &'a TagName,
        before: Option<&'a Tag>,
        after: Option<&'a Tag>,
    },
    Setting {
        scope: &'a Scope,
        key: SettingKey,
        before: Option<&'a Setting>,
        after: Option<&'a Setting>,
    },
    Rule {
        key: &'a RuleKey,
        before: Option<&'a Rule>,
        after: Option<&'a Rule>,
    },
}

impl PolicyDifference<'_> {
    pub fn outcome(&self) -> Outcome {
        let (before, after) = match self {
            Self::Tag { before, after, .. } => (before.is_some(), after.is_some()),
            Self::Setting { before, after, .. } => (before.is_some(), after.is_some()),
            Self::Rule { before, after, .. } => (before.is_some(), after.is_some()),
        };
        match (before, after) {
            (false, true) => Outcome::Added,
            (true, false) => Outcome::Removed,
            (true, true) => Outcome::Changed,
            (false, false) => Outcome::Unchanged,
        }
    }
}

/// The additions, changes and removals that turn one state into another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyDifferences<'a> {
    /// Tags by name, then settings by scope and [`SettingKey`], then rules by target and scope.
    pub differences: Vec<PolicyDifference<'a>>,
    pub unchanged: u64,
    /// The number of rules in the second state that have expired.
    pub expired: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffOptions {
    /// Whether items that only the first state has are removed. Otherwise, these items are kept.
    pub prune: bool,
    /// Rules of the second state that have expired by this time count as missing. They are removed
    /// even without `prune`. With [`Timestamp::MIN`], no rule has expired.
    pub now: Timestamp,
}

impl<'a> PolicyDifferences<'a> {
    pub fn between(before: &'a PolicyState, after: &'a PolicyState, options: DiffOptions) -> Self {
        let mut found = Self::default();
        found.tags(&before.tags, &after.tags, options);
        found.settings(&before.settings, &after.settings, options);
        found.rules(&before.rules, &after.rules, options);
        found
    }

    fn tags(&mut self, before: &'a [Tag], after: &'a [Tag], options: DiffOptions) {
        let pairs = pair(before, after, |a, b| a.name.cmp(&b.name));
        for (before, after) in pairs {
            if let Some(tag) = before.or(after) {
                let difference = PolicyDifference::Tag { name: &tag.name, before, after };
                self.note(before, after, difference, options);
            }
        }
    }

    fn settings(
        &mut self,
        before: &'a [(Scope, Setting)],
        after: &'a [(Scope, Setting)],
        options: DiffOptions,
    ) {
        let pairs = pair(before, after, |(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
        for (before, after) in pairs {
            if let Some((scope, setting)) = before.or(after) {
                let setting_of = |it: Option<&'a (Scope, Setting)>| it.map(|(_, setting)| setting);
                let (before, after) = (setting_of(before), setting_of(after));
                let key = setting.key();
                let difference = PolicyDifference::Setting { scope, key, before, after };
                self.note(before, after, difference, options);
            }
        }
    }

    fn rules(&mut self, before: &'a [Rule], after: &'a [Rule], options: DiffOptions) {
        for (before, named) in pair(before, after, |a, b| a.key().cmp(b.key())) {
            let ended = |rule: &&Rule| rule.expires.is_some_and(|expires| expires <= options.now);
            let after = named.filter(|rule| !ended(rule));
            let has_ended = named.is_some() && after.is_none();
            self.expired += u64::from(has_ended);
            let Some(rule) = before.or(after) else { continue };
            let difference = PolicyDifference::Rule { key: rule.key(), before, after };
            self.note(
                before,
                after,
                difference,
                DiffOptions { prune: options.prune || has_ended, ..options },
            );
        }
    }

    fn note<T: PartialEq>(
        &mut self,
        before: Option<&T>,
        after: Option<&T>,
        difference: PolicyDifference<'a>,
        options: DiffOptions,
    ) {
        if before == after {
            self.unchanged += 1;
        } else if after.is_some() || options.prune {
            self.differences.push(difference);
        }
    }
}

/// Pairs the items of two lists by key. The pairs are sorted by key.
fn pair<'a, T>(
    left: &'a [T],
    right: &'a [T],
    by: impl Fn(&T, &T) -> Ordering,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let sorted = |items: &'a [T]| {
        let mut items: Vec<&T> = items.iter().collect();
        // A stable sort is fast for lists that are mostly sorted.
        items.sort_by(|a, b| by(a, b));
        items
    };
    let (left, right) = (sorted(left), sorted(right));
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => by(a, b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return pairs,
        };
        pairs.push(match order {
            Ordering::Less => (left.next(), None),
            Ordering::Equal => (left.next(), right.next()),
            Ordering::Greater => (None, right.next()),
        });
    }
}

#[cfg(test)]
mod tests;
