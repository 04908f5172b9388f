//! The connection that hears of what other servers change.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::AsyncMessage;

use super::url::{Address, chain};
use crate::store::StoreResult;

/// Where changes are called out.
const CHANNEL: &str = "nicelist";
/// How long to wait before another connection is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// Calls a change of policy or tokens out to all servers, when the transaction commits.
pub(super) async fn call_out(on: &impl deadpool_postgres::GenericClient) -> StoreResult<()> {
    super::query(on, "SELECT pg_notify($1, '')", &[&CHANNEL]).await?;
    Ok(())
}

/// Listens for as long as it lives.
pub(super) struct Listener {
    heard: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Listener {
    /// Begins to listen.
    pub(super) fn start(address: Address) -> Self {
        let heard = Arc::new(Notify::new());
        let listening = tokio::spawn(keep_listening(address, Arc::clone(&heard)));
        Self { heard, listening }
    }

    /// Waits for a change. One that came since the last time counts.
    pub(super) async fn changed(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn keep_listening(address: Address, heard: Arc<Notify>) {
    let mut lost = false;
    loop {
        let Err(error) = listen(&address, &heard, &mut lost).await else { continue };
        if !std::mem::replace(&mut lost, true) {
            let error = chain(&error);
            tracing::warn!(%error, "cannot hear of other servers' changes; looking by the clock");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection breaks.
async fn listen(
    address: &Address,
    heard: &Notify,
    lost: &mut bool,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = address.config.connect(address.tls.clone()).await?;
    let ears = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message? {
                heard.notify_one();
            }
        }
        Ok::<(), tokio_postgres::Error>(())
    };
    let asking = async {
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
        *lost = false;
        // Whatever was called out while nobody listened was missed.
        heard.notify_one();
        // The connection lasts for as long as its client does.
        std::future::pending::<Result<(), tokio_postgres::Error>>().await
    };
    tokio::select! {
        ended = ears => ended,
        failed = asking => failed,
    }
}
