//! Stores the first revision whose history is kept, and deletes rows that ended before it.

use jiff::Timestamp;
use rusqlite::Connection;

use super::writer::Done;
use super::{codes, history};
use crate::rule::{Revision, RevisionRecord};
use crate::store::{StoreError, StoreResult};

/// The first revision that is kept; 0 if all are.
const START: &str = "SELECT ifnull((SELECT value FROM meta WHERE key = 'history_start'), 0)";

/// Rows that ended before the revision `?1`.
const OLD_RULES: &str = "rule INDEXED BY rule_ended WHERE ended IS NOT NULL AND ended < ?1";
const OLD_SETTINGS: &str = "setting WHERE ended < ?1";
const OLD_TAGS: &str = "tag WHERE ended < ?1";

/// The first revision whose history is kept, if some was deleted.
pub(super) fn start(connection: &Connection) -> StoreResult<Option<RevisionRecord>> {
    let start: i64 = connection.prepare_cached(START)?.query_one([], |row| row.get(0))?;
    let found = history::get(connection, codes::to_revision(start)?)?;
    Ok(found.map(|found| found.record))
}

/// Fails for a revision whose history is not kept.
pub(super) fn check(connection: &Connection, wanted: Revision) -> StoreResult<()> {
    match start(connection)? {
        Some(RevisionRecord { revision: start, at, .. }) if wanted < start => {
            Err(StoreError::HistoryDeleted { wanted, start, at })
        }
        Some(_) | None => Ok(()),
    }
}

/// The revision that was the newest at a time; see `Store::revision_at`.
pub(super) fn revision_at(
    connection: &Connection,
    time: Timestamp,
    from: Revision,
) -> StoreResult<Revision> {
    let sql = "SELECT ifnull((SELECT id - 1 FROM revision WHERE id > ?1 AND at > ?2
                              ORDER BY id LIMIT 1),
                             (SELECT ifnull(max(id), 0) FROM revision))";
    let bounds = [codes::revision(from), time.as_millisecond()];
    codes::to_revision(connection.prepare_cached(sql)?.query_one(bounds, |row| row.get(0))?)
}

/// Stores the first revision whose history is kept, unless a later one is stored already.
pub(super) fn raise_start(connection: &Connection, start: Revision) -> StoreResult<Done<()>> {
    let sql = "INSERT INTO meta (key, value) VALUES ('history_start', ?)
               ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)";
    connection.prepare_cached(sql)?.execute([codes::revision(start)])?;
    Ok(Done::Keep(()))
}

/// Whether there is something to delete.
pub(super) fn has_old(connection: &Connection) -> StoreResult<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {OLD_RULES}) OR EXISTS (SELECT 1 FROM {OLD_SETTINGS})
             OR EXISTS (SELECT 1 FROM {OLD_TAGS})"
    );
    let start: i64 = connection.prepare_cached(START)?.query_one([], |row| row.get(0))?;
    Ok(connection.prepare_cached(&sql)?.query_one([start], |row| row.get(0))?)
}

/// Deletes at most `limit` rows that ended before the first revision that is kept.
pub(super) fn delete(connection: &Connection, limit: usize) -> StoreResult<Done<usize>> {
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
    Ok(Done::Keep(gone))
}
