//! Runs the SQL of `store::sql` on PostgreSQL.

use std::borrow::Cow;
use std::error::Error;

use bytes::BytesMut;
use deadpool_postgres::{Client, GenericClient, Transaction};
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::query;
use super::text::clean;
use crate::store::StoreResult;
use crate::store::checksum::RowHasher;
use crate::store::sql::{Database, Dialect, Parameter, StoredRow};

pub(super) fn values<'a>(parameters: &'a [Parameter<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect()
}

macro_rules! impl_database {
    ($type:ty) => {
        impl Database for $type {
            const DIALECT: Dialect = Dialect::Postgres;

            async fn query<T: Send>(
                &self,
                sql: &str,
                parameters: &[Parameter<'_>],
                mut read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
            ) -> StoreResult<Vec<T>> {
                let found = query(self, sql, &values(parameters)).await?;
                found.iter().map(|row| read(row)).collect()
            }

            async fn query_filtered<T: Send>(
                &self,
                sql: &str,
                parameters: &[Parameter<'_>],
                mut read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
            ) -> StoreResult<Vec<T>> {
                let found = GenericClient::query(self, sql, &values(parameters)).await?;
                found.iter().map(|row| read(row)).collect()
            }

            async fn execute(&self, sql: &str, parameters: &[Parameter<'_>]) -> StoreResult<u64> {
                let statement = GenericClient::prepare_cached(self, sql).await?;
                Ok(GenericClient::execute(self, &statement, &values(parameters)).await?)
            }
        }
    };
}

impl_database!(Client);
impl_database!(Transaction<'_>);

impl StoredRow for Row {
    fn integer(&self, column: usize) -> StoreResult<Option<i64>> {
        Ok(self.try_get(column)?)
    }

    fn text(&self, column: usize) -> StoreResult<Option<&str>> {
        Ok(self.try_get(column)?)
    }

    fn bytes(&self, column: usize) -> StoreResult<Option<&[u8]>> {
        Ok(self.try_get(column)?)
    }

    fn hash(&self, column: usize, hasher: &mut RowHasher) -> StoreResult<()> {
        if *self.columns()[column].type_() == Type::INT8 {
            hasher.integer(self.try_get(column)?);
        } else {
            hasher.text(self.text(column)?.map(str::as_bytes));
        }
        Ok(())
    }

    fn width(&self) -> usize {
        self.len()
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT4 => {
                i32::try_from(*number)?.to_sql(kind, out)
            }
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Text(text) => clean(text).to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
            Self::Integers(numbers) => numbers.to_sql(kind, out),
            Self::Texts(texts) => texts
                .iter()
                .map(|text| clean(text))
                .collect::<Vec<Cow<'_, str>>>()
                .to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
