//! Connections: how they are opened, and how an older file is brought up to date.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::store::{StoreError, StoreResult};

/// Marks a file as nicelist's: the letters NICE.
const APPLICATION: i32 = 0x4e49_4345;
/// SQLite before this can lose what was committed when two connections write and checkpoint
/// at once.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long to wait for another process's transaction.
const PATIENCE: Duration = Duration::from_secs(30);
/// All migrations; a file's version is the number of those it has had.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_begin.sql")];

/// Opens a file for writing, makes it (readable for its owner alone) if it is not there, and
/// brings it up to date.
pub(super) fn open_for_writing(path: &Path) -> StoreResult<Connection> {
    let refuse = |reason: String| StoreError::Open { url: url(path), reason };
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(refuse(format!(
            "SQLite {} can lose data; 3.51.3 is needed",
            rusqlite::version()
        )));
    }
    make_file(path).map_err(|error| refuse(error.to_string()))?;
    let failed = |error: rusqlite::Error| refuse(reason(&error));
    let mut db = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application = number("application_id").map_err(failed)?;
    let version = number("user_version").map_err(failed)?;
    let tables: i64 =
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION && tables > 0 {
        return Err(refuse("this is another program's database".to_owned()));
    }
    let newest = MIGRATIONS.len();
    match usize::try_from(version) {
        Ok(version) if version > newest => Err(refuse(format!(
            "the database has version {version}, this program knows {newest}: install a newer nicelist"
        ))),
        Ok(_) => {
            db.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
            migrate(&mut db).map_err(failed)?;
            Ok(db)
        }
        Err(_) => Err(refuse("the database's version makes no sense".to_owned())),
    }
}

/// Opens a file that is up to date for reading.
pub(super) fn open_for_reading(path: &Path) -> StoreResult<Connection> {
    let refuse =
        |error: rusqlite::Error| StoreError::Open { url: url(path), reason: reason(&error) };
    let db = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(refuse)?;
    db.pragma_update(None, "query_only", true).map_err(refuse)?;
    Ok(db)
}

fn url(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn reason(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => "the file is no SQLite database".to_owned(),
        _ => error.to_string(),
    }
}

fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(PATIENCE)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "cache_size", -64 * 1024)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Runs what the file has not had yet, under the write lock, so that two processes that start
/// at once do not both run it.
fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let had: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(had).unwrap_or(0)) {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    tx.commit()
}
