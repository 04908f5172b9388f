//! Changes of policy as a whole: what shall be, what would become of it, what became of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SettingView, TagView};
use crate::fleet::{Difference, Setting, SettingKey, Tag};
use crate::rule::{ChangeMessage, Outcome, Revision, Rule, RuleDraft, Scope, TagName, Target};

/// How tags, settings and rules shall be. With `prune`, what is not named ends; without, it is
/// left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyRequest {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// The revision that this was planned on; refused as a conflict if it is not the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Revision>,
    /// Work out the answer and change nothing.
    pub dry_run: bool,
    /// Whether tags, settings and rules that are not named end.
    pub prune: bool,
    /// Tags.
    pub tags: Vec<TagView>,
    /// Settings.
    pub settings: Vec<SettingView>,
    /// Rules.
    pub rules: Vec<RuleDraft>,
}

/// Takes rules, settings and tags back to how they were at a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RollbackRequest {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// The revision that this was planned on; refused as a conflict if it is not the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Revision>,
    /// Work out the answer and change nothing.
    pub dry_run: bool,
}

/// What differs, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyAnswer {
    /// The newest revision: the one that was made, or the one that was planned on.
    pub revision: Revision,
    /// Whether a revision was made.
    pub changed: bool,
    /// How many of what was named are so already.
    pub unchanged: u64,
    /// How many of the rules named have expired; they are not in force, or end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub expired: u64,
    /// The differences: tags, then settings by scope, then rules by target and scope.
    pub changes: Vec<PolicyChange>,
}

impl PolicyAnswer {
    /// How many differences have this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.changes.iter().filter(|change| change.outcome == outcome).count()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyChange {
    /// Whether it is added, changed or removed.
    pub outcome: Outcome,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
}

/// What a difference is about: how it was, and how it shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Subject {
    /// A tag.
    Tag {
        /// Its name.
        name: TagName,
        /// How it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Box<TagView>>,
        /// How it shall be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Box<TagView>>,
    },
    /// A setting.
    Setting {
        /// Its scope.
        scope: Scope,
        /// Its name.
        key: SettingKey,
        /// Its value as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// Its value as it shall be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// A rule.
    Rule {
        /// Its target.
        target: Target,
        /// Its scope.
        scope: Scope,
        /// How it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Box<RuleDraft>>,
        /// How it shall be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Box<RuleDraft>>,
    },
}

impl From<&Difference<'_>> for PolicyChange {
    fn from(difference: &Difference<'_>) -> Self {
        let draft = |rule: &Rule| Box::new(RuleDraft::from(rule.clone()));
        let view = |tag: &Tag| Box::new(TagView::from(tag.clone()));
        let subject = match *difference {
            Difference::Tag { name, before, after } => Subject::Tag {
                name: name.clone(),
                before: before.map(view),
                after: after.map(view),
            },
            Difference::Setting { scope, key, before, after } => Subject::Setting {
                scope: scope.clone(),
                key,
                before: before.map(Setting::value),
                after: after.map(Setting::value),
            },
            Difference::Rule { target, scope, before, after } => Subject::Rule {
                target: target.clone(),
                scope: scope.clone(),
                before: before.map(draft),
                after: after.map(draft),
            },
        };
        Self { outcome: difference.outcome(), subject }
    }
}
