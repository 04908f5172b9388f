//! The results of a fleet, and the resources that it used.

use std::time::Instant;

use serde::Serialize;

use super::connection::Traffic;
use super::host::Host;
use super::measure::{Counts, Errors, Latencies, Measures};
use super::options::FleetOptions;
use super::run::ChangesMade;
use super::shared::Shared;
use super::usage::Usage;
use super::verify::Convergence;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FleetSummary {
    pub hosts: u32,
    pub seed: u64,
    pub interrupted: bool,
    /// Scheduled syncs per second, on average.
    pub asked_per_second: f64,
    pub warm_up: Option<PhaseReport>,
    pub run: PhaseReport,
    /// The times of syncs and requests in the run.
    pub latency_ms: Latencies,
    pub changes: Option<ChangesMade>,
    pub check: Option<PhaseReport>,
    pub convergence: Option<Convergence>,
    pub memory: Memory,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PhaseReport {
    pub seconds: f64,
    /// The CPU time of this process in the phase, if the system reports it.
    pub cpu_seconds: Option<f64>,
    /// Completed and failed syncs per second.
    pub syncs_per_second: f64,
    #[serde(flatten)]
    pub counts: Counts,
    #[serde(flatten)]
    pub traffic: Traffic,
    pub errors: Vec<Errors>,
}

/// Memory of this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Memory {
    /// Maximum resident memory, if the system reports it.
    pub peak_bytes: Option<u64>,
    /// The growth of the maximum resident memory since the start, divided by the number of hosts.
    pub bytes_per_host: Option<f64>,
    /// The size of the data of one host, without shared data.
    pub host_bytes: usize,
    /// The number of different rule sets at the end, always including the empty set. Sets whose
    /// rules differ only in order count as different.
    pub tables: usize,
}

impl FleetSummary {
    pub(super) fn of(options: &FleetOptions) -> Self {
        let asked_per_second = f64::from(options.hosts) / options.interval.as_secs_f64();
        Self { hosts: options.hosts, seed: options.seed, asked_per_second, ..Self::default() }
    }

    /// The errors of all phases. The counts of equal errors are added.
    pub fn errors(&self) -> Vec<Errors> {
        let parts = [self.warm_up.as_ref(), Some(&self.run), self.check.as_ref()];
        let mut all: Vec<Errors> = Vec::new();
        for errors in parts.into_iter().flatten().flat_map(|phase| &phase.errors) {
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

pub(super) struct Meter {
    start: Instant,
    usage: Option<Usage>,
}

impl Meter {
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), usage: Usage::now() }
    }

    pub(super) fn phase(&self, measures: Measures) -> PhaseReport {
        let seconds = self.start.elapsed().as_secs_f64();
        let cpu = self.usage.zip(Usage::now());
        let cpu = cpu.map(|(before, after)| after.cpu.saturating_sub(before.cpu).as_secs_f64());
        let (counts, traffic) = (measures.counts, measures.traffic);
        PhaseReport {
            seconds: rounded(seconds),
            cpu_seconds: cpu.map(rounded),
            syncs_per_second: rounded((counts.syncs + counts.failed_syncs) as f64 / seconds),
            counts,
            traffic,
            errors: measures.errors(),
        }
    }

    pub(super) fn memory(&self, shared: &Shared) -> Memory {
        let (before, after) = (self.usage, Usage::now());
        let state = shared.state();
        let tables = state.tables.count();
        let hosts = state.fleet(&shared.clients).len() as f64;
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

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
