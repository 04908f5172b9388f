//! Sends requests over HTTP or to a server in this process, and reads responses.

use std::pin::Pin;

use ::http::header::{CONTENT_TYPE, LOCATION};
use ::http::{Method, Request, Response};
use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exchange::Exchange;
use super::{Client, ClientError};
use crate::api::{Problem, ROOT};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends requests to the server. The URL of a request has no host.
#[async_trait]
pub(super) trait Transport: Send + Sync {
    /// The URL of the server or the local database, for messages.
    fn address(&self) -> &str;

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ClientError>;
}

/// A server in this process: a function from requests to responses.
pub struct InProcess<F> {
    pub address: String,
    pub answer: F,
}

#[async_trait]
impl<F> Transport for InProcess<F>
where
    F: Fn(Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync,
{
    fn address(&self) -> &str {
        &self.address
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ClientError> {
        Ok((self.answer)(request).await)
    }
}

impl Client {
    pub fn in_process<F>(server: InProcess<F>) -> Self
    where
        F: Fn(Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync + 'static,
    {
        Self { transport: Box::new(server) }
    }

    /// The URL of the server or the local database, for messages.
    pub fn address(&self) -> &str {
        self.transport.address()
    }

    /// Sends a request to `path` below the root of the API, and reads the response.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|error| self.odd(error.to_string()))?;
        self.ask_as_written(method, path, body.map(Bytes::from)).await
    }

    /// [`Client::ask`] with a body that is already JSON.
    pub(super) async fn ask_as_written<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<T, ClientError> {
        let request = request(method, path, body).map_err(|reason| self.odd(reason))?;
        let exchange = Exchange::begin(&request);
        let response = self.transport.carry(request).await;
        if let Some(exchange) = exchange {
            exchange.end(&response);
        }
        let response = response?;
        if response.status().is_success() {
            return serde_json::from_slice(response.body())
                .map_err(|error| self.odd(format!("cannot read its response to {path}: {error}")));
        }
        match serde_json::from_slice::<Problem>(response.body()) {
            Ok(problem) if is_problem(&response) => Err(problem.into()),
            _ => Err(self.odd(strange(&response))),
        }
    }

    pub(super) fn odd(&self, reason: String) -> ClientError {
        ClientError::Answer { url: self.address().to_owned(), reason }
    }
}

fn request(method: Method, path: &str, body: Option<Bytes>) -> Result<Request<Bytes>, String> {
    let mut builder = Request::builder().method(method).uri(format!("{ROOT}{path}"));
    if body.is_some() {
        builder = builder.header(CONTENT_TYPE, "application/json");
    }
    builder.body(body.unwrap_or_default()).map_err(|error| error.to_string())
}

fn is_problem(response: &Response<Bytes>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/problem+json"))
}

fn strange(response: &Response<Bytes>) -> String {
    let status = response.status();
    let to = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    match to {
        Some(to) if status.is_redirection() => format!("it redirects to {to} (HTTP {status})"),
        _ => match said(response) {
            Some(said) => format!("HTTP {status}: {said}"),
            None => format!("HTTP {status}"),
        },
    }
}

/// The first line of a plain-text response, such as the error of a proxy.
fn said(response: &Response<Bytes>) -> Option<&str> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let line = std::str::from_utf8(response.body()).ok()?.lines().next()?.trim();
    let fit = !line.is_empty() && line.len() <= 200 && !line.contains(char::is_control);
    (fit && kind.starts_with("text/plain")).then_some(line)
}
