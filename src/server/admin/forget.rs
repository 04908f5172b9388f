//! Forgets all hosts that match the given conditions.

use axum::Json;
use jiff::Timestamp;

use super::hosts::forget_in_batches;
use crate::api::{Code, ForgetHostsAnswer, ForgetHostsRequest, HostToForget, Problem};
use crate::fleet::{Host, Role};
use crate::rule::MachineId;
use crate::server::access::Viewer;
use crate::server::answer::{Answer, read_cursor};
use crate::server::extract::Body;
use crate::server::state::Shared;
use crate::store::HostFilter;

/// Maximum hosts that one request examines.
const MOST_EXAMINED: usize = 2_000;
/// Maximum hosts that one request forgets.
const MOST_FORGOTTEN: usize = 100;
/// Maximum hosts that a response lists.
const SAMPLES: usize = 10;

/// Forget all hosts that match every condition
///
/// One request examines a part of the fleet. Repeat the request with the cursor `next` until the
/// response has no cursor. A dry run counts the hosts and forgets none.
#[utoipa::path(post, path = "/forget-hosts", operation_id = "forget_hosts", tag = "hosts", request_body = ForgetHostsRequest,
    responses((status = 200, body = ForgetHostsAnswer), (status = 422)))]
pub(super) async fn forget_hosts(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<ForgetHostsRequest>,
) -> Answer<ForgetHostsAnswer> {
    let ForgetHostsRequest { not_seen_since, never_synced, events, dry_run, cursor } = request;
    operator.may_change(Role::Editor, dry_run)?;
    if not_seen_since.is_none() && !never_synced {
        return Err(Problem::new(
            Code::Invalid,
            "no condition is given; this would forget every \
            host",
        )
        .hint("add not_seen_since, never_synced or both")
        .into());
    }
    let matches = |host: &Host| matches(host, not_seen_since, never_synced);
    let after: Option<MachineId> = read_cursor(cursor.as_deref())?;
    let hosts = state.store.hosts(&HostFilter::default(), after.as_ref(), MOST_EXAMINED).await?;
    let mut more = hosts.more;
    let mut last = None;
    let mut answer = ForgetHostsAnswer::default();
    for host in hosts {
        if !dry_run && answer.matched >= MOST_FORGOTTEN {
            more = true;
            break;
        }
        last = Some(host.machine.clone());
        if !matches(&host) {
            continue;
        }
        if !dry_run {
            // The host may have synced since the list was read.
            let now = state.store.host(&host.machine).await?;
            if !now.is_some_and(|now| matches(&now.host)) {
                continue;
            }
            let actor = operator.actor(state.clock.now(), None);
            forget_in_batches(&state, actor, host.machine.clone(), events).await?;
        }
        answer.matched += 1;
        if answer.samples.len() < SAMPLES {
            let Host { machine, facts, sync, .. } = host;
            let (hostname, last_seen) = (facts.hostname, sync.last_seen);
            answer.samples.push(HostToForget { machine, hostname, last_seen });
        }
    }
    answer.next = last.filter(|_| more).map(|machine| machine.to_string());
    Ok(Json(answer))
}

fn matches(host: &Host, not_seen_since: Option<Timestamp>, never_synced: bool) -> bool {
    let seen = host.sync.last_seen.unwrap_or(host.first_seen);
    let synced = host.sync.holding.is_some() || host.sync.last_sync.is_some();
    not_seen_since.is_none_or(|since| seen < since) && !(never_synced && synced)
}
