//! A rule before it is checked. It has the flat form that JSON and CSV use.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Notice, NoticeError, Policy, PolicyError, PolicyKind, Provenance, Rule, RuleKey, Scope,
    ScopeError, Target, TargetError, notice,
};

/// A rule whose texts are not checked yet.
///
/// The field names are those of the admin API. nicelist's own CSV has the same names, except that
/// `rule_type` and `identifier` replace `target`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleDraft {
    /// The target, such as `teamid:EQHXZ8M8AV`.
    pub target: String,
    /// The policy, such as `allow`, or Santa's spelling of it.
    pub policy: String,
    /// The scope; empty for the fleet. In serialized drafts, the scope of the fleet may be left
    /// out, and an empty scope is an error.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "given_scope")]
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cel: Option<String>,
    /// Santa's `custom_msg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Santa's `custom_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Santa's `event_detail_button_label`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_label: Option<String>,
    /// Santa's `notification_app_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// Santa's `file_bundle_hash`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle_hash: Option<String>,
    /// Santa's `file_bundle_binary_count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle_binary_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The origin of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When the rule expires. A date is read as the end of that day in the local time zone.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::optional_expiry")]
    pub expires: Option<Timestamp>,
}

/// Reads a scope. An empty text must not mean the fleet, because it may come from an unset variable
/// in a script.
///
/// # Errors
/// The text is empty, or the value is not a string.
pub fn given_scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_str() {
        "" => Err(D::Error::custom(ScopeError::Unknown(text))),
        _ => Ok(text),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A required field is empty.
    #[error("is missing")]
    Missing,
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The policy or its expression is not valid.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// A text or the bundle is not valid.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    #[error(transparent)]
    Expiry(#[from] ExpiryError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// The rule would never be active.
    #[error("{0} is in the past")]
    Past(Timestamp),
    /// The time is later than any supported date.
    #[error("is too far in the future")]
    TooFar,
    /// Both a time and a duration were given.
    #[error("cannot be combined with expires")]
    Twice,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RuleError {
    /// The field's name, as in [`RuleDraft`], or `expires_in`.
    pub field: &'static str,
    pub problem: FieldError,
}

fn at<T, E: Into<FieldError>>(field: &'static str, result: Result<T, E>) -> Result<T, RuleError> {
    result.map_err(|problem| RuleError { field, problem: problem.into() })
}

impl TryFrom<RuleDraft> for Rule {
    type Error = RuleError;

    fn try_from(draft: RuleDraft) -> Result<Self, RuleError> {
        if draft.target.is_empty() {
            return Err(RuleError { field: "target", problem: FieldError::Missing });
        }
        if draft.policy.is_empty() {
            return Err(RuleError { field: "policy", problem: FieldError::Missing });
        }
        let target: Target = at("target", draft.target.parse())?;
        let kind = at("policy", draft.policy.parse())?;
        let scope = match draft.scope.as_str() {
            "" => Scope::Fleet,
            text => at("scope", text.parse())?,
        };
        draft.complete(target, scope, kind)
    }
}

impl RuleDraft {
    /// Creates a rule from this target, scope and kind, and the other fields of the draft. The
    /// draft's own target, scope and policy are ignored.
    ///
    /// # Errors
    /// For example, a field of the draft is invalid, or the policy does not work with the target.
    pub fn complete(
        self,
        target: Target,
        scope: Scope,
        kind: PolicyKind,
    ) -> Result<Rule, RuleError> {
        let draft = self;
        let expression = draft.cel.as_deref().filter(|source| !source.is_empty());
        let policy = at("cel", Policy::new(kind, expression))?;
        let mut rule = at("policy", Rule::new(target, scope, policy))?;
        let bundle = notice::bundle(draft.bundle_hash.as_deref(), draft.bundle_binary_count);
        rule.notice = Notice {
            message: at("message", notice::text(draft.message))?,
            url: at("url", notice::text(draft.url))?,
            button_label: at("button_label", notice::label(draft.button_label))?,
            app_name: at("app_name", notice::text(draft.app_name))?,
            bundle: at("bundle_hash", bundle)?,
        };
        rule.provenance = Provenance {
            comment: at("comment", notice::text(draft.comment))?,
            ticket: at("ticket", notice::text(draft.ticket))?,
            source: at("source", notice::text(draft.source))?,
        };
        rule.expires = draft.expires;
        Ok(rule)
    }
}

/// A borrowed [`Rule`], which is serialized in the form of a [`RuleDraft`].
#[derive(Debug, Serialize)]
pub struct RuleRef<'r> {
    target: &'r Target,
    policy: PolicyKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'r Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cel: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    button_label: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle_hash: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle_binary_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
}

impl<'r> From<&'r Rule> for RuleRef<'r> {
    fn from(rule: &'r Rule) -> Self {
        let Rule { key: RuleKey { target, scope }, policy, notice, provenance, expires } = rule;
        let bundle = notice.bundle.as_ref();
        Self {
            target,
            policy: policy.kind(),
            scope: Some(scope),
            cel: policy.expression().map(|expression| expression.as_str()),
            message: notice.message.as_deref(),
            url: notice.url.as_deref(),
            button_label: notice.button_label.as_deref(),
            app_name: notice.app_name.as_deref(),
            bundle_hash: bundle.map(|bundle| bundle.hash()),
            bundle_binary_count: bundle.map(|bundle| bundle.binary_count()),
            comment: provenance.comment.as_deref(),
            ticket: provenance.ticket.as_deref(),
            source: provenance.source.as_deref(),
            expires: *expires,
        }
    }
}

impl RuleRef<'_> {
    /// Leaves out the scope if it is the fleet, the server's default, to keep large requests small.
    pub fn without_default_scope(self) -> Self {
        Self { scope: self.scope.filter(|scope| **scope != Scope::Fleet), ..self }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RuleRef::from(self).serialize(serializer)
    }
}

impl From<Rule> for RuleDraft {
    fn from(rule: Rule) -> Self {
        let owned = |text: Option<Arc<str>>| text.map(|text| text.as_ref().to_owned());
        let (bundle_hash, bundle_binary_count) = match rule.notice.bundle {
            Some(bundle) => (Some(bundle.hash().to_owned()), Some(bundle.binary_count())),
            None => (None, None),
        };
        Self {
            target: rule.key.target.to_string(),
            policy: rule.policy.kind().word().to_owned(),
            scope: rule.key.scope.to_string(),
            cel: rule.policy.expression().map(ToString::to_string),
            message: owned(rule.notice.message),
            url: owned(rule.notice.url),
            button_label: owned(rule.notice.button_label),
            app_name: owned(rule.notice.app_name),
            bundle_hash,
            bundle_binary_count,
            comment: owned(rule.provenance.comment),
            ticket: owned(rule.provenance.ticket),
            source: owned(rule.provenance.source),
            expires: rule.expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> RuleDraft {
        RuleDraft {
            target: "teamid:EQHXZ8M8AV".to_owned(),
            policy: "block".to_owned(),
            ..RuleDraft::default()
        }
    }

    fn refused(change: impl FnOnce(&mut RuleDraft)) -> String {
        let mut draft = draft();
        change(&mut draft);
        Rule::try_from(draft).unwrap_err().to_string()
    }

    #[test]
    fn a_full_draft_survives_the_road_to_a_rule_and_back() {
        let full = RuleDraft {
            scope: "tag:eng".to_owned(),
            target: "signingid:EQHXZ8M8AV:com.example".to_owned(),
            policy: "cel".to_owned(),
            cel: Some("euid != 0".to_owned()),
            message: Some("<b>no</b>".to_owned()),
            url: Some("https://it.example/why".to_owned()),
            button_label: Some("Why?".to_owned()),
            app_name: Some("Example".to_owned()),
            bundle_hash: Some("ab".repeat(32)),
            bundle_binary_count: Some(3),
            comment: Some("c".to_owned()),
            ticket: Some("IT-1".to_owned()),
            source: Some("rules.csv".to_owned()),
            expires: Some("2026-12-01T00:00:00Z".parse().unwrap()),
        };
        let rule = Rule::try_from(full.clone()).unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), serde_json::to_string(&full).unwrap());
        assert_eq!(RuleDraft::from(rule), full);
    }

    #[test]
    fn refusals_name_the_field() {
        assert_eq!(refused(|d| d.target.clear()), "target: is missing");
        assert_eq!(
            refused(|d| d.cel = Some("true".into())),
            "cel: policy block does not support an expression; only cel does"
        );
        assert!(
            refused(|d| d.policy = "allow-compiler".into())
                .starts_with("policy: allow-compiler works only in")
        );
        assert!(refused(|d| d.scope = "tag:".into()).starts_with("scope: "));
        assert!(refused(|d| d.message = Some("a\0b".into())).starts_with("message: "));
        assert!(refused(|d| d.button_label = Some("x".repeat(49))).starts_with("button_label: "));
        assert!(refused(|d| d.bundle_binary_count = Some(1)).starts_with("bundle_hash: "));
    }
}
