//! Deletes old events.

use deadpool_postgres::{Client, GenericClient};

use super::insert::{FLOOR, digest};
use super::partitions::{self, Week};
use crate::rule::MachineId;
use crate::store::postgres::count;
use crate::store::postgres::locks::Lock;
use crate::store::postgres::{Values, codes, query};
use crate::store::{EventPurge, StoreResult};

/// Maximum entries of `event_once` to delete at a time, after their partitions were dropped.
const STALE: i64 = 20_000;
/// How long the deletion of a partition waits for the readers of the partition before it fails. New
/// readers may have to wait this long, too.
const DROP_PATIENCE: &str = "SET LOCAL lock_timeout = '2s'";

/// Whether any event, or any entry of `event_once` for a dropped partition, must be deleted.
pub(in crate::store::postgres) async fn has_overdue(
    on: &impl GenericClient,
    purge: EventPurge,
) -> StoreResult<bool> {
    if let Some(before) = purge.before {
        let sql = "SELECT 1 FROM event WHERE received < $1 LIMIT 1";
        if !query(on, sql, &[&before.as_millisecond()]).await?.is_empty() {
            return Ok(true);
        }
    }
    let sql = format!("SELECT 1 FROM event_once WHERE received < {FLOOR} LIMIT 1");
    let stale = !query(on, &sql, &[]).await?.is_empty();
    Ok(stale || surplus(on, purge.keep).await? > 0)
}

async fn surplus(on: &impl GenericClient, keep: Option<u64>) -> StoreResult<i64> {
    let Some(keep) = keep.and_then(|keep| i64::try_from(keep).ok()) else { return Ok(0) };
    // The range of IDs is at least the number of events, so a small range needs no count.
    let sql = "SELECT coalesce((SELECT max(id) FROM event) - (SELECT min(id) FROM event) + 1, 0)";
    for sql in [sql, "SELECT count(*) FROM event"] {
        let rows = query(on, sql, &[]).await?;
        let at_most: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
        if at_most <= keep {
            return Ok(0);
        }
        if sql.contains("count") {
            return Ok(at_most - keep);
        }
    }
    Ok(0)
}

/// Drops partitions whose events are all too old, until at least `limit` events are deleted. Then
/// deletes other events that are too old, and the oldest events above the number to keep, until
/// `limit` events are deleted in total. Returns how many events were deleted.
pub(in crate::store::postgres) async fn purge(
    client: &mut Client,
    purge: EventPurge,
    limit: usize,
) -> StoreResult<usize> {
    let mut gone = 0;
    if let Some(before) = purge.before.map(|before| before.as_millisecond()) {
        for week in partitions::all(&*client).await? {
            if week.ends() <= before && gone < limit {
                gone += drop_week(client, week).await?;
            }
        }
        let sql =
            "SELECT id, received FROM event WHERE received < $1 ORDER BY received, id LIMIT $2";
        let left = codes::limit(limit.saturating_sub(gone));
        gone += delete(client, sql, &[&before, &left]).await?;
    }
    let left = codes::limit(limit.saturating_sub(gone));
    let surplus = surplus(&*client, purge.keep).await?.min(left);
    if surplus > 0 {
        let sql = "SELECT id, received FROM event ORDER BY id LIMIT $1";
        gone += delete(client, sql, &[&surplus]).await?;
    }
    let sql = format!(
        "DELETE FROM event_once WHERE digest = ANY (ARRAY(
             SELECT digest FROM event_once WHERE received < {FLOOR} LIMIT $1))"
    );
    query(client, &sql, &[&STALE]).await?;
    Ok(gone)
}

/// Drops the partitions of a week. Returns how many events were deleted.
async fn drop_week(client: &mut Client, week: Week) -> StoreResult<usize> {
    let on = client.transaction().await?;
    Lock::Events.take(&on).await?;
    // Another server may have dropped the week.
    if !partitions::all(&on).await?.contains(&week) {
        return Ok(0);
    }
    on.batch_execute(DROP_PATIENCE).await?;
    let sql = format!("SELECT count(*) FROM {}", week.partition("event"));
    let events = count(&on.query_one(&sql, &[]).await?, 0)?;
    let sql = "INSERT INTO meta (key, value)
               VALUES ('event_floor', convert_to($1::bigint::text, 'UTF8'))
               ON CONFLICT (key) DO UPDATE SET value = convert_to(greatest(
                   convert_from(meta.value, 'UTF8')::bigint, $1)::text, 'UTF8')";
    query(&on, sql, &[&week.ends()]).await?;
    partitions::drop_week(&on, week).await?;
    on.commit().await?;
    tracing::info!(events, week = week.partition("event"), "dropped a week of old events");
    usize::try_from(events).map_err(|error| codes::corrupt("count", &error))
}

/// Deletes the events that a query selects, with their bodies and digests.
async fn delete(on: &impl GenericClient, which: &str, values: Values<'_>) -> StoreResult<usize> {
    let sql = format!(
        "WITH old AS MATERIALIZED ({which}), gone AS (
             DELETE FROM event AS e USING old WHERE e.id = old.id AND e.received = old.received
             RETURNING e.id, e.received, {} AS digest
         ), bodies AS (
             DELETE FROM event_body AS b USING gone
             WHERE b.id = gone.id AND b.received = gone.received
         ), entries AS (
             DELETE FROM event_once AS o USING gone WHERE o.digest = gone.digest
         )
         SELECT count(*) FROM gone",
        digest("e")
    );
    let rows = query(on, &sql, values).await?;
    let gone = rows.first().map_or(Ok(0), |row| count(row, 0))?;
    usize::try_from(gone).map_err(|error| codes::corrupt("count", &error))
}

pub(in crate::store::postgres) async fn delete_of(
    on: &impl GenericClient,
    machine: &MachineId,
    limit: usize,
) -> StoreResult<usize> {
    let which = "SELECT id, received FROM event WHERE machine = $1 ORDER BY id LIMIT $2";
    delete(on, which, &[&machine.as_str(), &codes::limit(limit)]).await
}
