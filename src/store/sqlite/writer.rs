//! The one thread that writes. Jobs that wait together share a commit; nobody is answered
//! before the commit that holds his work.

use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::store::{StoreError, StoreResult};

/// The most jobs of one commit.
const LARGEST_GROUP: usize = 512;
/// The most jobs that wait before senders do.
const QUEUE: usize = 4096;

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
    /// Small and frequent: with others.
    Shared,
    /// Large: a savepoint around it would copy every page it touches.
    Alone,
}

/// The sending end; dropping it finishes what is queued and ends the thread.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Does `work` in a transaction, or in a savepoint of one, and returns after its commit.
    pub(super) async fn write<T, W>(&self, turn: Turn, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> StoreResult<Done<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Work { work: Some(work), result: None, reply });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(Job { turn, task }).await.map_err(|_| stopped())?;
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

fn serve(connection: &Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut held = None;
    while let Some(first) = held.take().or_else(|| jobs.blocking_recv()) {
        let mut group = vec![first.task];
        // What waits already shares the commit; nothing is waited for.
        while first.turn == Turn::Shared && held.is_none() && group.len() < LARGEST_GROUP {
            match jobs.try_recv() {
                Ok(job) if job.turn == Turn::Shared => group.push(job.task),
                Ok(job) => held = Some(job),
                Err(_) => break,
            }
        }
        let committed = transact(connection, &mut group).map_err(|error| error.to_string());
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot roll back");
        }
        for task in group {
            task.answer(&committed);
        }
    }
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    if let Err(error) = connection.query_one(checkpoint, [], |_| Ok(())) {
        tracing::warn!(%error, "cannot checkpoint");
    }
}

fn transact(connection: &Connection, group: &mut [Box<dyn Task>]) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    if let [only] = group {
        let kept = only.run(connection);
        return match (kept, connection.is_autocommit()) {
            (true, _) => connection.execute_batch("COMMIT"),
            (false, false) => connection.execute_batch("ROLLBACK"),
            // SQLite rolls back by itself when the disk is full, for one.
            (false, true) => Ok(()),
        };
    }
    for task in group {
        connection.prepare_cached("SAVEPOINT job")?.execute([])?;
        if !task.run(connection) {
            connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        connection.prepare_cached("RELEASE job")?.execute([])?;
    }
    connection.execute_batch("COMMIT")
}
