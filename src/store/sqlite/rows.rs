//! Rows and our words: how each value of the vocabulary is kept.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, ToSql, params};

use crate::rule::{PolicyKind, Revision, RevisionRecord, Rule, RuleDraft, RuleType, Scope, Target};
use crate::store::{LedgerRow, RuleRecord, ScopeId, StoreError, StoreResult};

/// A rule type's number. Their order is the order of lists.
pub(super) const fn type_number(rule_type: RuleType) -> i64 {
    match rule_type {
        RuleType::CdHash => 0,
        RuleType::Binary => 1,
        RuleType::SigningId => 2,
        RuleType::Certificate => 3,
        RuleType::TeamId => 4,
    }
}

/// A policy's number.
pub(super) const fn policy_number(policy: PolicyKind) -> i64 {
    match policy {
        PolicyKind::Allow => 0,
        PolicyKind::AllowCompiler => 1,
        PolicyKind::Block => 2,
        PolicyKind::SilentBlock => 3,
        PolicyKind::SilentBlockGui => 4,
        PolicyKind::SilentBlockTty => 5,
        PolicyKind::Cel => 6,
        PolicyKind::Remove => 7,
    }
}

/// A kind of scope's number. Their order is the order of strength.
pub(super) const fn scope_number(scope: &Scope) -> i64 {
    match scope {
        Scope::Fleet => 0,
        Scope::Group(_) => 1,
        Scope::Tag(_) => 2,
        Scope::User(_) => 3,
        Scope::Host(_) => 4,
    }
}

/// Something in the database that our words cannot say.
fn strange(column: usize, what: impl std::fmt::Display) -> rusqlite::Error {
    let error = FromSqlError::Other(what.to_string().into());
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// A scope from two columns.
pub(super) fn scope(row: &Row<'_>, at: usize) -> rusqlite::Result<Scope> {
    let (kind, name): (i64, String) = (row.get(at)?, row.get(at + 1)?);
    let scope = match kind {
        0 => Ok(Scope::Fleet),
        1 => Scope::group(&name),
        2 => name.parse().map(Scope::Tag),
        3 => Scope::user(&name),
        4 => name.parse().map(Scope::Host),
        other => return Err(strange(at, format!("scope kind {other}"))),
    };
    scope.map_err(|error| strange(at, error))
}

/// A time from a column.
pub(super) fn time(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(at)?).map_err(|error| strange(at, error))
}

/// A time that may be absent.
pub(super) fn maybe_time(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    let millisecond: Option<i64> = row.get(at)?;
    let read = |at_time| Timestamp::from_millisecond(at_time).map_err(|error| strange(at, error));
    millisecond.map(read).transpose()
}

/// A revision from a column.
pub(super) fn revision(row: &Row<'_>, at: usize) -> rusqlite::Result<Revision> {
    let number: i64 = row.get(at)?;
    Ok(Revision(number.cast_unsigned()))
}

/// What [`rule`] reads, in its order.
pub(super) const RULE_COLUMNS: &str = "rule.rule_type, rule.identifier, scope.kind, scope.name, \
    rule.policy, rule.cel, rule.message, rule.url, rule.button_label, rule.app_name, \
    rule.bundle_hash, rule.bundle_count, rule.comment, rule.ticket, rule.source, rule.expires";
/// How many columns that is.
const RULE_WIDTH: usize = 16;

/// A rule from [`RULE_COLUMNS`].
pub(super) fn rule(row: &Row<'_>) -> rusqlite::Result<Rule> {
    let number = |at: usize| row.get::<_, i64>(at);
    let rule_type = RuleType::ALL.into_iter().find(|kind| Ok(type_number(*kind)) == number(0));
    let policy = PolicyKind::ALL.into_iter().find(|kind| Ok(policy_number(*kind)) == number(4));
    let (Some(rule_type), Some(policy)) = (rule_type, policy) else {
        return Err(strange(0, "a rule type or policy that this program does not know"));
    };
    let identifier: String = row.get(1)?;
    let target = Target::new(rule_type, &identifier).map_err(|error| strange(1, error))?;
    let draft = RuleDraft {
        target: target.to_string(),
        policy: policy.word().to_owned(),
        scope: scope(row, 2)?.to_string(),
        cel: row.get(5)?,
        message: row.get(6)?,
        url: row.get(7)?,
        button_label: row.get(8)?,
        app_name: row.get(9)?,
        bundle_hash: row.get(10)?,
        bundle_binary_count: row.get(11)?,
        comment: row.get(12)?,
        ticket: row.get(13)?,
        source: row.get(14)?,
        expires: maybe_time(row, 15)?,
    };
    Rule::try_from(draft).map_err(|error| strange(1, error))
}

/// A rule and its revision from [`RULE_COLUMNS`] and the revision's four.
pub(super) fn rule_record(row: &Row<'_>) -> rusqlite::Result<RuleRecord> {
    let made = RevisionRecord {
        revision: revision(row, RULE_WIDTH)?,
        at: time(row, RULE_WIDTH + 1)?,
        author: row.get(RULE_WIDTH + 2)?,
        message: row.get(RULE_WIDTH + 3)?,
    };
    Ok(RuleRecord { rule: rule(row)?, made })
}

/// A version of a rule from [`RULE_COLUMNS`] and its row's id, scope, made and ended.
pub(super) fn ledger_row(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    let ended: Option<i64> = row.get(RULE_WIDTH + 3)?;
    Ok(LedgerRow {
        id: row.get(RULE_WIDTH)?,
        scope: ScopeId(row.get(RULE_WIDTH + 1)?),
        rule: Arc::new(rule(row)?),
        made: revision(row, RULE_WIDTH + 2)?,
        ended: ended.map(|number| Revision(number.cast_unsigned())),
    })
}

/// Binds a rule's columns, from scope on, to a statement's parameters.
pub(super) fn with_rule_params<T>(
    rule: &Rule,
    scope: ScopeId,
    made: Revision,
    run: impl FnOnce(&[&dyn ToSql]) -> T,
) -> T {
    let notice = &rule.notice;
    let provenance = &rule.provenance;
    let bundle = notice.bundle.as_ref();
    run(params![
        scope.0,
        type_number(rule.target().rule_type()),
        rule.target().identifier(),
        policy_number(rule.policy().kind()),
        rule.policy().expression().map(|cel| cel.as_str()),
        notice.message.as_deref(),
        notice.url.as_deref(),
        notice.button_label.as_deref(),
        notice.app_name.as_deref(),
        bundle.map(crate::rule::Bundle::hash),
        bundle.map(crate::rule::Bundle::binary_count),
        provenance.comment.as_deref(),
        provenance.ticket.as_deref(),
        provenance.source.as_deref(),
        rule.expires.map(Timestamp::as_millisecond),
        made.0.cast_signed(),
    ])
}

/// JSON from a column.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    at: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(at)?.as_str().map_err(|error| strange(at, error))?;
    serde_json::from_str(text).map_err(|error| strange(at, error))
}

/// JSON for a column.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_order_of_lists_and_of_strength() {
        assert!(RuleType::ALL.map(type_number).is_sorted());
        assert!(RuleType::ALL.is_sorted());
        let scopes = ["fleet", "group:g", "tag:t", "user:u", "host:h"];
        let numbers = scopes.map(|scope| scope_number(&scope.parse().unwrap()));
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn numbers_in_files_never_change() {
        assert_eq!(PolicyKind::ALL.map(policy_number), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(RuleType::ALL.map(type_number), [0, 1, 2, 3, 4]);
    }
}
