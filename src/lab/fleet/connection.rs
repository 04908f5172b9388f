//! One HTTP/1.1 connection to a server, with or without keep-alive and TLS.
//!
//! The task that sends a request also drives the connection, so that a request needs no switch
//! between tasks. With keep-alive, a connection is reused for later syncs, usually of other hosts.
//! Without keep-alive, each sync has its own connection, as with real Macs.

use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::Url;

use super::error::FleetError;
use super::responses::{LONGEST_ANSWER, RawResponse};
use super::tls::{Tls, Trust};
use crate::lab::client::transport::folder_url;
use crate::protocol::ContentEncoding;

#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    #[error("no connection: {0}")]
    Connect(#[source] io::Error),
    #[error("no response within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    #[error("the connection broke: {0}")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("status {0}")]
    Status(u16),
    #[error("a response in an unknown encoding")]
    Encoding,
}

#[derive(Debug)]
pub(super) struct Address {
    /// The path that stages are appended to, with a slash at the end.
    base: String,
    host: HeaderValue,
    /// The first address of the host name that accepted a connection.
    socket: SocketAddr,
    tls: Option<Tls>,
    timeout: Duration,
}

impl Address {
    pub(super) async fn reach(
        url: &str,
        trust: &Trust,
        timeout: Duration,
    ) -> Result<Self, FleetError> {
        let base = folder_url(url)?;
        let unknown = || FleetError::NoHost(url.to_owned());
        let port = base.port_or_known_default().ok_or_else(unknown)?;
        let name = base.host_str().ok_or_else(unknown)?;
        let tls = match base.scheme() {
            "https" => Some(Tls::new(name, trust)?),
            _ => None,
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let failed = |source| FleetError::Unreachable { url: url.to_owned(), source };
        let sockets = tokio::net::lookup_host((bare, port)).await.map_err(failed)?;
        let mut last = io::Error::other("the name has no address");
        for socket in sockets {
            let address = Self {
                base: base.path().to_owned(),
                host: host_header(&base).ok_or_else(unknown)?,
                socket,
                tls: tls.clone(),
                timeout,
            };
            match tokio::time::timeout(timeout, address.connect()).await {
                Ok(Ok(_)) => return Ok(address),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(failed(last))
    }

    async fn connect(&self) -> io::Result<Open> {
        let stream = TcpStream::connect(self.socket).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Duplex> = match &self.tls {
            Some(tls) => Box::new(tls.connect(stream).await?),
            None => Box::new(stream),
        };
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Open { sender, connection: Some(Box::pin(connection)) })
    }
}

fn host_header(base: &Url) -> Option<HeaderValue> {
    let name = base.host_str()?;
    let value = base.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    HeaderValue::try_from(value).ok()
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

type Driver = http1::Connection<TokioIo<Box<dyn Duplex>>, Full<Bytes>>;

struct Open {
    sender: SendRequest<Full<Bytes>>,
    /// Must be polled to send and receive bytes. `None` when the connection is closed.
    connection: Option<Pin<Box<Driver>>>,
}

impl Open {
    /// Waits for `work` while driving the connection.
    async fn drive<F: Future>(&mut self, work: F) -> F::Output {
        let (mut work, connection) = (pin!(work), &mut self.connection);
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            let Some(driver) = connection.as_mut() else { return Poll::Pending };
            if driver.as_mut().poll(context).is_ready() {
                *connection = None;
            }
            // The connection may have just completed the work.
            work.as_mut().poll(context)
        })
        .await
    }

    /// Waits until a request can be sent. Returns false if the connection is closed.
    async fn is_ready(&mut self) -> bool {
        // `drive` would borrow all of `self`, including the sender.
        let Self { sender, connection } = self;
        poll_fn(|context| {
            if let Some(driver) = connection.as_mut()
                && driver.as_mut().poll(context).is_ready()
            {
                *connection = None;
            }
            sender.poll_ready(context)
        })
        .await
        .is_ok()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    pub requests: u64,
    pub connections: u64,
    /// Bytes of request bodies, after any compression.
    pub bytes_sent: u64,
    /// Bytes of response bodies, before any decompression.
    pub bytes_received: u64,
}

/// At most one open connection. If it is closed, the next request opens a new one.
pub(super) struct Connection {
    address: Rc<Address>,
    open: Option<Open>,
    traffic: Traffic,
}

impl Connection {
    pub(super) fn new(address: Rc<Address>) -> Self {
        Self { address, open: None, traffic: Traffic::default() }
    }

    /// The traffic since the last call.
    pub(super) fn take_traffic(&mut self) -> Traffic {
        mem::take(&mut self.traffic)
    }

    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Posts a body to a stage. A status other than 200 is an error.
    pub(super) async fn post(
        &mut self,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<RawResponse, ConnectionError> {
        let limit = self.address.timeout;
        let answer = tokio::time::timeout(limit, self.ask(path, headers, body)).await;
        let answer = answer.unwrap_or(Err(ConnectionError::TimedOut(limit)));
        if !matches!(answer, Ok(_) | Err(ConnectionError::Status(_))) {
            // A part of this response may still arrive on the connection.
            self.close();
        }
        answer
    }

    async fn ask(
        &mut self,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<RawResponse, ConnectionError> {
        self.traffic.requests += 1;
        self.traffic.bytes_sent += body.len() as u64;
        let request = self.request(path, headers, body)?;
        let response = self.send(request).await?;
        let status = response.status().as_u16();
        let encoding = encoding_of(&response);
        let Some(open) = self.open.as_mut() else { return Err(closed()) };
        let body = Limited::new(response.into_body(), LONGEST_ANSWER);
        let body = open.drive(body.collect()).await.map_err(ConnectionError::Broken)?.to_bytes();
        self.traffic.bytes_received += body.len() as u64;
        match (status, encoding) {
            (200, Some(encoding)) => Ok(RawResponse { encoding, body }),
            (200, None) => Err(ConnectionError::Encoding),
            _ => Err(ConnectionError::Status(status)),
        }
    }

    fn request(
        &self,
        path: &str,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, ConnectionError> {
        let broken = |error: http::Error| ConnectionError::Broken(error.into());
        let path =
            PathAndQuery::from_maybe_shared(Bytes::from(format!("{}{path}", self.address.base)));
        let path = path.map_err(|error| broken(error.into()))?;
        headers.insert(HOST, self.address.host.clone());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from(path);
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Sends a request. Opens a new connection if none is open, or if the server has closed the old
    /// one.
    async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ConnectionError> {
        if let Some(open) = self.open.as_mut()
            && open.is_ready().await
        {
            let sending = open.sender.try_send_request(request);
            match open.drive(sending).await {
                Ok(response) => return Ok(response),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(ConnectionError::Broken(error.into_error().into())),
                },
            }
        }
        let open = self.address.connect().await.map_err(ConnectionError::Connect)?;
        self.traffic.connections += 1;
        let open = self.open.insert(open);
        let sending = open.sender.send_request(request);
        open.drive(sending).await.map_err(|error| ConnectionError::Broken(error.into()))
    }
}

fn closed() -> ConnectionError {
    ConnectionError::Broken("it was closed".into())
}

fn encoding_of(response: &Response<Incoming>) -> Option<ContentEncoding> {
    let Some(value) = response.headers().get(CONTENT_ENCODING) else {
        return Some(ContentEncoding::Identity);
    };
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
