//! The state of this server. It is logged only when it changes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::backups;
use crate::api::{Readiness, Reason};
use crate::store::StoreError;

/// If the ticker last ran longer ago than this, the server is not ready.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
pub(super) struct Health {
    pub(super) asked: tokio::sync::Mutex<Option<(Instant, Readiness)>>,
    published: Mutex<Readiness>,
    ticker: Mutex<Ticker>,
    /// The damage that the last check of the database file found.
    pub(super) damage: Mutex<Option<String>>,
    /// The free bytes of the database's disk at the last check, if they are known.
    disk_free: Mutex<Option<u64>>,
}

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
            disk_free: Mutex::default(),
        }
    }
}

impl Health {
    pub(super) fn ticked(&self, failure: Option<StoreError>) {
        let ticker = Ticker { at: Instant::now(), failure };
        *self.ticker.lock().unwrap_or_else(PoisonError::into_inner) = ticker;
    }

    pub(super) fn note_disk(&self, free: Option<u64>) {
        *self.disk_free.lock().unwrap_or_else(PoisonError::into_inner) = free;
    }

    pub(super) fn disk_free(&self) -> Option<u64> {
        *self.disk_free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn published(&self) -> Readiness {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn ticker_reason(&self) -> Option<Reason> {
        let ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner);
        let silence = ticker.at.elapsed();
        if silence > LONGEST_SILENCE {
            let message = format!(
                "for {} s, expired rules were not removed and changes by other servers were not \
                read",
                silence.as_secs()
            );
            return Some(Reason::new("ticker-stalled", message));
        }
        ticker.failure.as_ref().map(|failure| match failure {
            StoreError::Damaged(_) => reason(failure),
            _ => Reason::new("ticker-failed", failure.to_string()),
        })
    }

    pub(super) fn damage_reason(&self) -> Option<Reason> {
        let damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
        damage.as_ref().map(|damage| {
            let error = StoreError::Damaged(damage.clone());
            Reason::new("database-damaged", error.to_string())
        })
    }

    /// Publishes a state, and logs it if the codes of its reasons or warnings have changed.
    pub(super) fn publish(&self, state: Readiness) {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        if codes(&published.reasons) != codes(&state.reasons) {
            if state.ready {
                tracing::info!("ready again");
            } else {
                tracing::error!(reasons = %described(&state.reasons), "not ready");
            }
        }
        let warnings = to_log(&state.warnings);
        if codes(&to_log(&published.warnings)) != codes(&warnings) {
            match &warnings[..] {
                [] => tracing::info!("all warnings about this server are resolved"),
                warnings => tracing::warn!(warnings = %described(warnings), "needs attention"),
            }
        }
        *published = state;
    }
}

/// The warnings except the one about backups, which is logged with its reason when a backup fails.
fn to_log(warnings: &[Reason]) -> Vec<Reason> {
    warnings.iter().filter(|warning| warning.code != backups::FAILED).cloned().collect()
}

fn codes(reasons: &[Reason]) -> Vec<&str> {
    reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn described(reasons: &[Reason]) -> String {
    let each = reasons.iter().map(|Reason { code, message }| format!("{code}: {message}"));
    each.collect::<Vec<_>>().join("; ")
}

pub(super) fn reason(error: &StoreError) -> Reason {
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
