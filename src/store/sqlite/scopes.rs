//! Scopes and their ids.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{CachedStatement, Connection, OptionalExtension as _};

use super::codes;
use super::rows::str_at;
use crate::rule::Scope;
use crate::store::StoreResult;

/// The id of a scope that has had a rule or a setting.
pub(super) fn find(connection: &Connection, scope: &Scope) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM scope WHERE kind = ? AND name = ?")?
        .query_row((codes::scope_kind(scope), scope.name()), |row| row.get(0))
        .optional()
}

/// A scope as it is stored, and what it is if that can be read.
pub(super) struct StoredScope {
    pub(super) kind: i64,
    pub(super) name: String,
    scope: StoreResult<Scope>,
}

/// The scopes behind ids, each read once.
pub(super) struct Scopes<'c> {
    known: HashMap<i64, StoredScope>,
    find: CachedStatement<'c>,
}

impl<'c> Scopes<'c> {
    /// Knows none yet.
    pub(super) fn new(connection: &'c Connection) -> StoreResult<Self> {
        let find = connection.prepare_cached("SELECT kind, name FROM scope WHERE id = ?")?;
        Ok(Self { known: HashMap::new(), find })
    }

    /// The scope behind an id.
    pub(super) fn get(&mut self, id: i64) -> StoreResult<Scope> {
        self.stored(id)?.ok_or_else(|| codes::corrupt("scope", &id))?.scope.clone()
    }

    /// The scope behind an id as it is stored, if there is one.
    pub(super) fn stored(&mut self, id: i64) -> StoreResult<Option<&StoredScope>> {
        match self.known.entry(id) {
            Entry::Occupied(known) => Ok(Some(known.into_mut())),
            Entry::Vacant(unknown) => {
                let mut found = self.find.query([id])?;
                let Some(row) = found.next()? else { return Ok(None) };
                let (kind, name) = (row.get(0)?, str_at(row, 1)?.to_owned());
                let scope = codes::to_scope(kind, &name);
                Ok(Some(unknown.insert(StoredScope { kind, name, scope })))
            }
        }
    }
}
