//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Connections held at once, where the process may have so many descriptors.
const MOST_CONNECTIONS: usize = 16 * 1024;
/// Descriptors that are kept for the database and for files.
const RESERVE: usize = 256;
/// What systems take that refuse to lift the limit as far as they say (macOS).
const SURELY_TAKEN: u64 = 10_240;

/// The limits of connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Connections held at once; more wait in the kernel's queue. When absent, as many as the
    /// process may have descriptors, less a reserve, and no more than 16,384.
    pub connections: Option<usize>,
    /// Connections from one address, of IPv6 from one /64; more are closed at once. When absent,
    /// a quarter of all.
    pub from_one_address: Option<usize>,
    /// How long a client may take to send the headers of a request.
    pub head: Duration,
    /// How long a connection may be idle between two requests.
    pub idle: Duration,
    /// How long a client may take nothing of an answer.
    pub write: Duration,
    /// How long requests under way may take once the server is told to end.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: None,
            from_one_address: None,
            head: Duration::from_secs(10),
            // Longer than clients and proxies keep a connection (`client` does so for 3 s).
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            drain: Self::DRAIN,
        }
    }
}

impl ConnectionLimits {
    /// How long requests under way may take at the end, where nobody says otherwise.
    pub const DRAIN: Duration = Duration::from_secs(30);

    /// How many connections there may be, in all and from one address.
    pub(super) fn count(&self) -> (usize, usize) {
        let all = self.connections.unwrap_or_else(|| connections_for(descriptors())).max(1);
        (all, self.from_one_address.unwrap_or(all / 4).max(1))
    }
}

/// Lets this process have as many descriptors as it may, and says how many.
fn descriptors() -> usize {
    let (soft, hard) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(limits) => limits,
        Err(error) => {
            tracing::warn!(%error, "cannot read the limit of file descriptors");
            return MOST_CONNECTIONS + RESERVE;
        }
    };
    let lifted = [hard, hard.min(SURELY_TAKEN)]
        .into_iter()
        .filter(|wanted| *wanted > soft)
        .find(|wanted| setrlimit(Resource::RLIMIT_NOFILE, *wanted, hard).is_ok());
    usize::try_from(lifted.unwrap_or(soft)).unwrap_or(usize::MAX)
}

/// How many connections so many descriptors are enough for.
fn connections_for(descriptors: usize) -> usize {
    descriptors.saturating_sub(RESERVE).max(descriptors / 2).min(MOST_CONNECTIONS)
}

/// Who has how many connections.
pub(super) struct Guests {
    most: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address.
pub(super) struct Guest {
    guests: Arc<Guests>,
    address: IpAddr,
}

impl Guests {
    /// Each address may have so many connections.
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    /// One more connection of an address, unless it has too many.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Guest> {
        let address = counted_as(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Guest { guests: Arc::clone(self), address })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut held = self.guests.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// The address that a connection counts for: whoever has one address of an IPv6 /64 has all.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_descriptors_are_left_for_the_database() {
        assert_eq!(connections_for(64), 32);
        assert_eq!(connections_for(1024), 768);
        assert_eq!(connections_for(1 << 20), MOST_CONNECTIONS);
    }

    #[test]
    fn b2_a_network_of_ipv6_counts_as_one_address() {
        let guests = Arc::new(Guests::new(1));
        let admit = |address: &str| guests.admit(address.parse().unwrap());
        let first = admit("2001:db8::1");
        assert!(first.is_some());
        assert!(admit("2001:db8::ffff:2").is_none(), "the same /64");
        assert!(admit("2001:db8:0:1::1").is_some(), "another one");
        let mapped = admit("::ffff:192.0.2.1");
        assert!(mapped.is_some());
        assert!(admit("192.0.2.1").is_none(), "the same address, written otherwise");
        assert!(admit("192.0.2.2").is_some());
        drop(first);
        assert!(admit("2001:db8::3").is_some(), "a place is free again");
    }
}
