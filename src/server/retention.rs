//! Deletes old events in batches.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::state::State;
use crate::fleet::EffectiveSettings;
use crate::rule::Scope;
use crate::store::{EventPurge, StoreResult};

/// How often to check for old events.
const EVERY: Duration = Duration::from_secs(60);
/// Maximum events in a batch. On SQLite, a batch is one transaction, and other writes wait for it.
const BATCH: usize = 500;

pub(super) async fn fleet_settings(state: &State) -> StoreResult<EffectiveSettings> {
    let mut settings = EffectiveSettings::default();
    for (scope, setting) in &state.store.snapshot().await?.settings {
        if *scope == Scope::Fleet {
            settings.apply(setting);
        }
    }
    Ok(settings)
}

/// Deletes a batch of old events, if the clock is trusted. Returns the number of deleted events.
pub(super) async fn purge_some(state: &State) -> StoreResult<usize> {
    if !state.trusted_clock.is_trusted() {
        return Ok(0);
    }
    let settings = fleet_settings(state).await?;
    let oldest = |age| state.clock.now().checked_sub(age).ok();
    let purge = EventPurge {
        before: settings.event_retention.get().and_then(oldest),
        keep: settings.event_retention_count.get(),
    };
    state.store.purge_events(purge, BATCH).await
}

pub(super) async fn keep_purging(state: Arc<State>) {
    let mut turns = tokio::time::interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        turns.tick().await;
        let purged = purge_all(&state).await;
        match (&purged, failing) {
            (Err(error), false) => {
                tracing::error!(%error, "cannot delete old events; trying again every minute");
            }
            (Ok(_), true) => tracing::info!("deleting old events works again"),
            (Err(_), true) | (Ok(_), false) => {}
        }
        failing = purged.is_err();
    }
}

async fn purge_all(state: &State) -> StoreResult<()> {
    let mut events = 0;
    loop {
        // Other writes can happen between two batches.
        let gone = purge_some(state).await?;
        events += gone;
        if gone < BATCH {
            break;
        }
    }
    if events > 0 {
        tracing::info!(events, "deleted old events");
    }
    Ok(())
}
