//! Stores the steps of a difference in memory. Each step takes four bytes, and differences can
//! share pieces of their steps.

use std::sync::Arc;

use super::ledger::{Ledger, VersionId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The host must have this rule.
    Put(VersionId),
    /// The host must have no rule for the target of this version.
    Remove(VersionId),
}

/// A step in four bytes. The size matters, because there may be many differences with a million
/// steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PackedStep(u32);

impl From<Step> for PackedStep {
    fn from(step: Step) -> Self {
        Self(match step {
            Step::Put(version) => version.with_flag(false),
            Step::Remove(version) => version.with_flag(true),
        })
    }
}

impl From<PackedStep> for Step {
    fn from(PackedStep(packed): PackedStep) -> Self {
        match VersionId::and_flag(packed) {
            (version, false) => Self::Put(version),
            (version, true) => Self::Remove(version),
        }
    }
}

/// Sets the step for the target of `about`, or deletes it if `step` is `None`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replacement {
    pub(super) about: VersionId,
    pub(super) step: Option<Step>,
}

/// Steps in small pieces that several lists can share.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pieces: Box<[Arc<[PackedStep]>]>,
    /// The number of steps up to the end of each piece.
    ends: Box<[usize]>,
}

impl Steps {
    /// Maximum steps in a piece (4 KiB).
    const PIECE: usize = 1024;

    pub(super) fn new(steps: &[Step]) -> Self {
        let packed: Vec<PackedStep> = steps.iter().map(|step| PackedStep::from(*step)).collect();
        Self::of(packed.chunks(Self::PIECE).map(Arc::from).collect())
    }

    fn of(pieces: Vec<Arc<[PackedStep]>>) -> Self {
        let add = |end: &mut usize, piece: &Arc<[PackedStep]>| {
            *end += piece.len();
            Some(*end)
        };
        let ends = pieces.iter().scan(0, add).collect();
        Self { pieces: pieces.into(), ends }
    }

    /// The number of steps. Each step has its own target, and there are at most 2^31 targets.
    #[expect(clippy::cast_possible_truncation, reason = "version numbers have 31 bits")]
    pub(super) fn count(&self) -> u32 {
        self.len() as u32
    }

    pub(super) fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }

    pub(super) fn from(&self, index: usize, most: usize) -> impl Iterator<Item = Step> {
        let first = self.ends.partition_point(|end| *end <= index);
        let before = first.checked_sub(1).map_or(0, |last| self.ends[last]);
        let steps = self.pieces[first..].iter().flat_map(|piece| piece.iter());
        steps.skip(index - before).take(most).map(|step| Step::from(*step))
    }

    /// The same steps with replacements. Both lists are in the order of targets. The result shares
    /// every piece in which nothing is replaced.
    pub(super) fn with(&self, ledger: &Ledger, replacements: &[Replacement]) -> Self {
        let mut pieces = Vec::with_capacity(self.pieces.len());
        let mut left = replacements;
        let mut rest = self.pieces.iter().peekable();
        while let Some(piece) = rest.next() {
            let here = match rest.peek().and_then(|next| next.first()) {
                Some(next) => {
                    let next = ledger.target(version_of(*next));
                    left.partition_point(|new| ledger.target(new.about) < next)
                }
                None => left.len(),
            };
            let (here, others) = left.split_at(here);
            left = others;
            if here.is_empty() {
                pieces.push(Arc::clone(piece));
            } else {
                pieces.extend(merged(ledger, piece, here).chunks(Self::PIECE).map(Arc::from));
            }
        }
        if self.pieces.is_empty() {
            pieces.extend(merged(ledger, &[], left).chunks(Self::PIECE).map(Arc::from));
        }
        Self::of(pieces)
    }

    /// Bytes of these steps if no other list shares their pieces.
    pub(super) fn owned_bytes(&self) -> usize {
        size_of_val(&*self.pieces) + size_of_val(&*self.ends) + self.len() * size_of::<PackedStep>()
    }
}

fn version_of(step: PackedStep) -> VersionId {
    VersionId::and_flag(step.0).0
}

fn merged(ledger: &Ledger, piece: &[PackedStep], new: &[Replacement]) -> Vec<PackedStep> {
    let mut merged = Vec::with_capacity(piece.len() + new.len());
    let mut kept = piece.iter().copied().peekable();
    for Replacement { about, step } in new {
        let target = ledger.target(*about);
        while let Some(old) = kept.next_if(|old| ledger.target(version_of(*old)) < target) {
            merged.push(old);
        }
        kept.next_if(|old| ledger.target(version_of(*old)) == target);
        merged.extend(step.map(PackedStep::from));
    }
    merged.extend(kept);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_a_step_takes_four_bytes() {
        let (first, last) = (VersionId::FIRST, VersionId::and_flag(u32::MAX).0);
        for step in [first, last].into_iter().flat_map(|it| [Step::Put(it), Step::Remove(it)]) {
            assert_eq!(Step::from(PackedStep::from(step)), step);
        }
        assert_eq!(size_of::<PackedStep>(), 4);
    }

    #[test]
    fn s10_steps_in_pieces_are_the_same_steps() {
        for count in [0, 1, 1023, 1024, 1025, 5000] {
            let version = |number: u32| VersionId::and_flag(number).0;
            let all: Vec<Step> = (0..count).map(|number| Step::Put(version(number))).collect();
            let steps = Steps::new(&all);
            assert_eq!(steps.len(), all.len());
            assert_eq!(steps.from(0, usize::MAX).collect::<Vec<_>>(), all);
            for (index, most) in [(0, 700), (1000, 100), (1024, 1), (4999, 10), (9000, 1)] {
                let expected: Vec<Step> = all.iter().skip(index).take(most).copied().collect();
                assert_eq!(steps.from(index, most).collect::<Vec<_>>(), expected, "{count}");
            }
        }
    }
}
