//! The client certificate of a connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;

use super::reload::Tls;

/// Marks a request from a client with a valid certificate that the client CA issued.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Certified;

/// How long the result of a verification is used on an open connection.
const VALID_FOR: Duration = Duration::from_secs(60);

/// A client's certificate.
///
/// The handshake verifies the certificate only once. Afterwards, the certificate can expire or the
/// client CA can change while a connection stays open, or before a session is resumed. Therefore
/// [`Peer::is_good`] verifies the certificate again.
pub(in crate::server) struct Peer {
    tls: Arc<Tls>,
    /// The certificate, followed by the intermediate certificates.
    chain: Vec<CertificateDer<'static>>,
    verification: Mutex<Option<Verification>>,
}

struct Verification {
    by: Arc<dyn ClientCertVerifier>,
    at: Instant,
    good: bool,
}

impl Peer {
    /// `verifier` verified the certificate in the handshake. It is None for a resumed session,
    /// whose handshake verifies nothing.
    pub(super) fn new(
        tls: Arc<Tls>,
        chain: Vec<CertificateDer<'static>>,
        verifier: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Self {
        let verification = verifier.map(|by| Verification { by, at: Instant::now(), good: true });
        Self { tls, chain, verification: Mutex::new(verification) }
    }

    /// Whether the certificate is valid. The result of a verification is used for a minute, or
    /// until the TLS files are reloaded.
    pub(in crate::server) fn is_good(&self) -> bool {
        let Some(authority) = self.tls.loaded().authority.clone() else { return false };
        let mut verification = self.verification.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*verification
            && Arc::ptr_eq(&last.by, &authority)
            && last.at.elapsed() < VALID_FOR
        {
            return last.good;
        }
        let good = self.verify(&*authority);
        *verification = Some(Verification { by: authority, at: Instant::now(), good });
        good
    }

    fn verify(&self, authority: &dyn ClientCertVerifier) -> bool {
        let Some((own, between)) = self.chain.split_first() else { return false };
        authority
            .verify_client_cert(own, between, UnixTime::now())
            .inspect_err(|error| tracing::debug!(%error, "a client certificate is no longer valid"))
            .is_ok()
    }
}
