//! Translates errors of PostgreSQL into errors of the store.

use std::io;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use super::url::chain;
use crate::store::{QueryPurpose, StoreError, WriteFault};

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if is_absence(code) => Self::Unreachable(chain(&error)),
            Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => Self::Overloaded,
            Some(code) if *code == SqlState::QUERY_CANCELED => {
                Self::TooSlow(QueryPurpose::current().bounds().deadline.unwrap_or_default())
            }
            Some(code) if *code == SqlState::DISK_FULL => Self::Unwritable(WriteFault::DiskFull),
            Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
                Self::Unwritable(WriteFault::Protected)
            }
            Some(_) => Self::Database(chain(&error)),
            None if is_lost(&error) => Self::Unreachable(chain(&error)),
            None => Self::Database(chain(&error)),
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Self::Overloaded,
            PoolError::PostCreateHook(deadpool_postgres::HookError::Backend(error)) => error.into(),
            error => Self::Unreachable(chain(&error)),
        }
    }
}

/// Whether the server is starting or stopping, has no free connection, or closed this connection.
fn is_absence(code: &SqlState) -> bool {
    let absent = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    code.code().starts_with("08") || absent.contains(code)
}

/// Whether the connection broke or could not be opened.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    let of_io = std::error::Error::source(error).is_some_and(|cause| cause.is::<io::Error>());
    error.is_closed() || of_io || error.to_string().starts_with("timeout")
}

/// Converts the error of a transaction that changes data. If the connection broke, it is unknown
/// whether the transaction was committed.
pub(super) fn of_change(error: StoreError) -> StoreError {
    match error {
        StoreError::Unreachable(reason) => StoreError::OutcomeUnknown(reason),
        other => other,
    }
}
