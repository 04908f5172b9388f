//! The options of a server.

use std::num::NonZeroUsize;
use std::time::Duration;

use ipnet::IpNet;
use jiff::SignedDuration;

use super::backups::BackupOptions;
use super::client_address::TrustedProxies;
use super::listen::ConnectionLimits;
use super::rate_limits::RateLimits;
use crate::fleet::Clock;
use crate::store::{Durability, StoreError};

/// The secret that hosts must send to sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncAuth {
    /// An enrollment secret, as a bearer token or in the path.
    #[default]
    Secret,
    /// No secret. Unless client certificates are required, every client that reaches the port may
    /// sync.
    None,
}

#[derive(Clone, Default)]
pub struct Options {
    /// The database: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
    pub database: String,
    /// The durability of committed changes, for databases where nicelist controls it.
    pub durability: Durability,
    pub sync_auth: SyncAuth,
    /// Whether hosts must also send a TLS client certificate that the client CA issued.
    pub client_certificates: bool,
    /// Whether to create the first tokens if the database never had any. Work on a local database
    /// needs no tokens.
    pub first_tokens: bool,
    /// The first admin token; random when absent.
    pub bootstrap_token: Option<String>,
    /// The first enrollment secret; random when absent.
    pub enrollment_secret: Option<String>,
    pub clock: Clock,
    /// How far the clock may be ahead of the newest time in the database when the server starts.
    /// If the clock is further ahead, it is not trusted: rules do not expire, and no events are
    /// deleted. [`crate::fleet::LONGEST_GAP`] when absent.
    pub longest_gap: Option<SignedDuration>,
    /// The time over which clean syncs are spread after a restore;
    /// [`crate::sync::RESTORE_SPREAD`] when absent.
    pub restore_spread: Option<SignedDuration>,
    /// How often all hosts are counted; 30 seconds when absent.
    pub count_hosts_every: Option<Duration>,
    /// How often the server checks for old events and silent hosts; a minute when absent.
    pub check_retention_every: Option<Duration>,
    /// Maximum size of a body from a host, in bytes, before and after decompression; 16 MiB when
    /// absent.
    pub largest_body: Option<usize>,
    /// Maximum rules on one page of a download; [`crate::sync::RULES_A_PAGE`] when absent.
    pub rules_a_page: Option<NonZeroUsize>,
    /// Maximum new events of one host in a day; [`crate::sync::EVENTS_PER_DAY`] when absent.
    pub events_per_day: Option<u64>,
    pub connections: ConnectionLimits,
    pub rates: RateLimits,
    /// No scheduled backups when absent. The database must be SQLite.
    pub backups: Option<BackupOptions>,
    pub trusted_proxies: TrustedProxies,
    /// The networks whose clients may read `/metrics` without a token.
    pub metrics_from: Vec<IpNet>,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("invalid {name}: {reason}")]
    Secret { name: &'static str, reason: &'static str },
    #[error("scheduled backups require an SQLite database")]
    BackupsUnsupported,
}

impl ServerError {
    /// Whether the error is that the schema of the database is too old to be read.
    pub fn is_outdated(&self) -> bool {
        matches!(self, Self::Store(StoreError::Outdated { .. }))
    }
}
