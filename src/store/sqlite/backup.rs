//! Backups. A backup is a file with a snapshot of the whole database.

use std::fs;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::{Builder, NamedTempFile};

use super::check;
use super::file_system::{file_id_at, sync_folder};
use super::open::{self, ConnectionUse, Log};
use crate::rule::Revision;
use crate::store::EMPTY;
use crate::store::maintenance::{BackedUp, BackupError};

pub(in crate::store) fn backup(
    database: &Path,
    file: &Path,
    replace: bool,
) -> Result<BackedUp, BackupError> {
    let unread = |reason| BackupError::Database { database: database.to_owned(), reason };
    let unwritten = |error: io::Error| {
        let reason = error.to_string();
        BackupError::Write { file: file.to_owned(), reason }
    };
    let log = readable(database).map_err(unread)?;
    if is_same(database, file) {
        return Err(unwritten(io::Error::other("it is the database itself; use another file")));
    }
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => {
            return Err(unwritten(io::Error::other("it is a folder; use a file")));
        }
        Ok(found) if !found.is_file() => {
            return Err(unwritten(io::Error::other("it is a device or a pipe; use a file")));
        }
        Ok(_) | Err(_) => {}
    }
    let exists = iter::once(file.to_owned()).chain(logs(file)).find(|file| file.exists());
    if let Some(exists) = exists.filter(|_| !replace) {
        return Err(BackupError::Exists(exists));
    }
    if !folder(file).is_dir() {
        return Err(unwritten(io::Error::other("its folder does not exist")));
    }
    let copy = next_to(file).map_err(unwritten)?;
    copy_into(database, log, copy.path()).map_err(|error| match error {
        CopyError::Read(reason) => unread(reason),
        CopyError::Write(error) => unwritten(error),
    })?;
    let backed_up = contents(copy.path()).map_err(|error| match error {
        ContentsError::Unreadable(reason) => unread(reason),
        ContentsError::Damaged(damage) => {
            BackupError::Damaged { database: database.to_owned(), damage }
        }
    })?;
    copy.as_file().sync_all().map_err(unwritten)?;
    for log in logs(file) {
        match fs::remove_file(log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritten(error)),
            Ok(()) | Err(_) => {}
        }
    }
    if replace {
        copy.persist(file).map_err(|error| unwritten(error.error))?;
    } else {
        copy.persist_noclobber(file).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
            _ => unwritten(error.error),
        })?;
    }
    sync_folder(folder(file)).map_err(unwritten)?;
    Ok(backed_up)
}

/// The files that SQLite keeps next to a database. If only the database were replaced, SQLite could
/// apply the old files to the new database.
pub(super) fn logs(database: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", "-journal"].map(|end| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        name.into()
    })
}

/// Finds out how to read the database at a path. Fails if nicelist cannot use it, for example
/// because it is empty or has a newer schema.
pub(super) fn readable(path: &Path) -> Result<Log, String> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err("it is a folder; use a file".to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err("the file does not exist; check the path".to_owned());
        }
        Err(error) => return Err(error.to_string()),
    }
    match open::examine(path)? {
        (_, 0) => Err(EMPTY.to_owned()),
        (log, _) => Ok(log),
    }
}

/// Creates an empty file next to `file`. On Unix, only the owner can read the new file. The new
/// file is deleted when the result is dropped, unless it has replaced `file`.
pub(super) fn next_to(file: &Path) -> io::Result<NamedTempFile> {
    Builder::new().prefix(".nicelist-").suffix(".unfinished").tempfile_in(folder(file))
}

pub(super) fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether two paths lead to the same file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    file_id_at(one).is_ok_and(|found| file_id_at(other).is_ok_and(|other| other == found))
}

pub(super) enum CopyError {
    Read(String),
    Write(io::Error),
}

/// Copies a snapshot of a database into an empty file.
pub(super) fn copy_into(from: &Path, log: Log, to: &Path) -> Result<(), CopyError> {
    copy_with(from, log, to, |_| Ok(()))
}

/// Like [`copy_into`], with a connection that `prepare` has prepared.
pub(super) fn copy_with(
    from: &Path,
    log: Log,
    to: &Path,
    prepare: impl FnOnce(&mut Connection) -> rusqlite::Result<()>,
) -> Result<(), CopyError> {
    let read = |error| CopyError::Read(open::reason(error));
    let mut connection = open::connect(from, ConnectionUse::ReadOnly(log)).map_err(read)?;
    prepare(&mut connection).map_err(read)?;
    let Some(target) = to.to_str() else {
        return Err(CopyError::Write(io::Error::other("its path is not UTF-8")));
    };
    // `VACUUM INTO` writes only the target file, so `query_only` may be off.
    connection.pragma_update(None, "query_only", false).map_err(read)?;
    connection.execute("VACUUM INTO ?", [target]).map(drop).map_err(|error| {
        match super::health::fault_of(&error) {
            Some(fault) => CopyError::Write(io::Error::other(fault.to_string())),
            None => read(error),
        }
    })
}

/// Why the check of a file's content failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContentsError {
    #[error("{0}")]
    Unreadable(String),
    /// The file's content differs from what nicelist wrote.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

/// Checks a copy. Returns a summary of its content.
pub(super) fn contents(file: &Path) -> Result<BackedUp, ContentsError> {
    let connection = open::connect(file, ConnectionUse::Read);
    contents_of(connection.map_err(unreadable)?, file)
}

/// Checks an open file. Returns a summary of its content.
pub(super) fn contents_of(
    mut connection: Connection,
    file: &Path,
) -> Result<BackedUp, ContentsError> {
    let version = open::header(&mut connection).map_err(ContentsError::Unreadable)?;
    match check::all_of(&connection, version) {
        Ok(None) => summary(&connection, file).map_err(unreadable),
        Ok(Some(damage)) => Err(ContentsError::Damaged(damage)),
        Err(error) => Err(ContentsError::Unreadable(error.to_string())),
    }
}

fn unreadable(error: rusqlite::Error) -> ContentsError {
    ContentsError::Unreadable(open::reason(error))
}

fn summary(on: &Connection, file: &Path) -> rusqlite::Result<BackedUp> {
    let newest = "SELECT coalesce(max(id), 0), max(at) FROM revision";
    let (revision, at): (i64, Option<i64>) =
        on.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let hosts: i64 = on.query_one("SELECT count(*) FROM host", [], |row| row.get(0))?;
    Ok(BackedUp {
        revision: Revision(u64::try_from(revision).unwrap_or(0)),
        at: at.and_then(|at| Timestamp::from_millisecond(at).ok()),
        hosts: u64::try_from(hosts).unwrap_or(0),
        bytes: fs::metadata(file).map_or(0, |found| found.len()),
    })
}
