//! Errors of the store.

use std::time::Duration;

use jiff::Timestamp;

use super::{Refusal, WriteFault};
use crate::rule::Revision;

#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened, for example because it does not exist, is locked, has a newer
    /// schema, or is not nicelist's.
    #[error("cannot open {url}: {reason}")]
    Open {
        /// The database's URL without its password.
        url: String,
        reason: String,
    },
    /// The database was opened read-only, but its schema is too old.
    #[error(
        "cannot read {url}: its schema is older (schema {version}, this nicelist has {newest})"
    )]
    Outdated {
        /// The database's URL without its password.
        url: String,
        version: usize,
        newest: usize,
    },
    /// The change was not planned on the newest revision.
    #[error("the rules moved on: planned on revision {planned}, now at {head}")]
    Moved {
        /// The revision that the change was planned on.
        planned: Revision,
        head: Revision,
    },
    /// The revision is older than the first revision whose history is kept.
    #[error(
        "the history of revision {wanted} was deleted (setting history-retention); history is \
         kept from revision {start} ({}) on",
        .at.strftime("%Y-%m-%d")
    )]
    HistoryDeleted {
        wanted: Revision,
        start: Revision,
        /// When the revision `start` was created.
        at: Timestamp,
    },
    /// Nothing was changed.
    #[error("{} of the edits cannot be made", .0.len())]
    Refused(Vec<Refusal>),
    #[error("a token named `{0}` exists")]
    TokenExists(String),
    /// A token with this name was revoked. Revisions may have that name as their author.
    #[error("a token named `{0}` was revoked")]
    TokenNameUsed(String),
    #[error("`{0}` is the last admin token")]
    LastAdminToken(String),
    #[error("all admin tokens but `{0}` expire within a day")]
    LastLastingAdminToken(String),
    /// The database cannot be reached. A write may have succeeded.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// Too many writes are waiting, or a query got no connection or lock in time. Nothing was
    /// changed.
    #[error("the database has more to do than it keeps up with")]
    Overloaded,
    #[error("a query took longer than {} s and was stopped", .0.as_secs())]
    TooSlow(Duration),
    #[error("a query was stopped: no one waits for it any more")]
    Abandoned,
    /// The connection broke, or the database stopped responding, while a change was committed.
    #[error("outcome unknown: the database stopped responding during the change: {0}")]
    OutcomeUnknown(String),
    /// The database cannot be written to now; reading may work. A write may have succeeded, but may
    /// also be lost.
    #[error("the database cannot be written to: {0}")]
    Unwritable(WriteFault),
    /// Rows or pages differ from what nicelist wrote. They are not served.
    #[error("the database is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// A row is undamaged, but this version cannot read it.
    #[error("unreadable {0}")]
    Unreadable(String),
    #[error("database: {0}")]
    Database(String),
}

pub type StoreResult<T> = Result<T, StoreError>;
