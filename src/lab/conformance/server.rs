//! The server that is judged, and requests to it, byte by byte.

use std::error::Error;
use std::fmt;
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
use crate::lab::client::transport::{folder_url, is_loopback};
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
    /// How bodies are sent that are not about an encoding of their own.
    encoding: BodyEncoding,
}

/// How a client sends its bodies: the values of `SyncClientContentEncoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEncoding {
    /// In a zlib container, the default.
    Deflate,
    Gzip,
    /// Not compressed.
    None,
}

impl BodyEncoding {
    /// All of them, in the order in which they are probed.
    pub const ALL: [Self; 3] = [Self::Deflate, Self::Gzip, Self::None];

    /// Its name in a profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deflate => "deflate",
            Self::Gzip => "gzip",
            Self::None => "none",
        }
    }
}

impl fmt::Display for BodyEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BodyEncoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|encoding| encoding.name() == text);
        found.ok_or_else(|| "expected deflate, gzip or none".to_owned())
    }
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
        let encoding = BodyEncoding::Deflate;
        Ok(Self { base: base.into(), client: client.build()?, patience, encoding })
    }

    /// The first encoding in which the server accepts a preflight, or the default if it accepts
    /// none.
    ///
    /// # Errors
    /// When there is no sync server at all.
    pub(super) async fn accepted_encoding(
        &self,
        mac: &Mac<'_>,
    ) -> Result<BodyEncoding, Unreachable> {
        for encoding in BodyEncoding::ALL {
            let address = self.base.clone();
            let request = Request::json("preflight", mac, &mac.preflight_request());
            match self.send(request, encoding).await {
                Err(reason) => return Err(Unreachable::Silent { address, reason }),
                Ok(Answer { status: status @ (401 | 403), .. }) => {
                    return Err(Unreachable::Denied { address, status });
                }
                Ok(Answer { status: 404, .. }) => return Err(Unreachable::Elsewhere { address }),
                Ok(answer) => {
                    if answer.object().is_ok() {
                        return Ok(encoding);
                    }
                }
            }
        }
        Ok(BodyEncoding::Deflate)
    }

    /// Sends bodies in this encoding from now on.
    pub(super) fn send_in(&mut self, encoding: BodyEncoding) {
        self.encoding = encoding;
    }

    /// How bodies are sent that are not about an encoding of their own.
    pub(super) fn encoding(&self) -> BodyEncoding {
        self.encoding
    }

    /// Sends a request; that there is no answer is the server's fault.
    pub(super) async fn post(&self, request: Request) -> Result<Answer, Stop> {
        let stage = request.stage;
        self.send(request, self.encoding)
            .await
            .map_err(|reason| Stop::fails(format!("{stage}: {reason}")))
    }

    async fn send(&self, request: Request, usual: BodyEncoding) -> Result<Answer, String> {
        let request = request.in_encoding(usual).map_err(|error| format!("no body: {error}"))?;
        let Request { stage, machine, agent, kind, encoding, is_exact: _, accepts, body } = request;
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
    /// Whether the body is sent as it is, and not in the encoding that the server accepts.
    is_exact: bool,
    accepts: Option<&'static str>,
    body: Vec<u8>,
}

impl Request {
    /// A request with these bytes, of no type, to be sent in the encoding that the server accepts.
    pub(super) fn new(stage: &'static str, mac: &Mac<'_>, body: Vec<u8>) -> Self {
        Self {
            stage,
            machine: mac.id.clone(),
            agent: format!("santactl-sync/{}", mac.client.text),
            kind: None,
            encoding: None,
            is_exact: false,
            accepts: None,
            body,
        }
    }

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
        self.is_exact = true;
        Ok(self)
    }

    /// Not compressed, whatever the server accepts.
    pub(super) fn plain(mut self) -> Self {
        self.is_exact = true;
        self
    }

    /// In this encoding, unless the request has one of its own or no body.
    fn in_encoding(mut self, encoding: BodyEncoding) -> io::Result<Self> {
        let packing = match encoding {
            BodyEncoding::Deflate => Packing::Zlib,
            BodyEncoding::Gzip => Packing::Gzip,
            BodyEncoding::None => return Ok(self),
        };
        if !self.is_exact && !self.body.is_empty() {
            self.body = pack(packing, &self.body)?;
            self.encoding = Some(encoding.name());
        }
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
        self.is_exact = true;
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
