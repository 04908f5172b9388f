//! Counts the programs and sightings in events that an older version of nicelist stored, and
//! deletes old sightings. Each transaction handles a limited number of rows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use super::retention::fleet_settings;
use super::state::State;
use crate::store::StoreResult;

/// How often to check for events that are not counted yet.
const EVERY: Duration = Duration::from_secs(60);
/// Checks in a day. The first check happens when the server starts. Old sightings are deleted after
/// the second check, and then once a day.
const TURNS_A_DAY: u32 = 24 * 60;
/// Maximum events that are counted in one transaction. The transaction takes about 20 ms, and other
/// writes wait for it.
const BATCH: usize = 200;
/// Maximum sightings that are examined in one transaction.
const EXAMINED: usize = 1_000;

/// Counts a batch of events that an older version stored. Returns whether more such events may be
/// left.
pub(super) async fn count_some(state: &State) -> StoreResult<bool> {
    state.store.count_older_events(BATCH).await
}

pub(super) async fn keep_counting(state: Arc<State>) {
    let mut turns = tokio::time::interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    for turn in 0_u32.. {
        turns.tick().await;
        let mut worked = count_older(&state).await;
        if worked.is_ok() && turn % TURNS_A_DAY == 1 {
            worked = purge(&state).await;
        }
        match (&worked, failing) {
            (Err(error), false) => {
                tracing::error!(%error, "cannot count programs; trying again every minute");
            }
            (Ok(()), true) => tracing::info!("counting programs works again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        failing = worked.is_err();
    }
}

async fn count_older(state: &State) -> StoreResult<()> {
    let mut batches = 0_u64;
    loop {
        let start = Instant::now();
        let more = count_some(state).await?;
        if !more {
            break;
        }
        if batches == 0 {
            tracing::info!("counting the programs of events that an older version stored");
        }
        batches += 1;
        // The pause leaves at least half of the time to other writes.
        tokio::time::sleep(start.elapsed()).await;
    }
    if batches > 0 {
        tracing::info!("counted the programs of all events");
    }
    Ok(())
}

/// Deletes sightings that are older than the setting `sighting-retention` allows, if the clock is
/// trusted.
async fn purge(state: &State) -> StoreResult<()> {
    if !state.trusted_clock.is_trusted() {
        return Ok(());
    }
    let age = fleet_settings(state).await?.sighting_retention.get();
    let Some(before) = age.and_then(|age| state.clock.now().checked_sub(age).ok()) else {
        return Ok(());
    };
    let (mut sightings, mut after) = (0, None);
    loop {
        // Other writes can run between two batches.
        let purged = state.store.purge_sightings(before, after, EXAMINED).await?;
        sightings += purged.deleted;
        after = purged.next;
        if after.is_none() {
            break;
        }
    }
    if sightings > 0 {
        tracing::info!(sightings, "deleted old sightings of programs");
    }
    Ok(())
}
