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
use tokio_postgres::Row;

use super::rows::count;
use super::{codes, query};
use crate::fleet::{Event, EventId, EventStat};
use crate::store::{EventFilter, StoreResult, StoredEvent};

/// Which part of the list, and in which direction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Newest first, from an event on, not including it.
    Before(Option<EventId>),
    /// Oldest first, behind an event.
    After(EventId),
}

/// One event.
pub(super) async fn get(on: &impl GenericClient, id: EventId) -> StoreResult<Option<StoredEvent>> {
    let sql = "SELECT id, received, body FROM event JOIN event_body USING (id, received)
               WHERE id = $1";
    query(on, sql, &[&id.0]).await?.first().map(read).transpose()
}

/// A page of events.
pub(super) async fn list(
    on: &impl GenericClient,
    filter: &EventFilter,
    part: Part,
    limit: usize,
) -> StoreResult<Vec<StoredEvent>> {
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
    let limit = wanted.value(codes::limit(limit));
    // The page first, and then the bodies of what stands on it.
    let sql = format!(
        "SELECT page.id, page.received, body FROM (
             SELECT id, received FROM event WHERE {} ORDER BY id {order} LIMIT {limit}
         ) AS page JOIN event_body USING (id, received) ORDER BY page.id {order}",
        wanted.sql
    );
    on.query(&sql, &wanted.values()).await?.iter().map(read).collect()
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
        "SELECT latest, events, hosts, event.received, body, event.kind, event.rule FROM (
             SELECT max(id) AS latest, count(*) AS events, count(DISTINCT machine) AS hosts
             FROM event WHERE {}
             GROUP BY sha256, kind, rule ORDER BY events DESC, latest DESC LIMIT {limit}
         ) AS counted JOIN event ON event.id = latest
           JOIN event_body ON event_body.id = latest AND event_body.received = event.received
         ORDER BY events DESC, latest DESC",
        wanted.sql
    );
    on.query(&sql, &wanted.values()).await?.iter().map(stat).collect()
}

fn stat(row: &Row) -> StoreResult<EventStat> {
    let event: Event = codes::to_value(row.try_get(4)?)?;
    Ok(EventStat {
        kind: codes::to_event_kind(row.try_get(5)?)?,
        rule: row.try_get(6)?,
        latest: EventId(row.try_get(0)?),
        file_name: event.file_name,
        sha256: event.program.sha256,
        signing_id: event.program.signing_id,
        decision: event.decision,
        events: count(row, 1)?,
        hosts: count(row, 2)?,
        last_received: codes::to_time(row.try_get(3)?)?,
    })
}

fn read(row: &Row) -> StoreResult<StoredEvent> {
    Ok(StoredEvent {
        id: EventId(row.try_get(0)?),
        received: codes::to_time(row.try_get(1)?)?,
        event: codes::to_value(row.try_get(2)?)?,
    })
}
