//! Keeps administrators from revoking the last admin token.

use jiff::{SignedDuration, Timestamp};

use super::StoreError;

/// An admin token that expires sooner than this does not replace a revoked one, because soon no one
/// could administer the server.
const LASTING: SignedDuration = SignedDuration::from_hours(24);

/// The times at which another admin token must be valid if this one is revoked, each with the error
/// if none is.
pub(super) fn required(now: Timestamp, revoked: &str) -> [(Timestamp, StoreError); 2] {
    let later = now.checked_add(LASTING).unwrap_or(Timestamp::MAX);
    [
        (now, StoreError::LastAdminToken(revoked.to_owned())),
        (later, StoreError::LastLastingAdminToken(revoked.to_owned())),
    ]
}
