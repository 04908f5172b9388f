//! Deletes old history of rules, settings and tags, a few rows at a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::MissedTickBehavior;

use super::retention::fleet_settings;
use super::state::State;
use crate::rule::Revision;
use crate::store::StoreResult;

/// How often to check for history that is old enough to be deleted.
const EVERY: Duration = Duration::from_secs(60);
/// Turns in an hour. The hourly work is done in the second turn, not in the first, so that it does
/// not begin when the server starts.
const TURNS_AN_HOUR: u32 = 60;
/// Maximum rows that are deleted in one transaction. The transaction takes about 4 ms, and other
/// writes wait for it.
const BATCH: usize = 50;
/// The number of parts of the fleet. Hosts in different parts get all their rules again at
/// different times.
const PARTS: i32 = 64;

/// Updates the first revision whose history is kept, and deletes one batch of older history. If the
/// clock is not trusted, the revision stays the same and nothing is deleted.
pub(super) async fn compact_some(state: &State) -> StoreResult<()> {
    raise_start(state).await?;
    delete_batch(state).await.map(drop)
}

/// Updates the first revision whose history is kept, according to the setting `history-retention`.
/// If the clock is not trusted, the revision stays the same.
async fn raise_start(state: &State) -> StoreResult<()> {
    let (store, engine) = (&state.store, &state.engine);
    let start = store.history_start().await?.map(|start| start.revision).unwrap_or_default();
    engine.keep_history_from(start);
    if state.trusted_clock.is_trusted()
        && let Some(age) = fleet_settings(state).await?.history_retention.get()
        && let Ok(oldest) = state.clock.now().checked_sub(age)
    {
        let new_start = store.revision_at(oldest, start).await?;
        if new_start > start {
            store.raise_history_start(new_start).await?;
            engine.keep_history_from(new_start);
        }
    }
    Ok(())
}

/// Deletes a batch of history before the first kept revision, if the clock is trusted. Returns the
/// number of deleted rows.
async fn delete_batch(state: &State) -> StoreResult<usize> {
    if state.trusted_clock.is_trusted() { state.store.delete_history(BATCH).await } else { Ok(0) }
}

pub(super) async fn keep_compacting(state: Arc<State>) {
    let mut turns = tokio::time::interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    for turn in 0_u32.. {
        turns.tick().await;
        let compacted = compact(&state, turn % TURNS_AN_HOUR == 1).await;
        match (&compacted, failing) {
            (Err(error), false) => {
                tracing::error!(%error, "cannot delete old history; trying again every minute");
            }
            (Ok(()), true) => tracing::info!("deleting old history works again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        failing = compacted.is_err();
    }
}

async fn compact(state: &State, is_hourly: bool) -> StoreResult<()> {
    // A wrong clock must not make all hosts get all their rules again.
    if is_hourly && state.trusted_clock.is_trusted() {
        state.engine.resend_rules_from_before(oldest_roots(state).await?);
    }
    raise_start(state).await?;
    let mut rows = 0;
    loop {
        // Other writes can run between two batches.
        let deleted = delete_batch(state).await?;
        rows += deleted;
        if deleted < BATCH {
            break;
        }
    }
    if rows > 0 {
        tracing::info!(rows, "deleted old history");
    }
    if rows > 0 || is_hourly {
        state.engine.free_old_history().await?;
    }
    Ok(())
}

/// Returns one revision for each part of the fleet. A host that reports a hash of its rules gets
/// all its rules again if it last received all its rules before the revision of its part. This
/// happens before the history that the host needs is deleted. Each returned revision was the newest
/// revision at a time between 50% and 95% of the retention ago.
async fn oldest_roots(state: &State) -> StoreResult<Vec<Revision>> {
    let Some(age) = fleet_settings(state).await?.history_retention.get() else {
        return Ok(Vec::new());
    };
    let (now, hundredth) = (state.clock.now(), age / 100);
    let mut roots = Vec::new();
    let mut root = Revision(0);
    for part in 0..PARTS {
        let age: SignedDuration = hundredth * 95 - hundredth * 45 / PARTS * part;
        if let Ok(oldest) = now.checked_sub(age) {
            root = state.store.revision_at(oldest, root).await?;
        }
        roots.push(root);
    }
    Ok(roots)
}
