//! A rule in a change. Absent fields can keep the values of the current rule.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fleet::parse_duration;
use crate::rule::{
    ExpiryError, FieldError, Rule, RuleDraft, RuleError, RuleField, RuleFields, RuleMerge, expiry,
    given_scope,
};

/// One field of a [`RulePatch`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FieldPatch<T> {
    /// The field is absent. It keeps its current value if the policy stays the same and the field
    /// is not reset.
    #[default]
    Keep,
    /// The current value is erased.
    Erase,
    Set(T),
}

impl<T> FieldPatch<T> {
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }

    fn value(self) -> Option<T> {
        match self {
            Self::Keep | Self::Erase => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T> From<Option<T>> for FieldPatch<T> {
    /// None keeps the current value.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}

impl<T: Serialize> Serialize for FieldPatch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Erase => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for FieldPatch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Erase, Self::Set))
    }
}

fn expiry_patch<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<FieldPatch<Timestamp>, D::Error> {
    let text = FieldPatch::<String>::deserialize(deserializer)?;
    match text {
        FieldPatch::Keep | FieldPatch::Erase => Ok(FieldPatch::Erase),
        FieldPatch::Set(text) if text.is_empty() => Ok(FieldPatch::Erase),
        FieldPatch::Set(text) => {
            expiry(&text).map(FieldPatch::Set).map_err(serde::de::Error::custom)
        }
    }
}

/// The time from a change until a rule expires, such as `24h` or `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExpiresIn(pub SignedDuration);

impl TryFrom<String> for ExpiresIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse_duration(&text).map(Self).ok_or("expected a duration such as 24h or 7d")
    }
}

impl From<ExpiresIn> for String {
    fn from(ExpiresIn(duration): ExpiresIn) -> Self {
        format!("{}s", duration.as_secs())
    }
}

/// If the policy stays the same, the current expiry is kept if it differs from the new one by at
/// most `expires_in` divided by this number.
const SLACK: i32 = 24;

/// A rule to store. If the policy stays the same, absent [`FieldPatch`] fields keep the values of
/// the current rule for the target and scope. `null` or an empty text erases such a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulePatch {
    /// The target, such as `teamid:EQHXZ8M8AV`.
    pub target: String,
    /// The policy, such as `allow` or `block`, or Santa's own name for it.
    pub policy: String,
    /// The scope; empty for `fleet`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "given_scope")]
    pub scope: String,
    /// The expression of a `cel` rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cel: Option<String>,
    /// Santa's `custom_msg`.
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub message: FieldPatch<String>,
    /// Santa's `custom_url`.
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub url: FieldPatch<String>,
    /// Santa's `event_detail_button_label`.
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub button_label: FieldPatch<String>,
    /// Santa's `notification_app_name`.
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub app_name: FieldPatch<String>,
    /// Santa's `file_bundle_hash`.
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub bundle_hash: FieldPatch<String>,
    /// Santa's `file_bundle_binary_count`.
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub bundle_binary_count: FieldPatch<u32>,
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub comment: FieldPatch<String>,
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub ticket: FieldPatch<String>,
    /// Where the rule came from.
    #[serde(skip_serializing_if = "FieldPatch::is_kept")]
    pub source: FieldPatch<String>,
    /// When the rule expires. A date means the end of that day in the time zone of the server.
    #[serde(skip_serializing_if = "FieldPatch::is_kept", deserialize_with = "expiry_patch")]
    pub expires: FieldPatch<Timestamp>,
    /// The time from the change until the rule expires. If the policy stays the same, the current
    /// expiry is kept if it differs from the new one by at most 1/24 of this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<ExpiresIn>,
}

impl RulePatch {
    /// Checks the rule. Fields in `reset` that the patch lacks are erased.
    ///
    /// # Errors
    /// For example, when a field is invalid, or when the expiry is not after `now`.
    pub fn into_merge(self, reset: RuleFields, now: Timestamp) -> Result<RuleMerge, RuleError> {
        let kept = self.kept().without(reset);
        let (expires, slack) = self.expiry(now).map_err(|problem| RuleError {
            field: if self.expires_in.is_some() { "expires_in" } else { "expires" },
            problem: FieldError::Expiry(problem),
        })?;
        let draft = RuleDraft {
            target: self.target,
            policy: self.policy,
            scope: self.scope,
            cel: self.cel,
            message: self.message.value(),
            url: self.url.value(),
            button_label: self.button_label.value(),
            app_name: self.app_name.value(),
            bundle_hash: self.bundle_hash.value(),
            bundle_binary_count: self.bundle_binary_count.value(),
            comment: self.comment.value(),
            ticket: self.ticket.value(),
            source: self.source.value(),
            expires,
        };
        Ok(RuleMerge { rule: Rule::try_from(draft)?, kept, expiry_slack: slack })
    }

    fn kept(&self) -> RuleFields {
        let is_kept = |field: &RuleField| match field {
            RuleField::Message => self.message.is_kept(),
            RuleField::Url => self.url.is_kept(),
            RuleField::ButtonLabel => self.button_label.is_kept(),
            RuleField::AppName => self.app_name.is_kept(),
            RuleField::Bundle => self.bundle_hash.is_kept() && self.bundle_binary_count.is_kept(),
            RuleField::Comment => self.comment.is_kept(),
            RuleField::Ticket => self.ticket.is_kept(),
            RuleField::Source => self.source.is_kept(),
            RuleField::Expires => self.expires.is_kept() && self.expires_in.is_none(),
        };
        RuleField::ALL.into_iter().filter(is_kept).collect()
    }

    fn expiry(&self, now: Timestamp) -> Result<(Option<Timestamp>, SignedDuration), ExpiryError> {
        let ahead = |at: Timestamp| if at > now { Ok(at) } else { Err(ExpiryError::Past(at)) };
        match (&self.expires, self.expires_in) {
            (FieldPatch::Keep | FieldPatch::Erase, None) => Ok((None, SignedDuration::ZERO)),
            (FieldPatch::Set(at), None) => Ok((Some(ahead(*at)?), SignedDuration::ZERO)),
            (FieldPatch::Keep, Some(ExpiresIn(duration))) => {
                let at = now.checked_add(duration).map_err(|_| ExpiryError::TooFar)?;
                Ok((Some(ahead(at)?), duration / SLACK))
            }
            (FieldPatch::Erase | FieldPatch::Set(_), Some(_)) => Err(ExpiryError::Twice),
        }
    }
}

impl From<RuleDraft> for RulePatch {
    /// Fields that the draft lacks keep the current values.
    fn from(draft: RuleDraft) -> Self {
        Self {
            target: draft.target,
            policy: draft.policy,
            scope: draft.scope,
            cel: draft.cel,
            message: draft.message.into(),
            url: draft.url.into(),
            button_label: draft.button_label.into(),
            app_name: draft.app_name.into(),
            bundle_hash: draft.bundle_hash.into(),
            bundle_binary_count: draft.bundle_binary_count.into(),
            comment: draft.comment.into(),
            ticket: draft.ticket.into(),
            source: draft.source.into(),
            expires: draft.expires.into(),
            expires_in: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(json: &str) -> Result<RuleMerge, String> {
        let patch: RulePatch = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        patch.into_merge(RuleFields::default(), now).map_err(|error| error.to_string())
    }

    #[test]
    fn m3_absent_fields_are_kept_and_empty_ones_erased() {
        let json = r#"{"target":"teamid:EQHXZ8M8AV","policy":"block","comment":null,"ticket":"","url":"u"}"#;
        let kept = merge(json).unwrap().kept;
        let of = |field| kept.has(field);
        assert!(of(RuleField::Message) && of(RuleField::Source) && of(RuleField::Expires));
        assert!(!of(RuleField::Comment) && !of(RuleField::Ticket) && !of(RuleField::Url));
    }

    #[test]
    fn m8_an_expiry_is_ahead_and_given_once() {
        let with = |rest: &str| {
            merge(&format!(r#"{{"target":"teamid:EQHXZ8M8AV","policy":"block",{rest}}}"#))
        };
        let rule = with(r#""expires_in":"24h""#).unwrap();
        assert_eq!(rule.rule.expires.unwrap().to_string(), "2026-11-21T12:00:00Z");
        assert_eq!(rule.expiry_slack, SignedDuration::from_hours(1));
        let past = with(r#""expires":"2020-01-01T00:00:00Z""#).unwrap_err();
        assert_eq!(past, "expires: 2020-01-01T00:00:00Z is in the past");
        let twice = with(r#""expires":"2027-01-01T00:00:00Z","expires_in":"1h""#).unwrap_err();
        assert_eq!(twice, "expires_in: cannot be combined with expires");
        assert!(with(r#""expires_in":"soon""#).unwrap_err().contains("expected a duration"));
    }
}
