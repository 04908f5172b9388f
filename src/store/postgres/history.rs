//! Policy through time: revisions, what each did, and one target's rules from first to last.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::filter::Conditions;
use super::rows::{self, WIDTH, content_of};
use super::scopes::{self, Scopes};
use super::{codes, policy, query, retention};
use crate::fleet::InForce;
use crate::rule::{Counts, Revision, RevisionCounts, RevisionRecord, Target};
use crate::store::quarantine::{PageSize, listed};
use crate::store::{RevisionFilter, RulePlace, RuleTurn, RuleVersion, StoreResult, StoredRevision};

/// What [`revision`] reads.
const REVISION: &str = "id, at, author, message";
/// What a rule has before its content: type and identifier.
const KEY: usize = 2;

/// Reads the revision whose columns begin at `first`.
pub(super) fn revision(row: &Row, first: usize) -> StoreResult<RevisionRecord> {
    Ok(RevisionRecord {
        revision: codes::to_revision(row.try_get(first)?)?,
        at: codes::to_time(row.try_get(first + 1)?)?,
        author: row.try_get(first + 2)?,
        message: row.try_get(first + 3)?,
    })
}

/// One revision.
pub(super) async fn get(
    on: &impl GenericClient,
    at: Revision,
) -> StoreResult<Option<StoredRevision>> {
    let sql = format!("SELECT {REVISION}, counts FROM revision WHERE id = $1");
    query(on, &sql, &[&codes::revision(at)]).await?.first().map(stored).transpose()
}

fn stored(row: &Row) -> StoreResult<StoredRevision> {
    Ok(StoredRevision { record: revision(row, 0)?, counts: codes::to_value(row.try_get(4)?)? })
}

/// Revisions older than `before`, newest first.
pub(super) async fn list(
    on: &impl GenericClient,
    filter: &RevisionFilter,
    before: Option<Revision>,
    limit: usize,
) -> StoreResult<Vec<StoredRevision>> {
    let RevisionFilter { author, since, target, scope } = filter;
    let mut wanted = Conditions::default();
    if let Some(before) = before {
        wanted.and("id < $", codes::revision(before));
    }
    if let Some(author) = author {
        wanted.and_text("author = $", author);
    }
    if let Some(since) = since {
        wanted.and("at >= $", since.as_millisecond());
    }
    let scope = match scope {
        None => None,
        Some(scope) => match scopes::find(on, scope).await? {
            None => return Ok(Vec::new()),
            Some(id) => Some(wanted.value(id)),
        },
    };
    if let Some(target) = target {
        let rule_type = wanted.value(codes::rule_type(target.rule_type()));
        let identifier = wanted.value(target.identifier().to_owned());
        let of_scope = scope.map(|scope| format!("AND scope = {scope}")).unwrap_or_default();
        let of = format!("rule_type = {rule_type} AND identifier = {identifier} {of_scope}");
        wanted.add(&format!("id IN ({})", turns("rule", &of)));
    } else if let Some(scope) = scope {
        // Looks through all rules; there is no index by scope.
        let of = format!("scope = {scope}");
        wanted.add(&format!("id IN ({} UNION {})", turns("rule", &of), turns("setting", &of)));
    }
    let limit = wanted.value(codes::limit(limit));
    let sql = format!(
        "SELECT {REVISION}, counts FROM revision WHERE {} ORDER BY id DESC LIMIT {limit}",
        wanted.sql
    );
    on.query(&sql, &wanted.values()).await?.iter().map(stored).collect()
}

/// The revisions that made or ended some rows of a table. What is in force and what was stand in
/// two indexes.
fn turns(table: &str, of: &str) -> String {
    format!(
        "SELECT made FROM {table} WHERE {of} AND ended IS NULL
         UNION SELECT made FROM {table} WHERE {of} AND ended IS NOT NULL
         UNION SELECT ended FROM {table} WHERE {of} AND ended IS NOT NULL"
    )
}

/// The tags and settings that a revision ended, and those that it made.
pub(super) async fn turned(
    on: &impl GenericClient,
    at: Revision,
) -> StoreResult<(InForce, InForce)> {
    retention::check(on, at).await?;
    let at = codes::revision(at);
    Ok((
        policy::tags_and_settings(on, "ended = $1", at, None).await?,
        policy::tags_and_settings(on, "made = $1", at, None).await?,
    ))
}

/// A page of what a revision did to rules: what it made, by number, then what it ended without
/// another in its place. Both are ranges of an index.
pub(super) async fn rule_changes(
    on: &impl GenericClient,
    at: Revision,
    after: Option<RulePlace>,
    limit: usize,
) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
    retention::check(on, at).await?;
    let (made, ended) = match after {
        None => (Some(0), 0),
        Some(RulePlace::Made(id)) => (Some(id), 0),
        Some(RulePlace::Ended(id)) => (None, id),
    };
    let mut changes = match made {
        Some(above) => that_made(on, at, above, limit).await?,
        None => Vec::new(),
    };
    changes.extend(that_ended(on, at, ended, limit - changes.len()).await?);
    Ok(changes)
}

async fn that_made(
    on: &impl GenericClient,
    at: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
    let sql = format!(
        "SELECT n.id, o.id, n.scope, s.kind, s.name,
                n.rule_type, n.identifier, {}, o.rule_type, o.identifier, {}
         FROM rule AS n JOIN scope AS s ON s.id = n.scope LEFT JOIN rule AS o
           ON o.rule_type = n.rule_type AND o.identifier = n.identifier AND o.scope = n.scope
          AND o.ended = $1 AND o.ended IS NOT NULL
         WHERE n.made = $1 AND n.id > $2 ORDER BY n.id LIMIT $3",
        content_of("n"),
        content_of("o")
    );
    let mut scopes = Scopes::default();
    let mut change = |row: &Row| {
        let scope = scopes.read(row, 2)?;
        let made = rows::rule(row, 5, scope.clone())?;
        let before = match row.try_get::<_, Option<i64>>(1)? {
            Some(_) => listed(rows::rule(row, 5 + KEY + WIDTH, scope))?,
            None => None,
        };
        Ok((RulePlace::Made(row.try_get(0)?), RuleTurn { before, after: Some(made) }))
    };
    let at = codes::revision(at);
    page(on, &sql, &[&at, &above], limit, &mut change).await
}

async fn that_ended(
    on: &impl GenericClient,
    at: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
    let successor = |ended: &str| {
        format!(
            "SELECT 1 FROM rule AS n
             WHERE n.rule_type = o.rule_type AND n.identifier = o.identifier
               AND n.scope = o.scope AND n.ended IS {ended} AND n.made = $1"
        )
    };
    let sql = format!(
        "SELECT o.id, o.scope, s.kind, s.name, o.rule_type, o.identifier, {}
         FROM rule AS o JOIN scope AS s ON s.id = o.scope
         WHERE o.ended = $1 AND o.id > $2 AND NOT EXISTS ({}) AND NOT EXISTS ({})
         ORDER BY o.id LIMIT $3",
        content_of("o"),
        successor("NULL"),
        successor("NOT NULL"),
    );
    let mut scopes = Scopes::default();
    let mut change = |row: &Row| {
        let before = rows::rule(row, 4, scopes.read(row, 1)?)?;
        let turn = RuleTurn { before: Some(before), after: None };
        Ok((RulePlace::Ended(row.try_get(0)?), turn))
    };
    let at = codes::revision(at);
    page(on, &sql, &[&at, &above], limit, &mut change).await
}

/// A page of what can be read. How many rows to read is the parameter behind the values.
async fn page<T>(
    on: &impl GenericClient,
    sql: &str,
    values: super::Values<'_>,
    limit: usize,
    read: &mut (impl FnMut(&Row) -> StoreResult<T> + Send),
) -> StoreResult<Vec<T>> {
    let mut size = PageSize::new(limit);
    loop {
        let rows = codes::limit(size.rows);
        let values: Vec<_> = values.iter().copied().chain([&rows as _]).collect();
        let found = query(on, sql, &values).await?;
        let mut items = Vec::new();
        for row in &found {
            items.extend(listed(read(row))?);
        }
        if size.is_complete(&mut items, found.len()) {
            return Ok(items);
        }
    }
}

/// All rules that a target ever had, in all scopes, the newest first.
pub(super) async fn versions(
    on: &impl GenericClient,
    target: &Target,
    before: Option<i64>,
    limit: usize,
) -> StoreResult<Vec<RuleVersion>> {
    let select = |ended: &str| {
        format!(
            "SELECT r.id AS number, s.kind, s.name, m.id, m.at, m.author, m.message,
                    e.id, e.at, e.author, e.message, r.rule_type, r.identifier, {}
             FROM rule AS r JOIN scope AS s ON s.id = r.scope
                  JOIN revision AS m ON m.id = r.made LEFT JOIN revision AS e ON e.id = r.ended
             WHERE r.rule_type = $1 AND r.identifier = $2 AND r.ended IS {ended} AND r.id < $3",
            content_of("r")
        )
    };
    let sql =
        format!("{} UNION ALL {} ORDER BY 1 DESC LIMIT $4", select("NULL"), select("NOT NULL"));
    let rule_type = codes::rule_type(target.rule_type());
    let below = before.unwrap_or(i64::MAX);
    let mut version = |row: &Row| {
        let scope = codes::to_scope(row.try_get(1)?, row.try_get(2)?)?;
        let ended: Option<i64> = row.try_get(7)?;
        Ok(RuleVersion {
            id: row.try_get(0)?,
            rule: rows::rule(row, 11, scope)?,
            made: revision(row, 3)?,
            ended: ended.map(|_| revision(row, 7)).transpose()?,
        })
    };
    page(on, &sql, &[&rule_type, &target.identifier(), &below], limit, &mut version).await
}

/// Notes how much a revision did that is complete but for that. What it did to rules is counted
/// where it is not known.
pub(super) async fn count(
    on: &impl GenericClient,
    revision: i64,
    rules: Option<Counts>,
    hosts: i64,
) -> StoreResult<()> {
    let rule_key = ["rule_type", "identifier", "scope"];
    let counts = RevisionCounts {
        rules: match rules {
            Some(rules) => rules,
            None => counts_of(on, "rule", &rule_key, revision).await?,
        },
        settings: counts_of(on, "setting", &["scope", "key"], revision).await?,
        tags: counts_of(on, "tag", &["name"], revision).await?,
        hosts: u64::try_from(hosts).unwrap_or(0),
    };
    let sql = "UPDATE revision SET counts = $1 WHERE id = $2";
    query(on, sql, &[&codes::json(&counts)?, &revision]).await?;
    Ok(())
}

async fn counts_of(
    on: &impl GenericClient,
    table: &str,
    key: &[&str],
    revision: i64,
) -> StoreResult<Counts> {
    let ask = async |sql: String| -> StoreResult<u64> {
        let rows = query(on, &sql, &[&revision]).await?;
        rows.first().map_or(Ok(0), |row| rows::count(row, 0))
    };
    let made = ask(format!("SELECT count(*) FROM {table} WHERE made = $1")).await?;
    let ended = ask(format!("SELECT count(*) FROM {table} WHERE ended = $1")).await?;
    let changed = if made == 0 || ended == 0 {
        0
    } else {
        let same: Vec<String> =
            key.iter().map(|column| format!("o.{column} = n.{column}")).collect();
        ask(format!(
            "SELECT count(*) FROM {table} AS n JOIN {table} AS o ON {}
             WHERE n.made = $1 AND o.ended = $1 AND o.ended IS NOT NULL",
            same.join(" AND ")
        ))
        .await?
    };
    Ok(Counts {
        added: made.saturating_sub(changed),
        changed,
        removed: ended.saturating_sub(changed),
    })
}
