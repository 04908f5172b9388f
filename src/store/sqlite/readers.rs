//! The connections that read. Each query sees one snapshot of the database.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::identity::Identity;
use super::open::{self, ConnectionUse};
use crate::store::query_purpose::{Bounds, QueryPurpose};
use crate::store::{Latencies, StoreError, StoreResult};

/// After this number of steps of SQLite's virtual machine, a query checks again whether it must
/// stop.
const STEPS_A_CHECK: i32 = 1_000;

/// Connections for each purpose. [`Readers::open`] opens them at the start, so that they keep
/// working when the file is deleted or replaced.
pub(super) struct Readers {
    sync: Arc<Pool>,
    admin: Arc<Pool>,
    background: Arc<Pool>,
    pub(super) latencies: Latencies,
}

impl Readers {
    pub(super) fn open(path: &std::path::Path, identity: &Arc<Identity>) -> rusqlite::Result<Self> {
        let pool = |purpose: QueryPurpose| {
            Pool::open(path.to_owned(), Arc::clone(identity), purpose.bounds()).map(Arc::new)
        };
        Ok(Self {
            sync: pool(QueryPurpose::Sync)?,
            admin: pool(QueryPurpose::Admin)?,
            background: pool(QueryPurpose::Background)?,
            latencies: Latencies::default(),
        })
    }

    /// Readers for a command that does not change the content. Each is opened when it is needed.
    pub(super) fn of_reader(path: &std::path::Path, reading: ConnectionUse) -> Self {
        let pool = |purpose: QueryPurpose| {
            let turns = Arc::new(Semaphore::new(purpose.bounds().readers));
            Arc::new(Pool {
                path: path.to_owned(),
                reading,
                identity: None,
                bounds: purpose.bounds(),
                turns,
                idle: Mutex::default(),
            })
        };
        Self {
            sync: pool(QueryPurpose::Sync),
            admin: pool(QueryPurpose::Admin),
            background: pool(QueryPurpose::Background),
            latencies: Latencies::default(),
        }
    }

    fn current(&self) -> &Arc<Pool> {
        match QueryPurpose::current() {
            QueryPurpose::Sync => &self.sync,
            QueryPurpose::Admin => &self.admin,
            QueryPurpose::Background => &self.background,
        }
    }

    /// Runs `query` in one read transaction, off the async threads.
    pub(super) async fn read<T, Q>(&self, query: Q) -> StoreResult<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let started = Instant::now();
        let answer = self.current().read(query).await;
        self.latencies.add(started);
        answer
    }

    /// Runs one statement on the calling thread, without waiting for other readers. For a row that
    /// is found by its key, this is faster than waking another thread.
    pub(super) fn glance<T>(
        &self,
        query: impl FnOnce(&Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let started = Instant::now();
        let answer = self.current().glance(query);
        self.latencies.add(started);
        answer
    }
}

/// Connections for one purpose. If no connection is idle, another connection is opened.
struct Pool {
    path: PathBuf,
    reading: ConnectionUse,
    /// The file that must still be at `path` when another reader is opened. None for a command that
    /// does not change the content.
    identity: Option<Arc<Identity>>,
    bounds: Bounds,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    fn open(path: PathBuf, identity: Arc<Identity>, bounds: Bounds) -> rusqlite::Result<Self> {
        let connect = |_| open::connect(&path, ConnectionUse::Read);
        let idle: Vec<_> = (0..bounds.readers).map(connect).collect::<Result<_, _>>()?;
        let turns = Arc::new(Semaphore::new(bounds.readers));
        let (reading, identity) = (ConnectionUse::Read, Some(identity));
        Ok(Self { path, reading, identity, bounds, turns, idle: Mutex::new(idle) })
    }

    /// Runs `query`. Stops it at its deadline, or when the caller stops waiting.
    async fn read<T, Q>(self: &Arc<Self>, query: Q) -> StoreResult<T>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let turn = timeout(self.bounds.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| StoreError::Overloaded)?;
        let turn = turn.map_err(|error| StoreError::Database(error.to_string()))?;
        let stop = Arc::new(Stop::after(self.bounds.deadline));
        let waiting = Waiting(Arc::clone(&stop));
        let pool = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let answer = pool.lend(&stop, query);
            drop(turn);
            answer
        });
        let answer = reading.await.map_err(|error| StoreError::Database(error.to_string()))?;
        drop(waiting);
        answer
    }

    fn glance<T>(&self, query: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        let connection = self.take()?;
        let answer = query(&connection);
        self.give_back(connection);
        answer
    }

    fn lend<T>(
        &self,
        stop: &Arc<Stop>,
        query: impl FnOnce(&Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        stop.check()?;
        let mut connection = self.take()?;
        let stopping = Arc::clone(stop);
        // This replaces the handler of the previous query, which is done.
        connection.progress_handler(STEPS_A_CHECK, Some(move || stopping.check().is_err()))?;
        let snapshot = connection.transaction()?;
        let answer = query(&snapshot);
        let answer = if answer.is_err() { stop.check().and(answer) } else { answer };
        stop.done.store(true, Ordering::Relaxed);
        snapshot.finish()?;
        self.give_back(connection);
        answer
    }

    fn take(&self) -> StoreResult<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => {
                // If another file is now at the path, SQLite would read it with the log of the
                // original file.
                if let Some(identity) = &self.identity {
                    identity.check().map_err(StoreError::Unwritable)?;
                }
                Ok(open::connect(&self.path, self.reading)?)
            }
        }
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

struct Stop {
    deadline: Option<(Instant, Duration)>,
    abandoned: AtomicBool,
    /// Whether the query has ended, so that the connection's next statement is not stopped.
    done: AtomicBool,
}

impl Stop {
    fn after(deadline: Option<Duration>) -> Self {
        let deadline = deadline.map(|after| (Instant::now() + after, after));
        Self { deadline, abandoned: AtomicBool::new(false), done: AtomicBool::new(false) }
    }

    fn check(&self) -> StoreResult<()> {
        if self.done.load(Ordering::Relaxed) {
            return Ok(());
        }
        if self.abandoned.load(Ordering::Relaxed) {
            return Err(StoreError::Abandoned);
        }
        match self.deadline {
            Some((at, after)) if Instant::now() >= at => Err(StoreError::TooSlow(after)),
            Some(_) | None => Ok(()),
        }
    }
}

/// Exists while someone waits for a query.
struct Waiting(Arc<Stop>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A query that never ends.
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                           SELECT count(*) FROM n WHERE i < 0";

    fn pool(bounds: Bounds) -> (tempfile::TempDir, Arc<Pool>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        open::create(&path).unwrap();
        let mut writer = open::connect(&path, ConnectionUse::WriteVolatile).unwrap();
        open::prepare(&mut writer).unwrap();
        let identity = Arc::new(Identity::of(&path).unwrap());
        (folder, Arc::new(Pool::open(path, identity, bounds).unwrap()))
    }

    fn endless(on: &Connection) -> StoreResult<i64> {
        Ok(on.query_one(ENDLESS, [], |row| row.get(0))?)
    }

    fn short(on: &Connection) -> StoreResult<i64> {
        Ok(on.query_one("SELECT 1", [], |row| row.get(0))?)
    }

    const BOUNDS: Bounds = Bounds { readers: 1, patience: Duration::from_secs(60), deadline: None };

    #[tokio::test]
    async fn s4_a_query_is_stopped_at_its_deadline_and_its_reader_serves_the_next() {
        let deadline = Duration::from_millis(50);
        let (_folder, pool) = pool(Bounds { deadline: Some(deadline), ..BOUNDS });
        let stopped = pool.read(endless).await;
        assert!(matches!(stopped, Err(StoreError::TooSlow(after)) if after == deadline));
        assert_eq!(pool.read(short).await.unwrap(), 1);
        assert_eq!(pool.glance(short).unwrap(), 1, "also without a transaction around it");
    }

    #[tokio::test]
    async fn s4_a_query_that_no_one_waits_for_is_stopped() {
        let (_folder, pool) = pool(BOUNDS);
        let (started, has_started) = mpsc::channel();
        let asked = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                let query = move |on: &Connection| {
                    started.send(()).unwrap();
                    endless(on)
                };
                pool.read(query).await
            }
        });
        tokio::task::spawn_blocking(move || has_started.recv().unwrap()).await.unwrap();
        asked.abort();
        assert_eq!(pool.read(short).await.unwrap(), 1, "the only reader is free again");
    }

    #[tokio::test]
    async fn s4_waiting_for_a_reader_is_bounded_and_a_glance_does_not_wait() {
        let (_folder, pool) = pool(Bounds { patience: Duration::from_millis(20), ..BOUNDS });
        let all = Arc::clone(&pool.turns).acquire_owned().await.unwrap();
        assert!(matches!(pool.read(short).await, Err(StoreError::Overloaded)));
        assert_eq!(pool.glance(short).unwrap(), 1);
        drop(all);
        assert_eq!(pool.read(short).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn s4_administrators_leave_the_readers_of_syncs_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        open::create(&path).unwrap();
        open::prepare(&mut open::connect(&path, ConnectionUse::WriteVolatile).unwrap()).unwrap();
        let identity = Arc::new(Identity::of(&path).unwrap());
        let readers = Arc::new(Readers::open(&path, &identity).unwrap());
        let scans: Vec<_> = (0..2 * QueryPurpose::Admin.bounds().readers)
            .map(|_| {
                let readers = Arc::clone(&readers);
                tokio::spawn(QueryPurpose::Admin.run(async move { readers.read(endless).await }))
            })
            .collect();
        while readers.admin.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(QueryPurpose::Sync.run(readers.read(short)).await.unwrap(), 1);
        assert_eq!(readers.read(short).await.unwrap(), 1);
        scans.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
