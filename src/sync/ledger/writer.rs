//! Builds the next ledger, and remembers recent values so that rules can share them.

use std::hash::BuildHasher;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use super::chunks::Chunks;
use super::error::LedgerFull;
use super::recent::Recent;
use super::texts::TextWriter;
use super::{Effect, Ledger, ProvenanceIds, ScopeLog, Version, VersionId};
use crate::rule::{Notice, Provenance, Revision, Rule, Scope, Target};
use crate::store::{LedgerRow, ScopeId};

/// A version that ended, but is not yet in the list of ended versions of its scope.
struct Ended {
    revision: Revision,
    scope: u32,
    version: VersionId,
}

#[derive(Default)]
pub(in crate::sync) struct LedgerWriter {
    ledger: Ledger,
    ended: Vec<Ended>,
    effects: Recent<Effect>,
    notices: Recent<str>,
    texts: TextWriter,
}

const ROWS: usize = 10_000;

impl LedgerWriter {
    pub(in crate::sync) fn numbered(numbering: u64) -> Self {
        Self { ledger: Ledger { numbering, ..Ledger::default() }, ..Self::default() }
    }

    /// A copy of a ledger without the versions that ended before a revision. The remaining versions
    /// get new numbers.
    pub(in crate::sync) fn without_history(
        ledger: &Ledger,
        start: Revision,
    ) -> Result<Self, LedgerFull> {
        let mut writer = Self::numbered(ledger.numbering + 1);
        let mut kept = ledger.since(start).peekable();
        while kept.peek().is_some() {
            writer.extend(kept.by_ref().take(ROWS).map(|version| ledger.row(version)).collect())?;
        }
        writer.keep_from(ledger.start.max(start));
        writer.advance(ledger.head);
        Ok(writer)
    }

    pub(in crate::sync) fn keep_from(&mut self, start: Revision) {
        self.ledger.start = self.ledger.start.max(start);
    }

    /// The current ledger, which is complete only after [`LedgerWriter::advance`].
    pub(in crate::sync) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Adds rows that were created or ended since the last read. A row may be added more than once,
    /// and may be newer than the next head.
    pub(in crate::sync) fn extend(&mut self, rows: Vec<LedgerRow>) -> Result<(), LedgerFull> {
        for row in rows {
            let place = self.ledger.versions.partition_point(|version| version.id < row.id);
            let is_known =
                place < self.ledger.versions.len() && self.ledger.versions.get(place).id == row.id;
            let known = VersionId::at(place)?;
            match (is_known, row.ended) {
                (true, Some(ended)) => self.end(known, ended),
                (true, None) => {}
                (false, ended) => {
                    self.push(known, row)?;
                    ended.into_iter().for_each(|ended| self.end(known, ended));
                }
            }
        }
        Ok(())
    }

    /// Records that every row up to `head` was read. Versions that ended are sorted only here,
    /// because a million unsorted versions may be read when the server starts.
    pub(in crate::sync) fn advance(&mut self, head: Revision) {
        self.ended.sort_by_key(|ended| ended.revision);
        for Ended { revision, scope, version } in std::mem::take(&mut self.ended) {
            let last = self.ledger.log(scope).ended.last();
            let in_order = last.is_none_or(|last| self.ledger.ended(*last) <= revision);
            let log = &mut self.log_mut(scope).ended;
            log.push(version);
            if !in_order {
                let mut all: Vec<VersionId> = log.iter().copied().collect();
                all.sort_by_key(|version| self.ledger.ended(*version));
                self.log_mut(scope).ended = Chunks::from_iter(all);
            }
        }
        self.ledger.head = self.ledger.head.max(head);
    }

    fn log_mut(&mut self, scope: u32) -> &mut ScopeLog {
        Arc::make_mut(self.ledger.logs.get_mut(scope as usize))
    }

    fn end(&mut self, version: VersionId, revision: Revision) {
        let ended = NonZeroU64::new(revision.0);
        let index = version.0 as usize;
        if self.ledger.ends.get(index).is_none() && ended.is_some() {
            *self.ledger.ends.get_mut(index) = ended;
            let scope = self.ledger.version(version).scope;
            self.ended.push(Ended { revision, scope, version });
        }
    }

    /// Adds a version with the next number. Rows arrive in the order of their IDs, which is also
    /// the order of the revisions that created them.
    fn push(&mut self, known: VersionId, row: LedgerRow) -> Result<(), LedgerFull> {
        let LedgerRow { id, scope, rule, made, ended: _ } = row;
        let scope = self.scope_index(rule.scope(), scope)?;
        let older = self.replace_newest(rule.target(), scope, known);
        let Rule { notice, provenance, expires, .. } = &rule;
        let effect = Effect {
            policy: rule.policy().clone(),
            notice: self.shared_notice(notice),
            expires: *expires,
        };
        let version = Version {
            id,
            made,
            target: rule.target().clone(),
            effect: self.effects.share(Arc::new(effect)),
            provenance_ids: self.provenance_ids(provenance)?,
            scope,
            older: older.and_then(|older| NonZeroU32::MIN.checked_add(older)),
        };
        self.ledger.versions.push(version);
        self.ledger.ends.push(None);
        self.log_mut(scope).made.push(known);
        Ok(())
    }

    /// Records a version as the newest for its target and scope. Returns the number of the version
    /// that was the newest before.
    fn replace_newest(&mut self, target: &Target, scope: u32, known: VersionId) -> Option<u32> {
        let Ledger { newest, versions, hasher, .. } = &mut self.ledger;
        let version = |number: u32| versions.get(number as usize);
        let hash_of = |number: u32| {
            let Version { target, scope, .. } = version(number);
            hasher.hash_one((target, *scope))
        };
        let is_it = |number: u32| {
            let other = version(number);
            other.scope == scope && other.target == *target
        };
        newest.replace((hasher.hash_one((target, scope)), known.0), is_it, hash_of)
    }

    fn scope_index(&mut self, scope: &Scope, id: ScopeId) -> Result<u32, LedgerFull> {
        if let Some(index) = self.ledger.scope_index(id) {
            return Ok(index);
        }
        let VersionId(index) = VersionId::at(self.ledger.logs.len())?;
        let (made, ended) = (Chunks::default(), Chunks::default());
        self.ledger.logs.push(Arc::new(ScopeLog { scope: scope.clone(), id, made, ended }));
        let Ledger { by_scope, by_scope_id, logs, hasher, .. } = &mut self.ledger;
        let by_scope_hash = (hasher.hash_one(scope), index);
        // The scope of a forgotten person has another name in the database. If the person gets rules
        // again, they are in a new scope.
        by_scope.replace(
            by_scope_hash,
            |it| logs.get(it as usize).scope == *scope,
            |it| hasher.hash_one(&logs.get(it as usize).scope),
        );
        let by_id_hash = (hasher.hash_one(id), index);
        by_scope_id.replace(by_id_hash, |_| false, |it| hasher.hash_one(logs.get(it as usize).id));
        Ok(index)
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

    fn provenance_ids(&mut self, provenance: &Provenance) -> Result<ProvenanceIds, LedgerFull> {
        let Provenance { comment, ticket, source } = provenance;
        let mut add = |text: &Option<Arc<str>>| {
            let id = text.as_deref().map(|text| self.texts.add(&mut self.ledger.texts, text));
            id.transpose()
        };
        Ok(ProvenanceIds { comment: add(comment)?, ticket: add(ticket)?, source: add(source)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Policy;

    fn row(number: u64, target: &str, made: u64, ended: Option<u64>) -> LedgerRow {
        let rule = Rule::new(target.parse().unwrap(), Scope::Fleet, Policy::Allow).unwrap();
        let (id, scope) = (number.cast_signed(), ScopeId(1));
        LedgerRow { id, scope, rule, made: Revision(made), ended: ended.map(Revision) }
    }

    fn hash(number: u32) -> String {
        format!("binary:{number:064x}")
    }

    /// The bytes that a ledger with `count` rules needs per rule, in addition to the rule's texts.
    /// `provenance` returns the provenance of each rule.
    fn bytes_per_rule(count: u32, provenance: impl Fn(u32) -> Provenance) -> usize {
        let row = |number: u32| {
            let mut row = row(number.into(), &hash(number), 1, None);
            row.rule.provenance = provenance(number);
            row
        };
        let mut writer = LedgerWriter::default();
        for first in (0..count).step_by(10_000) {
            writer.extend((first..first + 10_000).map(row).collect()).unwrap();
        }
        let ledger = writer.ledger();
        let lists = ledger.versions.bytes() + ledger.ends.bytes() + ledger.log(0).made.bytes();
        (lists + ledger.newest.bytes() + ledger.texts.overhead()) / count as usize
    }

    #[test]
    fn of_two_scopes_with_the_same_name_the_newer_one_is_found() {
        let mut writer = LedgerWriter::default();
        let older = row(1, &hash(1), 1, Some(2));
        let newer = LedgerRow { scope: ScopeId(2), ..row(2, &hash(2), 3, None) };
        writer.extend(vec![older, newer]).unwrap();
        writer.advance(Revision(3));
        let ledger = writer.ledger();
        assert_eq!(ledger.scope_id(&Scope::Fleet), Some(ScopeId(2)));
        // Hosts may still have rules of the older scope.
        assert_eq!(ledger.scope(ScopeId(1)), Some(&Scope::Fleet));
    }

    #[test]
    fn a_version_is_small() {
        assert!(size_of::<Version>() <= 72, "{} bytes", size_of::<Version>());
    }

    #[test]
    fn a_rule_takes_at_most_150_bytes_in_addition_to_its_texts() {
        let text = |text: String| Some(text.into());
        let silent = bytes_per_rule(100_000, |_| Provenance::default());
        let with_texts = bytes_per_rule(100_000, |number| Provenance {
            comment: text(format!("approved for desk {number}")),
            ticket: text(format!("IT-{number}")),
            source: text("rules.csv".to_owned()),
        });
        assert!(
            silent <= 110 && with_texts <= 150,
            "{silent} bytes, with words of its own {with_texts}"
        );
    }

    /// A ledger without old history has the same rules as the whole ledger, at its first revision
    /// and at every later revision.
    #[test]
    fn s8_a_ledger_without_old_history_gives_the_same_answers() {
        let mut writer = LedgerWriter::default();
        let ends = (1..=200_u64).map(|number| (number % 3 > 0).then_some(number / 2 + 5));
        let rows = (1..).zip(ends).map(|(number, end)| {
            row(number, &hash(u32::try_from(number % 40).unwrap()), number / 4, end)
        });
        writer.extend(rows.collect()).unwrap();
        writer.advance(Revision(120));
        let whole = writer.ledger().clone();
        let start = Revision(60);
        assert!(whole.has_much_before(start) && !whole.has_much_before(Revision(5)));
        let short = LedgerWriter::without_history(&whole, start).unwrap();
        let short = short.ledger();

        assert!(short.versions() < whole.versions() - whole.versions() / 4);
        assert_ne!(short.numbering(), whole.numbering());
        let scopes = [ScopeId(1)];
        for at in (60..=120).map(Revision) {
            let targets = |ledger: &Ledger| {
                let active = ledger.active_at(ScopeId(1), at);
                active.map(|version| ledger.row(version)).collect::<Vec<_>>()
            };
            assert_eq!(targets(short), targets(&whole), "{at}");
            let touched = |ledger: &Ledger| {
                let touched = ledger.touched(&scopes, at, Revision(120));
                touched.map(|version| ledger.row(version)).collect::<Vec<_>>()
            };
            assert_eq!(touched(short), touched(&whole), "{at}");
            assert_eq!(short.last_touch(&scopes, at), whole.last_touch(&scopes, at).max(start));
        }
        assert_eq!(short.last_touch(&scopes, Revision(3)), start);
    }

    #[test]
    fn a_reader_keeps_the_ledger_that_it_began_with() {
        let mut writer = LedgerWriter::default();
        let rows = (1..=3000).map(|number| row(number.into(), &hash(number), 1, None));
        writer.extend(rows.collect()).unwrap();
        writer.advance(Revision(1));
        let before = writer.ledger().clone();
        writer.extend(vec![row(7, &hash(7), 1, Some(2)), row(3001, &hash(7), 2, None)]).unwrap();
        writer.advance(Revision(2));
        let now = writer.ledger();

        let target = hash(7).parse().unwrap();
        let winner = |ledger: &Ledger, at| ledger.winner(&target, &[ScopeId(1)], Revision(at));
        assert_eq!(before.head(), Revision(1));
        assert_eq!(winner(&before, 1), Some(VersionId(6)));
        assert_eq!((winner(now, 1), winner(now, 2)), (Some(VersionId(6)), Some(VersionId(3000))));
        assert_eq!(before.active_at(ScopeId(1), Revision(1)).count(), 3000);
        assert_eq!(now.touched(&[ScopeId(1)], Revision(1), Revision(2)).count(), 2);
    }

    /// Versions that ended in any order are found by the revision that ended them, even if rows
    /// newer than the head were added early.
    #[test]
    fn s9_versions_that_ended_out_of_order_are_sorted() {
        let mut writer = LedgerWriter::default();
        let ends = [9, 3, 7, 3, 8];
        let numbered = || (1..).zip(ends);
        let rows = numbered().map(|(n, end)| row(n.into(), &hash(n), 1, Some(end)));
        writer.extend(rows.collect()).unwrap();
        writer.advance(Revision(7));
        writer.extend(vec![row(6, &hash(6), 2, Some(8)), row(7, &hash(7), 8, None)]).unwrap();
        writer.advance(Revision(9));

        let ledger = writer.ledger();
        let scopes = [ScopeId(1)];
        let touched = |since, until| {
            let versions = ledger.touched(&scopes, Revision(since), Revision(until));
            let mut numbers: Vec<u32> = versions.map(|VersionId(number)| number + 1).collect();
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(touched(2, 3), [2, 4]);
        assert_eq!(touched(3, 7), [3]);
        assert_eq!(touched(7, 8), [5, 6, 7]);
        assert_eq!(touched(8, 9), [1]);
        assert_eq!(ledger.last_touch(&scopes, Revision(6)), Revision(3));
    }

    /// Versions of one target in different scopes are not chained, so a look-up does not become
    /// slower with the number of scopes that have a rule for the target.
    #[test]
    fn s9_a_popular_target_has_no_long_chain() {
        let mut writer = LedgerWriter::default();
        let popular = "teamid:EQHXZ8M8AV";
        let rows = (1..=5000_i64).map(|number| {
            let mut row = row(number.cast_unsigned(), popular, number.cast_unsigned(), None);
            let scope: Scope = format!("host:mac-{number}").parse().unwrap();
            row.rule = Rule::new(popular.parse().unwrap(), scope, Policy::Allow).unwrap();
            row.scope = ScopeId(number);
            row
        });
        writer.extend(rows.collect()).unwrap();
        writer.advance(Revision(5000));
        let ledger = writer.ledger();
        let target = popular.parse().unwrap();
        let winner = ledger.winner(&target, &[ScopeId(1), ScopeId(17)], Revision(5000));
        assert_eq!(winner, Some(VersionId(16)));
        assert!(ledger.versions.iter().all(|version| version.older().is_none()));
    }
}
