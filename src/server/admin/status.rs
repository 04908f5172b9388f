//! The status of the server.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use tokio::time::timeout;

use crate::api::{
    CacheView, DatabaseSize, ExceededLimit, HistoryStart, Status, StatusQuery, UnreadableRow,
};
use crate::rule::RevisionRecord;
use crate::server::access::Viewer;
use crate::server::answer::Answer;
use crate::server::backups::Backups;
use crate::server::extract::Query;
use crate::server::polls::POLLS;
use crate::server::readiness;
use crate::server::state::{Shared, State};
use crate::store::{self, QuarantinedRow, StoreResult};
use crate::sync::CacheFill;

/// Maximum unreadable rows in the response.
const SHOWN: usize = 20;

/// Maximum exceeded limits in the response. Each entry is for one client and one limit.
const OFFENDERS: usize = 20;

/// How long to wait for the size of the database, and for the start of the history. After that, the
/// response is sent without these values, because the rest of the response may explain why the
/// database does not respond.
const PATIENCE: Duration = Duration::from_secs(1);

async fn if_known<T>(answer: impl Future<Output = StoreResult<T>>) -> Option<T> {
    timeout(PATIENCE, answer).await.ok()?.ok()
}

fn exceeded_limits(state: &State) -> Vec<ExceededLimit> {
    let over = state.engine.events().hosts_over_limit().into_iter();
    let over = over.map(|(machine, requests, last)| ExceededLimit {
        limit: "events-per-day".to_owned(),
        client: format!("host {machine}"),
        requests,
        last,
    });
    let mut all: Vec<ExceededLimit> = state.rates.exceeded().into_iter().chain(over).collect();
    all.sort_by_key(|each| std::cmp::Reverse(each.last));
    all.truncate(OFFENDERS);
    all
}

fn cache(CacheFill { name, entries, bytes, limit }: CacheFill) -> CacheView {
    CacheView { name: name.to_owned(), entries: entries as u64, bytes, limit }
}

/// Show the server's version and state
///
/// Shows, for example, whether the server is ready, the rows that it cannot read, the size of the
/// database, the limits that clients exceeded, and the name and role of the token.
#[utoipa::path(get, path = "/status", operation_id = "get_status", tag = "server", params(StatusQuery),
    responses((status = 200, body = Status)))]
pub(super) async fn status(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Query(query): Query<StatusQuery>,
) -> Answer<Status> {
    if query.read_rules {
        state.engine.read_rules().await?;
    }
    let revision = state.engine.head().await?;
    let (readiness, size, history_start) = tokio::join!(
        readiness::current(&state),
        if_known(state.store.size()),
        if_known(state.store.history_start()),
    );
    let history_start = history_start
        .flatten()
        .map(|RevisionRecord { revision, at, .. }| HistoryStart { revision, at });
    let rules = (state.is_server || query.read_rules).then(|| state.engine.active_rules() as u64);
    let unreadable = state.store.quarantined();
    let row = |row: &QuarantinedRow| UnreadableRow {
        table: row.table.to_owned(),
        id: row.id,
        about: row.about.clone(),
        reason: row.reason.clone(),
    };
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision,
        time: Some(state.clock.now()),
        rules,
        database: size
            .map(|store::DatabaseSize { bytes, disk_free }| DatabaseSize { bytes, disk_free }),
        backups: state.backups.as_ref().map(Backups::status),
        history_start,
        caches: state.engine.caches().map(cache).into(),
        pages_encoded: state.engine.pages_encoded(),
        events_dropped: state.engine.events().dropped(),
        sightings_dropped: state.engine.events().sightings_dropped(),
        requests_over_limits: state.rates.times_exceeded(),
        exceeded_limits: exceeded_limits(&state),
        panics: state.panics.load(Ordering::Relaxed),
        longest_poll_micros: POLLS.longest_micros(),
        token: operator.name,
        role: operator.role,
        readiness,
        unreadable: unreadable.len(),
        unreadable_rows: unreadable.iter().take(SHOWN).map(row).collect(),
    }))
}
