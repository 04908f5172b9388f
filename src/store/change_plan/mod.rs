//! Plans a change. A plan contains the rows to end, the rows to insert, and the outcome of each
//! edit. Planning fails if any edit must be refused.
//!
//! No I/O happens here. [`ChangeReads`] lists what must be read, [`ChangePlan::new`] applies the
//! edits in order in memory, and the database writes what the plan contains. A row that a change
//! inserts and then ends is never stored, and edits that cancel each other do not create a
//! revision. Most rules that a change edits only once are not planned in memory: the database
//! compares them with the stored rules while it writes the plan.

mod reads;
mod rules;
#[cfg(test)]
mod tests;

pub(super) use self::reads::{ChangeReads, ChangeScopes, ScopeNumber, StoredState, stored_rule};
pub(super) use self::rules::{CurrentRule, EditResults, NewRule, RuleEdit, WantedRule};

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::fleet::{SettingKey, Tag, TagMerge};
use crate::rule::{Counts, MachineId, Outcome, RuleDifference, Scope, TagName, Target};
use crate::store::{Edit, Refusal, RefusalReason, StoreError, StoreResult};

/// A change to a row. At least one of `ended` and `inserted` is set.
#[derive(Clone, Debug)]
pub(super) struct RowChange<K, V> {
    pub(super) key: K,
    pub(super) ended: bool,
    pub(super) inserted: Option<V>,
    /// Whether a row was stored before the change. In a cleared scope, `ended` is false even if a
    /// row was stored, because all rows of the scope are ended together.
    was_stored: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RowCounts {
    pub(super) ended: u64,
    pub(super) inserted: u64,
    /// Inserted rows that replace a stored row.
    pub(super) replaced: u64,
}

impl RowCounts {
    fn of<K, V>(rows: &[RowChange<K, V>]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            counts.ended += u64::from(row.ended);
            counts.inserted += u64::from(row.inserted.is_some());
            counts.replaced += u64::from(row.inserted.is_some() && row.was_stored);
        }
        counts
    }

    pub(super) fn counts(self) -> Counts {
        Counts {
            added: self.inserted.saturating_sub(self.replaced),
            changed: self.replaced,
            removed: self.ended.saturating_sub(self.replaced),
        }
    }
}

impl std::ops::AddAssign for RowCounts {
    fn add_assign(&mut self, other: Self) {
        self.ended += other.ended;
        self.inserted += other.inserted;
        self.replaced += other.replaced;
    }
}

#[derive(Debug)]
pub(super) struct ChangePlan<'e> {
    pub(super) scopes: ChangeScopes,
    /// Scopes that need an ID, because they get their first rule or setting.
    pub(super) new_scopes: Vec<ScopeNumber>,
    /// The IDs of scopes whose rules and settings must all be ended before any row is inserted.
    pub(super) cleared_scopes: Vec<i64>,
    /// Edits of rules that have not been compared with the stored rules. See
    /// [`ChangeReads::single_rules`].
    pub(super) single_rules: Vec<RuleEdit<'e>>,
    pub(super) rules: Vec<RowChange<(&'e Target, ScopeNumber), NewRule<'e>>>,
    pub(super) settings: Vec<RowChange<(ScopeNumber, SettingKey), String>>,
    pub(super) tags: Vec<RowChange<TagName, Tag>>,
    /// Hosts whose tags change, with their new tags.
    pub(super) host_tags: Vec<(MachineId, Vec<TagName>)>,
    pub(super) results: EditResults,
}

impl<'e> ChangePlan<'e> {
    /// Plans a change.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if any edit cannot be made.
    pub(super) fn new(mut reads: ChangeReads<'e>, stored: StoredState<'e>) -> StoreResult<Self> {
        let single_rules = std::mem::take(&mut reads.single_rules);
        let edits = reads.edits;
        let mut planning = Planning::new(reads, stored);
        for (index, edit) in edits.iter().enumerate() {
            planning.apply(index, edit);
        }
        if planning.refusals.is_empty() {
            Ok(planning.finish(single_rules))
        } else {
            Err(StoreError::Refused(planning.refusals))
        }
    }

    /// Counts the ended and inserted rule rows. Rows that end because their scope is cleared, and
    /// edits in `single_rules`, are not counted.
    pub(super) fn rule_counts(&self) -> RowCounts {
        RowCounts::of(&self.rules)
    }

    /// How many inserted rules replace a rule that ends because its scope is cleared.
    pub(super) fn replaced_in_cleared_scopes(&self) -> u64 {
        let replaces =
            |row: &&RowChange<_, _>| row.was_stored && !row.ended && row.inserted.is_some();
        self.rules.iter().filter(replaces).count() as u64
    }

    pub(super) fn setting_counts(&self) -> RowCounts {
        RowCounts::of(&self.settings)
    }

    pub(super) fn tag_counts(&self) -> RowCounts {
        RowCounts::of(&self.tags)
    }
}

#[derive(Clone, Debug)]
struct Edited<V> {
    stored: Option<V>,
    now: Option<V>,
}

impl<V: Clone + PartialEq> Edited<V> {
    fn stored(value: V) -> Self {
        Self { stored: Some(value.clone()), now: Some(value) }
    }

    const fn absent() -> Self {
        Self { stored: None, now: None }
    }

    fn set(&mut self, value: Option<V>) -> Outcome {
        let outcome = match (&self.now, &value) {
            (None, Some(_)) => Outcome::Added,
            (Some(_), None) => Outcome::Removed,
            (before, after) if before == after => Outcome::Unchanged,
            _ => Outcome::Changed,
        };
        self.now = value;
        outcome
    }

    /// The change of the value's row, if any. In a cleared scope, the stored row ends together with
    /// all other rows of the scope.
    fn row<K>(self, key: K, is_cleared: bool) -> Option<RowChange<K, V>> {
        let (was_stored, is_same) = (self.stored.is_some(), self.stored == self.now);
        let unaltered = if is_cleared { self.now.is_none() } else { is_same };
        let ended = was_stored && !is_cleared;
        (!unaltered).then(|| RowChange { key, ended, inserted: self.now, was_stored })
    }
}

/// A rule that the change edits several times, or an edited rule in the scope of a dropped tag.
#[derive(Debug)]
struct EditedRule<'e> {
    key: (&'e Target, ScopeNumber),
    stored: CurrentRule<'e>,
    now: CurrentRule<'e>,
}

#[derive(Debug)]
struct Planning<'e> {
    scopes: ChangeScopes,
    rules: Vec<EditedRule<'e>>,
    /// By the index of an edit: the rule's index in `rules`, and the wanted rule.
    rule_edits: HashMap<usize, (usize, WantedRule<'e>)>,
    /// The number of active rules in the scope of each tag that is dropped without `force`. Rules
    /// in `rules` are not counted.
    other_rules: HashMap<ScopeNumber, u64>,
    settings: BTreeMap<(ScopeNumber, SettingKey), Edited<String>>,
    /// For each scope, the number of stored settings that this version of nicelist does not
    /// support.
    unknown_settings: HashMap<ScopeNumber, u64>,
    tags: BTreeMap<TagName, Edited<Tag>>,
    host_tags: BTreeMap<MachineId, Edited<Vec<TagName>>>,
    members: HashMap<usize, BTreeSet<MachineId>>,
    cleared: BTreeSet<ScopeNumber>,
    results: EditResults,
    refusals: Vec<Refusal>,
}

impl<'e> Planning<'e> {
    fn new(reads: ChangeReads<'e>, stored: StoredState<'e>) -> Self {
        let StoredState { tags, settings, host_tags, members, rule_counts, rules } = stored;
        let outcomes = vec![Outcome::Unchanged; reads.edits.len()];
        let keys = reads.rules_to_read();
        let mut planning = Self {
            scopes: reads.scopes,
            rules: Vec::with_capacity(keys.len()),
            rule_edits: HashMap::with_capacity(reads.read_rules.len()),
            other_rules: rule_counts,
            settings: BTreeMap::new(),
            unknown_settings: HashMap::new(),
            tags: tags.into_iter().map(|tag| (tag.name.clone(), Edited::stored(tag))).collect(),
            host_tags: host_tags
                .into_iter()
                .map(|(key, tags)| (key, Edited::stored(tags)))
                .collect(),
            members,
            cleared: BTreeSet::new(),
            results: EditResults { outcomes, differences: Vec::new() },
            refusals: Vec::new(),
        };
        let mut edits = reads.read_rules.into_iter().peekable();
        for (key, stored) in keys.into_iter().zip(rules) {
            let is_of_key = |edit: &RuleEdit<'_>| (edit.target, edit.scope) == key;
            while let Some(edit) = edits.next_if(is_of_key) {
                planning.rule_edits.insert(edit.edit, (planning.rules.len(), edit.wanted));
            }
            if let (true, Some(others)) = (stored.exists(), planning.other_rules.get_mut(&key.1)) {
                *others = others.saturating_sub(1);
            }
            planning.rules.push(EditedRule { key, now: stored.clone(), stored });
        }
        for (scope, name, value) in settings {
            match name.parse() {
                Ok(key) => drop(planning.settings.insert((scope, key), Edited::stored(value))),
                Err(_) => *planning.unknown_settings.entry(scope).or_default() += 1,
            }
        }
        planning
    }

    fn apply(&mut self, index: usize, edit: &'e Edit) {
        match edit {
            Edit::PutRule(rule) => self.put_rule(index, rule.scope()),
            Edit::MergeRule(merge) => self.put_rule(index, merge.rule.scope()),
            Edit::DropRule(_) => self.edit_rule(index),
            Edit::Set { scope, setting } => {
                if self.scope_exists(index, scope) {
                    self.edit_setting(index, scope, setting.key(), Some(setting.value()));
                }
            }
            Edit::Unset { scope, key } => self.edit_setting(index, scope, *key, None),
            Edit::PutTag(tag) => self.edit_tag(index, &tag.name, Some(tag.clone())),
            Edit::MergeTag(merge) => self.merge_tag(index, merge),
            Edit::DropTag { name, force } => self.drop_tag(index, name, *force),
            Edit::TagHost { machine, tag } => {
                if self.tag_exists(index, tag) {
                    self.edit_host(index, machine, tag, true);
                }
            }
            Edit::UntagHost { machine, tag } => self.edit_host(index, machine, tag, false),
        }
    }

    fn put_rule(&mut self, index: usize, scope: &Scope) {
        if self.scope_exists(index, scope) {
            self.edit_rule(index);
        }
    }

    fn edit_rule(&mut self, index: usize) {
        if let Some((rule, wanted)) = self.rule_edits.get(&index) {
            let rule = &mut self.rules[*rule];
            rule.now = self.results.edit_rule(&rule.now, index, *wanted);
        }
    }

    fn edit_setting(
        &mut self,
        index: usize,
        scope: &Scope,
        key: SettingKey,
        value: Option<String>,
    ) {
        // Always found: `ChangeReads::of` numbers the scope of every edited setting.
        let Some(scope) = self.scopes.find(scope) else { return };
        let setting = self.settings.entry((scope, key)).or_insert(Edited::absent());
        self.results.outcomes[index] = setting.set(value);
    }

    fn edit_tag(&mut self, index: usize, name: &TagName, tag: Option<Tag>) {
        let edited = self.tags.entry(name.clone()).or_insert(Edited::absent());
        self.results.outcomes[index] = edited.set(tag);
    }

    fn merge_tag(&mut self, index: usize, merge: &TagMerge) {
        let before = self.tags.get(&merge.name).and_then(|tag| tag.now.clone());
        let after = merge.onto(before.as_ref());
        let fields = before.map(|before| before.differences(&after)).unwrap_or_default();
        if !fields.is_empty() {
            self.results.differences.push(RuleDifference { edit: index, fields });
        }
        self.edit_tag(index, &merge.name, Some(after));
    }

    fn edit_host(&mut self, index: usize, machine: &MachineId, tag: &TagName, wanted: bool) {
        let Entry::Occupied(mut host) = self.host_tags.entry(machine.clone()) else {
            return self.refuse(index, RefusalReason::UnknownHost(machine.clone()));
        };
        let tags = host.get_mut().now.get_or_insert_default();
        self.results.outcomes[index] = match (tags.binary_search(tag), wanted) {
            (Err(place), true) => {
                tags.insert(place, tag.clone());
                Outcome::Added
            }
            (Ok(place), false) => {
                tags.remove(place);
                Outcome::Removed
            }
            (Ok(_), true) | (Err(_), false) => Outcome::Unchanged,
        };
    }

    fn drop_tag(&mut self, index: usize, name: &TagName, force: bool) {
        if !self.has_tag(name) {
            return;
        }
        // Always found: `ChangeReads::of` numbers the scope of every dropped tag.
        let Some(scope) = self.scopes.find(&Scope::Tag(name.clone())) else { return };
        if force {
            self.clear(scope);
            for tags in self.host_tags.values_mut().filter_map(|host| host.now.as_mut()) {
                tags.retain(|tag| tag != name);
            }
        } else if let Some(reason) = self.use_of_tag(index, name, scope) {
            return self.refuse(index, reason);
        }
        self.edit_tag(index, name, None);
    }

    fn clear(&mut self, scope: ScopeNumber) {
        self.cleared.insert(scope);
        self.other_rules.remove(&scope);
        self.unknown_settings.remove(&scope);
        for rule in self.rules.iter_mut().filter(|rule| rule.key.1 == scope) {
            rule.now = CurrentRule::Nothing;
        }
        for ((of, _), setting) in &mut self.settings {
            if *of == scope {
                setting.now = None;
            }
        }
    }

    /// The refusal to drop a tag, if rules, settings or hosts use it at this point of the change.
    fn use_of_tag(
        &self,
        index: usize,
        name: &TagName,
        scope: ScopeNumber,
    ) -> Option<RefusalReason> {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let edited = self.rules.iter().filter(|rule| rule.key.1 == scope && rule.now.exists());
        let rules = self.other_rules.get(&scope).copied().unwrap_or(0) + count(edited.count());
        let set = self.settings.iter().filter(|((of, _), it)| *of == scope && it.now.is_some());
        let unknown = self.unknown_settings.get(&scope).copied().unwrap_or(0);
        let settings = unknown + count(set.count());
        let given = self.host_tags.iter().filter(|(_, host)| {
            host.now.as_ref().is_some_and(|tags| tags.binary_search(name).is_ok())
        });
        let mut hosts: BTreeSet<&MachineId> = given.map(|(machine, _)| machine).collect();
        hosts.extend(self.members.get(&index).into_iter().flatten());
        let hosts = count(hosts.len());
        let is_used = rules + settings + hosts > 0;
        is_used.then(|| RefusalReason::TagInUse { name: name.clone(), rules, settings, hosts })
    }

    fn has_tag(&self, name: &TagName) -> bool {
        self.tags.get(name).is_some_and(|tag| tag.now.is_some())
    }

    fn scope_exists(&mut self, index: usize, scope: &Scope) -> bool {
        match scope {
            Scope::Tag(tag) => self.tag_exists(index, tag),
            Scope::Fleet | Scope::Group(_) | Scope::User(_) | Scope::Host(_) => true,
        }
    }

    fn tag_exists(&mut self, index: usize, tag: &TagName) -> bool {
        let exists = self.has_tag(tag);
        if !exists {
            self.refuse(index, RefusalReason::UnknownTag(tag.clone()));
        }
        exists
    }

    fn refuse(&mut self, edit: usize, reason: RefusalReason) {
        self.refusals.push(Refusal { edit, reason });
    }

    fn finish(self, single_rules: Vec<RuleEdit<'e>>) -> ChangePlan<'e> {
        let Self { scopes, cleared, results, .. } = self;
        let is_cleared = |scope: ScopeNumber| cleared.contains(&scope);
        let rules: Vec<_> = self.rules.into_iter().filter_map(|it| it.row(&cleared)).collect();
        let settings: Vec<_> = self
            .settings
            .into_iter()
            .filter_map(|(key, setting)| setting.row(key, is_cleared(key.0)))
            .collect();
        let tags = self.tags.into_iter().filter_map(|(name, tag)| tag.row(name, false)).collect();
        let retagged = self.host_tags.into_iter().filter(|(_, host)| host.stored != host.now);
        let host_tags =
            retagged.map(|(machine, host)| (machine, host.now.unwrap_or_default())).collect();
        let with_rules = rules.iter().filter(|row| row.inserted.is_some()).map(|row| row.key.1);
        let with_settings =
            settings.iter().filter(|row| row.inserted.is_some()).map(|row| row.key.0);
        let single = single_rules.iter().filter(|edit| edit.wanted.rule().is_some());
        let new_scopes: BTreeSet<ScopeNumber> = with_rules
            .chain(with_settings)
            .chain(single.map(|edit| edit.scope))
            .filter(|scope| scopes.id(*scope).is_none())
            .collect();
        ChangePlan {
            new_scopes: new_scopes.into_iter().collect(),
            cleared_scopes: cleared.iter().filter_map(|scope| scopes.id(*scope)).collect(),
            scopes,
            single_rules,
            rules,
            settings,
            tags,
            host_tags,
            results,
        }
    }
}

impl<'e> EditedRule<'e> {
    fn row(
        self,
        cleared: &BTreeSet<ScopeNumber>,
    ) -> Option<RowChange<(&'e Target, ScopeNumber), NewRule<'e>>> {
        let is_cleared = cleared.contains(&self.key.1);
        let is_altered = match is_cleared {
            true => self.now.exists(),
            false => self.stored.differs_from(&self.now),
        };
        let was_stored = self.stored.exists();
        let ended = was_stored && !is_cleared;
        is_altered.then(|| RowChange {
            key: self.key,
            ended,
            inserted: self.now.into_new(),
            was_stored,
        })
    }
}
