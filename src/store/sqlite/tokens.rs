//! Tokens by the hash of their secret, and what an empty database is given first.

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use super::rows::{maybe_time, time};
use crate::fleet::Role;
use crate::store::{Installation, StoreError, StoreResult, TokenRecord};

const CURSOR_KEY: &str = "cursor-key";

pub(super) fn install(
    db: &Connection,
    installation: &Installation,
) -> StoreResult<([u8; 32], bool)> {
    let mut find = db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    let cursor_key = match find.query_row([CURSOR_KEY], |row| row.get(0)).optional()? {
        Some(known) => known,
        None => {
            let given = installation.cursor_key;
            db.execute(
                "INSERT INTO meta (key, value) VALUES (?1, ?2)",
                params![CURSOR_KEY, given],
            )?;
            given
        }
    };
    let any: bool = db.query_row("SELECT EXISTS (SELECT 1 FROM token)", [], |row| row.get(0))?;
    if any || installation.tokens.is_empty() {
        return Ok((cursor_key, false));
    }
    for token in &installation.tokens {
        add(db, token)?;
    }
    Ok((cursor_key, true))
}

pub(super) fn list(db: &Connection) -> StoreResult<Vec<TokenRecord>> {
    let mut query = db.prepare_cached(
        "SELECT name, role, hash, created, expires FROM token WHERE NOT revoked ORDER BY name",
    )?;
    let found = query.query_map([], read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    let role: String = row.get(1)?;
    let strange = |error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
    };
    Ok(TokenRecord {
        name: row.get(0)?,
        role: role.parse::<Role>().map_err(strange)?,
        hash: row.get(2)?,
        created: time(row, 3)?,
        expires: maybe_time(row, 4)?,
    })
}

pub(super) fn add(db: &Connection, token: &TokenRecord) -> StoreResult<()> {
    let added = db
        .prepare_cached(
            "INSERT INTO token (name, role, hash, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            token.name,
            token.role.word(),
            token.hash,
            token.created.as_millisecond(),
            token.expires.map(jiff::Timestamp::as_millisecond),
        ]);
    match added {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(StoreError::TokenExists(token.name.clone()))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn revoke(db: &Connection, name: &str) -> StoreResult<bool> {
    let mut revoke =
        db.prepare_cached("UPDATE token SET revoked = 1 WHERE name = ?1 AND NOT revoked")?;
    Ok(revoke.execute([name])? == 1)
}
