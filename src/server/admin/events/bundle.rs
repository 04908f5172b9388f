//! Shows the bundle of an event, and allows all programs of the bundle in one revision.

use axum::Json;

use super::{Subject, find, merge};
use crate::api::{
    BundleAnswer, BundleApproval, BundleState, BundleView, ChangeAnswer, Code, EventPath, Problem,
    RulePatch,
};
use crate::fleet::{BundleMembers, Event, EventId, Role};
use crate::rule::{RuleMerge, Scope};
use crate::server::access::Viewer;
use crate::server::admin::commit::commit_merges;
use crate::server::answer::{Answer, Refused};
use crate::server::extract::{Body, Path};
use crate::server::state::{Shared, State};

/// Create a rule for every program of an event's bundle
///
/// All rules are created in one revision, or none is created.
#[utoipa::path(post, path = "/events/{id}/bundle-approval", operation_id = "approve_bundle", tag = "events", params(EventPath), request_body = BundleApproval,
    responses((status = 200, body = BundleAnswer), (status = 404), (status = 409), (status = 422)))]
pub(in crate::server::admin) async fn approve(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Path(EventPath { id }): Path<EventPath>,
    Body(request): Body<BundleApproval>,
) -> Answer<BundleAnswer> {
    let permit = operator.permit(Role::Helpdesk, request.dry_run)?;
    let event = find(&state, id).await?.event;
    let (bundle, members) = examine(&state, &event).await?.ok_or_else(|| no_bundle(id))?;
    let members = match members {
        BundleMembers::All(members) => members,
        BundleMembers::Missing { .. } => return Err(incomplete(id, &bundle).into()),
        BundleMembers::Odd { .. } => return Err(odd(id, &bundle).into()),
    };
    let scope = request.scope.unwrap_or_else(|| Scope::Host(event.machine.clone()));
    let patch = |sha256: &String| RulePatch {
        target: format!("binary:{sha256}"),
        policy: "allow".to_owned(),
        scope: scope.to_string(),
        app_name: Some(bundle.name.clone()).into(),
        bundle_hash: Some(bundle.hash.clone()).into(),
        bundle_binary_count: Some(bundle.binary_count).into(),
        comment: request.comment.clone().into(),
        ticket: request.ticket.clone().into(),
        expires: request.expires.into(),
        expires_in: request.expires_in,
        ..RulePatch::default()
    };
    let now = state.clock.now();
    let merges =
        members.iter().map(|it| merge(Subject::Event(id), patch(it), "approved with", now));
    let merges: Vec<RuleMerge> = merges.collect::<Result<_, _>>()?;
    let message = format!("allow the bundle {} of event {id}", bundle.name);
    let (committed, rules) = commit_merges(&state, permit, message, merges).await?;
    let ChangeAnswer { revision, outcomes, differences, warnings, .. } = committed;
    let machine = event.machine;
    Ok(Json(BundleAnswer { bundle, rules, outcomes, differences, revision, warnings, machine }))
}

pub(super) async fn view(state: &State, event: &Event) -> Result<Option<BundleView>, Refused> {
    Ok(examine(state, event).await?.map(|(view, _)| view))
}

async fn examine(
    state: &State,
    event: &Event,
) -> Result<Option<(BundleView, BundleMembers)>, Refused> {
    if !event.has_bundle() {
        return Ok(None);
    }
    let (hash, count) = (&event.bundle_hash, event.bundle_binary_count);
    let reports = state.store.bundle_members(hash).await?;
    let members = BundleMembers::compare(hash, count, &reports);
    let (binary_count, state) = match &members {
        BundleMembers::All(_) => (members.held(), BundleState::Complete),
        BundleMembers::Missing { .. } => (count, BundleState::Incomplete),
        BundleMembers::Odd { .. } => (count, BundleState::Odd),
    };
    let name = match event.bundle_name.as_str() {
        "" => &event.file_name,
        name => name,
    };
    let view = BundleView {
        name: name.to_owned(),
        version: event.bundle_version.clone(),
        hash: hash.clone(),
        binary_count,
        held: members.held(),
        state,
    };
    Ok(Some((view, members)))
}

fn no_bundle(id: EventId) -> Problem {
    let message = format!("event {id} has no bundle hash from Santa");
    Problem::new(Code::Invalid, message)
        .hint("to approve only the program itself, leave out --bundle")
        .hint(
            "to have Macs hash the bundles of blocked programs: nicelist settings set \
            enable-bundles=true",
        )
}

fn incomplete(id: EventId, bundle: &BundleView) -> Problem {
    let BundleView { name, binary_count, held, .. } = bundle;
    let message = format!(
        "only {held} of {binary_count} programs of the bundle {name} of event {id} are known"
    );
    Problem::new(Code::Guarded, message)
        .hint(
            "a Mac with enable-bundles reports the others when it blocks a program of the \
            bundle again",
        )
        .hint("to approve only the program itself, leave out --bundle")
}

fn odd(id: EventId, bundle: &BundleView) -> Problem {
    let BundleView { name, held, .. } = bundle;
    let message = format!(
        "the {held} reported programs of the bundle {name} of event {id} do not match the \
        bundle's hash"
    );
    Problem::new(Code::Guarded, message).hint(
        "a host may have reported a wrong program; nicelist event list --kind bundle-member \
            lists the reports",
    )
}
