//! Shows the failed attempts of a simulated Mac, and logs its requests for `--verbose`.

use std::pin::pin;
use std::time::Instant;

use async_trait::async_trait;
use http::StatusCode;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tracing::{Level, enabled, info};

use crate::cli::ui::Ui;
use crate::client::{log_bodies, rounded};
use crate::lab::{HttpResponse, Retry, Transport, TransportError, decompressed, with_causes};

/// A transport that reports failed attempts and logs requests.
pub(super) struct Observed<T> {
    transport: T,
    retries: UnboundedSender<Retry>,
}

/// The failed attempts of a transport.
pub(super) struct Retries(UnboundedReceiver<Retry>);

impl<T> Observed<T> {
    pub(super) fn new(transport: T) -> (Self, Retries) {
        let (retries, received) = mpsc::unbounded_channel();
        (Self { transport, retries }, Retries(received))
    }
}

impl Retries {
    /// Shows each failed attempt immediately while the work is in progress.
    pub(super) async fn show_during<R>(&mut self, ui: &Ui, work: impl Future<Output = R>) -> R {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(retry) = self.0.recv() => ui.status(retry.to_string()),
                result = &mut work => return result,
            }
        }
    }
}

#[async_trait]
impl<T: Transport> Transport for Observed<T> {
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpResponse, TransportError> {
        let started = Instant::now();
        let result = self.transport.post(path, headers, body).await;
        if enabled!(Level::INFO) {
            let time = rounded(started.elapsed());
            match &result {
                Ok(response) => info!("POST {path}: {} in {time:?}", status(response)),
                Err(error) => info!("POST {path}: {} (after {time:?})", with_causes(error)),
            }
        }
        if enabled!(Level::DEBUG) {
            let received =
                result.as_ref().map(|response| readable(&response.headers, &response.body));
            log_bodies(&readable(headers, body), &received.unwrap_or_default());
        }
        result
    }

    fn before_retry(&self, retry: &Retry) {
        // The receiver is gone only when the command ends.
        drop(self.retries.send(retry.clone()));
    }
}

fn status(response: &HttpResponse) -> String {
    let status = StatusCode::from_u16(response.status);
    status.map_or_else(|_| response.status.to_string(), |status| status.to_string())
}

/// The body without compression, or as it is if it is damaged.
fn readable(headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    decompressed(headers, body).unwrap_or_else(|_| body.to_vec())
}
