//! `GET /metrics`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::FromRequestParts as _;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use jiff::Timestamp;
use prometheus_client::encoding::prometheus_text::{self, CONTENT_TYPE as TEXT_FORMAT};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::PREFIX;
use crate::api::{Code, Contact, HostCount, HostState, Problem};
use crate::fleet::ClientMode;
use crate::rule::PolicyKind;
use crate::server::access::Viewer;
use crate::server::answer::Refused;
use crate::server::backups::Backups;
use crate::server::client_address::ClientAddress;
use crate::server::host_counter::Counted;
use crate::server::pending_counter::PendingCount;
use crate::server::state::{Shared, State};

/// Maximum versions of Santa with their own label. The hosts of all other versions are counted
/// together.
const MOST_VERSIONS: usize = 20;
/// Maximum bytes of a version in a label. Versions of Santa are much shorter.
const LONGEST_VERSION: usize = 32;
const OTHER: &str = "other";
const UNKNOWN: &str = "unknown";

pub(in crate::server) fn area() -> Router<Arc<State>> {
    Router::new().route("/metrics", get(scrape))
}

/// Responds with all metrics. A client outside the networks of `--metrics-from` needs a token with
/// the role viewer.
async fn scrape(
    axum::extract::State(state): Shared,
    mut parts: Parts,
) -> Result<Response, Refused> {
    let client = ClientAddress::of(&parts.extensions);
    if client.is_in(&state.metrics_from) {
        state.rates.admit_address(client)?;
    } else {
        Viewer::from_request_parts(&mut parts, &state).await?;
    }
    let snapshot = snapshot(&state).await?;
    let mut text = String::new();
    let written = state.metrics.append(&mut text);
    written.and_then(|()| prometheus_text::encode(&mut text, &snapshot.0)).map_err(|error| {
        tracing::error!(%error, "cannot write the metrics");
        Problem::new(Code::Internal, "the server cannot write its metrics")
    })?;
    Ok(([(CONTENT_TYPE, TEXT_FORMAT), (CACHE_CONTROL, "no-store")], text).into_response())
}

/// Values at the time of a scrape.
struct Snapshot(Registry);

impl Snapshot {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, ConstGauge::new(value));
    }

    fn bytes(&mut self, name: &str, help: &str, value: u64) {
        self.0.register_with_unit(name, help, Unit::Bytes, ConstGauge::new(value));
    }

    fn time(&mut self, name: &str, help: &str, time: Timestamp) {
        let seconds = ConstGauge::new(u64::try_from(time.as_second()).unwrap_or_default());
        let help = format!("{help}, in seconds since 1970");
        self.0.register_with_unit(name, help, Unit::Seconds, seconds);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, ConstCounter::new(value));
    }

    fn labeled<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) {
        let family = Family::<[(&'static str, String); N], Gauge<u64, AtomicU64>>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }
}

async fn snapshot(state: &State) -> Result<Snapshot, Refused> {
    let mut snapshot = Snapshot(Registry::with_prefix(PREFIX));
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    snapshot.0.register("build", "The version of the server", build);
    server_values(&mut snapshot, state);
    let revision = state.engine.head().await?;
    snapshot.gauge("revision", "The newest revision that this server uses", revision.0);
    let rules = match state.metrics.rules_at(revision) {
        Some(known) => known,
        None => {
            let counted = state.engine.active_rules_by_policy().await?;
            let rules: Vec<_> = PolicyKind::ALL
                .into_iter()
                .map(|policy| (policy, counted.get(&policy).copied().unwrap_or_default()))
                .collect();
            state.metrics.keep_rules(revision, rules.clone());
            rules
        }
    };
    let rules =
        rules.into_iter().map(|(policy, rules)| ([("policy", policy.word().to_owned())], rules));
    snapshot.labeled("rules", "Active rules by policy", rules);
    if let Some(counted) = state.hosts.published() {
        hosts(&mut snapshot, &counted);
    }
    if let Some(pending) = state.pending.load_full() {
        programs(&mut snapshot, *pending);
    }
    Ok(snapshot)
}

/// The values of this server and of its database.
fn server_values(snapshot: &mut Snapshot, state: &State) {
    let ready = u64::from(state.health.published().ready);
    snapshot.gauge("ready", "Whether the server is ready: 1 or 0", ready);
    let queue = state.store.meters().queue;
    snapshot.gauge(
        "database_write_queue",
        "Writes that wait for a shared commit: rows on SQLite, requests on PostgreSQL",
        queue.waiting as u64,
    );
    snapshot.gauge(
        "database_write_queue_limit",
        "The length of the write queue at which further writes of hosts are refused",
        queue.limit as u64,
    );
    if let Some(free) = state.health.disk_free() {
        snapshot.bytes("database_disk_free", "Free bytes on the database's disk", free);
    }
    if let Some(backups) = &state.backups {
        backup_values(snapshot, backups);
    }
    let (used, limit) = state.bodies.usage();
    snapshot.bytes("body_budget_used", "Memory that request bodies use now", used as u64);
    snapshot.bytes("body_budget_limit", "Maximum memory for request bodies", limit as u64);
    snapshot.counter(
        "limits_exceeded",
        "Requests that exceeded a limit per minute, including event uploads whose events were \
        dropped",
        state.rates.times_exceeded(),
    );
    let panics = state.panics.load(Ordering::Relaxed);
    snapshot.counter("panics", "Requests whose handler panicked", panics);
}

fn backup_values(snapshot: &mut Snapshot, backups: &Backups) {
    let (newest, has_failed) = backups.figures();
    let help = "Whether the latest scheduled backup failed or does not end: 1 or 0";
    snapshot.gauge("backup_failed", help, u64::from(has_failed));
    if let Some(newest) = newest {
        snapshot.time("backup_newest_timestamp", "When the newest backup began", newest);
    }
}

fn hosts(snapshot: &mut Snapshot, counted: &Counted) {
    let counts = &counted.counts;
    let mut by_state: BTreeMap<(HostState, Contact), u64> = BTreeMap::new();
    for state in HostState::ALL {
        for contact in Contact::ALL {
            by_state.insert((state, contact), 0);
        }
    }
    let mut in_conflict = 0;
    for HostCount { state, contact, conflict, hosts } in &counts.items {
        *by_state.entry((*state, *contact)).or_default() += hosts;
        in_conflict += if *conflict { *hosts } else { 0 };
    }
    let by_state = by_state.into_iter().map(|((state, contact), hosts)| {
        ([("state", state.word().to_owned()), ("contact", contact.word().to_owned())], hosts)
    });
    snapshot.labeled("hosts", "Hosts by sync state and contact", by_state);
    let help = "Hosts whose machine ID several Macs use, or for which a Mac was refused";
    snapshot.gauge("hosts_in_conflict", help, in_conflict);
    let modes = counted.clients.modes.iter().map(|(mode, hosts)| {
        ([("mode", mode.map_or(UNKNOWN, ClientMode::word).to_owned())], *hosts)
    });
    snapshot.labeled("hosts_by_mode", "Hosts by the client mode that they report", modes);
    let versions = counted.clients.versions.iter();
    let versions = versions.map(|(version, hosts)| (version.as_str(), *hosts));
    let versions = shown_versions(versions.collect());
    let versions = versions.into_iter().map(|(version, hosts)| ([("version", version)], hosts));
    snapshot.labeled(
        "hosts_by_version",
        "Hosts by the version of Santa that they report",
        versions,
    );
    snapshot.time("hosts_counted_timestamp", "When the hosts were counted", counts.counted_at);
}

fn programs(snapshot: &mut Snapshot, pending: PendingCount) {
    let PendingCount { blocked, allowed, is_complete } = pending;
    let programs = [("blocked", blocked), ("allowed", allowed)];
    let programs = programs.map(|(decision, count)| ([("decision", decision.to_owned())], count));
    let help = "Programs pending approval, by whether a host blocked them in its newest report";
    snapshot.labeled("programs_pending", help, programs);
    let help = "Whether all undecided sightings were evaluated: 1, or 0 if more can be pending";
    snapshot.gauge("programs_pending_complete", help, u64::from(is_complete));
}

/// The versions with the most hosts, and the sum of all others.
fn shown_versions(mut versions: Vec<(&str, u64)>) -> BTreeMap<String, u64> {
    versions.sort_by_key(|(version, hosts)| (std::cmp::Reverse(*hosts), *version));
    let mut shown: BTreeMap<String, u64> = BTreeMap::new();
    for (version, hosts) in versions {
        let label = match version {
            "" => UNKNOWN,
            long if long.len() > LONGEST_VERSION => OTHER,
            version => version,
        };
        let has_room = shown.len() < MOST_VERSIONS || shown.contains_key(label);
        let label = if has_room { label } else { OTHER };
        *shown.entry(label.to_owned()).or_default() += hosts;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_few_hosts_are_counted_together() {
        let names: Vec<String> = (0..1_000).map(|number| format!("2026.{number}")).collect();
        let long = "9".repeat(LONGEST_VERSION + 1);
        let mut versions: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        versions.extend([("2027.1", 500), ("", 20), (long.as_str(), 30)]);
        let shown = shown_versions(versions);
        assert_eq!((shown["2027.1"], shown[UNKNOWN]), (500, 20));
        assert!(shown.len() <= MOST_VERSIONS + 1, "{shown:?}");
        assert_eq!(shown.values().sum::<u64>(), 1_550);
        assert!(shown[OTHER] >= 30 + 980, "{shown:?}");
    }
}
