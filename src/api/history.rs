//! Revisions and versions of rules in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rule::{RevisionRecord, RuleDraft, Scope, Target};

/// Which revisions to list, and which page of them. All conditions must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RevisionQuery {
    /// Only revisions of this author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Only revisions created at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "super::instant::optional")]
    pub since: Option<Timestamp>,
    /// Only revisions that changed a rule for this target. If `scope` is given, the rule must be in
    /// that scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Only revisions that changed a rule or a setting in this scope. If `target` is given, only
    /// rules count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Maximum items on the page: 500 by default, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which page of a revision's changes to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RevisionChangesQuery {
    /// Maximum rule changes on the page: 500 by default, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The target whose history to list, and the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RuleHistoryQuery {
    /// The target.
    pub target: Target,
    /// Maximum items on the page: 500 by default, at most 5,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A version of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleVersionView {
    /// The rule in this version.
    #[serde(flatten)]
    pub rule: RuleDraft,
    /// The revision that created this version.
    pub made: RevisionRecord,
    /// The revision that replaced or removed this version; absent while this version is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RevisionRecord>,
}
