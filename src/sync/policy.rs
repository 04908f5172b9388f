//! Everything in force, in memory: rules in time, settings by scope, tags.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::ledger::Ledger;
use crate::fleet::{EffectiveSettings, Host, Setting, SettingKey, Tags};
use crate::rule::{Scope, TagName};
use crate::store::{PolicySnapshot, ScopeId};

/// Lists of scopes of which the effective settings are remembered: few scopes have settings, so
/// there are few different lists.
const REMEMBERED: usize = 1000;

/// The settings of a host.
#[derive(Debug)]
pub(super) struct Effective {
    /// Stronger scopes over weaker ones.
    pub(super) settings: EffectiveSettings,
    /// A digest of those that the host is told.
    pub(super) digest: u64,
}

/// What is in force, followed by revision.
pub(super) struct Policy {
    pub(super) ledger: Ledger,
    settings: HashMap<Scope, Vec<Setting>>,
    /// By the scopes of a host that have settings.
    effective: Cache<Vec<Scope>, Arc<Effective>>,
    tags: Tags,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ledger: Ledger::default(),
            settings: HashMap::new(),
            effective: Cache::new(REMEMBERED),
            tags: Tags::default(),
        }
    }
}

impl Policy {
    /// Takes over the settings and tags of a snapshot.
    pub(super) fn replace(&mut self, snapshot: PolicySnapshot) {
        self.settings.clear();
        self.effective.clear();
        for (scope, setting) in snapshot.settings {
            self.settings.entry(scope).or_default().push(setting);
        }
        self.tags = Tags::new(snapshot.tags);
        self.ledger.advance(snapshot.head);
    }

    /// Those of a host's scopes that have ever had a rule. The others are left out, so that hosts
    /// without rules of their own share one scope set.
    pub(super) fn rule_scopes(&self, scopes: &[Scope]) -> Vec<ScopeId> {
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

    /// The settings of a host with these scopes, weakest first.
    pub(super) fn settings(&self, scopes: &[Scope]) -> Arc<Effective> {
        let with_settings = scopes.iter().filter(|scope| self.settings.contains_key(scope));
        let key: Vec<Scope> = with_settings.cloned().collect();
        if let Some(known) = self.effective.get(&key) {
            return known;
        }
        let mut settings = EffectiveSettings::default();
        for setting in key.iter().filter_map(|scope| self.settings.get(scope)).flatten() {
            settings.apply(setting);
        }
        let mut hasher = DefaultHasher::new();
        for setting in settings.all().iter().filter(|setting| setting.key().is_told()) {
            setting.hash(&mut hasher);
        }
        let effective = Arc::new(Effective { settings, digest: hasher.finish() });
        self.effective.insert(key, Arc::clone(&effective));
        effective
    }

    /// Which scope each setting of a host comes from; what is absent is the default.
    pub(super) fn origins(&self, host: &Host) -> HashMap<SettingKey, Scope> {
        let scopes = host.scopes(&self.tags).into_iter();
        let layers = scopes.flat_map(|scope| {
            let settings = self.settings.get(&scope).map_or(&[][..], Vec::as_slice);
            settings.iter().map(move |setting| (setting.key(), scope.clone()))
        });
        layers.collect()
    }
}
