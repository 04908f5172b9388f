//! What is in force besides rules, and the revisions that made it so.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::rows;
use crate::fleet::{Setting, SettingKey, Tag};
use crate::rule::{Revision, Scope};
use crate::store::{Author, PolicySnapshot, ScopeId, StoreError, StoreResult};

/// The newest revision.
pub(super) fn head(db: &Connection) -> StoreResult<Revision> {
    let mut query = db.prepare_cached("SELECT max(id) FROM revision")?;
    let newest: Option<i64> = query.query_row([], |row| row.get(0))?;
    Ok(Revision(newest.unwrap_or(0).cast_unsigned()))
}

/// Writes the next revision down.
pub(super) fn add_revision(
    db: &Connection,
    revision: Revision,
    author: &Author,
) -> StoreResult<()> {
    db.prepare_cached("INSERT INTO revision (id, at, author, message) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            revision.0.cast_signed(),
            author.at.as_millisecond(),
            author.name,
            author.message
        ])?;
    Ok(())
}

/// Settings and tags in force.
pub(super) fn snapshot(db: &Connection) -> StoreResult<PolicySnapshot> {
    Ok(PolicySnapshot { head: head(db)?, settings: settings(db)?, tags: tags(db)? })
}

fn settings(db: &Connection) -> StoreResult<Vec<(Scope, Setting)>> {
    let mut query = db.prepare_cached(
        "SELECT scope.kind, scope.name, setting.key, setting.value \
         FROM setting JOIN scope ON scope.id = setting.scope WHERE setting.ended IS NULL \
         ORDER BY scope.kind, scope.name, setting.key",
    )?;
    let rows = query.query_map([], |row| {
        Ok((rows::scope(row, 0)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
    })?;
    let mut settings = Vec::new();
    for row in rows {
        let (scope, key, value) = row?;
        let strange = |error: crate::fleet::SettingError| StoreError::Database(error.to_string());
        let key: SettingKey = key.parse().map_err(strange)?;
        settings.push((scope, Setting::parse(key, &value).map_err(strange)?));
    }
    Ok(settings)
}

/// Tags in force, by name.
pub(super) fn tags(db: &Connection) -> StoreResult<Vec<Tag>> {
    let mut query = db.prepare_cached(
        "SELECT name, priority, description FROM tag WHERE ended IS NULL ORDER BY name",
    )?;
    let rows =
        query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    let mut tags = Vec::new();
    for row in rows {
        let (name, priority, description) = row?;
        let strange = |error: crate::rule::ScopeError| StoreError::Database(error.to_string());
        tags.push(Tag { name: name.parse().map_err(strange)?, priority, description });
    }
    Ok(tags)
}

/// Ids of scopes, given on first use.
#[derive(Default)]
pub(super) struct Scopes {
    known: HashMap<Scope, ScopeId>,
}

impl Scopes {
    /// The id of a scope.
    pub(super) fn id(&mut self, db: &Connection, scope: &Scope) -> StoreResult<ScopeId> {
        if let Some(id) = self.known.get(scope) {
            return Ok(*id);
        }
        let key = params![rows::scope_number(scope), scope.name()];
        let mut find = db.prepare_cached("SELECT id FROM scope WHERE kind = ?1 AND name = ?2")?;
        let id = match find.query_row(key, |row| row.get(0)).optional()? {
            Some(id) => id,
            None => {
                db.prepare_cached("INSERT INTO scope (kind, name) VALUES (?1, ?2)")?.insert(key)?
            }
        };
        self.known.insert(scope.clone(), ScopeId(id));
        Ok(ScopeId(id))
    }
}
