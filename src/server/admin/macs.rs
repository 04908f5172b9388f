//! Accepts one of several Macs that use one machine ID.

use axum::Json;

use super::host_view::view;
use super::lookup::{EXACT_ID, find};
use crate::api::{AcceptMacRequest, HostPath, HostView};
use crate::server::access::Editor;
use crate::server::answer::Answer;
use crate::server::extract::{Body, Path};
use crate::server::state::Shared;

/// Accept a Mac as the one with this machine ID
///
/// This ends a conflict between several Macs.
#[utoipa::path(post, path = "/hosts/{host}/accept", operation_id = "accept_mac", tag = "hosts", params(HostPath), request_body = AcceptMacRequest,
    responses((status = 200, body = HostView), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn accept(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(HostPath { host: name }): Path<HostPath>,
    Body(AcceptMacRequest { serial }): Body<AcceptMacRequest>,
) -> Answer<HostView> {
    let machine = find(&state, &name).await?.machine;
    let actor = operator.actor(state.clock.now(), None);
    state.engine.accept(&actor, &machine, serial.as_deref()).await?;
    let host = find(&state, &format!("{EXACT_ID}{machine}")).await?;
    Ok(Json(view(&state, host).await?))
}
