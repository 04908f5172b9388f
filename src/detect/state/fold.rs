//! Turns observations into signals, in the order of the events.

use std::io;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

use super::tree::ProcessTree;
use super::window::{Micros, micros};
use super::{Changes, Entry, StateKey, StateLimits, StateStore};
use crate::detect::evaluate::{
    Evaluator, FieldText, Observation, ProcessChange, ProcessId, Rule, RuleSet, TextFields, Values,
    process_ids,
};
use crate::detect::rule_files::{Baseline, Correlation, Trigger};
use crate::detect::signal::{Core, Signal, SignalEvent, TriggerContext, process_tree};
use crate::detect::wire::WireError;

/// The rule of the entries for the hashes of programs that any rule matched.
const FIRST_SEEN: u64 = 0;
/// The rule of the entries for the begin of learning, so that they are not displaced by others.
const LEARNING: u64 = 1;

/// Maximum events without an ID that are compared with each other.
const MOST_REPEATED: usize = 200_000;

/// Maximum hosts whose begin of learning is not looked up again. A hostile file may have a new host
/// in each event.
const MOST_HOSTS: usize = 100_000;

/// What was counted in addition to signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoldCounts {
    /// Events with a part that a rule needs and that is not valid.
    pub undecodable: u64,
    /// First occurrences while a baseline learned.
    pub learned: u64,
    /// Matches during the cooldown of a rule.
    pub quiet: u64,
}

/// The state of all hosts.
#[derive(Debug)]
pub struct Fold<S> {
    rules: Arc<RuleSet>,
    changes: Changes<S>,
    tree: ProcessTree,
    evaluator: Evaluator,
    values: Values,
    /// How often the same event without an ID matched in the current file.
    repeated: HashMap<u128, u64>,
    /// The hashes of hosts whose learning began.
    hosts: HashSet<u128>,
    counts: FoldCounts,
}

/// An event with the values that its signals share.
struct Matched<'m, 'e> {
    host: &'m str,
    observation: &'m Observation<'e>,
    time: Micros,
    key: u128,
    parent: Option<&'m str>,
    process: Option<ProcessId>,
    session: u64,
}

impl<S: StateStore> Fold<S> {
    pub fn new(rules: Arc<RuleSet>, store: S, limits: StateLimits) -> Self {
        Self {
            rules,
            changes: Changes::new(store),
            tree: ProcessTree::new(limits.tree),
            evaluator: Evaluator::default(),
            values: Values::default(),
            repeated: HashMap::new(),
            hosts: HashSet::new(),
            counts: FoldCounts::default(),
        }
    }

    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    pub fn counts(&self) -> FoldCounts {
        self.counts
    }

    /// How many evaluations with the parent of a process were too expensive.
    pub fn too_expensive(&self) -> u64 {
        self.evaluator.too_expensive()
    }

    /// The signals of an event, in the order of the rules. `host` is used for events without a
    /// machine ID. A signal has the index of its rule.
    pub fn observe(
        &mut self,
        host: &str,
        mut observation: Observation<'_>,
    ) -> Vec<(usize, Signal)> {
        let machine_id = observation.header.machine_id.take();
        let host = machine_id.as_deref().unwrap_or(host);
        let time = observation.header.time.as_microsecond();
        self.begin_learning(host, time);
        let boot = observation.header.boot_session.as_deref().unwrap_or_default();
        let session = hash([host, boot]) as u64;
        match self.signals(host, &mut observation, time, session) {
            Ok(signals) => signals,
            Err(_) => {
                self.counts.undecodable += 1;
                Vec::new()
            }
        }
    }

    fn signals(
        &mut self,
        host: &str,
        observation: &mut Observation<'_>,
        time: Micros,
        session: u64,
    ) -> Result<Vec<(usize, Signal)>, WireError> {
        let kind = observation.kind;
        let ids = observation.process.as_ref().and_then(ProcessChange::ids);
        if let Some(change) = observation.process.take() {
            self.tree.apply(session, change, time);
        }
        let rules = self.rules.clone();
        let needs_parent = rules.needs_parent(kind);
        if observation.matches.is_empty() && !needs_parent {
            return Ok(Vec::new());
        }
        let (process, parent) = match ids {
            Some(ids) => ids,
            None => process_ids(kind, &observation.message, &mut self.values)?,
        };
        let parent = parent.and_then(|id| self.tree.path(session, id, time));
        let parent = parent.map(str::to_owned);
        if needs_parent {
            let more = rules.match_parent(observation, parent.as_deref(), &mut self.evaluator)?;
            observation.matches.extend(more);
            observation.matches.sort_unstable();
        }
        if observation.matches.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.event_key(observation);
        let parent = parent.as_deref();
        let matched = Matched { host, observation, time, key, parent, process, session };
        let mut signals = Vec::new();
        for index in &observation.matches {
            let Some(rule) = rules.rules().get(*index) else { continue };
            signals.extend(self.signal(rule, &matched)?.map(|signal| (*index, signal)));
        }
        Ok(signals)
    }

    /// The hash of the event's ID. Equal events without an ID are numbered within their file.
    fn event_key(&mut self, observation: &Observation<'_>) -> u128 {
        if let Some(id) = &observation.header.event_id {
            return xxh3_128(id.as_bytes());
        }
        let bytes = xxh3_128(&observation.message);
        if self.repeated.len() >= MOST_REPEATED {
            self.repeated.clear();
        }
        let number = self.repeated.entry(bytes).or_default();
        *number += 1;
        match *number {
            1 => bytes,
            number => hash([&*format!("{bytes:032x}"), &*number.to_string()]),
        }
    }

    fn signal(
        &mut self,
        rule: &Rule,
        matched: &Matched<'_, '_>,
    ) -> Result<Option<Signal>, WireError> {
        let trigger = match &rule.detection.trigger {
            Trigger::Event(single) => {
                let cooldown = single.cooldown.map(|period| micros(period.duration()));
                if cooldown.is_some_and(|cooldown| self.is_quiet(rule, matched, cooldown)) {
                    return Ok(None);
                }
                Some(TriggerContext::Event)
            }
            Trigger::Window(correlation) => self.count(rule, correlation, matched)?,
            Trigger::First(baseline) => self.first(rule, baseline, matched)?,
        };
        let Some(trigger) = trigger else { return Ok(None) };
        let Matched { host, observation, time, key, parent, process, session } = matched;
        let event = SignalEvent {
            host,
            kind: observation.kind,
            message: &observation.message,
            header: &observation.header,
            key: *key,
            parent: *parent,
        };
        let core = Core::read(&event, &mut self.values)?;
        let first_seen = core.target_hash().map(|hash_of| {
            let key = StateKey { rule: FIRST_SEEN, key: hash([*host, hash_of]) };
            self.is_first(key, *time)
        });
        let tree = match (&rule.detection.trigger, process) {
            (Trigger::Event(single), Some(id)) if single.include_process_tree => {
                Some(process_tree(&self.tree.ancestors(*session, *id, *time)))
            }
            (Trigger::Event(_) | Trigger::Window(_) | Trigger::First(_), _) => None,
        };
        Signal::new(rule, &event, core.with(first_seen, tree), trigger, &mut self.values).map(Some)
    }

    /// Whether the rule had a signal a short time ago. If not, the cooldown begins.
    fn is_quiet(&mut self, rule: &Rule, matched: &Matched<'_, '_>, cooldown: Micros) -> bool {
        let key = StateKey { rule: rule.revision, key: hash([matched.host]) };
        let time = matched.time;
        if let Some(Entry::Quiet(from, until)) = self.changes.get(key)
            && (from..until).contains(&time)
        {
            self.counts.quiet += 1;
            return true;
        }
        self.changes.set(key, Entry::Quiet(time, time.saturating_add(cooldown)));
        false
    }

    fn count(
        &mut self,
        rule: &Rule,
        correlation: &Correlation,
        matched: &Matched<'_, '_>,
    ) -> Result<Option<TriggerContext>, WireError> {
        let Some(group) = self.texts(&rule.key, matched, correlation.allow_missing)? else {
            return Ok(None);
        };
        let value = match &correlation.count_distinct {
            None => matched.key as u64,
            Some(_) => {
                let distinct = self.texts(&rule.distinct, matched, false)?;
                let distinct = distinct.and_then(|texts| texts.into_iter().next());
                let Some(distinct) = distinct.filter(|text| !text.is_empty()) else {
                    return Ok(None);
                };
                hash([&*distinct]) as u64
            }
        };
        let parts = [matched.host].into_iter().chain(group.iter().map(|text| &**text));
        let key = StateKey { rule: rule.revision, key: hash(parts) };
        let mut window = self.changes.window(key);
        let fired = window.add(matched.time, value, correlation);
        self.changes.set(key, Entry::Window(window));
        Ok(fired.map(|count| TriggerContext::Window { count, group }))
    }

    fn first(
        &mut self,
        rule: &Rule,
        baseline: &Baseline,
        matched: &Matched<'_, '_>,
    ) -> Result<Option<TriggerContext>, WireError> {
        let Some(pattern) = self.texts(&rule.key, matched, baseline.allow_missing)? else {
            return Ok(None);
        };
        let parts = [matched.host].into_iter().chain(pattern.iter().map(|text| &**text));
        let key = StateKey { rule: rule.revision, key: hash(parts) };
        if !self.is_first(key, matched.time) {
            return Ok(None);
        }
        let begin = match self.changes.get(learning_key(rule, matched.host)) {
            Some(Entry::Since(begin)) => Some(begin),
            Some(Entry::Window(_) | Entry::Quiet(..)) | None => None,
        };
        let until = baseline
            .learning_period
            .zip(begin)
            .map(|(period, begin)| begin.saturating_add(micros(period.duration())));
        if until.is_some_and(|until| matched.time < until) {
            self.counts.learned += 1;
            return Ok(None);
        }
        Ok(Some(TriggerContext::First { pattern }))
    }

    /// Whether no event had this key before. From now on, one had.
    fn is_first(&mut self, key: StateKey, time: Micros) -> bool {
        let is_first = self.changes.get(key).is_none();
        if is_first {
            self.changes.set(key, Entry::Since(time));
        }
        is_first
    }

    /// The texts of the fields. None if one is missing and `allow_missing` is false.
    fn texts(
        &mut self,
        fields: &TextFields,
        matched: &Matched<'_, '_>,
        allow_missing: bool,
    ) -> Result<Option<Vec<String>>, WireError> {
        let Matched { observation, parent, .. } = matched;
        let texts =
            fields.read(observation.kind, &observation.message, *parent, &mut self.values)?;
        let texts = texts.into_iter().map(|text| match text {
            FieldText::Missing if allow_missing => Some(String::new()),
            text => text.joined(),
        });
        Ok(texts.collect())
    }

    /// Learning begins with the first event of a host, even if that event matches nothing.
    fn begin_learning(&mut self, host: &str, time: Micros) {
        let host_hash = hash([host]);
        if self.hosts.contains(&host_hash) {
            return;
        }
        // The store also knows the hosts that are not inserted.
        if self.hosts.len() < MOST_HOSTS {
            self.hosts.insert(host_hash);
        }
        let rules = self.rules.clone();
        for rule in rules.rules() {
            if let Trigger::First(Baseline { learning_period: Some(_), .. }) =
                rule.detection.trigger
            {
                self.is_first(learning_key(rule, host), time);
            }
        }
    }

    /// Ends a file: stores its changes.
    ///
    /// # Errors
    /// The changes were not stored.
    pub fn end_file(&mut self) -> io::Result<()> {
        self.repeated.clear();
        self.changes.commit()
    }
}

fn learning_key(rule: &Rule, host: &str) -> StateKey {
    StateKey { rule: LEARNING, key: hash([host, &*rule.revision.to_string()]) }
}

/// A hash of texts. Different lists of texts have different hashes.
pub(in crate::detect) fn hash<'t>(texts: impl IntoIterator<Item = &'t str>) -> u128 {
    let mut hasher = Xxh3Default::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.digest128()
}
