//! Accepts the server's clock after a jump.

use axum::Json;

use crate::api::Done;
use crate::server::access::Admin;
use crate::server::answer::Answer;
use crate::server::state::Shared;

/// Accept the server's clock after a jump
///
/// The server then resumes removing expired rules and deleting old events and history.
#[utoipa::path(post, path = "/clock/accept", operation_id = "accept_clock", tag = "server",
    responses((status = 200, body = Done)))]
pub(super) async fn accept(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
) -> Answer<Done> {
    state.trusted_clock.accept(&*state.store).await?;
    tracing::info!(operator = operator.name, now = %state.clock.now(), "the clock was confirmed");
    Ok(Json(Done {}))
}
