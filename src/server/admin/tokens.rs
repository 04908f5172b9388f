//! Tokens: made here, shown once, kept as a hash.

use axum::Json;
use axum::extract::Path;

use crate::api::{Code, NewToken, Problem, TokenRequest, TokenView};
use crate::server::access::{Admin, hash, new_secret};
use crate::server::answer::{Answer, Body};
use crate::server::app::Shared;
use crate::store::TokenRecord;

/// Tokens that are not revoked, without their secrets.
#[utoipa::path(get, path = "/tokens", responses((status = 200, body = Vec<TokenView>)))]
pub(super) async fn list(axum::extract::State(state): Shared, _: Admin) -> Answer<Vec<TokenView>> {
    let view = |token: TokenRecord| TokenView {
        name: token.name,
        role: token.role,
        created: token.created,
        expires: token.expires,
    };
    Ok(Json(state.store.tokens().await?.into_iter().map(view).collect()))
}

/// Makes a token. The answer is the only place where its secret ever stands.
#[utoipa::path(post, path = "/tokens", request_body = TokenRequest,
    responses((status = 200, body = NewToken), (status = 409, body = Problem)))]
pub(super) async fn create(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
    Body(request): Body<TokenRequest>,
) -> Answer<NewToken> {
    let TokenRequest { name, role, expires } = request;
    if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
        let message = "a token's name has 1 to 100 bytes and no control characters";
        return Err(Problem::new(Code::Invalid, message).into());
    }
    let secret = new_secret();
    let created = state.clock.now();
    let record = TokenRecord { name: name.clone(), role, hash: hash(&secret), created, expires };
    state.store.add_token(record).await?;
    state.access.refresh(&*state.store).await?;
    tracing::info!(token = name, %role, operator = operator.name, "made a token");
    Ok(Json(NewToken { name, role, secret }))
}

/// Revokes a token at once.
#[utoipa::path(delete, path = "/tokens/{name}", responses((status = 200)))]
pub(super) async fn revoke(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
    Path(name): Path<String>,
) -> Answer<serde_json::Value> {
    if !state.store.revoke_token(&name).await? {
        return Err(Problem::new(Code::NotFound, format!("there is no token `{name}`"))
            .hint("nicelist token list shows all tokens")
            .into());
    }
    state.access.refresh(&*state.store).await?;
    tracing::info!(token = name, operator = operator.name, "revoked a token");
    Ok(Json(serde_json::json!({})))
}
