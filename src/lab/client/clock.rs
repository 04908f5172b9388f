//! The clock of a client.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// A clock that starts at zero. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Machine(Instant),
    Manual(watch::Sender<Duration>),
}

impl Default for Clock {
    fn default() -> Self {
        Self::machine()
    }
}

impl Clock {
    pub fn machine() -> Self {
        Self(Kind::Machine(Instant::now()))
    }

    /// A clock that only [`advance`](Self::advance) changes.
    pub fn manual() -> Self {
        Self(Kind::Manual(watch::Sender::new(Duration::ZERO)))
    }

    pub fn now(&self) -> Duration {
        match &self.0 {
            Kind::Machine(start) => start.elapsed(),
            Kind::Manual(now) => *now.borrow(),
        }
    }

    /// Advances a manual clock. Has no effect on a [`machine`](Self::machine) clock.
    pub fn advance(&self, time: Duration) {
        match &self.0 {
            Kind::Machine(_) => {}
            Kind::Manual(now) => now.send_modify(|now| *now += time),
        }
    }

    pub async fn sleep_until(&self, then: Duration) {
        match &self.0 {
            Kind::Machine(start) => {
                if start.elapsed() < then {
                    tokio::time::sleep_until((*start + then).into()).await;
                }
            }
            Kind::Manual(now) => {
                // This clock has a sender, so `wait_for` does not fail.
                drop(now.subscribe().wait_for(|now| *now >= then).await);
            }
        }
    }

    pub async fn sleep(&self, time: Duration) {
        self.sleep_until(self.now() + time).await;
    }

    /// Returns `None` if the time limit expires first.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = self.sleep(limit) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_those_who_waited_long_enough() {
        let clock = Clock::manual();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
        assert_eq!(clock.now(), Duration::from_secs(60));
    }

    #[tokio::test]
    async fn a_future_that_is_ready_is_not_timed_out() {
        let clock = Clock::manual();
        assert_eq!(clock.within(Duration::ZERO, async { 7 }).await, Some(7));
        assert_eq!(clock.within(Duration::ZERO, std::future::pending::<()>()).await, None);
    }
}
