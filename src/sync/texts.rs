//! Texts that are kept for ever and seldom read: what administrators say of rules. Each lies
//! behind the one before it, for a million comments would cost more as values of their own than
//! they say.

use std::hash::BuildHasher;
use std::num::NonZeroU32;

use hashbrown::DefaultHashBuilder;

/// From so many bytes on the next text begins a new block; growing one would copy it.
const BLOCK: usize = 1024 * 1024;
/// How many texts are remembered, to be shared by those that come next: rules of one import tend
/// to say the same.
const REMEMBERED: usize = 4096;

/// The number of a text, one more than its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextId(NonZeroU32);

#[derive(Debug)]
struct Place {
    block: u32,
    start: u32,
    length: u32,
}

/// Some texts.
#[derive(Debug, Default)]
pub(super) struct Texts {
    blocks: Vec<String>,
    places: Vec<Place>,
    /// One for each of some hashes, where a newer one takes its turn.
    recent: Vec<Option<TextId>>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// The number of a text, which it shares with the same text if that came not long ago.
    pub(super) fn add(&mut self, text: &str) -> TextId {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let slot = self.hasher.hash_one(text) as usize % REMEMBERED;
        if let Some(Some(known)) = self.recent.get(slot)
            && self.get(*known) == text
        {
            return *known;
        }
        let id = self.append(text);
        self.recent.resize(REMEMBERED, None);
        self.recent[slot] = Some(id);
        id
    }

    /// The text of a number that was given here.
    pub(super) fn get(&self, TextId(above): TextId) -> &str {
        let Place { block, start, length } = self.places[above.get() as usize - 1];
        &self.blocks[block as usize][start as usize..][..length as usize]
    }

    /// What is held beside the texts' own bytes, in bytes.
    #[cfg(test)]
    pub(super) fn overhead(&self) -> usize {
        let unused: usize = self.blocks.iter().map(|block| block.capacity() - block.len()).sum();
        unused + self.places.capacity() * size_of::<Place>()
    }

    fn append(&mut self, text: &str) -> TextId {
        if self.blocks.last().is_none_or(|last| last.len() + text.len() > BLOCK) {
            self.blocks.push(String::with_capacity(BLOCK.max(text.len())));
        }
        let block = self.blocks.len() - 1;
        let start = self.blocks[block].len();
        self.blocks[block].push_str(text);
        if self.places.len() == self.places.capacity() {
            self.places.reserve_exact(REMEMBERED.max(self.places.len() / 8));
        }
        // A block holds a megabyte or one text, and a text some kilobytes: all of it fits 32 bits.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (block, start, length) = (number(block), number(start), number(text.len()));
        self.places.push(Place { block, start, length });
        TextId(NonZeroU32::MIN.saturating_add(number(self.places.len() - 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_equal_ones_are_one() {
        let mut texts = Texts::default();
        let source = texts.add("rules.csv");
        assert_eq!(texts.add("rules.csv"), source);
        let long = "é".repeat(BLOCK);
        let others: Vec<String> = (0..10 * REMEMBERED).map(|n| format!("IT-{n}")).collect();
        let ids: Vec<TextId> = others.iter().map(|text| texts.add(text)).collect();
        let long_id = texts.add(&long);
        let empty = texts.add("");

        assert_eq!(texts.get(source), "rules.csv");
        assert!(ids.iter().zip(&others).all(|(id, text)| texts.get(*id) == text));
        assert_eq!((texts.get(long_id), texts.get(empty)), (long.as_str(), ""));
        assert_eq!(texts.recent.len(), REMEMBERED);
    }
}
