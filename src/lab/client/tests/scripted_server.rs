//! A test server that sends prepared responses and records the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Notify;

use crate::lab::client::{HttpResponse, Transport, TransportError};
use crate::protocol::{ContentEncoding, decode};

pub(in crate::lab::client) enum Step {
    Answer(HttpResponse),
    /// The response is sent when the test calls `notify_one`.
    Later(Arc<Notify>, HttpResponse),
    /// The request or its response is lost.
    Lost,
    Silence,
}

impl Step {
    pub(in crate::lab::client) fn ok(body: Value) -> Self {
        Self::body(body.to_string().into_bytes())
    }

    pub(in crate::lab::client) fn body(body: Vec<u8>) -> Self {
        Self::Answer(HttpResponse { status: 200, headers: Vec::new(), body })
    }

    pub(in crate::lab::client) fn status(status: u16) -> Self {
        Self::Answer(HttpResponse { status, headers: Vec::new(), body: Vec::new() })
    }

    pub(in crate::lab::client) fn with(self, name: &str, value: &str) -> Self {
        let Self::Answer(mut answer) = self else { panic!("no response to put a header on") };
        answer.headers.push((name.to_owned(), value.to_owned()));
        Self::Answer(answer)
    }

    pub(in crate::lab::client) fn behind(self, gate: &Arc<Notify>) -> Self {
        let Self::Answer(answer) = self else { panic!("no response to hold back") };
        Self::Later(Arc::clone(gate), answer)
    }
}

/// A received request, decompressed.
#[derive(Debug, Clone)]
pub(in crate::lab::client) struct Request {
    pub(in crate::lab::client) path: String,
    pub(in crate::lab::client) headers: Vec<(String, String)>,
    pub(in crate::lab::client) encoding: ContentEncoding,
    pub(in crate::lab::client) bytes: Vec<u8>,
    /// The body as JSON; null if the body is not JSON.
    pub(in crate::lab::client) body: Value,
}

impl Request {
    pub(in crate::lab::client) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(each, _)| each == name).map(|(_, value)| &**value)
    }
}

/// Clones share the prepared responses and the recorded requests.
#[derive(Clone)]
pub(in crate::lab::client) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Script {
    pub(in crate::lab::client) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = Arc::new(Mutex::new(steps.into_iter().collect()));
        Self { steps, requests: Arc::default() }
    }

    pub(in crate::lab::client) fn extend(&self, steps: impl IntoIterator<Item = Step>) {
        self.steps.lock().unwrap().extend(steps);
    }

    pub(in crate::lab::client) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(in crate::lab::client) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    pub(in crate::lab::client) fn sent_to(&self, stage: &str) -> Vec<Value> {
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
    ) -> Result<HttpResponse, TransportError> {
        let encoding: ContentEncoding = headers
            .iter()
            .find(|(name, _)| name == "Content-Encoding")
            .map_or(ContentEncoding::Identity, |(_, value)| value.parse().unwrap());
        let bytes = decode(encoding, body, 1 << 20).unwrap().into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let (path, headers) = (path.to_owned(), headers.to_vec());
        let missing = format!("the script has no response for {path}");
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
