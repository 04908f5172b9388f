//! Locks that servers over one database take in turn. They end with their transaction.
//!
//! Whoever takes one must take it first: what a statement sees is settled when it begins, and
//! it has to see what the last holder left.

use deadpool_postgres::GenericClient;

use crate::store::StoreResult;

/// "nice": no lock of another program.
const OURS: i32 = 0x6e69_6365;

/// How long a transaction that holds one of ours waits for a table.
const TABLE_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '1500ms'";

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    Schema = 1,
    /// Policy and tokens. Under it revisions are numbered, so that their order is that of commits.
    Policy = 2,
    /// Which hosts there are: shared by those who add some, alone for who forgets one.
    Hosts = 3,
    /// New events. Under it they are numbered, so that whoever follows them misses none.
    Events = 4,
}

impl Lock {
    /// Waits for the lock and holds it alone. Another server may hold it for a large import, but
    /// no table is locked that long: from then on the transaction waits for none.
    pub(super) async fn take(self, on: &impl GenericClient) -> StoreResult<()> {
        let lock = self as i32;
        let sql = format!("SELECT pg_advisory_xact_lock({OURS}, {lock}); {TABLE_LOCK_TIMEOUT}");
        on.batch_execute(&sql).await?;
        Ok(())
    }

    /// Waits for the lock and shares it.
    pub(super) async fn share(self, on: &impl GenericClient) -> StoreResult<()> {
        let sql = "SELECT pg_advisory_xact_lock_shared($1, $2)";
        super::query(on, sql, &[&OURS, &(self as i32)]).await?;
        Ok(())
    }
}
