//! How many events of one host are kept a day.
//!
//! Santa drops events that it uploaded only after status 200, so an upload beyond the limit is
//! accepted, and its events are dropped and counted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::rule::MachineId;

/// Maximum new events of one host in a day (UTC) if the operator sets no other limit. A developer's Mac
/// that reports every execution stays far below it.
pub const EVENTS_PER_DAY: u64 = 50_000;

/// Hosts that are counted one by one. Others, beyond any fleet, share one count.
const MOST_HOSTS: usize = 200_000;

const DAY: i64 = 24 * 60 * 60;

/// Counts the events of hosts. The counts begin again each day, and when the server restarts.
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
    /// Events dropped since the server started.
    dropped: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    kept: u64,
    dropped: u64,
    last_dropped: Timestamp,
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

    /// The counts of the day. They are numbers, so a panic of another holder left them usable.
    fn today(&self, now: Timestamp) -> MutexGuard<'_, Today> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.as_second().div_euclid(DAY);
        if today.day != day {
            *today = Today { day, dropped: today.dropped, ..Today::default() };
        }
        today
    }

    /// Whether a host was not counted yet today.
    pub(super) fn is_first_today(&self, machine: &MachineId, now: Timestamp) -> bool {
        !self.today(now).hosts.contains_key(machine)
    }

    /// How many of these events may be kept. The others are counted as dropped.
    pub(super) fn admit(&self, machine: &MachineId, events: usize, now: Timestamp) -> usize {
        let mut today = self.today(now);
        let most = self.most;
        let count = today.count(machine);
        let left = usize::try_from(most.saturating_sub(count.kept)).unwrap_or(usize::MAX);
        let dropped = events.saturating_sub(left) as u64;
        if dropped > 0 && count.dropped == 0 {
            tracing::warn!(%machine, most, "dropping events: the host reached its limit for the day");
        }
        count.dropped += dropped;
        if dropped > 0 {
            count.last_dropped = now;
        }
        today.dropped += dropped;
        events.min(left)
    }

    /// Counts events that were kept.
    pub(super) fn kept(&self, machine: &MachineId, events: usize, now: Timestamp) {
        self.today(now).count(machine).kept += events as u64;
    }

    /// How many events of a host were dropped today.
    pub(super) fn dropped_of(&self, machine: &MachineId, now: Timestamp) -> u64 {
        self.today(now).hosts.get(machine).map_or(0, |count| count.dropped)
    }

    /// The hosts whose events were dropped today, with the number of events and the last time.
    pub(super) fn hosts_over(&self, now: Timestamp) -> Vec<(MachineId, u64, Timestamp)> {
        let today = self.today(now);
        let over = today.hosts.iter().filter(|(_, count)| count.dropped > 0);
        over.map(|(machine, count)| (machine.clone(), count.dropped, count.last_dropped)).collect()
    }

    /// How many events were dropped since the server started.
    pub(super) fn dropped(&self, now: Timestamp) -> u64 {
        self.today(now).dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b4_a_host_has_its_number_of_events_a_day() {
        let limit = EventLimit::new(10);
        let (one, other) = ("M1".parse().unwrap(), "M2".parse().unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        for (events, admitted) in [(6, 6), (6, 4), (6, 0)] {
            assert_eq!(limit.admit(&one, events, at(100)), admitted);
            limit.kept(&one, admitted, at(100));
        }
        assert_eq!(limit.admit(&other, 6, at(100)), 6, "each host has its own");
        assert_eq!((limit.dropped_of(&one, at(100)), limit.dropped_of(&other, at(100))), (8, 0));
        // Events that were known already do not count.
        assert_eq!(limit.admit(&other, 10, at(100)), 10);
        assert_eq!(limit.admit(&one, 6, at(100 + DAY)), 6, "the next day begins anew");
        assert_eq!((limit.dropped_of(&one, at(100 + DAY)), limit.dropped(at(100 + DAY))), (0, 8));
    }
}
