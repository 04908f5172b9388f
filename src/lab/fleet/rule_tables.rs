//! The rules of hosts; equal sets are stored once.
//!
//! Hosts with the same rules in the same order share a table. A table that no host uses is deleted,
//! unless it is the empty table. A host stores only the number of its table. The table that a
//! download leads to is cached, so that most syncs need only one lookup.
//!
//! Each rule is also stored only once. A table needs 4 bytes per rule, and about 250 additional
//! bytes. If all hosts have different rules, each host needs its own table. The cache compares
//! downloads by hashes of 128 bits, which are practically never equal for different downloads.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::lab::client::database::RuleChange;
use crate::lab::client::rules_hash::rules_hash;
use crate::lab::{HeldRule, RuleCounts, SyncKind};
use crate::protocol::RuleType;

/// Maximum results in the cache of downloads. A full cache is emptied.
const MOST_REMEMBERED: usize = 16_384;

/// The number of a table. Numbers are not reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TableId(u32);

impl TableId {
    pub(super) const EMPTY: Self = Self(0);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RuleId(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TargetId(u32);

/// The effect of one downloaded rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Put(RuleId),
    Remove(TargetId),
    /// A rule whose expression does not compile. The rule is ignored, but counted as processed.
    Uncompiled,
}

/// Downloaded pages, and a hash of all these pages (`name`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Download<'a> {
    pub(super) name: u128,
    pub(super) pages: &'a [&'a [Step]],
}

#[derive(Debug)]
struct Table {
    /// The rules, in the order in which they were last written.
    rows: Rc<[RuleId]>,
    holders: u32,
    counts: RuleCounts,
    rules_hash: Option<Rc<str>>,
}

#[derive(Debug)]
struct Known {
    rule: Rc<HeldRule>,
    target: TargetId,
}

#[derive(Debug)]
pub(super) struct RuleTables {
    rules: Vec<Known>,
    numbers: HashMap<Rc<HeldRule>, RuleId>,
    targets: HashMap<(RuleType, Box<str>), TargetId>,
    tables: HashMap<TableId, Table>,
    by_rows: HashMap<Rc<[RuleId]>, TableId>,
    next: u32,
    remembered: HashMap<(TableId, SyncKind, u128), TableId>,
}

impl RuleTables {
    pub(super) fn new() -> Self {
        let mut tables = Self {
            rules: Vec::new(),
            numbers: HashMap::new(),
            targets: HashMap::new(),
            tables: HashMap::new(),
            by_rows: HashMap::new(),
            next: 0,
            remembered: HashMap::new(),
        };
        let empty = tables.table_of(Vec::new());
        // The empty table is never deleted.
        tables.hold(empty, 1);
        tables
    }

    pub(super) fn step(&mut self, change: RuleChange) -> Step {
        match change {
            RuleChange::Put(rule) => Step::Put(self.rule(rule)),
            RuleChange::Remove(rule_type, identifier) => {
                Step::Remove(self.target(rule_type, &identifier))
            }
            RuleChange::Uncompiled => Step::Uncompiled,
        }
    }

    fn rule(&mut self, rule: HeldRule) -> RuleId {
        if let Some(known) = self.numbers.get(&rule) {
            return *known;
        }
        let target = self.target(rule.rule_type, &rule.identifier);
        let (id, rule) = (RuleId(self.rules.len() as u32), Rc::new(rule));
        self.numbers.insert(Rc::clone(&rule), id);
        self.rules.push(Known { rule, target });
        id
    }

    fn target(&mut self, rule_type: RuleType, identifier: &str) -> TargetId {
        let next = TargetId(self.targets.len() as u32);
        *self.targets.entry((rule_type, identifier.into())).or_insert(next)
    }

    pub(super) fn hold(&mut self, table: TableId, hosts: u32) {
        if let Some(table) = self.tables.get_mut(&table) {
            table.holders += hosts;
        }
    }

    /// Removes one host from the table. Deletes the table if no other host uses it.
    pub(super) fn release(&mut self, id: TableId) {
        let Some(table) = self.tables.get_mut(&id) else { return };
        table.holders -= 1;
        if table.holders == 0
            && let Some(table) = self.tables.remove(&id)
        {
            self.by_rows.remove(&table.rows);
        }
    }

    /// Moves a host to the table that results from a download. As with a real client, a download
    /// without steps deletes nothing, even in a clean sync.
    pub(super) fn apply(
        &mut self,
        from: TableId,
        kind: SyncKind,
        download: Download<'_>,
    ) -> TableId {
        if download.pages.iter().all(|page| page.is_empty()) {
            return from;
        }
        // Hosts have no transitive rules, so both kinds of clean sync delete all rules.
        let base = if kind == SyncKind::Normal { from } else { TableId::EMPTY };
        let key = (base, kind, download.name);
        let known = self.remembered.get(&key).filter(|to| self.tables.contains_key(to)).copied();
        let to = known.unwrap_or_else(|| {
            let rows = self.made(base, download.pages);
            self.table_of(rows)
        });
        if known.is_none() {
            if self.remembered.len() >= MOST_REMEMBERED {
                self.remembered.clear();
            }
            self.remembered.insert(key, to);
        }
        self.hold(to, 1);
        self.release(from);
        to
    }

    /// The rows after a download. For each target, the last step decides the rule and its position.
    fn made(&self, base: TableId, pages: &[&[Step]]) -> Vec<RuleId> {
        let length = pages.iter().map(|page| page.len()).sum();
        let mut touched = HashSet::with_capacity(length);
        let mut put = Vec::new();
        for step in pages.iter().rev().flat_map(|page| page.iter().rev()) {
            match *step {
                Step::Put(rule) => {
                    if touched.insert(self.rules[rule.0 as usize].target) {
                        put.push(rule);
                    }
                }
                Step::Remove(target) => drop(touched.insert(target)),
                Step::Uncompiled => {}
            }
        }
        let stays = |rule: &&RuleId| !touched.contains(&self.rules[rule.0 as usize].target);
        let kept = self.rows(base).iter().filter(stays).copied();
        kept.chain(put.into_iter().rev()).collect()
    }

    fn table_of(&mut self, rows: Vec<RuleId>) -> TableId {
        if let Some(known) = self.by_rows.get(rows.as_slice()) {
            return *known;
        }
        let id = TableId(self.next);
        self.next += 1;
        let rows: Rc<[RuleId]> = rows.into();
        let counts = RuleCounts::of(rows.iter().map(|row| &*self.rules[row.0 as usize].rule));
        self.by_rows.insert(Rc::clone(&rows), id);
        self.tables.insert(id, Table { rows, holders: 0, counts, rules_hash: None });
        id
    }

    fn rows(&self, table: TableId) -> &[RuleId] {
        self.tables.get(&table).map_or(&[], |table| &table.rows)
    }

    pub(super) fn counts(&self, table: TableId) -> RuleCounts {
        self.tables.get(&table).map_or_else(RuleCounts::default, |table| table.counts)
    }

    pub(super) fn rules_hash(&mut self, id: TableId) -> Rc<str> {
        let known = self.tables.get(&id).and_then(|table| table.rules_hash.clone());
        known.unwrap_or_else(|| {
            let rules = self.rows(id).iter().map(|row| &*self.rules[row.0 as usize].rule);
            let hash: Rc<str> = rules_hash(rules).into();
            if let Some(table) = self.tables.get_mut(&id) {
                table.rules_hash = Some(Rc::clone(&hash));
            }
            hash
        })
    }

    /// The rules that `one` has and `other` does not have.
    fn beyond(&self, one: TableId, other: TableId) -> Vec<RuleId> {
        let mut has = self.rows(other).to_vec();
        has.sort_unstable();
        let lacks = |rule: &RuleId| has.binary_search(rule).is_err();
        self.rows(one).iter().copied().filter(lacks).collect()
    }

    /// The difference between two tables. `None` if both tables have the same rules, even in a
    /// different order.
    pub(super) fn difference(&self, held: TableId, due: TableId) -> Option<Difference> {
        if held == due {
            return None;
        }
        let (extra, missing) = (self.beyond(held, due), self.beyond(due, held));
        let first = extra.first().map(|rule| ("has", rule));
        let (verb, rule) = first.or_else(|| missing.first().map(|rule| ("lacks", rule)))?;
        let HeldRule { rule_type, identifier, .. } = &*self.rules[rule.0 as usize].rule;
        let example = format!("{verb} {rule_type} {identifier}");
        Some(Difference { extra: extra.len(), missing: missing.len(), example })
    }

    /// The number of tables, always including the table without rules.
    pub(super) fn count(&self) -> usize {
        self.tables.len()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) extra: usize,
    pub(super) missing: usize,
    pub(super) example: String,
}

#[cfg(test)]
mod tests;
