//! Checks whether this server works. `/readyz` reports the result of a check that is less than half
//! a second old.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use tokio::time::MissedTickBehavior;

use super::answer::RETRY;
use super::backups::Backups;
use super::health::reason;
use super::state::{Shared, State};
use crate::api::{Readiness, Reason};
use crate::store::StoreResult;

/// The maximum age of the result in a response of `/readyz`. Clients cause at most two checks per
/// second.
const FRESH: Duration = Duration::from_millis(500);
/// Maximum duration of a check of the database.
const LIMIT: Duration = Duration::from_millis(1200);
/// How often the state is checked, even if there are no requests.
const EVERY: Duration = Duration::from_secs(1);
/// How often the database is checked with a write while the server is ready, even if there are no
/// requests.
const PROOF_EVERY: Duration = Duration::from_secs(60);
/// The server is not ready if the database's disk has fewer free bytes than this.
const LEAST_FREE: u64 = 64 << 20;

/// How long a server waits after its start before it checks the database file for the first time.
const CHECK_AFTER: Duration = Duration::from_secs(60);
/// How often the database file is checked after the first check.
const CHECK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The routes for load balancers and monitoring, without authentication.
pub(super) fn area() -> Router<Arc<State>> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(axum::extract::State(state): Shared) -> Response {
    let found = current(&state).await;
    let status = if found.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = (status, Json(found)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, RETRY);
    }
    response
}

/// The recent state of a server, or the current state of a local database.
pub(super) async fn current(state: &State) -> Readiness {
    match state.is_server {
        true => ask(state).await,
        false => of_local(state).await,
    }
}

/// The state of a local database. The check does not change the database.
async fn of_local(state: &State) -> Readiness {
    let reasons: Vec<Reason> = match state.store.size().await {
        Ok(size) => disk_low(size.disk_free).into_iter().collect(),
        Err(error) => vec![reason(&error)],
    };
    Readiness { ready: reasons.is_empty(), reasons, warnings: warnings(state) }
}

/// The state, at most half a second old. Concurrent requests share one check.
async fn ask(state: &State) -> Readiness {
    let mut asked = state.health.asked.lock().await;
    if let Some((when, found)) = &*asked
        && when.elapsed() < FRESH
    {
        return found.clone();
    }
    let found = check(state, Proof::Write).await;
    *asked = Some((Instant::now(), found.clone()));
    found
}

/// What a check does to prove that the database works.
#[derive(Clone, Copy)]
enum Proof {
    /// Read. For SQLite, also check the disk and the database file.
    Read,
    /// Write. For SQLite, also check the disk and the database file.
    Write,
    /// Like [`Self::Write`], but also store the current time if the clock is trusted.
    NoteTime,
}

async fn check(state: &State, proof: Proof) -> Readiness {
    let mut reasons = Vec::new();
    match tokio::time::timeout(LIMIT, prove(state, proof)).await {
        Ok(Ok(found)) => reasons.extend(found),
        Ok(Err(error)) => reasons.push(reason(&error)),
        Err(_) => {
            let message = format!("the database did not respond within {} ms", LIMIT.as_millis());
            reasons.push(Reason::new("database-timeout", message));
        }
    }
    if reasons.is_empty() {
        reasons.extend(state.health.damage_reason().or_else(|| state.health.ticker_reason()));
    }
    let found = Readiness { ready: reasons.is_empty(), reasons, warnings: warnings(state) };
    state.health.publish(found.clone());
    found
}

fn warnings(state: &State) -> Vec<Reason> {
    let backups = state.backups.as_ref().and_then(Backups::warning);
    state.trusted_clock.warning().into_iter().chain(unreadable(state)).chain(backups).collect()
}

async fn prove(state: &State, proof: Proof) -> StoreResult<Option<Reason>> {
    let store = &state.store;
    let health = store.health().await?;
    state.health.note_disk(health.disk_free);
    match proof {
        Proof::Read => drop(store.head().await?),
        Proof::Write => store.prove_writable().await?,
        Proof::NoteTime => {
            store.prove_writable().await?;
            state.trusted_clock.note(&**store).await?;
        }
    }
    Ok(disk_low(health.disk_free))
}

fn disk_low(free: Option<u64>) -> Option<Reason> {
    free.filter(|free| *free < LEAST_FREE).map(|free| {
        let message = format!(
            "the database's disk has {} MiB free; at least {} MiB are required",
            free >> 20,
            LEAST_FREE >> 20
        );
        Reason::new("disk-low", message)
    })
}

/// A warning with the number of rows that are not used because this version cannot read them. The
/// rows are not listed, because `/readyz` requires no authentication.
fn unreadable(state: &State) -> Option<Reason> {
    let rows = state.store.quarantined().len();
    let message = match rows {
        1 => "1 row cannot be read by this version of nicelist and is not served".to_owned(),
        _ => format!("{rows} rows cannot be read by this version of nicelist and are not served"),
    };
    (rows > 0).then(|| Reason::new("rows-unreadable", message))
}

pub(super) async fn keep_checking(state: Arc<State>) {
    tokio::time::sleep(CHECK_AFTER).await;
    loop {
        match state.store.quick_check().await {
            Ok(damage) => {
                *state.health.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
            }
            Err(error) => tracing::error!(%error, "cannot check the database file"),
        }
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

/// Checks the state for as long as the server runs. While the server is not ready, every check
/// writes.
pub(super) async fn keep_watching(state: Arc<State>) {
    let mut turns = tokio::time::interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first test write is not immediate, because the start of the server counts as proof.
    let mut proven = Instant::now();
    loop {
        turns.tick().await;
        let due = proven.elapsed() >= PROOF_EVERY;
        let proof = match (due, state.health.published().ready) {
            (true, _) => Proof::NoteTime,
            (false, false) => Proof::Write,
            (false, true) => Proof::Read,
        };
        let found = check(&state, proof).await;
        if due && found.ready {
            proven = Instant::now();
        }
    }
}
