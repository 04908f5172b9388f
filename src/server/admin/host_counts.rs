//! Counts hosts by state, contact and conflict.

use std::collections::BTreeMap;

use axum::Json;

use super::host_view;
use crate::api::{Contact, HostCount, HostCountQuery, HostState, Page};
use crate::rule::MachineId;
use crate::server::access::Viewer;
use crate::server::answer::{Answer, page_size, read_cursor};
use crate::server::extract::Query;
use crate::server::state::Shared;
use crate::store::HostFilter;

/// Count hosts by state
///
/// Each page counts only some of the hosts. Add up the counts of all pages.
#[utoipa::path(get, path = "/host-counts", operation_id = "count_hosts", tag = "hosts", params(HostCountQuery),
    responses((status = 200, body = Page<HostCount>), (status = 422)))]
pub(super) async fn count(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(HostCountQuery { limit, cursor }): Query<HostCountQuery>,
) -> Answer<Page<HostCount>> {
    let after: Option<MachineId> = read_cursor(cursor.as_deref())?;
    let filter = HostFilter::default();
    let found = state.store.hosts(&filter, after.as_ref(), page_size(limit)).await?;
    let next = found.last().filter(|_| found.more).map(|host| host.machine.to_string());
    let mut counts: BTreeMap<(HostState, Contact, bool), u64> = BTreeMap::new();
    for host in found {
        // Yields to other requests, because there may be many hosts.
        tokio::task::coop::consume_budget().await;
        let host = host_view::view(&state, host).await?;
        let conflict = host.conflict.is_some() || host.refused.is_some();
        *counts.entry((host.state, host.contact, conflict)).or_default() += 1;
    }
    let counts = counts.into_iter();
    let items = counts.map(|((state, contact, conflict), hosts)| HostCount {
        state,
        contact,
        conflict,
        hosts,
    });
    Ok(Json(Page::new(items.collect(), next)))
}
