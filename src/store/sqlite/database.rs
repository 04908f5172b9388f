//! Runs the SQL of `store::sql` on SQLite.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use crate::store::checksum::RowHasher;
use crate::store::codes::corrupt;
use crate::store::sql::{Database, Dialect, Parameter, StoredRow};
use crate::store::{StoreError, StoreResult};

/// Runs queries of the trait [`Database`] and returns their result. On SQLite, the futures of these
/// queries are never pending.
pub(super) fn finish<T>(queries: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    match pin!(queries).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(StoreError::Database("a query was not finished".to_owned())),
    }
}

impl Database for Connection {
    const DIALECT: Dialect = Dialect::Sqlite;

    async fn query<T: Send>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        mut read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
    ) -> StoreResult<Vec<T>> {
        let mut statement = self.prepare_cached(&numbered(sql))?;
        let mut found = statement.query(params_from_iter(parameters))?;
        let mut values = Vec::new();
        while let Some(row) = found.next()? {
            values.push(read(row)?);
        }
        Ok(values)
    }

    async fn query_filtered<T: Send>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
    ) -> StoreResult<Vec<T>> {
        self.query(sql, parameters, read).await
    }

    async fn execute(&self, sql: &str, parameters: &[Parameter<'_>]) -> StoreResult<u64> {
        let altered = self.prepare_cached(&numbered(sql))?.execute(params_from_iter(parameters))?;
        u64::try_from(altered).map_err(|error| corrupt("count", &error))
    }
}

/// Converts numbered parameters for SQLite: `?1` instead of `$1`.
pub(super) fn numbered(sql: &str) -> String {
    let mut parts = sql.split('$');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_parameter = part.starts_with(|letter: char| letter.is_ascii_digit());
        numbered.push(if is_parameter { '?' } else { '$' });
        numbered.push_str(part);
    }
    numbered
}

impl StoredRow for Row<'_> {
    fn integer(&self, column: usize) -> StoreResult<Option<i64>> {
        Ok(self.get(column)?)
    }

    fn text(&self, column: usize) -> StoreResult<Option<&str>> {
        self.get_ref(column)?.as_str_or_null().map_err(|error| corrupt("text", &error))
    }

    fn bytes(&self, column: usize) -> StoreResult<Option<&[u8]>> {
        self.get_ref(column)?.as_blob_or_null().map_err(|error| corrupt("bytes", &error))
    }

    fn hash(&self, column: usize, hasher: &mut RowHasher) -> StoreResult<()> {
        match self.get_ref(column)? {
            ValueRef::Null => hasher.integer(None),
            ValueRef::Integer(number) => hasher.integer(Some(number)),
            ValueRef::Text(text) => hasher.text(Some(text)),
            // nicelist never stores a value of these types in a column that a checksum covers.
            ValueRef::Real(_) | ValueRef::Blob(_) => hasher.foreign(),
        };
        Ok(())
    }

    fn width(&self) -> usize {
        self.as_ref().column_count()
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        fn list<T: serde::Serialize>(values: &[T]) -> rusqlite::Result<ToSqlOutput<'static>> {
            let json = serde_json::to_string(values);
            let json =
                json.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            Ok(ToSqlOutput::Owned(Value::Text(json)))
        }
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Integers(numbers) => return list(numbers),
            Self::Texts(texts) => return list(texts),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_get_sqlites_sign_and_json_paths_keep_theirs() {
        let sql = "SELECT json_extract(facts, '$.groups') FROM host WHERE a = $1 AND b = $12";
        let expected = "SELECT json_extract(facts, '$.groups') FROM host WHERE a = ?1 AND b = ?12";
        assert_eq!(numbered(sql), expected);
    }
}
