//! Policy through time: revisions, what each did, and one target's rules from first to last.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Rows, params_from_iter};

use super::rows::{self, WIDTH, str_at};
use super::scopes::{self, Scopes};
use super::{codes, policy, retention};
use crate::fleet::InForce;
use crate::rule::{Counts, Revision, RevisionCounts, RevisionRecord, Target};
use crate::store::quarantine::{listed, page_of_readable};
use crate::store::{RevisionFilter, RulePlace, RuleTurn, RuleVersion, StoreResult, StoredRevision};

/// What [`revision`] reads.
const REVISION: &str = "id, at, author, message";
/// What a rule has before its content: type and identifier.
const KEY: usize = 2;

/// Reads the revision whose columns begin at `first`.
pub(super) fn revision(row: &Row<'_>, first: usize) -> StoreResult<RevisionRecord> {
    Ok(RevisionRecord {
        revision: codes::to_revision(row.get(first)?)?,
        at: codes::to_time(row.get(first + 1)?)?,
        author: row.get(first + 2)?,
        message: row.get(first + 3)?,
    })
}

pub(super) fn get(connection: &Connection, at: Revision) -> StoreResult<Option<StoredRevision>> {
    let sql = format!("SELECT {REVISION}, counts FROM revision WHERE id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query([codes::revision(at)])?;
    found.next()?.map(stored).transpose()
}

fn stored(row: &Row<'_>) -> StoreResult<StoredRevision> {
    Ok(StoredRevision { record: revision(row, 0)?, counts: codes::to_value(str_at(row, 4)?)? })
}

/// Revisions older than `before`, newest first.
pub(super) fn list(
    connection: &Connection,
    filter: &RevisionFilter,
    before: Option<Revision>,
    limit: usize,
) -> StoreResult<Vec<StoredRevision>> {
    let RevisionFilter { author, since, target, scope } = filter;
    let mut sql = format!("SELECT {REVISION}, counts FROM revision WHERE true");
    let mut values: Vec<Value> = Vec::new();
    let mut and = |condition: &str, with: &[Value]| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.extend_from_slice(with);
    };
    if let Some(before) = before {
        and("id < ?", &[codes::revision(before).into()]);
    }
    if let Some(author) = author {
        and("author = ?", &[author.clone().into()]);
    }
    if let Some(since) = since {
        and("at >= ?", &[since.as_millisecond().into()]);
    }
    let scope = match scope {
        None => None,
        Some(scope) => match scopes::find(connection, scope)? {
            None => return Ok(Vec::new()),
            Some(id) => Some(id),
        },
    };
    if let Some(target) = target {
        let (of_target, with) = touching_target(target, scope);
        and(&of_target, &with);
    } else if let Some(scope) = scope {
        and(TOUCHING_SCOPE, &[scope.into(), scope.into(), scope.into(), scope.into()]);
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(codes::limit(limit).into());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut revisions = Vec::new();
    while let Some(row) = found.next()? {
        revisions.push(stored(row)?);
    }
    Ok(revisions)
}

/// Looks through all rules; there is no index by scope.
const TOUCHING_SCOPE: &str = "id IN (
    SELECT made FROM rule WHERE scope = ? UNION
    SELECT ended FROM rule WHERE scope = ? AND ended IS NOT NULL UNION
    SELECT made FROM setting WHERE scope = ? UNION
    SELECT ended FROM setting WHERE scope = ? AND ended IS NOT NULL)";

fn touching_target(target: &Target, scope: Option<i64>) -> (String, Vec<Value>) {
    let of_scope = if scope.is_some() { "AND scope = ?" } else { "" };
    let select = |column: &str, index: &str, ended: &str| {
        format!(
            "SELECT {column} FROM rule INDEXED BY {index}
             WHERE rule_type = ? AND identifier = ? AND ended IS {ended} {of_scope}"
        )
    };
    let condition = format!(
        "id IN ({} UNION {} UNION {})",
        select("made", "rule_live", "NULL"),
        select("made", "rule_past", "NOT NULL"),
        select("ended", "rule_past", "NOT NULL"),
    );
    let key = [
        Value::from(codes::rule_type(target.rule_type())),
        Value::from(target.identifier().to_owned()),
    ];
    let one: Vec<Value> = key.into_iter().chain(scope.map(Value::from)).collect();
    (condition, [one.clone(), one.clone(), one].concat())
}

/// The tags and settings that a revision ended, and those that it made.
pub(super) fn turned(connection: &Connection, at: Revision) -> StoreResult<(InForce, InForce)> {
    retention::check(connection, at)?;
    let of = |column: &str| {
        let condition = format!("{column} = ?1");
        policy::tags_and_settings(connection, &condition, codes::revision(at), None)
    };
    Ok((of("ended")?, of("made")?))
}

/// A page of what a revision did to rules: what it made, by number, then what it ended without
/// another in its place. Both are ranges of an index.
pub(super) fn rule_changes(
    connection: &Connection,
    at: Revision,
    after: Option<RulePlace>,
    limit: usize,
) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
    retention::check(connection, at)?;
    let (made, ended) = match after {
        None => (Some(0), 0),
        Some(RulePlace::Made(id)) => (Some(id), 0),
        Some(RulePlace::Ended(id)) => (None, id),
    };
    let mut changes = match made {
        Some(above) => that_made(connection, at, above, limit)?,
        None => Vec::new(),
    };
    changes.extend(that_ended(connection, at, ended, limit - changes.len())?);
    Ok(changes)
}

fn that_made(
    connection: &Connection,
    at: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
    let mut scopes = Scopes::new(connection)?;
    let sql = format!(
        "SELECT n.id, n.scope, o.id, n.rule_type, n.identifier, {}, o.rule_type, o.identifier, {}
         FROM rule AS n INDEXED BY rule_made LEFT JOIN rule AS o INDEXED BY rule_past
           ON o.rule_type = n.rule_type AND o.identifier = n.identifier AND o.scope = n.scope
          AND o.ended = n.made AND o.ended IS NOT NULL
         WHERE n.made = ? AND n.id > ? ORDER BY n.id LIMIT ?",
        policy::content_of("n"),
        policy::content_of("o")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut change = |row: &Row<'_>| {
        let scope = scopes.get(row.get(1)?)?;
        let made = rows::rule(row, 3, scope.clone())?;
        let before = match row.get::<_, Option<i64>>(2)? {
            Some(_) => listed(rows::rule(row, 3 + KEY + WIDTH, scope))?,
            None => None,
        };
        Ok((RulePlace::Made(row.get(0)?), RuleTurn { before, after: Some(made) }))
    };
    page_of_readable(limit, |limit| {
        let mut found = statement.query((codes::revision(at), above, codes::limit(limit)))?;
        all(&mut found, &mut change)
    })
}

fn that_ended(
    connection: &Connection,
    at: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
    let mut scopes = Scopes::new(connection)?;
    let sql = format!(
        "SELECT o.id, o.scope, o.rule_type, o.identifier, {}
         FROM rule AS o INDEXED BY rule_ended
         WHERE o.ended = ? AND o.id > ? AND NOT EXISTS ({}) AND NOT EXISTS ({})
         ORDER BY o.id LIMIT ?",
        policy::content_of("o"),
        successor("rule_live", "NULL"),
        successor("rule_past", "NOT NULL"),
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut change = |row: &Row<'_>| {
        let before = rows::rule(row, 2, scopes.get(row.get(1)?)?)?;
        Ok((RulePlace::Ended(row.get(0)?), RuleTurn { before: Some(before), after: None }))
    };
    page_of_readable(limit, |limit| {
        let mut found = statement.query((codes::revision(at), above, codes::limit(limit)))?;
        all(&mut found, &mut change)
    })
}

/// What can be read of some rows, and how many rows there are.
fn all<T>(
    found: &mut Rows<'_>,
    mut read: impl FnMut(&Row<'_>) -> StoreResult<T>,
) -> StoreResult<(Vec<T>, usize)> {
    let (mut values, mut rows) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        rows += 1;
        values.extend(listed(read(row))?);
    }
    Ok((values, rows))
}

fn successor(index: &str, ended: &str) -> String {
    format!(
        "SELECT 1 FROM rule AS n INDEXED BY {index}
         WHERE n.rule_type = o.rule_type AND n.identifier = o.identifier AND n.scope = o.scope
           AND n.ended IS {ended} AND n.made = o.ended"
    )
}

/// All rules that a target ever had, in all scopes, the newest first.
pub(super) fn versions(
    connection: &Connection,
    target: &Target,
    before: Option<i64>,
    limit: usize,
) -> StoreResult<Vec<RuleVersion>> {
    let select = |index: &str, ended: &str| {
        format!(
            "SELECT r.id AS number, s.kind, s.name, m.id, m.at, m.author, m.message,
                    e.id, e.at, e.author, e.message, r.rule_type, r.identifier, {}
             FROM rule AS r INDEXED BY {index} JOIN scope AS s ON s.id = r.scope
                  JOIN revision AS m ON m.id = r.made LEFT JOIN revision AS e ON e.id = r.ended
             WHERE r.rule_type = ?1 AND r.identifier = ?2 AND r.ended IS {ended} AND r.id < ?3",
            policy::content_of("r")
        )
    };
    let sql = format!(
        "{} UNION ALL {} ORDER BY number DESC LIMIT ?4",
        select("rule_live", "NULL"),
        select("rule_past", "NOT NULL")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let below = before.unwrap_or(i64::MAX);
    let rule_type = codes::rule_type(target.rule_type());
    let version = |row: &Row<'_>| {
        let scope = codes::to_scope(row.get(1)?, str_at(row, 2)?)?;
        let ended: Option<i64> = row.get(7)?;
        Ok(RuleVersion {
            id: row.get(0)?,
            rule: rows::rule(row, 11, scope)?,
            made: revision(row, 3)?,
            ended: ended.map(|_| revision(row, 7)).transpose()?,
        })
    };
    page_of_readable(limit, |limit| {
        let key = (rule_type, target.identifier(), below, codes::limit(limit));
        all(&mut statement.query(key)?, version)
    })
}

/// Notes how much a revision did that is complete but for that.
pub(super) fn count(connection: &Connection, revision: i64, hosts: i64) -> StoreResult<()> {
    let of = |table: &str, key: &[&str], past: &str| -> StoreResult<Counts> {
        let ask = |sql: &str| -> rusqlite::Result<i64> {
            connection.prepare_cached(sql)?.query_one([revision], |row| row.get(0))
        };
        let made = ask(&format!("SELECT count(*) FROM {table} WHERE made = ?"))?;
        let ended = ask(&format!("SELECT count(*) FROM {table} WHERE ended = ?"))?;
        let changed = if made == 0 || ended == 0 {
            0
        } else {
            let same: Vec<String> =
                key.iter().map(|column| format!("o.{column} = n.{column}")).collect();
            ask(&format!(
                "SELECT count(*) FROM {table} AS n WHERE n.made = ?1 AND EXISTS (
                     SELECT 1 FROM {table} AS o {past}
                     WHERE {} AND o.ended = ?1 AND o.ended IS NOT NULL)",
                same.join(" AND ")
            ))?
        };
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(Counts {
            added: number(made - changed),
            changed: number(changed),
            removed: number(ended - changed),
        })
    };
    let rule_key = ["rule_type", "identifier", "scope"];
    let counts = RevisionCounts {
        rules: of("rule", &rule_key, "INDEXED BY rule_past")?,
        settings: of("setting", &["scope", "key"], "")?,
        tags: of("tag", &["name"], "")?,
        hosts: u64::try_from(hosts).unwrap_or(0),
    };
    connection
        .prepare_cached("UPDATE revision SET counts = ? WHERE id = ?")?
        .execute((codes::json(&counts)?, revision))?;
    Ok(())
}
