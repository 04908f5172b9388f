//! The epoch of the database.

use jiff::Timestamp;
use rusqlite::Connection;

use super::codes;
use crate::fleet::{Epoch, EpochId};
use crate::store::{StoreResult, new_epoch};

/// The database's epoch.
pub(super) fn get(on: &Connection) -> StoreResult<Epoch> {
    let sql = "SELECT id, began FROM epoch";
    let (id, began): (i64, Option<i64>) =
        on.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    codes::to_epoch(id, began)
}

/// Begins another epoch.
pub(super) fn begin(on: &Connection, now: Timestamp) -> StoreResult<Epoch> {
    let epoch = Epoch { id: new_epoch(), began: Some(now) };
    set(on, epoch)?;
    get(on)
}

/// Gives the database this epoch.
pub(super) fn set(on: &Connection, Epoch { id, began }: Epoch) -> StoreResult<()> {
    let began = began.map(Timestamp::as_millisecond);
    on.execute("UPDATE epoch SET id = ?, began = ?", (id_number(id), began))?;
    Ok(())
}

/// Gives a new database an epoch of its own.
pub(super) fn found(on: &Connection) -> rusqlite::Result<()> {
    on.execute("UPDATE epoch SET id = ?", [id_number(new_epoch())]).map(drop)
}

fn id_number(id: EpochId) -> i64 {
    id.0.cast_signed()
}
