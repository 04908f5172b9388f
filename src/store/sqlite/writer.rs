//! The one thread that writes. Jobs that wait together share a commit; nobody is answered
//! before the commit that holds his work. What waits is bounded: beyond that it is refused at
//! once, before it takes memory that those who wait already need.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::store::{StoreError, StoreResult};

/// From so many rows on a commit takes no further job.
const LARGEST_GROUP: u32 = 2048;
/// The most rows that wait: what is written within some seconds, in some 100 MB of memory.
const MOST_WAITING: u32 = 64 * 1024;
/// How long a commit waits for company where there was some, but little, at most: a commit costs as
/// much for one as for many, and nobody notices so short a time. In steps, for enough may be there
/// sooner.
const GATHERING: Duration = Duration::from_micros(2500);
const STEPS: u32 = 4;
/// So many jobs are company enough: those who come meanwhile wait together by themselves.
const CROWD: usize = 32;

/// What becomes of the work of a job that did not fail.
pub(super) enum Done<T> {
    /// It stays.
    Keep(T),
    /// It is rolled back, and the answer given all the same.
    Discard(T),
}

/// Whether jobs may share a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// With others, of one statement that writes: it is whole or absent by itself.
    Single,
    /// With others, of about so many rows.
    Shared { rows: u32 },
    /// Large: a savepoint around it would copy every page it touches. Waits however much does.
    Alone,
}

impl Turn {
    /// For how many rows it counts among what waits.
    fn rows(self) -> u32 {
        match self {
            Self::Single => 1,
            Self::Shared { rows } => rows.clamp(1, MOST_WAITING),
            Self::Alone => 0,
        }
    }
}

/// The sending end; dropping it finishes what is queued and ends the thread.
pub(super) struct Writer {
    queue: Option<mpsc::UnboundedSender<Job>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        Self::start_with(connection, || thread::sleep(GATHERING))
    }

    fn start_with(
        connection: Connection,
        gather: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, jobs, gather))?;
        let room = Arc::new(Semaphore::new(MOST_WAITING as usize));
        Ok(Self { queue: Some(queue), room, thread: Some(thread) })
    }

    /// Does `work` in a transaction, or as a part of one, and returns after its commit.
    /// [`StoreError::Overloaded`] if too much waits already.
    pub(super) async fn write<T, W>(&self, turn: Turn, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> StoreResult<Done<T>> + Send + 'static,
    {
        let room = Arc::clone(&self.room).try_acquire_many_owned(turn.rows());
        let room = room.map_err(|_| StoreError::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Work { work: Some(work), result: None, reply });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(Job { turn, task, _room: room }).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the store's writer panicked");
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Database("the writer has stopped".to_owned())
}

struct Job {
    turn: Turn,
    task: Box<dyn Task>,
    /// Given back when the job is answered.
    _room: OwnedSemaphorePermit,
}

/// A job without the type of its answer.
trait Task: Send {
    /// Does the work. False if what it wrote must go.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers, given what became of the transaction.
    fn answer(self: Box<Self>, committed: &Result<(), String>);
}

struct Work<T, W> {
    work: Option<W>,
    result: Option<StoreResult<Done<T>>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, W> Task for Work<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> StoreResult<Done<T>> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        self.result = self.work.take().map(|work| work(connection));
        matches!(self.result, Some(Ok(Done::Keep(_))))
    }

    fn answer(self: Box<Self>, committed: &Result<(), String>) {
        let answer = match (self.result, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(reason)) => Err(StoreError::Database(reason.clone())),
            (Some(Ok(Done::Keep(value) | Done::Discard(value))), Ok(())) => Ok(value),
            (None, Ok(())) => Err(stopped()),
        };
        // Whoever asked may have gone; the work is done all the same.
        drop(self.reply.send(answer));
    }
}

fn serve(connection: &Connection, mut jobs: mpsc::UnboundedReceiver<Job>, gather: impl Fn()) {
    let (mut held, mut last) = (None, 0);
    while let Some(first) = held.take().or_else(|| jobs.blocking_recv()) {
        // One who writes alone, a write after the other, never waits.
        if (2..CROWD).contains(&last) {
            (0..STEPS).take_while(|_| jobs.len() < CROWD).for_each(|_| gather());
        }
        let (alone, mut rows) = (first.turn == Turn::Alone, first.turn.rows());
        let mut group = vec![first];
        // What waits already shares the commit.
        while !alone && held.is_none() && rows < LARGEST_GROUP {
            match jobs.try_recv() {
                Ok(job) if job.turn == Turn::Alone => held = Some(job),
                Ok(job) => {
                    rows += job.turn.rows();
                    group.push(job);
                }
                Err(_) => break,
            }
        }
        let committed = transact(connection, &mut group).map_err(|error| error.to_string());
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot roll back");
        }
        last = group.len();
        for job in group {
            job.task.answer(&committed);
        }
    }
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    if let Err(error) = connection.query_one(checkpoint, [], |_| Ok(())) {
        tracing::warn!(%error, "cannot checkpoint");
    }
}

fn transact(connection: &Connection, group: &mut [Job]) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    if let [only] = group {
        let kept = only.task.run(connection);
        return match (kept, connection.is_autocommit()) {
            (true, _) => commit(connection),
            (false, false) => connection.execute_batch("ROLLBACK"),
            // SQLite rolls back by itself when the disk is full, for one.
            (false, true) => Ok(()),
        };
    }
    for job in group {
        match job.turn {
            Turn::Single => {
                job.task.run(connection);
            }
            Turn::Shared { .. } | Turn::Alone => {
                connection.prepare_cached("SAVEPOINT job")?.execute([])?;
                if !job.task.run(connection) {
                    connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
                }
                connection.prepare_cached("RELEASE job")?.execute([])?;
            }
        }
        if connection.is_autocommit() {
            // It rolled back by itself: whatever follows would be committed row by row.
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
                Some("the transaction was rolled back by another's failure".to_owned()),
            ));
        }
    }
    commit(connection)
}

fn commit(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("COMMIT")?.execute([]).map(drop)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc as blocking;

    use super::*;

    const SHARED: Turn = Turn::Shared { rows: 1 };

    fn database(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        let sql = "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x INTEGER UNIQUE)";
        connection.execute_batch(sql).unwrap();
        connection
    }

    fn rows(connection: &Connection) -> Vec<i64> {
        let mut statement = connection.prepare("SELECT x FROM t ORDER BY x").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn add(connection: &Connection, x: i64) -> StoreResult<Done<()>> {
        connection.execute("INSERT INTO t VALUES (?)", [x])?;
        Ok(Done::Keep(()))
    }

    /// Holds the writer until told to go on, so that what follows waits together.
    async fn held(writer: &Writer, go: blocking::Receiver<()>) -> StoreResult<()> {
        let wait = move |_: &Connection| {
            go.recv().unwrap();
            Ok(Done::Discard(()))
        };
        writer.write(Turn::Alone, wait).await
    }

    #[tokio::test]
    async fn jobs_that_wait_share_a_commit_and_fail_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let writer = Writer::start(database(&path)).unwrap();
        let (go, gate) = blocking::channel();
        let failing = |on: &Connection| {
            add(on, 2)?;
            add(on, 1)
        };
        let discarded = |on: &Connection| add(on, 3).map(|_| Done::Discard("seen"));
        let outside = database(&path);
        let looking = move |on: &Connection| Ok(Done::Keep((rows(on), rows(&outside))));
        let (_, one, failed, seen, views, four, ()) = tokio::join!(
            held(&writer, gate),
            writer.write(SHARED, |on| add(on, 1)),
            writer.write(SHARED, failing),
            writer.write(SHARED, discarded),
            writer.write(SHARED, looking),
            writer.write(Turn::Alone, |on| add(on, 4)),
            async { go.send(()).unwrap() },
        );
        assert!(one.is_ok() && four.is_ok());
        assert!(failed.unwrap_err().to_string().contains("UNIQUE"));
        assert_eq!(seen.unwrap(), "seen");
        assert_eq!(views.unwrap(), (vec![1], vec![]), "not one transaction");
        assert_eq!(rows(&database(&path)), [1, 4]);
    }

    #[tokio::test]
    async fn one_who_writes_alone_never_waits_and_a_few_wait_for_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let ((waits, waiting), (go_on, gone)) = (blocking::channel(), blocking::channel());
        let gather = move || {
            // Only the first is listened for.
            let _ = waits.send(());
            gone.recv().unwrap();
        };
        let writer = Writer::start_with(database(&path), gather).unwrap();
        for number in 1..=3 {
            writer.write(SHARED, move |on| add(on, number)).await.unwrap();
        }
        let (go, gate) = blocking::channel();
        let (held, four, five, ()) = tokio::join!(
            held(&writer, gate),
            writer.write(SHARED, |on| add(on, 4)),
            writer.write(SHARED, |on| add(on, 5)),
            async { go.send(()).unwrap() },
        );
        assert!(held.is_ok() && four.is_ok() && five.is_ok());
        assert!(waiting.try_recv().is_err(), "nobody was to wait yet");

        let outside = database(&path);
        let looking = move |on: &Connection| Ok(Done::Keep((rows(on).len(), rows(&outside).len())));
        let (six, (views, ())) = tokio::join!(writer.write(SHARED, |on| add(on, 6)), async {
            tokio::task::spawn_blocking(move || waiting.recv()).await.unwrap().unwrap();
            let go = async { (0..STEPS).for_each(|_| go_on.send(()).unwrap()) };
            tokio::join!(writer.write(SHARED, looking), go)
        });
        assert!(six.is_ok());
        assert_eq!(views.unwrap(), (6, 5), "not one transaction");
    }

    #[tokio::test]
    async fn what_is_too_much_is_refused_at_once_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let writer = Writer::start(database(&path)).unwrap();
        let (go, gate) = blocking::channel();
        let most = Turn::Shared { rows: MOST_WAITING };
        let (_, one, refused, alone, ()) = tokio::join!(
            held(&writer, gate),
            writer.write(most, |on| add(on, 1)),
            writer.write(Turn::Single, |on| add(on, 2)),
            writer.write(Turn::Alone, |on| add(on, 3)),
            async { go.send(()).unwrap() },
        );
        assert!(one.is_ok() && alone.is_ok());
        assert!(matches!(refused, Err(StoreError::Overloaded)));
        assert!(writer.write(Turn::Single, |on| add(on, 4)).await.is_ok(), "there is room again");
        assert_eq!(rows(&database(&path)), [1, 3, 4]);
    }

    #[tokio::test]
    async fn what_is_queued_is_done_before_the_writer_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let writer = Writer::start(database(&path)).unwrap();
        let (go, gate) = blocking::channel();
        {
            // Asked for, and given up on before the answer.
            let asking =
                async { tokio::join!(held(&writer, gate), writer.write(SHARED, |on| add(on, 1))) };
            let none = tokio::time::timeout(std::time::Duration::from_millis(1), asking).await;
            assert!(none.is_err());
        }
        go.send(()).unwrap();
        drop(writer);
        assert_eq!(rows(&database(&path)), [1]);
    }

    #[tokio::test]
    async fn a_commit_that_fails_fails_all_its_jobs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let connection = database(&path);
        let deferred = "PRAGMA foreign_keys = ON; CREATE TABLE p (id INTEGER PRIMARY KEY);
             CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)";
        connection.execute_batch(deferred).unwrap();
        let writer = Writer::start(connection).unwrap();
        let (go, gate) = blocking::channel();
        let orphan = |on: &Connection| {
            on.execute("INSERT INTO c VALUES (7)", [])?;
            Ok(Done::Keep(()))
        };
        let (_, one, other, ()) = tokio::join!(
            held(&writer, gate),
            writer.write(SHARED, |on| add(on, 1)),
            writer.write(SHARED, orphan),
            async { go.send(()).unwrap() },
        );
        assert!(one.unwrap_err().to_string().contains("FOREIGN KEY"));
        assert!(other.is_err());
        assert!(writer.write(SHARED, |on| add(on, 2)).await.is_ok());
        assert_eq!(rows(&database(&path)), [2]);
    }
}
