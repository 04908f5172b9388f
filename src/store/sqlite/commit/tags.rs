//! Tags, and the tags of hosts, that a change edits.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{END, Version, transition};
use crate::fleet::{Membership, Tag};
use crate::rule::{MachineId, Outcome, TagName};
use crate::store::checksum::RowHasher;
use crate::store::quarantine::listed;
use crate::store::sqlite::having::Having;
use crate::store::sqlite::{codes, hosts, rows};
use crate::store::{RefusalReason, StoreResult};

/// One tag: as it is in the database, and as it shall be.
struct Entry {
    stored: Option<(Version, Tag)>,
    wanted: Option<Tag>,
}

/// All tags there are, and those that a change makes or drops.
pub(super) struct Tags(BTreeMap<TagName, Entry>);

impl Tags {
    /// Reads all tags in force.
    pub(super) fn load(connection: &Connection) -> StoreResult<Self> {
        let mut tags = BTreeMap::new();
        let mut statement = connection.prepare_cached(
            "SELECT id, made, name, priority, description, membership FROM tag
             WHERE ended IS NULL",
        )?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            // One that cannot be read stays as it is.
            let Some(tag) = listed(rows::tag(row, 2))? else { continue };
            let stored = Some((Version { id: row.get(0)?, made: row.get(1)? }, tag.clone()));
            tags.insert(tag.name.clone(), Entry { stored, wanted: Some(tag) });
        }
        Ok(Self(tags))
    }

    /// Whether there is such a tag.
    pub(super) fn has(&self, name: &TagName) -> bool {
        self.0.get(name).is_some_and(|entry| entry.wanted.is_some())
    }

    pub(super) fn membership(&self, name: &TagName) -> Membership {
        let wanted = self.0.get(name).and_then(|entry| entry.wanted.as_ref());
        wanted.map(|tag| tag.membership.clone()).unwrap_or_default()
    }

    /// Makes a tag as given.
    pub(super) fn put(&mut self, tag: &Tag) -> Outcome {
        self.edit(&tag.name, Some(tag.clone()))
    }

    pub(super) fn drop(&mut self, name: &TagName) -> Outcome {
        self.edit(name, None)
    }

    fn edit(&mut self, name: &TagName, wanted: Option<Tag>) -> Outcome {
        let entry = self.0.entry(name.clone()).or_insert(Entry { stored: None, wanted: None });
        let outcome = transition(entry.wanted.as_ref(), wanted.as_ref());
        entry.wanted = wanted;
        outcome
    }

    /// Writes what differs from the database, and says by how many rows the revision grew.
    pub(super) fn write(self, connection: &Connection, revision: i64) -> StoreResult<i64> {
        let mut end = connection.prepare_cached(&format!("UPDATE tag SET {END} WHERE id = ?2"))?;
        let mut delete = connection.prepare_cached("DELETE FROM tag WHERE id = ?")?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO tag (name, priority, description, membership, made, checksum)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        let mut hasher = RowHasher::default();
        let mut altered = 0;
        for Entry { stored, wanted } in self.0.into_values() {
            if stored.as_ref().map(|(_, tag)| tag) == wanted.as_ref() {
                continue;
            }
            if let Some((row, _)) = stored {
                altered += row.end(revision, &mut end, &mut delete)?;
            }
            if let Some(tag) = wanted {
                let membership = codes::json(&tag.membership)?;
                let Tag { name, priority, description, .. } = &tag;
                let checksum = rows::tag_checksum(&mut hasher, &tag, &membership, revision);
                let name = name.as_str();
                insert.execute((name, priority, description, membership, revision, checksum))?;
                altered += 1;
            }
        }
        Ok(altered)
    }
}

/// One host's tags: as they are in the database, and as they shall be.
struct HostEntry {
    stored: Vec<TagName>,
    wanted: Vec<TagName>,
}

/// The hosts whose tags were edited since the last write.
#[derive(Default)]
pub(super) struct HostTags(BTreeMap<MachineId, HostEntry>);

impl HostTags {
    /// Gives a host a tag, or takes it away. Nothing if there is no such host.
    pub(super) fn edit(
        &mut self,
        connection: &Connection,
        machine: &MachineId,
        tag: &TagName,
        wanted: bool,
    ) -> StoreResult<Option<Outcome>> {
        if !self.0.contains_key(machine)
            && let Some(stored) = hosts::tags(connection, machine)?
        {
            let wanted = stored.clone();
            self.0.insert(machine.clone(), HostEntry { stored, wanted });
        }
        let Some(HostEntry { wanted: tags, .. }) = self.0.get_mut(machine) else {
            return Ok(None);
        };
        Ok(Some(match (tags.binary_search(tag), wanted) {
            (Err(place), true) => {
                tags.insert(place, tag.clone());
                Outcome::Added
            }
            (Ok(place), false) => {
                tags.remove(place);
                Outcome::Removed
            }
            (Ok(_), true) | (Err(_), false) => Outcome::Unchanged,
        }))
    }

    /// Writes what differs from the database, and says how many hosts that is.
    pub(super) fn write(&mut self, connection: &Connection) -> StoreResult<i64> {
        let mut altered = 0;
        for (machine, HostEntry { stored, wanted }) in std::mem::take(&mut self.0) {
            if stored != wanted {
                hosts::set_tags(connection, &machine, &wanted)?;
                altered += 1;
            }
        }
        Ok(altered)
    }
}

/// What uses a tag, if anything does: rules and settings in its scope, and hosts that have it,
/// be it by hand or as members.
pub(super) fn in_use(
    connection: &Connection,
    name: &TagName,
    membership: Membership,
    scope: Option<i64>,
) -> StoreResult<Option<RefusalReason>> {
    let count = |sql, scope| -> StoreResult<u64> {
        let counted: i64 = connection.prepare_cached(sql)?.query_one([scope], |row| row.get(0))?;
        u64::try_from(counted).map_err(|error| codes::corrupt("count", &error))
    };
    let rules = count("SELECT count(*) FROM rule WHERE scope = ? AND ended IS NULL", scope)?;
    let settings = count("SELECT count(*) FROM setting WHERE scope = ? AND ended IS NULL", scope)?;
    let hosts = hosts::count(connection, &Having::with(name, membership))?;
    let used = rules + settings + hosts > 0;
    Ok(used.then(|| RefusalReason::TagInUse { name: name.clone(), rules, settings, hosts }))
}

/// Takes a tag away from all that uses it, and says by how many rows the revision grew and how
/// many hosts lost the tag.
pub(super) fn take_away(
    connection: &Connection,
    name: &TagName,
    scope: Option<i64>,
    revision: i64,
) -> StoreResult<(i64, i64)> {
    let (mut altered, mut retagged) = (0, 0);
    for table in ["rule", "setting"] {
        let unmade = connection.execute(
            &format!("DELETE FROM {table} WHERE scope = ? AND ended IS NULL AND made = ?"),
            (scope, revision),
        )?;
        let ended = connection.execute(
            &format!("UPDATE {table} SET {END} WHERE scope = ?2 AND ended IS NULL"),
            (revision, scope),
        )?;
        altered += codes::limit(ended) - codes::limit(unmade);
    }
    for machine in hosts::tagged(connection, name)? {
        let Some(mut tags) = hosts::tags(connection, &machine)? else { continue };
        tags.retain(|tag| tag != name);
        hosts::set_tags(connection, &machine, &tags)?;
        retagged += 1;
    }
    Ok((altered, retagged))
}
