//! Rules in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::RulePatch;
use crate::rule::{
    ChangeMessage, Outcome, PolicyKind, Revision, RuleDifference, RuleDraft, RuleField, RuleKey,
    RuleType, Scope, Target,
};

/// A rule, and who last changed it and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleView {
    /// The rule itself.
    #[serde(flatten)]
    pub rule: RuleDraft,
    /// The revision that created or last changed the rule.
    pub revision: Revision,
    /// The author of that revision.
    pub author: String,
    /// When the revision was created.
    pub since: Timestamp,
    /// The first Santa version that supports the rule, such as 2025.6; absent if all versions
    /// support it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// In the list of current rules, the number of hosts in the rule's scope that do not get the
    /// rule because their Santa does not support it. In the list of one host's rules, 1 if that
    /// host does not get the rule for this reason. Otherwise absent.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub withheld: u64,
    /// In the list of rules, the name of the host in the scope `host:`; absent if it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
}

/// Which rules to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RuleQuery {
    /// Only rules for this target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Only rules in this scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Only rules of this type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<RuleType>,
    /// Only rules with this policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyKind>,
    /// Only rules from this source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Only rules with this text in the identifier, comment or ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only rules that expire before this time. Rules without an expiry are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "super::instant::optional")]
    pub expires_before: Option<Timestamp>,
    /// List the rules that were active at this revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Revision>,
    /// Maximum items on the page: 500 by default, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A change to rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RuleChange {
    /// Why the change is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// The revision that the change is based on. If a newer revision exists, the change is
    /// refused as a conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Revision>,
    /// Show what would happen, and change nothing.
    pub dry_run: bool,
    /// Store the change even if lint finds errors. `message` must say why.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// Rules to add or change. Absent fields keep their current values if the policy stays the
    /// same.
    pub put: Vec<RulePatch>,
    /// Fields to erase. If a rule in `put` lacks one of these fields, the current value is erased
    /// instead of kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reset: Vec<RuleField>,
    /// Rules to remove.
    pub drop: Vec<RuleKey>,
    /// Remove all rules from this source that are not in `put`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<String>,
}

/// The result of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeAnswer {
    /// The newest revision. If `changed` is true, this change created it.
    pub revision: Revision,
    /// Whether anything was changed; false in a dry run.
    pub changed: bool,
    /// The outcome of each edit. For a change to rules, first the edits in `put`, then the edits in
    /// `drop`.
    pub outcomes: Vec<Outcome>,
    /// The rules that `prune` removed, or would remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<RuleKey>,
    /// For each rule that is changed or removed, and for a changed tag, the fields that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RuleDifference>,
    /// Warnings about the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ChangeWarning>,
}

/// A warning about a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeWarning {
    /// The code of the lint finding, such as `NL302`; absent if the warning does not come from
    /// lint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The warning, in one line.
    pub message: String,
}

impl ChangeAnswer {
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
