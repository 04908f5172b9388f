//! Counts hosts by state, contact and conflict.

use axum::Json;

use crate::api::HostCounts;
use crate::server::access::Viewer;
use crate::server::answer::Answer;
use crate::server::host_counter;
use crate::server::state::Shared;

/// Count hosts by state
///
/// With more than 10,000 hosts, the response has the results of the latest background count.
#[utoipa::path(get, path = "/host-counts", operation_id = "count_hosts", tag = "hosts",
    responses((status = 200, body = HostCounts)))]
pub(super) async fn count(axum::extract::State(state): Shared, _: Viewer) -> Answer<HostCounts> {
    Ok(Json(HostCounts::clone(&*host_counter::newest(&state).await?)))
}
