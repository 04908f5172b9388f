//! Tags. A tag must exist before it is used.

use axum::Json;
use serde::Deserialize;

use super::commit::{Proposal, commit};
use crate::api::{ChangeAnswer, Code, Page, Problem, TagPath, TagQuery, TagRequest};
use crate::fleet::{Role, Tag, TagMerge, TooManyMembers};
use crate::rule::TagName;
use crate::server::access::Viewer;
use crate::server::answer::{Answer, page, page_size, read_cursor};
use crate::server::extract::{Body, Path, Query};
use crate::server::state::Shared;
use crate::store::Edit;

/// List tags, sorted by name
#[utoipa::path(get, path = "/tags", operation_id = "list_tags", tag = "tags", params(TagQuery),
    responses((status = 200, body = Page<Tag>), (status = 422)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(TagQuery { limit, cursor }): Query<TagQuery>,
) -> Answer<Page<Tag>> {
    let limit = page_size(limit);
    let after: Option<TagName> = read_cursor(cursor.as_deref())?;
    let mut tags = state.store.snapshot().await?.tags;
    tags.retain(|tag| after.as_ref().is_none_or(|after| tag.name > *after));
    tags.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let more = tags.len() > limit;
    let tags = tags.into_iter().take(limit);
    let items = tags.map(|tag| (tag.name.clone(), tag));
    Ok(Json(page(items, more, |name| name.to_string())))
}

/// Create a tag, or change its priority, description and membership
///
/// A field that is absent keeps its current value. An empty description removes the current one.
#[utoipa::path(post, path = "/tags", operation_id = "put_tag", tag = "tags", request_body = TagRequest,
    responses((status = 200, body = ChangeAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn put(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<TagRequest>,
) -> Answer<ChangeAnswer> {
    let TagRequest { name, priority, description, membership, dry_run } = request;
    let permit = operator.permit(Role::Editor, dry_run)?;
    if let Some(membership) = &membership {
        let invalid = |error: TooManyMembers| Problem::new(Code::Invalid, error.to_string());
        membership.check_size().map_err(invalid)?;
    }
    let description = description.map(|text| text.to_string());
    let edits = vec![Edit::MergeTag(TagMerge { name, priority, description, membership })];
    commit(&state, permit, Proposal { edits, ..Proposal::default() }).await
}

/// Options for deleting a tag.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
#[derive(Default)]
pub(super) struct DeleteQuery {
    /// Delete the tag even if it is in use. Its rules and settings are deleted, and its hosts lose
    /// the tag.
    force: bool,
    /// Show what would happen, and change nothing.
    dry_run: bool,
}

/// Delete a tag
///
/// A tag that is in use is deleted only if `force` is set.
#[utoipa::path(delete, path = "/tags/{name}", operation_id = "delete_tag", tag = "tags", params(TagPath, DeleteQuery),
    responses((status = 200, body = ChangeAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn delete(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Path(TagPath { name }): Path<TagPath>,
    Query(query): Query<DeleteQuery>,
) -> Answer<ChangeAnswer> {
    let permit = operator.permit(Role::Editor, query.dry_run)?;
    let invalid = |error: crate::rule::ScopeError| Problem::new(Code::Invalid, error.to_string());
    let name: TagName = name.parse().map_err(invalid)?;
    if !state.store.snapshot().await?.tags.iter().any(|tag| tag.name == name) {
        let problem = Problem::new(Code::NotFound, format!("tag `{name}` not found"));
        return Err(problem.hint("nicelist tag list lists all tags").into());
    }
    let edits = vec![Edit::DropTag { name, force: query.force }];
    commit(&state, permit, Proposal { edits, ..Proposal::default() }).await
}
