//! Decides which connections are accepted, and for which requests.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::{AddressCounts, CountedConnection, Maxima};
use crate::server::client_address::TrustedProxies;

/// Minimum time between two warnings of the same kind.
const LOG_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Admission {
    proxies: Arc<TrustedProxies>,
    ordinary: Pool,
    reserved: Pool,
    /// Connections that were refused since the last warning about refused connections.
    refused: u64,
    refused_logged_at: Option<Instant>,
    full_logged_at: Option<Instant>,
}

struct Pool {
    places: Arc<Semaphore>,
    most: usize,
    counts: Arc<AddressCounts>,
}

/// Permission for one more connection.
pub(super) struct Place {
    permit: OwnedSemaphorePermit,
    reserved: bool,
}

/// An accepted connection. Its place is free again when this value is dropped.
pub(super) struct Admitted {
    /// Whether the connection is only for the admin API and health checks, because all ordinary
    /// connections were in use.
    pub(super) for_admins: bool,
    _permit: OwnedSemaphorePermit,
    /// None for a trusted proxy, because it opens connections for many clients.
    _counted: Option<CountedConnection>,
}

impl Pool {
    fn new(most: usize, from_one_address: usize) -> Self {
        let counts = Arc::new(AddressCounts::new(from_one_address));
        Self { places: Arc::new(Semaphore::new(most)), most, counts }
    }

    fn in_use(&self) -> usize {
        self.most - self.places.available_permits()
    }
}

impl Admission {
    pub(super) fn new(maxima: Maxima, proxies: Arc<TrustedProxies>) -> Self {
        let Maxima { ordinary, from_one_address, reserved, reserved_from_one_address } = maxima;
        Self {
            proxies,
            ordinary: Pool::new(ordinary, from_one_address),
            reserved: Pool::new(reserved, reserved_from_one_address),
            refused: 0,
            refused_logged_at: None,
            full_logged_at: None,
        }
    }

    /// Waits until another connection is allowed. Uses a reserved place only if no ordinary place
    /// is free.
    pub(super) async fn place(&self) -> Option<Place> {
        let (ordinary, reserved) =
            (Arc::clone(&self.ordinary.places), Arc::clone(&self.reserved.places));
        let (permit, reserved) = tokio::select! {
            biased;
            permit = ordinary.acquire_owned() => (permit, false),
            permit = reserved.acquire_owned() => (permit, true),
        };
        permit.ok().map(|permit| Place { permit, reserved })
    }

    /// Gives a place to a connection, unless its address has too many connections.
    pub(super) fn admit(&mut self, place: Place, address: IpAddr) -> Option<Admitted> {
        let Place { mut permit, mut reserved } = place;
        // An ordinary place may have become free since the reserved place was acquired.
        if reserved && let Ok(free) = Arc::clone(&self.ordinary.places).try_acquire_owned() {
            (permit, reserved) = (free, false);
        }
        if reserved && is_due(&mut self.full_logged_at) {
            let connections = self.ordinary.most;
            tracing::warn!(
                connections,
                "all ordinary connections are in use; only the admin API gets new ones"
            );
        }
        let pool = if reserved { &self.reserved } else { &self.ordinary };
        let counted = match self.proxies.trust(address) {
            true => None,
            false => match pool.counts.admit(address) {
                Some(counted) => Some(counted),
                None => {
                    self.refuse(address);
                    return None;
                }
            },
        };
        Some(Admitted { for_admins: reserved, _permit: permit, _counted: counted })
    }

    fn refuse(&mut self, address: IpAddr) {
        self.refused += 1;
        if is_due(&mut self.refused_logged_at) {
            let refused = self.refused;
            tracing::warn!(
                %address,
                refused,
                "closed a connection: its address has too many connections"
            );
            self.refused = 0;
        }
    }

    pub(super) fn in_use(&self) -> usize {
        self.ordinary.in_use() + self.reserved.in_use()
    }
}

/// Whether a warning may be logged again. If so, stores the current time in `logged_at`.
fn is_due(logged_at: &mut Option<Instant>) -> bool {
    let due = logged_at.is_none_or(|logged_at| logged_at.elapsed() >= LOG_EVERY);
    if due {
        *logged_at = Some(Instant::now());
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn b2_reserved_connections_are_used_last() {
        let maxima =
            Maxima { ordinary: 2, from_one_address: 9, reserved: 2, reserved_from_one_address: 1 };
        let mut admission = Admission::new(maxima, Arc::default());
        let address = |last| IpAddr::from([192, 0, 2, last]);
        let mut open = Vec::new();
        for (last, for_admins) in [(1, false), (1, false), (1, true)] {
            let place = admission.place().await.unwrap();
            let admitted = admission.admit(place, address(last)).unwrap();
            assert_eq!(admitted.for_admins, for_admins);
            open.push(admitted);
        }
        let place = admission.place().await.unwrap();
        assert!(admission.admit(place, address(1)).is_none(), "one address has one reserved place");
        let place = admission.place().await.unwrap();
        open.remove(0);
        let admitted = admission.admit(place, address(1)).unwrap();
        assert!(!admitted.for_admins, "an ordinary place became free in between");
        assert_eq!(admission.in_use(), 3);
    }
}
