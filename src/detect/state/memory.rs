//! State in memory.

use std::collections::BTreeMap;
use std::io;

use hashbrown::HashMap;

use super::{Batch, Entry, StateKey, StateStore};

/// What the state in memory may need at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimits {
    /// Maximum entries of one rule, so that it cannot displace those of others.
    pub entries: usize,
    /// Maximum bytes of all entries, approximately.
    pub bytes: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 32 << 20 }
    }
}

/// Keeps entries in memory. If there are too many, those that were used least recently are removed,
/// from the rule that needs the most memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    limits: MemoryLimits,
    shelves: BTreeMap<u64, Shelf>,
    bytes: usize,
    last_use: u64,
}

/// The entries of a rule.
#[derive(Debug, Default)]
struct Shelf {
    entries: HashMap<u128, (u64, Entry)>,
    /// The key of each entry, by its last use.
    uses: BTreeMap<u64, u128>,
    bytes: usize,
}

/// The bytes of an entry in the two maps, apart from its content.
const OVERHEAD: usize = 160;

impl Shelf {
    /// Removes the entry that was used least recently. Returns its bytes.
    fn remove_oldest(&mut self) -> Option<usize> {
        let (_, key) = self.uses.pop_first()?;
        let (_, entry) = self.entries.remove(&key)?;
        let bytes = entry.size() + OVERHEAD;
        self.bytes -= bytes;
        Some(bytes)
    }

    fn insert(&mut self, key: u128, used: u64, entry: Entry) {
        self.bytes += entry.size() + OVERHEAD;
        self.uses.insert(used, key);
        if let Some((used, old)) = self.entries.insert(key, (used, entry)) {
            self.uses.remove(&used);
            self.bytes -= old.size() + OVERHEAD;
        }
    }
}

impl MemoryStore {
    pub fn new(limits: MemoryLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    fn insert(&mut self, key: StateKey, entry: Entry) {
        self.last_use += 1;
        let shelf = self.shelves.entry(key.rule).or_default();
        let before = shelf.bytes;
        shelf.insert(key.key, self.last_use, entry);
        if shelf.entries.len() > self.limits.entries {
            shelf.remove_oldest();
        }
        self.bytes = self.bytes + shelf.bytes - before;
        while self.bytes > self.limits.bytes {
            let largest = self.shelves.values_mut().max_by_key(|shelf| shelf.bytes);
            let Some(removed) = largest.and_then(Shelf::remove_oldest) else { break };
            self.bytes -= removed;
        }
    }
}

impl StateStore for MemoryStore {
    fn get(&mut self, key: StateKey) -> Option<Entry> {
        let shelf = self.shelves.get_mut(&key.rule)?;
        let (used, entry) = shelf.entries.get_mut(&key.key)?;
        self.last_use += 1;
        shelf.uses.remove(used);
        shelf.uses.insert(self.last_use, key.key);
        *used = self.last_use;
        Some(entry.clone())
    }

    fn commit(&mut self, changes: Batch) -> io::Result<()> {
        changes.into_iter().for_each(|(key, entry)| self.insert(key, entry));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(rule: u64, key: u128) -> StateKey {
        StateKey { rule, key }
    }

    #[test]
    fn eviction_removes_the_least_recently_used_entry_and_never_crosses_rules() {
        let limits = MemoryLimits { entries: 2, ..MemoryLimits::default() };
        let mut store = MemoryStore::new(limits);
        let seen = |at: u128| (key(1, at), Entry::Since(0));
        store.commit(vec![(key(2, 9), Entry::Since(7)), seen(1), seen(2)]).unwrap();
        assert!(store.get(key(1, 1)).is_some());
        store.commit(vec![seen(3)]).unwrap();
        assert_eq!(store.get(key(1, 2)), None);
        assert!(store.get(key(1, 1)).is_some() && store.get(key(1, 3)).is_some());
        assert_eq!(store.get(key(2, 9)), Some(Entry::Since(7)));
    }

    #[test]
    fn the_memory_of_all_rules_is_limited() {
        let limits = MemoryLimits { bytes: 10_000, ..MemoryLimits::default() };
        let mut store = MemoryStore::new(limits);
        store.commit(vec![(key(2, 9), Entry::Since(7))]).unwrap();
        for at in 0..10_000 {
            store.commit(vec![(key(1, at), Entry::Since(0))]).unwrap();
        }
        assert!(store.bytes <= 10_000 && store.shelves[&1].entries.len() > 50);
        assert_eq!(store.get(key(2, 9)), Some(Entry::Since(7)));
        let total: usize = store.shelves.values().map(|shelf| shelf.bytes).sum();
        assert_eq!(total, store.bytes);
    }
}
