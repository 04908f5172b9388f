//! Policy as it is read: the ledger, lists of rules, settings and tags.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::rows::{self, CONTENT, WIDTH, str_at};
use super::scopes::{self, Scopes};
use super::{codes, commit, history};
use crate::fleet::InForce;
use crate::rule::Revision;
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
                rule,
                made: codes::to_revision(row.get(2)?)?,
                ended: ended.map(codes::to_revision).transpose()?,
            });
        }
        Ok(())
    }
}

/// A page of the rules in force, now or at a revision.
pub(super) fn rules(
    connection: &Connection,
    filter: &RuleFilter,
    after: Option<&RuleKey>,
    limit: usize,
) -> StoreResult<Vec<RuleRecord>> {
    let RuleFilter { at, target, scope, rule_type, policy, source, text } = filter;
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
    let past = match *at {
        Some(at) if at < commit::head(connection)? => Some(at),
        Some(_) | None => None,
    };
    wanted.read(connection, past, limit)
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

    fn read(
        self,
        connection: &Connection,
        past: Option<Revision>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>> {
        let Self { sql: conditions, values } = self;
        let live =
            |when: &str| select("rule_live", &format!("r.ended IS NULL {when} {conditions}"));
        let limit = codes::limit(limit).into();
        let (sql, values): (String, Vec<Value>) = match past {
            None => (live(""), values.into_iter().chain([limit]).collect()),
            // What was in force is in force still or has ended since: two ranges in one order.
            Some(at) => {
                let at = Value::from(codes::revision(at));
                let ended =
                    format!("r.ended IS NOT NULL AND r.ended > ? AND r.made <= ? {conditions}");
                let sql = format!(
                    "{} UNION ALL {}",
                    live("AND r.made <= ?"),
                    select("rule_past", &ended)
                );
                let of_live = std::iter::once(at.clone()).chain(values.iter().cloned());
                let of_past = [at.clone(), at].into_iter().chain(values.iter().cloned());
                (sql, of_live.chain(of_past).chain([limit]).collect())
            }
        };
        let sql = format!("{sql} ORDER BY 7, 8, 1, 2 LIMIT ?");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query(params_from_iter(values))?;
        let mut records = Vec::new();
        while let Some(row) = found.next()? {
            records.push(record(row)?);
        }
        Ok(records)
    }
}

/// Rules with their scopes and the revisions that made them, in the order of an index.
fn select(index: &str, conditions: &str) -> String {
    // CROSS JOIN: rules first, in the order of their index.
    format!(
        "SELECT s.kind, s.name, m.id, m.at, m.author, m.message AS why,
                r.rule_type, r.identifier, {}
         FROM rule AS r INDEXED BY {index} CROSS JOIN scope AS s ON s.id = r.scope
                                           CROSS JOIN revision AS m ON m.id = r.made
         WHERE {conditions}",
        content_of("r"),
    )
}

/// The columns of [`CONTENT`] of one table among several.
pub(super) fn content_of(table: &str) -> String {
    let columns: Vec<String> =
        CONTENT.split(", ").map(|column| format!("{table}.{}", column.trim())).collect();
    debug_assert_eq!(columns.len(), WIDTH);
    columns.join(", ")
}

fn record(row: &Row<'_>) -> StoreResult<RuleRecord> {
    let scope = codes::to_scope(row.get(0)?, str_at(row, 1)?)?;
    let made = history::revision(row, 2)?;
    Ok(RuleRecord { rule: rows::rule(row, 6, scope)?, made })
}

/// Settings and tags in force, with the newest revision.
pub(super) fn snapshot(connection: &Connection) -> StoreResult<PolicySnapshot> {
    let head = commit::head(connection)?;
    snapshot_at(connection, head)
}

/// Settings and tags as they were at a revision.
pub(super) fn snapshot_at(connection: &Connection, at: Revision) -> StoreResult<PolicySnapshot> {
    let head = commit::head(connection)?.min(at);
    let in_force = "made <= ?1 AND (ended IS NULL OR ended > ?1)";
    let InForce { tags, settings, rules: _ } =
        tags_and_settings(connection, in_force, codes::revision(head))?;
    Ok(PolicySnapshot { head, settings, tags })
}

/// The tags, by name, and the settings, by scope and name, whose `made` and `ended` fulfil a
/// condition on a revision, `?1`. No rules.
pub(super) fn tags_and_settings(
    connection: &Connection,
    condition: &str,
    revision: i64,
) -> StoreResult<InForce> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT name, priority, description, membership FROM tag WHERE {condition} ORDER BY name"
    ))?;
    let mut found = statement.query([revision])?;
    let mut tags = Vec::new();
    while let Some(row) = found.next()? {
        tags.push(rows::tag(row, 0)?);
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT s.kind, s.name, v.key, v.value FROM setting AS v JOIN scope AS s ON s.id = v.scope
         WHERE {condition}"
    ))?;
    let mut found = statement.query([revision])?;
    let mut settings = Vec::new();
    while let Some(row) = found.next()? {
        let scope = codes::to_scope(row.get(0)?, str_at(row, 1)?)?;
        settings.push((scope, rows::setting(row, 2)?));
    }
    settings.sort_by(|(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
    Ok(InForce { tags, settings, rules: Vec::new() })
}

/// Whether a rule's time has come.
pub(super) fn has_expired(connection: &Connection, now: i64) -> StoreResult<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM rule WHERE ended IS NULL AND expires <= ?)";
    Ok(connection.prepare_cached(sql)?.query_one([now], |row| row.get(0))?)
}
