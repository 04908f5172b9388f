//! Checks and fills the checksums of rules, settings and tags.

use super::rows::{self, CONTENT, content_of};
use super::{Database, Dialect, Parameter, StoredRow};
use crate::store::checksum::{self, Damage, RowHasher};
use crate::store::{StoreResult, codes};

/// Maximum rules that are checked, or rows that are filled, at a time.
const BATCH: usize = 10_000;

/// Checks all rules, settings and tags, including those that have ended. Returns how many rows were
/// checked, and the damage, if any.
pub(in crate::store) async fn all(on: &impl Database) -> StoreResult<(u64, Option<String>)> {
    let mut damage = Damage::default();
    let checked = rules(on, &mut damage).await?
        + settings(on, false, &mut damage).await?
        + tags(on, false, &mut damage).await?;
    Ok((checked, damage.describe()))
}

async fn rules(on: &impl Database, damage: &mut Damage) -> StoreResult<u64> {
    let sql = format!(
        "SELECT r.id, r.made, r.ended, r.checksum, r.rule_type, r.identifier, s.kind, s.name, {}
         FROM (SELECT id, made, ended, checksum, rule_type, identifier, scope, {CONTENT}
               FROM rule WHERE id > $1 ORDER BY id LIMIT $2) AS r
              LEFT JOIN scope AS s ON s.id = r.scope ORDER BY r.id",
        content_of("r")
    );
    let (mut checked, mut above) = (0, 0);
    loop {
        let values = [above.into(), codes::limit(BATCH).into()];
        let batch = check(on, &sql, ("rule", 5), &values, damage).await?;
        let Some(last) = batch.last() else { return Ok(checked) };
        above = *last;
        checked += batch.len() as u64;
    }
}

/// Checks all settings, or only the active ones. Returns how many were checked.
pub(in crate::store) async fn settings(
    on: &impl Database,
    only_active: bool,
    damage: &mut Damage,
) -> StoreResult<u64> {
    let sql = "SELECT v.id, v.made, v.ended, v.checksum, s.kind, s.name, v.key, v.value
               FROM setting AS v LEFT JOIN scope AS s ON s.id = v.scope
               WHERE v.ended IS NULL OR $1 = 0";
    let only_active = [i64::from(only_active).into()];
    Ok(check(on, sql, ("setting", 6), &only_active, damage).await?.len() as u64)
}

/// Checks all tags, or only the active ones. Returns how many were checked.
pub(in crate::store) async fn tags(
    on: &impl Database,
    only_active: bool,
    damage: &mut Damage,
) -> StoreResult<u64> {
    let sql = "SELECT id, made, ended, checksum, name, priority, description, membership FROM tag
               WHERE ended IS NULL OR $1 = 0";
    let only_active = [i64::from(only_active).into()];
    Ok(check(on, sql, ("tag", 4), &only_active, damage).await?.len() as u64)
}

async fn check(
    on: &impl Database,
    sql: &str,
    (table, name): (&str, usize),
    parameters: &[Parameter<'_>],
    damage: &mut Damage,
) -> StoreResult<Vec<i64>> {
    let mut hasher = RowHasher::default();
    let check = |row: &(dyn StoredRow + '_)| {
        let id = row.number(0)?;
        if !rows::is_sound(row, 4..row.width(), &mut hasher)? {
            damage.add(table, id, row.str(name).unwrap_or_default());
        }
        Ok(id)
    };
    on.query(sql, parameters, check).await
}

/// Stores the checksums of all rules, settings and tags, when the schema is migrated from a version
/// without checksums.
pub(in crate::store) async fn fill(on: &impl Database) -> StoreResult<()> {
    let rule = rule();
    for (table, id, sql) in
        [("rule", "r.id", rule.as_str()), ("setting", "v.id", SETTING), ("tag", "id", TAG)]
    {
        let sql = format!("{sql} WHERE {id} > $1 ORDER BY {id} LIMIT $2");
        fill_table(on, table, &sql, None).await?;
    }
    Ok(())
}

/// Stores the checksums of all rules and settings in a scope whose name has changed.
pub(in crate::store) async fn fill_scope(on: &impl Database, scope: i64) -> StoreResult<()> {
    let part =
        |id: &str, scope: &str| format!("WHERE {id} > $1 AND {scope} = $3 ORDER BY {id} LIMIT $2");
    let sql = format!("{} {}", rule(), part("r.id", "r.scope"));
    fill_table(on, "rule", &sql, Some(scope)).await?;
    let sql = format!("{SETTING} {}", part("v.id", "v.scope"));
    fill_table(on, "setting", &sql, Some(scope)).await
}

/// Stores the checksum of a rule whose texts have changed.
pub(in crate::store) async fn fill_rule(on: &impl Database, id: i64) -> StoreResult<()> {
    let sql = format!("{} WHERE r.id > $1 AND r.id = $3 LIMIT $2", rule());
    fill_table(on, "rule", &sql, Some(id)).await
}

/// Stores the checksum of a tag whose texts have changed.
pub(in crate::store) async fn fill_tag(on: &impl Database, id: i64) -> StoreResult<()> {
    let sql = format!("{TAG} WHERE id > $1 AND id = $3 LIMIT $2");
    fill_table(on, "tag", &sql, Some(id)).await
}

// The ID of each row, the revisions that made and ended it, and the columns in its checksum.

fn rule() -> String {
    format!(
        "SELECT r.id, r.made, r.ended, r.rule_type, r.identifier, s.kind, s.name, {}
         FROM rule AS r JOIN scope AS s ON s.id = r.scope",
        content_of("r")
    )
}

const SETTING: &str = "SELECT v.id, v.made, v.ended, s.kind, s.name, v.key, v.value
                       FROM setting AS v JOIN scope AS s ON s.id = v.scope";
const TAG: &str = "SELECT id, made, ended, name, priority, description, membership FROM tag";

/// Stores the checksums of the rows that a query returns, in the order of their IDs. The query has
/// the parameters `$1`, the last ID of the previous batch, and `$2`, the number of rows. If `of` is
/// given, the query selects rows with it, as `$3`.
async fn fill_table<D: Database>(
    on: &D,
    table: &str,
    sql: &str,
    of: Option<i64>,
) -> StoreResult<()> {
    let (mut above, mut hasher) = (0, RowHasher::default());
    loop {
        let mut values: Vec<Parameter<'_>> = vec![above.into(), codes::limit(BATCH).into()];
        values.extend(of.map(Parameter::from));
        let filled = on.query(sql, &values, |row| {
            for column in 3..row.width() {
                row.hash(column, &mut hasher)?;
            }
            let checksum = checksum::ended(hasher.finish(row.number(1)?), row.integer(2)?);
            Ok((row.number(0)?, checksum))
        });
        let (ids, checksums): (Vec<i64>, Vec<i64>) = filled.await?.into_iter().unzip();
        let Some(last) = ids.last() else { return Ok(()) };
        above = *last;
        match D::DIALECT {
            Dialect::Sqlite => {
                let sql = format!("UPDATE {table} SET checksum = $2 WHERE id = $1");
                for (id, checksum) in ids.into_iter().zip(checksums) {
                    on.execute(&sql, &[id.into(), checksum.into()]).await?;
                }
            }
            Dialect::Postgres => {
                let sql = format!(
                    "UPDATE {table} AS r SET checksum = n.checksum
                     FROM unnest($1::bigint[], $2::bigint[]) AS n (id, checksum)
                     WHERE r.id = n.id"
                );
                on.execute(&sql, &[ids.into(), checksums.into()]).await?;
            }
        }
    }
}
