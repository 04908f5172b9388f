//! How long database operations take, and how many writes are waiting, for the metrics of a server.

use std::time::Instant;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::query_purpose::QueryPurpose;

/// Upper bounds of the buckets of latencies, in seconds.
pub const LATENCY_BUCKETS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Latencies with one label.
pub type LatencyFamily = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

/// The latencies of operations by [`QueryPurpose`]. They include the time that an operation waits
/// for a connection or for other operations. A clone shares the latencies.
#[derive(Clone, Debug)]
pub struct Latencies(LatencyFamily);

impl Default for Latencies {
    fn default() -> Self {
        Self(LatencyFamily::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS)))
    }
}

impl Latencies {
    /// Adds an operation that ends now, for the purpose of the current task.
    pub(super) fn add(&self, started: Instant) {
        let purpose = [("purpose", QueryPurpose::current().name())];
        self.0.get_or_create(&purpose).observe(started.elapsed().as_secs_f64());
    }

    pub fn family(&self) -> LatencyFamily {
        self.0.clone()
    }
}

/// The writes that wait for a shared commit: rows on SQLite, requests on PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteQueue {
    pub waiting: usize,
    /// With this many waiting writes, further writes of hosts are refused.
    pub limit: usize,
}

/// What a database measures about its own work.
#[derive(Clone, Debug)]
pub struct Meters {
    pub reads: Latencies,
    pub writes: Latencies,
    pub queue: WriteQueue,
}
