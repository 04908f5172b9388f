//! The state of scheduled backups.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The backups that a server writes regularly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupStatus {
    /// The folder of the backups.
    pub folder: String,
    /// The newest backup in the folder. Absent if there was none when the server started, and the
    /// server has not completed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastBackup>,
    /// Why the latest attempt failed. Absent if it succeeded, or if there was none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A complete backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastBackup {
    /// The name of the file.
    pub file: String,
    /// When the backup began.
    pub at: Timestamp,
    /// The size of the file.
    pub bytes: u64,
}
