//! The client's certificate of a connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;

use super::reload::Tls;

/// Marks a request from a client with a valid certificate of the client CA.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Certified;

/// How long a verification is valid on an open connection.
const VALID_FOR: Duration = Duration::from_secs(60);

/// A client's certificate.
///
/// The handshake verifies the certificate one time. A connection can stay open, and a session can
/// be resumed, after the certificate or its authority has expired. Therefore the certificate is
/// verified again.
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
    /// A peer whose certificate the handshake verified with `verifier`. There is no verifier if a
    /// session was resumed.
    pub(super) fn new(
        tls: Arc<Tls>,
        chain: Vec<CertificateDer<'static>>,
        verifier: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Self {
        let verification = verifier.map(|by| Verification { by, at: Instant::now(), good: true });
        Self { tls, chain, verification: Mutex::new(verification) }
    }

    /// Whether the last verification, at most a minute old, accepted the certificate.
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
            .inspect_err(|error| tracing::debug!(%error, "a client certificate holds no more"))
            .is_ok()
    }
}
