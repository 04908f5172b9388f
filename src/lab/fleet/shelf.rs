//! The rules that hosts hold, each set of them kept once.
//!
//! A removal names its target and not what it removes, so a sum of hashes per host could not
//! follow it. Instead, hosts that hold the same rules in the same order share one table, which
//! goes when the last of them leaves it; a host keeps the table's number. What a download makes
//! of a table is worked out once and remembered, so that most syncs cost a look-up.
//!
//! A rule's text is kept once as well. A table is 4 bytes a rule; where every host has rules
//! of its own, every host pays for its own table: 4 bytes a rule and some 250 around them.
//! Nothing here is a hash that could be equal by chance, but for the keys of what is remembered
//! of downloads, which have 128 bits.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::lab::client::database::Change;
use crate::lab::client::rules_hash::rules_hash;
use crate::lab::{HeldRule, RuleCounts, RuleState, SyncKind};
use crate::protocol::RuleType;

/// How many outcomes of downloads are remembered, before all are forgotten.
const MOST_REMEMBERED: usize = 16_384;

/// A table's number, which is given once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TableId(u32);

impl TableId {
    /// The table without rules.
    pub(super) const EMPTY: Self = Self(0);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RuleId(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TargetId(u32);

/// A downloaded rule that a client understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Put(RuleId),
    Remove(TargetId),
    /// It is passed over, but counted.
    Uncompiled,
}

/// What was downloaded: pages of steps, and a name for all of them together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Download<'a> {
    pub(super) name: u128,
    pub(super) pages: &'a [&'a [Step]],
}

#[derive(Debug)]
struct Table {
    /// In the order in which they were last written.
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

/// All rules and tables.
#[derive(Debug)]
pub(super) struct Shelf {
    rules: Vec<Known>,
    numbers: HashMap<Rc<HeldRule>, RuleId>,
    targets: HashMap<(RuleType, Box<str>), TargetId>,
    tables: HashMap<TableId, Table>,
    by_rows: HashMap<Rc<[RuleId]>, TableId>,
    next: u32,
    remembered: HashMap<(TableId, SyncKind, u128), TableId>,
}

impl Shelf {
    pub(super) fn new() -> Self {
        let mut shelf = Self {
            rules: Vec::new(),
            numbers: HashMap::new(),
            targets: HashMap::new(),
            tables: HashMap::new(),
            by_rows: HashMap::new(),
            next: 0,
            remembered: HashMap::new(),
        };
        let empty = shelf.table_of(Vec::new());
        // Never to be given up.
        shelf.hold(empty, 1);
        shelf
    }

    /// Takes in a rule that a client understood.
    pub(super) fn step(&mut self, change: Change) -> Step {
        match change {
            Change::Put(rule) => Step::Put(self.rule(rule)),
            Change::Remove(rule_type, identifier) => {
                Step::Remove(self.target(rule_type, &identifier))
            }
            Change::Uncompiled => Step::Uncompiled,
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

    /// Takes so many hosts from the empty table to begin with.
    pub(super) fn hold(&mut self, table: TableId, hosts: u32) {
        if let Some(table) = self.tables.get_mut(&table) {
            table.holders += hosts;
        }
    }

    /// Lets a host leave its table, which is forgotten with the last one.
    pub(super) fn release(&mut self, id: TableId) {
        let Some(table) = self.tables.get_mut(&id) else { return };
        table.holders -= 1;
        if table.holders == 0
            && let Some(table) = self.tables.remove(&id)
        {
            self.by_rows.remove(&table.rows);
        }
    }

    /// Moves a host from one table to what a download makes of it. When nothing came, nothing
    /// is cleaned either, as with a real client.
    pub(super) fn apply(
        &mut self,
        from: TableId,
        kind: SyncKind,
        download: Download<'_>,
    ) -> TableId {
        if download.pages.iter().all(|page| page.is_empty()) {
            return from;
        }
        // Hosts of a fleet have no transitive rules, so a clean sync of either kind forgets all.
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

    /// The rows that come of a table. The last word about a target counts, and stands where it
    /// was said.
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
        let counts = self.counted(&rows);
        self.by_rows.insert(Rc::clone(&rows), id);
        self.tables.insert(id, Table { rows, holders: 0, counts, rules_hash: None });
        id
    }

    fn counted(&self, rows: &[RuleId]) -> RuleCounts {
        let mut counts = RuleCounts::default();
        for row in rows {
            let rule = &self.rules[row.0 as usize].rule;
            let of_its_type = match rule.rule_type {
                RuleType::Binary => &mut counts.binary,
                RuleType::Certificate => &mut counts.certificate,
                RuleType::TeamId => &mut counts.teamid,
                RuleType::SigningId => &mut counts.signingid,
                RuleType::CdHash => &mut counts.cdhash,
            };
            *of_its_type += 1;
            counts.compiler += u32::from(rule.state == RuleState::AllowlistCompiler);
        }
        counts
    }

    fn rows(&self, table: TableId) -> &[RuleId] {
        self.tables.get(&table).map_or(&[], |table| &table.rows)
    }

    /// What a client reports of its rules' number.
    pub(super) fn counts(&self, table: TableId) -> RuleCounts {
        self.tables.get(&table).map_or_else(RuleCounts::default, |table| table.counts)
    }

    /// The hash by which a client's rules can be compared.
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

    /// What one table has and another does not, in no order.
    fn beyond(&self, one: TableId, other: TableId) -> Vec<RuleId> {
        let mut has = self.rows(other).to_vec();
        has.sort_unstable();
        let lacks = |rule: &RuleId| has.binary_search(rule).is_err();
        self.rows(one).iter().copied().filter(lacks).collect()
    }

    /// How what is held differs from what should be, if it does. The order says nothing.
    pub(super) fn difference(&self, held: TableId, due: TableId) -> Option<Difference> {
        if held == due {
            return None;
        }
        let (extra, missing) = (self.beyond(held, due), self.beyond(due, held));
        let first = extra.first().map(|rule| ("holds", rule));
        let (verb, rule) = first.or_else(|| missing.first().map(|rule| ("lacks", rule)))?;
        let HeldRule { rule_type, identifier, .. } = &*self.rules[rule.0 as usize].rule;
        let example = format!("{verb} {rule_type} {identifier}");
        Some(Difference { extra: extra.len(), missing: missing.len(), example })
    }

    /// How many tables somebody holds, the empty one included.
    pub(super) fn tables(&self) -> usize {
        self.tables.len()
    }
}

/// How what a host holds differs from what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// How many rules it holds that it should not.
    pub(super) extra: usize,
    /// How many it should hold and does not.
    pub(super) missing: usize,
    /// One of them.
    pub(super) example: String,
}

#[cfg(test)]
mod tests;
