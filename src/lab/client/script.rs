//! A server for tests that answers by a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Notify;

use super::{Answer, Transport, TransportError};
use crate::protocol::{ContentEncoding, decode};

/// What becomes of one request.
pub(super) enum Step {
    /// It is answered.
    Answer(Answer),
    /// It is answered when the test says so.
    Later(Arc<Notify>, Answer),
    /// It, or its answer, is lost.
    Lost,
    /// It is never answered.
    Silence,
}

impl Step {
    pub(super) fn ok(body: Value) -> Self {
        Self::body(body.to_string().into_bytes())
    }

    pub(super) fn body(body: Vec<u8>) -> Self {
        Self::Answer(Answer { status: 200, headers: Vec::new(), body })
    }

    pub(super) fn status(status: u16) -> Self {
        Self::Answer(Answer { status, headers: Vec::new(), body: Vec::new() })
    }

    /// The same with a header.
    pub(super) fn with(self, name: &str, value: &str) -> Self {
        let Self::Answer(mut answer) = self else { panic!("no answer to put a header on") };
        answer.headers.push((name.to_owned(), value.to_owned()));
        Self::Answer(answer)
    }

    /// The same, but not before `gate` is opened.
    pub(super) fn behind(self, gate: &Arc<Notify>) -> Self {
        let Self::Answer(answer) = self else { panic!("no answer to hold back") };
        Self::Later(Arc::clone(gate), answer)
    }
}

/// A request as it arrived, decompressed.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) encoding: ContentEncoding,
    pub(super) bytes: Vec<u8>,
    /// The body as JSON; null if it is none.
    pub(super) body: Value,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(each, _)| each == name).map(|(_, value)| &**value)
    }
}

/// Clones are the same server.
#[derive(Clone)]
pub(super) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Script {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = Arc::new(Mutex::new(steps.into_iter().collect()));
        Self { steps, requests: Arc::default() }
    }

    /// Makes the script go on.
    pub(super) fn extend(&self, steps: impl IntoIterator<Item = Step>) {
        self.steps.lock().unwrap().extend(steps);
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
        let bytes = decode(encoding, body, 1 << 20).unwrap().into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let (path, headers) = (path.to_owned(), headers.to_vec());
        let missing = format!("the script has no answer for {path}");
        self.requests.lock().unwrap().push(Request { path, headers, encoding, bytes, body });
        let step = self.steps.lock().unwrap().pop_front();
        match step.unwrap_or_else(|| panic!("{missing}")) {
            Step::Answer(answer) => Ok(answer),
            Step::Later(gate, answer) => {
                gate.notified().await;
                Ok(answer)
            }
            Step::Lost => Err(TransportError::Failed("connection lost".into())),
            Step::Silence => std::future::pending().await,
        }
    }
}
