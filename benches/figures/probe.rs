//! A client that sends the same small request again and again, and measures the response times.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::server::{connect, exchange};

const PAUSE: Duration = Duration::from_millis(1);

/// Requests `path` on one connection while `work` runs. Returns the result of `work` and the
/// response times, the longest last.
pub(crate) fn during<T>(
    address: SocketAddr,
    path: &str,
    work: impl FnOnce() -> T,
) -> (T, Vec<Duration>) {
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let client = threads.spawn(|| {
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
        // If the work panics, the client must stop, too.
        let result = std::panic::catch_unwind(AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        let result = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (result, client.join().unwrap())
    })
}
