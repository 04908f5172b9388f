//! Policy as it is read: the ledger, lists of rules, settings and tags.

use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::rows::{self, CONTENT, WIDTH, str_at};
use super::scopes::{self, Scopes};
use super::{codes, commit};
use crate::fleet::{Setting, SettingKey, Tag};
use crate::rule::{Revision, RevisionRecord};
use crate::store::{
    LedgerRow, PolicySnapshot, RuleFilter, RuleKey, RuleRecord, ScopeId, StoreResult,
};

/// From this many ended rows on, reading all rows in their order beats sorting the ended ones
/// for every page.
const MANY_ENDED: i64 = 20_000;

/// A page of the ledger.
///
/// Ids grow with revisions. So the rows made after `since` are those behind the last one made
/// up to it, and only among the rows before that must ended ones be looked for.
pub(super) fn ledger(
    connection: &Connection,
    since: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<LedgerRow>> {
    let mut page = Page { rows: Vec::new(), scopes: Scopes::new(connection)?, limit };
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
        page.fill(connection, table, condition, &[above, known, since])?;
    }
    page.fill(connection, "rule", "id > ?", &[above.max(known)])?;
    Ok(page.rows)
}

/// A page that is being read.
struct Page<'c> {
    rows: Vec<LedgerRow>,
    scopes: Scopes<'c>,
    limit: usize,
}

impl Page<'_> {
    /// Reads the rows of a table that fulfil a condition, up to the limit.
    fn fill(
        &mut self,
        connection: &Connection,
        table: &str,
        condition: &str,
        values: &[i64],
    ) -> StoreResult<()> {
        let left = codes::limit(self.limit - self.rows.len());
        let sql = format!(
            "SELECT id, scope, made, ended, rule_type, identifier, {CONTENT} FROM {table}
             WHERE {condition} ORDER BY id LIMIT ?"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let values = values.iter().copied().chain([left]);
        let mut found = statement.query(params_from_iter(values))?;
        while let Some(row) = found.next()? {
            let scope: i64 = row.get(1)?;
            let ended: Option<i64> = row.get(3)?;
            let rule = rows::rule(row, 4, self.scopes.get(scope)?)?;
            self.rows.push(LedgerRow {
                id: row.get(0)?,
                scope: ScopeId(scope),
                rule: Arc::new(rule),
                made: codes::to_revision(row.get(2)?)?,
                ended: ended.map(codes::to_revision).transpose()?,
            });
        }
        Ok(())
    }
}

/// A page of the rules in force.
pub(super) fn rules(
    connection: &Connection,
    filter: &RuleFilter,
    after: Option<&RuleKey>,
    limit: usize,
) -> StoreResult<Vec<RuleRecord>> {
    let RuleFilter { target, scope, rule_type, policy, source, text } = filter;
    let mut wanted = Wanted::default();
    if let Some(after) = after {
        wanted.behind(after);
    }
    if let Some(target) = target {
        wanted.and("r.rule_type = ?", codes::rule_type(target.rule_type()).into());
        wanted.and("r.identifier = ?", target.identifier().to_owned().into());
    }
    if let Some(scope) = scope {
        let Some(id) = scopes::find(connection, scope)? else { return Ok(Vec::new()) };
        wanted.and("r.scope = ?", id.into());
    }
    if let Some(rule_type) = rule_type {
        wanted.and("r.rule_type = ?", codes::rule_type(*rule_type).into());
    }
    if let Some(policy) = policy {
        wanted.and("r.policy = ?", codes::policy(*policy).into());
    }
    if let Some(source) = source {
        wanted.and("r.source = ?", source.clone().into());
    }
    if let Some(text) = text {
        let text = text.to_ascii_lowercase();
        wanted.any(
            &["r.identifier", "r.comment", "r.ticket"].map(|it| format!("instr(lower({it}), ?)")),
            &text,
        );
    }
    wanted.read(connection, limit)
}

/// The conditions of a list of rules.
#[derive(Default)]
struct Wanted {
    sql: String,
    values: Vec<Value>,
}

impl Wanted {
    fn and(&mut self, condition: &str, value: Value) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.push(value);
    }

    /// One of several conditions, each with the same value.
    fn any(&mut self, conditions: &[String], value: &str) {
        self.sql.push_str(&format!(" AND ({})", conditions.join(" OR ")));
        self.values.extend(conditions.iter().map(|_| Value::from(value.to_owned())));
    }

    /// Behind a key. The first condition is what the index can use.
    fn behind(&mut self, key: &RuleKey) {
        let target: [Value; 2] = [
            codes::rule_type(key.target.rule_type()).into(),
            key.target.identifier().to_owned().into(),
        ];
        let scope: [Value; 2] =
            [codes::scope_kind(&key.scope).into(), key.scope.name().to_owned().into()];
        self.sql.push_str(
            " AND (r.rule_type, r.identifier) >= (?, ?)
              AND ((r.rule_type, r.identifier) > (?, ?) OR (s.kind, s.name) > (?, ?))",
        );
        self.values.extend(target.iter().chain(&target).chain(&scope).cloned());
    }

    fn read(mut self, connection: &Connection, limit: usize) -> StoreResult<Vec<RuleRecord>> {
        // CROSS JOIN: rules first, in the order of their index.
        let sql = format!(
            "SELECT s.kind, s.name, r.made, m.at, m.author, m.message AS why,
                    r.rule_type, r.identifier, {}
             FROM rule AS r CROSS JOIN scope AS s ON s.id = r.scope
                            CROSS JOIN revision AS m ON m.id = r.made
             WHERE r.ended IS NULL {}
             ORDER BY r.rule_type, r.identifier, s.kind, s.name LIMIT ?",
            content_of("r"),
            self.sql
        );
        self.values.push(codes::limit(limit).into());
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query(params_from_iter(self.values))?;
        let mut records = Vec::new();
        while let Some(row) = found.next()? {
            records.push(record(row)?);
        }
        Ok(records)
    }
}

/// The columns of [`CONTENT`] of one table among several.
fn content_of(table: &str) -> String {
    let columns: Vec<String> =
        CONTENT.split(", ").map(|column| format!("{table}.{}", column.trim())).collect();
    debug_assert_eq!(columns.len(), WIDTH);
    columns.join(", ")
}

fn record(row: &Row<'_>) -> StoreResult<RuleRecord> {
    let scope = codes::to_scope(row.get(0)?, str_at(row, 1)?)?;
    let made = RevisionRecord {
        revision: codes::to_revision(row.get(2)?)?,
        at: codes::to_time(row.get(3)?)?,
        author: row.get(4)?,
        message: row.get(5)?,
    };
    Ok(RuleRecord { rule: rows::rule(row, 6, scope)?, made })
}

/// Settings and tags in force, with the newest revision.
pub(super) fn snapshot(connection: &Connection) -> StoreResult<PolicySnapshot> {
    let mut statement = connection.prepare_cached(
        "SELECT s.kind, s.name, v.key, v.value FROM setting AS v JOIN scope AS s ON s.id = v.scope
         WHERE v.ended IS NULL",
    )?;
    let mut found = statement.query([])?;
    let mut settings = Vec::new();
    while let Some(row) = found.next()? {
        let scope = codes::to_scope(row.get(0)?, str_at(row, 1)?)?;
        let key: SettingKey =
            str_at(row, 2)?.parse().map_err(|error| codes::corrupt("setting", &error))?;
        let setting = Setting::parse(key, str_at(row, 3)?)
            .map_err(|error| codes::corrupt("setting", &error))?;
        settings.push((scope, setting));
    }
    settings.sort_by(|(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
    Ok(PolicySnapshot { head: commit::head(connection)?, settings, tags: tags(connection)? })
}

fn tags(connection: &Connection) -> StoreResult<Vec<Tag>> {
    let mut statement = connection.prepare_cached(
        "SELECT name, priority, description FROM tag WHERE ended IS NULL ORDER BY name",
    )?;
    let mut found = statement.query([])?;
    let mut tags = Vec::new();
    while let Some(row) = found.next()? {
        tags.push(rows::tag(row, 0)?);
    }
    Ok(tags)
}

/// Whether a rule's time has come.
pub(super) fn has_expired(connection: &Connection, now: i64) -> StoreResult<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM rule WHERE ended IS NULL AND expires <= ?)";
    Ok(connection.prepare_cached(sql)?.query_one([now], |row| row.get(0))?)
}
