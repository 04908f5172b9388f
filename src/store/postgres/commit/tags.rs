//! Tags, and the tags of hosts, that a change edits.

use std::collections::BTreeMap;

use deadpool_postgres::GenericClient;

use super::{Version, transition};
use crate::fleet::{Membership, Tag};
use crate::rule::{MachineId, Outcome, TagName};
use crate::store::checksum::RowHasher;
use crate::store::postgres::having::Having;
use crate::store::postgres::rows::{self, Text};
use crate::store::postgres::{codes, filter, hosts, query};
use crate::store::quarantine::listed;
use crate::store::{Edit, RefusalReason, StoreResult};

/// One tag: as it is in the database, and as it shall be.
struct Entry {
    stored: Option<(Version, Tag)>,
    wanted: Option<Tag>,
}

/// All tags there are, and those that a change makes or drops.
pub(super) struct Tags(BTreeMap<TagName, Entry>);

impl Tags {
    /// Reads all tags in force.
    pub(super) async fn load(on: &impl GenericClient) -> StoreResult<Self> {
        let mut tags = BTreeMap::new();
        let sql = "SELECT id, made, name, priority, description, membership FROM tag
                   WHERE ended IS NULL";
        for row in &query(on, sql, filter::NONE).await? {
            // One that cannot be read stays as it is.
            let Some(tag) = listed(rows::tag(row, 2))? else { continue };
            let version = Version { id: row.try_get(0)?, made: row.try_get(1)? };
            let entry = Entry { stored: Some((version, tag.clone())), wanted: Some(tag.clone()) };
            tags.insert(tag.name, entry);
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
    pub(super) async fn write(self, on: &impl GenericClient, revision: i64) -> StoreResult<i64> {
        let (mut altered, mut hasher) = (0, RowHasher::default());
        for Entry { stored, wanted } in self.0.into_values() {
            if stored.as_ref().map(|(_, tag)| tag) == wanted.as_ref() {
                continue;
            }
            if let Some((row, _)) = stored {
                altered += row.end(on, "tag", revision).await?;
            }
            if let Some(tag) = wanted {
                let sql =
                    "INSERT INTO tag (name, priority, description, membership, made, checksum)
                           VALUES ($1, $2, $3, $4, $5, $6)";
                let description = tag.description.as_deref().map(Text);
                let membership = codes::json(&tag.membership)?;
                let priority = i64::from(tag.priority);
                let name = tag.name.as_str();
                let checksum = rows::tag_checksum(&mut hasher, &tag, &membership, revision);
                let values: crate::store::postgres::Values<'_> =
                    &[&name, &priority, &description, &membership, &revision, &checksum];
                query(on, sql, values).await?;
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

/// The hosts whose tags a change edits.
#[derive(Default)]
pub(super) struct HostTags(BTreeMap<MachineId, HostEntry>);

impl HostTags {
    /// Reads the tags of all hosts that the edits tag or untag.
    pub(super) async fn load(on: &impl GenericClient, edits: &[Edit]) -> StoreResult<Self> {
        let machines = edits.iter().filter_map(|edit| match edit {
            Edit::TagHost { machine, .. } | Edit::UntagHost { machine, .. } => {
                Some(machine.as_str())
            }
            Edit::PutRule(_)
            | Edit::MergeRule(_)
            | Edit::DropRule { .. }
            | Edit::Set { .. }
            | Edit::Unset { .. }
            | Edit::PutTag(_)
            | Edit::DropTag { .. } => None,
        });
        let mut machines: Vec<&str> = machines.collect();
        machines.sort_unstable();
        machines.dedup();
        if machines.is_empty() {
            return Ok(Self::default());
        }
        let found = hosts::tags_of(on, &machines).await?.into_iter();
        let entry = |(machine, tags): (MachineId, Vec<TagName>)| {
            (machine, HostEntry { stored: tags.clone(), wanted: tags })
        };
        Ok(Self(found.map(entry).collect()))
    }

    /// Gives a host a tag, or takes it away. Nothing if there is no such host.
    pub(super) fn edit(
        &mut self,
        machine: &MachineId,
        tag: &TagName,
        wanted: bool,
    ) -> Option<Outcome> {
        let tags = &mut self.0.get_mut(machine)?.wanted;
        Some(match (tags.binary_search(tag), wanted) {
            (Err(place), true) => {
                tags.insert(place, tag.clone());
                Outcome::Added
            }
            (Ok(place), false) => {
                tags.remove(place);
                Outcome::Removed
            }
            (Ok(_), true) | (Err(_), false) => Outcome::Unchanged,
        })
    }

    /// Writes what differs from the database, and says how many hosts that is.
    pub(super) async fn write(&mut self, on: &impl GenericClient) -> StoreResult<i64> {
        let mut altered = 0;
        for (machine, HostEntry { stored, wanted }) in &mut self.0 {
            if stored != wanted {
                hosts::set_tags(on, machine, wanted).await?;
                stored.clone_from(wanted);
                altered += 1;
            }
        }
        Ok(altered)
    }

    /// Takes a tag away from all hosts that were given it, and says how many that were.
    pub(super) async fn take_away(
        &mut self,
        on: &impl GenericClient,
        tag: &TagName,
    ) -> StoreResult<i64> {
        let machines = hosts::tagged(on, tag).await?;
        let machines: Vec<&str> = machines.iter().map(MachineId::as_str).collect();
        let mut retagged = 0;
        for (machine, mut tags) in hosts::tags_of(on, &machines).await? {
            tags.retain(|other| other != tag);
            hosts::set_tags(on, &machine, &tags).await?;
            if let Some(entry) = self.0.get_mut(&machine) {
                *entry = HostEntry { stored: tags.clone(), wanted: tags };
            }
            retagged += 1;
        }
        Ok(retagged)
    }
}

/// What uses a tag, if anything does: rules and settings in its scope, and hosts that have it,
/// be it by hand or as members.
pub(super) async fn in_use(
    on: &impl GenericClient,
    name: &TagName,
    membership: Membership,
    scope: Option<i64>,
) -> StoreResult<Option<RefusalReason>> {
    let count = async |table: &str| -> StoreResult<u64> {
        let sql = format!("SELECT count(*) FROM {table} WHERE scope = $1 AND ended IS NULL");
        let rows = query(on, &sql, &[&scope]).await?;
        rows.first().map_or(Ok(0), |row| rows::count(row, 0))
    };
    let rules = count("rule").await?;
    let settings = count("setting").await?;
    let hosts = hosts::count_having(on, &Having::with(name, membership)).await?;
    let used = rules + settings + hosts > 0;
    Ok(used.then(|| RefusalReason::TagInUse { name: name.clone(), rules, settings, hosts }))
}

/// Ends all rules and settings of a tag's scope, and says by how many rows the revision grew.
pub(super) async fn end_all_of(
    on: &impl GenericClient,
    scope: Option<i64>,
    revision: i64,
) -> StoreResult<i64> {
    let mut altered = 0;
    for table in ["rule", "setting"] {
        let unmake =
            format!("DELETE FROM {table} WHERE scope = $1 AND ended IS NULL AND made = $2");
        let end = format!(
            "UPDATE {table} SET ended = $2, checksum = checksum # $2
             WHERE scope = $1 AND ended IS NULL"
        );
        let unmade = on.execute(&unmake, &[&scope, &revision]).await?;
        let ended = on.execute(&end, &[&scope, &revision]).await?;
        altered += ended.cast_signed() - unmade.cast_signed();
    }
    Ok(altered)
}
