//! A hash index in shared shards. A clone shares all shards with the original; a later change
//! copies only the shard that it touches. The index contains numbers, and the caller decides what
//! they refer to.

use std::sync::Arc;

use hashbrown::HashTable;

/// The number of shards. At a million entries, a change copies about 250 entries.
const SHARDS: usize = 4096;

#[derive(Clone, Debug)]
pub(super) struct Index(Vec<Arc<HashTable<u32>>>);

impl Default for Index {
    fn default() -> Self {
        Self(vec![Arc::default(); SHARDS])
    }
}

impl Index {
    /// Uses different bits from the table in a shard, which uses the lowest and the highest bits.
    fn shard(hash: u64) -> usize {
        (hash >> 32) as usize % SHARDS
    }

    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.0[Self::shard(hash)].find(hash, |entry| is_it(*entry)).copied()
    }

    /// Replaces and returns the entry for which `is_it` is true, or adds the new entry. `hash_of`
    /// returns the hash of an entry in the index.
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

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|shard| shard.allocation_size()).sum()
    }
}
