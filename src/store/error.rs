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
        "cannot read {url}: its schema is too old (schema {version}; this nicelist requires \
        {newest})"
    )]
    Outdated {
        /// The database's URL without its password.
        url: String,
        version: usize,
        newest: usize,
    },
    /// The change was not planned on the newest revision.
    #[error(
        "the policy changed: this change was planned on revision {planned}, but the newest \
        revision is {head}"
    )]
    Moved {
        /// The revision that the change was planned on.
        planned: Revision,
        head: Revision,
    },
    /// The revision is older than the first revision whose history is kept.
    #[error(
        "the history of revision {wanted} was deleted (setting history-retention); the oldest \
         available revision is {start} ({})",
        .at.strftime("%Y-%m-%d")
    )]
    HistoryDeleted {
        wanted: Revision,
        start: Revision,
        /// When the revision `start` was created.
        at: Timestamp,
    },
    /// Nothing was changed.
    #[error("{} of the edits are invalid", .0.len())]
    Refused(Vec<Refusal>),
    #[error("a token with the name `{0}` already exists")]
    TokenExists(String),
    /// A token with this name was revoked. Revisions may have that name as their author.
    #[error("a token with the name `{0}` was revoked")]
    TokenNameUsed(String),
    #[error("`{0}` is the last admin token")]
    LastAdminToken(String),
    #[error("all admin tokens except `{0}` expire within a day")]
    LastLastingAdminToken(String),
    /// The database cannot be reached. A write may have succeeded.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// Too many writes are waiting, or a query got no connection or lock in time. Nothing was
    /// changed.
    #[error("the database is overloaded")]
    Overloaded,
    #[error("a query took longer than {} s and was canceled", .0.as_secs())]
    TooSlow(Duration),
    #[error("a query was canceled, because its request was canceled")]
    Abandoned,
    /// The connection broke, or the database stopped responding, during a change. The change may
    /// have been committed.
    #[error("outcome unknown: the database stopped responding during the change: {0}")]
    OutcomeUnknown(String),
    /// The database cannot be written to now, but reading may work. It is unknown whether the write
    /// was stored.
    #[error("the database cannot be written to: {0}")]
    Unwritable(WriteFault),
    /// Rows or pages differ from what nicelist wrote. They are not served.
    #[error("the database is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// A row is undamaged, but this version cannot read it.
    #[error("unreadable {0}")]
    Unreadable(String),
    #[error("database error: {0}")]
    Database(String),
}

pub type StoreResult<T> = Result<T, StoreError>;
