//! Commits edits to the policy. Each change needs a [`Permit`]. Lint checks each change except an
//! undo, which uses [`CheckedChange::restoring`].

use axum::Json;

use super::checks::{self, Force};
use super::limits;
use super::lookup::{stored_rule, unknown_tag_hints};
use crate::api::{ChangeAnswer, ChangeWarning, Problem};
use crate::rule::{ChangeMessage, Revision, RuleDraft, RuleMerge};
use crate::server::access::Permit;
use crate::server::answer::{Answer, Refused, refused};
use crate::server::state::State;
use crate::store::{Change, Committed, Edit, RefusalReason, StoreError};

#[derive(Clone, Default)]
pub(super) struct Proposal {
    pub(super) message: Option<String>,
    /// The revision that the change was planned on.
    pub(super) base: Option<Revision>,
    pub(super) force: Force,
    pub(super) edits: Vec<Edit>,
}

impl Proposal {
    pub(super) fn new(message: Option<ChangeMessage>, force: bool, edits: Vec<Edit>) -> Self {
        let force = Force::new(force, message.as_ref());
        Self { message: message.map(|text| text.to_string()), base: None, force, edits }
    }
}

/// A change that passed lint, was forced, or undoes an earlier change.
pub(super) struct CheckedChange {
    change: Change,
    pub(super) warnings: Vec<ChangeWarning>,
}

impl CheckedChange {
    /// Skips lint, because an undo only restores earlier rules and removes rules.
    pub(super) fn restoring(state: &State, permit: Permit, proposal: Proposal) -> Self {
        Self { change: change(state, permit, proposal).0, warnings: Vec::new() }
    }

    /// Commits the change, unless it is a dry run. If a tag does not exist, the error has hints from
    /// [`unknown_tag_hints`].
    pub(super) async fn commit(self, state: &State) -> Result<Committed, Refused> {
        let tags_hosts = self.change.edits.iter().any(|edit| matches!(edit, Edit::TagHost { .. }));
        let refusals = match state.engine.commit(self.change).await {
            Err(StoreError::Refused(refusals)) => refusals,
            result => return Ok(result?),
        };
        let unknown = refusals.iter().find_map(|refusal| match &refusal.reason {
            RefusalReason::UnknownTag(tag) => Some(tag),
            RefusalReason::UnknownHost(_) | RefusalReason::TagInUse { .. } => None,
        });
        let problem = refused(&refusals);
        Err(match unknown {
            Some(tag) => {
                let hints = unknown_tag_hints(state, tag, !tags_hosts).await?;
                hints.into_iter().fold(problem, Problem::hint)
            }
            None => problem,
        }
        .into())
    }
}

fn change(state: &State, permit: Permit, proposal: Proposal) -> (Change, Force) {
    let Proposal { message, base, force, edits } = proposal;
    let dry_run = permit.is_dry_run();
    let actor = permit.actor(state.clock.now(), message);
    (Change { actor, base, dry_run, edits }, force)
}

pub(super) async fn check(
    state: &State,
    permit: Permit,
    proposal: Proposal,
) -> Result<CheckedChange, Refused> {
    let (change, force) = change(state, permit, proposal);
    let (mut change, checked) = checks::check(state, change, force).await?;
    change.actor.reason = checked.message(change.actor.reason);
    Ok(CheckedChange { change, warnings: checked.warnings })
}

pub(super) async fn commit(
    state: &State,
    permit: Permit,
    proposal: Proposal,
) -> Answer<ChangeAnswer> {
    let mut checked = check(state, permit, proposal).await?;
    let warnings = std::mem::take(&mut checked.warnings);
    let committed = checked.commit(state).await?;
    Ok(Json(ChangeAnswer {
        revision: committed.head,
        changed: committed.changed,
        outcomes: committed.outcomes,
        pruned: Vec::new(),
        differences: committed.differences,
        warnings,
    }))
}

/// Checks and commits rules that are merged with the stored rules. Also returns the merged rules.
pub(super) async fn commit_merges(
    state: &State,
    permit: Permit,
    message: String,
    merges: Vec<RuleMerge>,
) -> Result<(ChangeAnswer, Vec<RuleDraft>), Refused> {
    limits::check(state, permit.operator(), &merges).await?;
    let edits = merges.iter().cloned().map(|merge| Edit::MergeRule(Box::new(merge))).collect();
    let proposal = Proposal { message: Some(message), edits, ..Proposal::default() };
    let Json(answer) = commit(state, permit, proposal).await?;
    let mut rules = Vec::with_capacity(merges.len());
    for merge in merges {
        let (target, scope) = (merge.rule.target(), merge.rule.scope());
        let stored = stored_rule(state, target, scope, Some(answer.revision)).await?;
        // After a commit, the stored rule already contains the merge, so merging again changes
        // nothing. After a dry run, merging computes the rule that a commit would store.
        let stored = stored.map(|record| record.rule);
        rules.push(merge.onto(stored.as_ref()).into_owned().into());
    }
    Ok((answer, rules))
}
