//! Restarts background tasks that end while the server runs.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::polls::POLLS;

/// How long to wait before a task that ended is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a task, and starts it again whenever it returns or panics. The panic hook has already
/// printed the location of a panic.
pub(super) async fn supervise<T: Future<Output = ()>>(name: &'static str, task: impl Fn() -> T) {
    let mut ended = 0_u64;
    loop {
        let panicked = AssertUnwindSafe(POLLS.measure(task())).catch_unwind().await.is_err();
        ended += 1;
        tracing::error!(
            task = name,
            panicked,
            ended,
            "a background task stopped unexpectedly; \
            restarting it"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn l7_a_task_that_panics_or_returns_is_started_again() {
        let (runs, third) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let task = || {
            let (runs, third) = (Arc::clone(&runs), Arc::clone(&third));
            async move {
                match runs.fetch_add(1, Ordering::SeqCst) {
                    0 => panic!("a bug in a task"),
                    1 => {}
                    _ => third.notify_one(),
                }
            }
        };
        tokio::select! {
            () = supervise("test", task) => unreachable!("it never ends"),
            () = third.notified() => {}
        }
        assert!(runs.load(Ordering::SeqCst) >= 3);
    }
}
