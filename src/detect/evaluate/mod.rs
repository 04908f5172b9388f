//! A rule set, compiled for each kind of event, and the observations that events become.
//!
//! An event is matched without any state, so that files can be read in parallel. What needs state is
//! in [`Observation`], which [`super::state`] uses in the order of the events.

mod index;
mod plan;
mod process;
mod projection;
mod source;
mod text_fields;
mod value;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3Default;

use super::check;
use super::rule_files::{Detection, Trigger};
use super::spool::Event;
use super::telemetry::{FieldPath, Kind, root};
use super::wire::{Fields, WireError, WireField, WireValue};
use crate::cel::{CelError, Program};
pub use plan::MOST_COST;
use plan::{Expressions, Plan, Scratch};
pub(super) use process::{Process, ProcessChange, ProcessId, process_ids};
pub(super) use projection::Values;
use projection::{Projection, Raw};
pub use text_fields::UnknownPath;
pub(super) use text_fields::{FieldText, TextFields};
use value::time;

/// Detections that can be evaluated.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// For each kind, the rules that need no state.
    plans: Vec<Option<Plan>>,
    /// For each kind, the rules that need the parent of the process.
    parent_plans: Vec<Option<Plan>>,
    needs_processes: bool,
    /// Whether signals have process trees.
    shows_processes: bool,
    /// Whether the time of a host's first event is needed.
    has_learning: bool,
}

/// A detection of a rule set.
#[derive(Debug)]
pub struct Rule {
    pub detection: Detection,
    /// Changes with everything that decides which events match and what is counted.
    pub(super) revision: u64,
    /// The fields of `group_by` or `track`.
    pub(super) key: TextFields,
    pub(super) distinct: TextFields,
    pub(super) extra_context: TextFields,
}

/// Why a detection cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    #[error(transparent)]
    Expression(#[from] CelError),
    #[error(transparent)]
    Path(#[from] UnknownPath),
    #[error("no event of any kind can match")]
    NeverMatches,
}

impl RuleSet {
    /// Compiles detections, whether they are enabled or not.
    ///
    /// # Errors
    /// All detections that cannot be evaluated, by their index.
    pub fn new(
        detections: impl IntoIterator<Item = Detection>,
    ) -> Result<Self, Vec<(usize, RuleError)>> {
        let (mut rules, mut errors) = (Vec::new(), Vec::new());
        let (mut plain, mut with_parent) = (Vec::new(), Vec::new());
        for (index, detection) in detections.into_iter().enumerate() {
            match compile(index, detection) {
                Ok((rule, expressions)) => {
                    rules.push(rule);
                    match expressions.needs_parent() {
                        true => with_parent.push(expressions),
                        false => plain.push(expressions),
                    }
                }
                Err(error) => errors.push((index, error)),
            }
        }
        let plans = |all: &[Expressions]| -> Vec<Option<Plan>> {
            Kind::all().map(|kind| Plan::new(kind, all)).collect()
        };
        let (plans, parent_plans) = (plans(&plain), plans(&with_parent));
        // With an error, the rules have other indexes.
        if errors.is_empty() {
            let mut can_match = vec![false; rules.len()];
            let all = plans.iter().chain(&parent_plans).flatten();
            all.flat_map(|plan| plan.rules()).for_each(|rule| can_match[rule] = true);
            let never = can_match.iter().enumerate().filter(|(_, can_match)| !**can_match);
            errors.extend(never.map(|(index, _)| (index, RuleError::NeverMatches)));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let has_tree = |rule: &Rule| match &rule.detection.trigger {
            Trigger::Event(single) => single.include_process_tree,
            Trigger::Window(_) | Trigger::First(_) => false,
        };
        let shows_processes = rules.iter().any(has_tree);
        let needs_processes = shows_processes || !with_parent.is_empty();
        let learns = |rule: &Rule| match &rule.detection.trigger {
            Trigger::First(baseline) => baseline.learning_period.is_some(),
            Trigger::Event(_) | Trigger::Window(_) => false,
        };
        let has_learning = rules.iter().any(learns);
        Ok(Self { rules, plans, parent_plans, needs_processes, shows_processes, has_learning })
    }

    /// The rules, in the order of the detections.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Matches an event with the rules. None if the event matches nothing and changes no state.
    ///
    /// # Errors
    /// If a part of the event that rules read is not valid.
    pub fn observe<'e>(
        &self,
        event: Event<'e>,
        evaluator: &mut Evaluator,
    ) -> Result<Option<Observation<'e>>, WireError> {
        let Event { kind, message } = event;
        let Evaluator { scratch, values, timings, events, sampled, begins } = evaluator;
        let begins = std::mem::take(begins) && self.has_learning;
        *events += 1;
        let timings = match timings.is_empty() || *events % SAMPLING != 1 {
            true => None,
            false => {
                *sampled += 1;
                Some(timings.as_mut_slice())
            }
        };
        scratch.matches.clear();
        if let Some(plan) = &self.plans[kind.index()] {
            plan.evaluate(message, None, scratch, timings)?;
        }
        let process = match self.needs_processes {
            true => process::process_change(kind, message, self.shows_processes, values)?,
            false => None,
        };
        let needs_parent = self.parent_plans[kind.index()].is_some();
        if scratch.matches.is_empty() && process.is_none() && !needs_parent && !begins {
            return Ok(None);
        }
        let header = Header::read(message, values)?;
        // Only events that matched are shown, so only they are kept.
        let needs_event = needs_parent || !scratch.matches.is_empty();
        let message = if needs_event { Cow::Borrowed(message) } else { Cow::default() };
        let matches = scratch.matches.clone();
        Ok(Some(Observation { kind, message, header, matches, process }))
    }

    /// The rules that an event matches if its process has this parent.
    pub(super) fn match_parent(
        &self,
        observation: &Observation<'_>,
        parent: Option<&str>,
        evaluator: &mut Evaluator,
    ) -> Result<Vec<usize>, WireError> {
        let Some(plan) = &self.parent_plans[observation.kind.index()] else {
            return Ok(Vec::new());
        };
        plan.evaluate(&observation.message, parent, &mut evaluator.scratch, None)?;
        Ok(std::mem::take(&mut evaluator.scratch.matches))
    }

    pub(super) fn needs_parent(&self, kind: Kind) -> bool {
        self.parent_plans[kind.index()].is_some()
    }
}

/// One of this number of events is measured.
const SAMPLING: u64 = 256;

/// The buffers of evaluations, and their counts.
#[derive(Debug, Default)]
pub struct Evaluator {
    scratch: Scratch,
    values: Values,
    /// For each rule, the time of the sampled evaluations. Empty if nothing is measured.
    timings: Vec<Duration>,
    events: u64,
    sampled: u64,
    begins: bool,
}

impl Evaluator {
    /// The next event is the first one of a host or of a file. Learning begins with it, even if it
    /// matches nothing.
    pub fn begin(&mut self) {
        self.begins = true;
    }

    /// An evaluator that measures the time of each rule for some events.
    pub fn measuring(rules: &RuleSet) -> Self {
        Self { timings: vec![Duration::ZERO; rules.rules.len()], ..Self::default() }
    }

    /// How many evaluations were ended because they were too expensive. Such events do not match.
    pub fn too_expensive(&self) -> u64 {
        self.scratch.too_expensive
    }

    /// The number of measured events, and the time of each rule for them.
    pub fn timings(&self) -> (u64, &[Duration]) {
        (self.sampled, &self.timings)
    }
}

/// The rules that an event matches, and what else of it concerns the state.
#[derive(Clone, Debug)]
pub struct Observation<'e> {
    pub(super) kind: Kind,
    /// The event. Empty if no rule needs it.
    pub(super) message: Cow<'e, [u8]>,
    pub(super) header: Header,
    /// The rules that the event matches, apart from those that need the parent of the process.
    pub(super) matches: Vec<usize>,
    pub(super) process: Option<ProcessChange>,
}

impl Observation<'_> {
    /// Copies the event, so that the buffer of its file can be reused.
    pub fn into_owned(self) -> Observation<'static> {
        let Self { kind, message, header, matches, process } = self;
        let message = Cow::Owned(message.into_owned());
        Observation { kind, message, header, matches, process }
    }

    /// About how many bytes it needs.
    pub fn size(&self) -> usize {
        let process = match &self.process {
            None | Some(ProcessChange::Exit(_)) => 0,
            Some(ProcessChange::Execution(_, process) | ProcessChange::Fork(_, process)) => {
                let args = process.args.iter().map(|arg| arg.len() + 16).sum::<usize>();
                256 + process.path.len() + args
            }
        };
        let Header { machine_id, boot_session, event_id, time: _ } = &self.header;
        let texts = [machine_id, boot_session, event_id].into_iter().flatten();
        let header = texts.map(|text| text.len()).sum::<usize>();
        128 + self.message.len() + header + process
    }
}

/// The fields that every event has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// 1970 if the event has no time.
    pub(super) time: Timestamp,
    pub(super) machine_id: Option<Box<str>>,
    pub(super) boot_session: Option<Box<str>>,
    pub(super) event_id: Option<Box<str>>,
}

const HEADER: [&str; 4] = ["event_time", "machine_id", "boot_session_uuid", "event_id"];

impl Header {
    pub(super) fn read(event: &[u8], values: &mut Values) -> Result<Self, WireError> {
        static FIELDS: LazyLock<Projection> = LazyLock::new(|| {
            let paths = HEADER.iter().filter_map(|path| FieldPath::find(root(), path).ok());
            Projection::new(&paths.collect::<Vec<_>>())
        });
        FIELDS.read(event, values)?;
        let bytes = |slot| match values.get(slot) {
            raw @ Raw::Bytes(..) => raw.bytes(event).filter(|bytes| !bytes.is_empty()),
            Raw::Absent | Raw::Number(_) | Raw::Present => None,
        };
        let text = |slot| bytes(slot).map(|bytes| super::wire::text(bytes).into());
        Ok(Self {
            time: bytes(0).and_then(time).unwrap_or_default(),
            machine_id: text(1),
            boot_session: text(2),
            event_id: text(3),
        })
    }
}

/// The time of an event, without its other fields. None if it has no time.
pub(super) fn event_time(event: &[u8]) -> Option<Timestamp> {
    let times = Fields::new(event).map_while(Result::ok).filter_map(|field| match field {
        WireField { number: EVENT_TIME, value: WireValue::Bytes(bytes) } => Some(bytes),
        WireField { .. } => None,
    });
    times.last().and_then(time)
}

/// The number of the field `event_time`.
const EVENT_TIME: u32 = 2;

fn compile(rule: usize, detection: Detection) -> Result<(Rule, Expressions), RuleError> {
    let condition = program(detection.expression.as_str())?;
    let exceptions = detection.unless.iter().map(|it| program(it.as_str()));
    let exceptions = exceptions.collect::<Result<Vec<_>, _>>()?;
    let (mut key, mut distinct, mut extra) = (Vec::new(), None, Vec::new());
    match &detection.trigger {
        Trigger::Event(single) => extra.extend(single.extra_context.iter()),
        Trigger::Window(correlation) => {
            key.extend(correlation.group_by.iter());
            distinct = correlation.count_distinct.as_ref();
        }
        Trigger::First(baseline) => key.extend(baseline.track.iter()),
    }
    let expressions = [&detection.expression].into_iter().chain(detection.unless.iter());
    let texts = expressions.map(|expression| expression.as_str());
    let paths = key.iter().copied().chain(distinct).map(|path| path.as_str());
    let parts = [detection.id.as_str()].into_iter().chain(texts).chain(paths);
    let revision = revision(parts);
    let fields = |paths: &[&super::rule_files::FieldPath]| {
        TextFields::new(paths.iter().map(|path| path.as_str()))
    };
    let (key, extra_context) = (fields(&key)?, fields(&extra)?);
    let distinct = fields(distinct.as_slice())?;
    let rule_of = Rule { detection, revision, key, distinct, extra_context };
    Ok((rule_of, Expressions { rule, condition, exceptions }))
}

/// The only use of the checker.
fn program(expression: &str) -> Result<Program, CelError> {
    check::compile(expression)
}

fn revision<'t>(parts: impl Iterator<Item = &'t str>) -> u64 {
    let mut hasher = Xxh3Default::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.digest()
}

impl Expressions {
    fn needs_parent(&self) -> bool {
        [&self.condition].into_iter().chain(&self.exceptions).any(source::needs_parent)
    }
}
