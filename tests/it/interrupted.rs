//! A network that pauses during a sync.

use std::sync::Mutex;

use async_trait::async_trait;
use nicelist::lab::{HttpResponse, Transport, TransportError};
use tokio::sync::oneshot;

use crate::world::Network;

/// A network that pauses before one request until the test ends the pause.
pub(crate) struct Interrupted {
    network: Network,
    before: usize,
    reached: Mutex<Option<oneshot::Sender<()>>>,
    go_on: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Interrupted {
    /// Returns the network, a receiver that is notified when request `before` (counted from 0) is
    /// about to be sent, and a sender that ends the pause.
    pub(crate) fn new(
        network: Network,
        before: usize,
    ) -> (Self, oneshot::Receiver<()>, oneshot::Sender<()>) {
        let (reached, is_reached) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel();
        let (reached, may_go_on) = (Mutex::new(Some(reached)), Mutex::new(Some(may_go_on)));
        (Self { network, before, reached, go_on: may_go_on }, is_reached, go_on)
    }

    pub(crate) fn stop_no_more(&self) {
        drop(self.reached.lock().unwrap().take());
    }
}

#[async_trait]
impl Transport for Interrupted {
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpResponse, TransportError> {
        if self.network.asked() == self.before {
            let reached = self.reached.lock().unwrap().take();
            let go_on = self.go_on.lock().unwrap().take();
            if let (Some(reached), Some(go_on)) = (reached, go_on) {
                reached.send(()).unwrap();
                go_on.await.unwrap();
            }
        }
        self.network.post(path, headers, body).await
    }
}
