//! A hash index in shared shards. A clone shares all of them with the original; a later change
//! copies only the shard that it touches. It contains numbers; the caller knows what they refer to.

use std::sync::Arc;

use hashbrown::HashTable;

/// Shards of an index: at a million entries, a change copies about 250 of them.
const SHARDS: usize = 4096;

#[derive(Clone, Debug)]
pub(super) struct Index(Vec<Arc<HashTable<u32>>>);

impl Default for Index {
    fn default() -> Self {
        Self(vec![Arc::default(); SHARDS])
    }
}

impl Index {
    /// The shard of a hash, from bits that a table uses least.
    fn shard(hash: u64) -> usize {
        (hash >> 32) as usize % SHARDS
    }

    /// The entry with this hash that `is_it`.
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.0[Self::shard(hash)].find(hash, |entry| is_it(*entry)).copied()
    }

    /// Replaces and returns the entry that `is_it`, or adds a new one. `hash_of` is the hash of any
    /// other entry.
    pub(super) fn replace(
        &mut self,
        (hash, entry): (u64, u32),
        mut is_it: impl FnMut(u32) -> bool,
        hash_of: impl Fn(u32) -> u64,
    ) -> Option<u32> {
        let shard = Arc::make_mut(&mut self.0[Self::shard(hash)]);
        match shard.find_mut(hash, |other| is_it(*other)) {
            Some(other) => Some(std::mem::replace(other, entry)),
            None => {
                let rehash = |other: &u32| if *other == entry { hash } else { hash_of(*other) };
                shard.insert_unique(hash, entry, rehash);
                None
            }
        }
    }

    /// Bytes that the shards take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|shard| shard.allocation_size()).sum()
    }
}
