//! Evaluates events one after another.

use std::io;
use std::sync::Arc;

use hashbrown::HashSet;

use super::evaluate::{Evaluator, RuleSet};
use super::signal::Signal;
use super::spool::Event;
use super::state::{Fold, MemoryStore, StateLimits, StateStore};
use super::telemetry::find_kind;

/// What was evaluated, and what could not be evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetectorCounts {
    pub events: u64,
    /// Events that are not valid, or with a part that a rule needs and that is not valid.
    pub undecodable: u64,
    /// Events without a kind, or with a kind of a newer Santa.
    pub unknown_kind: u64,
    /// Evaluations of a rule that were ended because they were too expensive.
    pub too_expensive: u64,
}

/// The rules, with what they remember about each host.
///
/// The signals depend only on the rules and on the events, in their order. The time of the machine
/// is not used.
#[derive(Debug)]
pub struct Detector<S = MemoryStore> {
    evaluator: Evaluator,
    fold: Fold<S>,
    hosts: HashSet<Box<str>>,
    counts: DetectorCounts,
}

impl Detector {
    /// A detector that remembers everything in memory.
    pub fn new(rules: RuleSet) -> Self {
        let limits = StateLimits::default();
        Self::with_store(Arc::new(rules), MemoryStore::new(limits.memory), limits)
    }
}

impl<S: StateStore> Detector<S> {
    pub fn with_store(rules: Arc<RuleSet>, store: S, limits: StateLimits) -> Self {
        Self {
            evaluator: Evaluator::default(),
            fold: Fold::new(rules, store, limits),
            hosts: HashSet::new(),
            counts: DetectorCounts::default(),
        }
    }

    /// The signals of an event, in the order of the rules. `host` identifies the host of events
    /// without a machine ID.
    pub fn event(&mut self, host: &str, message: &[u8]) -> Vec<Signal> {
        self.counts.events += 1;
        let kind = match find_kind(message) {
            Ok(Some(kind)) => kind,
            Ok(None) => {
                self.counts.unknown_kind += 1;
                return Vec::new();
            }
            Err(_) => {
                self.counts.undecodable += 1;
                return Vec::new();
            }
        };
        if !self.hosts.contains(host) {
            self.hosts.insert(host.into());
            self.evaluator.begin();
        }
        let rules = self.fold.rules().clone();
        match rules.observe(Event { kind, message }, &mut self.evaluator) {
            Ok(Some(observation)) => {
                let signals = self.fold.observe(host, observation);
                signals.into_iter().map(|(_, signal)| signal).collect()
            }
            Ok(None) => Vec::new(),
            Err(_) => {
                self.counts.undecodable += 1;
                Vec::new()
            }
        }
    }

    /// Ends a file: stores what was remembered of its events.
    ///
    /// # Errors
    /// The changes were not stored.
    pub fn end_file(&mut self) -> io::Result<()> {
        self.fold.end_file()
    }

    pub fn counts(&self) -> DetectorCounts {
        DetectorCounts {
            undecodable: self.counts.undecodable + self.fold.counts().undecodable,
            too_expensive: self.evaluator.too_expensive() + self.fold.too_expensive(),
            ..self.counts
        }
    }
}
