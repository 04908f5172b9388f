//! A TLS handshake that keeps the certificates of the server, even if they are refused.

use std::io;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::ServerCertificate;

/// How long the server may take for the handshake.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeFault {
    /// The server responds, but not with TLS.
    NotTls,
    Expired,
    NotYetValid,
    /// The certificate is for other names.
    WrongName,
    /// The certificate does not lead to a trusted CA.
    Untrusted,
    /// Any other reason.
    Other(String),
}

/// The result of a handshake.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The certificates that the server sent, its own certificate first.
    pub chain: Vec<ServerCertificate>,
    pub fault: Option<HandshakeFault>,
}

/// Performs a handshake as a Mac does. `host` is a host name, or an address without brackets.
/// `roots` is a PEM text with the trusted CAs, as in `ServerAuthRootsData`. By default, the CAs of
/// this machine are trusted.
pub async fn handshake(stream: TcpStream, host: &str, roots: Option<&[u8]>) -> Handshake {
    let (recorder, connector, name) = match prepare(host, roots) {
        Ok(prepared) => prepared,
        Err(reason) => {
            return Handshake { chain: Vec::new(), fault: Some(HandshakeFault::Other(reason)) };
        }
    };
    let fault = match tokio::time::timeout(PATIENCE, connector.connect(name, stream)).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(fault_of(&error)),
        Err(_) => {
            let reason = format!("no response within {} s", PATIENCE.as_secs());
            Some(HandshakeFault::Other(reason))
        }
    };
    Handshake { chain: recorder.chain(), fault }
}

type Prepared = (Arc<Recorder>, TlsConnector, ServerName<'static>);

fn prepare(host: &str, roots: Option<&[u8]>) -> Result<Prepared, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let inner = verifier(roots, &provider)?;
    let recorder = Arc::new(Recorder { inner, chain: Mutex::default() });
    let verifier: Arc<dyn ServerCertVerifier> = recorder.clone();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok((recorder, TlsConnector::from(Arc::new(config)), name))
}

fn verifier(
    roots: Option<&[u8]>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let Some(pem) = roots else {
        let verifier = Verifier::new(Arc::clone(provider)).map_err(|error| error.to_string())?;
        return Ok(Arc::new(verifier));
    };
    let mut store = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(pem) {
        let root = root.map_err(|error| error.to_string())?;
        store.add(root).map_err(|error| error.to_string())?;
    }
    let builder =
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
    let verifier = builder.build().map_err(|error| error.to_string())?;
    Ok(verifier)
}

fn fault_of(error: &io::Error) -> HandshakeFault {
    let tls = error.get_ref().and_then(|inside| inside.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(error)) => certificate_fault(error),
        Some(Error::InvalidMessage(_)) => HandshakeFault::NotTls,
        _ => HandshakeFault::Other(error.to_string()),
    }
}

fn certificate_fault(error: &CertificateError) -> HandshakeFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            HandshakeFault::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            HandshakeFault::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            HandshakeFault::WrongName
        }
        // Another CA with the same name causes a bad signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            HandshakeFault::Untrusted
        }
        other => HandshakeFault::Other(other.to_string()),
    }
}

/// Keeps the certificates that it verifies with another verifier.
#[derive(Debug)]
struct Recorder {
    inner: Arc<dyn ServerCertVerifier>,
    chain: Mutex<Vec<ServerCertificate>>,
}

impl Recorder {
    fn chain(&self) -> Vec<ServerCertificate> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let sent = iter::once(own).chain(intermediates);
        let parsed = sent.filter_map(|der| ServerCertificate::of(der)).collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = parsed;
        self.inner.verify_server_cert(own, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
