//! Policy in time on the admin wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rule::{Counts, Revision, RevisionCounts, RevisionRecord, RuleDraft, Scope, Target};

/// Who made a revision, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevisionMark {
    /// Its number.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// Who: a token's name, `local:USER`, or `nicelist` for what the server does by itself.
    pub author: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl From<RevisionRecord> for RevisionMark {
    fn from(record: RevisionRecord) -> Self {
        let RevisionRecord { revision, at, author, message } = record;
        Self { revision, at, author, message }
    }
}

/// A revision and how much it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevisionView {
    /// Who made it, when and why.
    #[serde(flatten)]
    pub mark: RevisionMark,
    /// What it did to rules.
    pub rules: Counts,
    /// What it did to settings.
    pub settings: Counts,
    /// What it did to tags themselves.
    pub tags: Counts,
    /// How many hosts it gave other tags.
    pub hosts: u64,
}

impl RevisionView {
    /// A revision as it is shown.
    #[must_use]
    pub fn new(record: RevisionRecord, counts: RevisionCounts) -> Self {
        let RevisionCounts { rules, settings, tags, hosts } = counts;
        Self { mark: record.into(), rules, settings, tags, hosts }
    }
}

/// Which revisions to list; everything that is given has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RevisionQuery {
    /// By exactly this author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Made at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// That changed a rule for this target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub target: Option<Target>,
    /// That changed a rule or a setting in this scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub scope: Option<Scope>,
    /// At most so many, up to 5000; 500 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which part of a revision's changes to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct RevisionChangesQuery {
    /// At most so many changes of rules, up to 5000; 500 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which target to follow through time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RuleHistoryQuery {
    /// The target.
    #[param(value_type = String)]
    pub target: Target,
    /// At most so many, up to 5000; 500 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A rule that is or was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleVersionView {
    /// The rule itself.
    #[serde(flatten)]
    pub rule: RuleDraft,
    /// The revision that made it.
    pub made: RevisionMark,
    /// The revision that ended it; absent while it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RevisionMark>,
}
