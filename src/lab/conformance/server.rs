//! The server that is judged, and requests to it, byte by byte.

use std::error::Error;
use std::io::{self, Write};
use std::str::FromStr;
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use serde_json::Value;

use super::answer::Answer;
use super::mac::Mac;
use super::verdict::Stop;
use crate::lab::transport::{folder_url, is_loopback};
use crate::lab::{AddressError, Certificates};

/// The type of JSON bodies.
pub(super) const JSON: &str = "application/json";
/// The type of protobuf bodies.
pub(super) const PROTOBUF: &str = "application/x-protobuf";
/// What clients of 2024.6 and 2024.7 say of both.
pub(super) const OCTETS: &str = "application/octet-stream";

/// A Santa sync server, anybody's.
#[derive(Debug)]
pub struct Server {
    base: String,
    client: reqwest::Client,
    patience: Duration,
}

/// A header that goes with every request, as in `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    name: HeaderName,
    value: HeaderValue,
}

/// The text is not `Name: value`.
#[derive(Debug, thiserror::Error)]
#[error("not `Name: value`")]
pub struct HeaderError;

impl FromStr for Header {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<Self, HeaderError> {
        let (name, value) = text.split_once(':').ok_or(HeaderError)?;
        let name = name.trim().parse().map_err(|_| HeaderError)?;
        let mut value: HeaderValue = value.trim().parse().map_err(|_| HeaderError)?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// Why there is no server to judge.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// No answer.
    #[error("no answer from {address}: {reason}")]
    Silent {
        /// Where it should be.
        address: String,
        /// What happened instead.
        reason: String,
    },
    /// It wants to know who asks.
    #[error("{address} answers a preflight with {status}")]
    Denied {
        /// Where it is.
        address: String,
        /// 401 or 403.
        status: u16,
    },
    /// There is something, but no sync server.
    #[error("{address} has no preflight: it answers with 404")]
    Elsewhere {
        /// Where it should be.
        address: String,
    },
}

impl Server {
    /// The server at this address, whose path is kept, and how long to wait for its answers.
    ///
    /// # Errors
    /// When the address is no `https` or `http` URL.
    pub fn new(
        address: &str,
        headers: &[Header],
        certificates: Certificates,
        patience: Duration,
    ) -> Result<Self, AddressError> {
        let base = folder_url(address)?;
        let headers: HeaderMap =
            headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect();
        let client = certificates
            .given_to(reqwest::Client::builder())
            .redirect(Policy::none())
            .no_gzip()
            .timeout(patience)
            .default_headers(headers);
        let client = if is_loopback(&base) { client.no_proxy() } else { client };
        Ok(Self { base: base.into(), client: client.build()?, patience })
    }

    /// Whether a sync server is there at all, which is asked once before it is judged.
    pub(super) async fn reach(&self, mac: &Mac<'_>) -> Result<(), Unreachable> {
        let address = self.base.clone();
        match self.send(Request::json("preflight", mac, &mac.preflight_request())).await {
            Err(reason) => Err(Unreachable::Silent { address, reason }),
            Ok(Answer { status: status @ (401 | 403), .. }) => {
                Err(Unreachable::Denied { address, status })
            }
            Ok(Answer { status: 404, .. }) => Err(Unreachable::Elsewhere { address }),
            Ok(_) => Ok(()),
        }
    }

    /// Sends a request; that there is no answer is the server's fault.
    pub(super) async fn post(&self, request: Request) -> Result<Answer, Stop> {
        let stage = request.stage;
        self.send(request).await.map_err(|reason| Stop::fails(format!("{stage}: {reason}")))
    }

    async fn send(&self, request: Request) -> Result<Answer, String> {
        let Request { stage, machine, agent, kind, encoding, accepts, body } = request;
        let mut sent = self.client.post(format!("{}{stage}/{machine}", self.base));
        let headers = [
            (USER_AGENT, Some(agent.as_str())),
            (CONTENT_TYPE, kind),
            (CONTENT_ENCODING, encoding),
            (ACCEPT_ENCODING, accepts),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                sent = sent.header(name, value);
            }
        }
        let failed = |error: reqwest::Error| self.told(&error);
        let answer = sent.body(body).send().await.map_err(failed)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(failed)?.into();
        Ok(Answer { stage, status, headers, body })
    }

    /// What is behind a failure, in one line.
    fn told(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {} s", self.patience.as_secs_f32());
        }
        let mut cause: &dyn Error = error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        let what = if error.is_connect() { "no connection" } else { "no whole answer" };
        format!("{what}: {cause}")
    }
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Packing {
    /// A zlib container, which clients call `deflate`.
    Zlib,
    /// Deflate without a container.
    RawDeflate,
    /// A gzip container.
    Gzip,
}

/// A request as it goes over the wire.
#[derive(Clone, Debug)]
pub(super) struct Request {
    stage: &'static str,
    /// The machine id, as it stands in the path.
    machine: String,
    agent: String,
    kind: Option<&'static str>,
    encoding: Option<&'static str>,
    accepts: Option<&'static str>,
    body: Vec<u8>,
}

impl Request {
    /// A request with these bytes, of no type and not compressed.
    pub(super) fn new(stage: &'static str, mac: &Mac<'_>, body: Vec<u8>) -> Self {
        Self {
            stage,
            machine: mac.id.clone(),
            agent: format!("santactl-sync/{}", mac.client.text),
            kind: None,
            encoding: None,
            accepts: None,
            body,
        }
    }

    /// A JSON request.
    pub(super) fn json(stage: &'static str, mac: &Mac<'_>, body: &Value) -> Self {
        Self::new(stage, mac, body.to_string().into_bytes()).typed(Some(JSON))
    }

    /// Of another type.
    pub(super) fn typed(mut self, kind: Option<&'static str>) -> Self {
        self.kind = kind;
        self
    }

    /// With this name of the host in its path.
    pub(super) fn to(mut self, machine: impl Into<String>) -> Self {
        self.machine = machine.into();
        self
    }

    /// With these answers welcome.
    pub(super) fn accepting(mut self, encodings: &'static str) -> Self {
        self.accepts = Some(encodings);
        self
    }

    /// Compressed, under this name.
    pub(super) fn packed(mut self, packing: Packing, name: &'static str) -> Result<Self, Stop> {
        let impossible = |error: io::Error| Stop::not_applicable(format!("no body: {error}"));
        self.body = pack(packing, &self.body).map_err(impossible)?;
        self.encoding = Some(name);
        Ok(self)
    }

    /// With only the first half of its body.
    pub(super) fn cut_in_half(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// With another body that is already compressed, under this name.
    pub(super) fn with_packed(mut self, body: Vec<u8>, name: &'static str) -> Self {
        self.body = body;
        self.encoding = Some(name);
        self
    }

    /// With another body under the same headers.
    pub(super) fn with(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

fn pack(packing: Packing, body: &[u8]) -> io::Result<Vec<u8>> {
    let level = Compression::default();
    match packing {
        Packing::Zlib => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(body)?;
            encoder.finish()
        }
        Packing::RawDeflate => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(body)?;
            encoder.finish()
        }
        Packing::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(body)?;
            encoder.finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let header: Header = "Authorization: Bearer a:b".parse().unwrap();
        assert_eq!(
            (header.name.as_str(), header.value.to_str().unwrap()),
            ("authorization", "Bearer a:b")
        );
        for text in ["Authorization", "a b: c", "a: b\nc"] {
            assert!(text.parse::<Header>().is_err(), "{text:?}");
        }
    }
}
