//! Several entries for the same target and scope.
//!
//! A manifest with such entries is refused. In other formats, equal entries are read once. Entries
//! that differ are in conflict: their order does not show which entry the author meant, so the user
//! has to choose.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::str::FromStr;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::rows::{Row, RowError};
use super::{Location, ParsedPolicy, PlacedRule, Remark};
use crate::rule::{PolicyKind, Rule, RuleKey};

/// How entries for the same target and scope are handled if they differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    #[default]
    Error,
    First,
    Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected error, first or last")]
pub struct UnknownDuplicates;

impl Duplicates {
    /// All values, in the order of help texts.
    pub const ALL: [Self; 3] = [Self::Error, Self::First, Self::Last];

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Earlier {
    line: u32,
    kind: PolicyKind,
    /// The first bytes of a keyed hash of the rule without its target and scope.
    content: [u8; 7],
}

/// Values for pairs of target and scope. A pair is stored as 12 bytes of two keyed hashes,
/// regardless of the length of the target and the scope. Different pairs are very unlikely to have
/// the same hashes, and an attacker does not know the key of the hashes.
pub struct PairMap<V> {
    key: RandomState,
    seed: u64,
    values: HashMap<Key, V, BuildHasherDefault<Identity>>,
}

impl<V> Default for PairMap<V> {
    fn default() -> Self {
        let key = RandomState::new();
        let seed = key.hash_one(());
        Self { key, seed, values: HashMap::default() }
    }
}

impl<V> PairMap<V> {
    /// The value for the target and scope of a rule.
    pub fn get(&self, rule: &Rule) -> Option<&V> {
        self.values.get(&self.key(rule))
    }

    /// Stores a value for the target and scope of a rule. Returns the value that it replaces.
    pub fn insert(&mut self, rule: &Rule, value: V) -> Option<V> {
        self.values.insert(self.key(rule), value)
    }

    /// A keyed hash of a rule without its target and scope. Rules for the same target and scope are
    /// identical if their hashes are equal.
    pub fn content(&self, rule: &Rule) -> u64 {
        let mut hasher = self.key.build_hasher();
        rule.policy().kind().hash(&mut hasher);
        rule.policy().expression().map(ToString::to_string).hash(&mut hasher);
        (&rule.notice, &rule.provenance, rule.expires).hash(&mut hasher);
        hasher.finish()
    }

    fn entry(&mut self, rule: &Rule) -> Entry<'_, Key, V> {
        self.values.entry(self.key(rule))
    }

    fn key(&self, rule: &Rule) -> Key {
        let (target, scope) = (rule.target(), rule.scope());
        let identifier = xxh3_64_with_seed(target.identifier().as_bytes(), self.seed);
        Key::of(self.key.hash_one((target, scope)), identifier)
    }
}

/// The pairs of target and scope that were read, each with a summary of its first or last rule.
#[derive(Default)]
struct Seen(PairMap<Earlier>);

enum Relation {
    New,
    Repeats(Earlier),
    Conflicts(Earlier),
}

impl Seen {
    /// Compares a rule with the first rule for its target and scope. If there is no earlier rule,
    /// stores this rule as the first.
    fn compare(&mut self, rule: &Rule, line: u32) -> Relation {
        let summary = self.summary(rule, line);
        match self.0.entry(rule) {
            Entry::Occupied(entry) => relation(summary, *entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(summary);
                Relation::New
            }
        }
    }

    fn replace(&mut self, rule: &Rule, line: u32) {
        let summary = self.summary(rule, line);
        self.0.insert(rule, summary);
    }

    /// Compares a rule with the last rule for its target and scope. If the rule itself is the last,
    /// the result is [`Relation::New`].
    fn compare_with_last(&self, rule: &Rule, line: u32) -> Relation {
        match self.0.get(rule) {
            Some(last) if last.line != line => relation(self.summary(rule, line), *last),
            Some(_) | None => Relation::New,
        }
    }

    fn summary(&self, rule: &Rule, line: u32) -> Earlier {
        let [a, b, c, d, e, f, g, _] = self.0.content(rule).to_le_bytes();
        Earlier { line, kind: rule.policy().kind(), content: [a, b, c, d, e, f, g] }
    }
}

fn relation(rule: Earlier, earlier: Earlier) -> Relation {
    match rule.content == earlier.content {
        true => Relation::Repeats(earlier),
        false => Relation::Conflicts(earlier),
    }
}

/// The message for two entries that differ. `place` is the location of the other entry, for example
/// `on line 2`.
fn conflict_message(rule: &Rule, other: PolicyKind, place: impl Display) -> String {
    let (target, scope, kind) = (rule.target(), rule.scope(), rule.policy().kind());
    if kind == other {
        let what =
            if kind == PolicyKind::Cel { "expression or other fields" } else { "other fields" };
        return format!(
            "{target} for {scope} has policy {kind} here and {place}, but the {what} differ"
        );
    }
    format!("{target} for {scope} has policy {kind} here, but {other} {place}")
}

/// Resolves the duplicates in files that were read as a whole. A note reports the number of entries
/// that repeat an earlier entry.
pub(super) fn resolve(policy: &mut ParsedPolicy, how: Duplicates) {
    let repeated = take_duplicates(policy, how);
    if let Some(first) = repeated.first() {
        policy.note(first.location, repeats(repeated.len()));
        policy.notes.sort_by_key(|note| note.location);
    }
}

/// Refuses all duplicates, including equal ones. In files that nicelist changes, each entry must be
/// unique.
pub(super) fn refuse(policy: &mut ParsedPolicy) {
    for Repeated { location, first, rule } in take_duplicates(policy, Duplicates::Error) {
        let (target, scope) = (rule.target(), rule.scope());
        let first = policy.name_of(first);
        policy.fault(
            location,
            format!(
                "{target} for {scope} is already at {first}; remove one of \
            the two"
            ),
        );
    }
}

struct Repeated {
    location: Location,
    first: Location,
    rule: Rule,
}

/// Keeps one rule for each target and scope, and returns the rules that repeat an equal rule.
/// Conflicts become faults or notes.
fn take_duplicates(policy: &mut ParsedPolicy, how: Duplicates) -> Vec<Repeated> {
    let rules = std::mem::take(&mut policy.rules);
    let (faults, notes) = (policy.faults.len(), policy.notes.len());
    let mut kept: Vec<Option<PlacedRule>> = Vec::with_capacity(rules.len());
    let mut indexes: HashMap<RuleKey, usize> = HashMap::with_capacity(rules.len());
    let mut repeated = Vec::new();
    for placed in rules {
        let key = placed.rule.key();
        let Some(earlier) = indexes.get(key).and_then(|index| kept[*index].as_ref()) else {
            indexes.insert(key.clone(), kept.len());
            kept.push(Some(placed));
            continue;
        };
        if earlier.rule == placed.rule {
            let (first, location) = (earlier.location, placed.location);
            repeated.push(Repeated { location, first, rule: placed.rule });
            continue;
        }
        let [earlier, later] =
            [(earlier, &placed), (&placed, earlier)].map(|(it, other)| remark(policy, it, other));
        match how {
            Duplicates::Error => {
                policy.conflicts += 1;
                policy.faults.push(Remark { text: format!("conflict: {}", later.text), ..later });
            }
            Duplicates::First => policy.notes.push(left_out(later)),
            Duplicates::Last => {
                policy.notes.push(left_out(earlier));
                if let Some(index) = indexes.insert(key.clone(), kept.len()) {
                    kept[index] = None;
                }
                kept.push(Some(placed));
            }
        }
    }
    policy.rules = kept.into_iter().flatten().collect();
    if policy.faults.len() > faults {
        policy.faults.sort_by_key(|fault| fault.location);
    }
    if policy.notes.len() > notes {
        policy.notes.sort_by_key(|note| note.location);
    }
    repeated
}

fn remark(policy: &ParsedPolicy, one: &PlacedRule, other: &PlacedRule) -> Remark {
    let other_place = format!("at {}", policy.name_of(other.location));
    let text = conflict_message(&one.rule, other.rule.policy().kind(), other_place);
    Remark::new(one.location, text)
}

fn left_out(Remark { location, text }: Remark) -> Remark {
    Remark::new(location, format!("left out: {text}"))
}

/// Maximum conflicting lines that are listed as left out. Further lines are only counted.
const MAX_LISTED: usize = 20;

pub struct RowDuplicates {
    mode: Mode,
    seen: Seen,
    conflicts: usize,
    contradicted: BTreeMap<u32, u32>,
    repeats: Option<Repeats>,
    left_out: Vec<(u32, String)>,
    leaves_out: usize,
}

/// Identical lines of a file that were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats {
    /// The number of lines that were left out.
    pub count: usize,
    /// The first of these lines.
    pub line: u32,
    /// The identical line that is used instead.
    pub other: u32,
}

enum Mode {
    Error,
    First,
    /// Nothing is left out.
    All,
    Last(LastLines),
}

/// The last rule for each target and scope. The last rules are known only after a first reading of
/// the whole file.
pub struct LastLines(Seen);

pub(super) enum Judged {
    Kept,
    LeftOut,
    Refused(String),
}

impl RowDuplicates {
    /// [`Duplicates::Last`] needs [`RowDuplicates::keep_last`] as well; without that call, all
    /// rules are kept.
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
            repeats: None,
            left_out: Vec::new(),
            leaves_out: 0,
        }
    }

    pub(super) fn keep_all(&mut self) {
        self.mode = Mode::All;
    }

    /// Omits all rules for the same target and scope except the last.
    pub fn keep_last(&mut self, lines: LastLines) {
        self.mode = Mode::Last(lines);
    }

    pub(super) fn judge(&mut self, rule: &Rule, line: u32) -> Judged {
        let relation = match &self.mode {
            Mode::Error | Mode::First => self.seen.compare(rule, line),
            Mode::All => Relation::New,
            Mode::Last(last) => last.0.compare_with_last(rule, line),
        };
        match relation {
            Relation::New => Judged::Kept,
            Relation::Repeats(other) => {
                let first = Repeats { count: 0, line, other: other.line };
                self.repeats.get_or_insert(first).count += 1;
                Judged::LeftOut
            }
            Relation::Conflicts(other) => {
                let place = format_args!("on line {}", other.line);
                let text = || conflict_message(rule, other.kind, place);
                if let Mode::Error = self.mode {
                    self.conflicts += 1;
                    self.contradicted.entry(other.line).or_insert(line);
                    return Judged::Refused(format!("conflict: {}", text()));
                }
                self.leaves_out += 1;
                if self.leaves_out <= MAX_LISTED {
                    self.left_out.push((line, format!("left out: {}", text())));
                }
                Judged::LeftOut
            }
        }
    }

    /// The number of lines that were refused because they conflict with an earlier line.
    pub fn conflicts(&self) -> usize {
        self.conflicts
    }

    /// The lines that conflict with later lines, each with the first of these later lines.
    pub fn contradicted(&self) -> &BTreeMap<u32, u32> {
        &self.contradicted
    }

    /// The number of lines that were left out.
    pub fn left_out(&self) -> usize {
        self.repeats.map_or(0, |repeats| repeats.count) + self.leaves_out
    }

    /// The lines that were left out because they are identical to another line.
    pub fn repeats(&self) -> Option<Repeats> {
        self.repeats
    }

    /// The notes about the lines that differ from others and were left out, each with its line
    /// number.
    pub(super) fn notes(&self) -> Vec<(u32, String)> {
        let mut notes = self.left_out.clone();
        if let (Some((_, text)), more @ 1..) =
            (notes.last_mut(), self.leaves_out.saturating_sub(MAX_LISTED))
        {
            text.push_str(&format!("; {more} more lines are left out"));
        }
        notes
    }
}

impl LastLines {
    /// Reads all rules. Invalid lines are skipped, because the second reading reports them.
    pub fn of(rows: impl Iterator<Item = Result<Row, RowError>>) -> Self {
        let mut seen = Seen::default();
        rows.filter_map(Result::ok).for_each(|Row { line, rule }| seen.replace(&rule, line));
        Self(seen)
    }
}

/// The message for entries that repeat earlier ones.
fn repeats(count: usize) -> String {
    match count {
        1 => "repeats an earlier entry and is ignored".to_owned(),
        count => format!("repeats an earlier entry; {count} such entries are ignored"),
    }
}

/// The message for this number of identical rows. `other` is the place of the row that the first of
/// them repeats.
pub fn identical_rows(count: usize, other: impl Display) -> String {
    match count {
        1 => format!("repeats {other}; 1 identical row is ignored"),
        count => format!("repeats {other}; {count} identical rows are ignored"),
    }
}

/// A hash of a target and a scope, and half of a hash of the target's identifier. The parts have
/// four bytes each, because larger parts would add padding to the entries of the map.
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

/// Uses a key as its own hash, because keys consist of hashes.
#[derive(Clone, Default)]
struct Identity(u64);

impl Hasher for Identity {
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
