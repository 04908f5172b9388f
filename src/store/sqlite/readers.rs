//! The connections that read, each query in one snapshot of the database.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::identity::Identity;
use super::open::{self, Use};
use crate::store::{StoreError, StoreResult};

/// How many read at once.
const READERS: usize = 4;

/// A few connections, and more when they are needed.
pub(super) struct Readers {
    path: PathBuf,
    identity: Arc<Identity>,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Readers of the database at `path`. They are opened now: when the file is deleted or
    /// replaced, what needs no write is still answered.
    pub(super) fn open(path: PathBuf, identity: Arc<Identity>) -> rusqlite::Result<Self> {
        let idle: Vec<_> =
            (0..READERS).map(|_| open::connect(&path, Use::Read)).collect::<Result<_, _>>()?;
        let turns = Arc::new(Semaphore::new(READERS));
        Ok(Self { path, identity, turns, idle: Mutex::new(idle) })
    }

    /// Runs all queries of `query` in one read transaction, off the async threads.
    pub(super) async fn read<T, Q>(self: &Arc<Self>, query: Q) -> StoreResult<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| StoreError::Database(error.to_string()))?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let answer = readers.lend(query);
            drop(turn);
            answer
        });
        reading.await.map_err(|error| StoreError::Database(error.to_string()))?
    }

    /// Runs one statement on the calling thread: for what is found by its key, which takes less
    /// time than to wake another thread.
    pub(super) fn glance<T>(
        &self,
        query: impl FnOnce(&Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let connection = self.take()?;
        let answer = query(&connection);
        self.give_back(connection);
        answer
    }

    fn lend<T>(&self, query: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        let mut connection = self.take()?;
        let snapshot = connection.transaction()?;
        let answer = query(&snapshot);
        snapshot.finish()?;
        self.give_back(connection);
        answer
    }

    fn take(&self) -> StoreResult<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => {
                // Another file at the path would be read with the log of this one.
                self.identity.check().map_err(StoreError::Unwritable)?;
                Ok(open::connect(&self.path, Use::Read)?)
            }
        }
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}
