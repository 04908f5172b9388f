//! Whether the rows are as nicelist wrote them. PostgreSQL checks its pages itself.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::policy::rule_is_sound;
use super::rows::{self, CONTENT, content_of};
use super::url::Address;
use super::{codes, open, pool, query, snapshot};
use crate::shell::argument;
use crate::store::checksum::{self, Damage, RowHasher};
use crate::store::{Durability, Purpose, StoreResult};

/// Rows that are read or written at a time.
const BATCH: usize = 10_000;

/// Checks a whole database, which stays as it is. How many rows have a checksum, and what is
/// wrong.
pub(in crate::store) async fn whole(url: &str) -> StoreResult<(u64, Option<String>)> {
    let address = Address::of(url)?;
    let failed = |reason| address.cannot_be_opened(reason);
    let pool = pool::pool(&address, pool::Use::Read(Purpose::Background), Durability::Power)?;
    let mut client = pool.get().await.map_err(|error| failed(open::unopened(error)))?;
    let on = snapshot(&mut client).await?;
    let version = open::examine(&on).await?.version().map_err(failed)?;
    if version < open::NEWEST {
        return Err(failed(format!(
            "its schema is older (schema {version}, this nicelist has {}); bring it up to date: \
             nicelist database migrate --database {}",
            open::NEWEST,
            argument(&address.shown)
        )));
    }
    let mut damage = Damage::default();
    let count = rules(&on, &mut damage).await?
        + settings(&on, false, &mut damage).await?
        + tags(&on, false, &mut damage).await?;
    Ok((count, damage.describe()))
}

async fn rules(on: &impl GenericClient, damage: &mut Damage) -> StoreResult<u64> {
    let sql = format!(
        "SELECT r.id, r.scope, s.kind, s.name, r.made, r.ended, r.rule_type, r.identifier, {},
                r.checksum
         FROM (SELECT id, scope, made, ended, rule_type, identifier, {CONTENT}, checksum
               FROM rule WHERE id > $1 ORDER BY id LIMIT $2) AS r
              LEFT JOIN scope AS s ON s.id = r.scope ORDER BY r.id",
        content_of("r")
    );
    let (mut above, mut count, mut hasher) = (0_i64, 0, RowHasher::default());
    loop {
        let found = query(on, &sql, &[&above, &codes::limit(BATCH)]).await?;
        for row in &found {
            count += 1;
            above = row.try_get(0)?;
            if !rule_is_sound(&mut hasher, row)? {
                damage.add("rule", above, row.try_get(7)?);
            }
        }
        if found.is_empty() {
            return Ok(count);
        }
    }
}

/// Checks the settings, only those in force if so wanted.
pub(super) async fn settings(
    on: &impl GenericClient,
    in_force: bool,
    damage: &mut Damage,
) -> StoreResult<u64> {
    let sql = "SELECT v.id, v.made, v.ended, v.checksum, s.kind, s.name, v.key, v.value
               FROM setting AS v LEFT JOIN scope AS s ON s.id = v.scope
               WHERE v.ended IS NULL OR NOT $1";
    columns(&query(on, sql, &[&in_force]).await?, "setting", 6, damage)
}

/// Checks the tags, only those in force if so wanted.
pub(super) async fn tags(
    on: &impl GenericClient,
    in_force: bool,
    damage: &mut Damage,
) -> StoreResult<u64> {
    let sql = "SELECT id, made, ended, checksum, name, priority, description, membership FROM tag
               WHERE ended IS NULL OR NOT $1";
    columns(&query(on, sql, &[&in_force]).await?, "tag", 4, damage)
}

/// Checks rows whose content begins at column 4; column `about` is what they are about.
fn columns(found: &[Row], table: &str, about: usize, damage: &mut Damage) -> StoreResult<u64> {
    let (mut count, mut hasher) = (0, RowHasher::default());
    for row in found {
        count += 1;
        rows::add(&mut hasher, row, 4..row.len())?;
        let hash = checksum::ended(hasher.finish(row.try_get(1)?), row.try_get(2)?);
        if hash != row.try_get::<_, i64>(3)? {
            damage.add(table, row.try_get(0)?, row.try_get(about)?);
        }
    }
    Ok(count)
}

/// Gives the rows of a database that had no checksums theirs.
pub(super) async fn fill(on: &impl GenericClient) -> StoreResult<()> {
    let rule = format!(
        "SELECT r.id, r.made, r.ended, r.rule_type, r.identifier, s.kind, s.name, {}
         FROM rule AS r JOIN scope AS s ON s.id = r.scope",
        content_of("r")
    );
    let setting = "SELECT v.id, v.made, v.ended, s.kind, s.name, v.key, v.value
                   FROM setting AS v JOIN scope AS s ON s.id = v.scope";
    let tag = "SELECT id, made, ended, name, priority, description, membership FROM tag";
    for (table, id, sql) in
        [("rule", "r.id", rule.as_str()), ("setting", "v.id", setting), ("tag", "id", tag)]
    {
        fill_table(on, table, &format!("{sql} WHERE {id} > $1 ORDER BY {id} LIMIT $2")).await?;
    }
    Ok(())
}

async fn fill_table(on: &impl GenericClient, table: &str, sql: &str) -> StoreResult<()> {
    let update = format!(
        "UPDATE {table} AS r SET checksum = n.checksum
         FROM unnest($1::bigint[], $2::bigint[]) AS n (id, checksum) WHERE r.id = n.id"
    );
    let (mut above, mut hasher) = (0_i64, RowHasher::default());
    loop {
        let (mut ids, mut checksums) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        for row in &query(on, sql, &[&above, &codes::limit(BATCH)]).await? {
            rows::add(&mut hasher, row, 3..row.len())?;
            let hash = hasher.finish(row.try_get(1)?);
            ids.push(row.try_get::<_, i64>(0)?);
            checksums.push(checksum::ended(hash, row.try_get(2)?));
        }
        let Some(last) = ids.last() else { return Ok(()) };
        above = *last;
        query(on, &update, &[&ids, &checksums]).await?;
    }
}
