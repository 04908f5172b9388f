//! When each host is due, and what chance decides about a sync.
//!
//! Both are computed from numbers, and neither is kept: the n-th arrival of a run is a pure
//! function of n, and a die of the seed and of what it is thrown for. So two runs with the same
//! seed are the same run, whatever the server did to the order in which syncs ended.

use std::time::Duration;

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// How the hosts of a fleet are spread over an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrivals {
    /// Evenly, as hosts are that were switched on at any time.
    #[default]
    Spread,
    /// All at once, as after a power cut.
    Phase,
}

/// Which host is due when in a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) hosts: u32,
    pub(super) interval: Duration,
    pub(super) time: Duration,
    pub(super) arrivals: Arrivals,
}

/// A host that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) host: u32,
    /// How long after the start.
    pub(super) after: Duration,
}

impl Plan {
    /// The n-th arrival, from 0, if there are as many.
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

    /// How many arrivals there are.
    pub(super) fn count(&self) -> u64 {
        // Arrivals are ordered by time, so the first that does not come is their number.
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

/// What a die is thrown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Which client a host is.
    Client,
    /// Whether a sync is to be a clean one.
    Clean,
    /// How many events a sync reports.
    Events,
    /// Which program an event is about.
    Program,
    /// Whether a host is in the sample that is checked.
    Sample,
}

/// Chance that can be repeated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice {
    pub(super) seed: u64,
}

impl Dice {
    /// A number that looks like any other.
    pub(super) fn number(self, reason: For, host: u32, turn: u32) -> u64 {
        let mut key = [0; 9];
        key[0] = reason as u8;
        key[1..5].copy_from_slice(&host.to_le_bytes());
        key[5..].copy_from_slice(&turn.to_le_bytes());
        xxh3_64_with_seed(&key, self.seed)
    }

    /// A number from 0 to 1, without 1.
    pub(super) fn share(self, reason: For, host: u32, turn: u32) -> f64 {
        const BITS: u32 = 53;
        (self.number(reason, host, turn) >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
    }

    /// A whole number that is this on average.
    pub(super) fn about(self, mean: f64, reason: For, host: u32, turn: u32) -> u32 {
        let more = self.share(reason, host, turn) < mean.fract();
        mean.trunc() as u32 + u32::from(more)
    }

    /// What identities are made of.
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
    fn hosts_are_spread_over_the_interval_and_come_again() {
        let plan = plan(Arrivals::Spread, 4, 10, 15);
        let expected = [(0, 0), (1, 2500), (2, 5000), (3, 7500), (0, 10_000), (1, 12_500)];
        assert_eq!(all(plan), expected);
        assert_eq!(plan.count(), 6);
    }

    #[test]
    fn hosts_in_phase_come_all_at_once() {
        let plan = plan(Arrivals::Phase, 3, 10, 11);
        assert_eq!(all(plan), [(0, 0), (1, 0), (2, 0), (0, 10_000), (1, 10_000), (2, 10_000)]);
        assert_eq!(plan.count(), 6);
    }

    #[test]
    fn a_run_shorter_than_the_interval_sees_a_part_of_the_fleet() {
        let part = plan(Arrivals::Spread, 1_000_000, 600, 120);
        assert_eq!(part.count(), 200_000);
        assert_eq!(part.arrival(199_999).unwrap().host, 199_999);
        assert_eq!(part.arrival(200_000), None);
        assert_eq!(plan(Arrivals::Spread, 1, 600, 1).count(), 1);
        assert_eq!(plan(Arrivals::Spread, 1, 600, 0).count(), 0);
    }

    #[test]
    fn a_mean_is_kept_and_a_throw_can_be_repeated() {
        let dice = Dice { seed: 7 };
        let sum: u32 = (0..10_000).map(|host| dice.about(2.3, For::Events, host, 1)).sum();
        assert!((22_700..23_300).contains(&sum), "{sum}");
        let throw = |dice: Dice, turn| dice.number(For::Clean, 3, turn);
        assert_eq!(throw(dice, 1), throw(Dice { seed: 7 }, 1));
        assert_ne!(throw(dice, 1), throw(dice, 2));
        assert_ne!(throw(dice, 1), throw(Dice { seed: 8 }, 1));
        assert_eq!(dice.about(3.0, For::Events, 1, 1), 3);
    }
}
