//! Everything in force, in memory: rules in time, settings by scope, tags.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::ledger::Ledger;
use crate::fleet::{EffectiveSettings, Host, Setting, SettingKey, Tags};
use crate::rule::{Scope, TagName};
use crate::store::{PolicySnapshot, ScopeId};

/// What is in force, followed by revision.
#[derive(Debug, Default)]
pub(super) struct Policy {
    pub(super) ledger: Ledger,
    settings: HashMap<Scope, Vec<Setting>>,
    tags: Tags,
}

impl Policy {
    /// Takes over the settings and tags of a snapshot.
    pub(super) fn replace(&mut self, snapshot: PolicySnapshot) {
        self.settings.clear();
        for (scope, setting) in snapshot.settings {
            self.settings.entry(scope).or_default().push(setting);
        }
        self.tags = Tags::new(snapshot.tags);
        self.ledger.advance(snapshot.head);
    }

    /// The scopes of a host that have ever had a rule, weakest first. The others are left out,
    /// so that hosts without rules of their own share one scope set.
    pub(super) fn rule_scopes(&self, host: &Host) -> Vec<ScopeId> {
        let scopes = host.scopes(&self.tags);
        scopes.iter().filter_map(|scope| self.ledger.scope_id(scope)).collect()
    }

    /// All scopes of a host, weakest first.
    pub(super) fn scopes(&self, host: &Host) -> Vec<Scope> {
        host.scopes(&self.tags)
    }

    /// The tags that a host has as a member alone, by name.
    pub(super) fn member_tags(&self, host: &Host) -> Vec<TagName> {
        let own = self.tags.of(host).map(|tag| &tag.name);
        let mut names: Vec<TagName> =
            own.filter(|name| !host.tags.contains(name)).cloned().collect();
        names.sort_unstable();
        names
    }

    /// The settings of a host, stronger scopes over weaker ones, and a digest of those that it
    /// is told.
    pub(super) fn settings(&self, host: &Host) -> (EffectiveSettings, u64) {
        let mut effective = EffectiveSettings::default();
        for (_, setting) in self.layers(host) {
            effective.apply(setting);
        }
        let mut hasher = DefaultHasher::new();
        for setting in effective.all().iter().filter(|setting| setting.key().is_told()) {
            setting.hash(&mut hasher);
        }
        (effective, hasher.finish())
    }

    /// Which scope each setting of a host comes from; what is absent is the default.
    pub(super) fn origins(&self, host: &Host) -> HashMap<SettingKey, Scope> {
        self.layers(host).map(|(scope, setting)| (setting.key(), scope)).collect()
    }

    fn layers(&self, host: &Host) -> impl Iterator<Item = (Scope, &Setting)> {
        host.scopes(&self.tags).into_iter().flat_map(|scope| {
            let settings = self.settings.get(&scope).map_or(&[][..], Vec::as_slice);
            settings.iter().map(move |setting| (scope.clone(), setting))
        })
    }
}
