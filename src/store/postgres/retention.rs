//! Stores the first revision whose history is kept, and deletes rows that ended before it.

use deadpool_postgres::GenericClient;
use jiff::Timestamp;

use super::{codes, filter, history, query};
use crate::rule::{Revision, RevisionRecord};
use crate::store::{StoreError, StoreResult};

/// The first revision that is kept; 0 if all are.
const START: &str = "coalesce((SELECT convert_from(value, 'UTF8')::bigint FROM meta
                               WHERE key = 'history_start'), 0)";

/// The first revision whose history is kept, if some was deleted.
pub(super) async fn start(on: &impl GenericClient) -> StoreResult<Option<RevisionRecord>> {
    let rows = query(on, &format!("SELECT {START}"), filter::NONE).await?;
    let start: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    let found = history::get(on, codes::to_revision(start)?).await?;
    Ok(found.map(|found| found.record))
}

/// Fails for a revision whose history is not kept.
pub(super) async fn check(on: &impl GenericClient, wanted: Revision) -> StoreResult<()> {
    match start(on).await? {
        Some(RevisionRecord { revision: start, at, .. }) if wanted < start => {
            Err(StoreError::HistoryDeleted { wanted, start, at })
        }
        Some(_) | None => Ok(()),
    }
}

/// The revision that was the newest at a time; see `Store::revision_at`.
pub(super) async fn revision_at(
    on: &impl GenericClient,
    time: Timestamp,
    from: Revision,
) -> StoreResult<Revision> {
    let sql = "SELECT coalesce((SELECT id - 1 FROM revision WHERE id > $1 AND at > $2
                                ORDER BY id LIMIT 1),
                               (SELECT max(id) FROM revision), 0)";
    let rows = query(on, sql, &[&codes::revision(from), &time.as_millisecond()]).await?;
    codes::to_revision(rows.first().map_or(Ok(0), |row| row.try_get(0))?)
}

/// Stores the first revision whose history is kept, unless a later one is stored already.
pub(super) async fn raise_start(on: &impl GenericClient, start: Revision) -> StoreResult<()> {
    let sql = "INSERT INTO meta (key, value)
               VALUES ('history_start', convert_to($1::bigint::text, 'UTF8'))
               ON CONFLICT (key) DO UPDATE SET value = convert_to(greatest(
                   convert_from(meta.value, 'UTF8')::bigint, $1)::text, 'UTF8')";
    on.execute(&on.prepare_cached(sql).await?, &[&codes::revision(start)]).await?;
    Ok(())
}

/// Deletes at most `limit` rows that ended before the first revision that is kept. Servers that
/// do so at the same time delete different rows.
pub(super) async fn delete(on: &impl GenericClient, limit: usize) -> StoreResult<usize> {
    let mut gone = 0;
    for table in ["rule", "setting", "tag"] {
        let left = codes::limit(limit.saturating_sub(gone));
        let sql = format!(
            "DELETE FROM {table} WHERE id = ANY (ARRAY(
                 SELECT id FROM {table} WHERE ended IS NOT NULL AND ended < {START}
                 ORDER BY ended, id LIMIT $1 FOR UPDATE SKIP LOCKED))"
        );
        let deleted = on.execute(&on.prepare_cached(&sql).await?, &[&left]).await?;
        gone += usize::try_from(deleted).map_err(|error| codes::corrupt("count", &error))?;
    }
    Ok(gone)
}
