//! The epoch of the database.

use deadpool_postgres::GenericClient;
use jiff::Timestamp;

use super::{codes, filter, query};
use crate::fleet::Epoch;
use crate::store::{StoreError, StoreResult, new_epoch};

/// The database's epoch.
pub(super) async fn get(on: &impl GenericClient) -> StoreResult<Epoch> {
    let rows = query(on, "SELECT id, began FROM epoch", filter::NONE).await?;
    let missing = || StoreError::Damaged("the row of its epoch is missing".to_owned());
    let row = rows.first().ok_or_else(missing)?;
    codes::to_epoch(row.try_get(0)?, row.try_get(1)?)
}

/// Begins another epoch.
pub(super) async fn begin(on: &impl GenericClient, now: Timestamp) -> StoreResult<Epoch> {
    set(on, Epoch { id: new_epoch(), began: Some(now) }).await?;
    get(on).await
}

/// Gives the database this epoch.
pub(super) async fn set(on: &impl GenericClient, Epoch { id, began }: Epoch) -> StoreResult<()> {
    let began = began.map(Timestamp::as_millisecond);
    let sql = "UPDATE epoch SET id = $1, began = $2";
    on.execute(sql, &[&id.0.cast_signed(), &began]).await?;
    Ok(())
}

/// Gives a new database an epoch of its own.
pub(super) async fn found(on: &impl GenericClient) -> StoreResult<()> {
    set(on, Epoch { id: new_epoch(), began: None }).await
}
