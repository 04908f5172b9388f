//! What is written most, in groups: jobs that wait together share a transaction, and nobody is
//! answered before the commit that holds his work.

use deadpool_postgres::{Client, Pool};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::listen::Pulse;
use crate::store::{StoreError, StoreResult};

/// How a kind of job is written.
pub(super) trait Batch: Send + Sync + 'static {
    /// The most jobs of one commit.
    const LARGEST_GROUP: usize;
    /// The most jobs that wait. More are refused, rather than answered when nobody waits any more.
    const QUEUE: usize;

    /// What is to be written.
    type Job: Send + Sync + 'static;
    /// What becomes of it.
    type Answer: Send + 'static;

    /// Writes jobs in one transaction, and says of each, in their order, what became of it.
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

/// The sending end; when it is dropped, what is queued is done still.
pub(super) struct Writer<B: Batch> {
    queue: mpsc::Sender<Waiting<B>>,
}

impl<B: Batch> Writer<B> {
    /// Starts to write with the connection of a pool.
    pub(super) fn start(batch: B, pool: Pool, pulse: Pulse) -> Self {
        let (queue, waiting) = mpsc::channel(B::QUEUE);
        tokio::spawn(serve(batch, pool, pulse, waiting));
        Self { queue }
    }

    /// Does a job, and returns after its commit.
    pub(super) async fn write(&self, job: B::Job) -> StoreResult<B::Answer> {
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(Waiting { job, reply }) {
            Ok(()) => answer.await.map_err(|_| stopped())?,
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
    // What waits already shares the commit; nothing is waited for.
    while waiting.recv_many(&mut group, B::LARGEST_GROUP).await > 0 {
        let (jobs, replies): (Vec<_>, Vec<_>) =
            group.drain(..).map(|Waiting { job, reply }| (job, reply)).unzip();
        let answers = write(&batch, &pool, &pulse, jobs).await;
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Whoever asked may have gone; the work is done all the same.
            drop(reply.send(answer));
        }
    }
}

/// Writes a group. If the database refuses it as a whole, each job stands for itself, so that
/// nobody suffers for another's. If the connection is lost, nothing is tried again: what became
/// of the commit is not known.
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
