//! Replays recorded telemetry: files are read and matched in parallel, and their results are used in
//! the order of the files.

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::detect::evaluate::{Evaluator, Observation, RuleSet, event_time};
use crate::detect::signal::Signal;
use crate::detect::spool::{Health, SpoolError, SpoolReader};
use crate::detect::state::{Fold, MemoryStore, StateLimits};

/// Telemetry to replay.
#[derive(Clone, Debug)]
pub struct Recording {
    /// In the order of their events. The files of a host follow each other.
    pub files: Vec<RecordedFile>,
    /// Earlier events are ignored.
    pub since: Option<Timestamp>,
    /// Events from this time on are ignored.
    pub until: Option<Timestamp>,
    /// Maximum files that are read at the same time.
    pub jobs: NonZeroUsize,
}

#[derive(Clone, Debug)]
pub struct RecordedFile {
    pub path: PathBuf,
    /// The host of events without a machine ID.
    pub host: Arc<str>,
}

/// Ends a replay early. The results up to then are kept.
#[derive(Debug, Default)]
pub struct Cancel(AtomicBool);

impl Cancel {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Receives the signals of a replay.
pub(super) trait Collector {
    /// The signals of an event for one of the rule sets. `event` is different for each event.
    fn signals(&mut self, set: usize, event: (usize, u64), signals: Vec<(usize, Signal)>);

    /// A file was replayed.
    fn end_file(&mut self);
}

/// What was replayed.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) health: Health,
    pub(super) undecodable: u64,
    /// Evaluations that were ended because they were too expensive.
    pub(super) too_expensive: u64,
    /// For each rule set, the number of measured events, and their time in each rule.
    pub(super) timings: Vec<(u64, Vec<Duration>)>,
    pub(super) is_partial: bool,
}

/// The observation of an event for one rule set.
struct Item {
    set: usize,
    number: u64,
    observation: Observation<'static>,
}

enum Message {
    Items(Vec<Item>),
    Failed(SpoolError),
}

/// Maximum observations and bytes that are handed over at the same time.
const MOST_ITEMS: usize = 512;
const MOST_BYTES: usize = 256 << 10;
/// Maximum messages of a file that wait, and maximum files per job that are begun.
const MOST_MESSAGES: usize = 2;
const AHEAD: usize = 4;

/// Why a replay failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("the state cannot be stored: {0}")]
    State(#[from] io::Error),
}

/// # Errors
/// A file cannot be read.
pub(super) fn replay(
    recording: &Recording,
    sets: &[Arc<RuleSet>],
    cancel: &Cancel,
    collector: &mut dyn Collector,
) -> Result<Replayed, ReplayError> {
    let mut folding = Folding::new(sets, collector);
    let matched = match recording.jobs.get() {
        1 => {
            let mut matcher = Matcher::new(recording, sets, cancel);
            for (number, file) in recording.files.iter().enumerate() {
                if cancel.is_set() {
                    break;
                }
                matcher.read(file, &mut |set, event, observation| {
                    folding.observe(file, (number, event), set, observation);
                    true
                })?;
                folding.end_file()?;
            }
            vec![matcher.finish()]
        }
        jobs => in_parallel(recording, sets, cancel, jobs, &mut folding)?,
    };
    let timings = sets.iter().map(|set| (0, vec![Duration::ZERO; set.rules().len()])).collect();
    let is_partial = cancel.is_set();
    let mut replayed = Replayed { timings, is_partial, ..Replayed::default() };
    for fold in &folding.folds {
        replayed.undecodable += fold.counts().undecodable;
        replayed.too_expensive += fold.too_expensive();
    }
    matched.into_iter().for_each(|matched| replayed.add(matched));
    Ok(replayed)
}

impl Replayed {
    fn add(&mut self, matched: Matched) {
        self.health.merge(matched.health);
        self.undecodable += matched.undecodable;
        let too_expensive = matched.evaluators.iter().map(Evaluator::too_expensive);
        self.too_expensive += too_expensive.sum::<u64>();
        for ((events, sum), evaluator) in self.timings.iter_mut().zip(matched.evaluators) {
            let (sampled, timings) = evaluator.timings();
            *events += sampled;
            sum.iter_mut().zip(timings).for_each(|(sum, time)| *sum += *time);
        }
    }
}

/// Files are begun in their order, and their results wait until those before them were used. The
/// file whose turn it is has always begun, so no thread waits forever.
fn in_parallel(
    recording: &Recording,
    sets: &[Arc<RuleSet>],
    cancel: &Cancel,
    jobs: usize,
    folding: &mut Folding<'_>,
) -> Result<Vec<Matched>, ReplayError> {
    type Job<'r> = (&'r RecordedFile, SyncSender<Message>);
    let (job_sender, jobs_left): (Sender<Job<'_>>, Receiver<Job<'_>>) = channel();
    let jobs_left = Mutex::new(jobs_left);
    thread::scope(|scope| {
        let jobs_left = &jobs_left;
        let work = move || {
            let mut matcher = Matcher::new(recording, sets, cancel);
            loop {
                let next = jobs_left.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok((file, sender)) = next else { break };
                send_file(&mut matcher, file, &sender);
            }
            matcher.finish()
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        let mut files = recording.files.iter();
        let mut begun: VecDeque<(&RecordedFile, Receiver<Message>)> = VecDeque::new();
        let mut result = Ok(());
        for number in 0.. {
            while begun.len() < jobs * AHEAD
                && !cancel.is_set()
                && let Some(file) = files.next()
            {
                let (sender, receiver) = sync_channel(MOST_MESSAGES);
                // The workers end only after this loop.
                if job_sender.send((file, sender)).is_ok() {
                    begun.push_back((file, receiver));
                }
            }
            let Some((file, receiver)) = begun.pop_front() else { break };
            result = folding.take_file(file, number, receiver);
            if result.is_err() {
                break;
            }
        }
        // Without receivers, workers end their files.
        drop((begun, job_sender));
        let matched = workers.into_iter().map(|worker| match worker.join() {
            Ok(matched) => matched,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        let matched = matched.collect();
        result.map(|()| matched)
    })
}

fn send_file(matcher: &mut Matcher<'_>, file: &RecordedFile, sender: &SyncSender<Message>) {
    let (mut items, mut bytes) = (Vec::new(), 0);
    let result = matcher.read(file, &mut |set, number, observation| {
        let observation = observation.into_owned();
        bytes += observation.size();
        items.push(Item { set, number, observation });
        if items.len() < MOST_ITEMS && bytes < MOST_BYTES {
            return true;
        }
        bytes = 0;
        sender.send(Message::Items(std::mem::take(&mut items))).is_ok()
    });
    let last = match result {
        Ok(()) => Message::Items(items),
        Err(error) => Message::Failed(error),
    };
    // The receiver is gone after an error in another file.
    drop(sender.send(last));
}

/// Reads files and matches their events.
struct Matcher<'r> {
    recording: &'r Recording,
    sets: &'r [Arc<RuleSet>],
    cancel: &'r Cancel,
    reader: SpoolReader,
    evaluators: Vec<Evaluator>,
    undecodable: u64,
}

/// The counts of a [`Matcher`].
struct Matched {
    health: Health,
    evaluators: Vec<Evaluator>,
    undecodable: u64,
}

impl<'r> Matcher<'r> {
    fn new(recording: &'r Recording, sets: &'r [Arc<RuleSet>], cancel: &'r Cancel) -> Self {
        let evaluators = sets.iter().map(|set| Evaluator::measuring(set)).collect();
        let reader = SpoolReader::default();
        Self { recording, sets, cancel, reader, evaluators, undecodable: 0 }
    }

    /// Passes observations to `each`: the index of the rule set, the number of the event, and the
    /// observation. If it returns false, the rest of the file is ignored.
    fn read(
        &mut self,
        file: &RecordedFile,
        each: &mut dyn FnMut(usize, u64, Observation<'_>) -> bool,
    ) -> Result<(), SpoolError> {
        let Self { recording, sets, cancel, reader, evaluators, undecodable } = self;
        let Some(mut events) = reader.open(&file.path)? else { return Ok(()) };
        evaluators.iter_mut().for_each(Evaluator::begin);
        let mut number = 0;
        while let Some(event) = events.next_event() {
            number += 1;
            if !recording.includes(event.message) {
                continue;
            }
            let mut is_valid = true;
            for (set, (rules, evaluator)) in sets.iter().zip(&mut *evaluators).enumerate() {
                let observation = match rules.observe(event, evaluator) {
                    Ok(Some(observation)) => observation,
                    Ok(None) => continue,
                    Err(_) => {
                        is_valid = false;
                        continue;
                    }
                };
                if !each(set, number, observation) {
                    return Ok(());
                }
            }
            *undecodable += u64::from(!is_valid);
            if cancel.is_set() {
                break;
            }
        }
        Ok(())
    }

    fn finish(self) -> Matched {
        let Self { reader, evaluators, undecodable, .. } = self;
        Matched { health: reader.into_health(), evaluators, undecodable }
    }
}

impl Recording {
    /// Whether the event is in the time range. Events without a time are.
    fn includes(&self, event: &[u8]) -> bool {
        if self.since.is_none() && self.until.is_none() {
            return true;
        }
        let Some(time) = event_time(event) else { return true };
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// Uses observations in the order of their events.
struct Folding<'c> {
    folds: Vec<Fold<MemoryStore>>,
    collector: &'c mut dyn Collector,
}

impl<'c> Folding<'c> {
    fn new(sets: &[Arc<RuleSet>], collector: &'c mut dyn Collector) -> Self {
        let limits = StateLimits::default();
        let fold =
            |set: &Arc<RuleSet>| Fold::new(set.clone(), MemoryStore::new(limits.memory), limits);
        Self { folds: sets.iter().map(fold).collect(), collector }
    }

    fn observe(
        &mut self,
        file: &RecordedFile,
        event: (usize, u64),
        set: usize,
        observation: Observation<'_>,
    ) {
        let Some(fold) = self.folds.get_mut(set) else { return };
        let signals = fold.observe(&file.host, observation);
        if !signals.is_empty() {
            self.collector.signals(set, event, signals);
        }
    }

    fn take_file(
        &mut self,
        file: &RecordedFile,
        number: usize,
        receiver: Receiver<Message>,
    ) -> Result<(), ReplayError> {
        for message in receiver {
            match message {
                Message::Items(items) => {
                    for Item { set, number: event, observation } in items {
                        self.observe(file, (number, event), set, observation);
                    }
                }
                Message::Failed(error) => return Err(error.into()),
            }
        }
        self.end_file()
    }

    fn end_file(&mut self) -> Result<(), ReplayError> {
        for fold in &mut self.folds {
            fold.end_file()?;
        }
        self.collector.end_file();
        Ok(())
    }
}
