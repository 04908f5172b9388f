//! The options and the progress of a fleet.

use std::time::Duration;

use super::client::Share;
use super::plan::Arrivals;
use super::tls::Trust;
use crate::lab::Profile;

#[derive(Debug, Clone)]
pub struct FleetOptions {
    pub url: String,
    pub hosts: u32,
    /// Determines the identities of hosts and all random decisions.
    pub seed: u64,
    pub shares: Vec<Share>,
    /// The configuration of all hosts. The identity and the version in this profile are not used.
    pub profile: Profile,
    /// Whether every host syncs once before the run, as fast as the server responds.
    pub warm_up: bool,
    /// The time between two scheduled syncs of a host.
    pub interval: Duration,
    pub time: Duration,
    pub arrivals: Arrivals,
    /// The probability, from 0 to 1, that a host requests a clean sync that it does not need. This
    /// applies only to syncs in the run.
    pub clean: f64,
    /// The average number of events per sync in the run. Clean syncs discard their events.
    pub events: f64,
    /// Maximum events per request, unless the server sets `batch_size`.
    pub batch: u32,
    /// Maximum syncs at a time. Each sync uses one connection.
    pub connections: usize,
    /// Whether connections stay open for later syncs, usually of other hosts.
    pub keep_alive: bool,
    /// The timeout of a request.
    pub timeout: Duration,
    pub trust: Trust,
    pub change: Option<ChangeHook>,
    pub verify: Verify,
    /// The time at which the fleet starts, in seconds since 1970.
    pub now: f64,
}

/// A command that changes something on the server during the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHook {
    pub command: String,
    pub every: Duration,
}

/// Which of the hosts that have synced are checked at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// A random sample of at most this number of hosts.
    Sample(u32),
    All,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FleetPhase {
    /// Every host syncs once.
    #[default]
    WarmUp,
    Run,
    Check,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct FleetProgress {
    pub phase: FleetPhase,
    /// Completed, failed and skipped syncs of the phase. A check has several steps; `done` and
    /// `total` count only the current step.
    pub done: u64,
    pub total: u64,
    pub in_progress: u32,
    /// Failed requests of the phase.
    pub errors: u64,
    /// The 99th percentile of [`Latencies::sync`](super::Latencies::sync) in the phase.
    pub p99: Duration,
    pub elapsed: Duration,
}
