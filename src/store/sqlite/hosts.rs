//! Hosts and scope sets.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use super::codes;
use super::having::{Having, quoted};
use super::rows::str_at;
use super::writer::Done;
use crate::fleet::{Host, ScopeSetId};
use crate::rule::{MachineId, Scope, TagName};
use crate::store::bounds;
use crate::store::{HostFilter, ListPart, ScopeId, StoreResult, StoredHost};

const COLUMNS: &str = "machine, version, tags, first_seen, sync, facts";
/// Behind every text that begins with what stands before it.
const LAST: char = char::MAX;

pub(super) fn get(connection: &Connection, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
    let sql = format!("SELECT {COLUMNS} FROM host WHERE machine = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([machine.as_str()])?;
    found.next()?.map(read).transpose()
}

/// A page of hosts.
pub(super) fn list(
    connection: &Connection,
    filter: &HostFilter,
    after: Option<&MachineId>,
    limit: usize,
) -> StoreResult<ListPart<Host>> {
    let mut sql = format!("SELECT {COLUMNS} FROM host WHERE machine > ?1");
    // No machine id is empty.
    let after = after.map_or("", MachineId::as_str);
    let mut values: Vec<Value> = vec![after.to_owned().into(), codes::limit(limit).into()];
    if let Some(tag) = &filter.tag {
        let (condition, of_tag) = Having::stored(connection, tag)?.condition(values.len() + 1)?;
        sql.push_str(&format!(" AND {condition}"));
        values.extend(of_tag);
    }
    let mut and = |condition: &str, value: String| {
        values.push(value.into());
        let number = values.len();
        sql.push_str(&condition.replace("$", &format!("?{number}")));
    };
    if let Some(user) = &filter.user {
        and(" AND primary_user = $", user.clone());
    }
    if let Some(prefix) = &filter.prefix {
        let condition = format!(
            " AND machine IN (
                SELECT machine FROM host
                WHERE machine COLLATE NOCASE >= $ AND machine COLLATE NOCASE < $ || '{LAST}'
                UNION SELECT machine FROM host WHERE serial >= $ AND serial < $ || '{LAST}'
                UNION SELECT machine FROM host WHERE hostname >= $ AND hostname < $ || '{LAST}')"
        );
        and(&condition, prefix.clone());
    }
    sql.push_str(" ORDER BY machine LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while bytes < bounds::LIST_BYTES
        && let Some(row) = found.next()?
    {
        rows.push(read(row)?.host);
        bytes += str_at(row, 4)?.len() + str_at(row, 5)?.len().min(bounds::LARGEST_FACTS);
    }
    let more = rows.len() == limit || bytes >= bounds::LIST_BYTES;
    Ok(ListPart { rows, more })
}

/// The names of hosts. One that was stored before names were bounded is left out.
pub(super) fn names(
    connection: &Connection,
    machines: Vec<MachineId>,
) -> StoreResult<Vec<(MachineId, String)>> {
    // SQLite would read a text as a whole to cut it.
    let sql = "SELECT hostname FROM host WHERE machine = ? AND octet_length(hostname) <= ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut names = Vec::with_capacity(machines.len());
    for machine in machines {
        let key = (machine.as_str(), codes::limit(bounds::NAME));
        let name: Option<String> = statement.query_row(key, |row| row.get(0)).optional()?;
        names.extend(name.map(|name| (machine, name)));
    }
    Ok(names)
}

/// The versions of Santa in a scope, and how many hosts have each.
pub(super) fn santa_versions(
    connection: &Connection,
    scope: &Scope,
) -> StoreResult<Vec<(String, u64)>> {
    let one =
        |condition: &str, name: &str| (condition.to_owned(), vec![Value::from(name.to_owned())]);
    let (condition, values) = match scope {
        Scope::Fleet => ("true".to_owned(), Vec::new()),
        Scope::Group(name) => {
            one("EXISTS (SELECT 1 FROM json_each(facts, '$.groups') WHERE value = ?1)", name)
        }
        Scope::Tag(tag) => Having::stored(connection, tag)?.condition(1)?,
        Scope::User(name) => one("primary_user = ?1", name),
        Scope::Host(name) => one("(machine = ?1 OR serial = ?1)", name.as_str()),
    };
    let sql = format!(
        "SELECT substr(json_extract(facts, '$.santa_version'), 1, 255) AS santa, count(*)
         FROM host WHERE {condition} GROUP BY santa ORDER BY santa"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut versions = Vec::new();
    while let Some(row) = found.next()? {
        let hosts: i64 = row.get(1)?;
        let hosts = u64::try_from(hosts).map_err(|error| codes::corrupt("count", &error))?;
        versions.push((str_at(row, 0)?.to_owned(), hosts));
    }
    Ok(versions)
}

/// A host as it is written, made before it waits for its turn.
pub(super) struct HostRow {
    machine: MachineId,
    serial: String,
    hostname: String,
    primary_user: String,
    first_seen: i64,
    sync: String,
    facts: String,
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
        })
    }
}

/// Writes a host that is at `version` still. Versions of forgotten hosts do not come back, so
/// that nobody takes a new host for one that he knew.
pub(super) fn save(
    connection: &Connection,
    row: &HostRow,
    version: u64,
) -> StoreResult<Done<bool>> {
    let Ok(version) = i64::try_from(version) else { return Ok(Done::Discard(false)) };
    let HostRow { machine, serial, hostname, primary_user, first_seen, sync, facts } = row;
    let machine = machine.as_str();
    if version == 0 {
        let inserted = connection
            .prepare_cached(
                "INSERT INTO host (machine, version, serial, hostname, primary_user, tags,
                                   first_seen, sync, facts)
                 VALUES (?, 1 + ifnull((SELECT value FROM meta WHERE key = 'forgotten'), 0),
                         ?, ?, ?, '[]', ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute((machine, serial, hostname, primary_user, first_seen, sync, facts))?;
        return Ok(Done::Keep(inserted == 1));
    }
    // Most hosts say of themselves what they said last time; then no index need be touched.
    let moved = connection
        .prepare_cached(
            "UPDATE host SET version = version + 1, sync = ?
             WHERE machine = ? AND version = ? AND facts = ?",
        )?
        .execute((sync, machine, version, facts))?;
    if moved == 1 {
        return Ok(Done::Keep(true));
    }
    let written = connection
        .prepare_cached(
            "UPDATE host SET version = version + 1, serial = ?, hostname = ?, primary_user = ?,
                             sync = ?, facts = ?
             WHERE machine = ? AND version = ?",
        )?
        .execute((serial, hostname, primary_user, sync, facts, machine, version))?;
    Ok(Done::Keep(written == 1))
}

pub(super) fn forget(connection: &Connection, machine: &MachineId) -> StoreResult<Done<bool>> {
    connection.execute(
        "INSERT INTO meta (key, value) SELECT 'forgotten', version FROM host WHERE machine = ?
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        [machine.as_str()],
    )?;
    let gone = connection.execute("DELETE FROM host WHERE machine = ?", [machine.as_str()])?;
    Ok(if gone == 0 { Done::Discard(false) } else { Done::Keep(true) })
}

/// The hosts that were given a tag.
pub(super) fn tagged(connection: &Connection, tag: &TagName) -> StoreResult<Vec<MachineId>> {
    let sql = "SELECT machine FROM host WHERE instr(tags, ?) > 0 ORDER BY machine";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query([quoted(tag)])?;
    let mut machines = Vec::new();
    while let Some(row) = found.next()? {
        machines.push(machine(row)?);
    }
    Ok(machines)
}

/// How many hosts have a tag.
pub(super) fn count(connection: &Connection, having: &Having<'_>) -> StoreResult<u64> {
    let (condition, values) = having.condition(1)?;
    let sql = format!("SELECT count(*) FROM host WHERE {condition}");
    let counted: i64 =
        connection.prepare_cached(&sql)?.query_one(params_from_iter(values), |row| row.get(0))?;
    u64::try_from(counted).map_err(|error| codes::corrupt("count", &error))
}

/// The tags given to a host, by name; nothing if there is no such host.
pub(super) fn tags(
    connection: &Connection,
    machine: &MachineId,
) -> StoreResult<Option<Vec<TagName>>> {
    let found: Option<String> = connection
        .prepare_cached("SELECT tags FROM host WHERE machine = ?")?
        .query_row([machine.as_str()], |row| row.get(0))
        .optional()?;
    found.map(|json| codes::to_value(&json)).transpose()
}

/// Writes the tags of a host.
pub(super) fn set_tags(
    connection: &Connection,
    machine: &MachineId,
    tags: &[TagName],
) -> StoreResult<()> {
    connection
        .prepare_cached("UPDATE host SET tags = ?, version = version + 1 WHERE machine = ?")?
        .execute((codes::json(&tags)?, machine.as_str()))?;
    Ok(())
}

/// The id of a list of scopes, if it is interned.
pub(super) fn find_scope_set(
    connection: &Connection,
    members: &[ScopeId],
) -> StoreResult<Option<ScopeSetId>> {
    let found = connection
        .prepare_cached("SELECT id FROM scope_set WHERE members = ?")?
        .query_row([members_text(members)?], |row| row.get(0).map(ScopeSetId))
        .optional()?;
    Ok(found)
}

/// The id of a list of scopes, which gets one if it has none.
pub(super) fn intern_scope_set(
    connection: &Connection,
    members: &[ScopeId],
) -> StoreResult<Done<ScopeSetId>> {
    if let Some(id) = find_scope_set(connection, members)? {
        return Ok(Done::Keep(id));
    }
    connection
        .prepare_cached("INSERT INTO scope_set (members) VALUES (?)")?
        .execute([members_text(members)?])?;
    Ok(Done::Keep(ScopeSetId(connection.last_insert_rowid())))
}

/// The scopes behind an id.
pub(super) fn scope_set(
    connection: &Connection,
    id: ScopeSetId,
) -> StoreResult<Option<Vec<ScopeId>>> {
    let found: Option<String> = connection
        .prepare_cached("SELECT members FROM scope_set WHERE id = ?")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    let members: Option<Vec<i64>> = found.map(|json| codes::to_value(&json)).transpose()?;
    Ok(members.map(|ids| ids.into_iter().map(ScopeId).collect()))
}

fn members_text(members: &[ScopeId]) -> StoreResult<String> {
    let ids: Vec<i64> = members.iter().map(|member| member.0).collect();
    codes::json(&ids)
}

fn machine(row: &Row<'_>) -> StoreResult<MachineId> {
    str_at(row, 0)?.parse().map_err(|error| codes::corrupt("machine id", &error))
}

fn read(row: &Row<'_>) -> StoreResult<StoredHost> {
    let version: i64 = row.get(1)?;
    let version = u64::try_from(version).map_err(|error| codes::corrupt("version", &error))?;
    let host = Host {
        machine: machine(row)?,
        tags: codes::to_value(str_at(row, 2)?)?,
        first_seen: codes::to_time(row.get(3)?)?,
        sync: codes::to_value(str_at(row, 4)?)?,
        facts: bounds::facts(str_at(row, 5)?)?,
    };
    Ok(StoredHost { host, version })
}
