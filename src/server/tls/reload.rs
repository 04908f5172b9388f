//! The certificates in use, and their replacement while the server runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::error::TlsError;
use super::material::{self, Loaded, Stamps, TlsFiles};

/// How often the files are checked for changes.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// The certificates of a server, and the files that they come from.
pub struct Tls {
    files: TlsFiles,
    loaded: RwLock<Arc<Loaded>>,
    /// The stamps of the files just before they were first read.
    stamps: Stamps,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read or used, or the key does not belong to the certificate.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let stamps = Stamps::of(&files);
        let loaded = RwLock::new(Arc::new(material::load(&files)?));
        Ok(Self { files, loaded, stamps })
    }

    /// Why clients will refuse the server's certificate, for example because it has expired. None
    /// if no reason is known.
    pub fn doubt(&self) -> Option<String> {
        self.loaded().doubt.clone()
    }

    pub(super) fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again. If this fails, the earlier certificates stay in use.
    fn reload(&self) {
        match material::load(&self.files) {
            Ok(loaded) => {
                if let Some(doubt) = &loaded.doubt {
                    tracing::warn!("{doubt}");
                }
                *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
                tracing::info!("reloaded the TLS certificates");
            }
            Err(error) => tracing::error!(%error, "cannot reload the TLS certificates; the old \
                ones stay active"),
        }
    }

    /// Reads the files again whenever they change and on every SIGHUP. Never returns.
    pub(in crate::server) async fn follow(&self) {
        let mut hangups = Hangups::new();
        let mut checks = tokio::time::interval(CHECK_EVERY);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut read, mut before) = (self.stamps.clone(), self.stamps.clone());
        loop {
            let is_hangup = tokio::select! {
                _ = checks.tick() => false,
                () = hangups.next() => true,
            };
            let now = Stamps::of(&self.files);
            // A certificate and its key are replaced one after the other, so this loop waits until
            // no file has changed between two checks.
            if is_hangup || (now != read && now == before) {
                read = now.clone();
                self.reload();
            }
            before = now;
        }
    }
}

/// The SIGHUPs of this process. Windows has no SIGHUP.
struct Hangups {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
                .inspect_err(|error| tracing::warn!(%error, "cannot listen for SIGHUP"))
                .ok(),
        }
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals {
            signals.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    }
}
