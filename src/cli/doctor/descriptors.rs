//! Checks the limit on file descriptors, which limits the connections of a server.

use super::CheckResult;

#[cfg(unix)]
const CHECK: &str = "descriptors";
/// With fewer descriptors, a server with many hosts refuses connections.
#[cfg(unix)]
const ENOUGH: u64 = 16 * 1024 + 256;
/// With fewer descriptors, a small fleet that syncs at the same time waits for connections.
#[cfg(unix)]
const FEW: u64 = 1024;

/// A server raises the soft limit to the hard limit, so only the hard limit counts.
#[cfg(unix)]
pub(super) fn limit() -> Option<CheckResult> {
    use nix::sys::resource::{Resource, getrlimit};
    let hard = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) => hard,
        Err(error) => {
            let found = format!("cannot read the limit on file descriptors: {error}");
            return Some(CheckResult::skipped(CHECK, found));
        }
    };
    if hard >= ENOUGH {
        return Some(CheckResult::ok(CHECK, "enough for 16,384 connections"));
    }
    let found = format!(
        "the limit on file descriptors is {hard}; a server uses up to {ENOUGH} for its connections"
    );
    let result = match hard < FEW {
        true => CheckResult::problem(CHECK, found),
        false => CheckResult::warning(CHECK, found),
    };
    Some(result.fix("set LimitNOFILE=65536 in the systemd unit, or run: ulimit -n 65536"))
}

/// Windows has no limit on file descriptors.
#[cfg(not(unix))]
pub(super) const fn limit() -> Option<CheckResult> {
    None
}
