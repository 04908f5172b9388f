//! Clients that exceeded a limit, for `/status` and for the log.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::client_address::{ClientAddress, counted_as};
use super::refusals::REFUSALS;
use crate::api::ExceededLimit;
use crate::rule::MachineId;

/// Maximum pairs of a client and a limit that are remembered. If there are more, the pair that
/// occurred least recently is forgotten.
const MOST: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Limit {
    HostRequests,
    AddressRequests,
    WrongSecrets,
    NewHosts,
}

impl Limit {
    /// The option of `serve` that sets the limit.
    pub(super) const fn option(self) -> &'static str {
        match self {
            Self::HostRequests => "host-requests-per-minute",
            Self::AddressRequests => "address-requests-per-minute",
            Self::WrongSecrets => "wrong-secrets-per-minute",
            Self::NewHosts => "new-hosts-per-minute",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HostRequests => "too many requests from this host in a minute",
            Self::AddressRequests => "too many requests from this address in a minute",
            Self::WrongSecrets => "too many wrong secrets from this address in a minute",
            Self::NewHosts => "too many new hosts in a minute",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Offender {
    Host(MachineId),
    Address(IpAddr),
    /// A client of an untrusted proxy on this machine.
    Unknown,
}

impl Offender {
    pub(super) fn of(client: ClientAddress) -> Self {
        client.counted().map_or(Self::Unknown, |address| Self::Address(counted_as(address)))
    }
}

impl fmt::Display for Offender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(machine) => write!(f, "host {machine}"),
            Self::Address(address) => write!(f, "address {address}"),
            Self::Unknown => f.write_str("an untrusted proxy on this machine"),
        }
    }
}

#[derive(Default)]
pub(super) struct Exceeded(Mutex<Known>);

#[derive(Default)]
struct Known {
    entries: Vec<Entry>,
    total: u64,
}

struct Entry {
    limit: Limit,
    offender: Offender,
    requests: u64,
    last: Timestamp,
}

impl Exceeded {
    /// Ignores poisoning: a thread that panicked cannot have left these counts in an invalid state.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts and logs a request that exceeded a limit. [`REFUSALS`] limits the number of lines.
    pub(super) fn note(&self, limit: Limit, offender: Offender, now: Timestamp) {
        let line = REFUSALS.line(&offender.to_string(), limit.option());
        if let Some((client, limit)) = line {
            tracing::warn!(
                client,
                limit,
                "over a limit; until the minute ends, further requests are refused and uploaded \
                events dropped"
            );
        }
        let mut known = self.known();
        known.total += 1;
        let entries = &mut known.entries;
        let found = |entry: &&mut Entry| entry.limit == limit && entry.offender == offender;
        if let Some(entry) = entries.iter_mut().find(found) {
            entry.requests += 1;
            entry.last = now;
            return;
        }
        if entries.len() >= MOST {
            let oldest = entries.iter().enumerate().min_by_key(|(_, entry)| entry.last);
            if let Some(at) = oldest.map(|(at, _)| at) {
                entries.swap_remove(at);
            }
        }
        entries.push(Entry { limit, offender, requests: 1, last: now });
    }

    pub(super) fn total(&self) -> u64 {
        self.known().total
    }

    pub(super) fn list(&self) -> Vec<ExceededLimit> {
        let view = |entry: &Entry| ExceededLimit {
            limit: entry.limit.option().to_owned(),
            client: entry.offender.to_string(),
            requests: entry.requests,
            last: entry.last,
        };
        self.known().entries.iter().map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b4_clients_over_a_limit_are_listed_and_bounded() {
        let exceeded = Exceeded::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let host = |number: i64| Offender::Host(format!("H{number}").parse().unwrap());
        for second in 0..1_000 {
            exceeded.note(Limit::HostRequests, host(second), at(second));
            exceeded.note(Limit::NewHosts, Offender::Unknown, at(second));
        }
        let list = exceeded.list();
        assert_eq!((list.len(), exceeded.total()), (MOST, 2_000));
        let new_hosts = list.iter().find(|each| each.limit == "new-hosts-per-minute").unwrap();
        assert_eq!((new_hosts.requests, new_hosts.last), (1_000, at(999)));
        assert!(list.iter().any(|each| each.client == "host H999" && each.requests == 1));
    }
}
