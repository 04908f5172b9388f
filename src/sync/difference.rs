//! The difference between what a host may hold and what is in force for it.
//!
//! The net difference between two revisions is not enough: a target that came and went since
//! the host's holding would stay behind on a host that applied a sync we never heard the end
//! of. So every target touched since then, in any scope the host has had since then, is sent
//! in its present state.
//!
//! What is worked out are numbers of versions, of which the ledger knows what they say: the
//! difference to nothing may have a million.

use std::sync::Arc;

use super::generation;
use super::ledger::{Ledger, VersionId};
use crate::fleet::Generation;
use crate::protocol::generation::Capability;
use crate::rule::{Policy, Revision, Target};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The host is to have this rule.
    Put(VersionId),
    /// The host is to have no rule for the target of this one.
    Remove(VersionId),
}

/// What becomes of a target on a host.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// The host is to have this rule.
    Sent(VersionId),
    /// This rule is in force, and the host's client cannot take it for want of this.
    Withheld(VersionId, Capability),
    /// No rule is in force.
    None,
}

impl Destination {
    /// What becomes of a target on the host.
    pub(super) fn outcome(&self, ledger: &Ledger, target: &Target) -> Outcome {
        let Some(winner) = ledger.winner(target, &self.scopes, self.revision) else {
            return Outcome::None;
        };
        let told = ledger.told(winner);
        if *told.policy == Policy::Remove {
            return Outcome::None;
        }
        match generation::lacks(self.generation, told) {
            Some(needed) => Outcome::Withheld(winner, needed),
            None => Outcome::Sent(winner),
        }
    }

    /// The rule that the host is to have for a target.
    pub(super) fn rule(&self, ledger: &Ledger, target: &Target) -> Option<VersionId> {
        match self.outcome(ledger, target) {
            Outcome::Sent(rule) => Some(rule),
            Outcome::Withheld(..) | Outcome::None => None,
        }
    }

    /// All targets that any of its scopes speaks of, in order.
    pub(super) fn targets<'a>(&self, ledger: &'a Ledger) -> Vec<&'a Target> {
        let versions = ordered(ledger, ledger.in_force_at(&self.scopes, self.revision).collect());
        versions.into_iter().map(|version| ledger.target(version)).collect()
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
            targets.filter_map(|target| destination.rule(ledger, target)).map(Step::Put).collect()
        }
        Origin::Held { .. } if is_empty(ledger, origin, destination) => Vec::new(),
        Origin::Held { since, union, common } => {
            let changed: Vec<ScopeId> =
                union.iter().filter(|scope| !common.contains(scope)).copied().collect();
            let mut versions: Vec<VersionId> =
                ledger.touched(union, *since, destination.revision).collect();
            versions.extend(ledger.in_force_at(&changed, *since));
            let step = |version: VersionId| {
                let target = ledger.target(version);
                match destination.rule(ledger, target) {
                    Some(rule) => Some(Step::Put(rule)),
                    None => generation::takes_type(destination.generation, target.rule_type())
                        .then_some(Step::Remove(version)),
                }
            };
            ordered(ledger, versions).into_iter().filter_map(step).collect()
        }
    }
}

/// One version of each target, in the order of targets.
fn ordered(ledger: &Ledger, mut versions: Vec<VersionId>) -> Vec<VersionId> {
    versions.sort_by(|a, b| ledger.target(*a).cmp(ledger.target(*b)));
    versions.dedup_by(|a, b| ledger.target(*a) == ledger.target(*b));
    versions
}
