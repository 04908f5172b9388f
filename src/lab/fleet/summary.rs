//! What a fleet did, and what it cost.

use std::time::Instant;

use serde::Serialize;

use super::FleetOptions;
use super::host::Host;
use super::measure::{Counts, Errors, Latencies, Measures};
use super::run::Changes;
use super::usage::Usage;
use super::verify::Convergence;
use super::world::World;

/// What a fleet did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FleetSummary {
    /// How many hosts there were.
    pub hosts: u32,
    /// What they were made of.
    pub seed: u64,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// How many syncs a second the plan asked for, on average.
    pub asked_per_second: f64,
    pub warm_up: Option<PartReport>,
    pub run: PartReport,
    /// How long things took in the run.
    pub latency_ms: Latencies,
    /// What was changed while hosts synced.
    pub changes: Option<ChangesMade>,
    pub check: Option<PartReport>,
    /// Which hosts hold what they should.
    pub convergence: Option<Convergence>,
    /// What it took.
    pub memory: Memory,
}

/// What a part of a run was.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PartReport {
    /// How long it was.
    pub seconds: f64,
    /// The time of processors that this process took, if the system tells.
    pub cpu_seconds: Option<f64>,
    /// How many syncs were over in a second.
    pub syncs_per_second: f64,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// How many requests were sent.
    pub requests: u64,
    /// How many connections were opened.
    pub connections: u64,
    /// Bytes of bodies, as they were on the wire.
    pub bytes_sent: u64,
    /// Bytes of bodies, as they were on the wire.
    pub bytes_received: u64,
    /// What failed.
    pub errors: Vec<Errors>,
}

/// What the change hook did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangesMade {
    /// How often it succeeded.
    pub made: u64,
    /// How often it failed.
    pub failed: u64,
    /// Why, the last time.
    pub reason: Option<String>,
}

/// Memory of this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Memory {
    /// The most that was resident at any time, if the system tells.
    pub peak_bytes: Option<u64>,
    /// By how much that grew since before there were hosts, for each of them.
    pub bytes_per_host: Option<f64>,
    /// What is kept of a host, without its share of what hosts share.
    pub host_bytes: usize,
    /// How many different sets of rules hosts hold at the end, in their orders.
    pub tables: usize,
}

impl FleetSummary {
    pub(super) fn of(options: &FleetOptions) -> Self {
        let asked_per_second = f64::from(options.hosts) / options.interval.as_secs_f64();
        Self { hosts: options.hosts, seed: options.seed, asked_per_second, ..Self::default() }
    }

    /// What failed, in all parts together.
    #[must_use]
    pub fn errors(&self) -> Vec<Errors> {
        let parts = [self.warm_up.as_ref(), Some(&self.run), self.check.as_ref()];
        let mut all: Vec<Errors> = Vec::new();
        for errors in parts.into_iter().flatten().flat_map(|part| &part.errors) {
            let is_same = |known: &&mut Errors| {
                (known.stage, &known.reason) == (errors.stage, &errors.reason)
            };
            match all.iter_mut().find(is_same) {
                Some(known) => known.count += errors.count,
                None => all.push(errors.clone()),
            }
        }
        all
    }
}

impl From<Changes> for ChangesMade {
    fn from(changes: Changes) -> Self {
        let Changes { made, failed, reason } = changes;
        Self { made, failed, reason }
    }
}

/// Measures a part of a run.
pub(super) struct Meter {
    start: Instant,
    usage: Option<Usage>,
}

impl Meter {
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), usage: Usage::now() }
    }

    /// The part from the start up to now.
    pub(super) fn part(&self, measures: Measures) -> PartReport {
        let seconds = self.start.elapsed().as_secs_f64();
        let cpu = self.usage.zip(Usage::now());
        let cpu = cpu.map(|(before, after)| after.cpu.saturating_sub(before.cpu).as_secs_f64());
        let (counts, traffic) = (measures.counts, measures.traffic);
        PartReport {
            seconds: rounded(seconds),
            cpu_seconds: cpu.map(rounded),
            syncs_per_second: rounded((counts.syncs + counts.failed_syncs) as f64 / seconds),
            counts,
            requests: traffic.requests,
            connections: traffic.connections,
            bytes_sent: traffic.sent,
            bytes_received: traffic.received,
            errors: measures.errors(),
        }
    }

    /// What was needed since the start.
    pub(super) fn memory(&self, world: &World) -> Memory {
        let (before, after) = (self.usage, Usage::now());
        let state = world.state();
        let tables = state.shelf.tables();
        let hosts = state.fleet(&world.clients).len() as f64;
        let grown = before.zip(after);
        let grown = grown.map(|(before, after)| after.peak_bytes.saturating_sub(before.peak_bytes));
        Memory {
            peak_bytes: after.map(|usage| usage.peak_bytes),
            bytes_per_host: grown.map(|bytes| rounded(bytes as f64 / hosts)),
            host_bytes: size_of::<Host>(),
            tables,
        }
    }
}

/// To thousandths.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
