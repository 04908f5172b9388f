//! What stood in a file before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use crate::rule::Rule;

/// The places of the pairs of target and scope that were read: 16 bytes and a place a pair,
/// however long its names are. Two pairs are taken for one where two keyed hashes agree, which
/// neither chance nor design can bring about.
pub(super) struct Seen<P> {
    keys: [RandomState; 2],
    places: HashMap<Key, P, BuildHasherDefault<Itself>>,
}

impl<P> Default for Seen<P> {
    fn default() -> Self {
        Self { keys: Default::default(), places: HashMap::default() }
    }
}

impl<P: Copy> Seen<P> {
    /// The place that had the rule's target and scope already.
    pub(super) fn first(&mut self, rule: &Rule, place: P) -> Option<P> {
        let [one, other] =
            self.keys.each_ref().map(|key| key.hash_one((rule.target(), rule.scope())));
        let key = Key(one, other);
        match self.places.entry(key) {
            Entry::Occupied(entry) => Some(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(place);
                None
            }
        }
    }
}

/// A pair by two hashes.
#[derive(PartialEq, Eq)]
struct Key(u64, u64);

impl std::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
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
