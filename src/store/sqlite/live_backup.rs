//! Backups that a server writes while it uses the database.
//!
//! A copy reads one snapshot, so that it is completed no matter how much is written. Until the end of
//! the copy, the pages that are written stay in the write-ahead log. So the writer must not do the
//! next checkpoint: all writes would wait until the whole log is in the database. The thread of the
//! backup does this checkpoint, and writes continue at the same time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tempfile::{Builder, NamedTempFile};

use super::Sqlite;
use super::backup::{ContentsError, CopyError, contents_of, copy_with, folder, readable};
use super::file_system::sync_folder;
use super::open::{self, ConnectionUse};
use super::pace::Pace;
use super::writer::{CommitSharing, WriteResult};
use crate::store::maintenance::{BackedUp, BackupError, BackupSource, Heartbeat};
use crate::store::{StoreError, StoreResult};

/// The end of the name of an unfinished backup.
const ENDING: &str = ".unfinished";

/// SQLite's default: after a commit, the writer does a checkpoint if the log has more pages.
const CHECKPOINT_PAGES: i64 = 1000;
/// How often to try a checkpoint until the log is short. A reader with an old snapshot can prevent
/// it for some time.
const CHECKPOINTS: u32 = 100;
/// How long to wait between two checkpoints.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(100);
/// How long to wait before the writer is requested again to do its own checkpoints.
const RESUME_PAUSE: Duration = Duration::from_secs(1);

#[async_trait]
impl BackupSource for Sqlite {
    fn database(&self) -> &Path {
        self.identity.path()
    }

    async fn back_up(&self, file: &Path, heartbeat: &Heartbeat) -> Result<BackedUp, BackupError> {
        let database = self.database().to_owned();
        let failed = |error: StoreError| BackupError::Database {
            database: database.clone(),
            reason: error.to_string(),
        };
        self.identity.check().map_err(|fault| failed(StoreError::Unwritable(fault)))?;
        let job = Job {
            database: database.clone(),
            file: file.to_owned(),
            pace: Pace::new(
                [folder(file).to_owned(), self.identity.folder().to_owned()],
                &database,
                self.identity.log_path(),
                heartbeat.clone(),
            ),
            heartbeat: heartbeat.clone(),
        };
        // When a server shuts down, it drops this future and then waits for the threads.
        let _stopped = job.pace.stop_on_drop();
        self.set_checkpoints(0).await.map_err(failed)?;
        let copying = tokio::task::spawn_blocking(move || {
            let copy = job.copy();
            job.checkpoint();
            (job, copy)
        });
        let copied = copying.await;
        self.resume_checkpoints().await;
        let (job, copy) = copied.map_err(|error| failed(panicked(&error)))?;
        let copy = copy?;
        let finishing = tokio::task::spawn_blocking(move || job.finish(copy));
        finishing.await.map_err(|error| failed(panicked(&error)))?
    }
}

fn panicked(error: &tokio::task::JoinError) -> StoreError {
    StoreError::Database(error.to_string())
}

impl Sqlite {
    /// Sets after how many pages in the log the writer does a checkpoint; 0 for never.
    async fn set_checkpoints(&self, pages: i64) -> StoreResult<()> {
        let set = move |on: &Connection| {
            on.pragma_update(None, "wal_autocheckpoint", pages)?;
            Ok(WriteResult::Discard(()))
        };
        self.writer.write(CommitSharing::Alone, set).await
    }

    /// Tries until it succeeds. Otherwise, the log would grow until the next backup.
    async fn resume_checkpoints(&self) {
        while let Err(error) = self.set_checkpoints(CHECKPOINT_PAGES).await {
            tracing::debug!(%error, "cannot resume checkpoints; trying again");
            tokio::time::sleep(RESUME_PAUSE).await;
        }
    }
}

struct Job {
    database: PathBuf,
    file: PathBuf,
    pace: Pace,
    heartbeat: Heartbeat,
}

impl Job {
    /// Copies a snapshot into an unfinished file.
    fn copy(&self) -> Result<NamedTempFile, BackupError> {
        let folder = folder(&self.file);
        if !folder.is_dir() {
            return Err(self.unwritten("the folder does not exist"));
        }
        self.pace.check_room().map_err(|fault| self.unwritten(fault))?;
        let log = readable(&self.database).map_err(|reason| self.unread(reason))?;
        let copy =
            Builder::new().prefix(&unfinished(&self.file)).suffix(ENDING).tempfile_in(folder);
        // The error itself contains the random name of the file.
        let copy = copy.map_err(|error| self.unwritten(error.kind()))?;
        let written = copy.as_file().try_clone().map_err(|error| self.unwritten(error))?;
        let prepare = |on: &mut Connection| self.pace.apply(on, Some(written));
        match copy_with(&self.database, log, copy.path(), prepare) {
            Ok(()) => Ok(copy),
            Err(CopyError::Read(reason)) => Err(self.stopped(reason)),
            Err(CopyError::Write(error)) => Err(self.unwritten(error)),
        }
    }

    /// Writes the log into the database until the rest is so short that the writer may do it.
    fn checkpoint(&self) {
        for _ in 0..CHECKPOINTS {
            self.heartbeat.beat();
            match self.remaining_pages() {
                Ok(pages) if pages > CHECKPOINT_PAGES && !self.pace.is_stopped() => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, "cannot checkpoint after a backup");
                    return;
                }
            }
            thread::sleep(CHECKPOINT_PAUSE);
        }
    }

    /// Does a checkpoint that waits for no one and for which no one waits. Returns how many pages of
    /// the log are not in the database.
    fn remaining_pages(&self) -> rusqlite::Result<i64> {
        let connection = open::connect(&self.database, ConnectionUse::Read)?;
        connection.query_one("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            let (pages, done): (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok(pages - done)
        })
    }

    /// Checks a copy, makes it durable, and gives it its name.
    fn finish(&self, copy: NamedTempFile) -> Result<BackedUp, BackupError> {
        let opened = open::connect(copy.path(), ConnectionUse::Read);
        let mut connection = opened.map_err(|error| self.unread(open::reason(error)))?;
        let paced = self.pace.apply(&mut connection, None);
        paced.map_err(|error| self.unread(open::reason(error)))?;
        let backed_up = contents_of(connection, copy.path()).map_err(|error| match error {
            ContentsError::Unreadable(reason) => self.stopped(reason),
            ContentsError::Damaged(damage) => {
                BackupError::Damaged { database: self.database.clone(), damage }
            }
        })?;
        copy.as_file().sync_all().map_err(|error| self.unwritten(error))?;
        copy.persist_noclobber(&self.file).map_err(|error| self.unwritten(error.error))?;
        sync_folder(folder(&self.file)).map_err(|error| self.unwritten(error))?;
        Ok(backed_up)
    }

    /// Why a query did not finish: because of the disks, or for another reason.
    fn stopped(&self, reason: String) -> BackupError {
        match self.pace.fault() {
            Some(fault) => self.unwritten(fault),
            None => self.unread(reason),
        }
    }

    fn unread(&self, reason: String) -> BackupError {
        BackupError::Database { database: self.database.clone(), reason }
    }

    fn unwritten(&self, reason: impl ToString) -> BackupError {
        BackupError::Write { file: self.file.clone(), reason: reason.to_string() }
    }
}

/// The beginning of the name of an unfinished backup.
fn unfinished(file: &Path) -> String {
    format!(".{}.", file.file_name().unwrap_or_default().display())
}

pub(in crate::store) fn delete_unfinished(folder: &Path, start: &str) -> io::Result<usize> {
    let start = format!(".{start}");
    let mut deleted = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // SQLite adds endings to the names of its own files.
        let is_unfinished = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(&start) && name.contains(ENDING));
        if is_unfinished && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
            deleted += 1;
        }
    }
    Ok(deleted)
}
