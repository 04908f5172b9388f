//! Revisions and old rules in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rule::{RevisionRecord, RuleDraft, Scope, Target};

/// Which revisions to list. All conditions must match.
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
    /// Only revisions that changed a rule for this target, in `scope` if it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Only revisions that changed a rule or a setting in this scope. With `target`, only its rules
    /// count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Maximum items on the page: 500 by default, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which part of a revision's changes to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RevisionChangesQuery {
    /// Maximum changes of rules on the page: 500 by default, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The target whose history is listed.
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

/// A rule that is or was active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleVersionView {
    /// The rule itself.
    #[serde(flatten)]
    pub rule: RuleDraft,
    /// The revision that created the rule.
    pub made: RevisionRecord,
    /// The revision that removed the rule; absent while the rule is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RevisionRecord>,
}
