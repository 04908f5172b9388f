//! Two entries of a file for the same target and scope.
//!
//! An entry that repeats an earlier one is read once. Entries that differ are in conflict: no order
//! in a file says which one its author meant, so someone has to choose.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::str::FromStr;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Document, Place, PlacedRule, Remark};
use crate::rule::{PolicyKind, Rule, Scope, Target};

/// Which of several different entries for the same target and scope is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// None: they are a fault.
    #[default]
    Error,
    First,
    Last,
}

/// A word that says nothing about duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected error, first or last")]
pub struct UnknownDuplicates;

impl Duplicates {
    /// All of them, in the order that help texts list them.
    pub const ALL: [Self; 3] = [Self::Error, Self::First, Self::Last];

    /// Its word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

impl FromStr for Duplicates {
    type Err = UnknownDuplicates;

    fn from_str(text: &str) -> Result<Self, UnknownDuplicates> {
        let word = text.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|it| it.word() == word).ok_or(UnknownDuplicates)
    }
}

/// What a streamed file had in an earlier line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Earlier<P> {
    pub(super) place: P,
    kind: PolicyKind,
    /// The first bytes of a keyed hash of everything that the rule says.
    content: [u8; 7],
}

/// The pairs of target and scope that were read, with a summary of each rule: 24 bytes a pair of a
/// line, however long its names are. Two pairs are taken for one where 64 bits of a keyed hash agree and
/// 32 of another, which neither chance nor design can bring about.
#[derive(Clone)]
pub(super) struct Seen<P> {
    key: RandomState,
    seed: u64,
    earlier: HashMap<Key, Earlier<P>, BuildHasherDefault<Itself>>,
}

impl<P> Default for Seen<P> {
    fn default() -> Self {
        let key = RandomState::new();
        let seed = key.hash_one(());
        Self { key, seed, earlier: HashMap::default() }
    }
}

/// How a rule relates to an earlier one for the same target and scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation<P> {
    /// There is none.
    New,
    /// It says the same.
    Repeats,
    /// It says something else.
    Conflicts(Earlier<P>),
}

impl<P: Copy> Seen<P> {
    /// Compares a rule with the first one for its target and scope.
    pub(super) fn compare(&mut self, rule: &Rule, place: P) -> Relation<P> {
        let summary = self.summary(rule, place);
        match self.earlier.entry(self.key(rule)) {
            Entry::Occupied(entry) => relation(&summary, *entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(summary);
                Relation::New
            }
        }
    }

    /// Keeps a rule as the last one for its target and scope.
    pub(super) fn replace(&mut self, rule: &Rule, place: P) {
        let summary = self.summary(rule, place);
        self.earlier.insert(self.key(rule), summary);
    }

    /// Compares a rule with the one that was kept, which may be the same.
    pub(super) fn against_kept(&self, rule: &Rule, place: P) -> Relation<P>
    where
        P: PartialEq,
    {
        match self.earlier.get(&self.key(rule)) {
            Some(kept) if kept.place != place => relation(&self.summary(rule, place), *kept),
            Some(_) | None => Relation::New,
        }
    }

    fn key(&self, rule: &Rule) -> Key {
        let (target, scope) = (rule.target(), rule.scope());
        let identifier = xxh3_64_with_seed(target.identifier().as_bytes(), self.seed);
        Key::of(self.key.hash_one((target, scope)), identifier)
    }

    fn summary(&self, rule: &Rule, place: P) -> Earlier<P> {
        let mut hasher = self.key.build_hasher();
        let kind = rule.policy().kind();
        kind.hash(&mut hasher);
        rule.policy().expression().map(ToString::to_string).hash(&mut hasher);
        (&rule.notice, &rule.provenance, rule.expires).hash(&mut hasher);
        let [a, b, c, d, e, f, g, _] = hasher.finish().to_le_bytes();
        Earlier { place, kind, content: [a, b, c, d, e, f, g] }
    }
}

fn relation<P: Copy>(rule: &Earlier<P>, earlier: Earlier<P>) -> Relation<P> {
    if rule.content == earlier.content { Relation::Repeats } else { Relation::Conflicts(earlier) }
}

/// Says that two entries differ. `place` is where the other one is, as in `on line 2`.
pub(super) fn conflict(rule: &Rule, other: PolicyKind, place: impl Display) -> String {
    let (target, scope, kind) = (rule.target(), rule.scope(), rule.policy().kind());
    if kind == other {
        let what =
            if kind == PolicyKind::Cel { "expression or other fields" } else { "other fields" };
        return format!("{target} for {scope} is {kind} here and {place}, but its {what} differ");
    }
    format!("{target} for {scope} is {kind} here, but {other} {place}")
}

impl<P> Earlier<P> {
    /// Says that a rule is in conflict with this one. `place` is this one's place.
    pub(super) fn conflict(&self, rule: &Rule, place: impl Display) -> String {
        conflict(rule, self.kind, place)
    }
}

/// Settles the duplicates among the rules that were read into a document. An entry that repeats
/// another is read once.
pub(super) fn settle(document: &mut Document, how: Duplicates) {
    let repeated = sort_out(document, how);
    if let Some(first) = repeated.first() {
        document
            .notes
            .push(Remark { place: first.place, text: repeats(repeated.len(), "an earlier") });
        document.notes.sort_by_key(|note| note.place);
    }
}

/// Refuses all duplicates. Files that are written again must have each entry once.
pub(super) fn refuse(document: &mut Document) {
    let faults = sort_out(document, Duplicates::Error).into_iter().map(|repeated| {
        let Repeated { place, first, rule } = repeated;
        let (target, scope) = (rule.target(), rule.scope());
        let first = document.name_of(first);
        let text = format!("{target} for {scope} repeats {first}; remove one of them");
        Remark { place, text }
    });
    let faults: Vec<Remark> = faults.collect();
    document.faults.extend(faults);
}

/// An entry that says the same as an earlier one.
struct Repeated {
    place: Place,
    first: Place,
    rule: Rule,
}

/// Leaves one rule for each target and scope, and returns those that repeat another.
fn sort_out(document: &mut Document, how: Duplicates) -> Vec<Repeated> {
    let rules = std::mem::take(&mut document.rules);
    let (faults, notes) = (document.faults.len(), document.notes.len());
    let mut kept: Vec<Option<PlacedRule>> = Vec::with_capacity(rules.len());
    let mut places: HashMap<(Target, Scope), usize> = HashMap::with_capacity(rules.len());
    let mut repeated = Vec::new();
    for placed in rules {
        let key = (placed.rule.target().clone(), placed.rule.scope().clone());
        let Some(earlier) = places.get(&key).and_then(|index| kept[*index].as_ref()) else {
            places.insert(key, kept.len());
            kept.push(Some(placed));
            continue;
        };
        if earlier.rule == placed.rule {
            let (first, place) = (earlier.place, placed.place);
            repeated.push(Repeated { place, first, rule: placed.rule });
            continue;
        }
        let [earlier, later] =
            [(earlier, &placed), (&placed, earlier)].map(|(it, other)| said(document, it, other));
        match how {
            Duplicates::Error => {
                document.conflicts += 1;
                document.faults.push(Remark { text: format!("conflict: {}", later.text), ..later });
            }
            Duplicates::First => document.notes.push(left_out(later)),
            Duplicates::Last => {
                document.notes.push(left_out(earlier));
                if let Some(index) = places.insert(key, kept.len()) {
                    kept[index] = None;
                }
                kept.push(Some(placed));
            }
        }
    }
    document.rules = kept.into_iter().flatten().collect();
    if document.faults.len() > faults {
        document.faults.sort_by_key(|fault| fault.place);
    }
    if document.notes.len() > notes {
        document.notes.sort_by_key(|note| note.place);
    }
    repeated
}

/// What is said at the place of one of two rules that are in conflict.
fn said(document: &Document, one: &PlacedRule, other: &PlacedRule) -> Remark {
    let other_place = format!("at {}", document.name_of(other.place));
    let text = conflict(&one.rule, other.rule.policy().kind(), other_place);
    Remark { place: one.place, text }
}

/// Maximum lines that are named of those that were left out; all are counted.
const MOST_NAMED: usize = 20;

/// Settles the duplicates of a file that is read in lines, each handed out before the next one is
/// read.
pub(super) struct InLines {
    mode: Mode,
    seen: Seen<u32>,
    conflicts: usize,
    contradicted: BTreeMap<u32, u32>,
    repeated: Option<u32>,
    repeats: usize,
    left_out: Vec<(u32, String)>,
    leaves_out: usize,
}

enum Mode {
    Error,
    First,
    /// Everything is handed out.
    All,
    Last(LastLines),
}

/// The last line of each target and scope, which is known once a file was read to its end.
pub struct LastLines(Seen<u32>);

/// What becomes of a rule.
pub(super) enum Judged {
    Kept,
    LeftOut,
    Refused(String),
}

impl InLines {
    /// [`Duplicates::Last`] needs [`InLines::keep_last`] as well; without it, everything is kept.
    pub(super) fn new(how: Duplicates) -> Self {
        let mode = match how {
            Duplicates::Error => Mode::Error,
            Duplicates::First => Mode::First,
            Duplicates::Last => Mode::All,
        };
        Self {
            mode,
            seen: Seen::default(),
            conflicts: 0,
            contradicted: BTreeMap::new(),
            repeated: None,
            repeats: 0,
            left_out: Vec::new(),
            leaves_out: 0,
        }
    }

    /// Hands out duplicates too.
    pub(super) fn keep_all(&mut self) {
        self.mode = Mode::All;
    }

    pub(super) fn keep_last(&mut self, lines: LastLines) {
        self.mode = Mode::Last(lines);
    }

    pub(super) fn judge(&mut self, rule: &Rule, line: u32) -> Judged {
        let relation = match &self.mode {
            Mode::Error | Mode::First => self.seen.compare(rule, line),
            Mode::All => Relation::New,
            Mode::Last(last) => last.0.against_kept(rule, line),
        };
        match relation {
            Relation::New => Judged::Kept,
            Relation::Repeats => {
                self.repeats += 1;
                self.repeated.get_or_insert(line);
                Judged::LeftOut
            }
            Relation::Conflicts(other) => {
                let text = || other.conflict(rule, format_args!("on line {}", other.place));
                if let Mode::Error = self.mode {
                    self.conflicts += 1;
                    self.contradicted.entry(other.place).or_insert(line);
                    return Judged::Refused(format!("conflict: {}", text()));
                }
                self.leaves_out += 1;
                if self.leaves_out <= MOST_NAMED {
                    self.left_out.push((line, format!("left out: {}", text())));
                }
                Judged::LeftOut
            }
        }
    }

    /// How many lines were refused because they are in conflict with others.
    pub(super) fn conflicts(&self) -> usize {
        self.conflicts
    }

    /// The lines that were handed out before a line that is in conflict with them was read, each
    /// with that line.
    pub(super) fn contradicted(&self) -> &BTreeMap<u32, u32> {
        &self.contradicted
    }

    /// How many lines were left out.
    pub(super) fn left_out(&self) -> usize {
        self.repeats + self.leaves_out
    }

    /// What to say about the lines that were left out, each with its number.
    pub(super) fn notes(&self) -> Vec<(u32, String)> {
        let mut notes = self.left_out.clone();
        if let (Some((_, text)), more @ 1..) =
            (notes.last_mut(), self.leaves_out.saturating_sub(MOST_NAMED))
        {
            text.push_str(&format!("; {more} more lines are left out"));
        }
        let other = if let Mode::Last(_) = self.mode { "a later" } else { "an earlier" };
        notes.extend(self.repeated.map(|line| (line, repeats(self.repeats, other))));
        notes
    }
}

impl LastLines {
    /// Reads rules to their end. What is not a rule is left to the second reading.
    pub(super) fn of(rules: impl Iterator<Item = (u32, Rule)>) -> Self {
        let mut seen = Seen::default();
        rules.for_each(|(line, rule)| seen.replace(&rule, line));
        Self(seen)
    }
}

pub(super) fn left_out(Remark { place, text }: Remark) -> Remark {
    Remark { place, text: format!("left out: {text}") }
}

/// Says that entries repeat others, `an earlier` one or `a later` one.
fn repeats(count: usize, other: &str) -> String {
    match count {
        1 => format!("repeats {other} entry, which is read once"),
        count => format!("repeats {other} entry, as {count} entries do; each is read once"),
    }
}

/// A pair by its hashes, in parts of four bytes so that nothing stands empty beside a line.
#[derive(Clone, PartialEq, Eq)]
struct Key([u32; 3]);

impl Key {
    fn of(one: u64, other: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = one.to_le_bytes();
        let [i, j, k, l, ..] = other.to_le_bytes();
        Self([[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes))
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [low, high, _] = self.0;
        state.write_u64(u64::from(high) << 32 | u64::from(low));
    }
}

/// The hash of what is a hash already.
#[derive(Clone, Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
