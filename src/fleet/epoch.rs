//! The epoch of a database. It changes, for example, when the database is restored from a backup,
//! because hosts may then have newer rules than the database shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A random ID. It is 0 in databases and rows that were created before epochs were introduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EpochId(pub u64);

impl EpochId {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    pub id: EpochId,
    /// None for the first epoch of a database.
    pub began: Option<Timestamp>,
}
