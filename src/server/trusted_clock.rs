//! The server's clock, and whether it can be trusted.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::api::Reason;
use crate::fleet::{Clock, ClockGuard, ClockJump};
use crate::store::{Store, StoreResult};

/// A clock, and the guard that detects when it jumps.
pub(super) struct TrustedClock {
    clock: Clock,
    guard: Mutex<ClockGuard>,
}

impl TrustedClock {
    /// Compares the clock with the newest time in a database.
    pub(super) async fn open(
        store: &dyn Store,
        clock: Clock,
        gap: SignedDuration,
    ) -> StoreResult<Self> {
        let guard = Mutex::new(ClockGuard::new(&clock, store.newest_time().await?, gap));
        Ok(Self { clock, guard })
    }

    /// The time that decides whether a token has expired: the later of the clock's time and the
    /// expected time. Otherwise, expired tokens would be valid again after the clock is set back.
    pub(super) fn now_for_tokens(&self) -> Timestamp {
        let guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.now().max(guard.expected(&self.clock))
    }

    /// Whether rules may expire, and old events and history may be deleted. False after a jump of
    /// the clock.
    pub(super) fn is_trusted(&self) -> bool {
        self.jump().is_none()
    }

    fn jump(&self) -> Option<ClockJump> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner).jump(&self.clock)
    }

    /// Checks the clock. After a jump, the clock is trusted again if it is close to the expected
    /// time, or to the time that an administrator or another server stored in the database.
    pub(super) async fn observe(&self, store: &dyn Store) -> StoreResult<()> {
        let guard = || self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let jumped = guard().observe(&self.clock).is_some();
        if jumped && let Some(noted) = store.noted_time().await? {
            guard().confirm(&self.clock, noted);
        }
        Ok(())
    }

    /// Trusts the current time, and stores it for all servers.
    pub(super) async fn accept(&self, store: &dyn Store) -> StoreResult<()> {
        store.note_time(self.clock.now()).await?;
        self.guard.lock().unwrap_or_else(PoisonError::into_inner).accept(&self.clock);
        Ok(())
    }

    pub(super) async fn note(&self, store: &dyn Store) -> StoreResult<()> {
        if self.is_trusted() { store.note_time(self.clock.now()).await } else { Ok(()) }
    }

    pub(super) fn warning(&self) -> Option<Reason> {
        self.jump().map(|ClockJump { wall, expected }| {
            let message = format!(
                "the clock shows {wall:.0}, but about {expected:.0} was expected; no rule expires \
                and no event or history is deleted until the clock is corrected or accepted: \
                nicelist database accept-clock"
            );
            Reason::new("clock-jumped", message)
        })
    }
}
