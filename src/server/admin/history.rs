//! Lists revisions and earlier rules, shows what revisions changed, and restores older revisions.

use axum::Json;
use jiff::Timestamp;

use super::checks::Force;
use super::policy::{Goal, policy_at, reach};
use crate::api::{
    Code, Page, PolicyAnswer, PolicyChange, Problem, RevisionChangesQuery, RevisionPath,
    RevisionQuery, RollbackRequest, RuleHistoryQuery, RuleVersionView,
};
use crate::fleet::{DiffOptions, PolicyDifference, PolicyDifferences, Role};
use crate::rule::{Revision, RevisionSummary};
use crate::server::access::Viewer;
use crate::server::answer::{
    Answer, LongAnswer, Refused, bad_cursor, page, page_size, read_cursor,
};
use crate::server::extract::{Body, Path, Query};
use crate::server::state::{Shared, State};
use crate::store::{RevisedRule, RevisedRulePosition, RevisionFilter, RuleVersion};

/// List revisions, newest first
#[utoipa::path(get, path = "/revisions", operation_id = "list_revisions", tag = "history", params(RevisionQuery),
    responses((status = 200, body = Page<RevisionSummary>), (status = 422)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<RevisionQuery>,
) -> Answer<Page<RevisionSummary>> {
    let RevisionQuery { author, since, target, scope, limit, cursor } = query;
    let limit = page_size(limit);
    let before = read_cursor(cursor.as_deref())?.map(Revision);
    let filter = RevisionFilter { author, since, target, scope };
    let revisions = state.store.revisions(&filter, before, limit).await?;
    let more = revisions.len() == limit;
    let items = revisions.into_iter().map(|stored| (stored.record.revision, stored));
    Ok(Json(page(items, more, |revision| revision.to_string())))
}

/// Show one revision
#[utoipa::path(get, path = "/revisions/{revision}", operation_id = "get_revision", tag = "history", params(RevisionPath),
    responses((status = 200, body = RevisionSummary), (status = 404)))]
pub(super) async fn show(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(RevisionPath { revision }): Path<RevisionPath>,
) -> Answer<RevisionSummary> {
    let number = exists(&state, revision).await?;
    match state.store.revision(number).await? {
        Some(found) => Ok(Json(found)),
        None => Err(Problem::new(
            Code::NotFound,
            "revision 0 is the empty policy before the first \
            change",
        )
        .into()),
    }
}

/// List what one revision changed
///
/// The first page has all changes to tags and settings, regardless of its limit. Changes to rules
/// follow: first the rules that the revision added or changed, then the rules that it removed.
#[utoipa::path(get, path = "/revisions/{revision}/changes", operation_id = "list_revision_changes", tag = "history", params(RevisionPath, RevisionChangesQuery),
    responses((status = 200, body = Page<PolicyChange>), (status = 404), (status = 422)))]
pub(super) async fn changes(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(RevisionPath { revision }): Path<RevisionPath>,
    Query(query): Query<RevisionChangesQuery>,
) -> Answer<Page<PolicyChange>> {
    let revision = exists(&state, revision).await?;
    let limit = page_size(query.limit);
    let after = query.cursor.as_deref().map(read_place).transpose()?;
    let mut items = Vec::new();
    if after.is_none() {
        let (ended, made) = state.store.revised_tags_and_settings(revision).await?;
        let options = DiffOptions { prune: true, now: Timestamp::MIN };
        let turned = PolicyDifferences::between(&ended, &made, options);
        items.extend(turned.differences.iter().map(PolicyChange::from));
    }
    let turns = state.store.rule_changes(revision, after, limit).await?;
    let more = turns.len() == limit;
    let turns = turns.iter().filter_map(|(place, turn)| Some((*place, change(turn)?)));
    let Page { items: of_rules, next, .. } = page(turns, more, write_place);
    items.extend(of_rules);
    Ok(Json(Page::new(items, next)))
}

fn change(RevisedRule { before, after }: &RevisedRule) -> Option<PolicyChange> {
    let (before, after) = (before.as_ref(), after.as_ref());
    let rule = before.or(after)?;
    Some((&PolicyDifference::Rule { key: rule.key(), before, after }).into())
}

/// The cursor in a list of changes: `m` if the revision added or changed the rule, or `e` if it
/// removed the rule, followed by the number of the rule version.
fn write_place(place: RevisedRulePosition) -> String {
    match place {
        RevisedRulePosition::Made(id) => format!("m{id}"),
        RevisedRulePosition::Ended(id) => format!("e{id}"),
    }
}

fn read_place(cursor: &str) -> Result<RevisedRulePosition, Refused> {
    let place = cursor.split_at_checked(1).and_then(|(part, id)| {
        let id = id.parse().ok()?;
        match part {
            "m" => Some(RevisedRulePosition::Made(id)),
            "e" => Some(RevisedRulePosition::Ended(id)),
            _ => None,
        }
    });
    place.ok_or_else(bad_cursor)
}

/// List the current and earlier rules for a target, newest first
#[utoipa::path(get, path = "/rules/history", operation_id = "list_rule_history", tag = "rules", params(RuleHistoryQuery),
    responses((status = 200, body = Page<RuleVersionView>), (status = 422)))]
pub(super) async fn of_target(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<RuleHistoryQuery>,
) -> Answer<Page<RuleVersionView>> {
    let RuleHistoryQuery { target, limit, cursor } = query;
    let limit = page_size(limit);
    let before = read_cursor(cursor.as_deref())?;
    let versions = state.store.rule_versions(&target, before, limit).await?;
    let more = versions.len() == limit;
    let view = |RuleVersion { id, rule, made, ended }: RuleVersion| {
        (id, RuleVersionView { rule: rule.into(), made, ended })
    };
    Ok(Json(page(versions.into_iter().map(view), more, |id| id.to_string())))
}

/// Restore the rules, settings and tags of a revision
///
/// This creates a new revision. Rules that have expired since then are not restored. Restored tags
/// are not assigned to hosts again.
#[utoipa::path(post, path = "/revisions/{revision}/rollback", operation_id = "roll_back", tag = "history", params(RevisionPath), request_body = RollbackRequest,
    responses((status = 200, body = PolicyAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn rollback(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Path(RevisionPath { revision }): Path<RevisionPath>,
    Body(request): Body<RollbackRequest>,
) -> Result<LongAnswer, Refused> {
    let RollbackRequest { message, base, dry_run, force } = request;
    let permit = operator.permit(Role::Editor, dry_run)?;
    let force = Force::new(force, message.as_ref());
    let revision = exists(&state, revision).await?;
    let message = match message {
        Some(message) => format!("rollback to {revision}: {message}"),
        None => format!("rollback to {revision}"),
    };
    let wanted = policy_at(&*state.store, revision).await?;
    permit.operator().may_try(wanted.rules.len())?;
    let goal = Goal { wanted, prune: true, base, force, message: Some(message) };
    LongAnswer::of(reach(&state, permit, goal).await?).await
}

/// Refuses a revision that does not exist yet.
pub(super) async fn exists(state: &State, revision: Revision) -> Result<Revision, Refused> {
    let head = state.store.head().await?;
    if revision <= head {
        return Ok(revision);
    }
    let message = format!("revision {revision} not found; the newest revision is {head}");
    Err(Problem::new(Code::NotFound, message).hint("nicelist history lists all revisions").into())
}
