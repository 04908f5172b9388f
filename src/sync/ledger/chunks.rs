//! A list in shared chunks. A clone shares all chunks with the original; a later change copies only
//! the chunks that it touches.

use std::ops::Range;
use std::sync::Arc;

/// Items in a full chunk. All chunks but the last are full.
const CHUNK: usize = 1024;

#[derive(Debug)]
pub(super) struct Chunks<T>(Vec<Arc<Vec<T>>>);

impl<T> Clone for Chunks<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Chunks<T> {
    pub(super) fn len(&self) -> usize {
        match self.0.as_slice() {
            [] => 0,
            [full @ .., last] => full.len() * CHUNK + last.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> &T {
        &self.0[index / CHUNK][index % CHUNK]
    }

    pub(super) fn last(&self) -> Option<&T> {
        self.0.last().and_then(|chunk| chunk.last())
    }

    /// Costs a copy of the last chunk if a clone shares it.
    pub(super) fn push(&mut self, item: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < CHUNK => {
                let last = Arc::make_mut(last);
                if last.len() == last.capacity() {
                    last.reserve_exact(last.len().max(4).min(CHUNK - last.len()));
                }
                last.push(item);
            }
            _ => self.0.push(Arc::new(vec![item])),
        }
    }

    /// The item at `index`, to be changed. Costs a copy of its chunk if a clone shares it.
    pub(super) fn get_mut(&mut self, index: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.0[index / CHUNK])[index % CHUNK]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }

    pub(super) fn range(&self, range: Range<usize>) -> impl Iterator<Item = &T> {
        range.map(|index| self.get(index))
    }

    /// For an ordered list, the number of items at its start for which `is_before` is true. Costs
    /// one call of `is_before` if it is true for all items, which is the usual case.
    pub(super) fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> usize {
        if self.last().is_none_or(&is_before) {
            return self.len();
        }
        let all_before = |chunk: &Arc<Vec<T>>| chunk.last().is_some_and(&is_before);
        let chunk = self.0.partition_point(all_before);
        let within = self.0.get(chunk).map_or(0, |chunk| chunk.partition_point(is_before));
        chunk * CHUNK + within
    }

    /// Bytes of the chunks, without the memory that their items own.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let chunks = self.0.iter().map(|chunk| chunk.capacity() * size_of::<T>());
        chunks.sum::<usize>() + self.0.capacity() * size_of::<Arc<Vec<T>>>()
    }
}

impl<T: Clone> FromIterator<T> for Chunks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut chunks = Self::default();
        items.into_iter().for_each(|item| chunks.push(item));
        chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_its_items_and_shares_the_chunks_that_did_not_change() {
        let count = 3 * CHUNK + 7;
        let mut list: Chunks<usize> = (0..count).collect();
        let before = list.clone();
        list.push(count);
        *list.get_mut(5) = 99;

        assert_eq!((before.len(), *before.get(5)), (count, 5));
        assert_eq!((list.len(), *list.get(5), *list.get(count)), (count + 1, 99, count));
        let shared = before.0.iter().zip(&list.0).filter(|(one, other)| Arc::ptr_eq(one, other));
        assert_eq!(shared.count(), 2, "the first and the last chunk changed");
        assert!(before.iter().copied().eq(0..count));
        assert!(before.range(1000..1100).copied().eq(1000..1100));
    }

    #[test]
    fn the_partition_point_is_that_of_a_slice() {
        for count in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let list: Chunks<usize> = (0..count).collect();
            let flat: Vec<usize> = (0..count).collect();
            for limit in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK, 4 * CHUNK] {
                let expected = flat.partition_point(|item| *item < limit);
                assert_eq!(list.partition_point(|item| *item < limit), expected, "{count} {limit}");
            }
        }
    }
}
