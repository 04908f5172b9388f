//! Merges a new rule with the current rule, and compares two versions of a rule.

use std::borrow::Cow;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Bundle, Notice, Provenance, Rule};

/// A field that a change to a rule can leave unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleField {
    /// Santa's `custom_msg`.
    Message,
    /// Santa's `custom_url`.
    Url,
    /// Santa's `event_detail_button_label`.
    ButtonLabel,
    /// Santa's `notification_app_name`.
    AppName,
    /// The hash of the bundle and the number of binaries in the bundle.
    Bundle,
    Comment,
    Ticket,
    /// The origin of the rule.
    Source,
    Expires,
}

impl RuleField {
    pub const ALL: [Self; 9] = [
        Self::Message,
        Self::Url,
        Self::ButtonLabel,
        Self::AppName,
        Self::Bundle,
        Self::Comment,
        Self::Ticket,
        Self::Source,
        Self::Expires,
    ];

    /// The name of the field's CSV column. For `Bundle`, which has two columns, the name of the first.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Url => "url",
            Self::ButtonLabel => "button_label",
            Self::AppName => "app_name",
            Self::Bundle => "bundle_hash",
            Self::Comment => "comment",
            Self::Ticket => "ticket",
            Self::Source => "source",
            Self::Expires => "expires",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleFields(u16);

impl RuleFields {
    pub fn has(self, field: RuleField) -> bool {
        self.0 & bit(field) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = RuleField> {
        RuleField::ALL.into_iter().filter(move |field| self.has(*field))
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The fields that are in this set and not in the other set.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl FromIterator<RuleField> for RuleFields {
    fn from_iter<I: IntoIterator<Item = RuleField>>(fields: I) -> Self {
        Self(fields.into_iter().fold(0, |bits, field| bits | bit(field)))
    }
}

const fn bit(field: RuleField) -> u16 {
    1 << field as u16
}

/// A rule to store, and the fields that keep the current rule's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMerge {
    /// The new rule. It is stored unchanged if there is no current rule, or if the current rule's
    /// policy has a different kind.
    pub rule: Rule,
    /// The fields that keep their current values if the new policy has the same kind.
    pub kept: RuleFields,
    /// If the new expiry differs from the current expiry by at most this time, the current expiry
    /// is kept. Positive if the new expiry was given as a duration, so that a repeated command has
    /// no effect.
    pub expiry_slack: SignedDuration,
}

impl RuleMerge {
    /// A rule that replaces all current values.
    pub fn complete(rule: Rule) -> Self {
        Self { rule, kept: RuleFields::default(), expiry_slack: SignedDuration::ZERO }
    }

    /// The rule to store. `current` is the current rule, if any.
    pub fn onto(&self, current: Option<&Rule>) -> Cow<'_, Rule> {
        let Some(current) = current else { return Cow::Borrowed(&self.rule) };
        if current.policy().kind() != self.rule.policy().kind() {
            return Cow::Borrowed(&self.rule);
        }
        let expires = self.expiry(current);
        if self.kept.is_empty() && expires == self.rule.expires {
            return Cow::Borrowed(&self.rule);
        }
        let mut rule = self.rule.clone();
        rule.expires = expires;
        let keep = |field, to: &mut Option<_>, from: &Option<_>| {
            if self.kept.has(field) {
                to.clone_from(from);
            }
        };
        let (to, from) = (&mut rule.notice, &current.notice);
        keep(RuleField::Message, &mut to.message, &from.message);
        keep(RuleField::Url, &mut to.url, &from.url);
        keep(RuleField::ButtonLabel, &mut to.button_label, &from.button_label);
        keep(RuleField::AppName, &mut to.app_name, &from.app_name);
        if self.kept.has(RuleField::Bundle) {
            to.bundle.clone_from(&from.bundle);
        }
        let (to, from) = (&mut rule.provenance, &current.provenance);
        keep(RuleField::Comment, &mut to.comment, &from.comment);
        keep(RuleField::Ticket, &mut to.ticket, &from.ticket);
        keep(RuleField::Source, &mut to.source, &from.source);
        Cow::Owned(rule)
    }

    fn expiry(&self, current: &Rule) -> Option<Timestamp> {
        if self.kept.has(RuleField::Expires) {
            return current.expires;
        }
        let (Some(wanted), Some(known)) = (self.rule.expires, current.expires) else {
            return self.rule.expires;
        };
        let is_close = wanted.duration_since(known).abs() <= self.expiry_slack;
        Some(if is_close { known } else { wanted })
    }
}

/// A field that differs between two versions of a rule or a tag. At least one of the two values is
/// present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name, as in a [`RuleDraft`](super::RuleDraft) or a tag.
    pub field: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<str>>,
}

impl FieldChange {
    /// The fields in which two versions of a rule differ. If only one version is given, all fields
    /// of that version that have a value. The key is ignored.
    pub fn between(before: Option<&Rule>, after: Option<&Rule>) -> Vec<Self> {
        let none = std::array::from_fn(|_| None);
        let [before, after] = [before, after].map(|rule| rule.map_or_else(|| none.clone(), values));
        let pairs = NAMES.iter().zip(before.into_iter().zip(after));
        pairs
            .filter(|(_, (before, after))| before != after)
            .map(|(name, (before, after))| Self { field: Cow::Borrowed(*name), before, after })
            .collect()
    }
}

/// The names of a rule's fields except its key, in the order in which differences are listed.
const NAMES: [&str; 12] = [
    "policy",
    "cel",
    "expires",
    "comment",
    "ticket",
    "message",
    "url",
    "button_label",
    "app_name",
    "bundle_hash",
    "bundle_binary_count",
    "source",
];

fn values(rule: &Rule) -> [Option<Box<str>>; NAMES.len()] {
    let owned = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(Box::from);
    let written = |value: &dyn fmt::Display| Some(value.to_string().into_boxed_str());
    let Notice { message, url, button_label, app_name, bundle } = &rule.notice;
    let Provenance { comment, ticket, source } = &rule.provenance;
    // Databases store times in milliseconds, so smaller differences are ignored.
    let expires =
        rule.expires.map(|at| Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at));
    [
        Some(rule.policy().kind().word().into()),
        rule.policy().expression().and_then(|expression| written(expression)),
        expires.and_then(|expires| written(&expires)),
        owned(comment),
        owned(ticket),
        owned(message),
        owned(url),
        owned(button_label),
        owned(app_name),
        bundle.as_ref().map(|bundle| bundle.hash().into()),
        bundle.as_ref().map(Bundle::binary_count).and_then(|count| written(&count)),
        owned(source),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleDraft;

    fn rule(policy: &str, comment: Option<&str>, expires: Option<&str>) -> Rule {
        let draft = RuleDraft {
            target: "teamid:EQHXZ8M8AV".to_owned(),
            policy: policy.to_owned(),
            comment: comment.map(str::to_owned),
            expires: expires.map(|at| at.parse().unwrap()),
            ..RuleDraft::default()
        };
        draft.try_into().unwrap()
    }

    fn keeping(rule: Rule, kept: &[RuleField]) -> RuleMerge {
        RuleMerge { kept: kept.iter().copied().collect(), ..RuleMerge::complete(rule) }
    }

    #[test]
    fn m3_kept_fields_have_the_current_values_while_the_policy_is_the_same() {
        let current = rule("block", Some("old"), Some("2027-01-01T00:00:00Z"));
        let merge = keeping(rule("block", None, None), &[RuleField::Comment]);
        let merged = merge.onto(Some(&current));
        assert_eq!(merged.provenance.comment.as_deref(), Some("old"));
        assert_eq!(merged.expires, None, "expires was not kept");
        let all = keeping(rule("allow", None, None), &RuleField::ALL);
        assert_eq!(*all.onto(Some(&current)), rule("allow", None, None));
        assert_eq!(*all.onto(None), rule("allow", None, None));
    }

    #[test]
    fn m3_an_expiry_within_the_slack_changes_nothing() {
        let current = rule("allow", None, Some("2027-01-02T00:00:00Z"));
        let slack = SignedDuration::from_hours(1);
        let merge = |at| RuleMerge {
            expiry_slack: slack,
            ..RuleMerge::complete(rule("allow", None, Some(at)))
        };
        let near = merge("2027-01-02T00:30:00Z");
        assert_eq!(near.onto(Some(&current)).expires, current.expires);
        let far = merge("2027-01-02T01:30:00Z");
        assert_eq!(far.onto(Some(&current)).expires, far.rule.expires);
    }

    #[test]
    fn m3_differences_are_listed_field_by_field() {
        let before = rule("block", Some("old"), Some("2027-01-01T00:00:00Z"));
        let after = rule("allow", Some("old"), None);
        let fields = FieldChange::between(Some(&before), Some(&after));
        let fields: Vec<_> = fields
            .iter()
            .map(|it| (&*it.field, it.before.as_deref(), it.after.as_deref()))
            .collect();
        let expected = [
            ("policy", Some("block"), Some("allow")),
            ("expires", Some("2027-01-01T00:00:00Z"), None),
        ];
        assert_eq!(fields, expected);
    }
}
