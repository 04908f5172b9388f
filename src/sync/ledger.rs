//! The rules in time, in memory: every version of every rule with the revisions that made and
//! ended it. Read once at start and followed by revision.
//!
//! All answers are about a fixed revision, so a change that arrives between two questions
//! never alters the answer to either. A version keeps its number for ever, so what was worked
//! out once is kept as numbers, and rules are put together when they are asked for.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use jiff::Timestamp;

use super::recent::Recent;
use super::texts::{TextId, Texts};
use crate::rule::{Notice, Policy, Provenance, Revision, Rule, Scope, Target};
use crate::store::{LedgerRow, ScopeId};

/// The number of a version of a rule, from 0 in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct VersionId(u32);

impl VersionId {
    /// Numbers fit 32 bits: four thousand million versions are more than a machine's memory.
    fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }
}

/// A rule as hosts are told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) target: &'a Target,
    pub(super) policy: &'a Policy,
    pub(super) notice: &'a Notice,
}

impl<'a> From<&'a Rule> for Told<'a> {
    fn from(rule: &'a Rule) -> Self {
        Self { target: rule.target(), policy: rule.policy(), notice: &rule.notice }
    }
}

/// What a rule does, which many rules share.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Effect {
    policy: Policy,
    notice: Notice,
    expires: Option<Timestamp>,
}

/// Where a rule came from, in the ledger's texts.
#[derive(Debug)]
struct Said {
    comment: Option<TextId>,
    ticket: Option<TextId>,
    source: Option<TextId>,
}

/// One version of one rule. There may be a million: what could be looked up is not kept.
#[derive(Debug)]
struct Version {
    id: i64,
    made: Revision,
    ended: Option<NonZeroU64>,
    target: Target,
    effect: Arc<Effect>,
    said: Said,
    /// The place of its scope.
    scope: u32,
    /// One more than the number of the version before this one that has the same target, in
    /// whatever scope.
    older: Option<NonZeroU32>,
}

impl Version {
    fn in_force(&self, at: Revision) -> bool {
        self.made <= at && self.ended.is_none_or(|ended| at.0 < ended.get())
    }

    fn ended(&self) -> Revision {
        Revision(self.ended.map_or(u64::MAX, NonZeroU64::get))
    }

    fn older(&self) -> Option<VersionId> {
        self.older.map(|above| VersionId(above.get() - 1))
    }
}

/// A scope that has ever had a rule.
#[derive(Debug)]
struct ScopeLog {
    scope: Scope,
    id: ScopeId,
    /// Its versions, by when they were made.
    made: Vec<VersionId>,
    /// Those of them that ended, by when.
    ended: Vec<VersionId>,
}

/// All rules in time, up to a newest revision.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    head: Revision,
    versions: Vec<Version>,
    /// The newest version of each target, found by the target's hash.
    newest: HashTable<VersionId>,
    hasher: DefaultHashBuilder,
    logs: Vec<ScopeLog>,
    /// The places of scopes in `logs`.
    scopes: HashMap<Scope, u32>,
    places: HashMap<ScopeId, u32>,
    effects: Recent<Effect>,
    notices: Recent<str>,
    texts: Texts,
}

impl Ledger {
    /// The newest revision that is known here.
    pub(super) fn head(&self) -> Revision {
        self.head
    }

    /// The id of a scope that has ever had a rule.
    pub(super) fn scope_id(&self, scope: &Scope) -> Option<ScopeId> {
        self.scopes.get(scope).map(|place| self.logs[*place as usize].id)
    }

    /// Takes in rows that were made or ended since they were last read. Rows may come again,
    /// and rows newer than `head` may come early.
    pub(super) fn extend(&mut self, rows: Vec<LedgerRow>) {
        self.make_room(rows.len());
        for row in rows {
            match self.versions.binary_search_by_key(&row.id, |version| version.id) {
                Ok(known) => self.end(VersionId::at(known), row.ended),
                Err(_) => self.push(row),
            }
        }
    }

    /// Says that everything up to `head` was taken in.
    pub(super) fn advance(&mut self, head: Revision) {
        self.head = self.head.max(head);
    }

    /// Makes room for more versions: an eighth more than there are, where twice as many would
    /// be a hundred megabytes for nothing.
    fn make_room(&mut self, more: usize) {
        let len = self.versions.len();
        if len + more > self.versions.capacity() {
            self.versions.reserve_exact(more.max(len / 8));
        }
    }

    fn end(&mut self, known: VersionId, ended: Option<Revision>) {
        let version = &mut self.versions[known.0 as usize];
        let ended = ended.and_then(|ended| NonZeroU64::new(ended.0));
        if version.ended.is_none() && ended.is_some() {
            version.ended = ended;
            let place = version.scope;
            self.log_end(place, known);
        }
    }

    fn push(&mut self, row: LedgerRow) {
        let LedgerRow { id, scope, rule, made, ended } = row;
        let known = VersionId::at(self.versions.len());
        let older = self.replace_newest(rule.target(), known);
        let scope = self.place_of(rule.scope(), scope);
        let Rule { notice, provenance, expires, .. } = &rule;
        let effect = Effect {
            policy: rule.policy().clone(),
            notice: self.shared_notice(notice),
            expires: *expires,
        };
        let version = Version {
            id,
            made,
            ended: ended.and_then(|ended| NonZeroU64::new(ended.0)),
            target: rule.target().clone(),
            effect: self.effects.share(Arc::new(effect)),
            said: self.said(provenance),
            scope,
            older: older.and_then(|older| NonZeroU32::MIN.checked_add(older.0)),
        };
        let has_ended = version.ended.is_some();
        self.versions.push(version);
        self.log_making(scope, known);
        if has_ended {
            self.log_end(scope, known);
        }
    }

    /// Puts a version in front of the others of its target, and gives the one that was.
    fn replace_newest(&mut self, target: &Target, known: VersionId) -> Option<VersionId> {
        let (hasher, versions) = (&self.hasher, &self.versions);
        let target_of = |other: &VersionId| &versions[other.0 as usize].target;
        let hash = hasher.hash_one(target);
        match self.newest.find_mut(hash, |other| target_of(other) == target) {
            Some(newest) => Some(std::mem::replace(newest, known)),
            None => {
                let rehash = |other: &VersionId| {
                    let of_new = *other == known;
                    hasher.hash_one(if of_new { target } else { target_of(other) })
                };
                self.newest.insert_unique(hash, known, rehash);
                None
            }
        }
    }

    fn place_of(&mut self, scope: &Scope, id: ScopeId) -> u32 {
        if let Some(place) = self.places.get(&id) {
            return *place;
        }
        let place = u32::try_from(self.logs.len()).unwrap_or(u32::MAX);
        self.logs.push(ScopeLog { scope: scope.clone(), id, made: Vec::new(), ended: Vec::new() });
        self.scopes.insert(scope.clone(), place);
        self.places.insert(id, place);
        place
    }

    fn log_making(&mut self, place: u32, known: VersionId) {
        let made = |version: VersionId| self.versions[version.0 as usize].made;
        insert_ordered(&mut self.logs[place as usize].made, known, made);
    }

    fn log_end(&mut self, place: u32, known: VersionId) {
        let ended = |version: VersionId| self.versions[version.0 as usize].ended();
        insert_ordered(&mut self.logs[place as usize].ended, known, ended);
    }

    fn shared_notice(&mut self, notice: &Notice) -> Notice {
        let Notice { message, url, button_label, app_name, bundle } = notice;
        let mut share = |text: &Option<Arc<str>>| text.clone().map(|text| self.notices.share(text));
        Notice {
            message: share(message),
            url: share(url),
            button_label: share(button_label),
            app_name: share(app_name),
            bundle: bundle.clone(),
        }
    }

    fn said(&mut self, provenance: &Provenance) -> Said {
        let Provenance { comment, ticket, source } = provenance;
        let mut add = |text: &Option<Arc<str>>| text.as_deref().map(|text| self.texts.add(text));
        Said { comment: add(comment), ticket: add(ticket), source: add(source) }
    }

    fn provenance(&self, said: &Said) -> Provenance {
        let Said { comment, ticket, source } = said;
        let text = |id: &Option<TextId>| id.map(|id| self.texts.get(id).into());
        Provenance { comment: text(comment), ticket: text(ticket), source: text(source) }
    }

    fn version(&self, known: VersionId) -> &Version {
        &self.versions[known.0 as usize]
    }

    /// What a version is about.
    pub(super) fn target(&self, known: VersionId) -> &Target {
        &self.version(known).target
    }

    /// What hosts are told of a version.
    pub(super) fn told(&self, known: VersionId) -> Told<'_> {
        let Version { target, effect, .. } = self.version(known);
        Told { target, policy: &effect.policy, notice: &effect.notice }
    }

    /// A version as a rule of its own.
    pub(super) fn rule(&self, known: VersionId) -> Rule {
        let Version { target, effect, said, scope, .. } = self.version(known);
        let scope = self.logs[*scope as usize].scope.clone();
        #[expect(clippy::expect_used, reason = "target and policy are of one rule")]
        let mut rule = Rule::new(target.clone(), scope, effect.policy.clone()).expect("a rule's");
        rule.notice = effect.notice.clone();
        rule.provenance = self.provenance(said);
        rule.expires = effect.expires;
        rule
    }

    fn logs<'a, 's>(
        &'a self,
        scopes: &'s [ScopeId],
    ) -> impl Iterator<Item = &'a ScopeLog> + use<'a, 's> {
        scopes
            .iter()
            .filter_map(|scope| self.places.get(scope).map(|place| &self.logs[*place as usize]))
    }

    /// The versions that any of these scopes made or ended after `since` and not after `until`.
    pub(super) fn touched<'a, 's>(
        &'a self,
        scopes: &'s [ScopeId],
        since: Revision,
        until: Revision,
    ) -> impl Iterator<Item = VersionId> + use<'a, 's> {
        self.logs(scopes).flat_map(move |log| {
            let made = within(&log.made, since, until, |version| self.version(version).made);
            let ended = within(&log.ended, since, until, |version| self.version(version).ended());
            made.iter().chain(ended).copied()
        })
    }

    /// The newest revision, not after `at`, that touched any of these scopes; the beginning of
    /// time if none did. Between two revisions with the same answer nothing differs.
    pub(super) fn last_touch(&self, scopes: &[ScopeId], at: Revision) -> Revision {
        let last = |log: &[VersionId], when: &dyn Fn(VersionId) -> Revision| {
            let to = log.partition_point(|version| when(*version) <= at);
            to.checked_sub(1).map(|last| when(log[last]))
        };
        let touches = self.logs(scopes).filter_map(|log| {
            let made = last(&log.made, &|version| self.version(version).made);
            let ended = last(&log.ended, &|version| self.version(version).ended());
            made.max(ended)
        });
        touches.max().unwrap_or_default()
    }

    /// The versions in force in any of these scopes at a revision.
    pub(super) fn in_force_at<'a, 's>(
        &'a self,
        scopes: &'s [ScopeId],
        at: Revision,
    ) -> impl Iterator<Item = VersionId> + use<'a, 's> {
        let versions = self.logs(scopes).flat_map(|log| &log.made).copied();
        versions.filter(move |version| self.version(*version).in_force(at))
    }

    /// The rule that decides about a target for a host with these scopes (weakest first) at a
    /// revision: the one in the strongest scope.
    pub(super) fn winner(
        &self,
        target: &Target,
        scopes: &[ScopeId],
        at: Revision,
    ) -> Option<VersionId> {
        let hash = self.hasher.hash_one(target);
        let mut next = self.newest.find(hash, |other| self.target(*other) == target).copied();
        let mut best: Option<(usize, VersionId)> = None;
        while let Some(known) = next {
            let version = self.version(known);
            next = version.older();
            if !version.in_force(at) {
                continue;
            }
            let of_version = self.logs[version.scope as usize].id;
            let strength = scopes.iter().position(|scope| *scope == of_version);
            if let Some(strength) = strength
                && best.is_none_or(|(other, _)| other < strength)
            {
                best = Some((strength, known));
            }
        }
        best.map(|(_, known)| known)
    }
}

/// The part of a log that lies after `since` and not after `until`.
fn within(
    log: &[VersionId],
    since: Revision,
    until: Revision,
    when: impl Fn(VersionId) -> Revision,
) -> &[VersionId] {
    let from = log.partition_point(|version| when(*version) <= since);
    let to = log.partition_point(|version| when(*version) <= until);
    &log[from..to.max(from)]
}

/// Keeps a log in the order of revisions; new entries nearly always belong at the end.
fn insert_ordered(
    log: &mut Vec<VersionId>,
    known: VersionId,
    when: impl Fn(VersionId) -> Revision,
) {
    if log.last().is_none_or(|last| when(*last) <= when(known)) {
        log.push(known);
    } else {
        let at = log.partition_point(|other| when(*other) <= when(known));
        log.insert(at, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a ledger of so many rules, each with these words of its own, holds for each of them
    /// beside their texts.
    fn bytes_a_rule(count: u32, provenance: impl Fn(u32) -> Provenance) -> usize {
        let row = |number: u32| {
            let target = format!("binary:{number:064x}").parse().unwrap();
            let mut rule = Rule::new(target, Scope::Fleet, Policy::Allow).unwrap();
            rule.provenance = provenance(number);
            let (id, scope) = (i64::from(number), ScopeId(1));
            LedgerRow { id, scope, rule, made: Revision(1), ended: None }
        };
        let mut ledger = Ledger::default();
        for first in (0..count).step_by(10_000) {
            ledger.extend((first..first + 10_000).map(row).collect());
        }
        let versions = ledger.versions.capacity() * size_of::<Version>();
        let log = ledger.logs[0].made.capacity() * size_of::<VersionId>();
        let all = versions + log + ledger.newest.allocation_size() + ledger.texts.overhead();
        all / count as usize
    }

    #[test]
    fn a_version_is_small() {
        assert!(size_of::<Version>() <= 80, "{} bytes", size_of::<Version>());
    }

    #[test]
    fn a_rule_takes_at_most_150_bytes_beside_its_texts() {
        let text = |text: String| Some(text.into());
        let silent = bytes_a_rule(100_000, |_| Provenance::default());
        let told = bytes_a_rule(100_000, |number| Provenance {
            comment: text(format!("approved for desk {number}")),
            ticket: text(format!("IT-{number}")),
            source: text("rules.csv".to_owned()),
        });
        assert!(silent <= 110 && told <= 150, "{silent} bytes, with words of its own {told}");
    }
}
