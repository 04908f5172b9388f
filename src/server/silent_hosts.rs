//! Forgets hosts that have not synced for longer than the setting `host-retention` allows.

use jiff::{SignedDuration, Timestamp};

use super::forgetting::forget_host;
use super::retention::fleet_settings;
use super::state::State;
use crate::fleet::{Actor, Clock, Host};
use crate::rule::MachineId;
use crate::store::{HostFilter, StoreResult};

/// Maximum hosts that one turn examines.
const MOST_EXAMINED: usize = 2_000;
/// Maximum hosts that one turn forgets.
const MOST_FORGOTTEN: usize = 100;
/// How long the server must run before it forgets hosts. While the server was stopped, no host
/// could sync. Every host syncs at least once in this time.
const HEAD_START: SignedDuration = SignedDuration::from_hours(24);
/// If more time is between two turns, the machine was asleep, or its clock was set. In both cases,
/// hosts only seem silent.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(48);

/// A walk through all hosts, a part in each turn.
pub(super) struct SilentHosts {
    /// Since when hosts have been able to sync, and the clock has been trusted.
    started: SignedDuration,
    /// When the last turn began.
    turn: Timestamp,
    /// The last host that was examined; None at the start of the list.
    after: Option<MachineId>,
}

impl SilentHosts {
    pub(super) fn new(clock: &Clock) -> Self {
        Self { started: clock.elapsed(), turn: clock.now(), after: None }
    }

    /// Examines the next hosts, and forgets those that are silent, if the clock is trusted. Returns
    /// the number of forgotten hosts.
    pub(super) async fn forget_some(&mut self, state: &State) -> StoreResult<usize> {
        let (now, elapsed) = (state.clock.now(), state.clock.elapsed());
        let gap = now.duration_since(self.turn);
        self.turn = now;
        if gap > LONGEST_GAP || !state.trusted_clock.is_trusted() {
            self.started = elapsed;
        }
        if elapsed - self.started < HEAD_START {
            return Ok(0);
        }
        let retention = fleet_settings(state).await?.host_retention;
        let Some(before) = retention.get().and_then(|age| now.checked_sub(age).ok()) else {
            self.after = None;
            return Ok(0);
        };
        let all = HostFilter::default();
        let hosts = state.store.hosts(&all, self.after.as_ref(), MOST_EXAMINED).await?;
        let (more, mut forgotten) = (hosts.more, 0);
        for host in hosts {
            if forgotten >= MOST_FORGOTTEN {
                return Ok(forgotten);
            }
            let machine = host.machine.clone();
            if is_silent(&host, before) && forget(state, &machine, before).await? {
                forgotten += 1;
            }
            self.after = Some(machine);
        }
        if !more {
            self.after = None;
        }
        Ok(forgotten)
    }
}

fn is_silent(host: &Host, before: Timestamp) -> bool {
    host.sync.last_seen.unwrap_or(host.first_seen) < before
}

/// Forgets a host, unless it has synced since the list was read. Its events stay until they reach
/// their own retention.
async fn forget(state: &State, machine: &MachineId, before: Timestamp) -> StoreResult<bool> {
    let stored = state.store.host(machine).await?;
    if !stored.is_some_and(|stored| is_silent(&stored.host, before)) {
        return Ok(false);
    }
    let actor = Actor::server(state.clock.now()).because("host-retention");
    forget_host(&*state.store, &actor, machine, false).await
}
