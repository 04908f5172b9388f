//! Deletes old events in batches, and forgets silent hosts.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::silent_hosts::SilentHosts;
use super::state::State;
use crate::fleet::EffectiveSettings;
use crate::rule::Scope;
use crate::store::{EventPurge, StoreResult};

/// How often to check for old events and silent hosts, by default.
pub(super) const CHECK_RETENTION_EVERY: Duration = Duration::from_secs(60);
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
    let mut turns = tokio::time::interval(state.check_retention_every);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent_hosts = SilentHosts::new(&state.clock);
    let mut failing = false;
    loop {
        turns.tick().await;
        let purged = purge(&state, &mut silent_hosts).await;
        match (&purged, failing) {
            (Err(error), false) => {
                tracing::error!(%error, "cannot delete old data; trying again every minute");
            }
            (Ok(_), true) => tracing::info!("deleting old data works again"),
            (Err(_), true) | (Ok(_), false) => {}
        }
        failing = purged.is_err();
    }
}

async fn purge(state: &State, silent_hosts: &mut SilentHosts) -> StoreResult<()> {
    // The clock may have jumped since the last check.
    state.trusted_clock.observe(&*state.store).await?;
    purge_all(state).await?;
    forget_silent(state, silent_hosts).await
}

async fn forget_silent(state: &State, silent_hosts: &mut SilentHosts) -> StoreResult<()> {
    let hosts = silent_hosts.forget_some(state).await?;
    if hosts > 0 {
        tracing::info!(hosts, "forgot silent hosts");
    }
    Ok(())
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
