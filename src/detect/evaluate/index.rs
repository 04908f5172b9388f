//! Finds the rules that a text in an event can concern, at a cost that grows far slower than the
//! number of rules.
//!
//! Texts are compared without their case, so the index may find a rule that does not match. It never
//! misses one that does.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use hashbrown::HashMap;

use crate::cel::TextPlace;

/// A set of rules, by their place in the plan.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<u64>);

impl Marks {
    pub(super) fn clear(&mut self, rules: usize) {
        self.0.clear();
        self.0.resize(rules.div_ceil(64), 0);
    }

    pub(super) fn add(&mut self, rule: usize) {
        if let Some(word) = self.0.get_mut(rule / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    fn add_all(&mut self, rules: &[usize]) {
        rules.iter().for_each(|rule| self.add(*rule));
    }

    /// The rules in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit)
            })
        })
    }
}

/// The texts that rules require in one field.
#[derive(Debug, Default)]
pub(super) struct TextIndex {
    whole: HashMap<Box<[u8]>, Vec<usize>>,
    starts: Affixes,
    /// With the bytes of each text, and of the field, in reverse order.
    ends: Affixes,
    anywhere: Option<Searcher>,
}

#[derive(Debug)]
struct Searcher {
    automaton: AhoCorasick,
    /// For each text of the automaton, the rules that require it.
    rules: Vec<Vec<usize>>,
}

/// Up to this size in bytes, texts are searched for with the fastest automaton, which needs about
/// 200 bytes per byte of text.
const MOST_DENSE: usize = 64 << 10;

impl TextIndex {
    /// `texts`: the text, where it must be, and the rule.
    pub(super) fn new<'t>(texts: impl IntoIterator<Item = (&'t str, TextPlace, usize)>) -> Self {
        let mut index = Self::default();
        let (mut starts, mut ends) = (HashMap::new(), HashMap::new());
        let mut anywhere: HashMap<&str, Vec<usize>> = HashMap::new();
        for (text, place, rule) in texts {
            let bytes = text.as_bytes();
            let reversed = || -> Box<[u8]> { bytes.iter().rev().copied().collect() };
            match place {
                TextPlace::Whole => index.whole.entry(bytes.into()).or_default().push(rule),
                TextPlace::Start => push(&mut starts, bytes.into(), rule),
                TextPlace::End => push(&mut ends, reversed(), rule),
                TextPlace::Anywhere => anywhere.entry(text).or_default().push(rule),
            }
        }
        index.starts = Affixes::new(starts);
        index.ends = Affixes::new(ends);
        index.anywhere = Searcher::new(anywhere);
        index
    }

    /// Adds the rules that a text can concern. The text is folded: see [`crate::cel::fold_case`].
    pub(super) fn find(&self, text: &str, reversed: &mut Vec<u8>, marks: &mut Marks) {
        let bytes = text.as_bytes();
        if let Some(rules) = self.whole.get(bytes) {
            marks.add_all(rules);
        }
        self.starts.find(bytes, marks);
        if !self.ends.0.is_empty() {
            reversed.clear();
            reversed.extend(bytes.iter().rev());
            self.ends.find(reversed, marks);
        }
        if let Some(Searcher { automaton, rules }) = &self.anywhere {
            for found in automaton.find_overlapping_iter(bytes) {
                if let Some(rules) = rules.get(found.pattern().as_usize()) {
                    marks.add_all(rules);
                }
            }
        }
    }
}

fn push(map: &mut HashMap<Box<[u8]>, Vec<usize>>, text: Box<[u8]>, rule: usize) {
    map.entry(text).or_default().push(rule);
}

impl Searcher {
    /// None without texts.
    fn new(texts: HashMap<&str, Vec<usize>>) -> Option<Self> {
        if texts.is_empty() {
            return None;
        }
        let size: usize = texts.keys().map(|text| text.len()).sum();
        let (texts, rules): (Vec<&str>, Vec<Vec<usize>>) = texts.into_iter().unzip();
        let kind = (size <= MOST_DENSE).then_some(AhoCorasickKind::DFA);
        let mut builder = AhoCorasick::builder();
        // Texts of a rule file are too small for the limits of the automaton.
        let automaton = builder.match_kind(MatchKind::Standard).kind(kind).build(texts).ok()?;
        Some(Self { automaton, rules })
    }
}

/// Texts, sorted, to find those that a longer text begins with.
#[derive(Debug, Default)]
struct Affixes(Vec<Affix>);

#[derive(Debug)]
struct Affix {
    text: Box<[u8]>,
    /// The longest other text that this one begins with.
    shorter: Option<usize>,
    rules: Vec<usize>,
}

impl Affixes {
    fn new(texts: HashMap<Box<[u8]>, Vec<usize>>) -> Self {
        let mut texts: Vec<_> = texts.into_iter().collect();
        texts.sort_unstable();
        let mut affixes: Vec<Affix> = Vec::with_capacity(texts.len());
        for (text, rules) in texts {
            let mut shorter = affixes.len().checked_sub(1);
            while let Some(at) = shorter
                && !text.starts_with(&affixes[at].text)
            {
                shorter = affixes[at].shorter;
            }
            affixes.push(Affix { text, shorter, rules });
        }
        Self(affixes)
    }

    /// The texts that `text` begins with are before it in the order. Any text between them and
    /// `text` begins with them, too, so they are in the chain of `shorter` of the nearest text.
    fn find(&self, text: &[u8], marks: &mut Marks) {
        let after = self.0.partition_point(|affix| *affix.text <= *text);
        let mut next = after.checked_sub(1);
        while let Some(affix) = next.and_then(|at| self.0.get(at)) {
            if text.starts_with(&affix.text) {
                marks.add_all(&affix.rules);
            }
            next = affix.shorter;
        }
    }
}

impl TextIndex {
    /// An automaton that could not be built must not hide rules.
    pub(super) fn is_complete(&self, has_anywhere: bool) -> bool {
        self.anywhere.is_some() || !has_anywhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TextPlace::{Anywhere, End, Start, Whole};

    fn found(text: &str) -> Vec<usize> {
        let texts = [
            ("/usr", Start, 0),
            ("/usr/bin", Start, 1),
            ("/usr/sbin", Start, 2),
            ("/curl", End, 3),
            ("l", End, 4),
            ("/usr/bin/curl", Whole, 70),
            ("bin", Anywhere, 129),
            ("in/c", Anywhere, 5),
        ];
        let mut marks = Marks::default();
        marks.clear(130);
        TextIndex::new(texts).find(text, &mut Vec::new(), &mut marks);
        marks.iter().collect()
    }

    #[test]
    fn all_rules_that_a_text_can_concern_are_found() {
        assert_eq!(found("/usr/bin/curl"), [0, 1, 3, 4, 5, 70, 129]);
        assert_eq!(found("/usr/binx"), [0, 1, 129]);
        assert_eq!(found("/usr/bz"), [0]);
        assert_eq!(found("/us"), Vec::<usize>::new());
        assert_eq!(found("l"), [4]);
        assert_eq!(found(""), Vec::<usize>::new());
    }
}
