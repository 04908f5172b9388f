//! Bounds: what is promised, what it came to, and whether that is held.

use std::sync::{Mutex, PoisonError};

struct Judged {
    promise: String,
    measured: String,
    held: bool,
}

static JUDGED: Mutex<Vec<Judged>> = Mutex::new(Vec::new());

/// Notes what a promise came to.
pub(crate) fn judge(promise: impl Into<String>, measured: impl Into<String>, held: bool) {
    let judged = Judged { promise: promise.into(), measured: measured.into(), held };
    JUDGED.lock().unwrap_or_else(PoisonError::into_inner).push(judged);
}

/// The table of all promises so far.
pub(crate) fn report() {
    println!("## Bounds\n");
    println!("| promised | measured | |\n|---|---|---|");
    for Judged { promise, measured, held } in
        &*JUDGED.lock().unwrap_or_else(PoisonError::into_inner)
    {
        println!("| {promise} | {measured} | {} |", if *held { "held" } else { "**missed**" });
    }
}
