//! The history of all rules in memory: versions of rules, with the revisions that created and ended
//! them.
//!
//! A [`Ledger`] never changes. A change creates the next ledger, which shares all unchanged parts,
//! and readers keep the ledger that they began with. Rules are looked up at a fixed revision, so
//! newer ledgers return the same rules. A version keeps its number in later ledgers until a ledger
//! is built again, with another `numbering`. So computed results contain version numbers instead of
//! rules, and rules are built from these numbers when the rules are requested.

mod chunks;
mod error;
mod index;
mod recent;
mod texts;
pub(super) mod writer;

pub(super) use error::LedgerFull;

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;
use jiff::Timestamp;

use self::chunks::Chunks;
use self::index::Index;
use self::texts::{TextId, Texts};
use crate::rule::{Notice, Policy, PolicyKind, Provenance, Revision, Rule, Scope, Target};
use crate::store::{LedgerRow, ScopeId};

/// The number of a rule version. Versions are numbered from 0 in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct VersionId(u32);

impl VersionId {
    #[cfg(test)]
    pub(super) const FIRST: Self = Self(0);

    const LAST: u32 = u32::MAX >> 1;

    fn at(index: usize) -> Result<Self, LedgerFull> {
        let number = u32::try_from(index).ok().filter(|number| *number <= Self::LAST);
        number.map(Self).ok_or(LedgerFull)
    }

    /// The number in the lower 31 bits, and a flag in the highest bit.
    pub(super) const fn with_flag(self, flag: bool) -> u32 {
        self.0 | if flag { Self::LAST + 1 } else { 0 }
    }

    pub(super) const fn and_flag(packed: u32) -> (Self, bool) {
        (Self(packed & Self::LAST), packed > Self::LAST)
    }
}

/// The parts of a rule that hosts receive.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleContent<'a> {
    pub(super) target: &'a Target,
    pub(super) policy: &'a Policy,
    pub(super) notice: &'a Notice,
}

impl<'a> From<&'a Rule> for RuleContent<'a> {
    fn from(rule: &'a Rule) -> Self {
        Self { target: rule.target(), policy: rule.policy(), notice: &rule.notice }
    }
}

/// The policy, messages and expiry of a rule. Many rules share one effect.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Effect {
    policy: Policy,
    notice: Notice,
    expires: Option<Timestamp>,
}

/// The provenance of a rule, as IDs of texts in the ledger.
#[derive(Clone, Debug)]
struct ProvenanceIds {
    comment: Option<TextId>,
    ticket: Option<TextId>,
    source: Option<TextId>,
}

/// A version of a rule, without the revision that ended the version. There may be a million
/// versions, so a version does not store data that can be looked up.
#[derive(Clone, Debug)]
struct Version {
    id: i64,
    made: Revision,
    target: Target,
    effect: Arc<Effect>,
    provenance_ids: ProvenanceIds,
    scope: u32,
    /// One more than the number of the previous version for the same target and scope.
    older: Option<NonZeroU32>,
}

impl Version {
    fn older(&self) -> Option<VersionId> {
        self.older.map(|above| VersionId(above.get() - 1))
    }
}

#[derive(Clone, Debug)]
struct ScopeLog {
    scope: Scope,
    id: ScopeId,
    /// The versions of the scope's rules, in the order of the revisions that created them.
    made: Chunks<VersionId>,
    /// The versions that ended, in the order of the revisions that ended them.
    ended: Chunks<VersionId>,
}

/// The history of all rules up to the revision `head`. A clone shares most parts with the original.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    head: Revision,
    /// The first revision whose rules are complete. Versions that ended earlier may be missing.
    start: Revision,
    /// Ledgers with the same numbering give the same numbers to versions.
    numbering: u64,
    versions: Chunks<Version>,
    ends: Chunks<Option<NonZeroU64>>,
    newest: Index,
    logs: Chunks<Arc<ScopeLog>>,
    /// The positions of scopes in `logs`: here by scope, and in `by_scope_id` by ID.
    by_scope: Index,
    by_scope_id: Index,
    texts: Texts,
    hasher: DefaultHashBuilder,
}

impl Ledger {
    pub(super) fn head(&self) -> Revision {
        self.head
    }

    pub(super) fn start(&self) -> Revision {
        self.start
    }

    /// Equal for ledgers that give the same numbers to versions.
    pub(super) fn numbering(&self) -> u64 {
        self.numbering
    }

    /// The numbers of the versions that did not end before a revision.
    fn since(&self, start: Revision) -> impl Iterator<Item = VersionId> {
        (0..self.versions.len())
            .map_while(|index| VersionId::at(index).ok())
            .filter(move |version| self.ended(*version) >= start)
    }

    /// Whether at least a quarter of the versions ended before a revision.
    pub(super) fn has_much_before(&self, start: Revision) -> bool {
        let old = self.versions.len() - self.since(start).count();
        old > 0 && old * 4 >= self.versions.len()
    }

    pub(super) fn versions(&self) -> usize {
        self.versions.len()
    }

    /// The number of rules that are active at the newest revision.
    pub(super) fn active(&self) -> usize {
        self.logs.iter().map(|log| log.made.len() - log.ended.len()).sum()
    }

    /// The number of rules of each policy that are active at the newest revision. Reads every
    /// version.
    pub(super) fn active_by_policy(&self) -> BTreeMap<PolicyKind, u64> {
        let mut rules: BTreeMap<PolicyKind, u64> = BTreeMap::new();
        for (version, ended) in self.versions.iter().zip(self.ends.iter()) {
            if ended.is_none() {
                *rules.entry(version.effect.policy.kind()).or_default() += 1;
            }
        }
        rules
    }

    fn row(&self, known: VersionId) -> LedgerRow {
        let Version { id, made, scope, .. } = self.version(known);
        let ended = self.ends.get(known.0 as usize).map(|ended| Revision(ended.get()));
        let (scope, rule) = (self.log(*scope).id, self.rule(known));
        LedgerRow { id: *id, scope, rule, made: *made, ended }
    }

    /// The ID of a scope, if the ledger has a version of a rule in this scope.
    pub(super) fn scope_id(&self, scope: &Scope) -> Option<ScopeId> {
        let is_it = |index: u32| self.log(index).scope == *scope;
        let found = self.by_scope.find(self.hasher.hash_one(scope), is_it);
        found.map(|index| self.log(index).id)
    }

    /// The scopes with a version of a rule in the ledger.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.logs.iter().map(|log| &log.scope)
    }

    pub(super) fn scope(&self, id: ScopeId) -> Option<&Scope> {
        self.scope_index(id).map(|index| &self.log(index).scope)
    }

    fn scope_index(&self, scope: ScopeId) -> Option<u32> {
        let is_it = |index: u32| self.log(index).id == scope;
        self.by_scope_id.find(self.hasher.hash_one(scope), is_it)
    }

    fn log(&self, index: u32) -> &ScopeLog {
        self.logs.get(index as usize)
    }

    fn version(&self, known: VersionId) -> &Version {
        self.versions.get(known.0 as usize)
    }

    fn ended(&self, known: VersionId) -> Revision {
        Revision(self.ends.get(known.0 as usize).map_or(u64::MAX, NonZeroU64::get))
    }

    fn is_active(&self, known: VersionId, at: Revision) -> bool {
        self.version(known).made <= at && at < self.ended(known)
    }

    fn provenance(&self, provenance_ids: &ProvenanceIds) -> Provenance {
        let ProvenanceIds { comment, ticket, source } = provenance_ids;
        let text = |id: &Option<TextId>| id.map(|id| self.texts.get(id).into());
        Provenance { comment: text(comment), ticket: text(ticket), source: text(source) }
    }

    pub(super) fn target(&self, known: VersionId) -> &Target {
        &self.version(known).target
    }

    pub(super) fn content(&self, known: VersionId) -> RuleContent<'_> {
        let Version { target, effect, .. } = self.version(known);
        RuleContent { target, policy: &effect.policy, notice: &effect.notice }
    }

    pub(super) fn rule(&self, known: VersionId) -> Rule {
        let Version { target, effect, provenance_ids, scope, .. } = self.version(known);
        let scope = self.log(*scope).scope.clone();
        #[expect(clippy::expect_used, reason = "target and policy are of one rule")]
        let mut rule = Rule::new(target.clone(), scope, effect.policy.clone()).expect("a rule's");
        rule.notice = effect.notice.clone();
        rule.provenance = self.provenance(provenance_ids);
        rule.expires = effect.expires;
        rule
    }

    fn logs_of(&self, scopes: &[ScopeId]) -> impl Iterator<Item = &ScopeLog> {
        scopes.iter().filter_map(|scope| self.scope_index(*scope).map(|index| self.log(index)))
    }

    /// The versions in these scopes that were created or ended after `since` and not after `until`.
    /// A version can be returned twice.
    pub(super) fn touched(
        &self,
        scopes: &[ScopeId],
        since: Revision,
        until: Revision,
    ) -> impl Iterator<Item = VersionId> {
        self.logs_of(scopes).flat_map(move |log| {
            let made = within(&log.made, since, until, |version| self.version(version).made);
            let ended = within(&log.ended, since, until, |version| self.ended(version));
            made.chain(ended)
        })
    }

    /// The newest revision up to `at` that changed a rule in any of these scopes. Never older than
    /// the first revision of the ledger.
    pub(super) fn last_touch(&self, scopes: &[ScopeId], at: Revision) -> Revision {
        let last = |log: &Chunks<VersionId>, when: &dyn Fn(VersionId) -> Revision| {
            let count = log.partition_point(|version| when(*version) <= at);
            count.checked_sub(1).map(|last| when(*log.get(last)))
        };
        let touches = self.logs_of(scopes).filter_map(|log| {
            let made = last(&log.made, &|version| self.version(version).made);
            let ended = last(&log.ended, &|version| self.ended(version));
            made.max(ended)
        });
        touches.max().unwrap_or_default().max(self.start)
    }

    /// The versions active in a scope at a revision. Costs time in proportion to the scope's
    /// versions in the ledger.
    pub(super) fn active_at(
        &self,
        scope: ScopeId,
        at: Revision,
    ) -> impl Iterator<Item = VersionId> {
        let log = self.scope_index(scope).map(|index| self.log(index));
        let versions = log.into_iter().flat_map(|log| log.made.iter()).copied();
        versions.filter(move |version| self.is_active(*version, at))
    }

    /// The active rule for a target at a revision, from the strongest scope that has one. `scopes`
    /// are weakest first. Costs at most two look-ups per scope, and one step for each version that
    /// the target got in a scope after the revision.
    pub(super) fn winner(
        &self,
        target: &Target,
        scopes: &[ScopeId],
        at: Revision,
    ) -> Option<VersionId> {
        let strongest_first = scopes.iter().rev().filter_map(|scope| self.scope_index(*scope));
        strongest_first.into_iter().find_map(|scope| self.active_version(target, scope, at))
    }

    fn active_version(&self, target: &Target, scope: u32, at: Revision) -> Option<VersionId> {
        let hash = self.hash_of(target, scope);
        let mut next = self.newest.find(hash, |other| self.is_about(other, target, scope));
        while let Some(known) = next.map(VersionId) {
            let version = self.version(known);
            if version.made <= at {
                // Older versions had already ended when this version was created.
                return self.is_active(known, at).then_some(known);
            }
            next = version.older().map(|VersionId(older)| older);
        }
        None
    }

    fn hash_of(&self, target: &Target, scope: u32) -> u64 {
        self.hasher.hash_one((target, scope))
    }

    fn is_about(&self, version: u32, target: &Target, scope: u32) -> bool {
        let version = self.version(VersionId(version));
        version.scope == scope && version.target == *target
    }
}

/// The part of an ordered log after `since` and not after `until`.
fn within(
    log: &Chunks<VersionId>,
    since: Revision,
    until: Revision,
    when: impl Fn(VersionId) -> Revision,
) -> impl Iterator<Item = VersionId> {
    let from = log.partition_point(|version| when(*version) <= since);
    let to = log.partition_point(|version| when(*version) <= until);
    log.range(from..to.max(from)).copied()
}
