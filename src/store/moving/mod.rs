//! A whole database, moved to another: every row as it is, with its number, so that hosts and
//! scripts notice nothing.
//!
//! What is read is of one moment. What is written is one transaction, which is committed when
//! all of it was read back and compared: a copy that is cut off leaves nothing.

mod backup;
mod compare;
mod copy;
pub mod table;

pub use backup::{BackedUp, BackupError, RestoreError, Restored, backup, examine_backup, restore};
pub use compare::{Compared, compare};
pub use copy::{CopiedEpoch, Copy, Moved, Step};
pub use table::TABLES;

use async_trait::async_trait;

use self::table::Table;
use super::{StoreError, StoreResult, postgres, sqlite, unknown_kind};
use crate::fleet::Epoch;
use crate::shell::argument;

/// A value, wherever it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Null | Self::Integer(_) => 0,
                Self::Text(text) => text.len(),
                Self::Bytes(bytes) => bytes.len(),
            }
    }

    /// The number, if it is one.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Null | Self::Text(_) | Self::Bytes(_) => None,
        }
    }
}

/// A row: a value for each of its table's columns.
pub(super) type Row = Vec<Value>;

/// The most rows of a page.
pub(super) const PAGE_ROWS: usize = 4096;
/// From so many bytes on a page takes no further row.
pub(super) const PAGE_BYTES: usize = 4 << 20;

/// What a database is, found out without changing it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The version of its schema; 0 where there is none, or no database at all.
    pub(super) version: usize,
    /// The tables that have rows, apart from what every opening writes.
    pub(super) used: Vec<&'static str>,
    /// Why it can only be read, if that is so.
    pub(super) read_only: Option<String>,
    /// What tells it from all other databases, where it exists.
    pub(super) identity: Option<String>,
}

/// A database of one moment.
#[async_trait]
pub(super) trait Reading: Send {
    /// The rows behind the key `after`, by key: as many as make a page, none at the end.
    async fn page(&mut self, table: &'static Table, after: Option<&Value>)
    -> StoreResult<Vec<Row>>;

    /// How many rows there are.
    async fn count(&mut self, table: &'static Table) -> StoreResult<u64>;

    /// The highest number that was ever given to a row of a numbered table; 0 if none was.
    async fn last_number(&mut self, table: &'static Table) -> StoreResult<i64>;

    /// The database's epoch.
    async fn epoch(&mut self) -> StoreResult<Epoch>;
}

/// An empty database that is being filled, by nobody else. What is written is there after
/// [`Writing::commit`]; dropped before, it leaves nothing. It reads what it has written.
#[async_trait]
pub(super) trait Writing: Reading {
    /// Adds rows of a table, by key.
    async fn write(&mut self, table: &'static Table, rows: Vec<Row>) -> StoreResult<()>;

    /// Gives no row of a table a number up to this one, from now on.
    async fn reserve(&mut self, table: &'static Table, last: i64) -> StoreResult<()>;

    /// Gives the database this epoch.
    async fn set_epoch(&mut self, epoch: Epoch) -> StoreResult<()>;

    /// Works out what is kept besides, when all rows are there.
    async fn complete(&mut self) -> StoreResult<()>;

    /// Makes it last.
    async fn commit(self: Box<Self>) -> StoreResult<()>;
}

/// Why a database was not moved, or what keeps two from being compared.
#[derive(Debug, thiserror::Error)]
pub enum MovingError {
    /// A database cannot be opened.
    #[error(transparent)]
    Open(StoreError),
    /// A database cannot be read from.
    #[error("cannot read {url}: {reason}")]
    Read {
        /// Its URL without its password.
        url: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A database cannot be copied into; it is as it was.
    #[error("cannot copy into {url}: {reason}")]
    Write {
        /// Its URL without its password.
        url: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// What was read back is not what was written, so it was not kept.
    #[error("{url} does not hold what was written into it, and is as it was")]
    Differs {
        /// Its URL without its password.
        url: String,
        /// What differs.
        tables: Vec<Compared>,
    },
}

/// A schema that was brought up to date, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version that it had; 0 where there was none.
    pub from: usize,
    /// The version that it has now.
    pub to: usize,
}

/// Brings a database's schema up to date, or says with `dry_run` what that would do.
///
/// # Errors
/// When it cannot be opened, is newer than this program, or is not ours.
pub async fn migrate(url: &str, dry_run: bool) -> StoreResult<Migrated> {
    let place = Place::of(url)?;
    let from = place.state().await?.version;
    if !dry_run {
        drop(super::open(url, super::Durability::Power).await?);
    }
    Ok(Migrated { from, to: place.newest() })
}

/// What a check of a whole database found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Rows that have a checksum.
    pub rows: u64,
    /// What is wrong, if anything is.
    pub damage: Option<String>,
}

/// Checks the structure of a database and the checksums of its rules, settings and tags. It stays
/// as it is.
///
/// # Errors
/// When it cannot be opened or read.
pub async fn check(url: &str) -> StoreResult<Checked> {
    let (rows, damage) = match Place::of(url)? {
        Place::Sqlite(path) => {
            let path = path.to_owned();
            let checking = tokio::task::spawn_blocking(move || sqlite::check::whole(&path));
            checking.await.map_err(|error| StoreError::Database(error.to_string()))??
        }
        Place::Postgres(url) => postgres::check::whole(url).await?,
    };
    Ok(Checked { rows, damage })
}

/// Where a database is.
#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    /// In a file.
    Sqlite(&'a str),
    /// On a server: the whole URL.
    Postgres(&'a str),
}

impl<'a> Place<'a> {
    fn of(url: &'a str) -> StoreResult<Self> {
        match url.split_once(':') {
            Some(("sqlite", path)) => Ok(Self::Sqlite(path)),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url)),
            _ => Err(unknown_kind()),
        }
    }

    /// The newest version of its schema.
    fn newest(self) -> usize {
        match self {
            Self::Sqlite(_) => sqlite::NEWEST,
            Self::Postgres(_) => postgres::NEWEST,
        }
    }

    /// Its URL without its password.
    fn shown(self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{path}"),
            Self::Postgres(url) => postgres::shown(url),
        }
    }

    async fn state(self) -> StoreResult<State> {
        match self {
            Self::Sqlite(path) => sqlite::moving::state(path),
            Self::Postgres(url) => postgres::moving::state(url).await,
        }
    }

    async fn read(self) -> StoreResult<Box<dyn Reading>> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(sqlite::moving::File::read(path)?),
            Self::Postgres(url) => Box::new(postgres::moving::Session::read(url).await?),
        })
    }

    async fn write(self) -> StoreResult<Box<dyn Writing>> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(sqlite::moving::File::write(path)?),
            Self::Postgres(url) => Box::new(postgres::moving::Session::write(url).await?),
        })
    }

    /// What is wrong with reading it.
    fn unread(self, error: StoreError) -> MovingError {
        match error {
            StoreError::Open { .. } => MovingError::Open(error),
            error => MovingError::Read { url: self.shown(), reason: error.to_string() },
        }
    }

    /// What is wrong with writing it.
    fn unwritten(self, error: StoreError) -> MovingError {
        match error {
            StoreError::Open { .. } => MovingError::Open(error),
            error => MovingError::Write { url: self.shown(), reason: error.to_string() },
        }
    }

    /// A database of the schema that this program knows, which is read and not written.
    async fn source(self) -> Result<(State, Box<dyn Reading>), MovingError> {
        let refused = |reason: String| MovingError::Read { url: self.shown(), reason };
        let state = self.state().await.map_err(|error| self.unread(error))?;
        match state.version {
            0 if state.identity.is_none() => {
                Err(refused("there is no such file; check the path".to_owned()))
            }
            0 => Err(refused(
                "it is empty: no nicelist has used it; name the one that is served".to_owned(),
            )),
            version if version < self.newest() => Err(refused(self.older(version))),
            _ => Ok((state, self.read().await.map_err(|error| self.unread(error))?)),
        }
    }

    fn older(self, version: usize) -> String {
        let (newest, shown) = (self.newest(), self.shown());
        format!(
            "its schema is older (schema {version}, this nicelist has {newest}); bring it up to \
             date: nicelist database migrate --database {}",
            argument(&shown)
        )
    }
}
