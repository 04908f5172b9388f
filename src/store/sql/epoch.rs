//! The epoch of the database.

use jiff::Timestamp;

use super::Database;
use crate::fleet::Epoch;
use crate::store::{StoreError, StoreResult, codes, new_epoch};

pub(in crate::store) async fn get(on: &impl Database) -> StoreResult<Epoch> {
    let read = on.first("SELECT id, began FROM epoch", &[], |row| {
        codes::to_epoch(row.number(0)?, row.integer(1)?)
    });
    let missing = || StoreError::Damaged("the row with its epoch is missing".to_owned());
    read.await?.ok_or_else(missing)
}

pub(in crate::store) async fn begin(on: &impl Database, now: Timestamp) -> StoreResult<Epoch> {
    set(on, Epoch { id: new_epoch(), began: Some(now) }).await?;
    get(on).await
}

pub(in crate::store) async fn set(
    on: &impl Database,
    Epoch { id, began }: Epoch,
) -> StoreResult<()> {
    let began = began.map(Timestamp::as_millisecond);
    let sql = "UPDATE epoch SET id = $1, began = $2";
    on.execute(sql, &[id.0.cast_signed().into(), began.into()]).await.map(drop)
}

/// Stores a new epoch in a new database.
pub(in crate::store) async fn set_first(on: &impl Database) -> StoreResult<()> {
    set(on, Epoch { id: new_epoch(), began: None }).await
}
