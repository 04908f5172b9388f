//! Rows that this version of nicelist cannot read. These rows are kept in the database and
//! reported, but they are not served.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{StoreError, StoreResult};

/// Maximum quarantined rows.
const MOST: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// The row's table: `rule`, `setting` or `tag`.
    pub table: &'static str,
    pub id: i64,
    /// The rule's identifier, the setting's name or the tag's name, as it is stored.
    pub about: String,
    pub reason: String,
}

/// The active rows that were found to be unreadable, up to [`MOST`]. A row is removed when it is
/// read again and is readable or has ended.
#[derive(Clone, Default)]
pub(super) struct Quarantine(Arc<Mutex<BTreeMap<(&'static str, i64), QuarantinedRow>>>);

impl Quarantine {
    pub(super) fn rows(&self) -> Vec<QuarantinedRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Returns the value of a row, or None if the row is unreadable. Quarantines the row if it is
    /// unreadable and has not ended. Otherwise, removes it from the quarantine.
    pub(super) fn take<T>(
        &self,
        read: StoreResult<T>,
        table: &'static str,
        id: i64,
        about: impl FnOnce() -> String,
        has_ended: bool,
    ) -> StoreResult<Option<T>> {
        let found = readable(read)?;
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = match found {
            Readable::Value(value) if rows.is_empty() => return Ok(Some(value)),
            Readable::Value(value) => Some(value),
            Readable::Not(reason) if !has_ended => {
                if rows.len() < MOST && !rows.contains_key(&(table, id)) {
                    let about = about();
                    tracing::warn!(
                        table,
                        id,
                        about,
                        reason,
                        "a row cannot be read and is not served"
                    );
                    rows.insert((table, id), QuarantinedRow { table, id, about, reason });
                }
                return Ok(None);
            }
            Readable::Not(_) => None,
        };
        rows.remove(&(table, id));
        Ok(value)
    }

    /// Removes a table's rows from the quarantine, before its active rows are read again.
    pub(super) fn clear(&self, table: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| *of != table);
    }
}

enum Readable<T> {
    Value(T),
    Not(String),
}

fn readable<T>(read: StoreResult<T>) -> StoreResult<Readable<T>> {
    match read {
        Ok(value) => Ok(Readable::Value(value)),
        Err(StoreError::Unreadable(reason)) => Ok(Readable::Not(reason)),
        Err(error) => Err(error),
    }
}

/// Returns the value of a row, or None if the row is unreadable. Lists skip such rows.
pub(super) fn listed<T>(read: StoreResult<T>) -> StoreResult<Option<T>> {
    Ok(match readable(read)? {
        Readable::Value(value) => Some(value),
        Readable::Not(_) => None,
    })
}

/// How many rows to read for a page of a list. If some rows are unreadable, more rows are read,
/// because clients treat a short page as the last page.
pub(super) struct PageSize {
    limit: usize,
    pub(super) rows: usize,
}

impl PageSize {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, rows: limit }
    }

    /// Whether the page is complete, given how many rows were read. Also cuts `found` to the limit,
    /// and doubles `rows` for the next attempt.
    pub(super) fn is_complete<T>(&mut self, found: &mut Vec<T>, read: usize) -> bool {
        let complete = found.len() >= self.limit || read < self.rows;
        found.truncate(self.limit);
        self.rows = self.rows.saturating_mul(2);
        complete
    }
}
