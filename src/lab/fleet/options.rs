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
    /// The source of identities and random decisions.
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
    /// The share of syncs, from 0 to 1, in which a host requests a clean sync although it does not
    /// need one.
    pub clean: f64,
    /// Events per sync, on average.
    pub events: f64,
    /// Events per request, unless the server sets `batch_size`.
    pub batch: u32,
    /// Maximum syncs at a time. Each sync uses one connection.
    pub connections: usize,
    /// Whether hosts reuse connections of other hosts.
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
    /// A shell command.
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
    /// Completed, failed and skipped syncs of the phase.
    pub done: u64,
    pub total: u64,
    pub in_progress: u32,
    /// Failed requests.
    pub errors: u64,
    /// The 99th percentile of the duration of syncs.
    pub p99: Duration,
    pub elapsed: Duration,
}
