//! A server for tests that answers by a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::Value;

use super::{Answer, Transport, TransportError};
use crate::protocol::{ContentEncoding, decode};

/// What becomes of one request.
pub(super) enum Step {
    /// It is answered.
    Answer(u16, Vec<u8>),
    /// It, or its answer, is lost.
    Lost,
    /// It is never answered.
    Silence,
}

impl Step {
    pub(super) fn ok(body: Value) -> Self {
        Self::Answer(200, body.to_string().into_bytes())
    }

    pub(super) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new())
    }
}

/// A request as it arrived, decompressed.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) encoding: ContentEncoding,
    pub(super) body: Value,
}

pub(super) struct Script {
    steps: Mutex<VecDeque<Step>>,
    requests: Mutex<Vec<Request>>,
}

impl Script {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: Mutex::new(steps.into_iter().collect()), requests: Mutex::default() }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// The bodies that a stage was sent.
    pub(super) fn sent_to(&self, stage: &str) -> Vec<Value> {
        let prefix = format!("{stage}/");
        let requests = self.requests().into_iter();
        requests.filter(|r| r.path.starts_with(&prefix)).map(|request| request.body).collect()
    }
}

#[async_trait]
impl Transport for Script {
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Answer, TransportError> {
        let encoding: ContentEncoding = headers
            .iter()
            .find(|(name, _)| name == "Content-Encoding")
            .map_or(ContentEncoding::Identity, |(_, value)| value.parse().unwrap());
        let body = decode(encoding, body, 1 << 20).unwrap();
        let body = serde_json::from_slice(&body).unwrap();
        self.requests.lock().unwrap().push(Request { path: path.to_owned(), encoding, body });
        let step = self.steps.lock().unwrap().pop_front();
        match step.unwrap_or_else(|| panic!("the script has no answer for {path}")) {
            Step::Answer(status, body) => Ok(Answer { status, body }),
            Step::Lost => Err(TransportError::Failed("connection lost".into())),
            Step::Silence => std::future::pending().await,
        }
    }
}
