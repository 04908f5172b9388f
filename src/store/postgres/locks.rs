//! Locks between the servers of one database. Each lock is released when its transaction ends.
//!
//! A transaction must take its locks before its other statements, so that these statements see the
//! writes of the transactions that had the locks before.

use deadpool_postgres::GenericClient;

use crate::store::StoreResult;

/// "nice" in ASCII, so that the locks differ from those of other programs.
const OURS: i32 = 0x6e69_6365;

/// How long a transaction with a lock waits for a table.
const TABLE_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '1500ms'";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    Schema = 1,
    /// Policy and tokens. Revisions are numbered under this lock, so that their order is the order in
    /// which they are committed.
    Policy = 2,
    /// The existence of hosts. Adding hosts shares the lock, and forgetting a host takes it
    /// exclusively.
    Hosts = 3,
    /// New events and sightings. Events are numbered under this lock, so that a reader that follows
    /// new events misses none of them.
    Events = 4,
}

impl Lock {
    /// Takes the lock exclusively. Waits for up to the session's `lock_timeout`, for example for
    /// another server's large import. Afterwards, the transaction waits only briefly for a locked
    /// table.
    pub(super) async fn take(self, on: &impl GenericClient) -> StoreResult<()> {
        let lock = self as i32;
        let sql = format!("SELECT pg_advisory_xact_lock({OURS}, {lock}); {TABLE_LOCK_TIMEOUT}");
        on.batch_execute(&sql).await?;
        Ok(())
    }

    pub(super) async fn share(self, on: &impl GenericClient) -> StoreResult<()> {
        let sql = "SELECT pg_advisory_xact_lock_shared($1, $2)";
        super::query(on, sql, &[&OURS, &(self as i32)]).await?;
        Ok(())
    }
}
