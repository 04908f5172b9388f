//! The ids of the scopes that a change speaks of.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::rule::Scope;
use crate::store::sqlite::{codes, scopes};

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
    /// The place of a scope.
    pub(super) fn slot(
        &mut self,
        connection: &Connection,
        scope: &'a Scope,
    ) -> rusqlite::Result<Slot> {
        // Rules come in runs of one scope, mostly.
        if let Some(last) = self.last
            && self.entries[last.0].0 == scope
        {
            return Ok(last);
        }
        let slot = match self.slots.get(scope) {
            Some(slot) => *slot,
            None => {
                let slot = Slot(self.entries.len());
                self.entries.push((scope, scopes::find(connection, scope)?));
                self.slots.insert(scope, slot);
                slot
            }
        };
        self.last = Some(slot);
        Ok(slot)
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
    pub(super) fn intern(&mut self, connection: &Connection, slot: Slot) -> rusqlite::Result<i64> {
        let (scope, id) = &mut self.entries[slot.0];
        if let Some(id) = *id {
            return Ok(id);
        }
        connection
            .prepare_cached("INSERT INTO scope (kind, name) VALUES (?, ?)")?
            .execute((codes::scope_kind(scope), scope.name()))?;
        Ok(*id.insert(connection.last_insert_rowid()))
    }
}
