//! Settings that a change edits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rusqlite::{Connection, OptionalExtension as _};

use super::slots::{Slot, Slots};
use super::{END, Version, transition};
use crate::fleet::SettingKey;
use crate::rule::Outcome;
use crate::store::checksum::RowHasher;
use crate::store::sqlite::rows;

/// One setting in one scope: as it is in the database, and as it shall be.
struct Edited {
    stored: Option<(Version, String)>,
    wanted: Option<String>,
}

/// The settings that were edited since the last write.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<(Slot, SettingKey), Edited>);

impl Settings {
    /// Sets or, without a value, unsets.
    pub(super) fn edit(
        &mut self,
        connection: &Connection,
        scopes: &Slots<'_>,
        slot: Slot,
        key: SettingKey,
        value: Option<String>,
    ) -> rusqlite::Result<Outcome> {
        let entry = match self.0.entry((slot, key)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let stored = match scopes.id(slot) {
                    Some(scope) => find(connection, scope, key)?,
                    None => None,
                };
                let wanted = stored.as_ref().map(|(_, value)| value.clone());
                unknown.insert(Edited { stored, wanted })
            }
        };
        let outcome = transition(entry.wanted.as_ref(), value.as_ref());
        entry.wanted = value;
        Ok(outcome)
    }

    /// Writes what differs from the database, and says by how many rows the revision grew.
    pub(super) fn write(
        &mut self,
        connection: &Connection,
        scopes: &mut Slots<'_>,
        revision: i64,
    ) -> rusqlite::Result<i64> {
        let mut end =
            connection.prepare_cached(&format!("UPDATE setting SET {END} WHERE id = ?2"))?;
        let mut delete = connection.prepare_cached("DELETE FROM setting WHERE id = ?")?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO setting (scope, key, value, made, checksum) VALUES (?, ?, ?, ?, ?)",
        )?;
        let mut hasher = RowHasher::default();
        let mut altered = 0;
        for ((slot, key), Edited { stored, wanted }) in std::mem::take(&mut self.0) {
            if stored.as_ref().map(|(_, value)| value) == wanted.as_ref() {
                continue;
            }
            if let Some((row, _)) = stored {
                altered += row.end(revision, &mut end, &mut delete)?;
            }
            if let Some(value) = wanted {
                let scope = scopes.intern(connection, slot)?;
                let named = scopes.scope(slot);
                let checksum = rows::setting_checksum(&mut hasher, named, key, &value, revision);
                insert.execute((scope, key.name(), value, revision, checksum))?;
                altered += 1;
            }
        }
        Ok(altered)
    }
}

fn find(
    connection: &Connection,
    scope: i64,
    key: SettingKey,
) -> rusqlite::Result<Option<(Version, String)>> {
    connection
        .prepare_cached(
            "SELECT id, made, value FROM setting WHERE scope = ? AND key = ? AND ended IS NULL",
        )?
        .query_row((scope, key.name()), |row| {
            Ok((Version { id: row.get(0)?, made: row.get(1)? }, row.get(2)?))
        })
        .optional()
}
