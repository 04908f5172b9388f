//! Measures how long tasks occupy the threads that handle requests. Other requests wait for those
//! threads, so a task must not occupy a thread for long.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The longest poll of all servers in this process. The servers share one value because they share
/// the threads of the process.
pub(super) static POLLS: Polls = Polls::new();

pub(super) struct Polls {
    longest_nanos: AtomicU64,
}

impl Polls {
    const fn new() -> Self {
        Self { longest_nanos: AtomicU64::new(0) }
    }

    pub(super) async fn measure<T>(&self, task: impl Future<Output = T>) -> T {
        let mut task = pin!(task);
        poll_fn(|context| {
            let start = Instant::now();
            let polled = task.as_mut().poll(context);
            let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.longest_nanos.fetch_max(nanos, Ordering::Relaxed);
            polled
        })
        .await
    }

    /// The longest time, in microseconds, for which a task occupied its thread.
    pub(super) fn longest_micros(&self) -> u64 {
        self.longest_nanos.load(Ordering::Relaxed) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_longest_poll_counts_and_not_the_time_between_polls() {
        let polls = Polls::new();
        let wait = tokio::time::sleep(Duration::from_secs(1));
        polls.measure(wait).await;
        assert!(polls.longest_micros() < 1_000_000);

        polls.measure(async { sleep(Duration::from_millis(300)) }).await;
        assert!(polls.longest_micros() >= 300_000);
    }
}
