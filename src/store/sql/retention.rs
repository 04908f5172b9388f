//! Reads the first revision whose history is kept, and the revision at a time.

use jiff::Timestamp;

use super::{Database, history};
use crate::rule::{Revision, RevisionRecord};
use crate::store::{StoreError, StoreResult, codes};

pub(in crate::store) async fn start<D: Database>(on: &D) -> StoreResult<Option<RevisionRecord>> {
    let number = D::DIALECT.meta_number();
    let sql = format!("SELECT {number} FROM meta WHERE key = 'history_start'");
    let start = codes::to_revision(on.number(&sql, &[]).await?)?;
    Ok(history::get(on, start).await?.map(|found| found.record))
}

/// Fails for a revision whose history is not kept.
pub(in crate::store) async fn check(on: &impl Database, wanted: Revision) -> StoreResult<()> {
    match start(on).await? {
        Some(RevisionRecord { revision: start, at, .. }) if wanted < start => {
            Err(StoreError::HistoryDeleted { wanted, start, at })
        }
        Some(_) | None => Ok(()),
    }
}

pub(in crate::store) async fn revision_at(
    on: &impl Database,
    time: Timestamp,
    from: Revision,
) -> StoreResult<Revision> {
    let sql = "SELECT coalesce((SELECT id - 1 FROM revision WHERE id > $1 AND at > $2
                                ORDER BY id LIMIT 1),
                               (SELECT max(id) FROM revision), 0)";
    let bounds = [codes::revision(from).into(), time.as_millisecond().into()];
    codes::to_revision(on.number(sql, &bounds).await?)
}
