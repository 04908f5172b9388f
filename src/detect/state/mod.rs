//! What detections remember: correlations, baselines, cooldowns and processes, per host.
//!
//! Entries are kept behind [`StateStore`]. The changes of one file are one batch, so that a file is
//! counted either completely or not at all. Processes are only in memory, because signals show them
//! as far as they are known.

mod fold;
mod memory;
mod tree;
mod window;

#[cfg(test)]
mod tests;

use std::io;

use hashbrown::HashMap;

pub(super) use fold::hash;
pub use fold::{Fold, FoldCounts};
pub use memory::{MemoryLimits, MemoryStore};
pub(super) use tree::Ancestor;
pub use tree::TreeLimits;
pub use window::{Micros, Window};

/// The limits of everything that is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateLimits {
    pub tree: TreeLimits,
    pub memory: MemoryLimits,
}

/// The entry of a rule for a host and some values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey {
    /// The revision of the rule. If a rule changes, it begins without state.
    pub rule: u64,
    /// The hash of the host and the values.
    pub key: u128,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The group of a correlation.
    Window(Window),
    /// The time of the first event with some values, or when learning began.
    Since(Micros),
    /// Times in which a rule creates no further signal.
    Quiet(Micros, Micros),
}

impl Entry {
    /// The bytes of its content, approximately.
    fn size(&self) -> usize {
        match self {
            Self::Window(window) => window.size(),
            Self::Since(_) | Self::Quiet(..) => 0,
        }
    }
}

/// The changes of one file, sorted by key.
pub type Batch = Vec<(StateKey, Entry)>;

/// Where entries are kept.
pub trait StateStore {
    fn get(&mut self, key: StateKey) -> Option<Entry>;

    /// Applies all changes, or none of them.
    ///
    /// # Errors
    /// The changes were not applied.
    fn commit(&mut self, changes: Batch) -> io::Result<()>;
}

/// A store that is kept after its detector.
impl<S: StateStore + ?Sized> StateStore for &mut S {
    fn get(&mut self, key: StateKey) -> Option<Entry> {
        (**self).get(key)
    }

    fn commit(&mut self, changes: Batch) -> io::Result<()> {
        (**self).commit(changes)
    }
}

/// A store, and the changes of the current file.
#[derive(Debug)]
struct Changes<S> {
    store: S,
    pending: HashMap<StateKey, Entry>,
    /// Why a part of the current file was not stored.
    failure: Option<io::Error>,
}

/// Maximum changes that are stored together. Files of Santa's spool have far fewer events, but a
/// file of JSON may contain a whole day, and is stored in several batches.
const MOST_PENDING: usize = 50_000;

impl<S: StateStore> Changes<S> {
    fn new(store: S) -> Self {
        Self { store, pending: HashMap::new(), failure: None }
    }

    fn get(&mut self, key: StateKey) -> Option<Entry> {
        match self.pending.get(&key) {
            Some(entry) => Some(entry.clone()),
            None => self.store.get(key),
        }
    }

    fn set(&mut self, key: StateKey, entry: Entry) {
        self.pending.insert(key, entry);
        if self.pending.len() >= MOST_PENDING
            && let Err(error) = self.store_pending()
        {
            self.failure.get_or_insert(error);
        }
    }

    /// The window of a group. It is empty if the group is new.
    fn window(&mut self, key: StateKey) -> Window {
        match self.pending.remove(&key).or_else(|| self.store.get(key)) {
            Some(Entry::Window(window)) => window,
            Some(Entry::Since(_) | Entry::Quiet(..)) | None => Window::default(),
        }
    }

    fn commit(&mut self) -> io::Result<()> {
        let stored = self.store_pending();
        self.failure.take().map_or(stored, Err)
    }

    fn store_pending(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut changes: Batch = self.pending.drain().collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        self.store.commit(changes)
    }
}
