//! Mistakes in detections that are valid.

use std::collections::{BTreeSet, HashMap};

use regex_syntax::hir::{Hir, HirKind, Look};

use super::{Matching, compile, kinds_of};
use crate::cel::{Program, Span};
use crate::detect::rule_files::{
    Detection, ExpressionText, Level, PlacedDetection, Remark, Severity, Trigger,
};
use crate::detect::telemetry::Kind;
use crate::rule::words;

/// A kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LintCode {
    NeverMatches,
    AlwaysMatches,
    Shadowed,
    UnguardedKind,
    OtherKind,
    Expensive,
    UnanchoredRegex,
    NoRequiredText,
    NoDescription,
}

words!(LintCode {
    NeverMatches = "never-matches",
    AlwaysMatches = "always-matches",
    Shadowed = "shadowed",
    UnguardedKind = "unguarded-kind",
    OtherKind = "other-kind",
    Expensive = "expensive",
    UnanchoredRegex = "unanchored-regex",
    NoRequiredText = "no-required-text",
    NoDescription = "no-description",
});

impl LintCode {
    pub const fn level(self) -> Level {
        match self {
            Self::NeverMatches => Level::Error,
            Self::AlwaysMatches
            | Self::Shadowed
            | Self::UnguardedKind
            | Self::OtherKind
            | Self::Expensive
            | Self::UnanchoredRegex
            | Self::NoDescription => Level::Warning,
            Self::NoRequiredText => Level::Note,
        }
    }

    pub const fn about(self) -> &'static str {
        match self {
            Self::NeverMatches => "No event of any kind can match",
            Self::AlwaysMatches => "Every event matches",
            Self::Shadowed => "Another detection matches the same events",
            Self::UnguardedKind => "A field is read without a comparison of kind",
            Self::OtherKind => "A field belongs to a kind of event that cannot match",
            Self::Expensive => "The expression contains loops in loops",
            Self::UnanchoredRegex => "A regular expression matches anywhere in a text",
            Self::NoRequiredText => "The expression must be evaluated for every event of its kind",
            Self::NoDescription => "A serious detection has no description",
        }
    }
}

/// An expression that costs more is expensive. A loop in a loop costs about 2,000.
const EXPENSIVE: u64 = 10_000;

/// Maximum characters of a regular expression in a message.
const LONGEST_PATTERN: usize = 80;

/// Finds mistakes in detections that were read without errors. The findings are in the order of
/// the detections.
pub fn lint(detections: &[PlacedDetection]) -> Vec<Remark> {
    let programs: Vec<Option<Program>> =
        detections.iter().map(|it| compile(it.detection.expression.as_str()).ok()).collect();
    let mut found = Vec::new();
    for (placed, program) in detections.iter().zip(&programs) {
        if let Some(program) = program {
            let text = &placed.detection.expression;
            let mut lint = Lint { placed, text, program, found: &mut found };
            lint.kinds();
            lint.cost();
            lint.required_text();
        }
        for text in placed.detection.unless.iter() {
            if let Ok(program) = compile(text.as_str()) {
                Lint { placed, text, program: &program, found: &mut found }.cost();
            }
        }
        description(placed, &mut found);
    }
    shadowed(detections, &programs, &mut found);
    found.sort_by_key(|remark| (remark.file, remark.position));
    found
}

/// The findings about one expression of a detection.
struct Lint<'a> {
    placed: &'a PlacedDetection,
    text: &'a ExpressionText,
    program: &'a Program,
    found: &'a mut Vec<Remark>,
}

impl Lint<'_> {
    fn kinds(&mut self) {
        let kinds = kinds_of(self.program);
        if kinds.iter().all(|it| it.matching == Matching::Always) {
            let message = "every event of every kind matches".to_owned();
            self.add(LintCode::AlwaysMatches, self.program.conjuncts().first().copied(), message);
        }
        let can_match =
            |kind: Kind| kinds.iter().any(|it| it.kind == kind && it.matching != Matching::Never);
        for path in paths(&self.placed.detection) {
            let owner = path.split('.').next().and_then(Kind::from_name);
            if let Some(owner) = owner.filter(|owner| !can_match(*owner)) {
                let message = format!("`{path}` is a field of {owner} events, which cannot match");
                self.add(LintCode::OtherKind, None, message);
            }
        }
    }

    fn cost(&mut self) {
        let program = self.program;
        if program.estimated_cost() > EXPENSIVE {
            let message = "the expression is expensive: expected fewer loops in loops".to_owned();
            self.add(LintCode::Expensive, program.conjuncts().first().copied(), message);
        }
        for (span, pattern) in program.patterns().filter(|(_, pattern)| !is_anchored(pattern)) {
            let plain = |c: char| if c.is_control() { ' ' } else { c };
            let shown: String = pattern.chars().take(LONGEST_PATTERN).map(plain).collect();
            let message = format!(
                "`{shown}` matches anywhere in the text: expected ^ or $ in each alternative, or \
                 contains()"
            );
            self.add(LintCode::UnanchoredRegex, Some(span), message);
        }
    }

    fn required_text(&mut self) {
        let program = self.program;
        if program.required_texts().is_none() {
            let message = "the expression is evaluated for every event of its kind: expected a \
                           condition with ==, in, startsWith, endsWith or contains and a text"
                .to_owned();
            self.add(LintCode::NoRequiredText, program.conjuncts().first().copied(), message);
        }
    }

    fn add(&mut self, code: LintCode, span: Option<Span>, message: String) {
        let source = self.program.source();
        let position = span.map(|span| {
            let at = span.position(source);
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            self.text.position(number(at.line), number(at.column))
        });
        let width = span.map_or(1, |span| {
            let first = span.text(source).lines().next().unwrap_or_default();
            u32::try_from(first.chars().count()).unwrap_or(1)
        });
        let remark = remark(self.placed, code, message);
        let position = position.or(remark.position);
        self.found.push(Remark { position, width, ..remark });
    }
}

fn remark(placed: &PlacedDetection, code: LintCode, message: String) -> Remark {
    let PlacedDetection { file, position, detection } = placed;
    Remark {
        level: code.level(),
        file: *file,
        position: *position,
        width: 1,
        code: code.word(),
        message: format!("{}: {message}", detection.id),
    }
}

fn description(placed: &PlacedDetection, found: &mut Vec<Remark>) {
    let Detection { severity, description, .. } = &placed.detection;
    if *severity >= Severity::High && description.is_none() {
        let message = format!("the severity is {severity}, but a description is missing");
        found.push(remark(placed, LintCode::NoDescription, message));
    }
}

/// The fields that a detection reads in addition to its expression.
fn paths(detection: &Detection) -> Vec<&str> {
    let paths = match &detection.trigger {
        Trigger::Event(options) => options.extra_context.iter().collect::<Vec<_>>(),
        Trigger::Window(options) => {
            options.group_by.iter().chain(&options.count_distinct).collect()
        }
        Trigger::First(options) => options.track.iter().collect(),
    };
    paths.into_iter().map(|path| path.as_str()).collect()
}

/// Whether each alternative of a regular expression begins at the start of the text or ends at its
/// end.
fn is_anchored(pattern: &str) -> bool {
    fn is_bound(hir: &Hir) -> bool {
        let is_bound_here = hir.properties().look_set_prefix().contains(Look::Start)
            || hir.properties().look_set_suffix().contains(Look::End);
        is_bound_here
            || match hir.kind() {
                HirKind::Alternation(parts) => parts.iter().all(is_bound),
                HirKind::Capture(capture) => is_bound(&capture.sub),
                HirKind::Empty
                | HirKind::Literal(_)
                | HirKind::Class(_)
                | HirKind::Look(_)
                | HirKind::Repetition(_)
                | HirKind::Concat(_) => false,
            }
    }
    // A pattern that cannot be parsed was reported before.
    regex_syntax::parse(pattern).is_ok_and(|hir| is_bound(&hir))
}

/// Finds rules whose events all match another rule of at least the same severity: the conditions of
/// the other rule are a part of its own.
fn shadowed(detections: &[PlacedDetection], programs: &[Option<Program>], found: &mut Vec<Remark>) {
    let rules: Vec<(usize, BTreeSet<String>)> = detections
        .iter()
        .zip(programs)
        .enumerate()
        .filter(|(_, (placed, _))| is_plain(&placed.detection))
        .filter_map(|(at, (_, program))| Some((at, conditions(program.as_ref()?))))
        .collect();
    let mut frequency: HashMap<&str, usize> = HashMap::new();
    for condition in rules.iter().flat_map(|(_, conditions)| conditions) {
        *frequency.entry(condition).or_default() += 1;
    }
    // Each rule is found by its rarest condition, so that few rules are compared.
    let mut by_condition: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, (_, conditions)) in rules.iter().enumerate() {
        let rarest = conditions.iter().min_by_key(|it| frequency.get(it.as_str()));
        if let Some(rarest) = rarest {
            by_condition.entry(rarest).or_default().push(number);
        }
    }
    for (number, (at, conditions)) in rules.iter().enumerate() {
        let candidates = conditions.iter().filter_map(|it| by_condition.get(it.as_str()));
        let covers = |other: &&usize| {
            let (_, fewer) = &rules[**other];
            // Of two equal rules, only the second one is reported.
            let is_first = fewer.len() < conditions.len() || **other < number;
            **other != number && is_first && fewer.is_subset(conditions)
        };
        let Some(placed) = detections.get(*at) else { continue };
        let is_as_severe = |other: &&usize| {
            let other = detections.get(rules[**other].0);
            other.is_some_and(|it| it.detection.severity >= placed.detection.severity)
        };
        let other = candidates.flatten().filter(covers).find(is_as_severe);
        if let Some(other) = other.and_then(|other| detections.get(rules[*other].0)) {
            let id = &other.detection.id;
            let message = format!("each event that matches also matches {id}");
            found.push(remark(placed, LintCode::Shadowed, message));
        }
    }
}

/// Whether a detection is a rule that creates a signal for every event that matches.
fn is_plain(detection: &Detection) -> bool {
    let is_simple = matches!(&detection.trigger, Trigger::Event(rule) if rule.cooldown.is_none());
    is_simple && detection.is_enabled && detection.unless.is_empty()
}

/// The conditions that must all be true, without white space outside of texts.
fn conditions(program: &Program) -> BTreeSet<String> {
    let spans = program.conjuncts();
    spans.into_iter().map(|span| compact(span.text(program.source()))).collect()
}

fn compact(expression: &str) -> String {
    let mut quote = None;
    let mut is_escaped = false;
    let mut compact = String::with_capacity(expression.len());
    for c in expression.chars() {
        match quote {
            Some(end) => {
                if c == end && !is_escaped {
                    quote = None;
                }
                is_escaped = c == '\\' && !is_escaped;
            }
            None if c.is_whitespace() => continue,
            None => quote = matches!(c, '"' | '\'').then_some(c),
        }
        compact.push(c);
    }
    compact
}
