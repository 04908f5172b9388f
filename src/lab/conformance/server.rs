//! The server under test.

use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;

use super::request::{BodyEncoding, Request};
use super::response::ServerResponse;
use super::stop::Stop;
use crate::lab::client::transport::{folder_url, is_loopback};
use crate::lab::{AddressError, Certificates};

#[derive(Debug)]
pub struct Server {
    base: String,
    client: reqwest::Client,
    patience: Duration,
    encoding: BodyEncoding,
}

/// A header for all requests, as in `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    name: HeaderName,
    value: HeaderValue,
}

#[derive(Debug, thiserror::Error)]
#[error("expected `Name: value`")]
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

#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error("no response from {address}: {reason}")]
    Silent { address: String, reason: String },
    #[error("{address} responds to a preflight with {status}")]
    Denied {
        address: String,
        /// 401 or 403.
        status: u16,
    },
    #[error("{address} is not a sync server: it responds to a preflight with 404")]
    Elsewhere { address: String },
}

impl Server {
    /// Request paths are appended to the path of `address`. `patience` is the maximum time to wait
    /// for a response.
    ///
    /// # Errors
    ///
    /// When the address is not a valid `https` or `http` URL, or the HTTP client cannot be set up.
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
    ///
    /// When no response arrives, or the response is 401, 403 or 404.
    pub(super) async fn accepted_encoding(
        &self,
        preflight: &Request,
    ) -> Result<BodyEncoding, Unreachable> {
        for encoding in BodyEncoding::ALL {
            let address = self.base.clone();
            match self.send(preflight.clone(), encoding).await {
                Err(reason) => return Err(Unreachable::Silent { address, reason }),
                Ok(ServerResponse { status: status @ (401 | 403), .. }) => {
                    return Err(Unreachable::Denied { address, status });
                }
                Ok(ServerResponse { status: 404, .. }) => {
                    return Err(Unreachable::Elsewhere { address });
                }
                Ok(response) => {
                    if response.object().is_ok() {
                        return Ok(encoding);
                    }
                }
            }
        }
        Ok(BodyEncoding::Deflate)
    }

    pub(super) fn send_in(&mut self, encoding: BodyEncoding) {
        self.encoding = encoding;
    }

    pub(super) fn encoding(&self) -> BodyEncoding {
        self.encoding
    }

    /// If no complete response arrives, the case fails.
    pub(super) async fn post(&self, request: Request) -> Result<ServerResponse, Stop> {
        let stage = request.stage;
        self.send(request, self.encoding)
            .await
            .map_err(|reason| Stop::fails(format!("{stage}: {reason}")))
    }

    async fn send(&self, request: Request, usual: BodyEncoding) -> Result<ServerResponse, String> {
        let request = request.in_encoding(usual).map_err(|error| {
            format!(
                "cannot encode the body: \
            {error}"
            )
        })?;
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
        let failed = |error: reqwest::Error| self.describe(&error);
        let answer = sent.body(body).send().await.map_err(failed)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(failed)?.into();
        Ok(ServerResponse { stage, status, headers, body })
    }

    /// Describes a timeout, or the innermost cause of any other error, in one line.
    fn describe(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no response within {} s", self.patience.as_secs_f32());
        }
        let mut cause: &dyn Error = error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        let what = if error.is_connect() { "no connection" } else { "incomplete response" };
        format!("{what}: {cause}")
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
