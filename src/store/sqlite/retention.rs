//! Stores the first revision whose history is kept, and deletes rules, settings and tags that ended
//! before it.

use rusqlite::Connection;

use super::codes;
use super::writer::WriteResult;
use crate::rule::Revision;
use crate::store::StoreResult;

/// SQL for the first revision whose history is kept; 0 if all history is kept.
const START: &str = "SELECT ifnull((SELECT value FROM meta WHERE key = 'history_start'), 0)";

/// SQL for the rows of each table that ended before the revision `?1`.
const OLD_RULES: &str = "rule INDEXED BY rule_ended WHERE ended IS NOT NULL AND ended < ?1";
const OLD_SETTINGS: &str = "setting WHERE ended < ?1";
const OLD_TAGS: &str = "tag WHERE ended < ?1";

pub(super) fn raise_start(
    connection: &Connection,
    start: Revision,
) -> StoreResult<WriteResult<()>> {
    let sql = "INSERT INTO meta (key, value) VALUES ('history_start', ?)
               ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)";
    connection.prepare_cached(sql)?.execute([codes::revision(start)])?;
    Ok(WriteResult::Keep(()))
}

/// Whether any row ended before the first revision whose history is kept.
pub(super) fn has_old(connection: &Connection) -> StoreResult<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {OLD_RULES}) OR EXISTS (SELECT 1 FROM {OLD_SETTINGS})
             OR EXISTS (SELECT 1 FROM {OLD_TAGS})"
    );
    let start: i64 = connection.prepare_cached(START)?.query_one([], |row| row.get(0))?;
    Ok(connection.prepare_cached(&sql)?.query_one([start], |row| row.get(0))?)
}

/// Deletes at most `limit` rows that ended before the first revision whose history is kept.
pub(super) fn delete(connection: &Connection, limit: usize) -> StoreResult<WriteResult<usize>> {
    let start: i64 = connection.prepare_cached(START)?.query_one([], |row| row.get(0))?;
    let mut gone = 0;
    for (table, old) in [("rule", OLD_RULES), ("setting", OLD_SETTINGS), ("tag", OLD_TAGS)] {
        let left = codes::limit(limit.saturating_sub(gone));
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {old} ORDER BY ended LIMIT ?2)"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        gone += statement.execute([start, left])?;
    }
    Ok(WriteResult::Keep(gone))
}
