//! Operations on whole databases: copy, compare, back up, restore, migrate, check.
//!
//! Rows keep their IDs in a copy. Copying reads a snapshot and writes in one transaction, which is
//! committed after everything was read back and compared. An interrupted copy leaves no rows in the
//! target.

mod backup;
mod compare;
mod copy;
pub mod table;

pub use backup::{
    BackedUp, BackupError, BackupSource, Heartbeat, RestoreError, Restored, backup,
    delete_unfinished_backups, examine_backup, restore,
};
pub use compare::{Compared, compare};
pub use copy::{CopiedEpoch, CopiedTable, CopyStep, DatabaseCopy};
pub use table::TABLES;

use async_trait::async_trait;

use self::table::Table;
use super::{StoreError, StoreResult, postgres, sqlite, unknown_kind};
use crate::fleet::Epoch;
use crate::shell::argument;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    /// The approximate size of the value in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Null | Self::Integer(_) => 0,
                Self::Text(text) => text.len(),
                Self::Bytes(bytes) => bytes.len(),
            }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Null | Self::Text(_) | Self::Bytes(_) => None,
        }
    }
}

pub(super) type Row = Vec<Value>;

pub(super) const PAGE_ROWS: usize = 4096;
/// A page with this many bytes gets no further rows.
pub(super) const PAGE_BYTES: usize = 4 << 20;

/// The state of a database, read without changing it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DatabaseState {
    /// The version of the schema; 0 if the database has no schema or does not exist.
    pub(super) version: usize,
    /// The tables that have rows, except tables that are filled when a database is opened.
    pub(super) used: Vec<&'static str>,
    pub(super) read_only: Option<String>,
    /// An identity that no other database has, if the database exists.
    pub(super) identity: Option<String>,
}

/// A snapshot of a database.
#[async_trait]
pub(super) trait DatabaseReader: Send {
    /// A page of the rows after the key `after`, sorted by key. It is empty at the end.
    async fn page(
        &mut self,
        table: &'static Table,
        after: Option<&[Value]>,
    ) -> StoreResult<Vec<Row>>;

    async fn count(&mut self, table: &'static Table) -> StoreResult<u64>;

    /// The highest ID that a numbered table has ever used; 0 if it has used none.
    async fn last_number(&mut self, table: &'static Table) -> StoreResult<i64>;

    async fn epoch(&mut self) -> StoreResult<Epoch>;
}

/// An empty database that is being filled. If it is dropped before [`DatabaseWriter::commit`], no
/// rows are stored. As a [`DatabaseReader`], it returns the rows that were written.
#[async_trait]
pub(super) trait DatabaseWriter: DatabaseReader {
    /// Adds rows of a table, sorted by key.
    async fn write(&mut self, table: &'static Table, rows: Vec<Row>) -> StoreResult<()>;

    /// Prevents IDs up to `last` from being used again.
    async fn reserve(&mut self, table: &'static Table, last: i64) -> StoreResult<()>;

    async fn set_epoch(&mut self, epoch: Epoch) -> StoreResult<()>;

    /// Computes values that are derived from the rows. It is called after all rows were written.
    async fn complete(&mut self) -> StoreResult<()>;

    async fn commit(self: Box<Self>) -> StoreResult<()>;
}

/// Why a database was not copied, or why two databases were not compared.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    #[error(transparent)]
    Open(StoreError),
    #[error("cannot read {url}: {reason}")]
    Read {
        /// The URL of the database without its password.
        url: String,
        reason: String,
    },
    #[error("cannot copy into {url}: {reason}")]
    Write {
        /// The URL of the database without its password.
        url: String,
        reason: String,
    },
    /// The copy differed from the original when it was read back. The copy was rolled back.
    #[error("the copy in {url} differed from the original and was undone")]
    Differs {
        /// The URL of the database without its password.
        url: String,
        tables: Vec<Compared>,
    },
}

/// The schema versions before and after a migration. In a dry run, `to` is the version that a
/// migration would result in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The previous version of the schema; 0 if there was no schema.
    pub from: usize,
    pub to: usize,
}

/// Brings a database's schema up to date. With `dry_run`, only reports the versions.
///
/// # Errors
/// When the database cannot be opened, for example because it is newer than this program or is not
/// nicelist's.
pub async fn migrate(url: &str, dry_run: bool) -> StoreResult<Migrated> {
    let place = DatabaseUrl::of(url)?;
    let from = place.state().await?.version;
    if !dry_run {
        drop(super::open(url, super::Durability::Power).await?);
    }
    Ok(Migrated { from, to: place.newest() })
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Rows whose checksum was checked.
    pub rows: u64,
    pub damage: Option<String>,
}

/// Checks the checksums of a database's rules, settings and tags, without changing the database. On
/// SQLite, first checks the structure of the file, and checks the checksums only if it is intact.
///
/// # Errors
/// When the database cannot be opened or read, for example because its schema is older.
pub async fn check(url: &str) -> StoreResult<Checked> {
    let (rows, damage) = match DatabaseUrl::of(url)? {
        DatabaseUrl::Sqlite(path) => {
            let path = path.to_owned();
            let checking = tokio::task::spawn_blocking(move || sqlite::check::whole(&path));
            checking.await.map_err(|error| StoreError::Database(error.to_string()))??
        }
        DatabaseUrl::Postgres(url) => postgres::check::whole(url).await?,
    };
    Ok(Checked { rows, damage })
}

/// Checks the structure of an SQLite file, but not its indexes and checksums. Returns the damage, if
/// any. PostgreSQL checks its pages itself.
///
/// # Errors
/// When the file cannot be read.
pub async fn quick_check(url: &str) -> StoreResult<Option<String>> {
    match DatabaseUrl::of(url)? {
        DatabaseUrl::Sqlite(path) => {
            let path = std::path::PathBuf::from(path);
            let checking = tokio::task::spawn_blocking(move || {
                sqlite::check::structure(&path, sqlite::check::Depth::Quick)
            });
            checking.await.map_err(|error| StoreError::Database(error.to_string()))?
        }
        DatabaseUrl::Postgres(_) => Ok(None),
    }
}

#[derive(Clone, Copy, Debug)]
enum DatabaseUrl<'a> {
    /// The path of an SQLite file.
    Sqlite(&'a str),
    /// The whole URL of a PostgreSQL database.
    Postgres(&'a str),
}

impl<'a> DatabaseUrl<'a> {
    fn of(url: &'a str) -> StoreResult<Self> {
        match url.split_once(':') {
            Some(("sqlite", path)) => Ok(Self::Sqlite(path)),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url)),
            _ => Err(unknown_kind()),
        }
    }

    fn newest(self) -> usize {
        match self {
            Self::Sqlite(_) => sqlite::NEWEST,
            Self::Postgres(_) => postgres::NEWEST,
        }
    }

    /// The URL of the database without its password.
    fn shown(self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{path}"),
            Self::Postgres(url) => postgres::shown(url),
        }
    }

    async fn state(self) -> StoreResult<DatabaseState> {
        match self {
            Self::Sqlite(path) => sqlite::maintenance::state(path),
            Self::Postgres(url) => postgres::maintenance::state(url).await,
        }
    }

    async fn read(self) -> StoreResult<Box<dyn DatabaseReader>> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(sqlite::maintenance::File::read(path)?),
            Self::Postgres(url) => Box::new(postgres::maintenance::Session::read(url).await?),
        })
    }

    async fn write(self) -> StoreResult<Box<dyn DatabaseWriter>> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(sqlite::maintenance::File::write(path)?),
            Self::Postgres(url) => Box::new(postgres::maintenance::Session::write(url).await?),
        })
    }

    fn unread(self, error: StoreError) -> MaintenanceError {
        match error {
            StoreError::Open { .. } => MaintenanceError::Open(error),
            error => MaintenanceError::Read { url: self.shown(), reason: error.to_string() },
        }
    }

    fn unwritten(self, error: StoreError) -> MaintenanceError {
        match error {
            StoreError::Open { .. } => MaintenanceError::Open(error),
            error => MaintenanceError::Write { url: self.shown(), reason: error.to_string() },
        }
    }

    /// Opens the database to read it. Fails if the database does not exist, is empty or has an
    /// older schema.
    async fn source(self) -> Result<(DatabaseState, Box<dyn DatabaseReader>), MaintenanceError> {
        let refused = |reason: String| MaintenanceError::Read { url: self.shown(), reason };
        let state = self.state().await.map_err(|error| self.unread(error))?;
        match state.version {
            0 if state.identity.is_none() => {
                Err(refused("the file does not exist; check the path".to_owned()))
            }
            0 => Err(refused(
                "it is empty: nicelist has never used it; use the database of your \
                 server"
                    .to_owned(),
            )),
            version if version < self.newest() => Err(refused(self.older(version))),
            _ => Ok((state, self.read().await.map_err(|error| self.unread(error))?)),
        }
    }

    fn older(self, version: usize) -> String {
        let (newest, shown) = (self.newest(), self.shown());
        format!(
            "its schema is too old (schema {version}; this nicelist requires {newest}); update \
            it: nicelist database migrate --database {}",
            argument(&shown)
        )
    }
}
