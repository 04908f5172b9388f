//! Backups of SQLite databases. PostgreSQL has its own tools.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::rule::Revision;
use crate::store::sqlite;

/// A summary of a backup that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackedUp {
    pub revision: Revision,
    /// When the revision was created.
    pub at: Option<Timestamp>,
    pub hosts: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    pub backup: BackedUp,
    /// The new path of the replaced file, if a file was replaced.
    pub replaced: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("cannot back up {}: {reason}", .database.display())]
    Database {
        database: PathBuf,
        /// The problem.
        reason: String,
    },
    #[error("cannot back up {}: it is damaged: {damage}", .database.display())]
    Damaged {
        database: PathBuf,
        /// The problem.
        damage: String,
    },
    #[error("{} already exists", .0.display())]
    Exists(PathBuf),
    /// No partial file is left.
    #[error("cannot write {}: {reason}", .file.display())]
    Write {
        file: PathBuf,
        /// The problem.
        reason: String,
    },
}

/// An SQLite database that this process has open, and that it can back up while it uses it.
#[async_trait]
pub trait BackupSource: Send + Sync {
    /// The file of the database.
    fn database(&self) -> &Path;

    /// Writes a snapshot of the database into a new file, checks it, and makes it durable. Takes
    /// longer than [`backup`], so that other work is not delayed, and stops before a disk is full.
    /// If the future is dropped, no file is left.
    async fn back_up(&self, file: &Path, heartbeat: &Heartbeat) -> Result<BackedUp, BackupError>;
}

/// When a backup last made progress. A disk that does not respond blocks the thread of the backup
/// in the system, so nothing can stop it. Clones share the time.
#[derive(Clone, Debug)]
pub struct Heartbeat(Arc<Mutex<Instant>>);

impl Default for Heartbeat {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Heartbeat {
    pub fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The time since the last progress.
    pub fn age(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

/// Why a backup was not restored. The content of the database is unchanged, unless the last step
/// failed. That step makes the replacement durable.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is not a complete backup that this program can read.
    #[error("cannot restore {}: {reason}", .file.display())]
    Unusable {
        file: PathBuf,
        /// The problem.
        reason: String,
    },
    /// A server or a command has the database open.
    #[error("{} is in use; nothing was changed", .0.display())]
    InUse(PathBuf),
    /// The file at the database's path cannot be opened or is not a nicelist database.
    #[error("cannot replace {}: {reason}", .database.display())]
    Irreplaceable {
        database: PathBuf,
        /// The problem.
        reason: String,
    },
    #[error("cannot write {}: {reason}", .database.display())]
    Write {
        database: PathBuf,
        /// The problem.
        reason: String,
    },
}

/// Writes a snapshot of a database into a backup file, and checks it. A server may write to the
/// database at the same time.
///
/// # Errors
/// When the database cannot be read or is damaged, when the file cannot be written, or when
/// `replace` is false and the file or its SQLite log exists.
pub fn backup(database: &Path, file: &Path, replace: bool) -> Result<BackedUp, BackupError> {
    sqlite::backup::backup(database, file, replace)
}

/// Deletes what interrupted backups of a [`BackupSource`] left in a folder. Deletes only files for
/// backups whose names begin with `start`, because other servers may be writing to the same folder.
/// Returns the number of deleted files.
///
/// # Errors
/// When the folder cannot be read, or a file cannot be deleted.
pub fn delete_unfinished_backups(folder: &Path, start: &str) -> io::Result<usize> {
    sqlite::live_backup::delete_unfinished(folder, start)
}

/// Checks that a file is a backup that can be restored.
///
/// # Errors
/// When the file cannot be restored.
pub fn examine_backup(file: &Path) -> Result<BackedUp, RestoreError> {
    sqlite::restore::examine(file)
}

/// Replaces a database with the content of a backup, in a new epoch that begins at `now`. If a
/// database file exists, it is kept under another name.
///
/// # Errors
/// When the backup cannot be read or is damaged, or when the database is in use, is not nicelist's,
/// or cannot be written.
pub fn restore(database: &Path, file: &Path, now: Timestamp) -> Result<Restored, RestoreError> {
    sqlite::restore::restore(database, file, now)
}
