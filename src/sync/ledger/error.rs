//! Why a ledger cannot grow.

use crate::store::StoreError;

/// There are more versions of rules or more scopes than 31-bit numbers can refer to, or more texts
/// than 32-bit numbers can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many versions of rules to keep in memory")]
pub(in crate::sync) struct LedgerFull;

impl From<LedgerFull> for StoreError {
    fn from(full: LedgerFull) -> Self {
        Self::Database(full.to_string())
    }
}
