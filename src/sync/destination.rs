//! Computes the download of a host: the difference between the rules that the host may have and the
//! rules that it must have.
//!
//! The difference between the holding and the destination is not enough, because a host may have
//! applied a sync whose postflight was lost. So each *offer* is compared with the destination. An
//! offer is a state that the host may have reached since its last completed sync, including the
//! holding. A target is sent only if its rule at the destination differs from its rule in at least
//! one offer. If there are too many offers, more targets are sent; see [`Origin::Union`].
//!
//! The results contain the IDs of rule versions in place of the rules, because a result may have
//! a million entries.

use std::sync::Arc;

use super::compute::{Stopped, Wanted};
use super::ledger::{Ledger, VersionId};
use super::scope_sets::common;
use super::steps::{Replacement, Step, Steps};
use super::{generation, translate};
use crate::fleet::Generation;
use crate::protocol::generation::Capability;
use crate::rule::{Policy, Revision, Target, TargetKey};
use crate::store::ScopeId;

/// The rules that a host has when its sync completes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    pub(super) scopes: Arc<[ScopeId]>,
    pub(super) revision: Revision,
    pub(super) generation: Generation,
}

/// The rules that a host may have before a sync.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// The host deletes its rules first, or its rules are unknown.
    Nothing,
    /// The host has the rules of one of these offers.
    Offers(Arc<[Destination]>),
    /// The host has the rules of one of many offers. The server knows only the scopes of these
    /// offers.
    ///
    /// The download sends every target that changed in the scopes of `union` after `since`, and
    /// every target in the scopes that are not in `common`. Trails that version 0.1.0 wrote may
    /// contain such downloads. The server computes their steps again, so the steps must not change.
    Union {
        /// The revision of the host's holding, or another revision with the same rules in the
        /// scopes of `union`.
        since: Revision,
        /// The scopes of all offers and of the destination.
        union: Arc<[ScopeId]>,
        /// The scopes that all offers and the destination share, in the same order. Empty if the
        /// offers and the destination are for different generations of clients.
        common: Arc<[ScopeId]>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Winner {
    Sent(VersionId),
    /// The host's client does not support this rule, because it lacks this capability.
    Unsupported(VersionId, Capability),
    /// No rule is active, or the strongest rule has the policy `remove`.
    None,
}

impl Winner {
    /// The step that sends the rule to a host without rules.
    fn put(self) -> Option<Step> {
        match self {
            Self::Sent(rule) => Some(Step::Put(rule)),
            Self::Unsupported(..) | Self::None => None,
        }
    }
}

impl Origin {
    pub(super) fn owned_bytes(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Offers(offers) => {
                size_of_val(&**offers) + offers.iter().map(Destination::owned_bytes).sum::<usize>()
            }
            Self::Union { union, common, .. } => size_of_val(&**union) + size_of_val(&**common),
        }
    }
}

impl Destination {
    pub(super) fn owned_bytes(&self) -> usize {
        size_of_val(&*self.scopes)
    }

    pub(super) fn outcome(&self, ledger: &Ledger, target: &Target) -> Winner {
        match ledger.winner(target, &self.scopes, self.revision) {
            Some(winner) => self.outcome_of(ledger, winner),
            None => Winner::None,
        }
    }

    fn outcome_of(&self, ledger: &Ledger, winner: VersionId) -> Winner {
        let content = ledger.content(winner);
        if *content.policy == Policy::Remove {
            return Winner::None;
        }
        match generation::lacks(self.generation, content) {
            Some(needed) => Winner::Unsupported(winner, needed),
            None => Winner::Sent(winner),
        }
    }

    /// The rule that the host must have for a target.
    pub(super) fn rule(&self, ledger: &Ledger, target: &Target) -> Option<VersionId> {
        match self.outcome(ledger, target) {
            Winner::Sent(rule) => Some(rule),
            Winner::Unsupported(..) | Winner::None => None,
        }
    }

    /// The outcome for each target in the destination's scopes, in the order of targets. Reads all
    /// rule versions of these scopes.
    pub(super) fn outcomes<'a>(
        &'a self,
        ledger: &'a Ledger,
        wanted: &'a Wanted,
    ) -> Result<impl Iterator<Item = Result<Winner, Stopped>> + 'a, Stopped> {
        let winners = self.winners(ledger, &self.scopes, wanted)?;
        let outcomes = winners.into_iter().map(|winner| self.outcome_of(ledger, winner));
        Ok(wanted.while_wanted(outcomes))
    }

    /// For each target with a rule in `scopes`, the rule from the strongest scope that has one. The
    /// rules are in the order of targets.
    fn winners(
        &self,
        ledger: &Ledger,
        scopes: &[ScopeId],
        wanted: &Wanted,
    ) -> Result<Vec<VersionId>, Stopped> {
        let strongest_first = scopes.iter().rev();
        let active = strongest_first.flat_map(|scope| ledger.active_at(*scope, self.revision));
        one_per_target(ledger, active, wanted)
    }

    /// The destination of a host whose only scope is the weakest scope of this destination. Many
    /// hosts can share the result.
    pub(super) fn weakest(&self, ledger: &Ledger) -> Option<Self> {
        let scopes: Arc<[ScopeId]> = Arc::from(self.scopes.get(..1)?);
        let revision = ledger.last_touch(&scopes, self.revision);
        Some(Self { scopes, revision, generation: self.generation })
    }

    /// For each target with a rule in any scope except the weakest, the strongest rule and its
    /// outcome, in the order of targets. Reads all rule versions of these scopes.
    pub(super) fn overrides(
        &self,
        ledger: &Ledger,
        wanted: &Wanted,
    ) -> Result<Vec<(VersionId, Winner)>, Stopped> {
        let stronger = self.scopes.get(1..).unwrap_or_default();
        let winners = self.winners(ledger, stronger, wanted)?.into_iter();
        let outcome = |winner| (winner, self.outcome_of(ledger, winner));
        wanted.while_wanted(winners.map(outcome)).collect()
    }
}

impl Destination {
    /// The step for the target of a version. None if `is_sent` returns false for the rule that the
    /// host must have. Also none if the host must have no rule and its client does not support
    /// rules of this type.
    fn step(
        &self,
        ledger: &Ledger,
        version: VersionId,
        is_sent: impl FnOnce(Option<VersionId>) -> bool,
    ) -> Option<Step> {
        let target = ledger.target(version);
        let rule = self.rule(ledger, target);
        if !is_sent(rule) {
            return None;
        }
        match rule {
            Some(rule) => Some(Step::Put(rule)),
            None => generation::takes_type(self.generation, target.rule_type())
                .then_some(Step::Remove(version)),
        }
    }

    /// Versions of every target whose rule may differ between this destination and `other`. If all
    /// versions of a target are in shared scopes, its rule can differ only if one of these versions
    /// was created or ended between the two revisions.
    fn may_differ(&self, ledger: &Ledger, other: &Self) -> Vec<VersionId> {
        let shared = match self.generation == other.generation {
            true => common(&self.scopes, &other.scopes),
            false => Vec::new(),
        };
        let since = self.revision.min(other.revision);
        let until = self.revision.max(other.revision);
        let touched = ledger.touched(&shared, since, until);
        let is_own = |scope: &&ScopeId| !shared.contains(scope);
        let own = |side: &'_ Self| {
            let scopes = side.scopes.iter().filter(is_own);
            scopes.flat_map(|scope| ledger.active_at(*scope, side.revision)).collect::<Vec<_>>()
        };
        touched.chain(own(self)).chain(own(other)).collect()
    }

    /// Whether hosts at this destination and at `other` have the same rule for a target. `rule` is
    /// the rule for the target at `other`.
    pub(super) fn is_alike(
        &self,
        ledger: &Ledger,
        target: &Target,
        (other, rule): (&Self, Option<VersionId>),
    ) -> bool {
        if self.generation != other.generation && !generation::keeps_rules(self.generation) {
            return false;
        }
        match (self.rule(ledger, target), rule) {
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
            (Some(one), Some(same)) if one == same && self.generation == other.generation => true,
            (Some(one), Some(another)) => translate::is_kept_alike(
                (ledger.content(one), self.generation),
                (ledger.content(another), other.generation),
            ),
        }
    }
}

/// Whether a host with this origin certainly needs no steps. Reads no rules.
pub(super) fn is_empty(ledger: &Ledger, origin: &Origin, destination: &Destination) -> bool {
    match origin {
        Origin::Nothing => false,
        Origin::Offers(offers) => offers.iter().all(|offer| offer == destination),
        Origin::Union { since, union, common } => {
            union.len() == common.len() && ledger.last_touch(union, destination.revision) <= *since
        }
    }
}

/// The steps that bring a host from its origin to its destination, in the order of targets.
pub(super) fn steps(
    ledger: &Ledger,
    origin: &Origin,
    destination: &Destination,
    wanted: &Wanted,
) -> Result<Vec<Step>, Stopped> {
    match origin {
        Origin::Nothing => {
            let outcomes = destination.outcomes(ledger, wanted)?;
            outcomes.filter_map(|outcome| outcome.map(Winner::put).transpose()).collect()
        }
        Origin::Offers(_) | Origin::Union { .. } if is_empty(ledger, origin, destination) => {
            Ok(Vec::new())
        }
        Origin::Offers(offers) => steps_from_offers(ledger, offers, destination, wanted),
        Origin::Union { since, union, common } => {
            let changed = union.iter().filter(|scope| !common.contains(scope));
            let touched = ledger.touched(union, *since, destination.revision);
            let in_changed = changed.flat_map(|scope| ledger.active_at(*scope, *since));
            let versions = one_per_target(ledger, touched.chain(in_changed), wanted)?;
            let step = |version: Result<VersionId, Stopped>| match version {
                Ok(version) => destination.step(ledger, version, |_| true).map(Ok),
                Err(stopped) => Some(Err(stopped)),
            };
            wanted.while_wanted(versions.into_iter()).filter_map(step).collect()
        }
    }
}

/// All rules of a destination, built from the rules of its weakest scope.
pub(super) fn all_rules(
    ledger: &Ledger,
    weakest: &Steps,
    destination: &Destination,
    wanted: &Wanted,
) -> Result<Steps, Stopped> {
    let overrides = destination.overrides(ledger, wanted)?.into_iter();
    let replacement = |(about, outcome): (_, Winner)| Replacement { about, step: outcome.put() };
    let replacements: Vec<Replacement> = overrides.map(replacement).collect();
    Ok(weakest.with(ledger, &replacements))
}

fn steps_from_offers(
    ledger: &Ledger,
    offers: &[Destination],
    destination: &Destination,
    wanted: &Wanted,
) -> Result<Vec<Step>, Stopped> {
    let mut candidates = Vec::new();
    for offer in offers {
        for version in wanted.while_wanted(offer.may_differ(ledger, destination).into_iter()) {
            candidates.push(version?);
        }
    }
    let versions = one_per_target(ledger, candidates.into_iter(), wanted)?;
    let differs = |target: &Target, rule: Option<VersionId>| {
        offers.iter().any(|offer| !offer.is_alike(ledger, target, (destination, rule)))
    };
    let step = |version: Result<VersionId, Stopped>| match version {
        Ok(version) => {
            let target = ledger.target(version);
            destination.step(ledger, version, |rule| differs(target, rule)).map(Ok)
        }
        Err(stopped) => Some(Err(stopped)),
    };
    wanted.while_wanted(versions.into_iter()).filter_map(step).collect()
}

/// The first of these versions for each target, in the order of targets.
fn one_per_target(
    ledger: &Ledger,
    versions: impl Iterator<Item = VersionId>,
    wanted: &Wanted,
) -> Result<Vec<VersionId>, Stopped> {
    // Sorting by targets would read two targets from memory for each comparison. So the first bytes
    // of each target are copied into a sort key.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Rule, Scope};
    use crate::store::LedgerRow;
    use crate::sync::ledger::writer::LedgerWriter;
    use crate::sync::tally::Tally;

    const SCOPES: [&str; 3] = ["fleet", "tag:eng", "host:M1"];

    /// A ledger with rules for up to `targets` targets in three scopes. Each change is one
    /// revision.
    fn ledger(targets: u64, changes: impl Iterator<Item = (u64, usize, Policy)>) -> Ledger {
        let mut rows: Vec<LedgerRow> = Vec::new();
        for (index, (target, scope, policy)) in changes.enumerate() {
            let (id, revision) = (index as u64 + 1, Revision(index as u64 + 1));
            let target: Target = format!("binary:{:064x}", target % targets).parse().unwrap();
            let scope_name: Scope = SCOPES[scope].parse().unwrap();
            let is_older = |row: &&mut LedgerRow| {
                row.ended.is_none()
                    && *row.rule.target() == target
                    && *row.rule.scope() == scope_name
            };
            if let Some(older) = rows.iter_mut().rev().find(is_older) {
                older.ended = Some(revision);
            }
            let rule = Rule::new(target, scope_name, policy).unwrap();
            let scope = ScopeId(scope as i64 + 1);
            rows.push(LedgerRow { id: id.cast_signed(), scope, rule, made: revision, ended: None });
        }
        let mut writer = LedgerWriter::default();
        let head = Revision(rows.len() as u64);
        writer.extend(rows).unwrap();
        writer.advance(head);
        writer.ledger().clone()
    }

    #[test]
    fn rules_built_on_those_of_the_weakest_scope_are_those_built_from_all_scopes() {
        let (_kept, wanted) = Wanted::while_kept();
        let policies = [
            Policy::Allow,
            Policy::Block,
            Policy::Remove,
            Policy::SilentBlockGui,
            Policy::AllowCompiler,
        ];
        let fleet = (0..2500).map(|number| (number, 0, policies[number as usize % 3].clone()));
        let others = (0..600_u64).map(|number| {
            let (target, scope) = (number * number * 7 + number, 1 + number as usize % 2);
            (target, scope, policies[(number / 3) as usize % policies.len()].clone())
        });
        let last = [(3000, 1, Policy::Allow), (3001, 2, Policy::Remove), (0, 2, Policy::Block)];
        let ledger = ledger(3100, fleet.chain(others).chain(last));
        let mut with_stronger = 0;
        for scopes in [&[1][..], &[1, 2], &[1, 3], &[1, 2, 3], &[2, 3], &[3], &[]] {
            for revision in [1, 100, 2500, 2600, ledger.head().0] {
                for generation in [202_200, 202_507] {
                    let scopes = scopes.iter().map(|scope| ScopeId(*scope)).collect();
                    let (revision, generation) = (Revision(revision), Generation(generation));
                    let to = Destination { scopes, revision, generation };
                    let plain = steps(&ledger, &Origin::Nothing, &to, &wanted).unwrap();
                    let Some(weakest) = to.weakest(&ledger) else {
                        assert_eq!(plain, []);
                        continue;
                    };
                    let alone = steps(&ledger, &Origin::Nothing, &weakest, &wanted).unwrap();
                    with_stronger += usize::from(alone != plain);
                    let built = all_rules(&ledger, &Steps::new(&alone), &to, &wanted).unwrap();
                    assert_eq!(built.from(0, usize::MAX).collect::<Vec<_>>(), plain, "{to:?}");
                    let tally = Tally::of(&ledger, &weakest, &wanted).unwrap();
                    let tally = tally.with_stronger(&ledger, &weakest, &to, &wanted).unwrap();
                    assert_eq!(tally, Tally::of(&ledger, &to, &wanted).unwrap(), "{to:?}");
                }
            }
        }
        assert!(with_stronger > 10, "{with_stronger}");
    }
}
