//! What stood in a file before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

use crate::rule::Rule;

/// The places of the pairs of target and scope that were read: 16 bytes and a place a pair,
/// however long its names are. Two pairs are taken for one where two keyed hashes agree, which
/// neither chance nor design can bring about.
pub(super) struct Seen<P> {
    keys: [RandomState; 2],
    places: HashMap<[u64; 2], P>,
}

impl<P> Default for Seen<P> {
    fn default() -> Self {
        Self { keys: Default::default(), places: HashMap::new() }
    }
}

impl<P: Copy> Seen<P> {
    /// The place that had the rule's target and scope already.
    pub(super) fn first(&mut self, rule: &Rule, place: P) -> Option<P> {
        let key =
            [0, 1].map(|index: usize| self.keys[index].hash_one((rule.target(), rule.scope())));
        match self.places.entry(key) {
            Entry::Occupied(entry) => Some(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(place);
                None
            }
        }
    }
}
