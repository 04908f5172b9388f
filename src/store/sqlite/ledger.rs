//! Reads pages of the ledger.

use std::collections::hash_map::Entry;

use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::codes;
use crate::rule::Revision;
use crate::store::quarantine::Quarantine;
use crate::store::sql::ledger::{COLUMNS, LedgerPage, StoredScope};
use crate::store::sql::rows::CONTENT;
use crate::store::{Expired, LedgerRow, StoreResult};

/// With this many ended rows or more, reading all rows in order is faster than sorting the ended
/// rows for every page.
const MANY_ENDED: i64 = 20_000;

/// A page of the ledger.
///
/// IDs grow with revisions, so all rows made after `since` follow the last row made at or before
/// `since`. Only the rows up to that last row must be searched for rows that ended after `since`.
pub(super) fn page(
    connection: &Connection,
    since: Revision,
    above: i64,
    limit: usize,
    quarantine: &Quarantine,
    expired: Option<Expired>,
) -> StoreResult<Vec<LedgerRow>> {
    let mut page = LedgerPage::new(limit, quarantine, expired);
    let since = codes::revision(since);
    let known: i64 = connection
        .prepare_cached(
            "SELECT ifnull((SELECT id FROM rule WHERE made <= ? ORDER BY made DESC, id DESC
                            LIMIT 1), 0)",
        )?
        .query_one([since], |row| row.get(0))?;
    if above < known {
        let ended: i64 = connection
            .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM rule WHERE ended > ? LIMIT ?)")?
            .query_one([since, MANY_ENDED], |row| row.get(0))?;
        let table =
            if ended < MANY_ENDED { "rule INDEXED BY rule_ended" } else { "rule NOT INDEXED" };
        let condition = "id > ? AND id <= ? AND ended > ?";
        fill(&mut page, connection, table, condition, [above, known, since])?;
    }
    fill(&mut page, connection, "rule", "id > ?", [above.max(known)])?;
    page.finish()
}

/// Adds the rows that meet a condition, up to the page's limit. The condition must require IDs
/// above the first of `values`.
fn fill<const N: usize>(
    page: &mut LedgerPage<'_>,
    connection: &Connection,
    table: &str,
    condition: &str,
    mut values: [i64; N],
) -> StoreResult<()> {
    let sql = format!(
        "SELECT {COLUMNS}, {CONTENT}, checksum FROM {table} WHERE {condition} ORDER BY id LIMIT ?"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut find_scope = connection.prepare_cached("SELECT kind, name FROM scope WHERE id = ?")?;
    // If rows are unreadable, reads more rows, because callers treat a short page as the last page.
    while page.rows.len() < page.limit {
        let wanted = page.limit - page.rows.len();
        let limit = codes::limit(wanted);
        let mut found = statement.query(params_from_iter(values.into_iter().chain([limit])))?;
        let mut read = 0;
        while let Some(row) = found.next()? {
            read += 1;
            values[0] = row.get(0)?;
            if let Entry::Vacant(unknown) = page.scopes.entry(row.get(1)?) {
                let scope = find_scope.query_row([unknown.key()], |row| {
                    Ok(StoredScope::new(row.get(0)?, row.get_ref(1)?.as_str()?))
                });
                scope.optional()?.map(|scope| unknown.insert(scope));
            }
            page.add(row)?;
        }
        if read < wanted {
            break;
        }
    }
    Ok(())
}
