//! Tokens for the admin API and for syncs.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{StoreResult, TokenRecord};
use crate::fleet::Actor;

/// Each method is one transaction. Its writes are committed when it returns.
#[async_trait]
pub trait PrincipalStore: Send + Sync + 'static {
    /// All tokens that are not revoked, by name.
    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>>;

    /// Stores a new token. Fails if another token has or had the same name.
    async fn add_token(&self, actor: &Actor, token: TokenRecord) -> StoreResult<()>;

    /// Revokes a token. Returns false if the token does not exist or is already revoked. If the
    /// time `keep_admin` is given, fails if the token is the only admin token that is valid at that
    /// time, or the only one that is still valid 24 hours later.
    async fn revoke_token(
        &self,
        actor: &Actor,
        name: &str,
        keep_admin: Option<Timestamp>,
    ) -> StoreResult<bool>;
}
