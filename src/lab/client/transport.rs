//! HTTP requests to a server.

use std::error::Error;
use std::iter;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio_rustls::rustls::{self, CertificateError};
use url::{Host, Url};

use super::request::Retry;

const LARGEST_BODY: usize = 64 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// The body as received. It may be compressed, as stated in the `Content-Encoding` header.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Ignores the case of the name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("the request failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// The connection failed before the end of the body.
    #[error("the response with status {status} is incomplete")]
    CutOff { status: u16 },
    #[error("the response with status {status} is larger than 64 MiB")]
    TooLarge { status: u16 },
    #[error("no response within {0:?}")]
    TimedOut(Duration),
    #[error("the host name cannot be resolved: {0}")]
    UnknownName(String),
    #[error("{0}")]
    Handshake(String),
}

impl TransportError {
    /// Removes the URL, because it may contain the enrollment secret.
    fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if let Some(tls) = tls_error(&error) {
            return Self::Handshake(handshake_fault(tls));
        }
        let causes: Vec<String> = iter::successors(error.source(), |&cause| cause.source())
            .map(ToString::to_string)
            .collect();
        match causes.last() {
            // The type of this error is private in the HTTP library.
            Some(last) if causes.iter().any(|cause| cause.starts_with("dns error")) => {
                Self::UnknownName(last.clone())
            }
            _ => Self::Failed(error.into()),
        }
    }

    /// What failed, in a few words.
    pub(super) fn summary(&self) -> &'static str {
        match self {
            Self::UnknownName(_) => "cannot find the server",
            Self::Handshake(_) => "no secure connection to the server",
            Self::Failed(_) | Self::CutOff { .. } | Self::TooLarge { .. } | Self::TimedOut(_) => {
                "no response from the server"
            }
        }
    }
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

fn handshake_fault(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(fault) = error else {
        return format!("the TLS handshake failed: {error}");
    };
    match fault {
        // Another CA with the same name causes a bad signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is not trusted: it is not signed by a trusted CA".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another host name".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired".to_owned()
        }
        other => format!("the server's certificate is not trusted: {other}"),
    }
}

/// Sends requests to a server.
///
/// This is a trait so that tests can simulate a server, and [`Faulty`](super::Faulty) can simulate
/// faults.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a POST request. The path is relative to the server's address.
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpResponse, TransportError>;

    /// Called when an attempt failed and the client will repeat the request.
    fn before_retry(&self, _: &Retry) {}
}

#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("{address:?} is not a valid URL")]
    Malformed { address: String, source: url::ParseError },
    #[error("{0:?} is not an https or http URL")]
    Scheme(String),
    /// Clients refuse plain `http` to another computer.
    #[error("http is allowed only to this machine, not to {0:?}; use https")]
    Insecure(String),
    #[error("cannot set up the HTTP client")]
    Client(#[from] reqwest::Error),
}

/// The TLS settings of a client's profile.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// The trusted CAs (`ServerAuthRootsFile`). By default, the system's CAs are trusted.
    authorities: Option<Vec<reqwest::Certificate>>,
    /// The client certificate (`ClientAuthCertificateFile`).
    own: Option<reqwest::Identity>,
}

impl Certificates {
    /// Trusts only the CAs in a PEM text. Returns `None` if the text is invalid or contains no
    /// certificate.
    pub fn trusting(self, text: &[u8]) -> Option<Self> {
        let found = reqwest::Certificate::from_pem_bundle(text).ok()?;
        (!found.is_empty()).then_some(Self { authorities: Some(found), ..self })
    }

    /// Sends the client certificate and its chain. The PEM text must also contain the private key.
    /// Returns `None` if the text is invalid.
    pub fn showing(self, text: &[u8]) -> Option<Self> {
        let own = reqwest::Identity::from_pem(text).ok()?;
        Some(Self { own: Some(own), ..self })
    }

    pub(crate) fn given_to(self, client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        let client = match self.authorities {
            Some(authorities) => client.tls_certs_only(authorities),
            None => client,
        };
        self.own.into_iter().fold(client, reqwest::ClientBuilder::identity)
    }
}

#[derive(Debug, Clone)]
pub struct HttpTransport {
    base: String,
    client: reqwest::Client,
}

impl HttpTransport {
    /// Request paths are appended to the path of `address`. The query of `address` is ignored.
    pub fn new(address: &str) -> Result<Self, AddressError> {
        Self::with_certificates(address, Certificates::default())
    }

    pub fn with_certificates(
        address: &str,
        certificates: Certificates,
    ) -> Result<Self, AddressError> {
        let base = base_url(address)?;
        let client = certificates.given_to(reqwest::Client::builder());
        let client = client.redirect(reqwest::redirect::Policy::none());
        // Callers decompress bodies, because clients decompress them in different ways.
        let client = client.no_gzip();
        let client = if is_loopback(&base) { client.no_proxy() } else { client };
        Ok(Self { base: base.into(), client: client.build()? })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpResponse, TransportError> {
        let request = self.client.post(format!("{}{path}", self.base)).body(body.to_vec());
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        received(request.send().await.map_err(TransportError::of)?).await
    }
}

/// Reads a whole response.
pub(crate) async fn received(response: reqwest::Response) -> Result<HttpResponse, TransportError> {
    let status = response.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
    let body = Limited::new(reqwest::Body::from(response), LARGEST_BODY).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => TransportError::TooLarge { status },
        false => TransportError::CutOff { status },
    })?;
    Ok(HttpResponse { status, headers, body: body.to_bytes().into() })
}

/// Like [`folder_url`], but refuses plain `http` to another computer.
fn base_url(address: &str) -> Result<Url, AddressError> {
    let base = folder_url(address)?;
    if base.scheme() == "https" || is_loopback(&base) {
        Ok(base)
    } else {
        Err(AddressError::Insecure(address.to_owned()))
    }
}

/// The address without query and fragment, and with a slash at the end, so that paths can be
/// appended.
pub(crate) fn folder_url(address: &str) -> Result<Url, AddressError> {
    let malformed = |source| AddressError::Malformed { address: address.to_owned(), source };
    let mut base = Url::parse(address).map_err(malformed)?;
    base.set_query(None);
    base.set_fragment(None);
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    match base.scheme() {
        "https" | "http" => Ok(base),
        _ => Err(AddressError::Scheme(address.to_owned())),
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_path_of_an_address_is_kept_and_its_query_is_not() {
        let cases = [
            ("https://sync.example.com", "https://sync.example.com/"),
            (
                "https://sync.example.com/santa/secret?x=1#y",
                "https://sync.example.com/santa/secret/",
            ),
            ("http://127.0.0.1:8080/santa/", "http://127.0.0.1:8080/santa/"),
            ("http://localhost:8080", "http://localhost:8080/"),
            ("http://[::1]:8080", "http://[::1]:8080/"),
        ];
        for (address, base) in cases {
            assert_eq!(base_url(address).unwrap().as_str(), base);
        }
    }

    #[test]
    fn plain_http_to_another_computer_is_refused() {
        let error = |address| HttpTransport::new(address).unwrap_err();
        assert!(matches!(error("http://sync.example.com/"), AddressError::Insecure(_)));
        assert!(matches!(error("ftp://sync.example.com/"), AddressError::Scheme(_)));
        assert!(matches!(error("sync.example.com"), AddressError::Malformed { .. }));
    }

    /// Sends this response to one request, which must end with `{}`. Returns the request and the
    /// connection.
    async fn serve(listener: TcpListener, answer: &'static [u8]) -> (String, TcpStream) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"{}") {
            let mut chunk = [0; 1024];
            let length = stream.read(&mut chunk).await.unwrap();
            asked.extend_from_slice(&chunk[..length]);
        }
        stream.write_all(answer).await.unwrap();
        (String::from_utf8(asked).unwrap(), stream)
    }

    async fn serve_once(listener: TcpListener, answer: &'static [u8]) -> String {
        serve(listener, answer).await.0
    }

    #[tokio::test]
    async fn a_request_goes_below_the_address_and_redirects_are_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/santa", listener.local_addr().unwrap());
        let answer = b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 4\r\n\r\nover";
        let server = tokio::spawn(serve_once(listener, answer));
        let headers = [("X-Lab".to_owned(), "yes".to_owned())];
        let transport = HttpTransport::new(&address).unwrap();
        let answer = transport.post("preflight/M%201", &headers, b"{}").await.unwrap();
        assert_eq!((answer.status, &*answer.body), (302, &b"over"[..]));
        assert_eq!(answer.header("Location"), Some("/"));
        let asked = server.await.unwrap();
        assert!(asked.starts_with("POST /santa/preflight/M%201 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("x-lab: yes\r\n"), "{asked}");
    }

    #[tokio::test]
    async fn w7_a_body_that_breaks_off_is_reported_with_its_status() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server =
            tokio::spawn(serve_once(listener, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"));
        let transport = HttpTransport::new(&address).unwrap();
        let result = transport.post("preflight/M1", &[], b"{}").await;
        let is_cut_off = matches!(result, Err(TransportError::CutOff { status: 200 }));
        assert!(is_cut_off, "{result:?}");
        server.await.unwrap();
    }

    #[tokio::test]
    async fn w8_a_body_without_end_is_not_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
            let (_, mut stream) = serve(listener, head).await;
            let mut sent = 0;
            while stream.write_all(&[b' '; 64 * 1024]).await.is_ok() {
                sent += 64 * 1024;
            }
            sent
        });
        let transport = HttpTransport::new(&address).unwrap();
        let result = transport.post("preflight/M1", &[], b"{}").await;
        assert!(matches!(result, Err(TransportError::TooLarge { status: 200 })), "{result:?}");
        let sent = server.await.unwrap();
        assert!((LARGEST_BODY..2 * LARGEST_BODY).contains(&sent), "{sent}");
    }
}
