//! Pages of the ledger.

use deadpool_postgres::GenericClient;

use super::{codes, query};
use crate::rule::Revision;
use crate::store::quarantine::Quarantine;
use crate::store::sql::ledger::{COLUMNS, LedgerPage, StoredScope};
use crate::store::sql::rows::{CONTENT, WIDTH, content_of};
use crate::store::{Expired, LedgerRow, StoreResult};

/// A page of the ledger.
///
/// IDs grow with revisions, so all rows made after `since` follow the last row made at or before
/// `since`. Only the rows up to that last row must be searched for rows that ended after `since`.
pub(super) async fn page(
    on: &impl GenericClient,
    since: Revision,
    above: i64,
    limit: usize,
    quarantine: &Quarantine,
    expired: Option<Expired>,
) -> StoreResult<Vec<LedgerRow>> {
    let since = codes::revision(since);
    let sql = "SELECT coalesce((SELECT id FROM rule WHERE made <= $1
                                ORDER BY made DESC, id DESC LIMIT 1), 0)";
    let known = query(on, sql, &[&since]).await?;
    let known: i64 = known.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    let mut page = LedgerPage::new(limit, quarantine, expired);
    if above < known {
        let condition = "r.id > $2 AND r.id <= $3 AND r.ended > $4";
        fill(&mut page, on, condition, [above, known, since]).await?;
    }
    fill(&mut page, on, "r.id > $2", [above.max(known)]).await?;
    page.finish()
}

/// Adds the rows that meet a condition, up to the page's limit. The first parameter of the query is
/// the number of rows to read. The condition must require IDs above the second parameter.
async fn fill<const N: usize>(
    page: &mut LedgerPage<'_>,
    on: &impl GenericClient,
    condition: &str,
    mut values: [i64; N],
) -> StoreResult<()> {
    let sql = format!(
        "SELECT r.id, r.scope, r.made, r.ended, r.rule_type, r.identifier, {}, r.checksum,
                s.kind, s.name
         FROM (SELECT {COLUMNS}, {CONTENT}, checksum
               FROM rule AS r WHERE {condition} ORDER BY id LIMIT $1) AS r
              LEFT JOIN scope AS s ON s.id = r.scope
         ORDER BY r.id",
        content_of("r")
    );
    // If rows are unreadable, reads more rows, because callers treat a short page as the last page.
    while page.rows.len() < page.limit {
        let wanted = page.limit - page.rows.len();
        let left = codes::limit(wanted);
        let all: Vec<_> =
            std::iter::once(&left as _).chain(values.iter().map(|value| value as _)).collect();
        let found = query(on, &sql, &all).await?;
        for row in &found {
            let scope: i64 = row.try_get(1)?;
            if !page.scopes.contains_key(&scope)
                && let Some(kind) = row.try_get(7 + WIDTH)?
            {
                page.scopes.insert(scope, StoredScope::new(kind, row.try_get(8 + WIDTH)?));
            }
            page.add(row)?;
        }
        match found.last() {
            Some(last) if found.len() == wanted => values[0] = last.try_get(0)?,
            _ => break,
        }
    }
    Ok(())
}
