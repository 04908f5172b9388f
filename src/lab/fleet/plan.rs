//! The schedule of syncs, and random decisions about each sync.
//!
//! The schedule and the decisions are computed, not stored. The n-th scheduled sync is a function
//! of n. A random number is a function of the seed, the purpose of the number, the host and the
//! sync. Therefore two runs with the same options and seed have the same schedule, and decisions do
//! not depend on the order in which syncs end.

use std::time::Duration;

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// The distribution of the hosts' syncs over an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrivals {
    /// Evenly, like Macs that were started at different times.
    #[default]
    Spread,
    /// All at the same time, like Macs after a power failure.
    Phase,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) hosts: u32,
    pub(super) interval: Duration,
    pub(super) time: Duration,
    pub(super) arrivals: Arrivals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) host: u32,
    /// The scheduled time, relative to the start of the run.
    pub(super) after: Duration,
}

impl Plan {
    /// The n-th scheduled sync, counted from 0. `None` if the run ends before that sync.
    pub(super) fn arrival(&self, n: u64) -> Option<Arrival> {
        let hosts = u64::from(self.hosts);
        let (round, host) = (n / hosts, (n % hosts) as u32);
        let interval = self.interval.as_nanos();
        let mut after = interval * u128::from(round);
        if self.arrivals == Arrivals::Spread {
            after += interval * u128::from(host) / u128::from(hosts);
        }
        let after = Duration::from_nanos(u64::try_from(after).ok()?);
        (after < self.time).then_some(Arrival { host, after })
    }

    pub(super) fn count(&self) -> u64 {
        // Syncs are ordered by time, so the number of syncs is the first index without a sync.
        let (mut come, mut do_not) = (0, 1_u64);
        while self.arrival(do_not).is_some() {
            (come, do_not) = (do_not, do_not.saturating_mul(2));
        }
        while do_not - come > 1 {
            let middle = come + (do_not - come) / 2;
            if self.arrival(middle).is_some() { come = middle } else { do_not = middle }
        }
        if self.arrival(come).is_some() { do_not } else { 0 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Draw {
    /// The client of a host.
    Client,
    /// Whether a host requests a clean sync.
    Clean,
    /// The number of events in a sync.
    Events,
    Program,
    /// Whether a host is in the sample that is checked.
    Sample,
}

/// Random numbers that are the same in every run with the same seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Random {
    pub(super) seed: u64,
}

impl Random {
    pub(super) fn number(self, reason: Draw, host: u32, turn: u32) -> u64 {
        let mut key = [0; 9];
        key[0] = reason as u8;
        key[1..5].copy_from_slice(&host.to_le_bytes());
        key[5..].copy_from_slice(&turn.to_le_bytes());
        xxh3_64_with_seed(&key, self.seed)
    }

    /// A number from 0 to 1, excluding 1.
    pub(super) fn share(self, reason: Draw, host: u32, turn: u32) -> f64 {
        const BITS: u32 = 53;
        (self.number(reason, host, turn) >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
    }

    /// A random whole number with this mean.
    pub(super) fn about(self, mean: f64, reason: Draw, host: u32, turn: u32) -> u32 {
        let more = self.share(reason, host, turn) < mean.fract();
        mean.trunc() as u32 + u32::from(more)
    }

    pub(super) fn identity(self, host: u32) -> u128 {
        xxh3_128_with_seed(&host.to_le_bytes(), self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arrivals: Arrivals, hosts: u32, interval: u64, time: u64) -> Plan {
        let (interval, time) = (Duration::from_secs(interval), Duration::from_secs(time));
        Plan { hosts, interval, time, arrivals }
    }

    fn all(plan: Plan) -> Vec<(u32, u64)> {
        let arrivals = (0..).map_while(|n| plan.arrival(n));
        arrivals.map(|each| (each.host, each.after.as_millis() as u64)).collect()
    }

    #[test]
    fn hosts_are_spread_over_the_interval_and_sync_again() {
        let plan = plan(Arrivals::Spread, 4, 10, 15);
        let expected = [(0, 0), (1, 2500), (2, 5000), (3, 7500), (0, 10_000), (1, 12_500)];
        assert_eq!(all(plan), expected);
        assert_eq!(plan.count(), 6);
    }

    #[test]
    fn hosts_in_phase_sync_at_the_same_time() {
        let plan = plan(Arrivals::Phase, 3, 10, 11);
        assert_eq!(all(plan), [(0, 0), (1, 0), (2, 0), (0, 10_000), (1, 10_000), (2, 10_000)]);
        assert_eq!(plan.count(), 6);
    }

    #[test]
    fn a_short_run_has_only_some_hosts() {
        let partial = plan(Arrivals::Spread, 1_000_000, 600, 120);
        assert_eq!(partial.count(), 200_000);
        assert_eq!(partial.arrival(199_999).unwrap().host, 199_999);
        assert_eq!(partial.arrival(200_000), None);
        assert_eq!(plan(Arrivals::Spread, 1, 600, 1).count(), 1);
        assert_eq!(plan(Arrivals::Spread, 1, 600, 0).count(), 0);
    }

    #[test]
    fn random_numbers_have_their_mean_and_can_be_repeated() {
        let random = Random { seed: 7 };
        let sum: u32 = (0..10_000).map(|host| random.about(2.3, Draw::Events, host, 1)).sum();
        assert!((22_700..23_300).contains(&sum), "{sum}");
        let throw = |random: Random, turn| random.number(Draw::Clean, 3, turn);
        assert_eq!(throw(random, 1), throw(Random { seed: 7 }, 1));
        assert_ne!(throw(random, 1), throw(random, 2));
        assert_ne!(throw(random, 1), throw(Random { seed: 8 }, 1));
        assert_eq!(random.about(3.0, Draw::Events, 1, 1), 3);
    }
}
