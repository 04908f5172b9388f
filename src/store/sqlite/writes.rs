//! Sends writes to the writer thread. If the database was opened read-only, tries each write and
//! rolls it back.

use std::path::PathBuf;

use rusqlite::{Connection, TransactionBehavior};

use super::open::{self, ConnectionUse};
use super::writer::{CommitSharing, WriteResult, Writer};
use crate::store::{Latencies, StoreError, StoreResult, WriteFault, WriteQueue};

pub(super) enum Writes {
    /// Writes are sent to the writer thread.
    Kept(Writer),
    /// The database was opened read-only. Every write is rolled back, and fails unless its result
    /// is [`WriteResult::Discard`].
    Tried {
        path: PathBuf,
        /// How the file is opened.
        reading: ConnectionUse,
    },
}

impl Writes {
    /// The thread that writes. Fails if the database was opened read-only.
    pub(super) fn writer(&self) -> StoreResult<&Writer> {
        match self {
            Self::Kept(writer) => Ok(writer),
            Self::Tried { .. } => Err(StoreError::Unwritable(WriteFault::Protected)),
        }
    }

    /// The latencies of writes, and the waiting writes. Writes that are rolled back are not measured.
    pub(super) fn meters(&self) -> (Latencies, WriteQueue) {
        match self {
            Self::Kept(writer) => (writer.latencies.clone(), writer.waiting()),
            Self::Tried { .. } => (Latencies::default(), WriteQueue::default()),
        }
    }

    /// Does `work` like [`Writer::write`]. If the database was opened read-only, rolls the work
    /// back, and fails unless the result is [`WriteResult::Discard`].
    pub(super) async fn write<T, W>(&self, turn: CommitSharing, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> StoreResult<WriteResult<T>> + Send + 'static,
    {
        match self {
            Self::Kept(writer) => writer.write(turn, work).await,
            Self::Tried { path, reading } => {
                let (path, reading) = (path.clone(), *reading);
                let trying = tokio::task::spawn_blocking(move || {
                    let mut connection = open::connect(&path, reading)?;
                    connection.pragma_update(None, "query_only", false)?;
                    rolled_back(&mut connection, work)
                });
                trying.await.map_err(|error| StoreError::Database(error.to_string()))?
            }
        }
    }
}

/// Does some work and rolls it back. Fails unless the result is [`WriteResult::Discard`].
fn rolled_back<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> StoreResult<WriteResult<T>>,
) -> StoreResult<T> {
    let trial = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&trial)?;
    trial.rollback()?;
    match done {
        WriteResult::Discard(value) => Ok(value),
        WriteResult::Keep(_) => Err(StoreError::Unwritable(WriteFault::Protected)),
    }
}
