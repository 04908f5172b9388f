//! Decisions of a help desk about events, on the admin wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BundleView, ExpiresIn, RuleDifference};
use crate::fleet::EventId;
use crate::rule::{
    FieldChange, MachineId, Outcome, PolicyKind, Revision, RuleDraft, RuleType, Scope,
};

/// A help desk's decision about an event: it becomes a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What the rule does: one of the allow and block policies.
    pub policy: PolicyKind,
    /// Which of the candidates; the best when absent.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<RuleType>,
    /// Whom the rule is for; the host that reported the event when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// When the rule ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The same as a duration, such as 24h. An expiry that is nearly the same already stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<ExpiresIn>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The ticket that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What the person at the Mac sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Work out the answer and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The rule that a decision made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionAnswer {
    /// The rule.
    pub rule: RuleDraft,
    /// Whether it was added, changed, or there already.
    pub outcome: Outcome,
    /// What differs from the rule that was there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// The newest revision.
    pub revision: Revision,
    /// The host that reported the event.
    pub machine: MachineId,
}

/// What is to become of one event among several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDecision {
    /// The event.
    pub event: EventId,
    /// Which of its candidates; the best when absent.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<RuleType>,
    /// Whom the rule is for; the host that reported the event when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// A help desk's decision about several events at once: one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionsRequest {
    /// The events, up to 1000. What comes to the same rule makes one.
    pub decisions: Vec<EventDecision>,
    /// What the rules do: one of the allow and block policies.
    pub policy: PolicyKind,
    /// When the rules end by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The same as a duration, such as 24h. An expiry that is nearly the same already stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<ExpiresIn>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The ticket that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What the person at the Mac sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Work out the answer and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The rules that a decision about several events made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionsAnswer {
    /// The rules.
    pub rules: Vec<RuleDraft>,
    /// Whether each was added, changed, or there already.
    pub outcomes: Vec<Outcome>,
    /// What differs from the rules that were there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
    /// The newest revision.
    pub revision: Revision,
}

/// Takes back the operator's own newest decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UndoRequest {
    /// Work out the answer and change nothing.
    pub dry_run: bool,
}

/// The decision that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndoAnswer {
    /// The revision that was taken back.
    pub undone: Revision,
    /// The rules that it made.
    pub rules: Vec<RuleDraft>,
    /// Whether each was removed, or replaced by the rule that was there before.
    pub outcomes: Vec<Outcome>,
    /// What differs from the rules that it made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
    /// The newest revision.
    pub revision: Revision,
}

/// An approval of all programs of an event's bundle: each becomes a rule for its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleApproval {
    /// Whom the rules are for; the host that reported the event when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// When the rules end by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The same as a duration, such as 24h. An expiry that is nearly the same already stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<ExpiresIn>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The ticket that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Work out the answer and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The rules that an approval of a bundle made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleAnswer {
    /// The bundle.
    pub bundle: BundleView,
    /// The rules, by file.
    pub rules: Vec<RuleDraft>,
    /// Whether each was added, changed, or there already.
    pub outcomes: Vec<Outcome>,
    /// What differs from the rules that were there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
    /// The newest revision.
    pub revision: Revision,
    /// The host that reported the event.
    pub machine: MachineId,
}
