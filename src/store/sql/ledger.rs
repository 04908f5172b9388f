//! Builds a page of the ledger from rows. Checks the checksum of each row, and skips unreadable
//! rows.

use std::collections::HashMap;

use super::StoredRow;
use super::rows::{self, WIDTH};
use crate::rule::Scope;
use crate::store::checksum::{self, Damage, RowHasher};
use crate::store::quarantine::Quarantine;
use crate::store::{Expired, LedgerRow, ScopeId, StoreResult, codes};

/// The first columns of a row of the ledger. The content and the checksum follow.
pub(in crate::store) const COLUMNS: &str = "id, scope, made, ended, rule_type, identifier";

/// A scope as it is stored, and the result of reading it.
pub(in crate::store) struct StoredScope {
    kind: i64,
    name: String,
    scope: StoreResult<Scope>,
}

impl StoredScope {
    pub(in crate::store) fn new(kind: i64, name: &str) -> Self {
        Self { kind, name: name.to_owned(), scope: codes::to_scope(kind, name) }
    }
}

pub(in crate::store) struct LedgerPage<'q> {
    pub(in crate::store) rows: Vec<LedgerRow>,
    /// The scopes of the rows, by ID.
    pub(in crate::store) scopes: HashMap<i64, StoredScope>,
    pub(in crate::store) limit: usize,
    hasher: RowHasher,
    damage: Damage,
    quarantine: &'q Quarantine,
    expired: Option<Expired>,
}

impl<'q> LedgerPage<'q> {
    pub(in crate::store) fn new(
        limit: usize,
        quarantine: &'q Quarantine,
        expired: Option<Expired>,
    ) -> Self {
        let (hasher, damage) = (RowHasher::default(), Damage::default());
        let (rows, scopes) = (Vec::new(), HashMap::new());
        Self { rows, scopes, limit, hasher, damage, quarantine, expired }
    }

    /// Returns the rows, or an error if any row was damaged.
    pub(in crate::store) fn finish(self) -> StoreResult<Vec<LedgerRow>> {
        self.damage.into_result()?;
        Ok(self.rows)
    }

    /// Adds a row. Its columns are [`COLUMNS`], followed by the columns of the content and by the
    /// checksum. If the row's scope exists, it must already be in `scopes`.
    pub(in crate::store) fn add(&mut self, row: &(dyn StoredRow + '_)) -> StoreResult<()> {
        let id = row.number(0)?;
        let about = || row.str(5).unwrap_or("no text").to_owned();
        let number = |column| row.integer(column).ok().flatten();
        let scope_id = number(1).unwrap_or_default();
        let scope = self.scopes.get(&scope_id);
        let Some(scope) = scope.filter(|scope| is_sound(row, scope, &mut self.hasher)) else {
            self.damage.add("rule", id, &about());
            return Ok(());
        };
        let ended = number(3);
        let read = scope.scope.clone().and_then(|scope| rows::rule(row, 4, scope));
        let taken = self.quarantine.take(read, "rule", id, about, ended.is_some())?;
        if let Some(rule) = taken {
            let made = codes::to_revision(row.number(2)?)?;
            let ended = ended.map(codes::to_revision).transpose()?;
            let ended = ended.or_else(|| self.expired.and_then(|it| it.end_of(&rule, made)));
            self.rows.push(LedgerRow { id, scope: ScopeId(scope_id), rule, made, ended });
        }
        Ok(())
    }
}

fn is_sound(row: &(dyn StoredRow + '_), scope: &StoredScope, hasher: &mut RowHasher) -> bool {
    let number = |column| row.integer(column).ok().flatten();
    let (Some(made), Some(checksum)) = (number(2), number(6 + WIDTH)) else { return false };
    let mut hash = || -> StoreResult<()> {
        row.hash(4, hasher)?;
        row.hash(5, hasher)?;
        hasher.integer(Some(scope.kind)).text(Some(scope.name.as_bytes()));
        (6..6 + WIDTH).try_for_each(|column| row.hash(column, hasher))
    };
    let is_readable = hash().is_ok();
    // This also empties the hasher.
    let hash = hasher.finish(made);
    is_readable && checksum::ended(hash, number(3)) == checksum
}
