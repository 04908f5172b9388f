//! The active rules, settings and tags, with or without a draft of edits.
//!
//! Used for requests by administrators. Syncs use the stored policy directly.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::generation;
use super::ledger::{Ledger, RuleContent, VersionId};
use super::policy::{HostSettings, LoadedPolicy};
use super::translate;
use crate::fleet::{Generation, Host, Setting, Tag, Tags};
use crate::protocol::generation as table;
use crate::rule::{MachineId, Policy, PolicyKind, Revision, Rule, RuleKey, Scope, TagName, Target};
use crate::store::Edit;

pub trait ActiveRules {
    /// The scopes of a host, weakest first.
    fn scopes(&self, host: &Host) -> Vec<Scope>;

    /// The settings of exactly this scope.
    fn settings_in(&self, scope: &Scope) -> &[Setting];

    /// The rule for a target in exactly this scope.
    fn rule(&self, target: &Target, scope: &Scope) -> Option<ActiveRule<'_>>;

    /// Returns false only if the scope has no rules and no settings.
    fn is_used(&self, scope: &Scope) -> bool;

    /// The stored rules, without the edits of a draft.
    fn stored(&self) -> &StoredRules;

    fn edited_targets(&self) -> HashSet<Target>;

    /// The settings of a host. `scopes` are the host's scopes, weakest first.
    fn settings(&self, scopes: &[Scope]) -> Arc<HostSettings> {
        let layers = scopes.iter().flat_map(|scope| self.settings_in(scope));
        Arc::new(HostSettings::of(layers))
    }
}

pub struct ActiveRule<'a>(Source<'a>);

enum Source<'a> {
    Ledger(&'a Ledger, VersionId),
    Draft(&'a Rule),
}

impl ActiveRule<'_> {
    pub(super) fn content(&self) -> RuleContent<'_> {
        match &self.0 {
            Source::Ledger(ledger, version) => ledger.content(*version),
            Source::Draft(rule) => RuleContent::from(*rule),
        }
    }

    pub(super) fn to_rule(&self) -> Rule {
        match &self.0 {
            Source::Ledger(ledger, version) => ledger.rule(*version),
            Source::Draft(rule) => (*rule).clone(),
        }
    }
}

/// The stored rules at a revision, with the newest settings and tags.
#[derive(Clone)]
pub struct StoredRules {
    pub(super) policy: Arc<LoadedPolicy>,
    pub(super) revision: Revision,
}

impl StoredRules {
    pub(super) fn newest(policy: Arc<LoadedPolicy>) -> Self {
        let revision = policy.ledger.head();
        Self { policy, revision }
    }
}

impl ActiveRules for StoredRules {
    fn scopes(&self, host: &Host) -> Vec<Scope> {
        self.policy.scopes(host)
    }

    fn settings_in(&self, scope: &Scope) -> &[Setting] {
        self.policy.settings_in(scope)
    }

    fn rule(&self, target: &Target, scope: &Scope) -> Option<ActiveRule<'_>> {
        let ledger = &self.policy.ledger;
        let version = ledger.winner(target, &[ledger.scope_id(scope)?], self.revision)?;
        Some(ActiveRule(Source::Ledger(ledger, version)))
    }

    fn is_used(&self, scope: &Scope) -> bool {
        self.policy.ledger.scope_id(scope).is_some() || !self.settings_in(scope).is_empty()
    }

    fn stored(&self) -> &StoredRules {
        self
    }

    fn edited_targets(&self) -> HashSet<Target> {
        HashSet::new()
    }

    fn settings(&self, scopes: &[Scope]) -> Arc<HostSettings> {
        self.policy.settings(scopes)
    }
}

/// The stored policy with edits that are not committed.
pub struct Draft {
    stored: StoredRules,
    /// The rules with edits. A removed rule is `None`.
    rules: HashMap<RuleKey, Option<Rule>>,
    settings: HashMap<Scope, Vec<Setting>>,
    tags: Tags,
    deleted_tags: HashSet<TagName>,
    host_tags: HashMap<(MachineId, TagName), bool>,
}

impl Draft {
    /// Applies edits in order, as a commit does.
    pub(super) fn new(stored: StoredRules, edits: &[Edit]) -> Self {
        let mut tags = stored.policy.tags().to_vec();
        let settings = stored.policy.settings_by_scope().clone();
        let mut draft = Self {
            stored,
            rules: HashMap::new(),
            settings,
            tags: Tags::default(),
            deleted_tags: HashSet::new(),
            host_tags: HashMap::new(),
        };
        for edit in edits {
            draft.apply(edit, &mut tags);
        }
        draft.tags = Tags::new(tags);
        draft
    }

    fn apply(&mut self, edit: &Edit, tags: &mut Vec<Tag>) {
        match edit {
            Edit::PutRule(rule) => self.put_rule((**rule).clone()),
            Edit::MergeRule(merge) => {
                let current = self.rule(merge.rule.target(), merge.rule.scope());
                let current = current.map(|rule| rule.to_rule());
                let rule = merge.onto(current.as_ref()).into_owned();
                self.put_rule(rule);
            }
            Edit::DropRule(key) => {
                self.rules.insert(key.clone(), None);
            }
            Edit::Set { scope, setting } => {
                let settings = self.settings.entry(scope.clone()).or_default();
                settings.retain(|other| other.key() != setting.key());
                settings.push(setting.clone());
            }
            Edit::Unset { scope, key } => {
                if let Some(settings) = self.settings.get_mut(scope) {
                    settings.retain(|setting| setting.key() != *key);
                }
            }
            Edit::PutTag(tag) => {
                tags.retain(|other| other.name != tag.name);
                tags.push(tag.clone());
            }
            Edit::MergeTag(merge) => {
                let merged = merge.onto(tags.iter().find(|tag| tag.name == merge.name));
                tags.retain(|other| other.name != merged.name);
                tags.push(merged);
            }
            Edit::DropTag { name, .. } => {
                tags.retain(|tag| tag.name != *name);
                self.settings.remove(&Scope::Tag(name.clone()));
                self.rules.retain(|key, _| key.scope != Scope::Tag(name.clone()));
                self.host_tags.retain(|(_, tag), _| tag != name);
                self.deleted_tags.insert(name.clone());
            }
            Edit::TagHost { machine, tag } => {
                self.host_tags.insert((machine.clone(), tag.clone()), true);
            }
            Edit::UntagHost { machine, tag } => {
                self.host_tags.insert((machine.clone(), tag.clone()), false);
            }
        }
    }

    fn put_rule(&mut self, rule: Rule) {
        self.rules.insert(rule.key().clone(), Some(rule));
    }

    fn is_deleted(&self, scope: &Scope) -> bool {
        matches!(scope, Scope::Tag(tag) if self.deleted_tags.contains(tag))
    }
}

impl ActiveRules for Draft {
    fn scopes(&self, host: &Host) -> Vec<Scope> {
        let mut host = host.clone();
        host.tags.retain(|tag| !self.deleted_tags.contains(tag));
        for ((machine, tag), has) in &self.host_tags {
            if *machine == host.machine {
                host.tags.retain(|other| other != tag);
                host.tags.extend(has.then(|| tag.clone()));
            }
        }
        host.scopes(&self.tags)
    }

    fn settings_in(&self, scope: &Scope) -> &[Setting] {
        self.settings.get(scope).map_or(&[], Vec::as_slice)
    }

    fn rule(&self, target: &Target, scope: &Scope) -> Option<ActiveRule<'_>> {
        let key = RuleKey { target: target.clone(), scope: scope.clone() };
        match self.rules.get(&key) {
            Some(edited) => edited.as_ref().map(|rule| ActiveRule(Source::Draft(rule))),
            None if self.is_deleted(scope) => None,
            None => self.stored.rule(target, scope),
        }
    }

    fn is_used(&self, scope: &Scope) -> bool {
        self.stored.is_used(scope)
            || !self.settings_in(scope).is_empty()
            || self.rules.keys().any(|key| key.scope == *scope)
    }

    fn stored(&self) -> &StoredRules {
        &self.stored
    }

    fn edited_targets(&self) -> HashSet<Target> {
        self.rules.keys().map(|key| key.target.clone()).collect()
    }
}

/// The rule that a host gets for a target, or the reason why the host gets no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The strongest rule. Contains the policy that the client gets: the rule's policy, or the
    /// nearest policy that the client supports.
    Sent(PolicyKind),
    /// Nothing, because the client does not support the strongest rule. Contains the first version
    /// of Santa that supports the rule.
    Unsupported(String),
    /// Nothing, because the strongest rule has the policy `remove`.
    Removed,
    /// Nothing, because no scope of the host has a rule for the target.
    NoRule,
}

pub(super) struct RulesOfHost<'a, R> {
    pub(super) rules: &'a R,
    pub(super) scopes: Vec<Scope>,
    pub(super) generation: Generation,
}

impl<R: ActiveRules> RulesOfHost<'_, R> {
    /// The rules for a target, strongest first.
    pub(super) fn all(&self, target: &Target) -> impl Iterator<Item = ActiveRule<'_>> {
        self.scopes.iter().rev().filter_map(|scope| self.rules.rule(target, scope))
    }

    pub(super) fn delivery(&self, target: &Target) -> Delivery {
        let Some(rule) = self.all(target).next() else { return Delivery::NoRule };
        let content = rule.content();
        if *content.policy == Policy::Remove {
            return Delivery::Removed;
        }
        match generation::lacks(self.generation, content) {
            Some(needed) => Delivery::Unsupported(table::version_of(table::first_with(needed))),
            None => Delivery::Sent(translate::policy_for(content.policy.kind(), self.generation)),
        }
    }

    /// The policy that the client gets for a target.
    pub(super) fn policy(&self, target: &Target) -> Option<PolicyKind> {
        match self.delivery(target) {
            Delivery::Sent(policy) => Some(policy),
            Delivery::Unsupported(_) | Delivery::Removed | Delivery::NoRule => None,
        }
    }

    /// Whether a client's rule for a target stays the same when these rules replace `other`.
    pub(super) fn is_same_in<S: ActiveRules>(
        &self,
        other: &RulesOfHost<'_, S>,
        target: &Target,
    ) -> bool {
        let (before, now) = (other.generation, self.generation);
        if before != now && !generation::keeps_rules(before) {
            return false;
        }
        match (other.policy(target), self.policy(target)) {
            (None, None) => return true,
            (Some(_), None) | (None, Some(_)) => return false,
            (Some(_), Some(_)) => {}
        }
        match (other.all(target).next(), self.all(target).next()) {
            (Some(old), Some(new)) => {
                translate::is_kept_alike((old.content(), before), (new.content(), now))
            }
            _ => true,
        }
    }
}
