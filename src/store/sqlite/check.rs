//! Whether a file is as nicelist wrote it: its structure, and the checksums of its rows.

use std::path::Path;

use rusqlite::{Connection, Row};

use super::open::{self, CHECKSUMS, Use};
use super::rows::{self, CONTENT};
use super::scopes::Scopes;
use super::{codes, policy};
use crate::shell::argument;
use crate::store::checksum::{self, Damage, RowHasher};
use crate::store::{StoreError, StoreResult};

/// Rows whose checksums are written at a time.
const BATCH: usize = 10_000;

/// How thoroughly the structure of a file is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Depth {
    /// Tables and their pages.
    Quick,
    /// Indexes against their tables as well.
    Whole,
}

/// Checks the structure of the file at `path`, on a connection of its own. What is wrong, if
/// anything is.
pub(in crate::store) fn structure(path: &Path, depth: Depth) -> StoreResult<Option<String>> {
    let connection = open::connect(path, Use::Read)?;
    structure_of(&connection, depth)
}

fn structure_of(connection: &Connection, depth: Depth) -> StoreResult<Option<String>> {
    let pragma = match depth {
        Depth::Quick => "PRAGMA quick_check(3)",
        Depth::Whole => "PRAGMA integrity_check(3)",
    };
    let mut statement = connection.prepare(pragma)?;
    let found: Result<Vec<String>, _> = statement.query_map([], |row| row.get(0))?.collect();
    match found.map_err(StoreError::from) {
        Ok(found) if found == ["ok"] => Ok(None),
        Ok(found) => Ok(Some(found.join("; ").replace('\n', " "))),
        Err(StoreError::Damaged(what)) => Ok(Some(what)),
        Err(error) => Err(error),
    }
}

/// Checks a whole file, which stays as it is. How many rows have a checksum, and what is wrong.
pub(in crate::store) fn whole(path: &str) -> StoreResult<(u64, Option<String>)> {
    let failed = |reason| StoreError::Open { url: format!("sqlite:{path}"), reason };
    let opened = || {
        let mut connection = open::connect(Path::new(path), Use::Read).map_err(open::reason)?;
        let version = open::header(&mut connection)?;
        if version < super::NEWEST {
            return Err(format!(
                "its schema is older (schema {version}, this nicelist has {}); bring it up to \
                 date: nicelist database migrate --database {}",
                super::NEWEST,
                argument(&format!("sqlite:{path}"))
            ));
        }
        Ok(connection)
    };
    let connection = opened().map_err(failed)?;
    if let Some(what) = structure_of(&connection, Depth::Whole)? {
        return Ok((0, Some(what)));
    }
    checksums(&connection)
}

/// Checks an open file as far as its version of the schema allows. What is wrong, if anything is.
pub(super) fn all_of(connection: &Connection, version: usize) -> StoreResult<Option<String>> {
    match structure_of(connection, Depth::Whole)? {
        None if version >= CHECKSUMS => checksums(connection).map(|(_, damage)| damage),
        damage => Ok(damage),
    }
}

/// How many rows have a checksum, and which are not as they were written.
fn checksums(connection: &Connection) -> StoreResult<(u64, Option<String>)> {
    let mut damage = Damage::default();
    let count = rules(connection, &mut damage)?
        + settings(connection, false, &mut damage)?
        + tags(connection, false, &mut damage)?;
    Ok((count, damage.describe()))
}

/// Checks every rule.
fn rules(connection: &Connection, damage: &mut Damage) -> StoreResult<u64> {
    let (mut hasher, mut scopes) = (RowHasher::default(), Scopes::new(connection)?);
    let sql = format!(
        "SELECT id, scope, made, ended, rule_type, identifier, {CONTENT}, checksum FROM rule"
    );
    let mut statement = connection.prepare(&sql)?;
    let (mut found, mut count) = (statement.query([])?, 0);
    while let Some(row) = found.next()? {
        count += 1;
        if !policy::rule_is_sound(&mut hasher, &mut scopes, row)? {
            let about: String = row.get(5).unwrap_or_default();
            damage.add("rule", row.get(0)?, &about);
        }
    }
    Ok(count)
}

/// Checks the settings, only those in force if so wanted.
pub(super) fn settings(
    connection: &Connection,
    in_force: bool,
    damage: &mut Damage,
) -> StoreResult<u64> {
    let sql = "SELECT v.id, v.made, v.ended, v.checksum, s.kind, s.name, v.key, v.value
               FROM setting AS v LEFT JOIN scope AS s ON s.id = v.scope
               WHERE v.ended IS NULL OR NOT ?";
    columns(connection, sql, "setting", 6, in_force, damage)
}

/// Checks the tags, only those in force if so wanted.
pub(super) fn tags(
    connection: &Connection,
    in_force: bool,
    damage: &mut Damage,
) -> StoreResult<u64> {
    let sql = "SELECT id, made, ended, checksum, name, priority, description, membership FROM tag
               WHERE ended IS NULL OR NOT ?";
    columns(connection, sql, "tag", 4, in_force, damage)
}

/// Checks rows whose content begins at column 4; column `about` is what they are about.
fn columns(
    connection: &Connection,
    sql: &str,
    table: &str,
    about: usize,
    in_force: bool,
    damage: &mut Damage,
) -> StoreResult<u64> {
    let mut statement = connection.prepare_cached(sql)?;
    let (mut found, mut count, mut hasher) =
        (statement.query([in_force])?, 0, RowHasher::default());
    while let Some(row) = found.next()? {
        count += 1;
        if !is_sound(row, &mut hasher)? {
            let about: String = row.get(about).unwrap_or_default();
            damage.add(table, row.get(0)?, &about);
        }
    }
    Ok(count)
}

fn is_sound(row: &Row<'_>, hasher: &mut RowHasher) -> StoreResult<bool> {
    let number = |column| row.get_ref(column).ok().and_then(|value| value.as_i64().ok());
    let (Some(made), Some(checksum)) = (number(1), number(3)) else { return Ok(false) };
    for column in 4..row.as_ref().column_count() {
        rows::add(hasher, row.get_ref(column)?);
    }
    Ok(checksum::ended(hasher.finish(made), number(2)) == checksum)
}

/// Gives the rows of a database that had no checksums theirs.
pub(super) fn fill(writing: &Connection) -> rusqlite::Result<()> {
    let rule = format!(
        "SELECT r.id, r.made, r.ended, r.rule_type, r.identifier, s.kind, s.name, {}
         FROM rule AS r JOIN scope AS s ON s.id = r.scope",
        policy::content_of("r")
    );
    let setting = "SELECT v.id, v.made, v.ended, s.kind, s.name, v.key, v.value
                   FROM setting AS v JOIN scope AS s ON s.id = v.scope";
    let tag = "SELECT id, made, ended, name, priority, description, membership FROM tag";
    for (table, id, sql) in
        [("rule", "r.id", rule.as_str()), ("setting", "v.id", setting), ("tag", "id", tag)]
    {
        fill_table(writing, table, &format!("{sql} WHERE {id} > ? ORDER BY {id} LIMIT ?"))?;
    }
    Ok(())
}

fn fill_table(writing: &Connection, table: &str, sql: &str) -> rusqlite::Result<()> {
    let mut select = writing.prepare(sql)?;
    let mut update = writing.prepare(&format!("UPDATE {table} SET checksum = ?2 WHERE id = ?1"))?;
    let (mut above, mut hasher) = (0_i64, RowHasher::default());
    loop {
        let mut found = select.query([above, codes::limit(BATCH)])?;
        let mut checksums = Vec::with_capacity(BATCH);
        while let Some(row) = found.next()? {
            for column in 3..row.as_ref().column_count() {
                rows::add(&mut hasher, row.get_ref(column)?);
            }
            checksums.push((row.get(0)?, checksum::ended(hasher.finish(row.get(1)?), row.get(2)?)));
        }
        drop(found);
        for row in &checksums {
            update.execute(*row)?;
        }
        match checksums.last() {
            Some((last, _)) => above = *last,
            None => return Ok(()),
        }
    }
}
