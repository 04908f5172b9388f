//! Events.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::codes;
use super::rows::str_at;
use super::writer::Done;
use crate::fleet::{Event, EventId, EventStat};
use crate::store::{EventFilter, StoreResult, StoredEvent};

const COLUMNS: &str = "id, received, body";
/// Up to so many events are sorted rather than looked for among all.
const FEW: i64 = 10_000;

/// Which part of the list, and in which direction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Newest first, from an event on, not including it.
    Before(Option<EventId>),
    /// Oldest first, behind an event.
    After(EventId),
}

/// Keeps the events that are not there yet, and says how many were new.
pub(super) fn add(
    connection: &Connection,
    events: &[Event],
    received: Timestamp,
) -> StoreResult<Done<usize>> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO event (machine, received, decision, occurred, pid, sha256, signing_id,
                            team_id, user, path, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    let mut new = 0;
    for event in events {
        new += statement.execute((
            event.machine.as_str(),
            received.as_millisecond(),
            &event.decision.0,
            event.occurred.map(|at| at.as_millisecond()),
            event.pid,
            &event.program.sha256,
            &event.program.signing_id,
            &event.program.team_id,
            &event.user,
            event.path(),
            codes::json(event)?,
        ))?;
    }
    Ok(Done::Keep(new))
}

/// One event.
pub(super) fn get(connection: &Connection, id: EventId) -> StoreResult<Option<StoredEvent>> {
    let sql = format!("SELECT {COLUMNS} FROM event WHERE id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([id.0])?;
    found.next()?.map(read).transpose()
}

/// A page of events.
pub(super) fn list(
    connection: &Connection,
    filter: &EventFilter,
    part: Part,
    limit: usize,
) -> StoreResult<Vec<StoredEvent>> {
    let Conditions { mut sql, mut values } = conditions(filter);
    let (comparison, order, mark) = match part {
        Part::Before(before) => ("<", "DESC", before.map_or(i64::MAX, |before| before.0)),
        Part::After(after) => (">", "ASC", after.0),
    };
    let table = source(connection, filter)?;
    sql = format!(
        "SELECT {COLUMNS} FROM {table} WHERE id {comparison} ? {sql} ORDER BY id {order} LIMIT ?"
    );
    values.insert(0, mark.into());
    values.push(codes::limit(limit).into());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut events = Vec::new();
    while let Some(row) = found.next()? {
        events.push(read(row)?);
    }
    Ok(events)
}

/// Where to look for events: a few recent ones by their time, others in their order.
fn source(connection: &Connection, filter: &EventFilter) -> StoreResult<&'static str> {
    let EventFilter { machine: None, since: Some(since), .. } = filter else {
        return Ok("event");
    };
    let sql = "SELECT count(*) FROM (SELECT 1 FROM event WHERE received >= ? LIMIT ?)";
    let recent: i64 = connection
        .prepare_cached(sql)?
        .query_one([since.as_millisecond(), FEW], |row| row.get(0))?;
    Ok(if recent < FEW { "event INDEXED BY event_received" } else { "event NOT INDEXED" })
}

/// The programs reported most often.
pub(super) fn stats(
    connection: &Connection,
    filter: &EventFilter,
    limit: usize,
) -> StoreResult<Vec<EventStat>> {
    let Conditions { sql, mut values } = conditions(filter);
    let sql = format!(
        "SELECT counted.*, event.received, event.body FROM (
             SELECT max(id) AS latest, count(*) AS events, count(DISTINCT machine) AS hosts
             FROM event WHERE true {sql}
             GROUP BY sha256 ORDER BY events DESC, latest DESC LIMIT ?
         ) AS counted JOIN event ON event.id = counted.latest
         ORDER BY events DESC, latest DESC"
    );
    values.push(codes::limit(limit).into());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut stats = Vec::new();
    while let Some(row) = found.next()? {
        let event: Event = codes::to_value(str_at(row, 4)?)?;
        stats.push(EventStat {
            latest: EventId(row.get(0)?),
            file_name: event.file_name,
            sha256: event.program.sha256,
            signing_id: event.program.signing_id,
            decision: event.decision,
            events: count(row.get(1)?)?,
            hosts: count(row.get(2)?)?,
            last_received: codes::to_time(row.get(3)?)?,
        });
    }
    Ok(stats)
}

/// What must hold, as SQL that begins with AND, and the values of its parameters.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

fn conditions(filter: &EventFilter) -> Conditions {
    let EventFilter { machine, user, decision, blocked, since, text } = filter;
    let mut sql = String::new();
    let mut values: Vec<Value> = Vec::new();
    let mut and = |condition: &str, value: Value| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.push(value);
    };
    if let Some(machine) = machine {
        and("machine = ?", machine.as_str().to_owned().into());
    }
    if let Some(user) = user {
        and("user = ?", user.clone().into());
    }
    if let Some(decision) = decision {
        and("decision = ?", decision.clone().into());
    }
    if let Some(since) = since {
        and("received >= ?", since.as_millisecond().into());
    }
    if *blocked {
        and("substr(decision, 1, 5) = ?", "BLOCK".to_owned().into());
    }
    if let Some(text) = text {
        // One parameter for all four: a line break cannot be searched for, nor is one in them.
        and(
            "instr(lower(path || char(10) || sha256 || char(10) || signing_id || char(10) || team_id), ?)",
            text.to_ascii_lowercase().into(),
        );
    }
    Conditions { sql, values }
}

fn count(counted: i64) -> StoreResult<u64> {
    u64::try_from(counted).map_err(|error| codes::corrupt("count", &error))
}

fn read(row: &Row<'_>) -> StoreResult<StoredEvent> {
    Ok(StoredEvent {
        id: EventId(row.get(0)?),
        received: codes::to_time(row.get(1)?)?,
        event: codes::to_value(str_at(row, 2)?)?,
    })
}
