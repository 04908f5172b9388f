//! The epoch of a database: it changes whenever hosts may be ahead of what their rows say, because
//! the database was restored from a backup or copied.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The random ID of an epoch; 0 in databases that are older than epochs, and in their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EpochId(pub u64);

impl EpochId {
    /// Whether it is the ID of databases that are older than epochs.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

/// The epoch of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    pub id: EpochId,
    /// When it began; nothing if the database had no epoch before.
    pub began: Option<Timestamp>,
}
