//! Policy as it is read: the ledger, lists of rules, settings and tags.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::rows::{self, CONTENT, WIDTH, str_at};
use super::scopes::{self, Scopes};
use super::{check, codes, commit, history, retention};
use crate::fleet::InForce;
use crate::rule::Revision;
use crate::store::checksum::{self, Damage, RowHasher};
use crate::store::quarantine::{Quarantine, listed, page_of_readable};
use crate::store::{
    Expired, LedgerRow, PolicySnapshot, RuleFilter, RuleKey, RuleRecord, ScopeId, StoreResult,
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
    quarantine: &Quarantine,
    expired: Option<Expired>,
) -> StoreResult<Vec<LedgerRow>> {
    let mut page = Page::new(connection, limit, quarantine)?;
    page.expired = expired;
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
        page.fill(connection, table, "id > ? AND id <= ? AND ended > ?", [above, known, since])?;
    }
    page.fill(connection, "rule", "id > ?", [above.max(known)])?;
    page.finish()
}

/// A page that is being read.
struct Page<'c> {
    rows: Vec<LedgerRow>,
    scopes: Scopes<'c>,
    limit: usize,
    hasher: RowHasher,
    damage: Damage,
    quarantine: &'c Quarantine,
    expired: Option<Expired>,
}

impl<'c> Page<'c> {
    fn new(
        connection: &'c Connection,
        limit: usize,
        quarantine: &'c Quarantine,
    ) -> StoreResult<Self> {
        let (hasher, damage) = (RowHasher::default(), Damage::default());
        let scopes = Scopes::new(connection)?;
        let rows = Vec::new();
        Ok(Self { rows, scopes, limit, hasher, damage, quarantine, expired: None })
    }

    /// The rows, unless one of them is damaged.
    fn finish(self) -> StoreResult<Vec<LedgerRow>> {
        self.damage.into_result()?;
        Ok(self.rows)
    }

    /// Reads the rows of a table that fulfil a condition, up to the limit. The first value of the
    /// condition is the id that they are above.
    fn fill<const N: usize>(
        &mut self,
        connection: &Connection,
        table: &str,
        condition: &str,
        mut values: [i64; N],
    ) -> StoreResult<()> {
        let sql = format!(
            "SELECT id, scope, made, ended, rule_type, identifier, {CONTENT}, checksum FROM {table}
             WHERE {condition} ORDER BY id LIMIT ?"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        // Rows that cannot be read make room for others: a short page is the last one.
        while self.rows.len() < self.limit {
            let wanted = self.limit - self.rows.len();
            let mut found = statement
                .query(params_from_iter(values.into_iter().chain([codes::limit(wanted)])))?;
            let mut read = 0;
            while let Some(row) = found.next()? {
                read += 1;
                values[0] = row.get(0)?;
                self.take(row)?;
            }
            if read < wanted {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, row: &Row<'_>) -> StoreResult<()> {
        let id: i64 = row.get(0)?;
        let about = || row.get(5).unwrap_or_else(|_| "no text".to_owned());
        if !rule_is_sound(&mut self.hasher, &mut self.scopes, row)? {
            self.damage.add("rule", id, &about());
            return Ok(());
        }
        let (scope, ended): (i64, Option<i64>) = (row.get(1)?, row.get(3)?);
        let read = self.scopes.get(scope).and_then(|scope| rows::rule(row, 4, scope));
        let taken = self.quarantine.take(read, "rule", id, about, ended.is_some())?;
        if let Some(rule) = taken {
            let made = codes::to_revision(row.get(2)?)?;
            let ended = ended.map(codes::to_revision).transpose()?;
            let ended = ended.or_else(|| self.expired.and_then(|it| it.end_of(&rule, made)));
            self.rows.push(LedgerRow { id, scope: ScopeId(scope), rule, made, ended });
        }
        Ok(())
    }
}

/// Whether a row of id, scope, made, ended, type, identifier, content and checksum is as it was
/// written.
pub(super) fn rule_is_sound(
    hasher: &mut RowHasher,
    scopes: &mut Scopes<'_>,
    row: &Row<'_>,
) -> StoreResult<bool> {
    let number = |column| row.get_ref(column).ok().and_then(|value| value.as_i64().ok());
    let (Some(scope), Some(made), Some(checksum)) = (number(1), number(2), number(6 + WIDTH))
    else {
        return Ok(false);
    };
    let Some(scope) = scopes.stored(scope)? else { return Ok(false) };
    rows::add(hasher, row.get_ref(4)?);
    rows::add(hasher, row.get_ref(5)?);
    hasher.integer(Some(scope.kind)).text(Some(scope.name.as_bytes()));
    for column in 6..6 + WIDTH {
        rows::add(hasher, row.get_ref(column)?);
    }
    Ok(checksum::ended(hasher.finish(made), number(3)) == checksum)
}

/// A page of the rules in force, now or at a revision.
pub(super) fn rules(
    connection: &Connection,
    filter: &RuleFilter,
    after: Option<&RuleKey>,
    limit: usize,
    expired: Option<Expired>,
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
        Some(at) if at < commit::head(connection)? => {
            retention::check(connection, at)?;
            Some(at)
        }
        Some(_) | None => None,
    };
    if let (None, Some(Expired { by, .. })) = (past, expired) {
        wanted.and("(r.expires > ?) IS NOT FALSE", by.as_millisecond().into());
    }
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
        let (sql, values): (String, Vec<Value>) = match past {
            None => (live(""), values),
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
                (sql, of_live.chain(of_past).collect())
            }
        };
        let sql = format!("{sql} ORDER BY 7, 8, 1, 2 LIMIT ?");
        let mut statement = connection.prepare_cached(&sql)?;
        page_of_readable(limit, |limit| {
            let limit = Value::from(codes::limit(limit));
            let mut found = statement.query(params_from_iter(values.iter().chain([&limit])))?;
            let (mut records, mut read) = (Vec::new(), 0);
            while let Some(row) = found.next()? {
                read += 1;
                records.extend(listed(record(row))?);
            }
            Ok((records, read))
        })
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
///
/// What cannot be read is quarantined; what is damaged is an error.
pub(super) fn snapshot(
    connection: &Connection,
    quarantine: &Quarantine,
) -> StoreResult<PolicySnapshot> {
    let head = commit::head(connection)?;
    let mut damage = Damage::default();
    check::settings(connection, true, &mut damage)?;
    check::tags(connection, true, &mut damage)?;
    damage.into_result()?;
    quarantine.clear("setting");
    quarantine.clear("tag");
    let InForce { tags, settings, rules: _ } = tags_and_settings(
        connection,
        "ended IS NULL AND made <= ?1",
        codes::revision(head),
        Some(quarantine),
    )?;
    Ok(PolicySnapshot { head, settings, tags })
}

/// Settings and tags as they were at a revision.
pub(super) fn snapshot_at(connection: &Connection, at: Revision) -> StoreResult<PolicySnapshot> {
    let head = commit::head(connection)?.min(at);
    retention::check(connection, head)?;
    let in_force = "made <= ?1 AND (ended IS NULL OR ended > ?1)";
    let InForce { tags, settings, rules: _ } =
        tags_and_settings(connection, in_force, codes::revision(head), None)?;
    Ok(PolicySnapshot { head, settings, tags })
}

/// The tags, by name, and the settings, by scope and name, whose `made` and `ended` fulfil a
/// condition on a revision, `?1`. No rules.
pub(super) fn tags_and_settings(
    connection: &Connection,
    condition: &str,
    revision: i64,
    quarantine: Option<&Quarantine>,
) -> StoreResult<InForce> {
    let unlisted = Quarantine::default();
    let quarantine = quarantine.unwrap_or(&unlisted);
    let about = |row: &Row<'_>| row.get(0).unwrap_or_else(|_| "no text".to_owned());
    let mut statement = connection.prepare_cached(&format!(
        "SELECT name, priority, description, membership, id FROM tag WHERE {condition} ORDER BY name"
    ))?;
    let mut found = statement.query([revision])?;
    let mut tags = Vec::new();
    while let Some(row) = found.next()? {
        tags.extend(quarantine.take(
            rows::tag(row, 0),
            "tag",
            row.get(4)?,
            || about(row),
            false,
        )?);
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT v.key, v.value, s.kind, s.name, v.id
         FROM setting AS v JOIN scope AS s ON s.id = v.scope WHERE {condition}"
    ))?;
    let mut found = statement.query([revision])?;
    let mut settings = Vec::new();
    while let Some(row) = found.next()? {
        let read = rows::setting(row, 0)
            .and_then(|setting| Ok((codes::to_scope(row.get(2)?, str_at(row, 3)?)?, setting)));
        settings.extend(quarantine.take(read, "setting", row.get(4)?, || about(row), false)?);
    }
    settings.sort_by(|(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
    Ok(InForce { tags, settings, rules: Vec::new() })
}

/// Whether a rule's time has come.
pub(super) fn has_expired(connection: &Connection, now: i64) -> StoreResult<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM rule WHERE ended IS NULL AND expires <= ?)";
    Ok(connection.prepare_cached(sql)?.query_one([now], |row| row.get(0))?)
}
