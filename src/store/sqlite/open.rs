//! Opens a database file, checks it before anything is written, and migrates its schema.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::database::finish;
use super::file_system::{create_private_folder, private};
use crate::store::{Durability, StoreError, sql};

/// "nice", in the header of every nicelist database.
pub(super) const APPLICATION_ID: i32 = 0x6e69_6365;
/// The first release that does not lose commits when two connections checkpoint at the same time.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long to wait while another connection has a lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// Maximum prepared statements that a connection keeps.
const STATEMENTS: usize = 128;

/// The migrations of the schema, oldest first. A database at version N has had the first N
/// migrations. Never edit a migration that was released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_events.sql"),
    include_str!("migrations/0003_history.sql"),
    include_str!("migrations/0004_tag_membership.sql"),
    include_str!("migrations/0005_checksums.sql"),
    include_str!("migrations/0006_epoch.sql"),
    include_str!("migrations/0007_programs.sql"),
    include_str!("migrations/0008_host_groups.sql"),
];
/// The first version of the schema that has checksums.
pub(super) const CHECKSUMS: usize = 5;
/// The first version whose hosts have groups.
const HOST_GROUPS: usize = 8;

pub(in crate::store) const NEWEST: usize = MIGRATIONS.len();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionUse {
    Write(Durability),
    /// Writes a temporary database.
    WriteVolatile,
    /// Reads while other connections write.
    Read,
    /// Reads for a command that does not change the content.
    ReadOnly(Log),
}

/// The state of the write-ahead log of a database that is opened read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// There was no log, or it was empty. SQLite deletes the log when the last connection closes.
    Deleted,
    /// The log is not empty. It is kept when the last connection closes.
    Kept,
    /// There is no log, and this process cannot create one. The file is read as if no one could
    /// write to it.
    Missing,
}

/// Creates the file and its folders if they do not exist. On Unix, only the owner can read what is
/// created.
pub(super) fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_private_folder(folder)?;
    }
    private(OpenOptions::new().read(true).append(true).create(true)).open(path).map(drop)
}

/// Checks that the file belongs to nicelist, switches it to write-ahead logging, and brings its
/// schema up to date.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), String> {
    let version = rusqlite::version_number();
    if version < OLDEST_SQLITE {
        return Err(format!(
            "this nicelist was built with SQLite {}, which can lose commits; build it with the \
            bundled SQLite",
            rusqlite::version()
        ));
    }
    // The check comes before any write, because switching another program's file to WAL would
    // change it.
    header(connection)?;
    write_ahead(connection)?;
    migrate(connection)
}

/// Opens a connection to a file that exists.
pub(super) fn connect(path: &Path, purpose: ConnectionUse) -> rusqlite::Result<Connection> {
    let connection = match purpose {
        ConnectionUse::ReadOnly(Log::Missing) => alone(path)?,
        ConnectionUse::ReadOnly(Log::Deleted | Log::Kept)
        | ConnectionUse::Write(_)
        | ConnectionUse::WriteVolatile
        | ConnectionUse::Read => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags)?
        }
    };
    if purpose == ConnectionUse::ReadOnly(Log::Kept) {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let own = match purpose {
        ConnectionUse::Write(Durability::Power) => {
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"
        }
        ConnectionUse::Write(Durability::Process) => {
            "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;"
        }
        ConnectionUse::WriteVolatile => "PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;",
        ConnectionUse::Read | ConnectionUse::ReadOnly(_) => {
            "PRAGMA query_only = ON; PRAGMA cache_size = -2048;"
        }
    };
    connection.execute_batch(own)?;
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

/// Opens a file without a log, as if no one could write to it.
fn alone(path: &Path) -> rusqlite::Result<Connection> {
    let unusable = || rusqlite::Error::InvalidPath(path.to_owned());
    let path = std::path::absolute(path).map_err(|_| unusable())?;
    let mut url = url::Url::from_file_path(path).map_err(|()| unusable())?;
    url.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(url.as_str(), flags)
}

/// Returns the state of the write-ahead log and the version of the schema. The state determines how
/// the database can be read without changing its content.
pub(super) fn examine(path: &Path) -> Result<(Log, usize), String> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let found = match fs::metadata(&log) {
        Ok(found) if found.len() > 0 => Log::Kept,
        Ok(_) | Err(_) => Log::Deleted,
    };
    let marks = version(path, found);
    let code = marks.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    // With these errors, SQLite needs a log but cannot create or open one, unless the database
    // file is missing.
    let no_log = matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
        && fs::metadata(path).is_ok();
    match found {
        Log::Deleted | Log::Missing if no_log => {
            let marks = version(path, Log::Missing).map_err(reason)?;
            Ok((Log::Missing, checked(marks)?))
        }
        Log::Kept if no_log => Err("its write-ahead log (the -wal file) can only be read in a \
            folder with write permission; copy both files to another folder"
            .to_owned()),
        Log::Deleted | Log::Missing | Log::Kept => Ok((found, checked(marks.map_err(reason)?)?)),
    }
}

fn version(path: &Path, log: Log) -> rusqlite::Result<(i32, i32, i64)> {
    marks(&mut connect(path, ConnectionUse::ReadOnly(log))?)
}

/// Describes for users why the database cannot be used.
pub(super) fn reason(error: rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "it is not an SQLite database".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged or incomplete".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "it is locked by another program; try again later".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Reads the schema's version; 0 for a new file without tables. Fails if the file is not nicelist's
/// or has a newer schema.
pub(super) fn header(connection: &mut Connection) -> Result<usize, String> {
    checked(marks(connection).map_err(reason)?)
}

/// The schema's version, given a file's application ID, its user version and its number of tables.
/// Fails if the file is not nicelist's or has a newer schema.
fn checked((id, version, tables): (i32, i32, i64)) -> Result<usize, String> {
    match (id, usize::try_from(version)) {
        (0, Ok(0)) if tables == 0 => Ok(0),
        (APPLICATION_ID, Ok(version)) if version <= MIGRATIONS.len() => Ok(version),
        (APPLICATION_ID, _) => Err(format!(
            "it was created by a newer nicelist (schema {version}; this nicelist supports up to \
            {}); upgrade nicelist",
            MIGRATIONS.len()
        )),
        _ => Err("it belongs to another program; use another file".to_owned()),
    }
}

fn marks(connection: &mut Connection) -> rusqlite::Result<(i32, i32, i64)> {
    let reading = connection.transaction()?;
    let id = reading.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = reading.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables = reading.query_one("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    reading.commit()?;
    Ok((id, version, tables))
}

/// Switches to write-ahead logging. SQLite does not wait for other connections here, so this
/// function tries again until it times out.
pub(super) fn write_ahead(connection: &Connection) -> Result<(), String> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        let switched =
            connection.query_one("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match switched {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(format!(
                    "its file system only allows the journal mode {mode}; use a \
                    local disk"
                ));
            }
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && waited < PATIENCE =>
            {
                thread::sleep(PAUSE);
                waited += PAUSE;
            }
            Err(error) => return Err(reason(error)),
        }
    }
}

/// Runs the missing migrations, all or none, under a lock.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), String> {
    let version = header(connection)?;
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let writing =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(reason)?;
    // Read again under the lock, because another process may have migrated in the meantime.
    let version: i64 =
        writing.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(reason)?;
    apply(&writing, usize::try_from(version).unwrap_or(usize::MAX))?;
    writing.commit().map_err(reason)
}

fn apply(writing: &Connection, version: usize) -> Result<(), String> {
    let failed = |error: StoreError| error.to_string();
    for (before, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        writing.execute_batch(migration).map_err(reason)?;
        if before + 1 == CHECKSUMS {
            finish(sql::check::fill(writing)).map_err(failed)?;
        }
        if before + 1 == HOST_GROUPS {
            finish(sql::host_groups::fill(writing)).map_err(failed)?;
        }
    }
    if version == 0 {
        finish(sql::epoch::set_first(writing)).map_err(failed)?;
    }
    writing.pragma_update(None, "application_id", APPLICATION_ID).map_err(reason)?;
    let newest = i64::try_from(MIGRATIONS.len().max(version)).unwrap_or(i64::MAX);
    writing.pragma_update(None, "user_version", newest).map_err(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_library_does_not_lose_commits_and_counts_no_memory() {
        assert!(rusqlite::version_number() >= OLDEST_SQLITE);
        let connection = Connection::open_in_memory().unwrap();
        let sql = "SELECT sqlite_compileoption_used('DEFAULT_MEMSTATUS=0')";
        assert!(connection.query_one(sql, [], |row| row.get::<_, bool>(0)).unwrap());
    }
}
