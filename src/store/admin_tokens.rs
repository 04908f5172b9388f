//! Which admin tokens must stay.

use jiff::{SignedDuration, Timestamp};

use super::StoreError;

/// An admin token that expires sooner does not replace a revoked one: soon, no one could administer
/// the server.
const LASTING: SignedDuration = SignedDuration::from_hours(24);

/// The times at which another admin token must work if this one is revoked, each with the refusal
/// if there is none.
pub(super) fn required(now: Timestamp, revoked: &str) -> [(Timestamp, StoreError); 2] {
    let later = now.checked_add(LASTING).unwrap_or(Timestamp::MAX);
    [
        (now, StoreError::LastAdminToken(revoked.to_owned())),
        (later, StoreError::LastLastingAdminToken(revoked.to_owned())),
    ]
}
