//! Policy in time: what each revision did, and the way back.

use axum::Json;
use axum::extract::Path;

use super::policy::{Goal, in_force, reach};
use crate::api::{Code, PolicyAnswer, Problem, RollbackRequest};
use crate::rule::Revision;
use crate::server::access::Editor;
use crate::server::answer::{Answer, Body, Refused};
use crate::server::app::{Shared, State};

/// Takes rules, settings and tags back to how they were at a revision, as a new revision. Rules
/// that have expired since stay out, and hosts keep the tags that they have.
#[utoipa::path(post, path = "/revisions/{revision}/rollback", request_body = RollbackRequest,
    responses((status = 200, body = PolicyAnswer), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn rollback(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(revision): Path<String>,
    Body(request): Body<RollbackRequest>,
) -> Answer<PolicyAnswer> {
    let RollbackRequest { message, base, dry_run } = request;
    let revision = known(&state, &revision).await?;
    let message = match message {
        Some(message) => format!("rollback to {revision}: {message}"),
        None => format!("rollback to {revision}"),
    };
    let wanted = in_force(&*state.store, revision).await?;
    let goal = Goal { wanted, prune: true, base, dry_run, message: Some(message) };
    reach(&state, operator, goal).await.map(Json)
}

/// A revision that there is, 0 included.
pub(super) async fn known(state: &State, text: &str) -> Result<Revision, Refused> {
    let head = state.store.head().await?;
    let revision = text.parse().ok().map(Revision).filter(|revision| *revision <= head);
    Ok(revision.ok_or_else(|| {
        Problem::new(Code::NotFound, format!("there is no revision {text}; the newest is {head}"))
            .hint("nicelist history shows all revisions")
    })?)
}
