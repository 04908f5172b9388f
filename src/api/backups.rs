//! The state of scheduled backups.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The backups that a server writes regularly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupStatus {
    /// The absolute path of the folder of the backups.
    pub folder: String,
    /// The newest backup in the folder at the latest attempt. Absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastBackup>,
    /// Why the latest attempt failed. Absent if it succeeded, or if there was none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When the latest attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// When the next attempt begins. Absent while one is in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
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
