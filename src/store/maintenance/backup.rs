//! Backups of SQLite databases. PostgreSQL has its own tools.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::rule::Revision;
use crate::store::sqlite;

/// The content of a backup that was written and checked, or that was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// The newest revision of rules in it.
    pub revision: Revision,
    /// When that revision was created.
    pub at: Option<Timestamp>,
    /// How many hosts it has.
    pub hosts: u64,
    /// The size of the backup in bytes.
    pub bytes: u64,
}

/// A database that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What it contains now.
    pub backup: BackedUp,
    /// The new path of the file that was replaced, if there was one.
    pub replaced: Option<PathBuf>,
}

/// Why a database was not backed up.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be read.
    #[error("cannot back up {}: {reason}", .database.display())]
    Database {
        /// The file of the database.
        database: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The database is damaged, so a backup of it would be damaged, too.
    #[error("cannot back up {}: it is damaged: {damage}", .database.display())]
    Damaged {
        /// The file of the database.
        database: PathBuf,
        /// What is wrong.
        damage: String,
    },
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// The backup cannot be written. No part of it is left.
    #[error("cannot write {}: {reason}", .file.display())]
    Write {
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Why a backup was not restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is not a whole backup that this program can read.
    #[error("cannot restore {}: {reason}", .file.display())]
    Unusable {
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A server or a command has the database open.
    #[error("{} is in use; nothing was changed", .0.display())]
    InUse(PathBuf),
    /// The file at the database's path is not a nicelist database, or is damaged beyond
    /// recognition.
    #[error("cannot replace {}: {reason}", .database.display())]
    Irreplaceable {
        /// The file at the database's path.
        database: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The database cannot be written.
    #[error("cannot write {}: {reason}", .database.display())]
    Write {
        /// The file of the backup.
        database: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Writes a backup of a snapshot of a database, and checks it. A server may write at the same time.
///
/// # Errors
/// When the database cannot be read or is damaged, or the file exists and is not to be replaced.
pub fn backup(database: &Path, file: &Path, replace: bool) -> Result<BackedUp, BackupError> {
    sqlite::backup::backup(database, file, replace)
}

/// Checks that a file is a backup that can be restored.
///
/// # Errors
/// When the file is not such a backup.
pub fn examine_backup(file: &Path) -> Result<BackedUp, RestoreError> {
    sqlite::restore::examine(file)
}

/// Puts the content of a backup in the place of a database, in a new epoch that begins `now`. The
/// previous file stays, under another name.
///
/// # Errors
/// When the backup cannot be restored, or the database is in use. Then nothing is changed.
pub fn restore(database: &Path, file: &Path, now: Timestamp) -> Result<Restored, RestoreError> {
    sqlite::restore::restore(database, file, now)
}
