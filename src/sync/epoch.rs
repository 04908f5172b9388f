//! Hosts that may be ahead of their rows, because the database was restored or copied.
//!
//! Such a host gets no rules until its turn comes, and then a clean sync. Nothing shorter helps: what
//! it has is not known. A clean sync discards the events that the host has not uploaded, so
//! another sync comes first. A host whose rules hash to what its row expects needs neither.

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

use super::cursor::{Cursor, Span, SpanStart};
use super::engine::Engine;
use super::error::SyncError;
use super::generation;
use crate::fleet::{
    CleanOrder, Epoch, EpochId, Generation, Host, HostFacts, RuleCounts, Session, SyncState,
};
use crate::protocol::Wire;
use crate::rule::MachineId;
use crate::store::StoreResult;

/// Over how much time clean syncs are spread after a new epoch, if no other time is set.
pub const RESTORE_SPREAD: SignedDuration = SignedDuration::from_mins(30);

/// The epoch of the database, as far as this engine knows.
pub(super) struct CurrentEpoch {
    known: ArcSwapOption<Epoch>,
    spread: SignedDuration,
}

impl CurrentEpoch {
    pub(super) fn spread_over(spread: SignedDuration) -> Self {
        Self { known: ArcSwapOption::empty(), spread }
    }

    /// When a host gets all its rules again. It depends on the host, so that a fleet does not
    /// download at the same time.
    fn turn(&self, machine: &MachineId, began: Timestamp) -> Timestamp {
        let spread = u128::try_from(self.spread.as_millis()).unwrap_or(0);
        let wait = (u128::from(xxh3_64(machine.as_str().as_bytes())) * spread) >> u64::BITS;
        let wait = SignedDuration::from_millis(i64::try_from(wait).unwrap_or(i64::MAX));
        began.checked_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// Whether a host's turn has come.
    fn is_turn(&self, machine: &MachineId, epoch: Epoch, now: Timestamp) -> bool {
        epoch.began.is_none_or(|began| now >= self.turn(machine, began))
    }
}

/// Whether a host has what its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It has, as far as the server knows.
    Confirmed,
    /// It may have something else, and waits for a clean sync.
    Waiting,
    /// It may have something else, and gets a clean sync now.
    Due,
}

/// Whether what a host has was confirmed in this epoch. A client that keeps no rules gets all of
/// them at every sync in any case.
pub(super) fn is_confirmed(state: &SyncState, generation: Generation, epoch: EpochId) -> bool {
    state.epoch == epoch || !generation::keeps_rules(generation)
}

impl Engine {
    /// The same engine with clean syncs spread over another time after a new epoch.
    #[must_use]
    pub fn with_restore_spread(mut self, spread: SignedDuration) -> Self {
        self.epoch.spread = spread;
        self
    }

    /// Begins another epoch: no host is trusted any more to have what its row says.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin_epoch(&self) -> StoreResult<Epoch> {
        self.store.begin_epoch(self.clock.now()).await?;
        self.follow_epoch().await
    }

    /// Reads the epoch. If it is another one than before, the database may have been replaced while
    /// this engine ran, so everything is read again.
    pub(super) async fn follow_epoch(&self) -> StoreResult<Epoch> {
        let mut epoch = self.store.epoch().await?;
        let known = self.epoch.known.load_full().filter(|known| known.id == epoch.id);
        let known = known.and_then(|known| known.began);
        epoch.began = epoch.began.map(|began| beginning(began, known, self.clock.now()));
        let before = self.epoch.known.swap(Some(epoch.into()));
        if before.is_some_and(|before| before.id != epoch.id) {
            self.read_again().await?;
        }
        Ok(epoch)
    }

    /// The epoch, read again if a host's row names another one than is known here.
    pub(super) async fn epoch_for(&self, state: &SyncState) -> StoreResult<Epoch> {
        let of_session = state.session.map_or(state.epoch, |session| session.epoch);
        match self.epoch.known.load_full() {
            Some(known) if [state.epoch, of_session] == [known.id; 2] => Ok(*known),
            Some(_) | None => self.follow_epoch().await,
        }
    }

    /// Whether what a host has was confirmed in the database's epoch.
    pub(super) async fn is_confirmed(&self, host: &Host) -> StoreResult<bool> {
        let epoch = self.epoch_for(&host.sync).await?;
        Ok(is_confirmed(&host.sync, generation::of(&host.facts.santa_version), epoch.id))
    }

    /// Whether a host that begins a sync has what its row says.
    pub(super) fn trust(&self, host: &Host, target: Generation, epoch: Epoch) -> Trust {
        if is_confirmed(&host.sync, target, epoch.id) {
            return Trust::Confirmed;
        }
        let ordered = host.sync.clean_order.is_some_and(|order| is_of(order, epoch));
        let has_uploaded = host.sync.uploaded_in == epoch.id;
        let now = self.clock.now();
        if ordered || (has_uploaded && self.epoch.is_turn(&host.machine, epoch, now)) {
            Trust::Due
        } else {
            Trust::Waiting
        }
    }

    /// Whether a host whose hash proved what it has gets all rules once more: the hash does not
    /// cover their messages.
    pub(super) fn lacks_messages(&self, host: &Host, epoch: Epoch) -> bool {
        let of_trail = host.sync.trail.as_ref().map(|trail| trail.epoch);
        of_trail.is_some_and(|sent| sent != epoch.id)
            && self.epoch.is_turn(&host.machine, epoch, self.clock.now())
    }

    /// The page without rules for a host that waits for its turn. None if the host may download.
    ///
    /// A download is refused if the sync that it belongs to was begun before the database was
    /// restored. An empty page would end a clean sync. The host begins another sync.
    pub(super) async fn page_of_restored(
        &self,
        host: &Host,
        epoch: Epoch,
        wire: Wire,
    ) -> Result<Option<Bytes>, SyncError> {
        let generation = generation::of(&host.facts.santa_version);
        let session = host.sync.session;
        let is_of_epoch = session.is_some_and(|session| session.epoch == epoch.id);
        if !is_confirmed(&host.sync, generation, epoch.id) && !is_of_epoch {
            return Err(SyncError::Outdated);
        }
        let Some(session) = session.filter(|session| session.without_rules) else {
            return Ok(None);
        };
        let policy = self.policy().await?;
        let to = self.settled(&policy, session.target).await?;
        let span = Span { from: SpanStart::Offer(to), to };
        let difference = self.no_difference(&policy, span);
        self.page(&policy, Cursor { span, page: 0 }, &difference, wire).await.map(Some)
    }
}

/// Trusts a host that is seen for the first time. In a restored database, a host with rules may have
/// been enrolled in a later state.
pub(super) fn begin_in(state: &mut SyncState, facts: &HostFacts, epoch: Epoch) {
    let has_no_rules = facts.rule_counts == RuleCounts::default();
    if state.last_seen.is_none() && (epoch.began.is_none() || has_no_rules) {
        state.epoch = epoch.id;
    }
}

/// When an epoch began that is read again and again. The clock may have been ahead at that time;
/// then it is when the epoch was first read.
fn beginning(stored: Timestamp, known: Option<Timestamp>, now: Timestamp) -> Timestamp {
    stored.min(now).min(known.unwrap_or(now))
}

/// Whether a host's next sync obeys the order for a clean sync. One that was restored with the
/// database waits until the host has uploaded its events.
pub(super) fn obeys_order(state: &SyncState, epoch: Epoch) -> bool {
    state.clean_order.is_some_and(|order| is_of(order, epoch) || state.uploaded_in == epoch.id)
}

/// Whether an order was given in an epoch.
fn is_of(order: CleanOrder, epoch: Epoch) -> bool {
    Some(order.at) > epoch.began
}

/// Completes a session that brought no rules. The host has uploaded its events.
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
        let epoch = CurrentEpoch::spread_over(RESTORE_SPREAD);
        let began = Timestamp::UNIX_EPOCH;
        let minute = |number: u32| {
            let machine = format!("M{number}").parse().unwrap();
            epoch.turn(&machine, began).duration_since(began).as_mins()
        };
        let mut hosts = [0; 30];
        for number in 0..3000 {
            hosts[usize::try_from(minute(number)).unwrap()] += 1;
        }
        assert!(hosts.iter().all(|hosts| (50..200).contains(hosts)), "{hosts:?}");
        let now = CurrentEpoch::spread_over(SignedDuration::ZERO);
        assert_eq!(now.turn(&"M1".parse().unwrap(), began), began);
    }
}
