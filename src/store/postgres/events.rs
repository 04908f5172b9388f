//! Events in PostgreSQL.

mod copied;
mod insert;
mod partitions;
mod purge;

pub(super) use copied::{create_partitions, insert_digests};
pub(super) use insert::{InsertEvents, NewEvents, count_new};
pub(in crate::store) use insert::{delete_event_digest, insert_event_digest};
pub(super) use purge::{delete_of, has_overdue, purge};

use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::database::values;
use super::{codes, query};
use crate::fleet::{Event, EventId, EventStat};
use crate::store::bounds::{self, EVENT_COLUMNS, EventColumns};
use crate::store::sql::events::{EventRange, conditions};
use crate::store::sql::{self, Database, Dialect};
use crate::store::{EventFilter, ListPart, StoreResult, StoredEvent};

pub(super) async fn get(on: &impl GenericClient, id: EventId) -> StoreResult<Option<StoredEvent>> {
    let sql = format!(
        "SELECT id, received, {} FROM event JOIN event_body USING (id, received) WHERE id = $1",
        body()
    );
    let rows = query(on, &sql, &[&id.0]).await?;
    Ok(read(on, &rows).await?.pop())
}

pub(super) async fn list(
    on: &impl GenericClient,
    filter: &EventFilter,
    range: EventRange,
    limit: usize,
) -> StoreResult<ListPart<StoredEvent>> {
    let mut wanted = conditions(Dialect::Postgres, filter);
    let order = range.add_to(&mut wanted);
    let most = wanted.value(codes::limit(limit));
    // The innermost query finds the page, so that only the bodies of the page's events are read.
    let sql = format!(
        "SELECT id, received, body, total FROM (
             SELECT page.id, page.received, {body} AS body, {size} AS size,
                    sum({size}) OVER (ORDER BY page.id {order}) AS total
             FROM (
                 SELECT id, received FROM event WHERE {} ORDER BY id {order} LIMIT {most}
             ) AS page JOIN event_body USING (id, received)
         ) AS sized WHERE total - size < {enough} ORDER BY id {order}",
        wanted.sql,
        body = body(),
        size = format!("least(octet_length(body), {})", bounds::LARGEST_EVENT),
        enough = bounds::LIST_BYTES,
    );
    let found = on.query(&sql, &values(&wanted.parameters)).await?;
    let bytes: i64 = found.last().map(|row| row.try_get(3)).transpose()?.unwrap_or(0);
    let rows = read(on, &found).await?;
    let more = rows.len() == limit || bytes >= codes::limit(bounds::LIST_BYTES);
    Ok(ListPart { rows, more })
}

pub(super) async fn stats(
    on: &impl Database,
    filter: &EventFilter,
    limit: usize,
) -> StoreResult<Vec<EventStat>> {
    sql::events::stats(on, "event", conditions(Dialect::Postgres, filter), limit).await
}

/// SQL for the body of an event; NULL if it is too large to be read.
fn body() -> String {
    format!("CASE WHEN octet_length(body) <= {} THEN body END", bounds::LARGEST_EVENT)
}

async fn read(on: &impl GenericClient, rows: &[Row]) -> StoreResult<Vec<StoredEvent>> {
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let id = EventId(row.try_get(0)?);
        let (received, event) = match row.try_get(2)? {
            Some(body) => (codes::to_time(row.try_get(1)?)?, codes::to_value(body)?),
            None => shortened(on, id).await?,
        };
        events.push(StoredEvent { id, received, event });
    }
    Ok(events)
}

/// Reads the columns of an event that is too large to be read whole.
async fn shortened(on: &impl GenericClient, id: EventId) -> StoreResult<(Timestamp, Event)> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE id = $1");
    let rows = query(on, &sql, &[&id.0]).await?;
    let row = rows.first().ok_or_else(|| codes::corrupt("event", &id))?;
    EventColumns::read(row, 0)?.event()
}
