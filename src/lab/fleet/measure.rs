//! Counts and times.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::connection::Traffic;
use crate::lab::client::request::Stage;

/// The longest measurable time: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

/// Significant digits of a measured time.
const DIGITS: u8 = 3;

/// Maximum different errors that are counted separately.
const MOST_KINDS: usize = 50;

#[derive(Debug, Clone)]
pub(super) struct Times(Histogram<u32>);

impl Times {
    #[expect(clippy::expect_used, reason = "the bounds are constants")]
    fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("sound bounds"))
    }

    pub(super) fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(LONGEST);
        self.0.saturating_record(micros.clamp(1, LONGEST));
    }

    pub(super) fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(share))
    }

    fn report(&self) -> Latency {
        let ms = |micros: u64| (micros as f64) / 1000.0;
        let at = |share| ms(self.0.value_at_quantile(share));
        if self.0.is_empty() {
            return Latency::default();
        }
        Latency {
            count: self.0.len(),
            mean: (self.0.mean()).round() / 1000.0,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: ms(self.0.max()),
        }
    }
}

/// A distribution of times, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// The number of measurements.
    pub count: u64,
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latencies {
    /// The time of a whole sync, or the delay of a skipped sync. If no connection was free, this
    /// time begins when the sync was scheduled.
    pub sync: Latency,
    /// The delay of a scheduled sync when it started or was skipped.
    pub late: Latency,
    /// The time until the response to preflight. It begins at the same time as `sync`.
    pub preflight: Latency,
    /// The time per batch of events.
    pub event_upload: Latency,
    /// The time per page of rules.
    pub rule_download: Latency,
    pub postflight: Latency,
}

/// Equal errors of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Errors {
    pub stage: &'static str,
    pub reason: String,
    pub count: u64,
}

#[derive(Debug)]
pub(super) struct Measures {
    sync: Times,
    late: Times,
    stages: [Times; 4],
    pub(super) errors: BTreeMap<(&'static str, String), u64>,
    pub(super) counts: Counts,
    pub(super) traffic: Traffic,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Completed syncs in which no stage failed.
    pub syncs: u64,
    /// The number of `syncs` that were clean.
    pub clean_syncs: u64,
    /// Syncs in which a stage failed.
    pub failed_syncs: u64,
    /// Syncs that were skipped, because the host's last sync was still in progress or no connection
    /// was free for a whole interval.
    pub missed_syncs: u64,
    pub events_sent: u64,
    /// Events that clean syncs discarded.
    pub events_discarded: u64,
    /// Received rules, including removals.
    pub rules_received: u64,
}

impl Measures {
    pub(super) fn new() -> Self {
        Self {
            sync: Times::new(),
            late: Times::new(),
            stages: [(); 4].map(|()| Times::new()),
            errors: BTreeMap::new(),
            counts: Counts::default(),
            traffic: Traffic::default(),
        }
    }

    pub(super) fn answered(&mut self, stage: Stage, time: Duration) {
        self.stages[place(stage)].record(time);
    }

    pub(super) fn synced(&mut self, time: Duration) {
        self.sync.record(time);
    }

    pub(super) fn began(&mut self, late: Duration) {
        self.late.record(late);
    }

    pub(super) fn failed(&mut self, stage: Stage, reason: String) {
        let key = (stage.name(), reason);
        if self.errors.len() < MOST_KINDS || self.errors.contains_key(&key) {
            *self.errors.entry(key).or_default() += 1;
        } else {
            *self.errors.entry((stage.name(), "other reasons".to_owned())).or_default() += 1;
        }
    }

    pub(super) fn moved(&mut self, traffic: Traffic) {
        self.traffic.requests += traffic.requests;
        self.traffic.connections += traffic.connections;
        self.traffic.bytes_sent += traffic.bytes_sent;
        self.traffic.bytes_received += traffic.bytes_received;
    }

    pub(super) fn p99(&self) -> Duration {
        self.sync.quantile(0.99)
    }

    pub(super) fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    pub(super) fn errors(&self) -> Vec<Errors> {
        let one = |((stage, reason), count): (&(&'static str, String), &u64)| Errors {
            stage,
            reason: reason.clone(),
            count: *count,
        };
        self.errors.iter().map(one).collect()
    }

    pub(super) fn latencies(&self) -> Latencies {
        let [preflight, event_upload, rule_download, postflight] =
            self.stages.each_ref().map(Times::report);
        let (sync, late) = (self.sync.report(), self.late.report());
        Latencies { sync, late, preflight, event_upload, rule_download, postflight }
    }
}

fn place(stage: Stage) -> usize {
    match stage {
        // A fleet fetches no XSRF tokens.
        Stage::Preflight | Stage::Xsrf => 0,
        Stage::EventUpload => 1,
        Stage::RuleDownload => 2,
        Stage::Postflight => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_measurements_all_times_are_zero() {
        assert_eq!(Measures::new().latencies(), Latencies::default());
        assert_eq!(Measures::new().p99(), Duration::ZERO);
    }

    #[test]
    fn percentiles_show_a_few_slow_syncs() {
        let mut measures = Measures::new();
        (0..990).for_each(|_| measures.synced(Duration::from_millis(2)));
        (0..10).for_each(|_| measures.synced(Duration::from_secs(3)));
        let Latency { count, mean, p50, p90, p99, p999, max } = measures.latencies().sync;
        assert_eq!(count, 1000);
        let near = |value: f64, due: f64| (value - due).abs() <= due / 500.0;
        assert!([p50, p90, p99].into_iter().all(|value| near(value, 2.0)), "{p50} {p90} {p99}");
        assert!(
            near(p999, 3000.0) && near(max, 3000.0) && near(mean, 31.98),
            "{p999} {max} {mean}"
        );
    }

    #[test]
    fn times_are_limited_to_the_measurable_range() {
        let mut measures = Measures::new();
        measures.synced(Duration::ZERO);
        measures.synced(Duration::from_secs(100_000));
        let sync = measures.latencies().sync;
        assert_eq!(sync.p50, 0.001);
        assert!((3_596_000.0..=3_604_000.0).contains(&sync.max), "{}", sync.max);
    }

    #[test]
    fn the_number_of_different_errors_is_limited() {
        let mut measures = Measures::new();
        for n in 0..200 {
            measures.failed(Stage::RuleDownload, format!("odd at {n}"));
            measures.failed(Stage::Preflight, "status 503".to_owned());
        }
        assert!(measures.errors().len() <= MOST_KINDS + 2);
        assert_eq!(measures.error_count(), 400);
        let worst = measures.errors().into_iter().max_by_key(|kind| kind.count).unwrap();
        assert_eq!((worst.stage, worst.count), ("preflight", 200));
    }
}
