//! The admin endpoints, one file a noun. Each says in its signature whom it serves.

mod checks;
mod clock;
mod document;
mod epoch;
mod events;
mod explain;
mod forget;
mod history;
mod host_counts;
mod hosts;
mod macs;
mod names;
mod policy;
mod rules;
mod settings;
mod status;
mod tags;
mod tokens;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Json, Router};
use utoipa::openapi::{InfoBuilder, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::checks::Force;
use super::access::Operator;
use super::answer::{Answer, Refused, refused};
use super::app::State;
use crate::api::{self, ChangeAnswer, ChangeWarning, Code, Problem, RuleDifference};
use crate::rule::{ChangeMessage, Revision, RuleDraft, RuleMerge};
use crate::store::{self, Author, Change, Committed, Edit, RefusalReason, RuleFilter, StoreError};

/// Everything below `/api/v1`, and the document that describes it.
pub(super) fn router() -> Router<Arc<State>> {
    let (routes, document) = OpenApiRouter::with_openapi(
        OpenApiBuilder::new()
            .info(
                InfoBuilder::new()
                    .title("nicelist admin API")
                    .version(env!("CARGO_PKG_VERSION"))
                    .build(),
            )
            .build(),
    )
    .nest(
        api::ROOT,
        OpenApiRouter::new()
            .routes(routes!(document::show))
            .routes(routes!(status::status))
            .routes(routes!(rules::list, rules::change))
            .routes(routes!(policy::change))
            .routes(routes!(history::of_target))
            .routes(routes!(history::list))
            .routes(routes!(history::show))
            .routes(routes!(history::changes))
            .routes(routes!(history::rollback))
            .routes(routes!(hosts::list))
            .routes(routes!(host_counts::count))
            .routes(routes!(hosts::show, hosts::forget))
            .routes(routes!(forget::forget_hosts))
            .routes(routes!(hosts::rules))
            .routes(routes!(hosts::settings))
            .routes(routes!(hosts::tags))
            .routes(routes!(hosts::clean_sync, hosts::cancel_clean_sync))
            .routes(routes!(macs::accept))
            .routes(routes!(names::check))
            .routes(routes!(explain::explain))
            .routes(routes!(explain::evaluate))
            .routes(routes!(tags::list, tags::put))
            .routes(routes!(tags::delete))
            .routes(routes!(settings::list, settings::change))
            .routes(routes!(events::list, events::import::import))
            .routes(routes!(events::stats))
            .routes(routes!(events::waiting::list))
            .routes(routes!(events::waiting::decide))
            .routes(routes!(events::undo::undo))
            .routes(routes!(events::show))
            .routes(routes!(events::decide))
            .routes(routes!(events::bundle::approve))
            .routes(routes!(clock::accept))
            .routes(routes!(epoch::begin))
            .routes(routes!(tokens::list, tokens::create))
            .routes(routes!(tokens::revoke)),
    )
    .split_for_parts();
    let document = document::completed(document);
    let queried = Arc::new(document::Queried::of(&document));
    routes
        .layer(Extension(Arc::new(document)))
        .layer(from_fn_with_state(queried, document::refuse_stray_query))
}

/// What is said of a path that nothing is at. The path is not repeated: it may have an enrolment
/// secret in it.
pub(super) fn missing() -> Refused {
    Problem::new(Code::NotFound, "there is nothing at this path").into()
}

/// What a request says of a change besides its edits.
#[derive(Clone)]
struct Intent {
    message: Option<ChangeMessage>,
    base: Option<Revision>,
    dry_run: bool,
    force: bool,
}

/// Commits edits on behalf of an operator.
async fn commit(
    state: &State,
    operator: Operator,
    intent: Intent,
    edits: Vec<Edit>,
) -> Answer<ChangeAnswer> {
    let Intent { message, base, dry_run, force } = intent;
    let force = Force::new(force, message.as_ref());
    let author =
        Author { name: operator.name, at: state.clock.now(), message: message.map(String::from) };
    let change = Change { author, base, dry_run, edits };
    let (committed, warnings) = commit_change(state, change, force).await?;
    Ok(Json(ChangeAnswer {
        revision: committed.head,
        changed: committed.changed,
        outcomes: committed.outcomes,
        pruned: Vec::new(),
        differences: differences(committed.differences),
        warnings,
    }))
}

fn differences(differences: Vec<store::RuleDifference>) -> Vec<RuleDifference> {
    let view = |store::RuleDifference { edit, fields }| RuleDifference { edit, fields };
    differences.into_iter().map(view).collect()
}

/// Stores rules of a few decisions. Returns the answer of the store, and the rules with what they
/// kept of those that were there before.
async fn commit_merges(
    state: &State,
    author: Author,
    dry_run: bool,
    merges: Vec<RuleMerge>,
) -> Result<(Committed, Vec<RuleDraft>, Vec<ChangeWarning>), Refused> {
    let edits = merges.iter().cloned().map(|merge| Edit::MergeRule(Box::new(merge))).collect();
    let change = Change { author, base: None, dry_run, edits };
    let (committed, warnings) = commit_change(state, change, Force::default()).await?;
    let mut rules = Vec::with_capacity(merges.len());
    for merge in merges {
        let filter = RuleFilter {
            at: Some(committed.head),
            target: Some(merge.rule.target().clone()),
            scope: Some(merge.rule.scope().clone()),
            ..RuleFilter::default()
        };
        let stored = state.store.rules(&filter, None, 1).await?.pop().map(|record| record.rule);
        // A rule that was stored already has everything. Merging it again alters nothing.
        rules.push(merge.onto(stored.as_ref()).into_owned().into());
    }
    Ok((committed, rules, warnings))
}

/// Checks and commits a change.
async fn commit_change(
    state: &State,
    change: Change,
    force: Force,
) -> Result<(Committed, Vec<ChangeWarning>), Refused> {
    let (mut change, checked) = checks::check(state, change, force).await?;
    change.author.message = checked.message(change.author.message);
    Ok((commit_unchecked(state, change).await?, checked.warnings))
}

/// Commits a change. A tag that does not exist is refused with the nearest that does.
async fn commit_unchecked(state: &State, change: Change) -> Result<Committed, Refused> {
    match state.engine.commit(change).await {
        Ok(committed) => Ok(committed),
        Err(StoreError::Refused(refusals)) => {
            let unknown = refusals.iter().find_map(|refusal| match &refusal.reason {
                RefusalReason::UnknownTag(tag) => Some(tag),
                RefusalReason::UnknownHost(_) | RefusalReason::TagInUse { .. } => None,
            });
            let hint = match unknown {
                Some(tag) => Some(tags::hint(state, tag).await?),
                None => None,
            };
            let problem = refused(&refusals);
            Err(hint.into_iter().fold(problem, Problem::hint).into())
        }
        Err(error) => Err(error.into()),
    }
}
