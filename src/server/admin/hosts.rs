//! Hosts: lists, shows, tags and forgets them, and requests clean syncs.

use std::sync::Arc;

use axum::Json;
use serde::Deserialize;

use super::commit::{Proposal, commit};
use super::host_view::view;
use super::lookup::{EXACT_ID, MOST_EXAMINED, check_tag, find, with_id, with_revision};
use super::names;
use crate::api::{
    ChangeAnswer, CleanSyncRequest, Code, Done, ForgetHostQuery, HostPath, HostQuery, HostSetting,
    HostTagsRequest, HostView, Page, Problem, RuleView,
};
use crate::fleet::{Actor, Role};
use crate::rule::{MachineId, Target};
use crate::server::access::{Editor, Viewer};
use crate::server::answer::{Answer, Refused, page, page_size, read_cursor};
use crate::server::extract::{Body, Path, Query};
use crate::server::forgetting::forget_host;
use crate::server::host_counter;
use crate::server::state::{Shared, State};
use crate::store::{Edit, HostFilter};

/// Maximum tags in one request, counting both added and removed ones.
const MOST_TAGS: usize = 1_000;
/// List hosts, sorted by machine ID
#[utoipa::path(get, path = "/hosts", operation_id = "list_hosts", tag = "hosts", params(HostQuery),
    responses((status = 200, body = Page<HostView>), (status = 404), (status = 422)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<HostQuery>,
) -> Answer<Page<HostView>> {
    let limit = page_size(query.limit);
    let HostQuery { tag, prefix, user, state: in_state, contact, conflict, .. } = query;
    if let Some(tag) = &tag {
        check_tag(&state, tag, None).await?;
    }
    let machines = match in_state.is_some() || conflict {
        true => host_counter::candidates(&state, in_state, conflict).await?,
        false => None,
    };
    let filter = HostFilter { tag, prefix, name: None, user, machines };
    let mut after: Option<MachineId> = read_cursor(query.cursor.as_deref())?;
    let mut items = Vec::new();
    let mut examined = 0;
    loop {
        let hosts = state.store.hosts(&filter, after.as_ref(), limit).await?;
        let more = hosts.more;
        examined += hosts.len();
        after = hosts.last().map(|host| host.machine.clone());
        for host in hosts {
            let view = view(&state, host).await?;
            if in_state.is_none_or(|wanted| wanted == view.state)
                && contact.is_none_or(|wanted| wanted == view.contact)
                && (!conflict || view.conflict.is_some() || view.refused.is_some())
            {
                items.push(view);
            }
        }
        if !more {
            return Ok(Json(Page::new(items, None)));
        }
        if !items.is_empty() || examined >= MOST_EXAMINED {
            return Ok(Json(Page::new(items, after.map(|machine| machine.to_string()))));
        }
    }
}

/// Show one host
#[utoipa::path(get, path = "/hosts/{host}", operation_id = "get_host", tag = "hosts", params(HostPath),
    responses((status = 200, body = HostView), (status = 404), (status = 409)))]
pub(super) async fn show(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
) -> Answer<HostView> {
    let host = find(&state, &name).await?;
    let same_serial = names::same_serial(&state, &host).await?;
    Ok(Json(HostView { same_serial, ..view(&state, host).await? }))
}

/// Forget a host, given its whole machine ID
///
/// If the host syncs again, it begins with a clean sync.
#[utoipa::path(delete, path = "/hosts/{host}", operation_id = "forget_host", tag = "hosts", params(HostPath, ForgetHostQuery),
    responses((status = 200, body = Done), (status = 404)))]
pub(super) async fn forget(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(HostPath { host: name }): Path<HostPath>,
    Query(ForgetHostQuery { events }): Query<ForgetHostQuery>,
) -> Answer<Done> {
    let machine = with_id(&state, name.strip_prefix(EXACT_ID).unwrap_or(&name)).await?.machine;
    let actor = operator.actor(state.clock.now(), None);
    forget_in_batches(&state, actor, machine, events).await?;
    Ok(Json(Done {}))
}

/// Forgets a host in a separate task, which continues if the client disconnects.
pub(super) async fn forget_in_batches(
    state: &State,
    actor: Actor,
    machine: MachineId,
    events: bool,
) -> Result<(), Refused> {
    let store = Arc::clone(&state.store);
    let forgetting = tokio::spawn(async move {
        let forgotten = forget_host(&*store, &actor, &machine, events).await;
        if let Err(error) = &forgotten {
            tracing::error!(%machine, actor = actor.name, %error, "cannot forget a host");
        }
        forgotten
    });
    let failed = |error: tokio::task::JoinError| {
        tracing::error!(%error, "the task that forgets a host stopped unexpectedly");
        Problem::new(Code::Internal, "the server could not forget the host")
    };
    forgetting.await.map_err(failed)??;
    Ok(())
}

/// Which page of a host's rules to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RulesQuery {
    /// Maximum rules on the page: 500 by default, at most 5,000.
    limit: Option<usize>,
    /// The `next` of the previous page.
    cursor: Option<String>,
}

/// List the active rules of a host
///
/// For each target, the rule with the strongest scope is listed, even if the host's Santa does not
/// support it.
#[utoipa::path(get, path = "/hosts/{host}/rules", operation_id = "list_host_rules", tag = "hosts", params(HostPath, RulesQuery),
    responses((status = 200, body = Page<RuleView>), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn rules(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
    Query(query): Query<RulesQuery>,
) -> Answer<Page<RuleView>> {
    let host = find(&state, &name).await?;
    let limit = page_size(query.limit);
    let after: Option<Target> = read_cursor(query.cursor.as_deref())?;
    let fleet = state.engine.view().await?;
    let rules = fleet.rules_of(&host, after.as_ref(), limit).await?;
    let more = rules.len() == limit;
    let mut items = Vec::with_capacity(rules.len());
    for rule in rules {
        let view = with_revision(&state, &rule.rule).await?;
        let withheld = u64::from(rule.needs.is_some());
        items.push((rule.rule.target().clone(), RuleView { withheld, ..view }));
    }
    Ok(Json(page(items, more, |target| target.to_string())))
}

/// List the active settings of a host, with their scopes
#[utoipa::path(get, path = "/hosts/{host}/settings", operation_id = "list_host_settings", tag = "hosts", params(HostPath),
    responses((status = 200, body = Vec<HostSetting>), (status = 404), (status = 409)))]
pub(super) async fn settings(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
) -> Answer<Vec<HostSetting>> {
    let host = find(&state, &name).await?;
    let (effective, mut scopes) = state.engine.view().await?.settings_of(&host);
    let setting = |setting: crate::fleet::Setting| HostSetting {
        key: setting.key(),
        value: setting.value(),
        scope: scopes.remove(&setting.key()),
    };
    let about_hosts = effective.all().into_iter().filter(|setting| !setting.key().is_fleets());
    Ok(Json(about_hosts.map(setting).collect()))
}

/// Add and remove tags of a host
#[utoipa::path(post, path = "/hosts/{host}/tags", operation_id = "change_host_tags", tag = "hosts", params(HostPath), request_body = HostTagsRequest,
    responses((status = 200, body = ChangeAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn tags(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
    Body(request): Body<HostTagsRequest>,
) -> Answer<ChangeAnswer> {
    let HostTagsRequest { add, remove, message, dry_run } = request;
    let permit = operator.permit(Role::Editor, dry_run)?;
    let machine = find(&state, &name).await?.machine;
    if add.len() + remove.len() > MOST_TAGS {
        let message = format!("one request can add and remove at most {MOST_TAGS} tags");
        return Err(Problem::new(Code::Invalid, message).into());
    }
    let add = add.into_iter().map(|tag| Edit::TagHost { machine: machine.clone(), tag });
    let remove = remove.into_iter().map(|tag| Edit::UntagHost { machine: machine.clone(), tag });
    let edits = add.chain(remove).collect();
    commit(&state, permit, Proposal::new(message, false, edits)).await
}

/// Request a clean sync of a host
///
/// The next sync of the host is then a clean sync. In a clean sync, the host deletes events that it
/// has not uploaded.
#[utoipa::path(post, path = "/hosts/{host}/clean-sync", operation_id = "request_clean_sync", tag = "hosts", params(HostPath), request_body = CleanSyncRequest,
    responses((status = 200, body = HostView), (status = 404), (status = 409)))]
pub(super) async fn clean_sync(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(HostPath { host: name }): Path<HostPath>,
    Body(request): Body<CleanSyncRequest>,
) -> Answer<HostView> {
    let machine = find(&state, &name).await?.machine;
    let actor = operator.actor(state.clock.now(), None);
    state.engine.order_clean_sync(&actor, &machine, Some(request.kind)).await?;
    let host = find(&state, machine.as_str()).await?;
    Ok(Json(view(&state, host).await?))
}

/// Cancel a clean sync that the host has not begun
#[utoipa::path(delete, path = "/hosts/{host}/clean-sync", operation_id = "cancel_clean_sync", tag = "hosts", params(HostPath),
    responses((status = 200, body = HostView), (status = 404), (status = 409)))]
pub(super) async fn cancel_clean_sync(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(HostPath { host: name }): Path<HostPath>,
) -> Answer<HostView> {
    let machine = find(&state, &name).await?.machine;
    let actor = operator.actor(state.clock.now(), None);
    state.engine.order_clean_sync(&actor, &machine, None).await?;
    let host = find(&state, machine.as_str()).await?;
    Ok(Json(view(&state, host).await?))
}
