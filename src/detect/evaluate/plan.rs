//! The rules that events of one kind can match, compiled for that kind.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::index::{Marks, TextIndex};
use super::projection::{Projection, Raw, Values};
use super::source::{Facts, OnlyKind, Source, Sources};
use crate::cel::{Program, RequiredText, Specialized, Stop, TextPlace, Value, fold_case};
use crate::detect::telemetry::Kind;
use crate::detect::wire::{WireError, text};

/// Maximum cost of an expression for one event. With arguments of 1 MiB, as much as macOS allows,
/// `args.join(" ").lowerAscii().contains(TEXT)` costs 330,000. A rule with twenty such tests must
/// still be evaluated, because otherwise a long argument would hide the program.
pub const MOST_COST: u64 = 8_000_000;

/// An expression of a rule, and its exceptions.
pub(super) struct Expressions {
    pub(super) rule: usize,
    pub(super) condition: Program,
    pub(super) exceptions: Vec<Program>,
}

#[derive(Debug)]
pub(super) struct Plan {
    projection: Projection,
    rules: Vec<PlannedRule>,
    /// The rules that no text in the index excludes.
    always: Vec<usize>,
    /// The index of each source that rules require texts in.
    texts: Vec<(Source, TextIndex)>,
}

#[derive(Debug)]
struct PlannedRule {
    rule: usize,
    /// None if all events of the kind match.
    condition: Option<Condition>,
    exceptions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    program: Box<Program>,
    sources: Box<[Source]>,
}

/// The buffers and results of evaluations. It can be reused for the next event.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    values: Values,
    marks: Marks,
    text: String,
    reversed: Vec<u8>,
    /// The rules that match the event.
    pub(super) matches: Vec<usize>,
    /// How many evaluations were ended because they were too expensive.
    pub(super) too_expensive: u64,
}

/// The time that the evaluation of each rule took.
pub(super) type Timings = [Duration];

impl Plan {
    /// None if no event of the kind can match a rule.
    pub(super) fn new(kind: Kind, all: &[Expressions]) -> Option<Self> {
        let mut sources = Sources::default();
        let rules = all.iter().filter_map(|rule| PlannedRule::new(kind, rule, &mut sources));
        let rules: Vec<PlannedRule> = rules.collect();
        if rules.is_empty() {
            return None;
        }
        let projection = sources.projection();
        let mut plan = Self { projection, rules, always: Vec::new(), texts: Vec::new() };
        plan.add_index();
        Some(plan)
    }

    /// The rules of the plan.
    pub(super) fn rules(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().map(|rule| rule.rule)
    }

    fn add_index(&mut self) {
        let mut indexed: BTreeMap<usize, (Source, Vec<(RequiredText, usize)>)> = BTreeMap::new();
        for (place, rule) in self.rules.iter().enumerate() {
            let condition = rule.condition.as_ref();
            let texts = condition.and_then(|it| Some((it, it.program.required_texts()?)));
            let texts = texts.and_then(|(condition, texts)| {
                let source = |text: RequiredText| {
                    let source = *condition.sources.get(text.slot)?;
                    Some((source.index_key()?, source, text))
                };
                texts.into_iter().map(source).collect::<Option<Vec<_>>>()
            });
            match texts {
                None => self.always.push(place),
                Some(texts) => {
                    for (key, source, text) in texts {
                        let of_source = indexed.entry(key).or_insert_with(|| (source, Vec::new()));
                        of_source.1.push((text, place));
                    }
                }
            }
        }
        for (source, texts) in indexed.into_values() {
            let index = TextIndex::new(texts.iter().map(|(it, rule)| (&*it.text, it.place, *rule)));
            let has_anywhere = texts.iter().any(|(it, _)| it.place == TextPlace::Anywhere);
            match index.is_complete(has_anywhere) {
                true => self.texts.push((source, index)),
                false => self.always.extend(texts.iter().map(|(_, rule)| *rule)),
            }
        }
    }

    /// Finds the rules that match an event. `parent` is the path of the process's parent.
    ///
    /// # Errors
    /// If a part of the event that rules read is not valid.
    pub(super) fn evaluate(
        &self,
        event: &[u8],
        parent: Option<&str>,
        scratch: &mut Scratch,
        mut timings: Option<&mut Timings>,
    ) -> Result<(), WireError> {
        scratch.matches.clear();
        self.projection.read(event, &mut scratch.values)?;
        self.find_candidates(event, parent, scratch);
        let Scratch { values, marks, matches, too_expensive, .. } = scratch;
        for place in marks.iter() {
            let Some(rule) = self.rules.get(place) else { continue };
            let start = timings.is_some().then(Instant::now);
            let mut is_true = |condition: &Condition| {
                let facts = Facts { sources: &condition.sources, values: &*values, event, parent };
                match condition.program.evaluate(&facts, MOST_COST) {
                    Ok(value) => value == Value::Bool(true),
                    Err(Stop::CostLimit) => {
                        *too_expensive += 1;
                        false
                    }
                    Err(Stop::Error { .. } | Stop::Unknown(_)) => false,
                }
            };
            let is_match = rule.condition.as_ref().is_none_or(&mut is_true)
                && !rule.exceptions.iter().any(is_true);
            if is_match {
                matches.push(rule.rule);
            }
            if let (Some(start), Some(timings)) = (start, timings.as_deref_mut())
                && let Some(timing) = timings.get_mut(rule.rule)
            {
                *timing += start.elapsed();
            }
        }
        Ok(())
    }

    fn find_candidates(&self, event: &[u8], parent: Option<&str>, scratch: &mut Scratch) {
        let Scratch { values, marks, text, reversed, .. } = scratch;
        marks.clear(self.rules.len());
        self.always.iter().for_each(|rule| marks.add(*rule));
        for (source, index) in &self.texts {
            text.clear();
            match source {
                Source::Field(slot, _) => fold_field(values, *slot, event, text),
                Source::ParentPath => fold_case(parent.unwrap_or_default(), text),
                Source::Parent | Source::Nowhere => {}
            }
            index.find(text, reversed, marks);
        }
    }
}

/// Appends the text of a field, or the items of a list with spaces between them.
fn fold_field(values: &Values, slot: usize, event: &[u8], out: &mut String) {
    match values.get(slot) {
        Raw::Absent | Raw::Number(_) => {}
        raw @ Raw::Bytes(..) => fold_case(&text(raw.bytes(event).unwrap_or_default()), out),
        Raw::Present => {
            for (place, raw) in values.items(slot).enumerate() {
                if place > 0 {
                    out.push(' ');
                }
                fold_case(&text(raw.bytes(event).unwrap_or_default()), out);
            }
        }
    }
}

impl PlannedRule {
    /// None if no event of the kind can match.
    fn new(kind: Kind, rule: &Expressions, sources: &mut Sources) -> Option<Self> {
        let condition = match rule.condition.specialize(&OnlyKind(kind)) {
            Specialized::Never => return None,
            Specialized::Always => None,
            Specialized::Depends(program) => Some(Condition::new(program, sources)),
        };
        let mut exceptions = Vec::new();
        for exception in &rule.exceptions {
            match exception.specialize(&OnlyKind(kind)) {
                Specialized::Never => {}
                Specialized::Always => return None,
                Specialized::Depends(program) => exceptions.push(Condition::new(program, sources)),
            }
        }
        Some(Self { rule: rule.rule, condition, exceptions })
    }
}

impl Condition {
    fn new(program: Box<Program>, sources: &mut Sources) -> Self {
        let sources = sources.of(&program);
        Self { program, sources }
    }
}

impl Source {
    /// Sources with the same key have the same text. None if the source has no text to search in.
    fn index_key(self) -> Option<usize> {
        match self {
            // A binary hash is shown in another way than it is written.
            Self::Field(_, field) if field.name == "cdhash" => None,
            Self::Field(slot, _) => Some(slot),
            Self::ParentPath => Some(usize::MAX),
            Self::Parent | Self::Nowhere => None,
        }
    }
}
