//! The certificate that the other end of a connection has shown.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;

use super::Tls;

/// How long a judgement holds on a connection that stays open.
const HOLDS: Duration = Duration::from_secs(60);

/// A client's certificate, with the one who judges it.
///
/// The handshake judges a certificate once. A connection can stay open, and a session be resumed,
/// beyond the certificate's end or its authority's: so it is judged again.
pub(in crate::server) struct Peer {
    tls: Arc<Tls>,
    /// The certificate, then those between it and its authority.
    chain: Vec<CertificateDer<'static>>,
    judgement: Mutex<Option<Judgement>>,
}

struct Judgement {
    by: Arc<dyn ClientCertVerifier>,
    at: Instant,
    good: bool,
}

impl Peer {
    /// A peer whose certificate the handshake has found good under this authority, or, where a
    /// session was resumed, did not look at.
    pub(super) fn new(
        tls: Arc<Tls>,
        chain: Vec<CertificateDer<'static>>,
        judge: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Self {
        let judgement = judge.map(|by| Judgement { by, at: Instant::now(), good: true });
        Self { tls, chain, judgement: Mutex::new(judgement) }
    }

    /// Whether the certificate is good by the authority in force now.
    pub(in crate::server) fn is_good(&self) -> bool {
        let Some(authority) = self.tls.loaded().authority.clone() else { return false };
        let mut judgement = self.judgement.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*judgement
            && Arc::ptr_eq(&last.by, &authority)
            && last.at.elapsed() < HOLDS
        {
            return last.good;
        }
        let good = self.judge(&*authority);
        *judgement = Some(Judgement { by: authority, at: Instant::now(), good });
        good
    }

    fn judge(&self, authority: &dyn ClientCertVerifier) -> bool {
        let Some((own, between)) = self.chain.split_first() else { return false };
        authority
            .verify_client_cert(own, between, UnixTime::now())
            .inspect_err(|error| tracing::debug!(%error, "a client certificate holds no more"))
            .is_ok()
    }
}
