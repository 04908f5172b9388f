//! Tokens, and the secret keys of a database.

use jiff::Timestamp;

use super::{Database, StoredRow};
use crate::fleet::Role;
use crate::store::codes::{self, corrupt};
use crate::store::{Installation, StoreError, StoreResult, TokenRecord, admin_tokens};

pub(in crate::store) async fn install(
    on: &impl Database,
    installation: &Installation,
) -> StoreResult<([u8; 32], bool)> {
    let key = stored_key(on, "cursor_key", &installation.cursor_key).await?;
    let had_tokens = on.has_row("SELECT 1 FROM token LIMIT 1", &[]).await?;
    if had_tokens || installation.tokens.is_empty() {
        return Ok((key, false));
    }
    for token in &installation.tokens {
        insert(on, token).await?;
    }
    Ok((key, true))
}

/// The key that is stored under this name. If none is stored, stores and returns `new`.
pub(super) async fn stored_key(
    on: &impl Database,
    name: &str,
    new: &[u8; 32],
) -> StoreResult<[u8; 32]> {
    let sql = "SELECT value FROM meta WHERE key = $1";
    if let Some(key) = on.first(sql, &[name.into()], |row| key(row, 0)).await? {
        return Ok(key);
    }
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2)";
    on.execute(sql, &[name.into(), new.into()]).await?;
    Ok(*new)
}

pub(in crate::store) async fn list(on: &impl Database) -> StoreResult<Vec<TokenRecord>> {
    let sql = "SELECT name, role, hash, created, expires FROM token
               WHERE revoked = 0 ORDER BY name";
    on.query(sql, &[], read).await
}

pub(in crate::store) async fn add(on: &impl Database, token: &TokenRecord) -> StoreResult<()> {
    let sql = "SELECT 1 FROM token WHERE name = $1 AND revoked = 1 LIMIT 1";
    if on.has_row(sql, &[token.name.as_str().into()]).await? {
        return Err(StoreError::TokenNameUsed(token.name.clone()));
    }
    insert(on, token).await
}

/// Revokes a token. If `keep_admin` is given, fails if the token is the only admin token that is
/// valid at that time, or the only one that is still valid 24 hours later.
pub(in crate::store) async fn revoke(
    on: &impl Database,
    name: &str,
    keep_admin: Option<Timestamp>,
) -> StoreResult<bool> {
    let required = keep_admin.map(|now| admin_tokens::required(now, name));
    for (at, refusal) in required.into_iter().flatten() {
        let sql = "SELECT name FROM token
                   WHERE revoked = 0 AND role = $1 AND (expires IS NULL OR expires > $2) LIMIT 2";
        let values = [Role::Admin.word().into(), at.as_millisecond().into()];
        let names = on.query(sql, &values, |row| Ok(row.str(0)? == name)).await?;
        if names == [true] {
            return Err(refusal);
        }
    }
    let sql = "UPDATE token SET revoked = 1 WHERE name = $1 AND revoked = 0";
    Ok(on.execute(sql, &[name.into()]).await? == 1)
}

async fn insert(on: &impl Database, token: &TokenRecord) -> StoreResult<()> {
    let sql = "INSERT INTO token (name, role, hash, created, expires)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let values = [
        token.name.as_str().into(),
        token.role.word().into(),
        (&token.hash).into(),
        token.created.as_millisecond().into(),
        token.expires.map(Timestamp::as_millisecond).into(),
    ];
    match on.execute(sql, &values).await? {
        0 => Err(StoreError::TokenExists(token.name.clone())),
        _ => Ok(()),
    }
}

fn key(row: &(dyn StoredRow + '_), column: usize) -> StoreResult<[u8; 32]> {
    let bytes = row.bytes(column)?.unwrap_or_default();
    bytes.try_into().map_err(|error| corrupt("key or hash", &error))
}

/// Version 0.1.0 stored the role `enrollment` as `enrolment`.
fn role(text: &str) -> StoreResult<Role> {
    match text {
        "enrolment" => Ok(Role::Enrollment),
        text => text.parse().map_err(|error| corrupt("role", &error)),
    }
}

fn read(row: &(dyn StoredRow + '_)) -> StoreResult<TokenRecord> {
    Ok(TokenRecord {
        name: row.str(0)?.to_owned(),
        role: role(row.str(1)?)?,
        hash: key(row, 2)?,
        created: codes::to_time(row.number(3)?)?,
        expires: row.integer(4)?.map(codes::to_time).transpose()?,
    })
}
