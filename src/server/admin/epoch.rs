//! Begins a new epoch of the database.

use axum::Json;

use crate::api::Done;
use crate::server::access::Admin;
use crate::server::answer::Answer;
use crate::server::state::Shared;

/// Begin a new epoch of the database
///
/// Send this request after the database was restored or copied with a tool other than nicelist.
/// Hosts get a clean sync unless the hash of their rules has the expected value. The clean syncs
/// are spread over time.
#[utoipa::path(post, path = "/epoch", operation_id = "begin_epoch", tag = "server",
    responses((status = 200, body = Done)))]
pub(super) async fn begin(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
) -> Answer<Done> {
    state.engine.begin_epoch(&operator.actor(state.clock.now(), None)).await?;
    Ok(Json(Done {}))
}
