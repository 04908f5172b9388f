//! The last table of docs/BENCHMARKS.md: each limit, the measured value, and whether it is within
//! the limit.

use std::sync::{Mutex, PoisonError};

struct Limit {
    promise: String,
    measured: String,
    is_met: bool,
}

static LIMITS: Mutex<Vec<Limit>> = Mutex::new(Vec::new());

pub(crate) fn record(promise: impl Into<String>, measured: impl Into<String>, is_met: bool) {
    let limit = Limit { promise: promise.into(), measured: measured.into(), is_met };
    LIMITS.lock().unwrap_or_else(PoisonError::into_inner).push(limit);
}

pub(crate) fn report() {
    println!("## Bounds\n");
    println!("| bound | measured | |\n|---|---|---|");
    for Limit { promise, measured, is_met } in
        &*LIMITS.lock().unwrap_or_else(PoisonError::into_inner)
    {
        println!("| {promise} | {measured} | {} |", if *is_met { "held" } else { "**missed**" });
    }
}
