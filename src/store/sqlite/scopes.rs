//! Scopes and their ids.

use std::collections::HashMap;

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

/// The scopes behind ids, each read once.
pub(super) struct Scopes<'c> {
    known: HashMap<i64, Scope>,
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
        if let Some(scope) = self.known.get(&id) {
            return Ok(scope.clone());
        }
        let mut found = self.find.query([id])?;
        let row = found.next()?.ok_or_else(|| codes::corrupt("scope", &id))?;
        let scope = codes::to_scope(row.get(0)?, str_at(row, 1)?)?;
        self.known.insert(id, scope.clone());
        Ok(scope)
    }
}
