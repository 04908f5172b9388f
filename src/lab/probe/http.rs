//! HTTP requests to a sync server, also to a server that no Mac would sync with.

use std::error::Error;
use std::time::Duration;

use serde_json::json;
use url::Url;

use crate::lab::client::request::decoded;
use crate::lab::client::transport::{folder_url, is_loopback, received};
use crate::lab::conformance::BodyEncoding;
use crate::lab::{AddressError, Certificates, Generation, HttpResponse, Profile, TransportError};
use crate::protocol::{ContentEncoding, encode};

/// The machine ID of the simulated Mac.
pub const MACHINE: &str = "nicelist-doctor";
/// The serial number of the simulated Mac.
pub const SERIAL: &str = "NICELISTDOCTOR";

/// How long the server may take to respond: as long as a Mac waits.
const PATIENCE: Duration = Duration::from_secs(30);
/// An encoding that no server supports.
const UNKNOWN_ENCODING: &str = "x-nicelist-doctor";

/// Sends requests as a Mac does, one at a time and without retries. Redirects are not followed.
#[derive(Clone, Debug)]
pub struct Probe {
    base: Url,
    client: reqwest::Client,
    mac: Profile,
}

impl Probe {
    /// `address` is the sync URL. The machine ID and the headers are those of the Mac.
    ///
    /// # Errors
    /// When the address is not a valid `https` or `http` URL, or the HTTP client cannot be set up.
    pub fn new(
        address: &str,
        certificates: Certificates,
        mac: Profile,
    ) -> Result<Self, AddressError> {
        let base = folder_url(address)?;
        let client = certificates
            .given_to(reqwest::Client::builder())
            .redirect(reqwest::redirect::Policy::none())
            .no_gzip()
            .timeout(PATIENCE);
        let client = if is_loopback(&base) { client.no_proxy() } else { client };
        Ok(Self { base, client: client.build()?, mac })
    }

    /// Sends a GET request to a path of the server, such as `/readyz`, without the Mac's headers.
    ///
    /// # Errors
    /// When the response does not arrive completely.
    pub async fn get(&self, path: &str) -> Result<HttpResponse, TransportError> {
        let mut url = self.base.clone();
        url.set_path(path);
        let response = self.client.get(url).send().await;
        received(response.map_err(|error| TransportError::Failed(error.into()))?).await
    }

    /// Sends the first request of a sync with a compressed body.
    ///
    /// # Errors
    /// When the response does not arrive completely.
    pub async fn preflight(&self, encoding: BodyEncoding) -> Result<HttpResponse, TransportError> {
        let preflight = json!({
            "serial_num": SERIAL,
            "hostname": MACHINE,
            "os_version": "15.6",
            "os_build": "24G84",
            "model_identifier": "Mac15,7",
            "santa_version": "2026.7",
            "client_mode": "MONITOR",
        });
        let (kind, name) = match encoding {
            BodyEncoding::Deflate => (ContentEncoding::Deflate, Some("deflate")),
            BodyEncoding::Gzip => (ContentEncoding::Gzip, Some("gzip")),
            BodyEncoding::None => (ContentEncoding::Identity, None),
        };
        let body = preflight.to_string().into_bytes();
        let body = encode(kind, &body).map_err(|error| TransportError::Failed(error.into()))?;
        self.post("preflight", name, body.into_owned()).await
    }

    /// Sends a body that is not compressed, with an unknown encoding. A server refuses it with 415
    /// if the encoding arrives. With any other status, something on the way removed the encoding.
    ///
    /// # Errors
    /// When the response does not arrive completely.
    pub async fn unknown_encoding(&self) -> Result<HttpResponse, TransportError> {
        self.post("preflight", Some(UNKNOWN_ENCODING), b"nicelist doctor".to_vec()).await
    }

    /// Downloads the first page of rules. nicelist compresses it. The body of the response is
    /// decompressed, but its headers are as received.
    ///
    /// # Errors
    /// When the response does not arrive completely.
    pub async fn rules(&self) -> Result<HttpResponse, TransportError> {
        self.post("ruledownload", None, b"{}".to_vec()).await
    }

    async fn post(
        &self,
        stage: &str,
        encoding: Option<&str>,
        body: Vec<u8>,
    ) -> Result<HttpResponse, TransportError> {
        let url = format!("{}{}", self.base, self.mac.path(stage));
        let request = self.client.post(url).body(body);
        let mut request = request
            .header("Content-Type", "application/json")
            .header("User-Agent", "santactl-sync/2026.7")
            .header("Accept-Encoding", "gzip, deflate");
        if let Some(encoding) = encoding {
            request = request.header("Content-Encoding", encoding);
        }
        if let Generation::Santa(version) = self.mac.generation {
            for (name, value) in self.mac.extra_headers(version) {
                request = request.header(name, value);
            }
        }
        let response = request.send().await;
        let response = response.map_err(|error| TransportError::Failed(error.into()))?;
        decoded(received(response).await?)
    }
}

/// The innermost cause of an error. The outer errors of an HTTP request contain its URL, which may
/// contain an enrollment secret.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
