//! The rows that must be read before a change is planned.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::rules::{CurrentRule, RuleEdit, WantedRule};
use crate::fleet::{Membership, Tag, TagMerge};
use crate::rule::{MachineId, Rule, RuleKey, Scope, TagName, Target};
use crate::store::{Edit, StoreResult};

/// The index of a scope in the list of all scopes of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) struct ScopeNumber(usize);

/// The scopes of one change and their IDs. A scope gets an ID when it first gets a rule or a
/// setting.
#[derive(Debug, Default)]
pub(in crate::store) struct ChangeScopes {
    numbers: HashMap<Scope, ScopeNumber>,
    scopes: Vec<Scope>,
    ids: Vec<Option<i64>>,
    last: Option<ScopeNumber>,
}

impl ChangeScopes {
    fn number(&mut self, scope: &Scope) -> ScopeNumber {
        // Successive edits usually have the same scope.
        if let Some(last) = self.last
            && self.scopes[last.0] == *scope
        {
            return last;
        }
        let number = match self.numbers.get(scope) {
            Some(number) => *number,
            None => {
                let number = ScopeNumber(self.scopes.len());
                self.numbers.insert(scope.clone(), number);
                self.scopes.push(scope.clone());
                self.ids.push(None);
                number
            }
        };
        self.last = Some(number);
        number
    }

    pub(super) fn find(&self, scope: &Scope) -> Option<ScopeNumber> {
        self.numbers.get(scope).copied()
    }

    pub(in crate::store) fn scope(&self, number: ScopeNumber) -> &Scope {
        &self.scopes[number.0]
    }

    /// The ID of a scope, if it has had a rule or a setting.
    pub(in crate::store) fn id(&self, number: ScopeNumber) -> Option<i64> {
        self.ids[number.0]
    }

    pub(in crate::store) fn set_id(&mut self, number: ScopeNumber, id: i64) {
        self.ids[number.0] = Some(id);
    }

    pub(in crate::store) fn all(&self) -> impl Iterator<Item = (ScopeNumber, &Scope)> {
        self.scopes.iter().enumerate().map(|(number, scope)| (ScopeNumber(number), scope))
    }
}

/// The edits of a change, and the rows that must be read to plan them.
#[derive(Debug, Default)]
pub(in crate::store) struct ChangeReads<'e> {
    pub(in crate::store) edits: &'e [Edit],
    pub(in crate::store) scopes: ChangeScopes,
    pub(in crate::store) setting_scopes: BTreeSet<ScopeNumber>,
    pub(in crate::store) machines: BTreeSet<&'e MachineId>,
    pub(in crate::store) dropped_tags: BTreeMap<&'e TagName, ScopeNumber>,
    /// Edits of rules that are edited only once, sorted by target and scope. Rules in the scopes of
    /// dropped tags are not included. The stored rules are not read before the change is planned.
    /// Most rules of a large import are new or unchanged, so it is faster if the database compares
    /// them while it writes the plan.
    pub(in crate::store) single_rules: Vec<RuleEdit<'e>>,
    /// Edits of all other rules, sorted by target, scope and edit. These rules must be read before
    /// the change is planned.
    pub(in crate::store) read_rules: Vec<RuleEdit<'e>>,
}

impl<'e> ChangeReads<'e> {
    pub(in crate::store) fn of(edits: &'e [Edit]) -> Self {
        let mut reads = Self { edits, ..Self::default() };
        for (index, edit) in edits.iter().enumerate() {
            match edit {
                Edit::PutRule(rule) => reads.add_rule(index, rule, WantedRule::Rule(rule)),
                Edit::MergeRule(merge) => {
                    reads.add_rule(index, &merge.rule, WantedRule::Merge(merge));
                }
                Edit::DropRule(RuleKey { target, scope }) => {
                    let (scope, wanted) = (reads.scopes.number(scope), WantedRule::Nothing);
                    reads.single_rules.push(RuleEdit { edit: index, target, scope, wanted });
                }
                Edit::Set { scope, .. } | Edit::Unset { scope, .. } => {
                    let scope = reads.scopes.number(scope);
                    reads.setting_scopes.insert(scope);
                }
                Edit::TagHost { machine, .. } | Edit::UntagHost { machine, .. } => {
                    reads.machines.insert(machine);
                }
                Edit::DropTag { name, .. } => {
                    let scope = reads.scopes.number(&Scope::Tag(name.clone()));
                    reads.setting_scopes.insert(scope);
                    reads.dropped_tags.insert(name, scope);
                }
                Edit::PutTag(_) | Edit::MergeTag(_) => {}
            }
        }
        reads.separate_rules();
        reads
    }

    fn add_rule(&mut self, edit: usize, rule: &'e Rule, wanted: WantedRule<'e>) {
        let scope = self.scopes.number(rule.scope());
        self.single_rules.push(RuleEdit { edit, target: rule.target(), scope, wanted });
    }

    /// Sorts the rule edits, so that the database reads its index in order. Moves the edits whose
    /// rules must be read to `read_rules`.
    fn separate_rules(&mut self) {
        let rules = &mut self.single_rules;
        rules
            .sort_unstable_by(|a, b| (a.target, a.scope, a.edit).cmp(&(b.target, b.scope, b.edit)));
        let dropped: BTreeSet<ScopeNumber> = self.dropped_tags.values().copied().collect();
        let mut read: Vec<Range<usize>> = Vec::new();
        let mut start = 0;
        for group in rules.chunk_by(|a, b| a.scope == b.scope && a.target == b.target) {
            let end = start + group.len();
            if group.len() > 1 || dropped.contains(&group[0].scope) {
                read.push(start..end);
                self.read_rules.extend_from_slice(group);
            }
            start = end;
        }
        let mut taken = read.into_iter().flatten().peekable();
        let mut index = 0;
        rules.retain(|_| {
            let is_taken = taken.next_if_eq(&index).is_some();
            index += 1;
            !is_taken
        });
    }

    /// The target and scope of each rule that must be read, in the order of `read_rules`.
    pub(in crate::store) fn rules_to_read(&self) -> Vec<(&'e Target, ScopeNumber)> {
        let same = |a: &RuleEdit<'_>, b: &RuleEdit<'_>| a.scope == b.scope && a.target == b.target;
        self.read_rules.chunk_by(same).map(|group| (group[0].target, group[0].scope)).collect()
    }

    /// The edits that drop a tag only if nothing uses it, each with the tag's membership at that
    /// point of the change.
    pub(in crate::store) fn guarded_drops(
        &self,
        stored: &[Tag],
    ) -> Vec<(usize, &'e TagName, Membership)> {
        let mut memberships: HashMap<&TagName, Option<&Membership>> =
            stored.iter().map(|tag| (&tag.name, Some(&tag.membership))).collect();
        let mut drops = Vec::new();
        for (index, edit) in self.edits.iter().enumerate() {
            match edit {
                Edit::PutTag(tag) => {
                    memberships.insert(&tag.name, Some(&tag.membership));
                }
                Edit::MergeTag(TagMerge { name, membership, .. }) => {
                    let current = memberships.entry(name).or_default();
                    *current = membership.as_ref().or(*current);
                }
                Edit::DropTag { name, force: true } => {
                    memberships.remove(name);
                }
                Edit::DropTag { name, force: false } => {
                    if let Some(membership) = memberships.remove(name) {
                        drops.push((index, name, membership.cloned().unwrap_or_default()));
                    }
                }
                _ => {}
            }
        }
        drops
    }
}

#[derive(Debug, Default)]
pub(in crate::store) struct StoredState<'e> {
    pub(in crate::store) tags: Vec<Tag>,
    /// The settings of the requested scopes: scope, name, value.
    pub(in crate::store) settings: Vec<(ScopeNumber, String, String)>,
    /// The tags of the requested hosts and of hosts that have a dropped tag.
    pub(in crate::store) host_tags: BTreeMap<MachineId, Vec<TagName>>,
    /// The members of each tag in a guarded drop, by the index of the edit.
    pub(in crate::store) members: HashMap<usize, BTreeSet<MachineId>>,
    /// The number of active rules in the scope of each tag in a guarded drop.
    pub(in crate::store) rule_counts: HashMap<ScopeNumber, u64>,
    /// The requested rules, in the order of the request.
    pub(in crate::store) rules: Vec<CurrentRule<'e>>,
}

/// Converts the result of reading a rule's row. An unreadable row is not an error.
pub(in crate::store) fn stored_rule<'e>(read: StoreResult<Rule>) -> StoreResult<CurrentRule<'e>> {
    Ok(CurrentRule::stored(crate::store::quarantine::listed(read)?))
}
