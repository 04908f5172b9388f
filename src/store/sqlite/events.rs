//! Events in SQLite.

mod insert;

pub(super) use insert::{add, count_new, delete_of, overdue, purge};

use jiff::Timestamp;
use rusqlite::{Connection, Row, params_from_iter};

use super::codes;
use super::database::{finish, numbered};
use crate::fleet::{Event, EventId, EventStat};
use crate::store::bounds::{self, EVENT_COLUMNS, EventColumns};
use crate::store::sql::events::{EventRange, conditions};
use crate::store::sql::{self, Dialect};
use crate::store::{EventFilter, ListPart, StoreResult, StoredEvent};

/// If a period has fewer events than this, an index finds them by time. Sorting them is then faster
/// than searching all events in order.
const FEW: i64 = 10_000;

pub(super) fn get(connection: &Connection, id: EventId) -> StoreResult<Option<StoredEvent>> {
    let sql = format!(
        "SELECT id, received, {} FROM event JOIN event_body USING (id) WHERE id = ?",
        body()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([id.0])?;
    found.next()?.map(|row| Ok(read(connection, row)?.0)).transpose()
}

pub(super) fn list(
    connection: &Connection,
    filter: &EventFilter,
    range: EventRange,
    limit: usize,
) -> StoreResult<ListPart<StoredEvent>> {
    let mut wanted = conditions(Dialect::Sqlite, filter);
    let order = range.add_to(&mut wanted);
    let table = source(connection, filter)?;
    let most = wanted.value(codes::limit(limit));
    // The subquery finds the page. Only the bodies of its events are read.
    let sql = format!(
        "SELECT page.id, page.received, {} FROM (
             SELECT id, received FROM {table} WHERE {} ORDER BY id {order} LIMIT {most}
         ) AS page JOIN event_body USING (id) ORDER BY page.id {order}",
        body(),
        wanted.sql
    );
    let mut statement = connection.prepare_cached(&numbered(&sql))?;
    let mut found = statement.query(params_from_iter(&wanted.parameters))?;
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

pub(super) fn stats(
    connection: &Connection,
    filter: &EventFilter,
    limit: usize,
) -> StoreResult<Vec<EventStat>> {
    let table = source(connection, filter)?;
    let wanted = conditions(Dialect::Sqlite, filter);
    finish(sql::events::stats(connection, table, wanted, limit))
}

/// SQL for the body of an event; NULL if the body is too large to be read.
fn body() -> String {
    format!("CASE WHEN octet_length(body) <= {} THEN body END", bounds::LARGEST_EVENT)
}

/// Reads an event. Also returns the size of its body in bytes, but at most
/// [`bounds::LARGEST_EVENT`].
fn read(connection: &Connection, row: &Row<'_>) -> StoreResult<(StoredEvent, usize)> {
    let id = EventId(row.get(0)?);
    let ((received, event), size) = match row.get_ref(2)?.as_str_or_null() {
        Ok(Some(body)) => ((codes::to_time(row.get(1)?)?, codes::to_value(body)?), body.len()),
        Ok(None) => (shortened(connection, id)?, bounds::LARGEST_EVENT),
        Err(error) => return Err(codes::corrupt("text", &error)),
    };
    Ok((StoredEvent { id, received, event }, size))
}

/// Reads the columns of an event that is too large to be read whole.
fn shortened(connection: &Connection, id: EventId) -> StoreResult<(Timestamp, Event)> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_one([id.0], |row| Ok(EventColumns::read(row, 0)))??.event()
}

/// The table to read events from, and the index to use. SQLite chooses the index for a single host,
/// and for a filter with neither a period nor `blocked`. Otherwise, a period with few events is
/// read by time, blocked events are read from their index, and other events in the order of their
/// IDs.
fn source(connection: &Connection, filter: &EventFilter) -> StoreResult<&'static str> {
    let EventFilter { machine, blocked, since, until, .. } = filter;
    if machine.is_some() {
        return Ok("event");
    }
    let bounded = since.is_some() || until.is_some();
    if bounded {
        let first = since.map_or(i64::MIN, |since| since.as_millisecond());
        let end = until.map_or(i64::MAX, |until| until.as_millisecond());
        let sql = "SELECT count(*) FROM (SELECT 1 FROM event WHERE received >= ? AND received < ? LIMIT ?)";
        let count: i64 =
            connection.prepare_cached(sql)?.query_one([first, end, FEW], |row| row.get(0))?;
        if count < FEW {
            return Ok("event INDEXED BY event_received");
        }
    }
    Ok(match (blocked, bounded) {
        (true, _) => "event INDEXED BY event_blocked",
        (false, true) => "event NOT INDEXED",
        (false, false) => "event",
    })
}
