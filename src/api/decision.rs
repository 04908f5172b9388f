//! Decisions about events and programs, in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BundleView, ChangeWarning, ExpiresIn};
use crate::fleet::ProgramId;
use crate::rule::{
    FieldChange, MachineId, Outcome, PolicyKind, Revision, RuleDifference, RuleDraft, RuleType,
    Scope, optional_expiry,
};

/// A decision that creates a rule for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What the rule does. `cel` and `remove` are refused. If the event is a file access, policies
    /// that allow are refused, too.
    pub policy: PolicyKind,
    /// The type of the rule. The default is the type of the event's best candidate.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<RuleType>,
    /// The scope of the rule. The default is the host that reported the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// When the rule expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "optional_expiry")]
    pub expires: Option<Timestamp>,
    /// The time until the rule expires, such as 24h. If the current rule has the same policy and
    /// expires at nearly the same time, its expiry is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<ExpiresIn>,
    /// The comment of the rule. If this is absent, a current rule with the same policy keeps its
    /// comment. A new rule, or a rule with a new policy, gets a comment with the ID of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The ticket that requested the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The text that Santa shows to the person at the Mac.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Show what would happen, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The result of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionAnswer {
    /// The rule.
    pub rule: RuleDraft,
    /// What happened to the rule.
    pub outcome: Outcome,
    /// The fields that differ from the previous rule, if there was one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// The newest revision.
    pub revision: Revision,
    /// Warnings about the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ChangeWarning>,
    /// The host that reported the event.
    pub machine: MachineId,
}

/// One of the programs in a decision, with the type and the scope of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramDecision {
    /// The ID of the program.
    pub program: ProgramId,
    /// The type of the rule. The default is the type of the program's best candidate.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<RuleType>,
    /// The scope of the rule.
    pub scope: Scope,
}

/// A decision about several programs. All rules are created in one revision, or none is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionsRequest {
    /// The programs, at most 1,000. If several programs lead to the same rule, the rule is created
    /// only once.
    #[schema(min_items = 1, max_items = 1000)]
    pub decisions: Vec<ProgramDecision>,
    /// The policy of the rules. `cel` and `remove` are refused.
    pub policy: PolicyKind,
    /// When the rules expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "optional_expiry")]
    pub expires: Option<Timestamp>,
    /// The time until the rules expire, such as 24h. If a current rule has the same policy and
    /// expires at nearly the same time, its expiry is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<ExpiresIn>,
    /// The comment of the rules. If this is absent, current rules with the same policy keep their
    /// comments. New rules, and rules with a new policy, get a comment with the ID of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The ticket that requested the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The text that Santa shows to the person at the Mac.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Show what would happen, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The result of a decision about several programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionsAnswer {
    /// The rules.
    pub rules: Vec<RuleDraft>,
    /// What happened to each rule, in the order of `rules`.
    pub outcomes: Vec<Outcome>,
    /// For each changed rule, the fields that differ from the previous rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
    /// The newest revision.
    pub revision: Revision,
    /// Warnings about the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ChangeWarning>,
}

/// A request to undo your newest decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UndoRequest {
    /// Show what would happen, and change nothing.
    pub dry_run: bool,
}

/// The result of undoing a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndoAnswer {
    /// The revision that was undone.
    pub undone: Revision,
    /// The rules that the decision created or changed.
    pub rules: Vec<RuleDraft>,
    /// What happened to each rule: removed, or changed back to the previous rule.
    pub outcomes: Vec<Outcome>,
    /// For each rule that was removed or changed back, the fields that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
    /// The newest revision.
    pub revision: Revision,
}

/// An approval of an event's bundle. It creates an allow rule for the SHA-256 of each program in
/// the bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleApproval {
    /// The scope of the rules. The default is the host that reported the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// When the rules expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "optional_expiry")]
    pub expires: Option<Timestamp>,
    /// The time until the rules expire, such as 24h. If a current rule has the same policy and
    /// expires at nearly the same time, its expiry is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<ExpiresIn>,
    /// The comment of the rules. If this is absent, current rules with the same policy keep their
    /// comments. New rules, and rules with a new policy, get a comment with the ID of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The ticket that requested the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Show what would happen, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The result of the approval of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleAnswer {
    /// The bundle.
    pub bundle: BundleView,
    /// The rules, sorted by SHA-256.
    pub rules: Vec<RuleDraft>,
    /// What happened to each rule, in the order of `rules`.
    pub outcomes: Vec<Outcome>,
    /// For each changed rule, the fields that differ from the previous rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
    /// The newest revision.
    pub revision: Revision,
    /// Warnings about the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ChangeWarning>,
    /// The host that reported the event.
    pub machine: MachineId,
}
