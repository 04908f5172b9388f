//! The thread that writes. Small waiting jobs share a commit, and each job completes after its
//! commit. The number of rows that wait for a shared commit is limited. Further jobs that would
//! share a commit are refused immediately.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::identity::Identity;
use crate::store::{Latencies, StoreError, StoreResult, WriteFault, WriteQueue};

/// A commit with this many rows accepts no further job.
const LARGEST_GROUP: u32 = 2048;
/// Maximum rows that wait for a shared commit, to limit the memory that they take.
const MOST_WAITING: u32 = 64 * 1024;
/// Before a commit, the thread waits for more jobs, because a commit takes about as long for many
/// jobs as for one. It waits in at most [`STEPS`] steps of this length, until [`CROWD`] jobs are
/// waiting. It does not wait if the last commit had only one job, or `CROWD` jobs or more.
const GATHERING: Duration = Duration::from_micros(2500);
const STEPS: u32 = 4;
/// With this many waiting jobs, a commit does not wait for more jobs. Jobs that arrive during the
/// commit share the next commit.
const CROWD: usize = 32;

/// Whether the work of a successful job is kept.
pub(super) enum WriteResult<T> {
    Keep(T),
    /// The work is rolled back, and its result is returned.
    Discard(T),
}

impl<T> WriteResult<T> {
    pub(super) fn keep_if(keep: bool, value: T) -> Self {
        if keep { Self::Keep(value) } else { Self::Discard(value) }
    }
}

/// Whether a job may share a commit with other jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommitSharing {
    /// Shares a commit. The job changes rows with only one statement, so it needs no savepoint.
    Single,
    /// Shares a commit. The job writes about this many rows.
    Shared { rows: u32 },
    /// Has a separate commit, because a savepoint would copy every page that the job touches. Such
    /// a job is never refused.
    Alone,
}

impl CommitSharing {
    /// How many rows the job counts for in the limit of waiting rows.
    fn rows(self) -> u32 {
        match self {
            Self::Single => 1,
            Self::Shared { rows } => rows.clamp(1, MOST_WAITING),
            Self::Alone => 0,
        }
    }
}

/// Sends jobs to the thread. Dropping a `Writer` waits until the queued jobs are done and the
/// thread has ended.
pub(super) struct Writer {
    queue: Option<mpsc::UnboundedSender<Job>>,
    room: Arc<Semaphore>,
    activity: Arc<Activity>,
    pub(super) latencies: Latencies,
    thread: Option<JoinHandle<()>>,
}

/// When the thread began its current transaction, and when it last committed a transaction.
struct Activity {
    start: Instant,
    /// Milliseconds since `start`, plus 1; 0 while no transaction is open.
    began: AtomicU64,
    /// Milliseconds since `start`, plus 1; 0 before the first commit.
    committed: AtomicU64,
}

impl Activity {
    fn new() -> Self {
        let (began, committed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { start: Instant::now(), began, committed }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn since(&self, when: &AtomicU64) -> Option<Duration> {
        let when = when.load(Ordering::Relaxed);
        (when > 0).then(|| Duration::from_millis(self.now().saturating_sub(when)))
    }
}

impl Writer {
    /// Starts the thread, which acknowledges a commit only if the file of `identity` is still at
    /// its path.
    pub(super) fn start(connection: Connection, identity: Arc<Identity>) -> std::io::Result<Self> {
        Self::start_with(connection, identity, || thread::sleep(GATHERING))
    }

    fn start_with(
        connection: Connection,
        identity: Arc<Identity>,
        gather: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let activity = Arc::new(Activity::new());
        let observed = Arc::clone(&activity);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, jobs, &identity, &observed, gather))?;
        let room = Arc::new(Semaphore::new(MOST_WAITING as usize));
        let latencies = Latencies::default();
        Ok(Self { queue: Some(queue), room, activity, latencies, thread: Some(thread) })
    }

    /// How long the current transaction has been open; None if no transaction is open.
    pub(super) fn busy_for(&self) -> Option<Duration> {
        self.activity.since(&self.activity.began)
    }

    pub(super) fn committed_ago(&self) -> Option<Duration> {
        self.activity.since(&self.activity.committed)
    }

    /// The rows that wait for a shared commit or are part of the current one.
    pub(super) fn waiting(&self) -> WriteQueue {
        let limit = MOST_WAITING as usize;
        WriteQueue { waiting: limit.saturating_sub(self.room.available_permits()), limit }
    }

    pub(super) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Does `work` in a transaction, which other jobs may share, and returns after the commit. A
    /// job that may share a commit fails with [`StoreError::Overloaded`] if too many rows are
    /// already waiting.
    pub(super) async fn write<T, W>(&self, turn: CommitSharing, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> StoreResult<WriteResult<T>> + Send + 'static,
    {
        let started = Instant::now();
        let room = Arc::clone(&self.room).try_acquire_many_owned(turn.rows());
        let room = room.map_err(|_| StoreError::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Work { work: Some(work), result: None, reply });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(Job { turn, task, _room: room }).map_err(|_| stopped())?;
        let answer = answer.await.map_err(|_| stopped())?;
        self.latencies.add(started);
        answer
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
    StoreError::Unwritable(WriteFault::WriterStopped)
}

fn panicked() -> StoreError {
    StoreError::Database("a write panicked and was rolled back; this is a bug".to_owned())
}

struct Job {
    turn: CommitSharing,
    task: Box<dyn Task>,
    /// Released when the job is completed.
    _room: OwnedSemaphorePermit,
}

/// Erases the result type of a job, so that jobs with different results can share a queue.
trait Task: Send {
    /// Does the work. Returns false if its writes must be rolled back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Sends the result, given whether the transaction was committed.
    fn answer(self: Box<Self>, committed: &StoreResult<()>);
}

struct Work<T, W> {
    work: Option<W>,
    result: Option<StoreResult<WriteResult<T>>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, W> Task for Work<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> StoreResult<WriteResult<T>> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        // After a panic, `transact` rolls back the job's transaction or savepoint, if it has one.
        // Statements reset themselves when they are dropped.
        let run = |work: W| catch_unwind(AssertUnwindSafe(|| work(connection)));
        self.result = self.work.take().map(|work| run(work).unwrap_or_else(|_| Err(panicked())));
        matches!(self.result, Some(Ok(WriteResult::Keep(_))))
    }

    fn answer(self: Box<Self>, committed: &StoreResult<()>) {
        let answer = match (self.result, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.clone()),
            (Some(Ok(WriteResult::Keep(value) | WriteResult::Discard(value))), Ok(())) => Ok(value),
            (None, Ok(())) => Err(stopped()),
        };
        // This fails if the caller no longer waits. The job is already done.
        drop(self.reply.send(answer));
    }
}

fn serve(
    connection: &Connection,
    mut jobs: mpsc::UnboundedReceiver<Job>,
    identity: &Identity,
    activity: &Activity,
    gather: impl Fn(),
) {
    let (mut held, mut last) = (None, 0);
    while let Some(first) = held.take().or_else(|| jobs.blocking_recv()) {
        // A single client that writes one job after another never waits.
        if (2..CROWD).contains(&last) {
            (0..STEPS).take_while(|_| jobs.len() < CROWD).for_each(|_| gather());
        }
        let (alone, mut rows) = (first.turn == CommitSharing::Alone, first.turn.rows());
        let mut group = vec![first];
        // Waiting jobs share the commit.
        while !alone && held.is_none() && rows < LARGEST_GROUP {
            match jobs.try_recv() {
                Ok(job) if job.turn == CommitSharing::Alone => held = Some(job),
                Ok(job) => {
                    rows += job.turn.rows();
                    group.push(job);
                }
                Err(_) => break,
            }
        }
        activity.began.store(activity.now(), Ordering::Relaxed);
        // A commit to a file that is no longer at its path is lost when the process ends.
        let committed = identity
            .recheck()
            .map_err(StoreError::Unwritable)
            .and_then(|()| Ok(transact(connection, &mut group)?))
            .and_then(|()| identity.check().map_err(StoreError::Unwritable));
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot roll back");
        }
        if committed.is_ok() {
            activity.committed.store(activity.now(), Ordering::Relaxed);
        }
        activity.began.store(0, Ordering::Relaxed);
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
            // SQLite has already rolled back, for example because the disk is full.
            (false, true) => Ok(()),
        };
    }
    for job in group {
        match job.turn {
            CommitSharing::Single => {
                job.task.run(connection);
            }
            CommitSharing::Shared { .. } | CommitSharing::Alone => {
                connection.prepare_cached("SAVEPOINT job")?.execute([])?;
                if !job.task.run(connection) {
                    connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
                }
                connection.prepare_cached("RELEASE job")?.execute([])?;
            }
        }
        if connection.is_autocommit() {
            // SQLite rolled back automatically. Further statements would be committed one by one.
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
                Some("the transaction was rolled back because another change failed".to_owned()),
            ));
        }
    }
    commit(connection)
}

fn commit(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("COMMIT")?.execute([]).map(drop)
}

#[cfg(test)]
mod tests;
