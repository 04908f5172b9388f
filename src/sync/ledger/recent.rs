//! A cache of recently seen values, so that equal values share memory. Rules from one import often
//! have the same messages.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

const SLOTS: usize = 4096;

/// A bounded set of values. A newer value replaces an older one in the same slot.
#[derive(Debug)]
pub(super) struct Recent<T: ?Sized> {
    slots: Vec<Option<Arc<T>>>,
    hasher: DefaultHashBuilder,
}

impl<T: ?Sized> Default for Recent<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl<T: Eq + Hash + ?Sized> Recent<T> {
    pub(super) fn share(&mut self, value: Arc<T>) -> Arc<T> {
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, None);
        }
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let slot = &mut self.slots[self.hasher.hash_one(&value) as usize % SLOTS];
        match slot {
            Some(known) if *known == value => Arc::clone(known),
            _ => {
                *slot = Some(Arc::clone(&value));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_and_memory_is_bounded() {
        let mut recent = Recent::<str>::default();
        let first = recent.share("rules.csv".into());
        assert!(Arc::ptr_eq(&first, &recent.share("rules.csv".into())));
        for number in 0..10 * SLOTS {
            assert_eq!(&*recent.share(number.to_string().into()), number.to_string());
        }
        assert_eq!(recent.slots.len(), SLOTS);
    }
}
