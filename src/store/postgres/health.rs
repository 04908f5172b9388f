//! Checks that the database can be written to, reads its size, and stores and reads the newest
//! known time.

use deadpool_postgres::GenericClient;
use jiff::Timestamp;

use super::{codes, query};
use crate::store::{DatabaseSize, StoreResult};

pub(super) async fn prove_writable(on: &impl GenericClient) -> StoreResult<()> {
    // The value is stored as decimal digits, like all numbers in this table.
    let sql = "INSERT INTO meta (key, value) VALUES ('probe', '1')
               ON CONFLICT (key) DO UPDATE SET value = convert_to(
                   (convert_from(meta.value, 'UTF8')::bigint % 1000000 + 1)::text, 'UTF8')";
    on.execute(&on.prepare_cached(sql).await?, &[]).await?;
    Ok(())
}

pub(super) async fn size(on: &impl GenericClient) -> StoreResult<DatabaseSize> {
    let found = query(on, "SELECT pg_database_size(current_database())", &[]).await?;
    let bytes: Option<i64> = found.first().map(|row| row.try_get(0)).transpose()?;
    let bytes = bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
    Ok(DatabaseSize { bytes, disk_free: None })
}

pub(super) async fn note_time(on: &impl GenericClient, time: Timestamp) -> StoreResult<()> {
    let sql = "INSERT INTO meta (key, value)
               VALUES ('clock', convert_to($1::bigint::text, 'UTF8'))
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    on.execute(&on.prepare_cached(sql).await?, &[&time.as_millisecond()]).await?;
    Ok(())
}

pub(super) async fn noted_time(on: &impl GenericClient) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT convert_from(value, 'UTF8')::bigint FROM meta WHERE key = 'clock'";
    let found = query(on, sql, &[]).await?;
    let millisecond: Option<i64> = found.first().map(|row| row.try_get(0)).transpose()?;
    millisecond.map(codes::to_time).transpose()
}

pub(super) async fn newest_time(on: &impl GenericClient) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT coalesce(
        (SELECT convert_from(value, 'UTF8')::bigint FROM meta WHERE key = 'clock'),
        (SELECT greatest(
            (SELECT max(at) FROM revision), (SELECT max(received) FROM event),
            (SELECT max(first_seen) FROM host),
            (SELECT max(extract(epoch FROM (sync::jsonb->>'last_seen')::timestamptz) * 1000)::bigint
             FROM host))))";
    let found = query(on, sql, &[]).await?;
    let millisecond: Option<i64> = found.first().map(|row| row.try_get(0)).transpose()?.flatten();
    millisecond.map(codes::to_time).transpose()
}
