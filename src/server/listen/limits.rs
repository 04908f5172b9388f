//! Limits on connections: their number, in total and per client address, and maximum times.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::server::client_address::counted_as;

/// The default maximum number of connections, if there are enough descriptors.
const MOST_CONNECTIONS: usize = 16 * 1024;
/// One in 16 connections, but at least one, is reserved for administrators.
const ADMIN_SHARE: usize = 16;
/// One address can use one in 8 of the reserved connections, and always at least one.
const ADMIN_ADDRESS_SHARE: usize = 8;
/// On a connection that is reserved for administrators, the maximum time for the handshake, the
/// maximum time for the headers of a request, and the maximum idle time.
const ADMIN_HEAD: Duration = Duration::from_secs(2);
/// On a connection that is reserved for administrators, how long a client may go without reading
/// any part of a response.
const ADMIN_WRITE: Duration = Duration::from_secs(5);
/// Descriptors reserved for the database and for files.
const RESERVE: usize = 256;
/// A limit on file descriptors that macOS accepts. macOS may refuse the hard limit that it reports.
#[cfg(unix)]
const SURELY_TAKEN: u64 = 10_240;

#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Maximum connections. Further connections wait in the kernel's queue. A sixteenth of the
    /// connections is only for the admin API and health checks. The default depends on the number
    /// of file descriptors that the process may open, and is at most 16,384.
    pub connections: Option<usize>,
    /// Maximum ordinary connections from one address (IPv6: from one /64). Further connections are
    /// closed immediately. Trusted proxies have no such limit. By default, a quarter of
    /// `connections`.
    pub from_one_address: Option<usize>,
    /// How long a client may take for the TLS handshake, and a proxy for its PROXY header.
    pub handshake: Duration,
    /// How long a client may take to send the headers of a request.
    pub head: Duration,
    /// How long a connection may be idle between two requests.
    pub idle: Duration,
    /// How long a client may go without reading any part of a response.
    pub write: Duration,
    /// How long requests in progress may take once the server shuts down.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: None,
            from_one_address: None,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            // Longer than the 60 seconds for which nginx keeps an idle connection by default.
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            drain: Duration::from_secs(30),
        }
    }
}

impl ConnectionLimits {
    pub(super) fn count(&self) -> Maxima {
        let all = self.connections.unwrap_or_else(|| connections_for(descriptors())).max(2);
        let reserved = (all / ADMIN_SHARE).max(1);
        Maxima {
            ordinary: all - reserved,
            from_one_address: self.from_one_address.unwrap_or(all / 4).max(1),
            reserved,
            reserved_from_one_address: (reserved / ADMIN_ADDRESS_SHARE).max(1),
        }
    }

    /// The limits of a reserved connection. They are short, so that a silent client does not occupy
    /// the connection.
    pub(super) fn reserved(&self) -> Self {
        Self {
            handshake: self.handshake.min(ADMIN_HEAD),
            head: self.head.min(ADMIN_HEAD),
            idle: self.idle.min(ADMIN_HEAD),
            write: self.write.min(ADMIN_WRITE),
            ..self.clone()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Maxima {
    /// Connections for all requests.
    pub(super) ordinary: usize,
    pub(super) from_one_address: usize,
    /// Connections only for the admin API and health checks. They are used when all ordinary
    /// connections are in use.
    pub(super) reserved: usize,
    pub(super) reserved_from_one_address: usize,
}

/// Raises the soft limit on file descriptors as far as the system allows, and returns it.
#[cfg(unix)]
fn descriptors() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(limits) => limits,
        Err(error) => {
            tracing::warn!(%error, "cannot read the limit on file descriptors");
            return MOST_CONNECTIONS + RESERVE;
        }
    };
    let lifted = [hard, hard.min(SURELY_TAKEN)]
        .into_iter()
        .filter(|wanted| *wanted > soft)
        .find(|wanted| setrlimit(Resource::RLIMIT_NOFILE, *wanted, hard).is_ok());
    usize::try_from(lifted.unwrap_or(soft)).unwrap_or(usize::MAX)
}

/// Enough descriptors for the default maximum, because Windows has no limit on descriptors.
#[cfg(not(unix))]
const fn descriptors() -> usize {
    MOST_CONNECTIONS + RESERVE
}

/// The maximum number of connections for a number of descriptors: the descriptors minus a reserve,
/// or half of them if that is more, but at most [`MOST_CONNECTIONS`].
fn connections_for(descriptors: usize) -> usize {
    descriptors.saturating_sub(RESERVE).max(descriptors / 2).min(MOST_CONNECTIONS)
}

pub(super) struct AddressCounts {
    most: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address. The connection is counted until this value is dropped.
pub(super) struct CountedConnection {
    counts: Arc<AddressCounts>,
    address: IpAddr,
}

impl AddressCounts {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<CountedConnection> {
        let address = counted_as(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(CountedConnection { counts: Arc::clone(self), address })
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        let mut held = self.counts.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
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
    fn b2_some_connections_are_reserved_for_administrators() {
        let count = |connections| {
            let connections = Some(connections);
            ConnectionLimits { connections, ..ConnectionLimits::default() }.count()
        };
        let Maxima { ordinary, from_one_address, reserved, reserved_from_one_address } = count(768);
        assert_eq!((ordinary, from_one_address), (720, 192));
        assert_eq!((reserved, reserved_from_one_address), (48, 6));
        assert_eq!((count(1).ordinary, count(1).reserved), (1, 1));
    }

    #[test]
    fn b2_a_network_of_ipv6_counts_as_one_address() {
        let counts = Arc::new(AddressCounts::new(1));
        let admit = |address: &str| counts.admit(address.parse().unwrap());
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
