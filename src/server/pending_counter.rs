//! Counts the programs that are pending approval, for the metrics.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::admin::pending::{PendingHost, find_pending};
use super::answer::Refused;
use super::state::State;
use crate::fleet::{KnownProgram, ProgramId, Sighting};
use crate::store::UndecidedFilter;

/// Maximum sightings in one part of a count.
const SIGHTINGS: usize = 1_000;
/// Maximum parts of a count: it evaluates the newest 10,000 undecided sightings, which takes less
/// than a second.
const MOST_PARTS: usize = 10;

/// The programs that are pending approval in the newest undecided sightings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PendingCount {
    /// Programs that at least one host blocked, according to its newest report.
    pub(super) blocked: u64,
    /// Programs that no host blocked, but hosts would block in lockdown mode.
    pub(super) allowed: u64,
    /// Whether all undecided sightings were evaluated. Otherwise, more programs can be pending.
    pub(super) is_complete: bool,
}

/// Counts the programs and publishes the count.
pub(super) async fn count(state: &State) -> Result<(), Refused> {
    let filter = UndecidedFilter::default();
    let mut is_blocked: HashMap<ProgramId, bool> = HashMap::new();
    let mut after = None;
    let mut is_complete = false;
    for _ in 0..MOST_PARTS {
        let add = |known: KnownProgram, sighting: Sighting, _: &PendingHost| {
            *is_blocked.entry(known.id).or_default() |= sighting.decision.is_block();
            ControlFlow::Continue(())
        };
        after = find_pending(state, &filter, after, SIGHTINGS, add).await?;
        if after.is_none() {
            // Older events have undecided sightings that are not stored yet.
            is_complete = !state.store.has_uncounted_events().await?;
            break;
        }
    }
    let blocked = is_blocked.values().filter(|blocked| **blocked).count() as u64;
    let allowed = is_blocked.len() as u64 - blocked;
    let counted = PendingCount { blocked, allowed, is_complete };
    state.pending.store(Some(Arc::new(counted)));
    Ok(())
}
