//! Metrics for Prometheus. Each request is counted when its response is ready. All other values are
//! read from memory at each scrape, in `scrape`.

mod scrape;

pub(super) use scrape::area;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::rule::{PolicyKind, Revision};
use crate::store::{LATENCY_BUCKETS, LatencyFamily, Store};

/// The beginning of all names.
const PREFIX: &str = "nicelist";

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    Sync,
    Admin,
}

impl Area {
    const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Admin => "admin",
        }
    }
}

/// The metrics of one server.
pub(super) struct Metrics {
    sync_requests: Family<Labels<2>, Counter>,
    sync_latencies: LatencyFamily,
    admin_requests: Family<Labels<1>, Counter>,
    refusals: Family<Labels<2>, Counter>,
    registry: Registry,
    /// They are counted only after a change.
    rules: Mutex<Option<RuleCounts>>,
}

/// The number of rules of each policy at a revision.
struct RuleCounts {
    at: Revision,
    rules: Vec<(PolicyKind, u64)>,
}

impl Metrics {
    pub(super) fn new(store: &dyn Store) -> Self {
        let sync_latencies =
            LatencyFamily::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS));
        let mut metrics = Self {
            sync_requests: Family::default(),
            sync_latencies,
            admin_requests: Family::default(),
            refusals: Family::default(),
            registry: Registry::with_prefix(PREFIX),
            rules: Mutex::default(),
        };
        metrics.register(store);
        metrics
    }

    fn register(&mut self, store: &dyn Store) {
        let registry = &mut self.registry;
        registry.register(
            "sync_requests",
            "Requests from hosts by stage and outcome",
            self.sync_requests.clone(),
        );
        registry.register_with_unit(
            "sync_request",
            "Time from the headers of a host's request to the response",
            Unit::Seconds,
            self.sync_latencies.clone(),
        );
        registry.register(
            "admin_requests",
            "Requests to the admin API by outcome",
            self.admin_requests.clone(),
        );
        registry.register(
            "refusals",
            "Requests that were refused or failed, by reason",
            self.refusals.clone(),
        );
        let meters = store.meters();
        registry.register_with_unit(
            "database_read",
            "Time of a read from the database, including the wait for a connection",
            Unit::Seconds,
            meters.reads.family(),
        );
        registry.register_with_unit(
            "database_write",
            "Time of a write to the database, including the wait for its commit",
            Unit::Seconds,
            meters.writes.family(),
        );
    }

    /// Counts a request of a host. `reason` is set if the request was not successful.
    pub(super) fn count_sync(
        &self,
        stage: &'static str,
        status: StatusCode,
        reason: Option<&'static str>,
        took: Duration,
    ) {
        let labels = [("stage", stage), ("outcome", outcome(status))];
        self.sync_requests.get_or_create(&labels).inc();
        self.sync_latencies.get_or_create(&[("stage", stage)]).observe(took.as_secs_f64());
        self.count_refusal(Area::Sync, reason);
    }

    /// Counts a request of the admin API. `reason` is set if the request was not successful.
    pub(super) fn count_admin(&self, status: StatusCode, reason: Option<&'static str>) {
        self.admin_requests.get_or_create(&[("outcome", outcome(status))]).inc();
        self.count_refusal(Area::Admin, reason);
    }

    fn count_refusal(&self, area: Area, reason: Option<&'static str>) {
        if let Some(reason) = reason {
            self.refusals.get_or_create(&[("area", area.name()), ("reason", reason)]).inc();
        }
    }

    /// The counted rules, if they were counted at this revision.
    fn rules_at(&self, revision: Revision) -> Option<Vec<(PolicyKind, u64)>> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.as_ref().filter(|counts| counts.at == revision).map(|counts| counts.rules.clone())
    }

    fn keep_rules(&self, at: Revision, rules: Vec<(PolicyKind, u64)>) {
        let counts = RuleCounts { at, rules };
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Some(counts);
    }

    /// Appends the metrics that are counted at each request.
    fn append(&self, text: &mut String) -> std::fmt::Result {
        prometheus_text::encode(text, &self.registry)
    }
}

fn outcome(status: StatusCode) -> &'static str {
    if status.is_server_error() {
        "failed"
    } else if status.is_client_error() {
        "refused"
    } else {
        "ok"
    }
}
