//! The ids of the scopes that a change speaks of.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;

use crate::rule::Scope;
use crate::store::postgres::rows::Text;
use crate::store::postgres::{codes, query};
use crate::store::{Edit, StoreResult};

/// A scope's place among those of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot(usize);

/// The scopes of one change. A scope gets an id when it first gets a rule or a setting, and not
/// before.
#[derive(Default)]
pub(super) struct Slots<'a> {
    slots: HashMap<&'a Scope, Slot>,
    entries: Vec<(&'a Scope, Option<i64>)>,
    last: Option<Slot>,
}

impl<'a> Slots<'a> {
    /// The scopes of all edits, with the ids that they have.
    pub(super) async fn load(on: &impl GenericClient, edits: &'a [Edit]) -> StoreResult<Self> {
        let mut slots = Self::default();
        for edit in edits {
            match edit {
                Edit::PutRule(rule) => drop(slots.slot(rule.scope())),
                Edit::MergeRule(merge) => drop(slots.slot(merge.rule.scope())),
                Edit::DropRule { scope, .. }
                | Edit::Set { scope, .. }
                | Edit::Unset { scope, .. } => {
                    slots.slot(scope);
                }
                Edit::PutTag(_)
                | Edit::DropTag { .. }
                | Edit::TagHost { .. }
                | Edit::UntagHost { .. } => {}
            }
        }
        let kinds: Vec<i64> =
            slots.entries.iter().map(|(scope, _)| codes::scope_kind(scope)).collect();
        let names: Vec<Text<'_>> =
            slots.entries.iter().map(|(scope, _)| Text(scope.name())).collect();
        let sql = "SELECT n.place, s.id
                   FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS n (kind, name, place)
                   JOIN scope AS s ON s.kind = n.kind AND s.name = n.name";
        for row in query(on, sql, &[&kinds, &names]).await? {
            let place: i64 = row.try_get(0)?;
            let place = usize::try_from(place - 1).map_err(|_| codes::corrupt("place", &place))?;
            if let Some((_, id)) = slots.entries.get_mut(place) {
                *id = Some(row.try_get(1)?);
            }
        }
        Ok(slots)
    }

    /// The place of a scope.
    pub(super) fn slot(&mut self, scope: &'a Scope) -> Slot {
        // Rules come in runs of one scope, mostly.
        if let Some(last) = self.last
            && self.entries[last.0].0 == scope
        {
            return last;
        }
        let next = Slot(self.entries.len());
        let slot = *self.slots.entry(scope).or_insert(next);
        if slot == next {
            self.entries.push((scope, None));
        }
        self.last = Some(slot);
        slot
    }

    /// The scope at a place.
    pub(super) fn scope(&self, slot: Slot) -> &'a Scope {
        self.entries[slot.0].0
    }

    /// The id of a scope, if it has one.
    pub(super) fn id(&self, slot: Slot) -> Option<i64> {
        self.entries[slot.0].1
    }

    /// The id of a scope, which gets one if it has none.
    pub(super) async fn intern(&mut self, on: &impl GenericClient, slot: Slot) -> StoreResult<i64> {
        let (scope, id) = &mut self.entries[slot.0];
        if let Some(id) = *id {
            return Ok(id);
        }
        let sql = "INSERT INTO scope (kind, name) VALUES ($1, $2) RETURNING id";
        let rows = query(on, sql, &[&codes::scope_kind(scope), &Text(scope.name())]).await?;
        let row = rows.first().ok_or_else(|| codes::corrupt("scope", &scope))?;
        Ok(*id.insert(row.try_get(0)?))
    }
}
