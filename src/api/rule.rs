//! Rules on the admin wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::RulePatch;
use crate::rule::{
    ChangeMessage, FieldChange, Outcome, PolicyKind, Revision, RuleDraft, RuleField, RuleType,
    Scope, Target,
};

/// A rule in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleView {
    /// The rule itself.
    #[serde(flatten)]
    pub rule: RuleDraft,
    /// The revision that made it.
    pub revision: Revision,
    /// Who made it.
    pub author: String,
    /// When.
    pub since: Timestamp,
    /// The first version of Santa that takes it, as in 2025.6, where not every one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// How many hosts of its scope have an older one, so that it is withheld from them. In a
    /// host's own list: 1 where it is withheld from that host.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withheld: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Which rules to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RuleQuery {
    /// Of this target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub target: Option<Target>,
    /// Of this scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub scope: Option<Scope>,
    /// Of this type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub rule_type: Option<RuleType>,
    /// With this policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub policy: Option<PolicyKind>,
    /// From exactly this source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// With this text in identifier, comment or ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As they were at this revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>)]
    pub at: Option<Revision>,
    /// At most so many, up to 5000; 500 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Names a rule: one target in one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleReference {
    /// The target.
    pub target: Target,
    /// The scope.
    pub scope: Scope,
}

/// Rules to put and to drop, as one revision or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RuleChange {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// The revision that this was planned on; refused as a conflict if it is not the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Revision>,
    /// Work out the answer and change nothing.
    pub dry_run: bool,
    /// Rules that are to be in force. Fields that a rule lacks keep their current values while its
    /// policy stays the same.
    pub put: Vec<RulePatch>,
    /// Fields that are erased from each rule in `put` that lacks them, instead of kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reset: Vec<RuleField>,
    /// Rules that are not to be in force.
    pub drop: Vec<RuleReference>,
    /// Rules from this source that are not among those put are not to be in force either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<String>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeAnswer {
    /// The newest revision, this change's own if `changed`.
    pub revision: Revision,
    /// Whether anything was altered (in a dry run: never).
    pub changed: bool,
    /// What became, or would become, of each edit: first those put, then those dropped.
    pub outcomes: Vec<Outcome>,
    /// The rules that were, or would be, dropped because a source was pruned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<RuleReference>,
    /// What differs, or would differ, in rules that were changed or removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
}

/// What a change alters in one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleDifference {
    /// The place of the edit in `outcomes`, from 0. Places beyond its end continue in `pruned`.
    pub edit: usize,
    /// The fields that differ, with their values before and after.
    pub fields: Vec<FieldChange>,
}

impl ChangeAnswer {
    /// How many edits ended this way.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|each| **each == outcome).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_flat_and_reads_what_it_writes() {
        let json = r#"{"target":"teamid:EQHXZ8M8AV","policy":"allow","scope":"fleet","revision":3,"author":"anna","since":"2026-11-20T10:00:00Z"}"#;
        let view: RuleView = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&view).unwrap(), json);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let json = r#"{"put":[{"target":"teamid:EQHXZ8M8AV","polcy":"allow"}]}"#;
        assert!(serde_json::from_str::<RuleChange>(json).is_err());
    }
}
