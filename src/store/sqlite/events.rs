//! Events: kept once each, listed by number.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::rows::{json, time, to_json};
use crate::fleet::{Decision, Event, EventId, EventStat};
use crate::store::{EventFilter, StoreResult, StoredEvent};

pub(super) fn add(db: &Connection, events: &[Event], received: Timestamp) -> StoreResult<usize> {
    let mut insert = db.prepare_cached(
        "INSERT INTO event (machine, received, occurred, decision, blocked, sha256, user, \
         signing_id, team_id, path, pid, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    )?;
    let mut added = 0;
    for event in events {
        added += insert.execute(params![
            event.machine.as_str(),
            received.as_millisecond(),
            event.occurred.map_or(0, Timestamp::as_millisecond),
            event.decision.0,
            event.decision.is_block(),
            event.program.sha256,
            event.user,
            event.program.signing_id,
            event.program.team_id,
            event.path(),
            event.pid,
            to_json(event)?,
        ])?;
    }
    Ok(added)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent { id: EventId(row.get(0)?), received: time(row, 1)?, event: json(row, 2)? })
}

/// Conditions and what they compare with.
fn conditions(filter: &EventFilter) -> (Vec<&'static str>, Vec<Value>) {
    let EventFilter { machine, user, decision, blocked, since, text } = filter;
    let mut wanted = vec!["TRUE"];
    let mut given: Vec<Value> = Vec::new();
    if let Some(machine) = machine {
        wanted.push("machine = ?");
        given.push(machine.as_str().to_owned().into());
    }
    if let Some(user) = user {
        wanted.push("user = ?");
        given.push(user.clone().into());
    }
    if let Some(decision) = decision {
        wanted.push("decision = ?");
        given.push(decision.clone().into());
    }
    if *blocked {
        wanted.push("blocked");
    }
    if let Some(since) = since {
        wanted.push("received >= ?");
        given.push(since.as_millisecond().into());
    }
    if let Some(text) = text {
        wanted.push(
            "(instr(lower(path), ?) OR instr(sha256, ?) OR instr(lower(signing_id), ?) \
             OR instr(lower(team_id), ?))",
        );
        let text = Value::from(text.to_ascii_lowercase());
        given.extend([text.clone(), text.clone(), text.clone(), text]);
    }
    (wanted, given)
}

fn list(
    db: &Connection,
    filter: &EventFilter,
    beyond: Option<(&'static str, EventId)>,
    order: &str,
    limit: usize,
) -> StoreResult<Vec<StoredEvent>> {
    let (mut wanted, mut given) = conditions(filter);
    if let Some((condition, id)) = beyond {
        wanted.push(condition);
        given.push(id.0.into());
    }
    given.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let wanted = wanted.join(" AND ");
    let mut query = db.prepare_cached(&format!(
        "SELECT id, received, body FROM event WHERE {wanted} ORDER BY id {order} LIMIT ?"
    ))?;
    let found = query.query_map(params_from_iter(given), read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(super) fn newest(
    db: &Connection,
    filter: &EventFilter,
    before: Option<EventId>,
    limit: usize,
) -> StoreResult<Vec<StoredEvent>> {
    list(db, filter, before.map(|id| ("id < ?", id)), "DESC", limit)
}

pub(super) fn after(
    db: &Connection,
    filter: &EventFilter,
    after: EventId,
    limit: usize,
) -> StoreResult<Vec<StoredEvent>> {
    list(db, filter, Some(("id > ?", after)), "ASC", limit)
}

pub(super) fn get(db: &Connection, id: EventId) -> StoreResult<Option<StoredEvent>> {
    let mut query = db.prepare_cached("SELECT id, received, body FROM event WHERE id = ?1")?;
    Ok(query.query_row([id.0], read).optional()?)
}

pub(super) fn stats(
    db: &Connection,
    filter: &EventFilter,
    limit: usize,
) -> StoreResult<Vec<EventStat>> {
    let (wanted, mut given) = conditions(filter);
    given.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    // With max(), SQLite takes the bare columns from the row that has the maximum.
    let mut query = db.prepare_cached(&format!(
        "SELECT max(id), json_extract(body, '$.file_name'), sha256, signing_id, decision, \
         count(*), count(DISTINCT machine), max(received) FROM event WHERE {} \
         GROUP BY sha256, decision ORDER BY count(*) DESC, max(id) DESC LIMIT ?",
        wanted.join(" AND ")
    ))?;
    let found = query.query_map(params_from_iter(given), |row| {
        Ok(EventStat {
            latest: EventId(row.get(0)?),
            file_name: row.get(1)?,
            sha256: row.get(2)?,
            signing_id: row.get(3)?,
            decision: Decision(row.get::<_, String>(4)?.into()),
            events: row.get::<_, i64>(5)?.cast_unsigned(),
            hosts: row.get::<_, i64>(6)?.cast_unsigned(),
            last_received: time(row, 7)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
