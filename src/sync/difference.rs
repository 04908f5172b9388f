//! The difference between what a host may hold and what is in force for it.
//!
//! The net difference between two revisions is not enough: a target that came and went since
//! the host's holding would stay behind on a host that applied a sync we never heard the end
//! of. So every target touched since then, in any scope the host has had since then, is sent
//! in its present state.

use std::sync::Arc;

use super::generation;
use super::ledger::Ledger;
use crate::fleet::Generation;
use crate::rule::{Policy, Revision, Rule, Target};
use crate::store::ScopeId;

/// Where a host stands when its sync completes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    pub(super) scopes: Arc<[ScopeId]>,
    pub(super) revision: Revision,
    pub(super) generation: Generation,
}

/// Where a host comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// It deletes its rules first, or nothing is known of them.
    Nothing,
    /// It completed a sync at a revision and may have been given more since.
    Held {
        /// The revision of its holding.
        since: Revision,
        /// Every scope of every answer since, the holding's included.
        union: Arc<[ScopeId]>,
        /// The scopes that all those answers had, alike in order and generation.
        common: Arc<[ScopeId]>,
    },
}

/// One step of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The host is to have this rule.
    Put(Arc<Rule>),
    /// The host is to have no rule for this target.
    Remove(Target),
}

impl Destination {
    /// The rule that the host is to have for a target.
    pub(super) fn rule<'a>(&self, ledger: &'a Ledger, target: &Target) -> Option<&'a Arc<Rule>> {
        let winner = ledger.winner(target, &self.scopes, self.revision)?;
        let sent = *winner.policy() != Policy::Remove && generation::takes(self.generation, winner);
        sent.then_some(winner)
    }

    /// All targets that any of its scopes speaks of, in order.
    pub(super) fn targets<'a>(&self, ledger: &'a Ledger) -> Vec<&'a Target> {
        ordered(ledger.targets_at(&self.scopes, self.revision).collect())
    }
}

/// Whether nothing can differ, which is known without looking at any rule.
pub(super) fn is_empty(ledger: &Ledger, origin: &Origin, destination: &Destination) -> bool {
    match origin {
        Origin::Nothing => false,
        Origin::Held { since, union, common } => {
            union.len() == common.len() && ledger.last_touch(union, destination.revision) <= *since
        }
    }
}

/// What to send so that a host gets from its origin to its destination, in the order of
/// targets: the same for every host with the same origin and destination.
pub(super) fn steps(ledger: &Ledger, origin: &Origin, destination: &Destination) -> Vec<Step> {
    match origin {
        Origin::Nothing => {
            let targets = destination.targets(ledger).into_iter();
            targets
                .filter_map(|target| destination.rule(ledger, target))
                .map(|rule| Step::Put(Arc::clone(rule)))
                .collect()
        }
        Origin::Held { .. } if is_empty(ledger, origin, destination) => Vec::new(),
        Origin::Held { since, union, common } => {
            let changed: Vec<ScopeId> =
                union.iter().filter(|scope| !common.contains(scope)).copied().collect();
            let mut targets: Vec<&Target> =
                ledger.touched(union, *since, destination.revision).collect();
            targets.extend(ledger.targets_at(&changed, *since));
            let step = |target: &Target| match destination.rule(ledger, target) {
                Some(rule) => Some(Step::Put(Arc::clone(rule))),
                None => generation::takes_type(destination.generation, target.rule_type())
                    .then(|| Step::Remove(target.clone())),
            };
            ordered(targets).into_iter().filter_map(step).collect()
        }
    }
}

fn ordered(mut targets: Vec<&Target>) -> Vec<&Target> {
    targets.sort_unstable();
    targets.dedup();
    targets
}
