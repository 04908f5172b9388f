//! Replaces a database with a backup.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::NamedTempFile;

use super::backup::{
    CopyError, contents, contents_of, copy_into, folder, is_same, logs, next_to, readable,
};
use super::database::finish;
use super::file_system::{copy_owner, create_private_folder, sync_folder};
use super::open::{self, APPLICATION_ID, ConnectionUse};
use crate::store::maintenance::{BackedUp, RestoreError, Restored};
use crate::store::{Durability, StoreError, sql};

/// The first bytes of an SQLite file that is not empty.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const APPLICATION_ID_AT: usize = 68;
/// The highest number that is appended to the new name of a replaced file, if the name is taken by
/// another restore within the same second.
const MOST_NAMES: u32 = 100;

pub(in crate::store) fn examine(file: &Path) -> Result<BackedUp, RestoreError> {
    let unusable = |reason| RestoreError::Unusable { file: file.to_owned(), reason };
    let log = readable(file).map_err(unusable)?;
    let connection = open::connect(file, ConnectionUse::ReadOnly(log));
    let connection = connection.map_err(|error| unusable(open::reason(error)))?;
    contents_of(connection, file).map_err(|error| unusable(error.to_string()))
}

pub(in crate::store) fn restore(
    database: &Path,
    file: &Path,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    // If the path is a link, the link is kept and its target is replaced.
    let resolved = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let database = resolved.as_path();
    let unusable = |reason| RestoreError::Unusable { file: file.to_owned(), reason };
    let unwritten = |error: io::Error| {
        let reason = error.to_string();
        RestoreError::Write { database: database.to_owned(), reason }
    };
    let log = readable(file).map_err(unusable)?;
    if is_same(database, file) {
        return Err(unusable("it is the database itself; use a backup".to_owned()));
    }
    let locked = Locked::take(database)?;
    create_private_folder(folder(database)).map_err(unwritten)?;
    let copy = next_to(database).map_err(unwritten)?;
    copy_into(file, log, copy.path()).map_err(|error| match error {
        CopyError::Read(reason) => unusable(reason),
        CopyError::Write(error) => unwritten(error),
    })?;
    let backup = contents(copy.path()).map_err(|error| unusable(error.to_string()))?;
    prepare(copy.path(), now).map_err(|reason| unwritten(io::Error::other(reason)))?;
    contents(copy.path()).map_err(|error| unwritten(io::Error::other(error)))?;
    let replaced = locked.replace_with(copy, database, now).map_err(unwritten)?;
    Ok(Restored { backup, replaced })
}

/// Brings the schema of a copy up to date, and begins a new epoch in it.
fn prepare(copy: &Path, now: Timestamp) -> Result<(), String> {
    let purpose = ConnectionUse::Write(Durability::Power);
    let mut connection = open::connect(copy, purpose).map_err(open::reason)?;
    open::migrate(&mut connection)?;
    finish(sql::epoch::begin(&connection, now))
        .map(drop)
        .map_err(|error: StoreError| error.to_string())
}

/// A lock on a database, so that no one else can use it.
struct Locked {
    /// None if no file exists at the path.
    connection: Option<Connection>,
}

impl Locked {
    /// Locks the database at a path. The log is written into the file, so that the file contains
    /// everything. A file of another program is not changed.
    fn take(database: &Path) -> Result<Self, RestoreError> {
        let irreplaceable = |reason: String| {
            let database = database.to_owned();
            RestoreError::Irreplaceable { database, reason }
        };
        match is_ours(database) {
            Ok(true) => {}
            Ok(false) => {
                return Err(irreplaceable("it is not a nicelist database".to_owned()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { connection: None });
            }
            Err(error) => return Err(irreplaceable(error.to_string())),
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let locked = Connection::open_with_flags(database, flags).and_then(|connection| {
            // This fails while another connection to the file is open, even an idle one.
            let mode: String =
                connection.query_one("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
            if mode == "delete" {
                connection.execute_batch("BEGIN EXCLUSIVE")?;
                return Ok(Some(connection));
            }
            Ok(None)
        });
        match locked {
            Ok(Some(connection)) => Ok(Self { connection: Some(connection) }),
            Ok(None) => Err(RestoreError::InUse(database.to_owned())),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    Err(RestoreError::InUse(database.to_owned()))
                }
                _ => Err(irreplaceable(open::reason(error))),
            },
        }
    }

    /// Replaces the database with a copy, and keeps the replaced file under another name. The
    /// replaced file also stays at the path until the copy takes its place.
    fn replace_with(
        self,
        copy: NamedTempFile,
        database: &Path,
        now: Timestamp,
    ) -> io::Result<Option<PathBuf>> {
        let mut replaced = None;
        if self.connection.is_some() {
            let found = fs::metadata(database)?;
            copy_owner(&found, copy.path())?;
            copy.as_file().set_permissions(found.permissions())?;
            replaced = Some(keep(database, now)?);
        }
        copy.as_file().sync_all()?;
        // Logs that still exist are left over from an earlier database at this path.
        for (log, aside) in logs(database).iter().zip(logs(&aside(database, now))) {
            if log.exists() {
                fs::rename(log, aside)?;
            }
        }
        copy.persist(database)?;
        sync_folder(folder(database))?;
        Ok(replaced)
    }
}

/// The new name of the replaced file, without a number.
fn aside(database: &Path, now: Timestamp) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(format!(".replaced-{}", now.strftime("%Y-%m-%dT%H-%M-%SZ")));
    name.into()
}

/// Gives the database file a second name. Returns that name.
fn keep(database: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let mut number = 0;
    loop {
        let mut name = aside(database, now).into_os_string();
        if number > 0 {
            name.push(format!("-{number}"));
        }
        match fs::hard_link(database, &name) {
            Ok(()) => return Ok(name.into()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_NAMES => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether a file is a nicelist database or is empty.
fn is_ours(path: &Path) -> io::Result<bool> {
    let mut header = Vec::new();
    File::open(path)?.take(100).read_to_end(&mut header)?;
    let id = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
    let is_marked = id == Some(&APPLICATION_ID.to_be_bytes()[..]);
    // In a new database, the application ID may still be only in the log.
    let is_ours = || is_marked || open::examine(path).is_ok();
    Ok(header.is_empty() || (header.starts_with(MAGIC) && is_ours()))
}
