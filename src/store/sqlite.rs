//! The SQLite adapter.
pub(super) struct Sqlite;
