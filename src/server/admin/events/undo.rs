//! Undoes the operator's own newest decision.

use std::collections::HashSet;

use axum::Json;

use super::{EVENT_SOURCE, PROGRAM_SOURCE};
use crate::api::{Code, Problem, UndoAnswer, UndoRequest};
use crate::fleet::Role;
use crate::rule::{Revision, Rule};
use crate::server::access::Viewer;
use crate::server::admin::commit::{CheckedChange, Proposal};
use crate::server::admin::lookup::stored_rule;
use crate::server::answer::{Answer, Refused};
use crate::server::extract::Body;
use crate::server::state::{Shared, State};
use crate::store::{Edit, RevisedRule, RevisionFilter};

/// Maximum number of the operator's revisions that are searched for a decision.
const MOST_REVISIONS: usize = 200;
/// Maximum rules in a decision that can be undone.
const MOST_RULES: usize = 10_000;
/// The prefix of the message of a revision that undoes another revision.
const UNDO: &str = "undo revision ";

/// Undo your newest decision about events or programs
///
/// This removes the rules that the decision created, and restores the rules that it replaced,
/// unless they have expired. The request is refused if any of the created rules was changed or
/// removed after the decision.
#[utoipa::path(post, path = "/events/undo", operation_id = "undo_decision", tag = "events", request_body = UndoRequest,
    responses((status = 200, body = UndoAnswer), (status = 404), (status = 409), (status = 422)))]
pub(in crate::server::admin) async fn undo(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(UndoRequest { dry_run }): Body<UndoRequest>,
) -> Answer<UndoAnswer> {
    let permit = operator.permit(Role::Helpdesk, dry_run)?;
    let base = state.store.head().await?;
    let (undone, turns) = newest_decision(&state, &permit.operator().name).await?;
    let now = state.clock.now();
    let (mut rules, mut edits) = (Vec::new(), Vec::new());
    for RevisedRule { before, after } in turns {
        let Some(made) = after else { continue };
        check_current(&state, &made, undone).await?;
        let is_over = |rule: &Rule| rule.expires.is_some_and(|expires| expires <= now);
        edits.push(match before.filter(|rule| !is_over(rule)) {
            Some(before) => Edit::PutRule(Box::new(before)),
            None => Edit::DropRule(made.key().clone()),
        });
        rules.push(made.into());
    }
    let message = Some(format!("{UNDO}{undone}"));
    let proposal = Proposal { message, base: Some(base), edits, ..Proposal::default() };
    let committed = CheckedChange::restoring(&state, permit, proposal).commit(&state).await?;
    Ok(Json(UndoAnswer {
        undone,
        rules,
        outcomes: committed.outcomes,
        differences: committed.differences,
        revision: committed.head,
    }))
}

/// The author's newest decision that was not undone, and its changes. A decision is a revision in
/// which every change stores a rule whose source is an event or a program.
async fn newest_decision(
    state: &State,
    author: &str,
) -> Result<(Revision, Vec<RevisedRule>), Refused> {
    let filter = RevisionFilter { author: Some(author.to_owned()), ..RevisionFilter::default() };
    let mut undone = HashSet::new();
    for stored in state.store.revisions(&filter, None, MOST_REVISIONS).await? {
        let revision = stored.record.revision;
        let message = stored.record.message.unwrap_or_default();
        if let Some(revision) = undone_by(&message) {
            undone.insert(revision);
        } else if !undone.contains(&revision)
            && let Some(turns) = decision(state, revision).await?
        {
            return Ok((revision, turns));
        }
    }
    let message = format!("{author} has no decision to undo");
    Err(Problem::new(Code::NotFound, message).hint("nicelist history lists all changes").into())
}

/// The revision that was undone by the revision with this message.
pub(in crate::server::admin) fn undone_by(message: &str) -> Option<Revision> {
    message.strip_prefix(UNDO)?.parse().ok().map(Revision)
}

/// The changes of a revision, if it is a decision. Reads one change first, which is enough to skip
/// most other revisions, such as large imports.
async fn decision(state: &State, revision: Revision) -> Result<Option<Vec<RevisedRule>>, Refused> {
    let turns = async |limit| {
        let turns = state.store.rule_changes(revision, None, limit).await?;
        Ok::<_, Refused>(turns.into_iter().map(|(_, turn)| turn).collect::<Vec<RevisedRule>>())
    };
    if !turns(1).await?.first().is_some_and(is_decision) {
        return Ok(None);
    }
    let turns = turns(MOST_RULES + 1).await?;
    if turns.len() > MOST_RULES {
        let message = format!("revision {revision} created more than {MOST_RULES} rules");
        let hint =
            format!("an editor can remove them; nicelist history show {revision} lists them");
        return Err(Problem::new(Code::TooLarge, message).hint(hint).into());
    }
    Ok(turns.iter().all(is_decision).then_some(turns))
}

fn is_decision(turn: &RevisedRule) -> bool {
    let source = turn.after.as_ref().and_then(|rule| rule.provenance.source.as_deref());
    let sources = [EVENT_SOURCE, PROGRAM_SOURCE];
    source.is_some_and(|source| sources.iter().any(|begin| source.starts_with(begin)))
}

/// Refuses the undo if the rule was changed or removed after the decision.
async fn check_current(state: &State, rule: &Rule, revision: Revision) -> Result<(), Refused> {
    let (target, scope) = (rule.target(), rule.scope());
    let current = stored_rule(state, target, scope, None).await?;
    if current.is_some_and(|current| current.rule == *rule) {
        return Ok(());
    }
    let message = format!("the rule for {target} in {scope} was changed after revision {revision}");
    let hint = format!("nicelist history show {revision} shows the decision");
    Err(Problem::new(Code::Conflict, message).hint(hint).into())
}
