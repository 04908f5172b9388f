//! Rules in time: what was made and ended since, what is in force, what has run out.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::in_time::{add_revision, head};
use super::rows;
use crate::rule::Revision;
use crate::store::{Author, LedgerRow, RuleFilter, RuleKey, RuleRecord, StoreResult};

/// Rows that were made or ended after a revision, by id.
pub(super) fn ledger(
    db: &Connection,
    since: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<LedgerRow>> {
    let changed = match since {
        Revision(0) => "TRUE",
        _ => "(rule.made > ?2 OR rule.ended > ?2)",
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT {}, rule.id, rule.scope, rule.made, rule.ended \
         FROM rule JOIN scope ON scope.id = rule.scope \
         WHERE rule.id > ?1 AND {changed} AND ?2 = ?2 ORDER BY rule.id LIMIT ?3",
        rows::RULE_COLUMNS
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = query.query_map(params![above, since.0.cast_signed(), limit], rows::ledger_row)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Rules in force, by type, identifier and scope.
pub(super) fn list(
    db: &Connection,
    filter: &RuleFilter,
    after: Option<&RuleKey>,
    limit: usize,
) -> StoreResult<Vec<RuleRecord>> {
    let mut wanted = vec!["rule.ended IS NULL".to_owned()];
    let mut given: Vec<Value> = Vec::new();
    let mut want = |condition: &str, values: Vec<Value>| {
        wanted.push(condition.to_owned());
        given.extend(values);
    };
    let RuleFilter { target, scope, rule_type, policy, source, text } = filter;
    if let Some(target) = target {
        let kind = rows::type_number(target.rule_type());
        let values = vec![kind.into(), target.identifier().to_owned().into()];
        want("rule.rule_type = ? AND rule.identifier = ?", values);
    }
    if let Some(scope) = scope {
        let values = vec![rows::scope_number(scope).into(), scope.name().to_owned().into()];
        want("scope.kind = ? AND scope.name = ?", values);
    }
    if let Some(rule_type) = rule_type {
        want("rule.rule_type = ?", vec![rows::type_number(*rule_type).into()]);
    }
    if let Some(policy) = policy {
        want("rule.policy = ?", vec![rows::policy_number(*policy).into()]);
    }
    if let Some(source) = source {
        want("rule.source = ?", vec![source.clone().into()]);
    }
    if let Some(text) = text {
        let text = Value::from(text.to_ascii_lowercase());
        want(
            "(instr(lower(rule.identifier), ?) OR instr(lower(rule.comment), ?) \
              OR instr(lower(rule.ticket), ?))",
            vec![text.clone(), text.clone(), text],
        );
    }
    if let Some(RuleKey { target, scope }) = after {
        let values = vec![
            rows::type_number(target.rule_type()).into(),
            target.identifier().to_owned().into(),
            rows::scope_number(scope).into(),
            scope.name().to_owned().into(),
        ];
        want("(rule.rule_type, rule.identifier, scope.kind, scope.name) > (?, ?, ?, ?)", values);
        // Said once more by the index's own columns, so that the search begins there.
        let values = vec![
            rows::type_number(target.rule_type()).into(),
            target.identifier().to_owned().into(),
        ];
        want("(rule.rule_type, rule.identifier) >= (?, ?)", values);
    }
    given.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let mut query = db.prepare_cached(&format!(
        "SELECT {}, revision.id, revision.at, revision.author, revision.message \
         FROM rule JOIN scope ON scope.id = rule.scope JOIN revision ON revision.id = rule.made \
         WHERE {} ORDER BY rule.rule_type, rule.identifier, scope.kind, scope.name LIMIT ?",
        rows::RULE_COLUMNS,
        wanted.join(" AND ")
    ))?;
    let found = query.query_map(params_from_iter(given), rows::rule_record)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Whether a rule's time has come.
pub(super) fn any_due(db: &Connection, now: Timestamp) -> StoreResult<bool> {
    let mut query = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM rule \
         WHERE expires IS NOT NULL AND ended IS NULL AND expires <= ?1)",
    )?;
    Ok(query.query_row([now.as_millisecond()], |row| row.get(0))?)
}

/// Ends the rules whose time has come.
pub(super) fn expire(db: &Connection, now: Timestamp) -> StoreResult<Option<Revision>> {
    let revision = Revision(head(db)?.0 + 1);
    let ended = db
        .prepare_cached(
            "UPDATE rule SET ended = ?1 \
             WHERE expires IS NOT NULL AND ended IS NULL AND expires <= ?2",
        )?
        .execute([revision.0.cast_signed(), now.as_millisecond()])?;
    if ended == 0 {
        return Ok(None);
    }
    let message = match ended {
        1 => "1 rule expired".to_owned(),
        several => format!("{several} rules expired"),
    };
    let author = Author { name: "nicelist".to_owned(), at: now, message: Some(message) };
    add_revision(db, revision, &author)?;
    Ok(Some(revision))
}
