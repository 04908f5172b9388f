//! Prevents the revocation of the last admin token.

use jiff::{SignedDuration, Timestamp};

use super::StoreError;

/// The last admin token that is valid for longer than this cannot be revoked. Otherwise, no one
/// could administer the server once the other admin tokens expire.
const LASTING: SignedDuration = SignedDuration::from_hours(24);

/// The times at which the token `revoked` must not be the only valid admin token. Each time has the
/// error to return if `revoked` is the only one.
pub(super) fn required(now: Timestamp, revoked: &str) -> [(Timestamp, StoreError); 2] {
    let later = now.checked_add(LASTING).unwrap_or(Timestamp::MAX);
    [
        (now, StoreError::LastAdminToken(revoked.to_owned())),
        (later, StoreError::LastLastingAdminToken(revoked.to_owned())),
    ]
}
