//! Scopes and their ids.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::rows::Text;
use super::{codes, query};
use crate::rule::Scope;
use crate::store::StoreResult;

/// The id of a scope that has had a rule or a setting.
pub(super) async fn find(on: &impl GenericClient, scope: &Scope) -> StoreResult<Option<i64>> {
    let sql = "SELECT id FROM scope WHERE kind = $1 AND name = $2";
    let values = (codes::scope_kind(scope), Text(scope.name()));
    let found = query(on, sql, &[&values.0, &values.1]).await?;
    Ok(found.first().map(|row| row.try_get(0)).transpose()?)
}

/// The scopes of rows that are read, each parsed once.
#[derive(Default)]
pub(super) struct Scopes(HashMap<i64, Scope>);

impl Scopes {
    /// The scope whose id, kind and name begin at column `first`.
    pub(super) fn read(&mut self, row: &Row, first: usize) -> StoreResult<Scope> {
        let id: i64 = row.try_get(first)?;
        if let Some(scope) = self.0.get(&id) {
            return Ok(scope.clone());
        }
        let scope = codes::to_scope(row.try_get(first + 1)?, row.try_get(first + 2)?)?;
        self.0.insert(id, scope.clone());
        Ok(scope)
    }
}
