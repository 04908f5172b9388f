//! Stores the first revision whose history is kept, and deletes rules, settings and tags that ended
//! before it.

use super::codes;
use crate::rule::Revision;
use crate::store::StoreResult;
use deadpool_postgres::GenericClient;

/// SQL for the first revision whose history is kept; 0 if all history is kept.
const START: &str = "coalesce((SELECT convert_from(value, 'UTF8')::bigint FROM meta
                               WHERE key = 'history_start'), 0)";

pub(super) async fn raise_start(on: &impl GenericClient, start: Revision) -> StoreResult<()> {
    let sql = "INSERT INTO meta (key, value)
               VALUES ('history_start', convert_to($1::bigint::text, 'UTF8'))
               ON CONFLICT (key) DO UPDATE SET value = convert_to(greatest(
                   convert_from(meta.value, 'UTF8')::bigint, $1)::text, 'UTF8')";
    on.execute(&on.prepare_cached(sql).await?, &[&codes::revision(start)]).await?;
    Ok(())
}

/// Deletes at most `limit` rows that ended before the first revision whose history is kept. Skips
/// rows that another server is deleting.
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
