//! Requests over the network.

use std::error::Error;
use std::time::Duration;

use ::http::header::{AUTHORIZATION, HeaderValue};
use ::http::{Request, Response};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::Certificate;
use tokio_rustls::rustls;
use url::Url;

use super::transport::Transport;
use super::{Client, ClientError};

const CONNECT: Duration = Duration::from_secs(10);
/// Time that an idle connection is kept for the next request. The time is short, because while this
/// process waits for the user, it does not notice that the server closed the connection.
const IDLE: Duration = Duration::from_secs(3);
/// Maximum time without data from the server, for example while it applies a large change.
const SILENCE: Duration = Duration::from_secs(300);

const LARGEST_RESPONSE: usize = 512 * 1024 * 1024;

const USER_AGENT: &str = concat!("nicelist/", env!("CARGO_PKG_VERSION"));

struct Http {
    client: reqwest::Client,
    base: String,
    authorization: Option<HeaderValue>,
}

/// The CAs to trust for the server's certificate, instead of the machine's CAs.
#[derive(Clone, Debug)]
pub struct Authorities(Vec<Certificate>);

impl Authorities {
    /// The CAs in a PEM text. None if the text is not valid PEM or contains no certificate.
    pub fn from_pem(text: &[u8]) -> Option<Self> {
        let found = Certificate::from_pem_bundle(text).ok()?;
        (!found.is_empty()).then_some(Self(found))
    }
}

impl Client {
    /// A client that sends requests with `token` to the server at `base`. The server's certificate
    /// must be signed by one of the given authorities or, if none are given, by an authority that
    /// the machine trusts.
    ///
    /// Redirects are not followed, because the token must not be sent to another server.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when TLS cannot be set up or the token is not valid in a
    /// header.
    pub fn http(
        base: &Url,
        token: Option<&str>,
        authorities: Option<Authorities>,
    ) -> Result<Self, ClientError> {
        let base = base.as_str().trim_end_matches('/').to_owned();
        let unreachable = |reason| {
            let url = base.clone();
            ClientError::Unreachable { url, reason, untrusted_ca: false }
        };
        let client = reqwest::Client::builder();
        let client = match authorities {
            Some(Authorities(authorities)) => client.tls_certs_only(authorities),
            None => client,
        };
        let client = client
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| unreachable(innermost(&error)))?;
        let authorization = token
            .map(|token| HeaderValue::try_from(format!("Bearer {token}")))
            .transpose()
            .map_err(|_| {
                unreachable("the token contains characters that a header cannot contain".to_owned())
            })?
            .map(|mut value| {
                value.set_sensitive(true);
                value
            });
        Ok(Self { transport: Box::new(Http { client, base, authorization }) })
    }
}

#[async_trait]
impl Transport for Http {
    fn address(&self) -> &str {
        &self.base
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ClientError> {
        let safe = request.method().is_safe();
        let mut response = match self.send(request.clone()).await {
            // A read can be repeated. A change is sent only once.
            Err(error) if safe && is_broken(&error) => self.send(request).await,
            sent => sent,
        }
        .map_err(|error| self.failed(&error, safe))?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        *answer.body_mut() = self.body(response, safe).await?;
        Ok(answer)
    }
}

impl Http {
    async fn send(&self, request: Request<Bytes>) -> reqwest::Result<reqwest::Response> {
        let (parts, body) = request.into_parts();
        let url = format!("{}{}", self.base, parts.uri);
        let mut request = self.client.request(parts.method, url).headers(parts.headers).body(body);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.send().await
    }

    async fn body(
        &self,
        mut response: reqwest::Response,
        safe: bool,
    ) -> Result<Bytes, ClientError> {
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.failed(&error, safe))? {
            if body.len() + piece.len() > LARGEST_RESPONSE {
                let reason = "its response is larger than 512 MiB".to_owned();
                return Err(ClientError::Answer { url: self.base.clone(), reason });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// The error for a failed request. If the request changes something and may have reached the
    /// server, the outcome is unknown.
    fn failed(&self, error: &reqwest::Error, safe: bool) -> ClientError {
        let url = self.base.clone();
        let reason = if error.is_timeout() { "timed out".to_owned() } else { innermost(error) };
        if safe || error.is_connect() || error.is_builder() {
            ClientError::Unreachable { url, reason, untrusted_ca: has_untrusted_ca(error) }
        } else {
            ClientError::OutcomeUnknown { url, reason }
        }
    }
}

/// Whether the connection broke before the head of the response arrived. This happens, for example,
/// when the server closes an idle connection just as the next request is sent.
fn is_broken(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

fn has_untrusted_ca(error: &reqwest::Error) -> bool {
    let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    tls_error(error) == Some(&untrusted)
}

fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // `source` of an I/O error does not return the error that the I/O error contains.
    let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match inside {
        Some(inside) => tls_error(inside),
        None => tls_error(error.source()?),
    }
}

fn innermost(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
