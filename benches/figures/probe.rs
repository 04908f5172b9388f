//! Someone who keeps asking a server the same small question, and how long the answers take.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::server::{connect, exchange};

/// Between an answer and the next question.
const PAUSE: Duration = Duration::from_millis(1);

/// Asks for `path` on one connection while `work` runs. Gives the result of the work and the time
/// of each answer, the longest last.
pub(crate) fn during<T>(
    address: SocketAddr,
    path: &str,
    work: impl FnOnce() -> T,
) -> (T, Vec<Duration>) {
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let asking = threads.spawn(|| {
            let (mut stream, mut times) = (connect(address), Vec::new());
            while !done.load(Ordering::Relaxed) {
                let start = Instant::now();
                exchange(&mut stream, "GET", path, "", "");
                times.push(start.elapsed());
                std::thread::sleep(PAUSE);
            }
            times.sort_unstable();
            times
        });
        // Even if the work panics, or the question would be asked for ever.
        let result = std::panic::catch_unwind(AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        let result = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (result, asking.join().unwrap())
    })
}
