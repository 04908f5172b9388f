//! Rate limits per minute for each host, for each address and for the whole fleet.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;

use super::client_address::ClientAddress;
use super::exceeded::{Exceeded, Limit, Offender};
use crate::api::ExceededLimit;
use crate::fleet::Clock;
use crate::rule::MachineId;

/// The window of every limit, in seconds.
const MINUTE: u64 = 60;
/// Maximum hosts or addresses that are counted for one limit at the same time. These counts take
/// about 10 MB of memory. If there are more hosts or addresses, some counts are forgotten.
const MOST_KEYS: usize = 100_000;
/// Keys for which memory is reserved at the start.
const EXPECTED_KEYS: usize = 1_000;

/// Maximum numbers per minute. `None` means the default. Requests from the server's own machine are
/// exempt from the default limits, except from the limit for wrong secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateLimits {
    /// Requests of one host; [`Self::HOST_REQUESTS`] when absent.
    pub host_requests: Option<NonZeroU32>,
    /// Requests from one address; [`Self::ADDRESS_REQUESTS`] when absent.
    pub address_requests: Option<NonZeroU32>,
    /// Wrong secrets and tokens from one address; [`Self::WRONG_SECRETS`] when absent.
    pub wrong_secrets: Option<NonZeroU32>,
    /// Hosts that were never seen before; [`Self::NEW_HOSTS`] when absent.
    pub new_hosts: Option<NonZeroU32>,
}

impl RateLimits {
    /// 50 per second. A clean sync of a million rules takes about 250 requests.
    pub const HOST_REQUESTS: u32 = 3_000;
    /// 10,000 per second. A million Macs behind one proxy need two thirds of this, if each sends
    /// four requests in ten minutes.
    pub const ADDRESS_REQUESTS: u32 = 600_000;
    /// Enough if 5,000 Macs with a revoked secret, such as all Macs of an office, start at the same
    /// time.
    pub const WRONG_SECRETS: u32 = 6_000;
    /// Enough to add 600,000 Macs per hour.
    pub const NEW_HOSTS: u32 = 10_000;
}

pub(super) struct RateCounts {
    started: Instant,
    clock: Clock,
    hosts: Counts,
    addresses: Counts,
    wrong_secrets: Counts,
    new_hosts: Counts,
    exceeded: Exceeded,
    /// The minute in which old counts were last deleted.
    cleaned: AtomicU32,
}

impl RateCounts {
    pub(super) fn new(limits: RateLimits, clock: Clock) -> Self {
        let RateLimits { host_requests, address_requests, wrong_secrets, new_hosts } = limits;
        Self {
            started: Instant::now(),
            clock,
            hosts: Counts::new(host_requests, RateLimits::HOST_REQUESTS),
            addresses: Counts::new(address_requests, RateLimits::ADDRESS_REQUESTS),
            wrong_secrets: Counts::new(wrong_secrets, RateLimits::WRONG_SECRETS),
            new_hosts: Counts::new(new_hosts, RateLimits::NEW_HOSTS),
            exceeded: Exceeded::default(),
            cleaned: AtomicU32::new(0),
        }
    }

    pub(super) fn admit_address(&self, client: ClientAddress) -> Result<(), Limit> {
        let Some(address) = client.counted() else { return Ok(()) };
        if self.addresses.spare(client) || self.addresses.add(address, self.minute()) {
            return Ok(());
        }
        Err(self.exceed(Limit::AddressRequests, Offender::Address(address)))
    }

    pub(super) fn admit_host(
        &self,
        client: ClientAddress,
        machine: &MachineId,
    ) -> Result<(), Limit> {
        if self.hosts.spare(client) || self.hosts.add(machine, self.minute()) {
            return Ok(());
        }
        Err(self.exceed(Limit::HostRequests, Offender::Host(machine.clone())))
    }

    pub(super) fn admit_new_host(&self, client: ClientAddress) -> Result<(), Limit> {
        if self.new_hosts.spare(client) || self.new_hosts.add((), self.minute()) {
            return Ok(());
        }
        Err(self.exceed(Limit::NewHosts, Offender::of(client)))
    }

    /// Counts a wrong secret. Requests with correct secrets are not refused by this limit, because
    /// a client with wrong secrets could otherwise lock out all clients with the same address.
    pub(super) fn admit_wrong_secret(&self, client: ClientAddress) -> Result<(), Limit> {
        let Some(address) = client.counted() else { return Ok(()) };
        if self.wrong_secrets.add(address, self.minute()) {
            return Ok(());
        }
        Err(self.exceed(Limit::WrongSecrets, Offender::Address(address)))
    }

    pub(super) fn exceeded(&self) -> Vec<ExceededLimit> {
        self.exceeded.list()
    }

    pub(super) fn times_exceeded(&self) -> u64 {
        self.exceeded.total()
    }

    /// Forgets the counts of past minutes. Called about once a second.
    pub(super) fn forget_idle(&self) {
        let minute = self.minute();
        if self.cleaned.swap(minute, Ordering::Relaxed) != minute {
            for counts in [&self.hosts, &self.addresses, &self.wrong_secrets, &self.new_hosts] {
                counts.forget_before(minute);
            }
        }
    }

    fn minute(&self) -> u32 {
        u32::try_from(self.started.elapsed().as_secs() / MINUTE).unwrap_or(u32::MAX)
    }

    fn exceed(&self, limit: Limit, offender: Offender) -> Limit {
        self.exceeded.note(limit, offender, self.clock.now());
        limit
    }
}

/// The count of each key in the current minute.
struct Counts {
    most: u32,
    /// Whether requests from the server's own machine count, too.
    local_counts: bool,
    counts: Cache<u64, Arc<Count>>,
    /// Seeded at random, so that a client cannot choose a key with the same hash as another key.
    hasher: RandomState,
}

impl Counts {
    fn new(given: Option<NonZeroU32>, default: u32) -> Self {
        let counts = Cache::with_weighter(EXPECTED_KEYS, MOST_KEYS as u64, UnitWeighter);
        let most = given.map_or(default, NonZeroU32::get);
        Self { most, local_counts: given.is_some(), counts, hasher: RandomState::new() }
    }

    /// Whether this client's requests are exempt from the limit. Load tests on the server's own
    /// machine must work with the defaults. A limit that the administrator set applies to all
    /// clients.
    fn spare(&self, client: ClientAddress) -> bool {
        client.is_local() && !self.local_counts
    }

    /// Adds one to the count of a key, and returns whether the count is within the limit.
    fn add(&self, key: impl Hash, minute: u32) -> bool {
        let key = self.hasher.hash_one(key);
        let count = self.counts.get(&key).unwrap_or_else(|| {
            let new = Arc::new(Count::default());
            self.counts.insert(key, Arc::clone(&new));
            new
        });
        count.add(minute) <= self.most
    }

    fn forget_before(&self, minute: u32) {
        self.counts.retain(|_, count| count.of(minute) > 0);
    }
}

/// A minute, in the upper 32 bits, and the count in that minute, in the lower 32 bits.
#[derive(Default)]
struct Count(AtomicU64);

impl Count {
    fn add(&self, minute: u32) -> u32 {
        let added = |packed: u64| match unpacked(packed) {
            (counted, count) if counted == minute => pack(minute, count.saturating_add(1)),
            _ => pack(minute, 1),
        };
        let before = self.0.update(Ordering::Relaxed, Ordering::Relaxed, added);
        unpacked(added(before)).1
    }

    fn of(&self, minute: u32) -> u32 {
        let (counted, count) = unpacked(self.0.load(Ordering::Relaxed));
        if counted == minute { count } else { 0 }
    }
}

const fn pack(minute: u32, count: u32) -> u64 {
    ((minute as u64) << 32) | count as u64
}

const fn unpacked(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b4_each_minute_counts_from_zero() {
        let counts = Counts::new(NonZeroU32::new(2), 9);
        let admitted = |key, minute| counts.add(key, minute);
        assert_eq!([1, 1, 1].map(|minute| admitted("a", minute)), [true, true, false]);
        assert!(admitted("b", 1), "each key has its own");
        assert!(admitted("a", 2));
    }

    #[test]
    fn b4_counts_are_bounded_in_memory_and_forgotten() {
        let hosts = Counts::new(NonZeroU32::new(5), 9);
        for host in 0..2 * MOST_KEYS {
            hosts.add(host, 0);
        }
        assert!(hosts.counts.len() <= MOST_KEYS, "{}", hosts.counts.len());
        hosts.forget_before(0);
        assert!(hosts.counts.len() > MOST_KEYS / 2, "they were active in this minute");
        hosts.forget_before(1);
        assert_eq!(hosts.counts.len(), 0);
    }

    #[test]
    fn b4_defaults_spare_the_servers_own_machine() {
        let local = ClientAddress::IN_PROCESS;
        let machine: MachineId = "M1".parse().unwrap();
        let default = RateCounts::new(RateLimits::default(), Clock::default());
        let given = RateLimits {
            host_requests: NonZeroU32::new(3_000),
            address_requests: NonZeroU32::new(3_000),
            new_hosts: NonZeroU32::new(3_000),
            ..RateLimits::default()
        };
        let given = RateCounts::new(given, Clock::default());
        for _ in 0..RateLimits::HOST_REQUESTS {
            assert_eq!(given.admit_host(local, &machine), Ok(()));
            assert_eq!(given.admit_address(local), Ok(()));
            assert_eq!(given.admit_new_host(local), Ok(()));
            assert_eq!(default.admit_host(local, &machine), Ok(()));
        }
        assert_eq!(default.admit_host(local, &machine), Ok(()));
        assert_eq!(given.admit_host(local, &machine), Err(Limit::HostRequests));
        assert_eq!(given.admit_address(local), Err(Limit::AddressRequests));
        assert_eq!(given.admit_new_host(local), Err(Limit::NewHosts));
        assert_eq!(given.times_exceeded(), 3);
        let limits: Vec<_> = given.exceeded().into_iter().map(|each| each.limit).collect();
        assert!(limits.contains(&"new-hosts-per-minute".to_owned()), "{limits:?}");
    }
}
