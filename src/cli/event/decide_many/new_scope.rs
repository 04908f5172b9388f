//! The scope of rules for several programs.

use crate::api::WaitingHost;
use crate::rule::Scope;

/// The hosts that new rules apply to.
pub(super) enum NewScope {
    /// One scope for all rules.
    Shared(Scope),
    /// Each host on which the program is pending.
    EachHost,
}

impl NewScope {
    pub(super) fn covers(&self, host: &WaitingHost) -> bool {
        match self {
            Self::EachHost => true,
            Self::Shared(scope) => host.scopes.contains(scope),
        }
    }
}
