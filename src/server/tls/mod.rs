//! TLS: the server's own certificate, the authority whose client certificates let hosts in, and
//! their replacement while the server runs.
//!
//! A client certificate is asked for and never demanded by the handshake: whoever shows none
//! reaches what needs none, the admin API with its tokens. Whoever shows one that does not hold
//! reaches nothing.

mod error;
mod handshake;
mod material;
mod peer;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;

pub use error::{Part, TlsError, TlsProblem};
pub(super) use handshake::Secured;
use material::Stamps;
pub(super) use peer::Peer;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The files that TLS needs, all PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, then those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificates of the authorities that sign client certificates.
    pub client_ca: Option<PathBuf>,
    /// Their lists of client certificates that were revoked.
    pub client_crl: Option<PathBuf>,
}

/// What TLS is spoken with.
pub struct Tls {
    files: TlsFiles,
    loaded: RwLock<Arc<Loaded>>,
    /// The files as they were when they were read last, whether or not they were usable.
    stamps: Stamps,
}

/// What the files said when they were usable last.
struct Loaded {
    config: Arc<ServerConfig>,
    /// Judges client certificates, where any are asked for.
    authority: Option<Arc<dyn ClientCertVerifier>>,
    /// What is wrong with the server's certificate in the eyes of most clients.
    doubt: Option<String>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// One cannot be read, or does not hold what it should.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let stamps = Stamps::of(&files);
        let loaded = RwLock::new(Arc::new(material::load(&files)?));
        Ok(Self { files, loaded, stamps })
    }

    /// Why clients may refuse the server's certificate, as when it has expired.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        self.loaded().doubt.clone()
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again. What they said before stays in force if they are not usable now.
    fn reload(&self) {
        match material::load(&self.files) {
            Ok(loaded) => {
                if let Some(doubt) = &loaded.doubt {
                    tracing::warn!("{doubt}");
                }
                *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
                tracing::info!("took in the TLS certificates anew");
            }
            Err(error) => tracing::error!(%error, "kept the TLS certificates as they were"),
        }
    }

    /// Reads the files again whenever they change and on every SIGHUP; never ends.
    pub(super) async fn follow(&self) {
        let mut hangups = signal(SignalKind::hangup())
            .inspect_err(|error| tracing::warn!(%error, "cannot listen to SIGHUP"))
            .ok();
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut read, mut before) = (self.stamps.clone(), self.stamps.clone());
        loop {
            let told = async {
                match &mut hangups {
                    Some(hangups) => hangups.recv().await,
                    None => std::future::pending().await,
                }
            };
            let told = tokio::select! {
                _ = looks.tick() => false,
                _ = told => true,
            };
            let now = Stamps::of(&self.files);
            // Certificate and key are two files: wait until nobody is writing them any more.
            if told || (now != read && now == before) {
                read = now.clone();
                self.reload();
            }
            before = now;
        }
    }
}
