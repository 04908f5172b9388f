//! Events copied from another database with their IDs.

use std::collections::HashSet;

use deadpool_postgres::GenericClient;

use super::insert::digest;
use super::partitions::{self, Week};
use crate::store::StoreResult;

/// Creates the missing partitions for events that were received at these times. The caller's
/// transaction must have the events lock.
pub(in crate::store::postgres) async fn create_partitions(
    on: &impl GenericClient,
    received: impl Iterator<Item = i64>,
) -> StoreResult<()> {
    let weeks: HashSet<Week> = received.map(Week::of).collect();
    partitions::make(on, &weeks).await
}

/// Stores the digests of all events. Two copied events can have the same digest, because NUL is
/// stored as U+FFFD. Then only one of them gets an entry.
pub(in crate::store::postgres) async fn insert_digests(on: &impl GenericClient) -> StoreResult<()> {
    let sql = format!(
        "INSERT INTO event_once (digest, id, received)
         SELECT {}, e.id, e.received FROM event AS e ON CONFLICT DO NOTHING",
        digest("e")
    );
    Ok(on.batch_execute(&sql).await?)
}
