//! Writes hosts and events in groups. Waiting jobs share a transaction, and each job completes
//! after the commit.

use std::time::Instant;

use deadpool_postgres::{Client, Pool};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::listen::Pulse;
use crate::store::{Latencies, StoreError, StoreResult, WriteQueue};

pub(super) trait Batch: Send + Sync + 'static {
    /// Maximum jobs per commit.
    const LARGEST_GROUP: usize;
    /// Maximum waiting jobs. Further jobs are refused, because their callers would probably time
    /// out before the jobs are written.
    const QUEUE: usize;

    type Job: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// Writes jobs in one transaction. Returns a result for each job, in the order of the jobs.
    fn write(
        &self,
        client: &mut Client,
        jobs: &[Self::Job],
    ) -> impl Future<Output = StoreResult<Vec<Self::Answer>>> + Send;
}

struct Waiting<B: Batch> {
    job: B::Job,
    reply: oneshot::Sender<StoreResult<B::Answer>>,
}

/// Sends jobs to the task that writes them. When the `Writer` is dropped, jobs in the queue are
/// still written.
pub(super) struct Writer<B: Batch> {
    queue: mpsc::Sender<Waiting<B>>,
    latencies: Latencies,
}

impl<B: Batch> Writer<B> {
    pub(super) fn start(batch: B, pool: Pool, pulse: Pulse, latencies: Latencies) -> Self {
        let (queue, waiting) = mpsc::channel(B::QUEUE);
        tokio::spawn(serve(batch, pool, pulse, waiting));
        Self { queue, latencies }
    }

    pub(super) fn waiting(&self) -> WriteQueue {
        let limit = self.queue.max_capacity();
        WriteQueue { waiting: limit - self.queue.capacity(), limit }
    }

    /// Queues a job, and waits until it is committed or fails.
    pub(super) async fn write(&self, job: B::Job) -> StoreResult<B::Answer> {
        let started = Instant::now();
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(Waiting { job, reply }) {
            Ok(()) => {
                let answer = answer.await.map_err(|_| stopped())?;
                self.latencies.add(started);
                answer
            }
            Err(TrySendError::Full(_)) => Err(StoreError::Overloaded),
            Err(TrySendError::Closed(_)) => Err(stopped()),
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Database("the writer has stopped".to_owned())
}

async fn serve<B: Batch>(
    batch: B,
    pool: Pool,
    pulse: Pulse,
    mut waiting: mpsc::Receiver<Waiting<B>>,
) {
    let mut group = Vec::new();
    // Waiting jobs share the commit. A commit does not wait for more jobs.
    while waiting.recv_many(&mut group, B::LARGEST_GROUP).await > 0 {
        let (jobs, replies): (Vec<_>, Vec<_>) =
            group.drain(..).map(|Waiting { job, reply }| (job, reply)).unzip();
        let answers = write(&batch, &pool, &pulse, jobs).await;
        for (reply, answer) in replies.into_iter().zip(answers) {
            // This fails if the caller no longer waits. The job is already done.
            drop(reply.send(answer));
        }
    }
}

/// Writes a group. If the database refuses the group, each job is tried alone, so that one bad job
/// does not make other jobs fail. If the connection is lost, nothing is tried again, because the
/// commit may have succeeded.
async fn write<B: Batch>(
    batch: &B,
    pool: &Pool,
    pulse: &Pulse,
    jobs: Vec<B::Job>,
) -> Vec<StoreResult<B::Answer>> {
    let mut answers = Vec::with_capacity(jobs.len());
    match attempt(batch, pool, pulse, &jobs).await {
        Ok(all) => answers.extend(all.into_iter().map(Ok)),
        Err(StoreError::Database(_)) if jobs.len() > 1 => {
            for job in &jobs {
                let alone = attempt(batch, pool, pulse, std::slice::from_ref(job)).await;
                answers.push(alone.and_then(|mut all| all.pop().ok_or_else(stopped)));
            }
        }
        Err(error) => answers.extend(jobs.iter().map(|_| Err(error.clone()))),
    }
    answers
}

async fn attempt<B: Batch>(
    batch: &B,
    pool: &Pool,
    pulse: &Pulse,
    jobs: &[B::Job],
) -> StoreResult<Vec<B::Answer>> {
    pulse
        .during(async {
            let mut client = pool.get().await?;
            batch.write(&mut client, jobs).await
        })
        .await
}
