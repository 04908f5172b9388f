//! The writer: one thread that owns the one connection that writes.
//!
//! What many requests ask for at once shares a transaction, and so one sync of the disk; none
//! is answered before that transaction is committed. The thread takes what has piled up and
//! does not wait for more.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use crate::store::{StoreError, StoreResult};

/// Pieces of work that share a transaction at most.
const LARGEST_GROUP: usize = 512;

/// Work that shares a transaction with other work.
trait Grouped: Send {
    /// Does it, within a savepoint of its own.
    fn run(&mut self, db: &Connection);
    /// Answers, once the transaction is committed or has failed.
    fn answer(self: Box<Self>, committed: &rusqlite::Result<()>);
}

enum Job {
    Grouped(Box<dyn Grouped>),
    Alone(Box<dyn FnOnce(&mut Connection) + Send>),
}

/// Hands work to the writing thread. When it is dropped, the thread finishes what it has and
/// folds the log into the file.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> StoreResult<Self> {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(connection, &queue))
            .map_err(|error| StoreError::Database(format!("cannot start a thread: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs work in a transaction that it may share. Work that fails changes nothing, and does
    /// not disturb what it shares the transaction with.
    pub(super) async fn grouped<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Grouped(Box::new(Piece { work: Some(work), result: None, reply })))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Runs work that begins and ends its own transaction.
    pub(super) async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (reply, answer) = oneshot::channel();
        let job = move |db: &mut Connection| {
            // Nobody waits any more when the request was given up; the work is done all the same.
            let _unheard = reply.send(work(db));
        };
        self.send(Job::Alone(Box::new(job)))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn send(&self, job: Job) -> StoreResult<()> {
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job).map_err(|_| stopped())
    }
}

fn stopped() -> StoreError {
    StoreError::Database("the writing thread has stopped".to_owned())
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writing thread panicked");
        }
    }
}

fn work(mut db: Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut waiting = vec![first];
        waiting.extend(queue.try_iter().take(LARGEST_GROUP - 1));
        let mut group = Vec::new();
        for job in waiting {
            match job {
                Job::Grouped(piece) => group.push(piece),
                Job::Alone(job) => {
                    commit(&mut db, std::mem::take(&mut group));
                    job(&mut db);
                }
            }
        }
        commit(&mut db, group);
    }
    if let Err(error) = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "cannot fold the log into the database");
    }
}

fn commit(db: &mut Connection, mut group: Vec<Box<dyn Grouped>>) {
    if group.is_empty() {
        return;
    }
    let committed = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|tx| {
        for piece in &mut group {
            piece.run(&tx);
        }
        tx.commit()
    });
    for piece in group {
        piece.answer(&committed);
    }
}

struct Piece<T, F> {
    work: Option<F>,
    result: Option<StoreResult<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T: Send, F: FnOnce(&Connection) -> StoreResult<T> + Send> Grouped for Piece<T, F> {
    fn run(&mut self, db: &Connection) {
        if let Some(work) = self.work.take() {
            self.result = Some(within_savepoint(db, work));
        }
    }

    fn answer(self: Box<Self>, committed: &rusqlite::Result<()>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(stopped()),
            (Err(error), _) => Err(StoreError::Database(error.to_string())),
        };
        // Nobody waits any more when the request was given up; the work is done all the same.
        let _unheard = self.reply.send(result);
    }
}

fn within_savepoint<T>(
    db: &Connection,
    work: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    db.prepare_cached("SAVEPOINT piece")?.execute([])?;
    let result = work(db);
    if result.is_err() {
        db.prepare_cached("ROLLBACK TO piece")?.execute([])?;
    }
    db.prepare_cached("RELEASE piece")?.execute([])?;
    result
}
