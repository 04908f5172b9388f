//! Bodies of requests. All bodies in flight share one memory budget.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use http_body_util::{BodyExt, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory for all bodies in flight, in bytes. The budget is larger if [`LARGEST_AT_ONCE`] host
/// bodies of the maximum size need more.
const BUDGET: usize = 256 * 1024 * 1024;
/// The budget has room for at least this number of host bodies of the maximum size.
const LARGEST_AT_ONCE: usize = 4;
/// Bytes of one unit of the budget.
const UNIT: usize = 1024;
/// Maximum time between two pieces of a body.
const PIECE_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    /// The budget has no room for the body.
    NoRoom,
    /// No byte arrived within [`PIECE_DEADLINE`].
    Stalled,
    /// The body could not be read to its end.
    CutOff,
}

pub(super) struct Budget {
    units: Arc<Semaphore>,
    /// The number of units that are free while no body is in flight.
    limit: usize,
    /// Permits to decompress and parse long bodies from hosts: one for every two cores, but at
    /// least one.
    turns: Arc<Semaphore>,
    /// Permits for long bodies of editors and admins.
    changing: Arc<Semaphore>,
    /// Permits for long bodies of all other roles. These permits are separate, so that the dry runs
    /// of these roles do not delay real changes.
    trying: Arc<Semaphore>,
}

impl Budget {
    pub(super) fn new(largest_host_body: usize) -> Self {
        let bytes = BUDGET.max(largest_host_body.saturating_mul(LARGEST_AT_ONCE));
        let limit = (bytes / UNIT).min(Semaphore::MAX_PERMITS);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = || Arc::new(Semaphore::new((cores / 2).max(1)));
        let units = Arc::new(Semaphore::new(limit));
        Self { units, limit, turns: turns(), changing: turns(), trying: turns() }
    }

    /// The bytes that bodies in flight use, and the size of the budget.
    pub(super) fn usage(&self) -> (usize, usize) {
        let used = self.limit.saturating_sub(self.units.available_permits());
        (used * UNIT, self.limit * UNIT)
    }

    pub(super) fn share(&self) -> Share {
        Share { units: Arc::clone(&self.units), held: None, bytes: 0, turn: None }
    }

    /// Waits for a turn to process a long body from a host.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }
}

/// The memory and the turn of one request. Both are returned when the share is dropped.
pub(super) struct Share {
    units: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    bytes: usize,
    turn: Option<OwnedSemaphorePermit>,
}

impl Share {
    pub(super) async fn wait_for_turn(&mut self, budget: &Budget, may_change: bool) {
        let turns = if may_change { &budget.changing } else { &budget.trying };
        self.turn = Arc::clone(turns).acquire_owned().await.ok();
    }

    pub(super) fn grow(&mut self, more: usize) -> Result<(), Unread> {
        let bytes = self.bytes.saturating_add(more);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.div_ceil(UNIT).saturating_sub(held);
        if missing > 0 {
            let missing = u32::try_from(missing).map_err(|_| Unread::NoRoom)?;
            let units = Arc::clone(&self.units).try_acquire_many_owned(missing);
            let units = units.map_err(|_| Unread::NoRoom)?;
            match &mut self.held {
                Some(held) => held.merge(units),
                none => *none = Some(units),
            }
        }
        self.bytes = bytes;
        Ok(())
    }

    pub(super) fn shrink(&mut self, less: usize) {
        self.bytes = self.bytes.saturating_sub(less);
        if let Some(held) = &mut self.held {
            let spare = held.num_permits().saturating_sub(self.bytes.div_ceil(UNIT));
            drop(held.split(spare));
        }
    }
}

/// Reads a body of at most `limit` bytes. Memory is reserved from the budget before it is
/// allocated, so that all bodies together stay within the budget.
pub(super) async fn read(
    mut body: Body,
    limit: usize,
    share: &mut Share,
) -> Result<Vec<u8>, Unread> {
    let mut read = Vec::new();
    loop {
        let frame = tokio::time::timeout(PIECE_DEADLINE, body.frame()).await;
        let Some(frame) = frame.map_err(|_| Unread::Stalled)? else { return Ok(read) };
        let Ok(piece) = frame.map_err(|_| Unread::CutOff)?.into_data() else { continue };
        let length = read.len() + piece.len();
        if length > limit {
            return Err(Unread::TooLarge);
        }
        if length > read.capacity() {
            let wanted = length.max(read.capacity() * 2).min(limit);
            share.grow(wanted - read.capacity())?;
            read.reserve_exact(wanted - read.len());
        }
        read.extend_from_slice(&piece);
    }
}

/// Reads and discards a body, but at most `limit` bytes. A client that gets a response before it
/// has sent its whole body may report a failure.
pub(super) async fn discard(body: Body, limit: usize) {
    let mut body = Limited::new(body, limit);
    while let Some(Ok(_)) = body.frame().await {}
}

/// Keeps the share of an admin request until the request is finished.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Mutex<Vec<Share>>>);

impl Held {
    pub(super) fn keep(&self, share: Share) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(share);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::Budget;

    #[test]
    fn s1_requests_that_only_try_a_change_hold_up_none_that_makes_one() {
        let budget = Budget::new(0);
        let with_turn = |may_change| {
            let mut share = budget.share();
            share.wait_for_turn(&budget, may_change).now_or_never().map(|()| share)
        };
        let mut trying: Vec<_> = std::iter::from_fn(|| with_turn(false)).collect();
        assert!(with_turn(true).is_some());
        trying.pop();
        assert!(with_turn(false).is_some());
    }
}
