//! How one state of policy differs from another: what would have to be added, changed and
//! removed to get from what is to what shall be.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Setting, SettingKey, Tag};
use crate::rule::{Outcome, Rule, Scope, TagName, Target};

/// Tags, settings and rules that are in force together. Each key at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// Tags, in any order.
    pub tags: Vec<Tag>,
    /// Settings by scope, in any order.
    pub settings: Vec<(Scope, Setting)>,
    /// Rules, in any order.
    pub rules: Vec<Rule>,
}

/// One difference: how something is, and how it shall be. Never neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference<'a> {
    Tag {
        name: &'a TagName,
        /// How it is.
        before: Option<&'a Tag>,
        /// How it shall be.
        after: Option<&'a Tag>,
    },
    Setting {
        scope: &'a Scope,
        /// Its name.
        key: SettingKey,
        /// How it is.
        before: Option<&'a Setting>,
        /// How it shall be.
        after: Option<&'a Setting>,
    },
    Rule {
        target: &'a Target,
        scope: &'a Scope,
        /// How it is.
        before: Option<&'a Rule>,
        /// How it shall be.
        after: Option<&'a Rule>,
    },
}

impl Difference<'_> {
    /// Whether it is added, changed or removed.
    #[must_use]
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

/// All differences between two states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences<'a> {
    /// Tags by name, then settings by scope and name, then rules by target and scope.
    pub differences: Vec<Difference<'a>>,
    /// How many of what shall be are so already.
    pub unchanged: u64,
    /// How many rules that shall be have expired, and so shall not be after all.
    pub expired: u64,
}

/// How to get from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether what is not named ends. Otherwise it is left alone.
    pub prune: bool,
    /// A rule that was to end by this time is named as one that has ended.
    /// [`Timestamp::MIN`] takes every rule as it is.
    pub now: Timestamp,
}

impl<'a> Differences<'a> {
    /// Compares what is with what shall be. Every field counts.
    #[must_use]
    pub fn between(is: &'a InForce, shall: &'a InForce, terms: Terms) -> Self {
        let mut found = Self::default();
        found.tags(&is.tags, &shall.tags, terms);
        found.settings(&is.settings, &shall.settings, terms);
        found.rules(&is.rules, &shall.rules, terms);
        found
    }

    fn tags(&mut self, is: &'a [Tag], shall: &'a [Tag], terms: Terms) {
        let pairs = pair(is, shall, |a, b| a.name.cmp(&b.name));
        for (before, after) in pairs {
            if let Some(tag) = before.or(after) {
                let difference = Difference::Tag { name: &tag.name, before, after };
                self.note(before, after, difference, terms);
            }
        }
    }

    fn settings(
        &mut self,
        is: &'a [(Scope, Setting)],
        shall: &'a [(Scope, Setting)],
        terms: Terms,
    ) {
        let pairs = pair(is, shall, |(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
        for (before, after) in pairs {
            if let Some((scope, setting)) = before.or(after) {
                let setting_of = |it: Option<&'a (Scope, Setting)>| it.map(|(_, setting)| setting);
                let (before, after) = (setting_of(before), setting_of(after));
                let key = setting.key();
                let difference = Difference::Setting { scope, key, before, after };
                self.note(before, after, difference, terms);
            }
        }
    }

    fn rules(&mut self, is: &'a [Rule], shall: &'a [Rule], terms: Terms) {
        let key = |a: &Rule, b: &Rule| (a.target(), a.scope()).cmp(&(b.target(), b.scope()));
        for (before, named) in pair(is, shall, key) {
            let ended = |rule: &&Rule| rule.expires.is_some_and(|expires| expires <= terms.now);
            let after = named.filter(|rule| !ended(rule));
            let has_ended = named.is_some() && after.is_none();
            self.expired += u64::from(has_ended);
            let Some(rule) = before.or(after) else { continue };
            let (target, scope) = (rule.target(), rule.scope());
            let difference = Difference::Rule { target, scope, before, after };
            self.note(
                before,
                after,
                difference,
                Terms { prune: terms.prune || has_ended, ..terms },
            );
        }
    }

    fn note<T: PartialEq>(
        &mut self,
        before: Option<&T>,
        after: Option<&T>,
        difference: Difference<'a>,
        terms: Terms,
    ) {
        if before == after {
            self.unchanged += 1;
        } else if after.is_some() || terms.prune {
            self.differences.push(difference);
        }
    }
}

/// Brings together what has the same key in two lists, by key.
fn pair<'a, T>(
    left: &'a [T],
    right: &'a [T],
    by: impl Fn(&T, &T) -> Ordering,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let sorted = |items: &'a [T]| {
        let mut items: Vec<&T> = items.iter().collect();
        // Mostly sorted already, which a stable sort notices.
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
