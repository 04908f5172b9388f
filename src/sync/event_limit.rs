//! The limits on the new events and new programs of each host per day.
//!
//! Santa deletes uploaded events only after status 200. So an upload beyond the limit is accepted,
//! and the events over the limit are dropped and counted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::rule::MachineId;
use crate::store::AddedEvents;

/// Maximum new events of one host in a day (UTC) if the operator sets no other limit.
pub const EVENTS_PER_DAY: u64 = 50_000;

/// Maximum new programs per host and day. A program is new if no host has reported it before.
/// Further programs are not listed, so that one host cannot fill the list.
const NEW_PROGRAMS_PER_DAY: usize = 2_000;

/// Maximum hosts with their own count. Further hosts share one count.
const MOST_HOSTS: usize = 200_000;

const DAY: i64 = 24 * 60 * 60;

/// Counts the events of hosts. The counts of each host begin again each day. The totals begin again
/// only when the server restarts.
#[derive(Debug)]
pub(super) struct EventLimit {
    most: u64,
    today: Mutex<Today>,
}

#[derive(Debug, Default)]
struct Today {
    day: i64,
    hosts: HashMap<MachineId, Count>,
    others: Count,
    dropped: u64,
    /// Events whose programs are not listed, since the server started.
    left_out: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// New events that were stored, plus events that are reserved for uploads in progress.
    kept: u64,
    dropped: u64,
    /// New programs that were stored, plus programs that are reserved for uploads in progress.
    programs: usize,
    /// Events that were stored although their programs are not listed.
    left_out: u64,
    last_dropped: Timestamp,
}

/// What an upload may add to the counts of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) struct Reservation {
    day: i64,
    /// The number of events that the upload may store.
    pub(super) events: usize,
    /// The number of new programs that the upload may add.
    pub(super) programs: usize,
}

impl Today {
    fn count(&mut self, machine: &MachineId) -> &mut Count {
        if self.hosts.len() >= MOST_HOSTS && !self.hosts.contains_key(machine) {
            return &mut self.others;
        }
        self.hosts.entry(machine.clone()).or_default()
    }
}

impl EventLimit {
    pub(super) fn new(most: u64) -> Self {
        Self { most, today: Mutex::default() }
    }

    /// The counts of the day. The counts are only numbers, so they are still usable after a panic
    /// in another thread.
    fn today(&self, now: Timestamp) -> MutexGuard<'_, Today> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.as_second().div_euclid(DAY);
        if today.day != day {
            let Today { dropped, left_out, .. } = *today;
            *today = Today { day, dropped, left_out, ..Today::default() };
        }
        today
    }

    /// Whether a host has no count of its own yet today.
    pub(super) fn is_first_today(&self, machine: &MachineId, now: Timestamp) -> bool {
        !self.today(now).hosts.contains_key(machine)
    }

    /// Reserves events and new programs for an upload, so that simultaneous uploads together do not
    /// exceed the limits. Events over the limit are counted as dropped. An interrupted upload keeps
    /// its reservation, because its events may have been stored.
    pub(super) fn reserve(
        &self,
        machine: &MachineId,
        events: usize,
        now: Timestamp,
    ) -> Reservation {
        let mut today = self.today(now);
        let (most, day) = (self.most, today.day);
        let count = today.count(machine);
        let left = usize::try_from(most.saturating_sub(count.kept)).unwrap_or(usize::MAX);
        let dropped = events.saturating_sub(left) as u64;
        if dropped > 0 && count.dropped == 0 {
            tracing::warn!(%machine, most, "dropping events: the host reached its limit for today");
        }
        count.dropped += dropped;
        if dropped > 0 {
            count.last_dropped = now;
        }
        let events = events.min(left);
        let programs = events.min(NEW_PROGRAMS_PER_DAY.saturating_sub(count.programs));
        count.kept += events as u64;
        count.programs += programs;
        today.dropped += dropped;
        Reservation { day, events, programs }
    }

    /// Counts the events and programs that an upload added, and releases the rest of its
    /// reservation. If the day has changed since the reservation, the counts of the host stay as
    /// they are.
    pub(super) fn kept(
        &self,
        machine: &MachineId,
        reserved: Reservation,
        added: AddedEvents,
        now: Timestamp,
    ) {
        let AddedEvents { events, programs, left_out } = added;
        let mut today = self.today(now);
        today.left_out += left_out as u64;
        if reserved.day != today.day {
            return;
        }
        let count = today.count(machine);
        if left_out > 0 && count.left_out == 0 {
            let most = NEW_PROGRAMS_PER_DAY;
            tracing::warn!(%machine, most, "the host reached its limit of new programs for today; \
                not listing more of them");
        }
        count.kept = (count.kept + events as u64).saturating_sub(reserved.events as u64);
        count.programs = (count.programs + programs).saturating_sub(reserved.programs);
        count.left_out += left_out as u64;
    }

    pub(super) fn sightings_dropped_of(&self, machine: &MachineId, now: Timestamp) -> u64 {
        self.today(now).hosts.get(machine).map_or(0, |count| count.left_out)
    }

    pub(super) fn sightings_dropped(&self, now: Timestamp) -> u64 {
        self.today(now).left_out
    }

    pub(super) fn dropped_of(&self, machine: &MachineId, now: Timestamp) -> u64 {
        self.today(now).hosts.get(machine).map_or(0, |count| count.dropped)
    }

    /// The hosts whose events were dropped today, with the number of dropped events and the time of
    /// the last drop. Hosts without a count of their own are not included.
    pub(super) fn hosts_over(&self, now: Timestamp) -> Vec<(MachineId, u64, Timestamp)> {
        let today = self.today(now);
        let over = today.hosts.iter().filter(|(_, count)| count.dropped > 0);
        over.map(|(machine, count)| (machine.clone(), count.dropped, count.last_dropped)).collect()
    }

    pub(super) fn dropped(&self, now: Timestamp) -> u64 {
        self.today(now).dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(events: usize, programs: usize, left_out: usize) -> AddedEvents {
        AddedEvents { events, programs, left_out }
    }

    #[test]
    fn b4_a_host_has_its_number_of_events_a_day() {
        let limit = EventLimit::new(10);
        let (one, other) = ("M1".parse().unwrap(), "M2".parse().unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        for (events, admitted) in [(6, 6), (6, 4), (6, 0)] {
            let reserved = limit.reserve(&one, events, at(100));
            assert_eq!(reserved.events, admitted);
            limit.kept(&one, reserved, stored(admitted, 0, 0), at(100));
        }
        let known = limit.reserve(&other, 6, at(100));
        assert_eq!(known.events, 6, "each host has its own");
        assert_eq!((limit.dropped_of(&one, at(100)), limit.dropped_of(&other, at(100))), (8, 0));
        // Events that were already known do not count.
        limit.kept(&other, known, AddedEvents::default(), at(100));
        assert_eq!(limit.reserve(&other, 10, at(100)).events, 10);
        let next = limit.reserve(&one, 6, at(100 + DAY));
        assert_eq!(next.events, 6, "the next day begins anew");
        assert_eq!((limit.dropped_of(&one, at(100 + DAY)), limit.dropped(at(100 + DAY))), (0, 8));
    }

    #[test]
    fn uploads_at_the_same_time_share_the_events_of_a_day() {
        let limit = EventLimit::new(10);
        let host = "M1".parse().unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let first = limit.reserve(&host, 6, at(100));
        let second = limit.reserve(&host, 6, at(100));
        assert_eq!((first.events, second.events), (6, 4));
        limit.kept(&host, first, stored(5, 0, 0), at(100));
        let third = limit.reserve(&host, 6, at(100));
        assert_eq!(third.events, 1, "one event of the first upload was known already");
        // The second and third uploads complete on the next day. They do not raise the limit of the
        // next day.
        let next = limit.reserve(&host, 8, at(100 + DAY));
        for late in [second, third] {
            limit.kept(&host, late, stored(0, 0, 0), at(100 + DAY));
        }
        assert_eq!(limit.reserve(&host, 6, at(100 + DAY)).events, 2);
        limit.kept(&host, next, stored(8, 0, 0), at(100 + DAY));
        assert_eq!(limit.reserve(&host, 6, at(100 + DAY)).events, 0);
    }

    #[test]
    fn a_host_may_add_its_number_of_programs_a_day() {
        let limit = EventLimit::new(100_000);
        let (one, other) = ("M1".parse().unwrap(), "M2".parse().unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        let reserve = |machine, events| limit.reserve(machine, events, at(100));
        let all = reserve(&one, 3_000);
        assert_eq!(all.programs, 2_000);
        assert_eq!(reserve(&one, 50).programs, 0, "all are reserved");
        limit.kept(&one, all, stored(2_000, 1_990, 0), at(100));
        let (some, rest) = (reserve(&one, 7), reserve(&one, 50));
        assert_eq!((some.programs, rest.programs), (7, 3));
        limit.kept(&one, some, AddedEvents::default(), at(100));
        limit.kept(&one, rest, stored(50, 3, 40), at(100));
        assert_eq!(reserve(&one, 50).programs, 7, "three were added");
        assert_eq!(reserve(&other, 50).programs, 50, "each host has its own");
        assert_eq!(
            (
                limit.sightings_dropped_of(&one, at(100)),
                limit.sightings_dropped_of(&other, at(100))
            ),
            (40, 0)
        );
        assert_eq!(limit.reserve(&one, 9_000, at(100 + DAY)).programs, 2_000);
        assert_eq!(
            (
                limit.sightings_dropped_of(&one, at(100 + DAY)),
                limit.sightings_dropped(at(100 + DAY))
            ),
            (0, 40)
        );
    }
}
