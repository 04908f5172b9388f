//! The policy in memory: the history of rules, the settings by scope, and the tags.
//!
//! A [`LoadedPolicy`] never changes. Readers keep the policy that they began with, and a change
//! creates the next policy.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::sync::Cache;
use xxhash_rust::xxh3::xxh3_64;

use super::ledger::writer::LedgerWriter;
use super::ledger::{Ledger, LedgerFull};
use crate::fleet::{
    EffectiveSettings, Host, Interval, OptionalSettings, Setting, SettingKey, Tag, Tags,
};
use crate::rule::{Revision, Scope, TagName};
use crate::store::{LedgerRow, PolicySnapshot, ScopeId};

/// Maximum lists of scopes whose effective settings are cached. Few scopes have settings, so there
/// are few different lists.
const REMEMBERED: usize = 1000;

#[derive(Debug)]
pub struct HostSettings {
    /// Settings of stronger scopes replace settings of weaker scopes.
    pub(super) settings: EffectiveSettings,
    /// The optional settings that the host's scopes set. An empty value in a stronger scope cancels
    /// a setting of a weaker scope.
    pub(super) set: OptionalSettings,
    pub(super) digest: u64,
}

impl HostSettings {
    pub(super) fn of<'a>(layers: impl Iterator<Item = &'a Setting>) -> Self {
        let mut settings = EffectiveSettings::default();
        let mut set = OptionalSettings::NONE;
        for setting in layers {
            settings.apply(setting);
            set = match setting.value().is_empty() {
                true => set.without(setting.key()),
                false => set.with(setting.key()),
            };
        }
        if !set.contains(SettingKey::EncryptedRemovableMedia) {
            // Without a setting for encrypted media, Santa applies the setting for removable media
            // to encrypted media, too (SNTConfigurator.mm).
            settings.encrypted_removable_media = settings.removable_media.clone();
        }
        let digest = digest(&settings);
        Self { settings, set, digest }
    }
}

struct Settings {
    by_scope: HashMap<Scope, Vec<Setting>>,
    /// A cache of the effective settings of hosts. The key lists those scopes of a host that have
    /// settings.
    effective: Cache<Vec<Scope>, Arc<HostSettings>>,
    /// The sync intervals in effective settings, including those of earlier policies, by digest.
    intervals: Arc<Cache<u64, Interval>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            by_scope: HashMap::new(),
            effective: Cache::new(REMEMBERED),
            intervals: Arc::new(Cache::new(REMEMBERED)),
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct LoadedPolicy {
    pub(super) ledger: Ledger,
    settings: Arc<Settings>,
    tags: Arc<Tags>,
}

/// The next policy while it is being built, and the replaced policies that readers may still use.
#[derive(Default)]
pub(super) struct PolicyWriter {
    ledger: LedgerWriter,
    settings: Arc<Settings>,
    replaced: Vec<Arc<LoadedPolicy>>,
    /// Whether a panic or an error interrupted a change. The ledger must then be replaced.
    is_broken: bool,
}

impl PolicyWriter {
    pub(super) fn head(&self) -> Revision {
        self.ledger.ledger().head()
    }

    /// Adds rows that were created or ended since the last read.
    ///
    /// After an error, everything must be read again.
    pub(super) fn extend(&mut self, rows: Vec<LedgerRow>) -> Result<(), LedgerFull> {
        self.is_broken = true;
        self.ledger.extend(rows)?;
        self.is_broken = false;
        Ok(())
    }

    /// Starts with an empty ledger, to read everything again. Versions of rules get new numbers.
    pub(super) fn begin_again(&mut self) {
        self.replace_ledger(LedgerWriter::numbered(self.numbering() + 1));
    }

    pub(super) fn replace_ledger(&mut self, ledger: LedgerWriter) {
        self.ledger = ledger;
        self.is_broken = false;
    }

    pub(super) fn numbering(&self) -> u64 {
        self.ledger.ledger().numbering()
    }

    pub(super) fn keep_from(&mut self, start: Revision) {
        self.ledger.keep_from(start);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The policy at a snapshot's revision. All rows up to that revision must have been added.
    pub(super) fn finish(&mut self, snapshot: PolicySnapshot) -> Arc<LoadedPolicy> {
        let mut by_scope: HashMap<Scope, Vec<Setting>> = HashMap::new();
        for (scope, setting) in snapshot.settings {
            by_scope.entry(scope).or_default().push(setting);
        }
        if by_scope != self.settings.by_scope {
            let intervals = Arc::clone(&self.settings.intervals);
            self.settings = Arc::new(Settings { by_scope, intervals, ..Settings::default() });
        }
        self.is_broken = true;
        self.ledger.advance(snapshot.head);
        self.is_broken = false;
        Arc::new(LoadedPolicy {
            ledger: self.ledger.ledger().clone(),
            settings: Arc::clone(&self.settings),
            tags: Arc::new(Tags::new(snapshot.tags)),
        })
    }

    /// Keeps a replaced policy until no reader uses it, so that request threads do not have to free
    /// its memory.
    pub(super) fn retire(&mut self, replaced: Arc<LoadedPolicy>) {
        self.replaced.push(replaced);
    }

    pub(super) fn has_unused(&self) -> bool {
        self.replaced.iter().any(|policy| Arc::strong_count(policy) == 1)
    }

    pub(super) fn free_unused(&mut self) {
        self.replaced.retain(|policy| Arc::strong_count(policy) > 1);
    }
}

impl LoadedPolicy {
    /// The IDs of the given scopes. Scopes without a version of a rule in the ledger are omitted,
    /// so that hosts that differ only in such scopes share one scope set.
    pub(super) fn rule_scopes(&self, scopes: &[Scope]) -> Vec<ScopeId> {
        scopes.iter().filter_map(|scope| self.ledger.scope_id(scope)).collect()
    }

    /// All scopes of a host, weakest first.
    pub(super) fn scopes(&self, host: &Host) -> Vec<Scope> {
        host.scopes(&self.tags)
    }

    /// The tags whose membership matches a host and that are not assigned to it, sorted by name.
    pub(super) fn member_tags(&self, host: &Host) -> Vec<TagName> {
        let own = self.tags.of(host).map(|tag| &tag.name);
        let mut names: Vec<TagName> =
            own.filter(|name| !host.tags.contains(name)).cloned().collect();
        names.sort_unstable();
        names
    }

    /// The settings of exactly this scope.
    pub(super) fn settings_in(&self, scope: &Scope) -> &[Setting] {
        self.settings.by_scope.get(scope).map_or(&[], Vec::as_slice)
    }

    pub(super) fn settings_by_scope(&self) -> &HashMap<Scope, Vec<Setting>> {
        &self.settings.by_scope
    }

    pub(super) fn tags(&self) -> &[Tag] {
        self.tags.all()
    }

    /// The settings of a host. `scopes` are the host's scopes, weakest first.
    pub(super) fn settings(&self, scopes: &[Scope]) -> Arc<HostSettings> {
        let Settings { by_scope, effective, intervals } = &*self.settings;
        let with_settings = scopes.iter().filter(|scope| by_scope.contains_key(scope));
        let key: Vec<Scope> = with_settings.cloned().collect();
        if let Some(known) = effective.get(&key) {
            return known;
        }
        let layers = key.iter().filter_map(|scope| by_scope.get(scope)).flatten();
        let made = Arc::new(HostSettings::of(layers));
        intervals.insert(made.digest, made.settings.full_sync_interval);
        effective.insert(key, Arc::clone(&made));
        made
    }

    /// The sync interval in the settings with this digest. None if this process has not computed
    /// these settings for any host, or no longer remembers them.
    pub(super) fn interval_in(&self, digest: u64) -> Option<Interval> {
        self.settings.intervals.get(&digest)
    }
}

/// A digest of the settings that a host gets. Digests are stored in databases, so the digest must
/// not change when nicelist gets a new setting. It depends only on the text of the sent settings
/// that differ from their defaults.
fn digest(settings: &EffectiveSettings) -> u64 {
    let defaults = EffectiveSettings::default().all();
    let pairs = settings.all().into_iter().zip(defaults);
    let sent = pairs.filter(|(setting, default)| setting.key().is_sent() && setting != default);
    let lines: Vec<String> =
        sent.map(|(setting, _)| format!("{}={}", setting.key(), setting.value())).collect();
    xxh3_64(lines.join("\0").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest must not change from one version of nicelist to the next. Otherwise, hosts would
    /// seem to have old settings.
    #[test]
    fn l14_the_digest_of_settings_is_stable() {
        let mut settings = EffectiveSettings::default();
        let plain = digest(&settings);
        settings.apply(&Setting::parse_named("client-mode", "lockdown").unwrap());
        settings.apply(&Setting::parse_named("drift-repair", "off").unwrap());
        assert_eq!(
            (plain, digest(&settings)),
            (3_244_421_341_483_603_138, 17_760_235_249_155_283_189)
        );
    }
}
