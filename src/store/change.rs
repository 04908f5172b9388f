//! Changes of policy: what to edit, by whom and why, and what became of it.

use jiff::Timestamp;

use crate::fleet::{Setting, SettingKey, Tag};
use crate::rule::{
    FieldChange, MachineId, Outcome, Revision, Rule, RuleMerge, Scope, TagName, Target,
};

/// One edit of a change: how things shall be, not what to do about it. What gives something to
/// a tag needs the tag; what takes away is content if there is nothing, not even the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// This rule is in force for its target and scope, instead of what was.
    PutRule(Box<Rule>),
    /// The same, but some fields keep the values of the rule that was in force before.
    MergeRule(Box<RuleMerge>),
    /// No rule is in force for this target and scope.
    DropRule { target: Target, scope: Scope },
    /// This setting is in force in this scope.
    Set { scope: Scope, setting: Setting },
    /// This scope says nothing of this setting.
    Unset {
        scope: Scope,
        /// The setting's name.
        key: SettingKey,
    },
    /// This tag exists, with this priority and description.
    PutTag(Tag),
    /// This tag does not exist. With `force` its rules and settings end and its hosts lose it;
    /// without, a tag in use is refused.
    DropTag {
        name: TagName,
        /// Whether to take it away from what uses it.
        force: bool,
    },
    /// This host has this tag.
    TagHost {
        /// The host.
        machine: MachineId,
        tag: TagName,
    },
    /// This host does not have this tag.
    UntagHost {
        /// The host.
        machine: MachineId,
        tag: TagName,
    },
}

/// Who changes, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The token's name, `local:USER`, or `nicelist`.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// Why, in the author's words.
    pub message: Option<String>,
}

/// A change: edits that become one revision together, or nothing. Later edits of one change
/// see the earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who, when, why.
    pub author: Author,
    /// The revision that the change was planned on; refused if it is no longer the newest.
    pub base: Option<Revision>,
    /// Work everything out and change nothing.
    pub dry_run: bool,
    pub edits: Vec<Edit>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The newest revision: the one this change made, if any edit altered something and it was
    /// no dry run.
    pub head: Revision,
    /// Whether this change made a revision.
    pub changed: bool,
    /// What became of each edit, in their order.
    pub outcomes: Vec<Outcome>,
    /// What differs in the rules that were changed or removed, in the order of the edits.
    pub differences: Vec<RuleDifference>,
}

/// What one edit altered in a rule that was in force before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDifference {
    /// The edit's place among those of the change, from 0.
    pub edit: usize,
    /// The fields that differ. All fields of a removed rule.
    pub fields: Vec<FieldChange>,
}

/// An edit that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place among the change's edits, from 0.
    pub edit: usize,
    /// Why.
    pub reason: RefusalReason,
}

/// Why an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// A rule, a setting or a host is to get a tag that was not created.
    #[error("there is no tag `{0}`")]
    UnknownTag(TagName),
    /// No such host was ever seen.
    #[error("there is no host `{0}`")]
    UnknownHost(MachineId),
    /// The tag still has rules, settings or hosts.
    #[error("tag `{name}` is in use (rules: {rules}, settings: {settings}, hosts: {hosts})")]
    TagInUse {
        name: TagName,
        /// Rules in its scope.
        rules: u64,
        /// Settings in its scope.
        settings: u64,
        /// Hosts that have it.
        hosts: u64,
    },
}
