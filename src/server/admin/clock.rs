//! The server's clock.

use axum::Json;

use crate::api::Problem;
use crate::server::access::Admin;
use crate::server::answer::Answer;
use crate::server::app::Shared;

/// Confirms a clock that has jumped: rules and events expire again.
#[utoipa::path(post, path = "/clock/accept",
    responses((status = 200), (status = 503, body = Problem)))]
pub(super) async fn accept(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
) -> Answer<serde_json::Value> {
    state.trusted_clock.accept(&*state.store).await?;
    tracing::info!(operator = operator.name, now = %state.clock.now(), "the clock was confirmed");
    Ok(Json(serde_json::json!({})))
}
