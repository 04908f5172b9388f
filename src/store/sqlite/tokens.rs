//! Tokens, and the first writing of an empty database.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::codes;
use super::rows::str_at;
use super::writer::Done;
use crate::fleet::Role;
use crate::store::{Installation, StoreError, StoreResult, TokenRecord, admin_tokens};

/// Writes a database's cursor key and first tokens, unless they are there. Returns the key in
/// force and whether the tokens were added.
pub(super) fn install(
    connection: &Connection,
    installation: &Installation,
) -> StoreResult<Done<([u8; 32], bool)>> {
    let found: Option<[u8; 32]> = connection
        .query_row("SELECT value FROM meta WHERE key = 'cursor_key'", [], |row| row.get(0))
        .optional()?;
    let key = found.unwrap_or(installation.cursor_key);
    if found.is_none() {
        connection.execute("INSERT INTO meta (key, value) VALUES ('cursor_key', ?)", [key])?;
    }
    let any = "SELECT EXISTS (SELECT 1 FROM token)";
    let had_tokens: bool = connection.query_row(any, [], |row| row.get(0))?;
    if had_tokens || installation.tokens.is_empty() {
        return Ok(Done::Keep((key, false)));
    }
    for token in &installation.tokens {
        insert(connection, token)?;
    }
    Ok(Done::Keep((key, true)))
}

/// All tokens that are not revoked.
pub(super) fn list(connection: &Connection) -> StoreResult<Vec<TokenRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT name, role, hash, created, expires FROM token WHERE revoked = 0 ORDER BY name",
    )?;
    let mut found = statement.query([])?;
    let mut tokens = Vec::new();
    while let Some(row) = found.next()? {
        tokens.push(read(row)?);
    }
    Ok(tokens)
}

/// Keeps a new token.
pub(super) fn add(connection: &Connection, token: &TokenRecord) -> StoreResult<Done<()>> {
    let sql = "SELECT EXISTS (SELECT 1 FROM token WHERE name = ? AND revoked = 1)";
    if connection.query_row(sql, [&token.name], |row| row.get(0))? {
        return Err(StoreError::TokenNameUsed(token.name.clone()));
    }
    insert(connection, token).map(Done::Keep)
}

/// Revokes a token, unless it is the last admin token that works at a time, or a day later.
pub(super) fn revoke(
    connection: &Connection,
    name: &str,
    keep_admin: Option<Timestamp>,
) -> StoreResult<Done<bool>> {
    let required = keep_admin.map(|now| admin_tokens::required(now, name));
    for (at, refusal) in required.into_iter().flatten() {
        let sql = "SELECT count(*) FILTER (WHERE name = ?1) = count(*) AND count(*) > 0 FROM token
                   WHERE revoked = 0 AND role = ?2 AND (expires IS NULL OR expires > ?3)";
        let values = (name, Role::Admin.word(), at.as_millisecond());
        if connection.query_row(sql, values, |row| row.get(0))? {
            return Err(refusal);
        }
    }
    let sql = "UPDATE token SET revoked = 1 WHERE name = ? AND revoked = 0";
    let revoked = connection.execute(sql, [name])?;
    Ok(Done::Keep(revoked == 1))
}

fn insert(connection: &Connection, token: &TokenRecord) -> StoreResult<()> {
    let inserted = connection.execute(
        "INSERT INTO token (name, role, hash, created, expires) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
        (
            &token.name,
            token.role.word(),
            token.hash,
            token.created.as_millisecond(),
            token.expires.map(|expires| expires.as_millisecond()),
        ),
    )?;
    if inserted == 1 { Ok(()) } else { Err(StoreError::TokenExists(token.name.clone())) }
}

fn read(row: &Row<'_>) -> StoreResult<TokenRecord> {
    let expires: Option<i64> = row.get(4)?;
    Ok(TokenRecord {
        name: row.get(0)?,
        role: str_at(row, 1)?.parse().map_err(|error| codes::corrupt("role", &error))?,
        hash: row.get(2)?,
        created: codes::to_time(row.get(3)?)?,
        expires: expires.map(codes::to_time).transpose()?,
    })
}
