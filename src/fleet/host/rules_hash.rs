//! The hash of a host's rules, the order in which the host stored them, and drift.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fleet::{EpochId, Generation, Holding, Offers, Reach, RuleCounts, ScopeSetId};
use crate::rule::{Revision, serde_as_text};

/// The hash of a host's rules except static and transitive ones, in the order in which the host
/// stored them (Santa 2025.7 and later). Displayed as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesHash(pub u128);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rules hash must have 32 hex digits")]
pub struct NotAHash;

impl FromStr for RulesHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| NotAHash)?;
        let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| NotAHash)?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for RulesHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

serde_as_text!(RulesHash);

/// The downloads that a host applied: all rules of a holding, then differences. The hash depends on
/// the order in which the host stored its rules, so the server repeats these downloads to compute
/// the hash. Differences from a union of offers come first, because version 0.1.0 stored no other
/// differences.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trail {
    /// The holding whose rules were all sent in one sync, sorted by target.
    pub root: Holding,
    /// The epoch of the database when the rules of `root` were sent. In a later epoch, all rules
    /// are sent again even if the hash matches, because the hash does not cover rule messages.
    #[serde(default, skip_serializing_if = "EpochId::is_zero")]
    pub epoch: EpochId,
    /// The differences from a union of offers that the host applied after `root`. Empty differences
    /// are omitted.
    #[serde(default, rename = "legs", skip_serializing_if = "Vec::is_empty")]
    pub union_legs: Vec<UnionLeg>,
    /// The differences that the host applied after `union_legs`. Empty differences are omitted.
    #[serde(default, rename = "exact_legs", skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Leg>,
}

impl Trail {
    pub const fn new(root: Holding, epoch: EpochId) -> Self {
        Self { root, epoch, union_legs: Vec::new(), legs: Vec::new() }
    }

    /// Removes the last difference. Returns false if there is no difference.
    pub fn shorten(&mut self) -> bool {
        self.legs.pop().is_some() || self.union_legs.pop().is_some()
    }

    /// The holding after all differences.
    pub fn end(&self) -> Holding {
        let last = self.legs.last().map(|leg| leg.to);
        last.or_else(|| self.union_legs.last().map(|leg| leg.to)).unwrap_or(self.root)
    }

    pub const fn length(&self) -> usize {
        self.union_legs.len() + self.legs.len()
    }

    pub fn generation(&self) -> Generation {
        self.end().generation
    }

    /// The newest revision that is needed to compute the rules again.
    pub fn newest_revision(&self) -> Revision {
        let union = self.union_legs.iter().map(|leg| leg.since.max(leg.to.revision));
        let offers = self.legs.iter().flat_map(|leg| leg.from.iter().chain([leg.to]));
        let exact = offers.map(|offer| offer.revision);
        exact.chain(union).max().unwrap_or_default().max(self.root.revision)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "LegNumbers", into = "LegNumbers")]
pub struct Leg {
    /// The rules that the host may have had before the difference.
    pub from: Offers,
    pub to: Holding,
}

/// A difference that a host applied and that was computed from a union of offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "UnionLegNumbers", into = "UnionLegNumbers")]
pub struct UnionLeg {
    /// The revision of the holding before the difference.
    pub since: Revision,
    /// The scopes of the offers before the difference, and of `to`.
    pub reach: Reach,
    pub to: Holding,
}

/// A holding as numbers: scope set, revision, generation.
type HoldingNumbers = (i64, u64, u32);
/// A leg as numbers, so that the row of a host with many legs stays small. The numbers are the
/// holding before the leg, the holding after the leg, and the other offers before the leg.
type LegNumbers = (i64, u64, u32, i64, u64, u32, Vec<HoldingNumbers>);
type UnionLegNumbers = (u64, i64, i64, i64, u64, u32);

const fn numbers(holding: Holding) -> HoldingNumbers {
    (holding.set.0, holding.revision.0, holding.generation.0)
}

const fn holding((set, revision, generation): HoldingNumbers) -> Holding {
    Holding {
        set: ScopeSetId(set),
        revision: Revision(revision),
        generation: Generation(generation),
    }
}

impl From<Leg> for LegNumbers {
    fn from(leg: Leg) -> Self {
        let (from, to) = (numbers(leg.from.holding()), numbers(leg.to));
        let others = leg.from.others().iter().copied().map(numbers).collect();
        (from.0, from.1, from.2, to.0, to.1, to.2, others)
    }
}

impl From<LegNumbers> for Leg {
    fn from((a, b, c, d, e, f, others): LegNumbers) -> Self {
        let others: Vec<Holding> = others.into_iter().map(holding).collect();
        Self { from: Offers::new(holding((a, b, c)), &others), to: holding((d, e, f)) }
    }
}

impl From<UnionLeg> for UnionLegNumbers {
    fn from(leg: UnionLeg) -> Self {
        let UnionLeg { since, reach, to } = leg;
        (since.0, reach.union.0, reach.common.0, to.set.0, to.revision.0, to.generation.0)
    }
}

impl From<UnionLegNumbers> for UnionLeg {
    fn from((since, union, common, set, revision, generation): UnionLegNumbers) -> Self {
        Self {
            since: Revision(since),
            reach: Reach { union: ScopeSetId(union), common: ScopeSetId(common) },
            to: holding((set, revision, generation)),
        }
    }
}

/// A host's report that does not match the rules that the host confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    pub found: Timestamp,
    /// None if the server does not know the hash, for example if the client reports no hash.
    pub expected_hash: Option<RulesHash>,
    pub reported_hash: Option<RulesHash>,
    /// The counts of the rules that the host confirmed, without static and transitive rules; 0 if
    /// the server does not know them.
    pub expected: RuleCounts,
    /// The counts that the host reported, with static and transitive rules.
    pub reported: RuleCounts,
    /// Whether a clean sync was completed. If so, the server does not start another clean sync for
    /// this drift.
    pub repaired: bool,
    /// The number of clean syncs that were sent completely but had no postflight.
    pub unheard_repairs: u8,
}

impl Drift {
    /// After this number of unheard repairs, the server stops repairing. The number is more than
    /// one, because a postflight can get lost.
    const MOST_UNHEARD: u8 = 5;

    pub const fn is_repairable(&self) -> bool {
        !self.repaired && self.unheard_repairs < Self::MOST_UNHEARD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_back_and_anything_else_is_refused() {
        let text = "0a6cb5171bbb8895820d61e395592b29";
        assert_eq!(text.parse::<RulesHash>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<RulesHash>().unwrap().to_string(), text);
        for wrong in
            ["", "0a", "0a6cb5171bbb8895820d61e395592b2", "zz6cb5171bbb8895820d61e395592b29"]
        {
            assert_eq!(wrong.parse::<RulesHash>(), Err(NotAHash), "{wrong}");
        }
    }

    #[test]
    fn l3_legs_are_numbers_in_a_file_and_those_of_version_0_1_0_are_read() {
        let at = |revision| holding((4, revision, 202_507));
        let old =
            r#"{"root":{"set":4,"revision":5,"generation":202507},"legs":[[7,2,3,4,9,202507]]}"#;
        let mut trail = serde_json::from_str::<Trail>(old).unwrap();
        let reach = Reach { union: ScopeSetId(2), common: ScopeSetId(3) };
        assert_eq!(trail.union_legs, [UnionLeg { since: Revision(7), reach, to: at(9) }]);
        assert_eq!(serde_json::to_string(&trail).unwrap(), old);
        let one = Leg { from: Offers::new(at(9), &[]), to: at(11) };
        let several = Leg { from: Offers::new(at(11), &[at(12), at(13)]), to: at(14) };
        trail.legs = vec![one, several];
        let text = serde_json::to_string(&trail.legs).unwrap();
        let numbers = "[[4,9,202507,4,11,202507,[]],\
            [4,11,202507,4,14,202507,[[4,12,202507],[4,13,202507]]]]";
        assert_eq!(text, numbers);
        let text = serde_json::to_string(&trail).unwrap();
        assert_eq!(serde_json::from_str::<Trail>(&text).unwrap(), trail);
        assert_eq!((trail.newest_revision(), trail.length()), (Revision(14), 3));
    }
}
