//! The rules in time, in memory: every version of every rule with the revisions that made and
//! ended it. Read once at start and followed by revision.
//!
//! All answers are about a fixed revision, so a change that arrives between two questions
//! never alters the answer to either.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::rule::{Revision, Rule, Scope, Target};
use crate::store::{LedgerRow, ScopeId};

/// One version of one rule.
#[derive(Debug)]
struct Version {
    id: i64,
    scope: ScopeId,
    rule: Arc<Rule>,
    made: Revision,
    ended: Option<Revision>,
    /// The version before this one that has the same target, in whatever scope.
    older: Option<u32>,
}

impl Version {
    fn in_force(&self, at: Revision) -> bool {
        self.made <= at && self.ended.is_none_or(|ended| at < ended)
    }
}

/// The versions of one scope, by when they were made and by when they were ended.
#[derive(Debug, Default)]
struct ScopeLog {
    made: Vec<(Revision, u32)>,
    ended: Vec<(Revision, u32)>,
}

impl ScopeLog {
    /// The versions made or ended after `since` and not after `until`.
    fn touched(&self, since: Revision, until: Revision) -> impl Iterator<Item = u32> {
        let within = |log: &[(Revision, u32)]| {
            let from = log.partition_point(|(revision, _)| *revision <= since);
            let to = log.partition_point(|(revision, _)| *revision <= until);
            from..to.max(from)
        };
        let (made, ended) = (within(&self.made), within(&self.ended));
        self.made[made].iter().chain(&self.ended[ended]).map(|(_, version)| *version)
    }

    /// The newest revision, not after `at`, that touched this scope.
    fn last_touch(&self, at: Revision) -> Option<Revision> {
        let newest = |log: &[(Revision, u32)]| {
            let to = log.partition_point(|(revision, _)| *revision <= at);
            to.checked_sub(1).map(|last| log[last].0)
        };
        newest(&self.made).max(newest(&self.ended))
    }
}

/// All rules in time, up to a newest revision.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    head: Revision,
    versions: Vec<Version>,
    /// The newest version of each target, found by the target's hash.
    newest: HashTable<u32>,
    hasher: DefaultHashBuilder,
    scopes: HashMap<Scope, ScopeId>,
    logs: HashMap<ScopeId, ScopeLog>,
}

impl Ledger {
    /// The newest revision that is known here.
    pub(super) fn head(&self) -> Revision {
        self.head
    }

    /// The id of a scope that has ever had a rule.
    pub(super) fn scope_id(&self, scope: &Scope) -> Option<ScopeId> {
        self.scopes.get(scope).copied()
    }

    /// Takes in rows that were made or ended since they were last read. Rows may come again,
    /// and rows newer than `head` may come early.
    pub(super) fn extend(&mut self, rows: Vec<LedgerRow>) {
        for row in rows {
            match self.versions.binary_search_by_key(&row.id, |version| version.id) {
                Ok(known) => self.end(known, row.ended),
                Err(_) => self.push(row),
            }
        }
    }

    /// Says that everything up to `head` was taken in.
    pub(super) fn advance(&mut self, head: Revision) {
        self.head = self.head.max(head);
    }

    fn end(&mut self, known: usize, ended: Option<Revision>) {
        let version = &mut self.versions[known];
        if let (None, Some(ended)) = (version.ended, ended) {
            version.ended = Some(ended);
            let log = self.logs.entry(version.scope).or_default();
            insert_ordered(&mut log.ended, (ended, index(known)));
        }
    }

    fn push(&mut self, row: LedgerRow) {
        let place = index(self.versions.len());
        let hash = self.hasher.hash_one(row.rule.target());
        let versions = &self.versions;
        let same = |other: &u32| versions[*other as usize].rule.target() == row.rule.target();
        let older = match self.newest.find_mut(hash, same) {
            Some(newest) => Some(std::mem::replace(newest, place)),
            None => {
                let rehash =
                    |other: &u32| self.hasher.hash_one(versions[*other as usize].rule.target());
                self.newest.insert_unique(hash, place, rehash);
                None
            }
        };
        self.scopes.entry(row.rule.scope().clone()).or_insert(row.scope);
        let log = self.logs.entry(row.scope).or_default();
        insert_ordered(&mut log.made, (row.made, place));
        if let Some(ended) = row.ended {
            insert_ordered(&mut log.ended, (ended, place));
        }
        let LedgerRow { id, scope, rule, made, ended } = row;
        self.versions.push(Version { id, scope, rule, made, ended, older });
    }

    /// The targets that any of these scopes touched after `since` and not after `until`.
    pub(super) fn touched<'a, 's>(
        &'a self,
        scopes: &'s [ScopeId],
        since: Revision,
        until: Revision,
    ) -> impl Iterator<Item = &'a Target> + use<'a, 's> {
        let logs = scopes.iter().filter_map(|scope| self.logs.get(scope));
        let versions = logs.flat_map(move |log| log.touched(since, until));
        versions.map(|version| self.versions[version as usize].rule.target())
    }

    /// The newest revision, not after `at`, that touched any of these scopes; the beginning of
    /// time if none did. Between two revisions with the same answer nothing differs.
    pub(super) fn last_touch(&self, scopes: &[ScopeId], at: Revision) -> Revision {
        let logs = scopes.iter().filter_map(|scope| self.logs.get(scope));
        logs.filter_map(|log| log.last_touch(at)).max().unwrap_or_default()
    }

    /// The targets that have a rule in any of these scopes at a revision.
    pub(super) fn targets_at<'a, 's>(
        &'a self,
        scopes: &'s [ScopeId],
        at: Revision,
    ) -> impl Iterator<Item = &'a Target> + use<'a, 's> {
        let logs = scopes.iter().filter_map(|scope| self.logs.get(scope));
        let versions = logs.flat_map(|log| &log.made);
        versions
            .map(|(_, version)| &self.versions[*version as usize])
            .filter(move |version| version.in_force(at))
            .map(|version| version.rule.target())
    }

    /// The rule that decides about a target for a host with these scopes (weakest first) at a
    /// revision: the one in the strongest scope.
    pub(super) fn winner(
        &self,
        target: &Target,
        scopes: &[ScopeId],
        at: Revision,
    ) -> Option<&Arc<Rule>> {
        let hash = self.hasher.hash_one(target);
        let same = |other: &u32| self.versions[*other as usize].rule.target() == target;
        let mut next = self.newest.find(hash, same).copied();
        let mut best: Option<(usize, &Arc<Rule>)> = None;
        while let Some(place) = next {
            let version = &self.versions[place as usize];
            next = version.older;
            let strength = scopes.iter().position(|scope| *scope == version.scope);
            if let Some(strength) = strength.filter(|_| version.in_force(at))
                && best.is_none_or(|(other, _)| other < strength)
            {
                best = Some((strength, &version.rule));
            }
        }
        best.map(|(_, rule)| rule)
    }
}

/// Positions fit 32 bits: four thousand million versions are more than a machine's memory.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Keeps a log in the order of revisions; new entries nearly always belong at the end.
fn insert_ordered(log: &mut Vec<(Revision, u32)>, entry: (Revision, u32)) {
    let place = log.partition_point(|(revision, _)| *revision <= entry.0);
    log.insert(place, entry);
}
