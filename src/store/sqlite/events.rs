//! Events.

mod filter;
mod keep;

pub(super) use keep::{add, count_members, delete_of, members, overdue, purge};

use jiff::Timestamp;
use rusqlite::{Connection, Row, params_from_iter};

use self::filter::{Conditions, source};
use super::codes;
use crate::fleet::{Event, EventId, EventStat};
use crate::store::bounds::{self, EVENT_COLUMNS, EventColumns};
use crate::store::{EventFilter, ListPart, StoreResult, StoredEvent};

/// Which part of the list, and in which direction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Newest first, from an event on, not including it.
    Before(Option<EventId>),
    /// Oldest first, behind an event.
    After(EventId),
}

pub(super) fn get(connection: &Connection, id: EventId) -> StoreResult<Option<StoredEvent>> {
    let sql = format!(
        "SELECT id, received, {} FROM event JOIN event_body USING (id) WHERE id = ?",
        body()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([id.0])?;
    found.next()?.map(|row| Ok(read(connection, row)?.0)).transpose()
}

/// A page of events.
pub(super) fn list(
    connection: &Connection,
    filter: &EventFilter,
    part: Part,
    limit: usize,
) -> StoreResult<ListPart<StoredEvent>> {
    let mut conditions = Conditions::of(filter);
    let order = match part {
        Part::Before(before) => {
            conditions.and("id < $", before.map_or(i64::MAX, |before| before.0));
            "DESC"
        }
        Part::After(after) => {
            conditions.and("id > $", after.0);
            "ASC"
        }
    };
    let table = source(connection, filter)?;
    let wanted = conditions.value(codes::limit(limit));
    // The page first, and then the bodies of what stands on it.
    let sql = format!(
        "SELECT page.id, page.received, {} FROM (
             SELECT id, received FROM {table} WHERE {} ORDER BY id {order} LIMIT {wanted}
         ) AS page JOIN event_body USING (id) ORDER BY page.id {order}",
        body(),
        conditions.sql
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(conditions.values))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while bytes < bounds::LIST_BYTES
        && let Some(row) = found.next()?
    {
        let (event, size) = read(connection, row)?;
        rows.push(event);
        bytes += size;
    }
    let more = rows.len() == limit || bytes >= bounds::LIST_BYTES;
    Ok(ListPart { rows, more })
}

/// The programs reported most often.
pub(super) fn stats(
    connection: &Connection,
    filter: &EventFilter,
    limit: usize,
) -> StoreResult<Vec<EventStat>> {
    let mut conditions = Conditions::of(filter);
    let table = source(connection, filter)?;
    let limit = conditions.value(codes::limit(limit));
    let sql = format!(
        "SELECT latest, events, hosts, {EVENT_COLUMNS} FROM (
             SELECT max(id) AS latest, count(*) AS events, count(DISTINCT machine) AS hosts
             FROM {table} WHERE {}
             GROUP BY substr(sha256, 1, 65), kind, substr(rule, 1, 256)
             ORDER BY events DESC, latest DESC LIMIT {limit}
         ) AS counted JOIN event ON event.id = latest ORDER BY events DESC, latest DESC",
        conditions.sql
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(conditions.values))?;
    let mut stats = Vec::new();
    while let Some(row) = found.next()? {
        let (received, event) = columns(row, 3)?.event()?;
        let (latest, events, hosts) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (latest, events, hosts) = (EventId(latest), count(events)?, count(hosts)?);
        stats.push(EventStat::new(latest, received, event, events, hosts));
    }
    Ok(stats)
}

fn count(counted: i64) -> StoreResult<u64> {
    u64::try_from(counted).map_err(|error| codes::corrupt("count", &error))
}

/// The body of an event, unless it is too large to be read.
fn body() -> String {
    format!("CASE WHEN octet_length(body) <= {} THEN body END", bounds::LARGEST_EVENT)
}

/// Reads an event and how many bytes it has.
fn read(connection: &Connection, row: &Row<'_>) -> StoreResult<(StoredEvent, usize)> {
    let id = EventId(row.get(0)?);
    let ((received, event), size) = match row.get_ref(2)?.as_str_or_null() {
        Ok(Some(body)) => ((codes::to_time(row.get(1)?)?, codes::to_value(body)?), body.len()),
        Ok(None) => (shortened(connection, id)?, bounds::LARGEST_EVENT),
        Err(error) => return Err(codes::corrupt("text", &error)),
    };
    Ok((StoredEvent { id, received, event }, size))
}

/// An event that is too large to be read whole.
fn shortened(connection: &Connection, id: EventId) -> StoreResult<(Timestamp, Event)> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_one([id.0], |row| Ok(columns(row, 0)))??.event()
}

fn columns(row: &Row<'_>, first: usize) -> StoreResult<EventColumns> {
    let at = |place: usize| first + place;
    Ok(EventColumns {
        machine: row.get(at(0))?,
        received: row.get(at(1))?,
        kind: row.get(at(2))?,
        occurred: row.get(at(3))?,
        pid: row.get(at(4))?,
        decision: row.get(at(5))?,
        sha256: row.get(at(6))?,
        signing_id: row.get(at(7))?,
        team_id: row.get(at(8))?,
        certificate: row.get(at(9))?,
        member_of: row.get(at(10))?,
        signer: row.get(at(11))?,
        user: row.get(at(12))?,
        path: row.get(at(13))?,
        rule: row.get(at(14))?,
        file: row.get(at(15))?,
    })
}
