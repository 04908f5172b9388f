//! Scope sets: lists of scopes. Each list has an ID, so that hosts with the same scopes share their
//! downloads.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::fleet::ScopeSetId;
use crate::store::{ScopeId, Store, StoreError, StoreResult};

/// Maximum bytes of each of the two caches.
const REMEMBERED: u64 = 8 * 1024 * 1024;
/// Expected entries in each cache.
const EXPECTED: usize = 10_000;
/// Bytes that a cache needs for an entry, in addition to the scopes.
const ENTRY_BYTES: usize = 128;

/// A cache of the store's scope sets, which never change.
pub(super) struct ScopeSets {
    members: Cache<ScopeSetId, Arc<[ScopeId]>, ByBytes>,
    ids: Cache<Arc<[ScopeId]>, ScopeSetId, ByBytes>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<ScopeSetId, Arc<[ScopeId]>> for ByBytes {
    fn weight(&self, _: &ScopeSetId, members: &Arc<[ScopeId]>) -> u64 {
        (size_of_val(&**members) + ENTRY_BYTES) as u64
    }
}

impl Weighter<Arc<[ScopeId]>, ScopeSetId> for ByBytes {
    fn weight(&self, members: &Arc<[ScopeId]>, _: &ScopeSetId) -> u64 {
        (size_of_val(&**members) + ENTRY_BYTES) as u64
    }
}

impl Default for ScopeSets {
    fn default() -> Self {
        Self {
            members: Cache::with_weighter(EXPECTED, REMEMBERED, ByBytes),
            ids: Cache::with_weighter(EXPECTED, REMEMBERED, ByBytes),
        }
    }
}

impl ScopeSets {
    pub(super) fn forget(&self) {
        self.members.clear();
        self.ids.clear();
    }

    /// The ID of an ordered list of scopes. Stores the list if it is new.
    pub(super) async fn intern(
        &self,
        store: &dyn Store,
        members: &[ScopeId],
    ) -> StoreResult<ScopeSetId> {
        if let Some(id) = self.ids.get(members) {
            return Ok(id);
        }
        let id = store.intern_scope_set(members).await?;
        self.remember(id, members.into());
        Ok(id)
    }

    pub(super) async fn members(
        &self,
        store: &dyn Store,
        id: ScopeSetId,
    ) -> StoreResult<Arc<[ScopeId]>> {
        if let Some(members) = self.members.get(&id) {
            return Ok(members);
        }
        let missing = || StoreError::Database(format!("scope set {} is missing", id.0));
        let members: Arc<[ScopeId]> = store.scope_set(id).await?.ok_or_else(missing)?.into();
        self.remember(id, Arc::clone(&members));
        Ok(members)
    }

    fn remember(&self, id: ScopeSetId, members: Arc<[ScopeId]>) {
        self.members.insert(id, Arc::clone(&members));
        self.ids.insert(members, id);
    }
}

/// All scopes of both lists, sorted by ID.
pub(super) fn union(a: &[ScopeId], b: &[ScopeId]) -> Vec<ScopeId> {
    let mut all: Vec<ScopeId> = a.iter().chain(b).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The scopes that are in both lists and have the same order in both.
///
/// Only the order of tags can differ, and all tags are adjacent. So the result consists of the
/// shared scopes before and after the part whose order differs.
pub(super) fn common(a: &[ScopeId], b: &[ScopeId]) -> Vec<ScopeId> {
    let in_a: Vec<ScopeId> = a.iter().filter(|scope| b.contains(scope)).copied().collect();
    let in_b: Vec<ScopeId> = b.iter().filter(|scope| a.contains(scope)).copied().collect();
    if in_a == in_b {
        return in_a;
    }
    let pairs = || in_a.iter().zip(&in_b);
    let before = pairs().take_while(|(a, b)| a == b).count();
    let behind = pairs().rev().take_while(|(a, b)| a == b).count();
    [&in_a[..before], &in_a[in_a.len() - behind..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[i64]) -> Vec<ScopeId> {
        list.iter().copied().map(ScopeId).collect()
    }

    #[test]
    fn the_union_has_every_scope_once() {
        assert_eq!(union(&ids(&[3, 1]), &ids(&[2, 3])), ids(&[1, 2, 3]));
    }

    #[test]
    fn scopes_that_only_one_list_has_are_not_common() {
        assert_eq!(common(&ids(&[1, 2, 3]), &ids(&[1, 3, 4])), ids(&[1, 3]));
    }

    #[test]
    fn scopes_that_changed_places_are_not_common() {
        assert_eq!(common(&ids(&[1, 5, 6, 9]), &ids(&[1, 6, 5, 9])), ids(&[1, 9]));
        assert_eq!(common(&ids(&[1, 5, 6, 7, 9]), &ids(&[1, 7, 6, 5, 9])), ids(&[1, 9]));
    }
}
