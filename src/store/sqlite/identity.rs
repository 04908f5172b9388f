//! Identifies the open file, and checks whether the file is still at its path.
//!
//! SQLite keeps writing to a file that was deleted or replaced, and everything written then is lost
//! when the process ends. This module never opens the file, because closing another descriptor of the
//! file would drop the locks of this process.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::file_system::{FileId, file_id_at};
use crate::store::WriteFault;

pub(super) struct Identity {
    path: PathBuf,
    file: FileId,
    log_path: PathBuf,
    /// Identifies the write-ahead log. Set by the first check that finds a log, because the log may
    /// not exist when the file is opened.
    log: OnceLock<FileId>,
    /// Whether the last check failed.
    lost: AtomicBool,
}

impl Identity {
    /// The file that is now at `path`.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        // SQLite keeps the log next to the file that a link points to.
        let mut log_path = fs::canonicalize(&path)?.into_os_string();
        log_path.push("-wal");
        let file = file_id_at(&path)?;
        Ok(Self {
            path,
            file,
            log_path: log_path.into(),
            log: OnceLock::new(),
            lost: AtomicBool::new(false),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn log_path(&self) -> &Path {
        &self.log_path
    }

    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// The bytes of the file and of its log, if it has one.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        let log = fs::metadata(&self.log_path).map_or(0, |found| found.len());
        Ok(fs::metadata(&self.path)?.len() + log)
    }

    pub(super) fn is_in_place(&self) -> bool {
        file_id_at(&self.path).is_ok_and(|found| found == self.file)
    }

    /// Checks again if the last check failed, so that nothing is written to a file that was deleted
    /// or replaced.
    pub(super) fn recheck(&self) -> Result<(), WriteFault> {
        if self.lost.load(Ordering::Relaxed) { self.check() } else { Ok(()) }
    }

    /// Checks that the paths of the database and of its log still lead to the open files.
    pub(super) fn check(&self) -> Result<(), WriteFault> {
        let found = self.compare();
        self.lost.store(found.is_err(), Ordering::Relaxed);
        found
    }

    fn compare(&self) -> Result<(), WriteFault> {
        match file_id_at(&self.path) {
            Ok(found) if found == self.file => {}
            Ok(_) => return Err(WriteFault::FileReplaced),
            Err(_) => return Err(WriteFault::FileMissing),
        }
        match file_id_at(&self.log_path) {
            Ok(found) if *self.log.get_or_init(|| found) == found => Ok(()),
            Ok(_) | Err(_) => Err(WriteFault::LogMissing),
        }
    }
}
