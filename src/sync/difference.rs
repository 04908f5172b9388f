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

use super::compute::{Stopped, Wanted};
use super::generation;
use super::ledger::{Ledger, VersionId};
use crate::fleet::Generation;
use crate::protocol::generation::Capability;
use crate::rule::{Policy, Revision, Target, TargetKey};
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

impl Origin {
    /// Bytes that it owns.
    pub(super) fn owned_bytes(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Held { union, common, .. } => size_of_val(&**union) + size_of_val(&**common),
        }
    }
}

impl Destination {
    /// Bytes that it owns.
    pub(super) fn owned_bytes(&self) -> usize {
        size_of_val(&*self.scopes)
    }

    /// What becomes of a target on the host.
    pub(super) fn outcome(&self, ledger: &Ledger, target: &Target) -> Outcome {
        match ledger.winner(target, &self.scopes, self.revision) {
            Some(winner) => self.outcome_of(ledger, winner),
            None => Outcome::None,
        }
    }

    /// What becomes of the rule that decides about its target.
    fn outcome_of(&self, ledger: &Ledger, winner: VersionId) -> Outcome {
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

    /// What becomes of all targets that any of its scopes has a rule for, in the order of targets.
    /// Costs time in proportion to those rules; none of them is looked up.
    pub(super) fn outcomes<'a>(
        &'a self,
        ledger: &'a Ledger,
        wanted: &'a Wanted,
    ) -> Result<impl Iterator<Item = Result<Outcome, Stopped>> + 'a, Stopped> {
        let strongest_first = self.scopes.iter().rev();
        let active = strongest_first.flat_map(|scope| ledger.active_at(*scope, self.revision));
        let winners = one_per_target(ledger, active, wanted)?;
        let outcomes = winners.into_iter().map(|winner| self.outcome_of(ledger, winner));
        Ok(wanted.while_wanted(outcomes))
    }
}

/// Whether nothing can differ, which is known without reading any rule.
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
pub(super) fn steps(
    ledger: &Ledger,
    origin: &Origin,
    destination: &Destination,
    wanted: &Wanted,
) -> Result<Vec<Step>, Stopped> {
    match origin {
        Origin::Nothing => {
            let put = |outcome: Result<Outcome, Stopped>| match outcome {
                Ok(Outcome::Sent(rule)) => Some(Ok(Step::Put(rule))),
                Ok(Outcome::Withheld(..) | Outcome::None) => None,
                Err(stopped) => Some(Err(stopped)),
            };
            destination.outcomes(ledger, wanted)?.filter_map(put).collect()
        }
        Origin::Held { .. } if is_empty(ledger, origin, destination) => Ok(Vec::new()),
        Origin::Held { since, union, common } => {
            let changed = union.iter().filter(|scope| !common.contains(scope));
            let touched = ledger.touched(union, *since, destination.revision);
            let in_changed = changed.flat_map(|scope| ledger.active_at(*scope, *since));
            let versions = one_per_target(ledger, touched.chain(in_changed), wanted)?;
            let step = |version: Result<VersionId, Stopped>| {
                let version = match version {
                    Ok(version) => version,
                    Err(stopped) => return Some(Err(stopped)),
                };
                let target = ledger.target(version);
                match destination.rule(ledger, target) {
                    Some(rule) => Some(Ok(Step::Put(rule))),
                    None => generation::takes_type(destination.generation, target.rule_type())
                        .then_some(Ok(Step::Remove(version))),
                }
            };
            wanted.while_wanted(versions.into_iter()).filter_map(step).collect()
        }
    }
}

/// The first version of each target, in the order of targets.
fn one_per_target(
    ledger: &Ledger,
    versions: impl Iterator<Item = VersionId>,
    wanted: &Wanted,
) -> Result<Vec<VersionId>, Stopped> {
    // Comparing targets means fetching both from memory, so their first bytes are fetched once.
    let keyed = versions.map(|version| (ledger.target(version).sort_key(), version));
    let mut keyed: Vec<(TargetKey, VersionId)> =
        wanted.while_wanted(keyed).collect::<Result<_, _>>()?;
    wanted.check()?;
    keyed.sort_by(|(a, one), (b, other)| {
        a.cmp(b).then_with(|| ledger.target(*one).cmp(ledger.target(*other)))
    });
    wanted.check()?;
    keyed.dedup_by(|(a, one), (b, other)| a == b && ledger.target(*one) == ledger.target(*other));
    Ok(keyed.into_iter().map(|(_, version)| version).collect())
}
