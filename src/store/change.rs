//! Policy changes, their edits and their results.

use crate::fleet::{Actor, Setting, SettingKey, Tag, TagMerge};
use crate::rule::{
    MachineId, Outcome, Revision, Rule, RuleDifference, RuleKey, RuleMerge, Scope, TagName,
};

/// One edit of a change. It describes the wanted state. Adding a rule, a setting or a host to a tag
/// is refused if the tag does not exist, and editing the tags of a host is refused if the host does
/// not exist. Removing a rule, a setting or a tag that does not exist succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// This rule is active for its target and scope. It replaces the stored rule, if there is one.
    PutRule(Box<Rule>),
    /// Like `PutRule`, but some fields may keep the values of the stored rule.
    MergeRule(Box<RuleMerge>),
    /// No rule is active for this target and scope.
    DropRule(RuleKey),
    /// This scope has this setting.
    Set { scope: Scope, setting: Setting },
    /// This scope does not have this setting.
    Unset { scope: Scope, key: SettingKey },
    /// This tag exists, with this priority, description and membership.
    PutTag(Tag),
    /// Like `PutTag`, but fields that are not set keep the values of the stored tag.
    MergeTag(TagMerge),
    /// This tag does not exist. With `force`, the tag is also removed from its hosts, and the rules
    /// and settings of its scope are removed. Without `force`, the edit is refused if the tag is in
    /// use.
    DropTag { name: TagName, force: bool },
    /// This host has this tag.
    TagHost { machine: MachineId, tag: TagName },
    /// This host does not have this tag.
    UntagHost { machine: MachineId, tag: TagName },
}

/// A change. Either all of its edits become one revision, or nothing changes. Later edits build on
/// the results of earlier edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub actor: Actor,
    /// The revision that the change was planned on. The change fails if a newer revision exists.
    pub base: Option<Revision>,
    /// Return the results and change nothing.
    pub dry_run: bool,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The newest revision. If `changed` is true, this change created it.
    pub head: Revision,
    pub changed: bool,
    /// The outcome of each edit, in the order of the edits.
    pub outcomes: Vec<Outcome>,
    /// The differences of changed and removed rules and of merged tags, in the order of the edits.
    pub differences: Vec<RuleDifference>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The index of the refused edit in the change.
    pub edit: usize,
    pub reason: RefusalReason,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// An edit adds a rule, a setting or a host to a tag that does not exist.
    #[error("tag `{0}` not found")]
    UnknownTag(TagName),
    /// The host has never synced, or was forgotten.
    #[error("host `{0}` not found")]
    UnknownHost(MachineId),
    #[error("tag `{name}` is in use (rules: {rules}, settings: {settings}, hosts: {hosts})")]
    TagInUse {
        name: TagName,
        rules: u64,
        settings: u64,
        /// Hosts that have the tag.
        hosts: u64,
    },
}
