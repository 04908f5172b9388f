//! Whether this server is well. `/readyz` never claims more than was proven a moment ago, and each
//! change of state is logged once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use tokio::time::MissedTickBehavior;

use super::app::{Shared, State};
use crate::api::{Readiness, Reason};
use crate::store::{StoreError, StoreResult};

/// How old an answer of `/readyz` may be: however many ask, the database is asked twice a second.
const FRESH: Duration = Duration::from_millis(500);
/// How long the database may take to prove that it is well.
const LIMIT: Duration = Duration::from_millis(1200);
/// How often the state is checked when no one asks.
const EVERY: Duration = Duration::from_secs(1);
/// How often a write is made to prove that one is possible when no one asks.
const PROOF_EVERY: Duration = Duration::from_secs(60);
/// How long ago the ticker may have run.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// The bytes that must be left on the database's disk: some seconds of events and imports.
const LEAST_FREE: u64 = 64 << 20;

/// How long after the start the database file is checked.
const CHECK_AFTER: Duration = Duration::from_secs(60);
/// How often it is checked from then on.
const CHECK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many seconds to wait before another try, for everything that is answered with 503.
pub(super) const RETRY: HeaderValue = HeaderValue::from_static("5");
/// The same for limits per minute, answered with 429.
pub(super) const NEXT_MINUTE: HeaderValue = HeaderValue::from_static("60");

/// What is known of the server's state.
pub(super) struct Health {
    asked: tokio::sync::Mutex<Option<(Instant, Readiness)>>,
    published: Mutex<Readiness>,
    ticker: Mutex<Ticker>,
    /// What the last check of the file found wrong.
    damage: Mutex<Option<String>>,
}

/// The last run of the ticker.
struct Ticker {
    at: Instant,
    failure: Option<StoreError>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            asked: tokio::sync::Mutex::default(),
            published: Mutex::new(Readiness { ready: true, ..Readiness::default() }),
            ticker: Mutex::new(Ticker { at: Instant::now(), failure: None }),
            damage: Mutex::default(),
        }
    }
}

impl Health {
    /// Notes that the ticker has run, and whether that failed.
    pub(super) fn ticked(&self, failure: Option<StoreError>) {
        let ticker = Ticker { at: Instant::now(), failure };
        *self.ticker.lock().unwrap_or_else(PoisonError::into_inner) = ticker;
    }

    /// The state as it was published last.
    fn published(&self) -> Readiness {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ticker_reason(&self) -> Option<Reason> {
        let ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner);
        let silence = ticker.at.elapsed();
        if silence > LONGEST_SILENCE {
            let message = format!(
                "rules have not expired and changes of other servers were not read for {} s",
                silence.as_secs()
            );
            return Some(Reason::new("ticker-stalled", message));
        }
        ticker.failure.as_ref().map(|failure| match failure {
            StoreError::Damaged(_) => reason(failure),
            _ => Reason::new("ticker-failed", failure.to_string()),
        })
    }

    fn damage_reason(&self) -> Option<Reason> {
        let damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
        damage.as_ref().map(|damage| {
            let error = StoreError::Damaged(damage.clone());
            Reason::new("database-damaged", error.to_string())
        })
    }

    /// Makes a state known, and logs it if it differs from the one before.
    fn publish(&self, state: Readiness) {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        if codes(&published.reasons) != codes(&state.reasons) {
            if state.ready {
                tracing::info!("ready again");
            } else {
                tracing::error!(reasons = %described(&state.reasons), "not ready");
            }
        }
        if codes(&published.warnings) != codes(&state.warnings) {
            match &state.warnings[..] {
                [] => tracing::info!("the warnings about this server have been resolved"),
                warnings => tracing::warn!(warnings = %described(warnings), "needs attention"),
            }
        }
        *published = state;
    }
}

fn codes(reasons: &[Reason]) -> Vec<&str> {
    reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn described(reasons: &[Reason]) -> String {
    let each = reasons.iter().map(|Reason { code, message }| format!("{code}: {message}"));
    each.collect::<Vec<_>>().join("; ")
}

/// Answers `/readyz`.
pub(super) async fn ready(axum::extract::State(state): Shared) -> Response {
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

/// The state of a server a moment ago, or of a local database now.
pub(super) async fn current(state: &State) -> Readiness {
    match state.is_server {
        true => ask(state).await,
        false => of_local(state).await,
    }
}

/// The state of a local database, which no server serves and which stays as it is.
async fn of_local(state: &State) -> Readiness {
    let reasons: Vec<Reason> = match state.store.size().await {
        Ok(size) => disk_low(size.disk_free).into_iter().collect(),
        Err(error) => vec![reason(&error)],
    };
    Readiness { ready: reasons.is_empty(), reasons, warnings: warnings(state) }
}

/// The state of a moment ago. Those who ask at the same time share one check.
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

/// What the database has to do to prove that it is well.
#[derive(Clone, Copy)]
enum Proof {
    /// Read, and look at its file and disk.
    Read,
    /// Write as well.
    Write,
    /// Write the time.
    NoteTime,
}

/// Checks the state and publishes it.
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
    state.trusted_clock.warning().into_iter().chain(unreadable(state)).collect()
}

async fn prove(state: &State, proof: Proof) -> StoreResult<Option<Reason>> {
    let store = &state.store;
    let health = store.health().await?;
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
            "the database's disk has {} MiB left; at least {} MiB are needed",
            free >> 20,
            LEAST_FREE >> 20
        );
        Reason::new("disk-low", message)
    })
}

/// Rows that are not served because this version cannot read them. Which they are is not for
/// everyone to know.
fn unreadable(state: &State) -> Option<Reason> {
    let rows = state.store.quarantined().len();
    let subject = if rows == 1 { "1 row" } else { &format!("{rows} rows") };
    let message = format!(
        "{subject} cannot be read by this version of nicelist and not served; \
         nicelist status and the log list them"
    );
    (rows > 0).then(|| Reason::new("rows-unreadable", message))
}

/// Checks the database file a minute after the start and then daily, off the threads that answer.
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

fn reason(error: &StoreError) -> Reason {
    let code = match error {
        StoreError::Unwritable(fault) => fault.code(),
        StoreError::Unreachable(_) | StoreError::OutcomeUnknown(_) => "database-unreachable",
        StoreError::Overloaded | StoreError::TooSlow(_) => "overloaded",
        StoreError::Damaged(_) => "database-damaged",
        StoreError::Open { .. }
        | StoreError::Outdated { .. }
        | StoreError::Abandoned
        | StoreError::Unreadable(_)
        | StoreError::Moved { .. }
        | StoreError::HistoryDeleted { .. }
        | StoreError::Refused(_)
        | StoreError::TokenExists(_)
        | StoreError::TokenNameUsed(_)
        | StoreError::LastAdminToken(_)
        | StoreError::LastLastingAdminToken(_)
        | StoreError::Database(_) => "database-failed",
    };
    Reason::new(code, error.to_string())
}

/// Checks the state for as long as the server runs. A server that no one asks writes once a
/// minute; one that is not ready writes until that works again.
pub(super) async fn keep_watching(state: Arc<State>) {
    let mut turns = tokio::time::interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Not at once: a command on a local database that only reads must not write.
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
