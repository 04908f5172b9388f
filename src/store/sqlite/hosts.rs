//! Hosts and scope sets in SQLite.

use rusqlite::{Connection, Row, params_from_iter};

use super::codes;
use super::database::{finish, numbered};
use super::writer::WriteResult;
use crate::fleet::Host;
use crate::rule::MachineId;
use crate::store::bounds;
use crate::store::host_groups::{HostGroup, StateColumns};
use crate::store::sql::StoredRow;
use crate::store::sql::conditions::Conditions;
use crate::store::sql::hosts::{add_filter, machine};
use crate::store::{HostFilter, ListPart, StoreError, StoreResult, StoredHost};

const COLUMNS: &str = "machine, version, tags, first_seen, sync, facts";
/// The last character in the sort order. Appended to a prefix, it ends the range of the texts that
/// start with the prefix.
const LAST: char = char::MAX;

pub(super) fn get(connection: &Connection, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
    let sql = format!("SELECT {COLUMNS} FROM host WHERE machine = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([machine.as_str()])?;
    found.next()?.map(read).transpose()
}

/// Any host of a group.
pub(super) fn of_group(connection: &Connection, group: HostGroup) -> StoreResult<Option<Host>> {
    let sql = format!("SELECT {COLUMNS} FROM host WHERE state_key = ? AND tags_key = ? LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([group.state, group.tags])?;
    found.next()?.map(|row| Ok(read(row)?.host)).transpose()
}

pub(super) fn list(
    connection: &Connection,
    filter: &HostFilter,
    after: Option<&MachineId>,
    limit: usize,
) -> StoreResult<ListPart<Host>> {
    let mut wanted = Conditions::default();
    // No machine ID is empty.
    wanted.and("machine > $", after.map_or("", MachineId::as_str));
    finish(add_filter(connection, &mut wanted, filter))?;
    if let Some(prefix) = &filter.prefix {
        let condition = format!(
            "machine IN (
                SELECT machine FROM host
                WHERE machine COLLATE NOCASE >= $ AND machine COLLATE NOCASE < $ || '{LAST}'
                UNION SELECT machine FROM host WHERE serial >= $ AND serial < $ || '{LAST}'
                UNION SELECT machine FROM host WHERE hostname >= $ AND hostname < $ || '{LAST}')"
        );
        wanted.and(&condition, prefix.as_str());
    }
    let most = wanted.value(codes::limit(limit));
    let sql =
        format!("SELECT {COLUMNS} FROM host WHERE {} ORDER BY machine LIMIT {most}", wanted.sql);
    let mut statement = connection.prepare_cached(&numbered(&sql))?;
    let mut found = statement.query(params_from_iter(&wanted.parameters))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while bytes < bounds::LIST_BYTES
        && let Some(row) = found.next()?
    {
        rows.push(read(row)?.host);
        let length = |column| Ok::<_, StoreError>(row.text(column)?.map_or(0, str::len));
        bytes += length(4)? + length(5)?.min(bounds::LARGEST_FACTS);
    }
    let more = rows.len() == limit || bytes >= bounds::LIST_BYTES;
    Ok(ListPart { rows, more })
}

/// A host's row, encoded before the job is sent to the writer.
pub(super) struct HostRow {
    machine: MachineId,
    serial: String,
    hostname: String,
    primary_user: String,
    first_seen: i64,
    sync: String,
    facts: String,
    state: StateColumns,
}

impl HostRow {
    pub(super) fn of(host: &Host) -> StoreResult<Self> {
        Ok(Self {
            machine: host.machine.clone(),
            serial: host.facts.serial.clone(),
            hostname: host.facts.hostname.clone(),
            primary_user: host.facts.primary_user.clone(),
            first_seen: host.first_seen.as_millisecond(),
            sync: codes::json(&host.sync)?,
            facts: codes::json(&host.facts)?,
            state: StateColumns::of(host)?,
        })
    }
}

/// Writes a host if its row is still at `version`; 0 means that the host has no row yet. Versions
/// of forgotten hosts are not used again, so a late write for a forgotten host cannot overwrite the
/// host's new row.
pub(super) fn save(
    connection: &Connection,
    row: &HostRow,
    version: u64,
) -> StoreResult<WriteResult<bool>> {
    let Ok(version) = i64::try_from(version) else { return Ok(WriteResult::Discard(false)) };
    let HostRow { machine, serial, hostname, primary_user, first_seen, sync, facts, state } = row;
    let machine = machine.as_str();
    let StateColumns { state_key, syncing, seen } = state;
    if version == 0 {
        let inserted = connection
            .prepare_cached(
                "INSERT INTO host (machine, version, serial, hostname, primary_user, tags,
                                   first_seen, sync, facts, state_key, syncing, seen)
                 VALUES (?, 1 + ifnull((SELECT value FROM meta WHERE key = 'forgotten'), 0),
                         ?, ?, ?, '[]', ?, ?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute((
                machine,
                serial,
                hostname,
                primary_user,
                first_seen,
                sync,
                facts,
                state_key,
                syncing,
                seen,
            ))?;
        return Ok(WriteResult::Keep(inserted == 1));
    }
    // Most hosts report the same facts as last time. Then only the index `host_state` needs an
    // update.
    let moved = connection
        .prepare_cached(
            "UPDATE host SET version = version + 1, sync = ?, state_key = ?, syncing = ?, seen = ?
             WHERE machine = ? AND version = ? AND facts = ?",
        )?
        .execute((sync, state_key, syncing, seen, machine, version, facts))?;
    if moved == 1 {
        return Ok(WriteResult::Keep(true));
    }
    let written = connection
        .prepare_cached(
            "UPDATE host SET version = version + 1, serial = ?, hostname = ?, primary_user = ?,
                             sync = ?, facts = ?, state_key = ?, syncing = ?, seen = ?
             WHERE machine = ? AND version = ?",
        )?
        .execute((
            serial,
            hostname,
            primary_user,
            sync,
            facts,
            state_key,
            syncing,
            seen,
            machine,
            version,
        ))?;
    Ok(WriteResult::Keep(written == 1))
}

pub(super) fn forget(
    connection: &Connection,
    machine: &MachineId,
) -> StoreResult<WriteResult<bool>> {
    connection.execute(
        "INSERT INTO meta (key, value) SELECT 'forgotten', version FROM host WHERE machine = ?
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        [machine.as_str()],
    )?;
    let gone = connection.execute("DELETE FROM host WHERE machine = ?", [machine.as_str()])?;
    Ok(if gone == 0 { WriteResult::Discard(false) } else { WriteResult::Keep(true) })
}

fn read(row: &Row<'_>) -> StoreResult<StoredHost> {
    let row: &dyn StoredRow = row;
    let host = Host {
        machine: machine(row, 0)?,
        tags: codes::to_value(row.str(2)?)?,
        first_seen: codes::to_time(row.number(3)?)?,
        sync: codes::to_value(row.str(4)?)?,
        facts: bounds::facts(row.str(5)?)?,
    };
    Ok(StoredHost { host, version: row.count(1)? })
}
