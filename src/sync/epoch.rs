//! Hosts that may be ahead of their rows, because the database was restored or copied.
//!
//! Such a host gets no rules at first, and later a clean sync, because the server does not know
//! which rules the host has. A clean sync discards events that the host has not uploaded, so the
//! host first uploads them in a sync without rules. If the hash that a host reports is the expected
//! hash, the server knows the host's rules, and the host syncs normally.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

use super::downloads::Downloads;
use super::generation;
use crate::fleet::{
    Actor, CleanOrder, Clock, Epoch, EpochId, Generation, Host, HostFacts, RuleCounts, Session,
    SyncState,
};
use crate::rule::MachineId;
use crate::store::StoreResult;

/// The default time over which clean syncs are spread after a new epoch.
pub const RESTORE_SPREAD: SignedDuration = SignedDuration::from_mins(30);

pub(super) struct CurrentEpoch {
    downloads: Arc<Downloads>,
    clock: Clock,
    known: ArcSwapOption<Epoch>,
    pub(super) spread: SignedDuration,
}

impl CurrentEpoch {
    pub(super) fn new(downloads: Arc<Downloads>, clock: Clock) -> Self {
        Self { downloads, clock, known: ArcSwapOption::empty(), spread: RESTORE_SPREAD }
    }

    pub(super) async fn begin(&self, actor: &Actor) -> StoreResult<Epoch> {
        self.downloads.store.begin_epoch(actor).await?;
        self.follow().await
    }

    /// Reads the epoch. If the epoch has changed, the database may have been replaced while this
    /// engine ran, so everything is read again.
    pub(super) async fn follow(&self) -> StoreResult<Epoch> {
        let mut epoch = self.downloads.store.epoch().await?;
        let known = self.known.load_full().filter(|known| known.id == epoch.id);
        let known = known.and_then(|known| known.began);
        epoch.began = epoch.began.map(|began| beginning(began, known, self.clock.now()));
        let before = self.known.swap(Some(epoch.into()));
        if before.is_some_and(|before| before.id != epoch.id) {
            self.downloads.read_again().await?;
        }
        Ok(epoch)
    }

    /// The current epoch. If a host's row or session has a different epoch, the current epoch is
    /// read again.
    pub(super) async fn of_host(&self, state: &SyncState) -> StoreResult<Epoch> {
        let of_session = state.session.map_or(state.epoch, |session| session.epoch);
        match self.known.load_full() {
            Some(known) if [state.epoch, of_session] == [known.id; 2] => Ok(*known),
            Some(_) | None => self.follow().await,
        }
    }

    pub(super) async fn is_confirmed(&self, host: &Host) -> StoreResult<bool> {
        let epoch = self.of_host(&host.sync).await?;
        Ok(is_confirmed(&host.sync, generation::of(&host.facts.santa_version), epoch.id))
    }

    pub(super) fn trust(&self, host: &Host, target: Generation, epoch: Epoch) -> Trust {
        if is_confirmed(&host.sync, target, epoch.id) {
            return Trust::Confirmed;
        }
        let ordered = host.sync.clean_order.is_some_and(|order| is_of(order, epoch));
        let has_uploaded = host.sync.uploaded_in == epoch.id;
        let now = self.clock.now();
        if ordered || (has_uploaded && self.is_turn(&host.machine, epoch, now)) {
            Trust::Due
        } else {
            Trust::Waiting
        }
    }

    /// Whether a host must get all rules again after a new epoch, although its hash proved which
    /// rules it has. The hash does not cover the messages of rules.
    pub(super) fn lacks_messages(&self, host: &Host, epoch: Epoch) -> bool {
        let of_trail = host.sync.trail.as_ref().map(|trail| trail.epoch);
        of_trail.is_some_and(|sent| sent != epoch.id)
            && self.is_turn(&host.machine, epoch, self.clock.now())
    }

    fn is_turn(&self, machine: &MachineId, epoch: Epoch, now: Timestamp) -> bool {
        epoch.began.is_none_or(|began| now >= turn(self.spread, machine, began))
    }
}

/// The earliest time at which a host gets all its rules again. The time depends on the host, so
/// that the hosts of a fleet do not all download at the same time.
fn turn(spread: SignedDuration, machine: &MachineId, began: Timestamp) -> Timestamp {
    let spread = u128::try_from(spread.as_millis()).unwrap_or(0);
    let wait = (u128::from(xxh3_64(machine.as_str().as_bytes())) * spread) >> u64::BITS;
    let wait = SignedDuration::from_millis(i64::try_from(wait).unwrap_or(i64::MAX));
    began.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether the server relies on the holding in a host's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The host has the holding, as far as the server knows.
    Confirmed,
    /// The host may have different rules, and waits for a clean sync.
    Waiting,
    /// The host may have different rules, and gets a clean sync now.
    Due,
}

/// Whether the rules on a host were confirmed in this epoch. Always true for a client that gets all
/// rules in every sync.
pub(super) fn is_confirmed(state: &SyncState, generation: Generation, epoch: EpochId) -> bool {
    state.epoch == epoch || !generation::keeps_rules(generation)
}

/// Marks a new host as confirmed in this epoch. In a restored database, marks it only if it reports
/// no rules, because a host with rules may have been enrolled after the backup.
pub(super) fn begin_in(state: &mut SyncState, facts: &HostFacts, epoch: Epoch) {
    let has_no_rules = facts.rule_counts == RuleCounts::default();
    if state.last_seen.is_none() && (epoch.began.is_none() || has_no_rules) {
        state.epoch = epoch.id;
    }
}

/// The earliest of three times: the stored start of an epoch, the start that was known so far, and
/// the current time. The clock may have been ahead when the epoch began.
fn beginning(stored: Timestamp, known: Option<Timestamp>, now: Timestamp) -> Timestamp {
    stored.min(now).min(known.unwrap_or(now))
}

/// Whether a host's next sync obeys the order for a clean sync. An order that was restored with the
/// database waits until the host has uploaded its events.
pub(super) fn obeys_order(state: &SyncState, epoch: Epoch) -> bool {
    state.clean_order.is_some_and(|order| is_of(order, epoch) || state.uploaded_in == epoch.id)
}

fn is_of(order: CleanOrder, epoch: Epoch) -> bool {
    Some(order.at) > epoch.began
}

/// Completes a session that brought no rules. The host has already uploaded its events.
pub(super) fn finish_without_rules(state: &mut SyncState, session: Session, now: Timestamp) {
    state.session = None;
    state.settings = Some(session.settings);
    state.synced = session.synced;
    state.last_sync = Some(now);
    state.uploaded_in = session.epoch;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l9_an_epoch_that_began_while_the_clock_was_ahead_does_not_move_with_the_clock() {
        let [back, now, later, ahead] =
            [1, 2, 3, 1000].map(|hour| Timestamp::from_second(hour * 3600).unwrap());
        assert_eq!(beginning(ahead, None, now), now);
        assert_eq!(beginning(ahead, Some(now), later), now);
        assert_eq!(beginning(ahead, Some(now), back), back);
        assert_eq!(beginning(now, Some(now), later), now);
    }

    #[test]
    fn l9_hosts_are_spread_evenly_from_the_beginning_of_the_epoch_on() {
        let began = Timestamp::UNIX_EPOCH;
        let minute = |number: u32| {
            let machine = format!("M{number}").parse().unwrap();
            turn(RESTORE_SPREAD, &machine, began).duration_since(began).as_mins()
        };
        let mut hosts = [0; 30];
        for number in 0..3000 {
            hosts[usize::try_from(minute(number)).unwrap()] += 1;
        }
        assert!(hosts.iter().all(|hosts| (50..200).contains(hosts)), "{hosts:?}");
        let machine = "M1".parse().unwrap();
        assert_eq!(turn(SignedDuration::ZERO, &machine, began), began);
    }
}
