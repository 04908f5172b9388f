//! Events that come from another database, with their numbers.

use std::collections::HashSet;

use deadpool_postgres::GenericClient;

use super::keep::digest;
use super::partitions::{self, Week};
use crate::store::StoreResult;

/// Makes the partitions that some times of reception need, in a transaction that holds the lock
/// of events.
pub(in crate::store::postgres) async fn have_partitions(
    on: &impl GenericClient,
    received: impl Iterator<Item = i64>,
) -> StoreResult<()> {
    let weeks: HashSet<Week> = received.map(Week::of).collect();
    partitions::make(on, &weeks).await
}

/// Notes of all events what tells them apart. Of those that only a NUL tells apart, one.
pub(in crate::store::postgres) async fn tell_apart(on: &impl GenericClient) -> StoreResult<()> {
    let sql = format!(
        "INSERT INTO event_once (digest, id, received)
         SELECT {}, e.id, e.received FROM event AS e ON CONFLICT DO NOTHING",
        digest("e")
    );
    Ok(on.batch_execute(&sql).await?)
}
