//! Events.

mod filter;
mod keep;
mod moved;
mod partitions;
mod purge;

pub(super) use keep::{Additions, Keeping, bundle_members, count_members, count_new};
pub(super) use moved::{have_partitions, tell_apart};
pub(super) use purge::{delete_of, has_overdue, purge};

use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::rows::count;
use super::{codes, query};
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

pub(super) async fn get(on: &impl GenericClient, id: EventId) -> StoreResult<Option<StoredEvent>> {
    let sql = format!(
        "SELECT id, received, {} FROM event JOIN event_body USING (id, received) WHERE id = $1",
        body()
    );
    let rows = query(on, &sql, &[&id.0]).await?;
    Ok(read(on, &rows).await?.pop())
}

/// A page of events.
pub(super) async fn list(
    on: &impl GenericClient,
    filter: &EventFilter,
    part: Part,
    limit: usize,
) -> StoreResult<ListPart<StoredEvent>> {
    let mut wanted = filter::conditions(filter);
    let order = match part {
        Part::Before(before) => {
            wanted.and("id < $", before.map_or(i64::MAX, |before| before.0));
            "DESC"
        }
        Part::After(after) => {
            wanted.and("id > $", after.0);
            "ASC"
        }
    };
    let most = wanted.value(codes::limit(limit));
    // The page first, and then the bodies of what stands on it, until they are enough.
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
    let found = on.query(&sql, &wanted.values()).await?;
    let bytes: i64 = found.last().map(|row| row.try_get(3)).transpose()?.unwrap_or(0);
    let rows = read(on, &found).await?;
    let more = rows.len() == limit || bytes >= codes::limit(bounds::LIST_BYTES);
    Ok(ListPart { rows, more })
}

/// The programs reported most often.
pub(super) async fn stats(
    on: &impl GenericClient,
    filter: &EventFilter,
    limit: usize,
) -> StoreResult<Vec<EventStat>> {
    let mut wanted = filter::conditions(filter);
    let limit = wanted.value(codes::limit(limit));
    let sql = format!(
        "SELECT latest, events, hosts, {EVENT_COLUMNS} FROM (
             SELECT max(id) AS latest, count(*) AS events, count(DISTINCT machine) AS hosts
             FROM event WHERE {}
             GROUP BY substr(sha256, 1, 65), kind, substr(rule, 1, 256)
             ORDER BY events DESC, latest DESC LIMIT {limit}
         ) AS counted JOIN event ON event.id = latest ORDER BY events DESC, latest DESC",
        wanted.sql
    );
    on.query(&sql, &wanted.values()).await?.iter().map(stat).collect()
}

fn stat(row: &Row) -> StoreResult<EventStat> {
    let (received, event) = columns(row, 3)?.event()?;
    let latest = EventId(row.try_get(0)?);
    Ok(EventStat::new(latest, received, event, count(row, 1)?, count(row, 2)?))
}

/// The body of an event, unless it is too large to be read.
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

/// An event that is too large to be read whole.
async fn shortened(on: &impl GenericClient, id: EventId) -> StoreResult<(Timestamp, Event)> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE id = $1");
    let rows = query(on, &sql, &[&id.0]).await?;
    let row = rows.first().ok_or_else(|| codes::corrupt("event", &id))?;
    columns(row, 0)?.event()
}

fn columns(row: &Row, first: usize) -> StoreResult<EventColumns> {
    let at = |place: usize| first + place;
    Ok(EventColumns {
        machine: row.try_get(at(0))?,
        received: row.try_get(at(1))?,
        kind: row.try_get(at(2))?,
        occurred: row.try_get(at(3))?,
        pid: row.try_get(at(4))?,
        decision: row.try_get(at(5))?,
        sha256: row.try_get(at(6))?,
        signing_id: row.try_get(at(7))?,
        team_id: row.try_get(at(8))?,
        certificate: row.try_get(at(9))?,
        member_of: row.try_get(at(10))?,
        signer: row.try_get(at(11))?,
        user: row.try_get(at(12))?,
        path: row.try_get(at(13))?,
        rule: row.try_get(at(14))?,
        file: row.try_get(at(15))?,
    })
}
