//! The comments, tickets and sources of rules, which are seldom read. These texts are stored one
//! after another in blocks, because a million separate values would need more memory for overhead
//! than for text.

use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::chunks::Chunks;
use super::error::LedgerFull;

/// Maximum bytes of a block with several texts. A change copies the last block.
const BLOCK: usize = 64 * 1024;
/// Maximum texts that are remembered, so that later rules can share them. Rules from one import
/// often have the same texts.
const REMEMBERED: usize = 4096;

/// The number of a text, one more than its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextId(NonZeroU32);

#[derive(Clone, Debug)]
struct TextSpan {
    block: u32,
    start: u32,
    length: u32,
}

/// The texts of a ledger. A clone shares the blocks with the original.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    blocks: Vec<Arc<String>>,
    spans: Chunks<TextSpan>,
}

impl Texts {
    pub(super) fn get(&self, TextId(above): TextId) -> &str {
        let TextSpan { block, start, length } = *self.spans.get(above.get() as usize - 1);
        &self.blocks[block as usize][start as usize..][..length as usize]
    }

    /// Bytes in addition to the bytes of the texts.
    #[cfg(test)]
    pub(super) fn overhead(&self) -> usize {
        let unused: usize = self.blocks.iter().map(|block| block.capacity() - block.len()).sum();
        unused + self.spans.bytes()
    }

    fn append(&mut self, text: &str) -> Result<TextId, LedgerFull> {
        if self.blocks.last().is_none_or(|last| last.len() + text.len() > BLOCK) {
            if let Some(full) = self.blocks.last_mut() {
                Arc::make_mut(full).shrink_to_fit();
            }
            self.blocks.push(Arc::default());
        }
        let block = self.blocks.len() - 1;
        let last = Arc::make_mut(&mut self.blocks[block]);
        let start = last.len();
        last.push_str(text);
        let number = |number: usize| u32::try_from(number).map_err(|_| LedgerFull);
        let (block, start, length) = (number(block)?, number(start)?, number(text.len())?);
        self.spans.push(TextSpan { block, start, length });
        NonZeroU32::new(number(self.spans.len())?).map(TextId).ok_or(LedgerFull)
    }
}

/// Adds texts to a ledger, and shares texts that were added recently.
#[derive(Debug, Default)]
pub(super) struct TextWriter {
    /// A cache of texts by hash. A newer text replaces an older one in the same slot.
    recent: Vec<Option<TextId>>,
    hasher: DefaultHashBuilder,
}

impl TextWriter {
    pub(super) fn add(&mut self, texts: &mut Texts, text: &str) -> Result<TextId, LedgerFull> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let slot = self.hasher.hash_one(text) as usize % REMEMBERED;
        if let Some(Some(known)) = self.recent.get(slot)
            && texts.get(*known) == text
        {
            return Ok(*known);
        }
        let id = texts.append(text)?;
        self.recent.resize(REMEMBERED, None);
        self.recent[slot] = Some(id);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_equal_ones_are_one() {
        let (mut texts, mut writer) = (Texts::default(), TextWriter::default());
        let mut add = |texts: &mut Texts, text: &str| writer.add(texts, text).unwrap();
        let source = add(&mut texts, "rules.csv");
        assert_eq!(add(&mut texts, "rules.csv"), source);
        let long = "é".repeat(BLOCK);
        let others: Vec<String> = (0..10 * REMEMBERED).map(|n| format!("IT-{n}")).collect();
        let ids: Vec<TextId> = others.iter().map(|text| add(&mut texts, text)).collect();
        let before = texts.clone();
        let long_id = add(&mut texts, &long);
        let empty = add(&mut texts, "");

        assert_eq!(before.get(source), "rules.csv");
        assert!(ids.iter().zip(&others).all(|(id, text)| texts.get(*id) == text));
        assert_eq!((texts.get(long_id), texts.get(empty)), (long.as_str(), ""));
        assert_eq!(writer.recent.len(), REMEMBERED);
    }
}
