//! `nicelist detect backtest`.

mod view;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use clap::{Args, ValueHint};
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::diagnostic::{diagnostics, report};
use super::rule_input;
use crate::cli::arg::Since;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::policy_files::{counted, name_of};
use crate::cli::signals::interrupt;
use crate::cli::ui::{Progress, Ui};
use crate::detect::RuleSet;
use crate::detect::backtest::{
    Backtest, Cancel, Difference, Recording, ReplayError, backtest, difference, recorded_files,
};
use crate::detect::check::TelemetryChecker;
use crate::detect::rule_files::{PlacedDetection, RuleFiles, read};

/// Evaluate detections over recorded telemetry
///
/// Shows how many signals each enabled detection would have created, on how many hosts, and what
/// its evaluation costs. State, such as the windows of correlations, is empty at the beginning, and
/// times are those of the events.
///
/// A spool is Santa's spool folder, or any other folder or file with telemetry. The name of the
/// folder is the host of events without a machine ID. Events that cannot be read are counted. After
/// Ctrl-C, the results up to then are shown.
///
/// With --diff, the signals of two sets of detections are compared, and the exit code is 3 if they
/// differ.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect backtest detections/ --spool /var/db/santa/spool
  nicelist detect backtest detections/ --spool spools/mac-1 \\
      --spool spools/mac-2 --jobs 2
  nicelist detect backtest rule.yaml --spool spools/mac-1 --since 7d \\
      --signals -o json
  nicelist detect backtest --diff old/ new/ --spool spools/mac-1")]
pub(crate) struct BacktestArgs {
    /// File or folder with detections
    #[arg(value_name = "RULES", value_hint = ValueHint::AnyPath)]
    #[arg(required_unless_present = "diff", conflicts_with = "diff")]
    rules: Option<PathBuf>,
    /// Compare the signals of these detections
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], value_hint = ValueHint::AnyPath)]
    diff: Option<Vec<PathBuf>>,
    /// Spool folder, or folder or file with telemetry; can be repeated
    #[arg(long = "spool", value_name = "DIR", required = true, value_hint = ValueHint::AnyPath)]
    spools: Vec<PathBuf>,
    /// Ignore earlier events; a duration such as 7d, or a time
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,
    /// Ignore later events
    #[arg(long, value_name = "TIME")]
    until: Option<Since>,
    /// Read N files at the same time; by default, one per CPU
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Also show the signals
    #[arg(long, conflicts_with = "diff")]
    signals: bool,
}

pub(super) async fn run(context: &Context, args: BacktestArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let sets = match (&args.rules, args.diff.as_deref()) {
        (_, Some([old, new])) => Sets::Two([rule_set(ui, old)?, rule_set(ui, new)?]),
        (Some(rules), _) => Sets::One(rule_set(ui, rules)?),
        (None, _) => {
            return Err(CliError::usage("no detections: expected RULES or --diff OLD NEW"));
        }
    };
    let recording = recording(&args, ui.now())?;
    if recording.files.is_empty() {
        ui.warn("the spools contain no files");
    }
    let total = u64::try_from(recording.files.len()).unwrap_or(u64::MAX);
    let progress = ui.progress(Some(total), "evaluating files");
    let task = Task { sets, recording, with_signals: args.signals };
    let result = until_interrupted(task, &progress).await?;
    drop(progress);
    match result {
        Outcome::Backtest(result) => {
            view::backtest(ui, &result, args.signals)?;
            finish(ui, result.is_partial)
        }
        Outcome::Difference(result) => {
            view::difference(ui, &result)?;
            finish(ui, result.is_partial)?;
            match result.rules.is_empty() {
                true => Ok(()),
                false => Err(CliError::new(Kind::Differences, "the signals differ")),
            }
        }
    }
}

fn finish(ui: &Ui, is_partial: bool) -> Result<(), CliError> {
    if !is_partial {
        return Ok(());
    }
    ui.warn("interrupted: the results cover only the files read so far");
    Err(CliError::new(Kind::Interrupted, "interrupted"))
}

enum Sets {
    One(Arc<RuleSet>),
    Two([Arc<RuleSet>; 2]),
}

struct Task {
    sets: Sets,
    recording: Recording,
    with_signals: bool,
}

enum Outcome {
    Backtest(Box<Backtest>),
    Difference(Box<Difference>),
}

impl Task {
    fn run(self, cancel: &Cancel, progress: &mut dyn FnMut()) -> Result<Outcome, ReplayError> {
        let Self { sets, recording, with_signals } = self;
        Ok(match sets {
            Sets::One(rules) => {
                let result = backtest(&recording, &rules, with_signals, cancel, progress)?;
                Outcome::Backtest(Box::new(result))
            }
            Sets::Two(sets) => {
                Outcome::Difference(Box::new(difference(&recording, sets, cancel, progress)?))
            }
        })
    }
}

/// Runs a task on another thread. Ctrl-C ends it early.
async fn until_interrupted(task: Task, progress: &Progress) -> Result<Outcome, CliError> {
    let interrupted = interrupt()?;
    let cancel = Arc::new(Cancel::default());
    let (sender, mut receiver) = oneshot::channel();
    let advance = progress.counter();
    let (files_sender, mut files) = tokio::sync::mpsc::unbounded_channel();
    let thread_cancel = cancel.clone();
    let thread = thread::spawn(move || {
        // The receivers are gone only if the command has ended.
        let result = task.run(&thread_cancel, &mut || _ = files_sender.send(()));
        drop(sender.send(result));
    });
    let mut interrupted = std::pin::pin!(interrupted);
    let mut is_interrupted = false;
    let result = loop {
        tokio::select! {
            result = &mut receiver => break result,
            Some(()) = files.recv() => advance(1),
            () = &mut interrupted, if !is_interrupted => {
                is_interrupted = true;
                cancel.cancel();
            }
        }
    };
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
    match result {
        Ok(result) => Ok(result?),
        Err(_) => Err(CliError::failed("the evaluation ended without a result")),
    }
}

fn recording(args: &BacktestArgs, now: Timestamp) -> Result<Recording, CliError> {
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok());
    Ok(Recording {
        files: recorded_files(&args.spools)?,
        since: args.since.map(|since| since.resolve(now)),
        until: args.until.map(|until| until.resolve_end(now)),
        jobs: jobs.unwrap_or(NonZeroUsize::MIN),
    })
}

/// The enabled detections of a path. All mistakes are reported.
fn rule_set(ui: &Ui, path: &Path) -> Result<Arc<RuleSet>, CliError> {
    let files = rule_input::open(path)?;
    let read = read(&files, &TelemetryChecker);
    if read.errors() > 0 {
        report(ui, &diagnostics(read.remarks(), &read, &files));
        return Err(refused(read.errors()));
    }
    let enabled: Vec<PlacedDetection> =
        read.valid().iter().filter(|placed| placed.detection.is_enabled).cloned().collect();
    if enabled.is_empty() {
        let text = format!("{} contains no enabled detections", name_of(path));
        return Err(CliError::input(text).hint("enabled: true enables a detection"));
    }
    let rules = RuleSet::new(enabled.iter().map(|placed| placed.detection.clone()));
    match rules {
        Ok(rules) => Ok(Arc::new(rules)),
        Err(errors) => {
            for (index, error) in &errors {
                ui.fault(located(&read, enabled.get(*index), &error.to_string()));
            }
            Err(refused(errors.len()))
        }
    }
}

fn located(read: &RuleFiles, placed: Option<&PlacedDetection>, error: &str) -> String {
    match placed {
        Some(PlacedDetection { file, position, detection, .. }) => {
            format!("{}: {}: {error}", read.place(*file, *position), detection.id)
        }
        None => error.to_owned(),
    }
}

fn refused(errors: usize) -> CliError {
    CliError::input(format!("{}; nothing was evaluated", counted(errors, "error")))
}

impl From<ReplayError> for CliError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Spool(error) => error.into(),
            ReplayError::State(error) => error.into(),
        }
    }
}
