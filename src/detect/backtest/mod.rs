//! What detections would have found in recorded telemetry.

mod replay;
mod top;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use super::evaluate::RuleSet;
use super::rule_files::{Severity, Trigger};
use super::signal::Signal;
use super::spool::{Health, SpoolError, spool_files};
pub use replay::{Cancel, RecordedFile, Recording, ReplayError};
use replay::{Collector, replay};
use top::Top;

/// The result of a backtest.
#[derive(Debug)]
pub struct Backtest {
    pub health: Health,
    /// Events that could not be read, or with a part that a rule needs and that is not valid.
    pub undecodable: u64,
    /// Evaluations of a rule for an event that were ended because they were too expensive.
    pub too_expensive: u64,
    /// In the order of the rule set.
    pub rules: Vec<RuleResult>,
    /// All signals in the order of the events, if they are wanted.
    pub signals: Vec<Signal>,
    /// Whether the backtest was ended early.
    pub is_partial: bool,
}

/// What one rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleResult {
    pub id: String,
    pub kind: RuleKind,
    pub severity: Severity,
    /// The number of signals.
    pub hits: u64,
    /// The number of signals of each host.
    pub hosts: BTreeMap<String, u64>,
    /// The average cost of the rule for an event, from measured samples.
    pub ns_per_event: f64,
    /// The most frequent groups of a correlation, or patterns of a baseline.
    pub groups: Vec<(String, u64)>,
    /// The most frequent value of each field, which may be worth an exception.
    pub noisiest: Vec<NoisyValue>,
}

/// A value that many signals of a rule have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoisyValue {
    pub field: &'static str,
    pub value: String,
    pub hits: u64,
}

/// What a detection is, in results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    Rule,
    Correlation,
    Baseline,
}

impl RuleKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Correlation => "correlation",
            Self::Baseline => "baseline",
        }
    }

    const fn of(trigger: &Trigger) -> Self {
        match trigger {
            Trigger::Event(_) => Self::Rule,
            Trigger::Window(_) => Self::Correlation,
            Trigger::First(_) => Self::Baseline,
        }
    }
}

/// The fields of signals whose frequent values are shown.
const NOISY: [&str; 4] = ["target_path", "actor_path", "parent_path", "user"];
/// Maximum groups and values per rule in a result.
const MOST_SHOWN: usize = 5;
/// A value is noisy if it is in at least this part of a rule's signals.
const NOISY_PART: u64 = 4;

/// Evaluates rules over a recording. `progress` is called after each file.
///
/// # Errors
/// A file cannot be read.
pub fn backtest(
    recording: &Recording,
    rules: &Arc<RuleSet>,
    with_signals: bool,
    cancel: &Cancel,
    progress: &mut dyn FnMut(),
) -> Result<Backtest, ReplayError> {
    let tallies = vec![Tally::default(); rules.rules().len()];
    let mut collected = Collected { tallies, signals: Vec::new(), with_signals, progress };
    let replayed = replay(recording, std::slice::from_ref(rules), cancel, &mut collected)?;
    let timings = replayed.timings.first();
    let Collected { tallies, signals, .. } = collected;
    let results = rules.rules().iter().zip(tallies).enumerate().map(|(index, (rule, tally))| {
        let time = timings.and_then(|(_, times)| times.get(index)).copied().unwrap_or_default();
        let sampled = timings.map_or(0, |(events, _)| *events);
        let detection = &rule.detection;
        RuleResult {
            id: detection.id.to_string(),
            kind: RuleKind::of(&detection.trigger),
            severity: detection.severity,
            hits: tally.hits,
            ns_per_event: average(time, sampled),
            groups: tally.groups.first(MOST_SHOWN),
            noisiest: tally.noisiest(),
            hosts: tally.hosts,
        }
    });
    let rules = results.collect();
    let undecodable = replayed.undecodable + replayed.health.lost.total();
    let (too_expensive, is_partial) = (replayed.too_expensive, replayed.is_partial);
    let health = replayed.health;
    Ok(Backtest { health, undecodable, too_expensive, rules, signals, is_partial })
}

/// Nanoseconds per event.
fn average(time: Duration, events: u64) -> f64 {
    if events == 0 { 0.0 } else { time.as_nanos() as f64 / events as f64 }
}

#[derive(Clone, Debug, Default)]
struct Tally {
    hits: u64,
    hosts: BTreeMap<String, u64>,
    groups: Top,
    values: [Top; NOISY.len()],
}

impl Tally {
    fn add(&mut self, signal: &Signal) {
        self.hits += 1;
        *self.hosts.entry(signal.host_id.clone()).or_default() += 1;
        if let Some(group) = signal.group() {
            self.groups.add(&group);
        }
        for (name, top) in NOISY.iter().zip(&mut self.values) {
            if let Some(value) = signal.context.get(*name).and_then(Json::as_str) {
                top.add(value);
            }
        }
    }

    fn noisiest(&self) -> Vec<NoisyValue> {
        let values = NOISY.iter().zip(&self.values).filter_map(|(field, top)| {
            let (value, hits) = top.first(1).pop()?;
            let is_noisy = hits > 1 && hits >= self.hits.div_ceil(NOISY_PART);
            is_noisy.then_some(NoisyValue { field, value, hits })
        });
        values.collect()
    }
}

struct Collected<'p> {
    tallies: Vec<Tally>,
    signals: Vec<Signal>,
    with_signals: bool,
    progress: &'p mut dyn FnMut(),
}

impl Collector for Collected<'_> {
    fn signals(&mut self, _: usize, _: (usize, u64), signals: Vec<(usize, Signal)>) {
        for (rule, signal) in signals {
            if let Some(tally) = self.tallies.get_mut(rule) {
                tally.add(&signal);
            }
            if self.with_signals {
                self.signals.push(signal);
            }
        }
    }

    fn end_file(&mut self) {
        (self.progress)();
    }
}

/// How the signals of two rule sets differ.
#[derive(Debug, Default)]
pub struct Difference {
    pub health: Health,
    pub undecodable: u64,
    /// The evaluations that were stopped because of their cost. They did not match.
    pub too_expensive: u64,
    /// The rules with different signals, by ID.
    pub rules: BTreeMap<String, RuleDifference>,
    pub is_partial: bool,
}

/// For how many events the signals of a rule differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleDifference {
    /// Events with a signal only after the change.
    pub added: u64,
    /// Events with a signal only before the change.
    pub removed: u64,
    /// The first differences: whether the signal was added, and the signal.
    pub examples: Vec<(bool, Signal)>,
}

/// Maximum examples per rule.
const MOST_EXAMPLES: usize = 3;

/// Compares the signals of two rule sets over a recording. Rules with the same ID are compared.
///
/// # Errors
/// A file cannot be read.
pub fn difference(
    recording: &Recording,
    [old, new]: [Arc<RuleSet>; 2],
    cancel: &Cancel,
    progress: &mut dyn FnMut(),
) -> Result<Difference, ReplayError> {
    let mut compared =
        Compared { event: None, found: Default::default(), rules: BTreeMap::new(), progress };
    let replayed = replay(recording, &[old, new], cancel, &mut compared)?;
    compared.compare();
    Ok(Difference {
        undecodable: replayed.undecodable + replayed.health.lost.total(),
        health: replayed.health,
        too_expensive: replayed.too_expensive,
        rules: compared.rules,
        is_partial: replayed.is_partial,
    })
}

struct Compared<'p> {
    /// The event of the signals in `found`.
    event: Option<(usize, u64)>,
    /// The signals of the event for both rule sets.
    found: [Vec<Signal>; 2],
    rules: BTreeMap<String, RuleDifference>,
    progress: &'p mut dyn FnMut(),
}

impl Compared<'_> {
    fn compare(&mut self) {
        let found = std::mem::take(&mut self.found);
        let ids = |set: &[Signal]| -> BTreeSet<String> {
            set.iter().map(|signal| signal.rule_id.clone()).collect()
        };
        let known = [ids(&found[0]), ids(&found[1])];
        let [old, new] = found;
        let removed = old.into_iter().filter(|it| !known[1].contains(&it.rule_id));
        let added = new.into_iter().filter(|it| !known[0].contains(&it.rule_id));
        let removed = removed.map(|signal| (false, signal));
        for (is_added, signal) in removed.chain(added.map(|signal| (true, signal))) {
            let rule = self.rules.entry(signal.rule_id.clone()).or_default();
            *(if is_added { &mut rule.added } else { &mut rule.removed }) += 1;
            if rule.examples.len() < MOST_EXAMPLES {
                rule.examples.push((is_added, signal));
            }
        }
    }
}

impl Collector for Compared<'_> {
    fn signals(&mut self, set: usize, event: (usize, u64), signals: Vec<(usize, Signal)>) {
        if self.event != Some(event) {
            self.compare();
            self.event = Some(event);
        }
        if let Some(found) = self.found.get_mut(set) {
            found.extend(signals.into_iter().map(|(_, signal)| signal));
        }
    }

    fn end_file(&mut self) {
        (self.progress)();
    }
}

/// The files of spools in the order of their events. The host of a spool is the name of its folder.
///
/// # Errors
/// A spool cannot be listed.
pub fn recorded_files(spools: &[PathBuf]) -> Result<Vec<RecordedFile>, SpoolError> {
    let mut all = Vec::new();
    for spool in spools {
        let host: Arc<str> = host_of(spool).into();
        let files = in_order(spool_files(spool)?);
        all.extend(files.into_iter().map(|path| RecordedFile { path, host: host.clone() }));
    }
    Ok(all)
}

/// The name of a spool's folder. Folders that Santa creates have the same names on every host.
fn host_of(spool: &Path) -> String {
    let path = fs::canonicalize(spool).unwrap_or_else(|_| spool.to_owned());
    let names = path.iter().rev().map(|name| name.to_string_lossy().into_owned());
    let mut names = names.filter(|name| !matches!(name.as_str(), "new" | "spool" | "/"));
    names.next().unwrap_or_else(|| "host".to_owned())
}

/// Santa names files by a random number of their writer and a sequence number. A writer begins with
/// each start of Santa, so writers are sorted by the time of their first file.
fn in_order(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut writers: BTreeMap<String, (SystemTime, Vec<PathBuf>)> = BTreeMap::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let writer = name.split_once('_').map_or(String::new(), |(writer, _)| writer.to_owned());
        let writer = writers.entry(writer).or_insert_with(|| {
            let modified = fs::metadata(&path).and_then(|it| it.modified());
            (modified.unwrap_or(SystemTime::UNIX_EPOCH), Vec::new())
        });
        writer.1.push(path);
    }
    let mut writers: Vec<_> = writers.into_values().collect();
    // Files are sorted by name, and so are writers with the same time.
    writers.sort_by_key(|(time, _)| *time);
    writers.into_iter().flat_map(|(_, files)| files).collect()
}
