//! Checks whether the database can be written to. Also reads its size, and stores and reads the
//! newest known time.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, ffi};

use super::codes;
use super::file_system::disk_free;
use super::identity::Identity;
use super::writer::{CommitSharing, WriteResult, Writer};
use crate::store::{DatabaseSize, Health, StoreError, StoreResult, WriteFault};

/// A write that succeeded within this time proves that the database can be written to. If a write
/// has been in progress for longer than this, no other write is attempted as proof.
const RECENT: Duration = Duration::from_secs(1);
/// How long to wait for the write that proves that the database can be written to.
const PATIENCE: Duration = Duration::from_secs(1);
/// A transaction that takes longer than this counts as stuck.
const LONGEST_WRITE: Duration = Duration::from_secs(30);

/// Why the database cannot be written to, if the error shows it.
pub(super) fn fault(error: &ffi::Error) -> Option<WriteFault> {
    match error.code {
        ErrorCode::DiskFull => Some(WriteFault::DiskFull),
        ErrorCode::ReadOnly => Some(match error.extended_code {
            ffi::SQLITE_READONLY_DBMOVED => WriteFault::FileMissing,
            _ => WriteFault::Protected,
        }),
        ErrorCode::SystemIoFailure => match error.extended_code {
            ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE
            | ffi::SQLITE_IOERR_SHMSIZE => Some(WriteFault::DiskFailed),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn fault_of(error: &rusqlite::Error) -> Option<WriteFault> {
    error.sqlite_error().and_then(fault)
}

/// Checks without writing that the file is in place and that the writer works.
pub(super) fn inspect(writer: &Writer, identity: &Identity) -> StoreResult<Health> {
    identity.check().map_err(StoreError::Unwritable)?;
    if !writer.is_running() {
        return Err(StoreError::Unwritable(WriteFault::WriterStopped));
    }
    if writer.busy_for().is_some_and(|busy| busy > LONGEST_WRITE) {
        return Err(StoreError::Unwritable(WriteFault::WriterStuck));
    }
    Ok(Health { disk_free: disk_free(identity.folder()) })
}

pub(super) fn size(identity: &Identity) -> StoreResult<DatabaseSize> {
    let bytes = identity.bytes().map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(DatabaseSize { bytes, disk_free: disk_free(identity.folder()) })
}

/// Writes a row, unless a write has just succeeded or a long one is in progress.
pub(super) async fn prove_writable(writer: &Writer, identity: &Identity) -> StoreResult<()> {
    inspect(writer, identity)?;
    let proven = writer.committed_ago().is_some_and(|ago| ago < RECENT);
    if proven || writer.busy_for().is_some_and(|busy| busy > RECENT) {
        return Ok(());
    }
    let write = writer.write(CommitSharing::Shared { rows: 1 }, note);
    match tokio::time::timeout(PATIENCE, write).await {
        Ok(written) => written,
        // The write waits for a large import, or the disk does not respond. A later check fails if
        // the current transaction takes too long.
        Err(_) => inspect(writer, identity).map(drop),
    }
}

fn note(on: &Connection) -> StoreResult<WriteResult<()>> {
    let sql = "INSERT INTO meta (key, value) VALUES ('probe', 1)
               ON CONFLICT (key) DO UPDATE SET value = value % 1000000 + 1";
    on.prepare_cached(sql)?.execute([])?;
    Ok(WriteResult::Keep(()))
}

pub(super) fn note_time(on: &Connection, time: Timestamp) -> StoreResult<WriteResult<()>> {
    let sql = "INSERT INTO meta (key, value) VALUES ('clock', ?)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    on.prepare_cached(sql)?.execute([time.as_millisecond()])?;
    Ok(WriteResult::Keep(()))
}

pub(super) fn noted_time(on: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT (SELECT value FROM meta WHERE key = 'clock')";
    let millisecond: Option<i64> = on.prepare_cached(sql)?.query_one([], |row| row.get(0))?;
    millisecond.map(codes::to_time).transpose()
}

pub(super) fn newest_time(on: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT coalesce(
        (SELECT value FROM meta WHERE key = 'clock'),
        (SELECT max(at) FROM (
            SELECT max(at) AS at FROM revision
            UNION ALL SELECT max(received) FROM event
            UNION ALL SELECT max(first_seen) FROM host
            UNION ALL SELECT max(unixepoch(json_extract(sync, '$.last_seen'))) * 1000 FROM host)))";
    let millisecond: Option<i64> = on.query_one(sql, [], |row| row.get(0))?;
    millisecond.map(codes::to_time).transpose()
}
