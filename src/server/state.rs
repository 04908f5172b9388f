//! The state that all handlers share.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use ipnet::IpNet;

use super::backups::Backups;
use super::bodies::Budget;
use super::health::Health;
use super::host_counter::HostCounter;
use super::metrics::Metrics;
use super::pending_counter::PendingCount;
use super::rate_limits::RateCounts;
use super::tokens::Access;
use super::trusted_clock::TrustedClock;
use crate::fleet::Clock;
use crate::store::Store;
use crate::sync::Engine;

pub(super) struct State {
    /// Whether this is the state of a server, not of a command that works on a local database.
    pub(super) is_server: bool,
    pub(super) store: Arc<dyn Store>,
    pub(super) engine: Engine,
    pub(super) access: Access,
    pub(super) clock: Clock,
    /// Maximum size of a body from a host, in bytes, before and after decompression.
    pub(super) largest_body: usize,
    pub(super) bodies: Budget,
    /// Host requests that were refused since the last tick because the server was overloaded.
    pub(super) turned_away: AtomicU64,
    pub(super) panics: Arc<AtomicU64>,
    pub(super) rates: RateCounts,
    pub(super) health: Health,
    /// None if this process writes no scheduled backups.
    pub(super) backups: Option<Backups>,
    pub(super) hosts: HostCounter,
    /// The last count of the programs that are pending approval.
    pub(super) pending: ArcSwapOption<PendingCount>,
    /// How often all hosts and the pending programs are counted.
    pub(super) count_hosts_every: Duration,
    /// How often the server checks for old events and silent hosts.
    pub(super) check_retention_every: Duration,
    pub(super) trusted_clock: Arc<TrustedClock>,
    pub(super) metrics: Arc<Metrics>,
    /// The networks whose clients may read the metrics without a token.
    pub(super) metrics_from: Vec<IpNet>,
}

pub(super) type Shared = axum::extract::State<Arc<State>>;
