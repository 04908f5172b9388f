//! Tokens, and the first writing of an empty database.

use deadpool_postgres::{Client, GenericClient};
use jiff::Timestamp;
use tokio_postgres::Row;

use super::locks::Lock;
use super::rows::Text;
use super::{codes, filter, listen, query};
use crate::fleet::Role;
use crate::store::{Installation, StoreError, StoreResult, TokenRecord, admin_tokens};

/// Writes a database's cursor key and first tokens, unless they are there. Returns the key in
/// force and whether the tokens were added.
pub(super) async fn install(
    client: &mut Client,
    installation: &Installation,
) -> StoreResult<([u8; 32], bool)> {
    let on = client.transaction().await?;
    Lock::Policy.take(&on).await?;
    let found = query(&on, "SELECT value FROM meta WHERE key = 'cursor_key'", filter::NONE).await?;
    let key = match found.first() {
        Some(row) => bytes(row, 0)?,
        None => {
            let key = installation.cursor_key;
            let sql = "INSERT INTO meta (key, value) VALUES ('cursor_key', $1)";
            on.execute(sql, &[&&key[..]]).await?;
            key
        }
    };
    let had_tokens = !query(&on, "SELECT 1 FROM token LIMIT 1", filter::NONE).await?.is_empty();
    let add = !had_tokens && !installation.tokens.is_empty();
    if add {
        for token in &installation.tokens {
            insert(&on, token).await?;
        }
        listen::call_out(&on).await?;
    }
    on.commit().await?;
    Ok((key, add))
}

/// All tokens that are not revoked.
pub(super) async fn list(on: &impl GenericClient) -> StoreResult<Vec<TokenRecord>> {
    let sql = "SELECT name, role, hash, created, expires FROM token
               WHERE revoked = 0 ORDER BY name";
    query(on, sql, filter::NONE).await?.iter().map(read).collect()
}

/// Keeps a new token.
pub(super) async fn add(client: &mut Client, token: &TokenRecord) -> StoreResult<()> {
    let on = client.transaction().await?;
    Lock::Policy.take(&on).await?;
    let sql = "SELECT 1 FROM token WHERE name = $1 AND revoked = 1 LIMIT 1";
    if !query(&on, sql, &[&Text(&token.name)]).await?.is_empty() {
        return Err(StoreError::TokenNameUsed(token.name.clone()));
    }
    insert(&on, token).await?;
    listen::call_out(&on).await?;
    Ok(on.commit().await?)
}

/// Revokes a token, unless it is the last admin token that works at a time, or a day later.
pub(super) async fn revoke(
    client: &mut Client,
    name: &str,
    keep_admin: Option<Timestamp>,
) -> StoreResult<bool> {
    let on = client.transaction().await?;
    Lock::Policy.take(&on).await?;
    let required = keep_admin.map(|now| admin_tokens::required(now, name));
    for (at, refusal) in required.into_iter().flatten() {
        let sql = "SELECT 1 FROM token WHERE revoked = 0 AND role = $2
                   AND (expires IS NULL OR expires > $3)
                   HAVING count(*) FILTER (WHERE name = $1) = count(*) AND count(*) > 0";
        let admin = Role::Admin.word();
        let values: super::Values<'_> = &[&Text(name), &admin, &at.as_millisecond()];
        if !query(&on, sql, values).await?.is_empty() {
            return Err(refusal);
        }
    }
    let sql = "UPDATE token SET revoked = 1 WHERE name = $1 AND revoked = 0";
    let revoked = on.execute(sql, &[&Text(name)]).await?;
    listen::call_out(&on).await?;
    on.commit().await?;
    Ok(revoked == 1)
}

async fn insert(on: &impl GenericClient, token: &TokenRecord) -> StoreResult<()> {
    let sql = "INSERT INTO token (name, role, hash, created, expires)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let expires = token.expires.map(|expires| expires.as_millisecond());
    let created = token.created.as_millisecond();
    let values: super::Values<'_> =
        &[&Text(&token.name), &token.role.word(), &&token.hash[..], &created, &expires];
    let inserted = on.execute(sql, values).await?;
    if inserted == 1 { Ok(()) } else { Err(StoreError::TokenExists(token.name.clone())) }
}

fn read(row: &Row) -> StoreResult<TokenRecord> {
    let role: &str = row.try_get(1)?;
    let expires: Option<i64> = row.try_get(4)?;
    Ok(TokenRecord {
        name: row.try_get(0)?,
        role: role.parse().map_err(|error| codes::corrupt("role", &error))?,
        hash: bytes(row, 2)?,
        created: codes::to_time(row.try_get(3)?)?,
        expires: expires.map(codes::to_time).transpose()?,
    })
}

fn bytes(row: &Row, column: usize) -> StoreResult<[u8; 32]> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|error| codes::corrupt("bytes", &error))
}
