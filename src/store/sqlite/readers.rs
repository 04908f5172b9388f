//! Readers: a few connections that see the newest committed state and never wait for a writer.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rusqlite::Connection;

use crate::store::{StoreError, StoreResult};

struct Idle {
    connections: Mutex<Vec<Connection>>,
    returned: Condvar,
}

/// A pool of reading connections.
pub(super) struct Readers {
    idle: Arc<Idle>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let connections = Mutex::new(connections);
        Self { idle: Arc::new(Idle { connections, returned: Condvar::new() }) }
    }

    /// Runs a query, all of it on one state of the database, away from the async threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let idle = Arc::clone(&self.idle);
        let done = tokio::task::spawn_blocking(move || {
            let mut db = idle.take();
            let result = in_one_state(&mut db, query);
            idle.give_back(db);
            result
        });
        done.await.map_err(|error| StoreError::Database(error.to_string()))?
    }
}

fn in_one_state<T>(
    db: &mut Connection,
    query: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    let tx = db.transaction()?;
    let result = query(&tx);
    tx.finish()?;
    result
}

impl Idle {
    fn take(&self) -> Connection {
        let mut idle = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match idle.pop() {
                Some(connection) => return connection,
                None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn give_back(&self, connection: Connection) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        self.returned.notify_one();
    }
}
