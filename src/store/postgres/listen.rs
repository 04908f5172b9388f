//! The connection that receives notifications of other servers' changes and detects when PostgreSQL
//! stops responding.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::AsyncMessage;

use super::url::{Address, chain};
use crate::store::{StoreError, StoreResult};

const CHANNEL: &str = "nicelist";
/// How long to wait before reconnecting.
const PAUSE: Duration = Duration::from_secs(1);

/// Notifies all servers of a change of policy or tokens when the transaction commits.
pub(super) async fn notify(on: &impl deadpool_postgres::GenericClient) -> StoreResult<()> {
    super::query(on, "SELECT pg_notify($1, '')", &[&CHANNEL]).await?;
    Ok(())
}

/// How often the connection is tested.
const BEAT: Duration = Duration::from_millis(300);
/// How long the server may take to accept a connection, or to respond to a trivial query.
const RESPONSE: Duration = Duration::from_secs(1);
/// Extra time for this process to notice a response, in case the process is busy.
const GRACE: Duration = Duration::from_millis(200);

/// Listens until it is dropped, and detects when PostgreSQL stops responding. A hung server keeps
/// its connections open, so queries alone would notice it only after minutes.
pub(super) struct Listener {
    heard: Arc<Notify>,
    silent: watch::Receiver<bool>,
    listening: JoinHandle<()>,
}

impl Listener {
    pub(super) fn start(address: Address) -> Self {
        let heard = Arc::new(Notify::new());
        let (silence, silent) = watch::channel(false);
        let listening = tokio::spawn(keep_listening(address, Arc::clone(&heard), silence));
        Self { heard, silent, listening }
    }

    /// Waits for a change. Returns immediately if there was a change since the last call.
    pub(super) async fn changed(&self) {
        self.heard.notified().await;
    }

    pub(super) fn pulse(&self) -> Pulse {
        Pulse(self.silent.clone())
    }
}

/// Whether the server responds.
#[derive(Clone)]
pub(super) struct Pulse(watch::Receiver<bool>);

impl Pulse {
    /// Runs `work`, which uses the server. Fails as soon as the server stops responding.
    pub(super) async fn during<T>(
        &self,
        work: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let mut silent = self.0.clone();
        tokio::select! {
            biased;
            Ok(_) = silent.wait_for(|silent| *silent) => {
                Err(StoreError::Unreachable("PostgreSQL does not respond".to_owned()))
            }
            done = work => done,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("{}", chain(.0))]
    Broken(#[from] tokio_postgres::Error),
    #[error("it does not respond")]
    Silent,
}

async fn keep_listening(address: Address, heard: Arc<Notify>, silence: watch::Sender<bool>) {
    let mut lost = false;
    loop {
        let Err(error) = listen(&address, &heard, &silence, &mut lost).await else { continue };
        // No signal is needed if the server refuses connections: queries then fail immediately
        // anyway.
        silence.send_replace(matches!(error, Lost::Silent));
        if !std::mem::replace(&mut lost, true) {
            tracing::warn!(%error, "not notified of changes by other servers; checking the \
                database regularly");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection breaks or the server stops responding.
async fn listen(
    address: &Address,
    heard: &Notify,
    silence: &watch::Sender<bool>,
    lost: &mut bool,
) -> Result<(), Lost> {
    let (client, mut connection) = responds(address.config.connect(address.tls.clone())).await?;
    let ears = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message? {
                heard.notify_one();
            }
        }
        Ok::<(), Lost>(())
    };
    let asking = async {
        responds(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await?;
        *lost = false;
        silence.send_replace(false);
        // Notifications may have been missed while no connection listened, so a change is assumed.
        heard.notify_one();
        loop {
            tokio::time::sleep(BEAT).await;
            responds(client.batch_execute("")).await?;
        }
    };
    tokio::select! {
        ended = ears => ended,
        failed = asking => failed,
    }
}

/// Waits for a response. Fails after [`RESPONSE`] plus [`GRACE`].
async fn responds<T>(
    question: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Lost> {
    let mut question = pin!(question);
    for patience in [RESPONSE, GRACE] {
        if let Ok(answer) = timeout(patience, &mut question).await {
            return Ok(answer?);
        }
    }
    Err(Lost::Silent)
}
