//! What stood in a file before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::rule::Rule;

/// The places of the pairs of target and scope that were read: 12 bytes and a place a pair,
/// however long its names are. Two pairs are taken for one where 64 bits of a keyed hash agree and
/// 32 of another, which neither chance nor design can bring about.
pub(super) struct Seen<P> {
    key: RandomState,
    seed: u64,
    places: HashMap<Key, P, BuildHasherDefault<Itself>>,
}

impl<P> Default for Seen<P> {
    fn default() -> Self {
        let key = RandomState::new();
        let seed = key.hash_one(());
        Self { key, seed, places: HashMap::default() }
    }
}

impl<P: Copy> Seen<P> {
    /// The place that had the rule's target and scope already.
    pub(super) fn first(&mut self, rule: &Rule, place: P) -> Option<P> {
        let (target, scope) = (rule.target(), rule.scope());
        let identifier = xxh3_64_with_seed(target.identifier().as_bytes(), self.seed);
        let key = Key::of(self.key.hash_one((target, scope)), identifier);
        match self.places.entry(key) {
            Entry::Occupied(entry) => Some(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(place);
                None
            }
        }
    }
}

/// A pair by its hashes, in parts of four bytes so that nothing stands empty beside a line.
#[derive(PartialEq, Eq)]
struct Key([u32; 3]);

impl Key {
    fn of(one: u64, other: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = one.to_le_bytes();
        let [i, j, k, l, ..] = other.to_le_bytes();
        Self([[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes))
    }
}

impl std::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [low, high, _] = self.0;
        state.write_u64(u64::from(high) << 32 | u64::from(low));
    }
}

/// The hash of what is a hash already.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
