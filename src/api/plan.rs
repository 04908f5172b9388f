//! Changes to the whole policy, and their results.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ChangeWarning, SettingView};
use crate::fleet::{PolicyDifference, Setting, SettingKey, Tag};
use crate::rule::{ChangeMessage, Outcome, Revision, Rule, RuleDraft, Scope, TagName, Target};

/// The wanted tags, settings and rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyRequest {
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
    /// Remove all tags, settings and rules that the request does not contain.
    pub prune: bool,
    /// The wanted tags.
    pub tags: Vec<Tag>,
    /// The wanted settings.
    pub settings: Vec<SettingView>,
    /// The wanted rules.
    pub rules: Vec<RuleDraft>,
}

/// A rollback of the policy to a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RollbackRequest {
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
}

/// The differences between the current and the wanted policy, and whether they were applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyAnswer {
    /// The newest revision. If `changed` is true, this change created it.
    pub revision: Revision,
    /// Whether a revision was created.
    pub changed: bool,
    /// The number of wanted items that do not differ from the current policy.
    pub unchanged: u64,
    /// The number of wanted rules that have expired. These rules are not stored, and are removed if
    /// they are active, even without `prune`.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub expired: u64,
    /// The differences: tags, then settings by scope, then rules by target and scope.
    pub changes: Vec<PolicyChange>,
    /// Warnings about the differences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ChangeWarning>,
}

impl PolicyAnswer {
    pub fn count(&self, outcome: Outcome) -> usize {
        self.changes.iter().filter(|change| change.outcome == outcome).count()
    }
}

/// A tag, setting or rule that a change adds, changes or removes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyChange {
    /// Whether the item is added, changed or removed.
    pub outcome: Outcome,
    /// The item that differs.
    #[serde(flatten)]
    pub subject: Subject,
}

/// A tag, setting or rule before and after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Subject {
    /// A tag.
    Tag {
        /// The name of the tag.
        name: TagName,
        /// The tag before the change; absent if the tag is new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Box<Tag>>,
        /// The tag after the change; absent if the tag is removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Box<Tag>>,
        /// In a plan that removes the tag, the number of hosts to which it is assigned. These hosts
        /// lose the tag, and no rollback assigns it again. Absent if there are no such hosts, and in
        /// the history.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hosts: Option<u64>,
    },
    /// A setting.
    Setting {
        /// The scope of the setting.
        scope: Scope,
        /// The name of the setting.
        key: SettingKey,
        /// The value before the change; absent if the setting was not set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// The value after the change; absent if the setting is removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// A rule.
    Rule {
        /// The target of the rule.
        target: Target,
        /// The scope of the rule.
        scope: Scope,
        /// The rule before the change; absent if the rule is new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Box<RuleDraft>>,
        /// The rule after the change; absent if the rule is removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Box<RuleDraft>>,
    },
}

impl From<&PolicyDifference<'_>> for PolicyChange {
    fn from(difference: &PolicyDifference<'_>) -> Self {
        let draft = |rule: &Rule| Box::new(RuleDraft::from(rule.clone()));
        let subject = match *difference {
            PolicyDifference::Tag { name, before, after } => Subject::Tag {
                name: name.clone(),
                before: before.cloned().map(Box::new),
                after: after.cloned().map(Box::new),
                hosts: None,
            },
            PolicyDifference::Setting { scope, key, before, after } => Subject::Setting {
                scope: scope.clone(),
                key,
                before: before.map(Setting::value),
                after: after.map(Setting::value),
            },
            PolicyDifference::Rule { key, before, after } => Subject::Rule {
                target: key.target.clone(),
                scope: key.scope.clone(),
                before: before.map(draft),
                after: after.map(draft),
            },
        };
        Self { outcome: difference.outcome(), subject }
    }
}
