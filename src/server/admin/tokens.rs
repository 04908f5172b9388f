//! Tokens. Only the hashes of their secrets are stored.

use axum::Json;

use crate::api::{Code, Done, NewToken, Problem, TokenPath, TokenRequest, TokenView};
use crate::server::access::Admin;
use crate::server::answer::Answer;
use crate::server::extract::{Body, Path};
use crate::server::state::Shared;
use crate::server::tokens::{hash, new_secret};
use crate::store::TokenRecord;

/// List tokens that are not revoked, without their secrets
#[utoipa::path(get, path = "/tokens", operation_id = "list_tokens", tag = "tokens",
    responses((status = 200, body = Vec<TokenView>)))]
pub(super) async fn list(axum::extract::State(state): Shared, _: Admin) -> Answer<Vec<TokenView>> {
    let view = |token: TokenRecord| TokenView {
        name: token.name,
        role: token.role,
        created: token.created,
        expires: token.expires,
    };
    Ok(Json(state.store.tokens().await?.into_iter().map(view).collect()))
}

/// Create a token
///
/// The token's secret is shown only in this response.
#[utoipa::path(post, path = "/tokens", operation_id = "create_token", tag = "tokens", request_body = TokenRequest,
    responses((status = 200, body = NewToken), (status = 409), (status = 422)))]
pub(super) async fn create(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
    Body(request): Body<TokenRequest>,
) -> Answer<NewToken> {
    let TokenRequest { name, role, expires } = request;
    let created = state.clock.now();
    if let Some(expires) = expires.filter(|expires| *expires <= created) {
        let message = format!("expires: {expires} is in the past");
        return Err(Problem::new(Code::Invalid, message).into());
    }
    let (name, secret) = (name.to_string(), new_secret());
    let record = TokenRecord { name: name.clone(), role, hash: hash(&secret), created, expires };
    state.store.add_token(&operator.actor(created, None), record).await?;
    state.access.refresh(&*state.store).await?;
    Ok(Json(NewToken { name, role, secret }))
}

/// Revoke a token immediately
///
/// The last admin token cannot be revoked, and neither can the last one that is valid for more than
/// a day.
#[utoipa::path(delete, path = "/tokens/{name}", operation_id = "revoke_token", tag = "tokens", params(TokenPath),
    responses((status = 200, body = Done), (status = 404), (status = 409)))]
pub(super) async fn revoke(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
    Path(TokenPath { name }): Path<TokenPath>,
) -> Answer<Done> {
    // Only a local operator may revoke the last admin token, because anyone who can open the
    // database can create another one.
    let keep_admin = (!operator.is_local).then(|| state.trusted_clock.now_for_tokens());
    let actor = operator.actor(state.clock.now(), None);
    if !state.store.revoke_token(&actor, &name, keep_admin).await? {
        return Err(Problem::new(Code::NotFound, format!("token `{name}` not found"))
            .hint("nicelist token list lists all tokens")
            .into());
    }
    state.access.refresh(&*state.store).await?;
    Ok(Json(Done {}))
}
