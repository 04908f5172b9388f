//! Hosts and the scope sets that they belong to.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::rows::{json, time, to_json};
use crate::fleet::{Host, ScopeSetId};
use crate::rule::MachineId;
use crate::store::{HostFilter, ScopeId, StoreError, StoreResult, StoredHost};

const COLUMNS: &str = "machine, facts, tags, first_seen, sync, version";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredHost> {
    let machine: String = row.get(0)?;
    let strange = |error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    };
    let host = Host {
        machine: machine.parse::<MachineId>().map_err(strange)?,
        facts: json(row, 1)?,
        tags: json(row, 2)?,
        first_seen: time(row, 3)?,
        sync: json(row, 4)?,
    };
    Ok(StoredHost { host, version: row.get::<_, i64>(5)?.cast_unsigned() })
}

pub(super) fn get(db: &Connection, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM host WHERE machine = ?1"))?;
    Ok(query.query_row([machine.as_str()], read).optional()?)
}

pub(super) fn list(
    db: &Connection,
    filter: &HostFilter,
    after: Option<&MachineId>,
    limit: usize,
) -> StoreResult<Vec<Host>> {
    let mut wanted = vec!["TRUE"];
    let mut given: Vec<Value> = Vec::new();
    let HostFilter { tag, prefix, user } = filter;
    if let Some(after) = after {
        wanted.push("machine > ?");
        given.push(after.as_str().to_owned().into());
    }
    if let Some(tag) = tag {
        wanted.push("EXISTS (SELECT 1 FROM json_each(host.tags) WHERE value = ?)");
        given.push(tag.as_str().to_owned().into());
    }
    if let Some(prefix) = prefix {
        wanted.push("(machine LIKE ? ESCAPE '\\' OR serial LIKE ? ESCAPE '\\' OR hostname LIKE ? ESCAPE '\\')");
        let pattern = Value::from(starts_with(prefix));
        given.extend([pattern.clone(), pattern.clone(), pattern]);
    }
    if let Some(user) = user {
        wanted.push("primary_user = ?");
        given.push(user.clone().into());
    }
    given.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let wanted = wanted.join(" AND ");
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM host WHERE {wanted} ORDER BY machine LIMIT ?"
    ))?;
    let found = query.query_map(params_from_iter(given), |row| Ok(read(row)?.host))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// A LIKE pattern for texts that begin with this, whatever letters it has.
fn starts_with(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for letter in prefix.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

pub(super) fn save(db: &Connection, host: &Host, version: u64) -> StoreResult<bool> {
    let facts = &host.facts;
    let values = params![
        host.machine.as_str(),
        version.cast_signed(),
        facts.serial,
        facts.hostname,
        facts.primary_user,
        to_json(facts)?,
        host.first_seen.as_millisecond(),
        to_json(&host.sync)?,
    ];
    let statement = match version {
        0 => {
            "INSERT INTO host (machine, version, serial, hostname, primary_user, facts, tags, \
             first_seen, sync) VALUES (?1, ?2 + 1, ?3, ?4, ?5, ?6, '[]', ?7, ?8) \
             ON CONFLICT (machine) DO NOTHING"
        }
        _ => {
            "UPDATE host SET version = ?2 + 1, serial = ?3, hostname = ?4, primary_user = ?5, \
             facts = ?6, first_seen = ?7, sync = ?8 WHERE machine = ?1 AND version = ?2"
        }
    };
    Ok(db.prepare_cached(statement)?.execute(values)? == 1)
}

pub(super) fn forget(db: &Connection, machine: &MachineId) -> StoreResult<bool> {
    db.prepare_cached("DELETE FROM event WHERE machine = ?1")?.execute([machine.as_str()])?;
    let forgotten =
        db.prepare_cached("DELETE FROM host WHERE machine = ?1")?.execute([machine.as_str()])?;
    Ok(forgotten == 1)
}

pub(super) fn intern_scope_set(db: &Connection, members: &[ScopeId]) -> StoreResult<ScopeSetId> {
    let members = members.iter().map(|scope| scope.0.to_string()).collect::<Vec<_>>().join(",");
    let mut find = db.prepare_cached("SELECT id FROM scope_set WHERE members = ?1")?;
    if let Some(id) = find.query_row([&members], |row| row.get(0)).optional()? {
        return Ok(ScopeSetId(id));
    }
    let mut add = db.prepare_cached("INSERT INTO scope_set (members) VALUES (?1)")?;
    Ok(ScopeSetId(add.insert([&members])?))
}

pub(super) fn scope_set(db: &Connection, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>> {
    let mut find = db.prepare_cached("SELECT members FROM scope_set WHERE id = ?1")?;
    let members: Option<String> = find.query_row([id.0], |row| row.get(0)).optional()?;
    let parse = |members: String| {
        let ids = members.split(',').filter(|id| !id.is_empty());
        let ids: Result<Vec<ScopeId>, _> = ids.map(|id| id.parse().map(ScopeId)).collect();
        ids.map_err(|error| StoreError::Database(format!("scope set {members}: {error}")))
    };
    members.map(parse).transpose()
}
