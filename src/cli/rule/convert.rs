//! `nicelist rule convert`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::{
    self, Destination, Fault, FaultList, Finished, Input, LossSummary, ReadArgs, WriteOptions,
    formats,
};
use crate::cli::ui::{Cell, Column, Row};
use crate::format::{Defaults, Duplicates, Format};
use crate::rule::{PolicyKind, Scope};

/// Convert rules between formats, without a server
///
/// The format of IN is detected from its content, and the format of OUT from its extension. --from
/// and --to override them. IN can be a folder of Moroz or a manifest. OUT is a folder if the format
/// needs several files.
///
/// If the format of OUT cannot express something, nicelist lists it first and leaves it out. With
/// --strict, nicelist then writes nothing, and the exit code is 5. Unknown columns, unknown keys
/// and other parts of IN that are not about rules only cause warnings, even with --strict.
///
/// If IN has invalid entries, nicelist lists the first 20 with their locations and writes nothing.
/// The exit code is then 5.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule convert /etc/moroz policy.toml
  nicelist rule convert zentral.json rules.csv --strict
  nicelist rule convert rules.csv santa.mobileconfig
  nicelist rule convert rules.csv - --to jsonl | jq .target
  santactl fileinfo --json /Applications/Zoom.app | nicelist rule convert - \\
      zoom.csv --policy allow")]
pub(crate) struct ConvertArgs {
    /// File or folder to read; - reads stdin
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// File or folder to write; - writes to stdout
    #[arg(value_name = "OUT")]
    out: PathBuf,
    #[command(flatten)]
    read: ReadArgs,
    /// Format of OUT [default: detected from its extension]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    to: Option<Format>,
    #[command(flatten)]
    defaults: DefaultArgs,
    /// Show all errors, not only the first 20
    #[arg(long)]
    all_errors: bool,
    /// Write nothing if the format of OUT cannot express all rules
    #[arg(long)]
    strict: bool,
    /// Show what the format of OUT cannot express, but write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Values for rules that do not give their own.
#[derive(Debug, Args)]
pub(super) struct DefaultArgs {
    /// Scope for rows without one: fleet, or group:, tag:, user: or host:NAME
    #[arg(long)]
    pub(super) scope: Option<Scope>,
    /// Source for rows without one
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
    /// Policy for programs in the output of santactl fileinfo --json
    #[arg(long, value_parser = Words::<PolicyKind>::new(PolicyKind::ALL.map(PolicyKind::word)))]
    pub(super) policy: Option<PolicyKind>,
    /// Which entry to use if several different ones have the same target and scope
    #[arg(long, value_name = "WHICH", default_value = Duplicates::Error.word())]
    #[arg(value_parser = Words::<Duplicates>::new(Duplicates::ALL.map(Duplicates::word)))]
    pub(super) duplicates: Duplicates,
}

impl DefaultArgs {
    pub(super) fn of_configuration(self, configuration: Option<String>) -> Defaults {
        let Self { scope, source, policy, duplicates } = self;
        Defaults { scope, source, policy, duplicates, configuration }
    }
}

pub(super) async fn run(context: &Context, args: ConvertArgs) -> Result<(), CliError> {
    let ConvertArgs { input, out, read, to, defaults, all_errors, strict, dry_run } = args;
    let ui = &context.ui;
    let destination = Destination::new(Some(out), to)?;
    let progress = ui.progress(
        policy_files::length_of(&input),
        format!("reading {}", policy_files::name_of(&input)),
    );
    let defaults = defaults.of_configuration(read.configuration);
    let mut input = Input::open(ui, &input, read.from, defaults, progress.counter())?;
    let mut sink =
        destination.begin(ui, input.settings_and_tags(), WriteOptions { strict, dry_run })?;
    let mut good = 0;
    let mut faults = FaultList::new(ui, all_errors);
    while let Some(rule) = input.next() {
        match rule {
            // After a fault, no more rules are written. Valid rules are only counted.
            Ok(_) if faults.count() > 0 => good += 1,
            Ok((_, rule)) => {
                good += 1;
                sink.write(rule)?;
            }
            Err(Fault::Bad { place, text, row: _ }) => {
                faults.add(format!("{place}: {text}"));
            }
            Err(Fault::Failed(error)) => return Err(error),
        }
    }
    drop(progress);
    if faults.count() > 0 {
        input.warn_of_columns(ui);
        return Err(refused(&input, &faults, good));
    }
    input.warn(ui);
    input.identical_rows().warn(ui);
    let Finished { count, losses } = sink.finish()?;
    let summary = Summary {
        from: input.format().word(),
        to: destination.format().word(),
        rules: count,
        lost: losses,
        dry_run,
    };
    match destination.path() {
        // The rules were written to stdout, so no summary is printed.
        None if !dry_run => Ok(()),
        path => {
            ui.row(&summary)?;
            let place = path.map_or("stdout".into(), |path| path.display().to_string());
            ui.status(summary.status(&place));
            Ok(())
        }
    }
}

/// The error for an input with faults and `good` valid rules.
fn refused(input: &Input, faults: &FaultList, good: usize) -> CliError {
    let bad = faults.count();
    let text = match input.format().streams() {
        true => format!("{bad} of {} rows are invalid", bad + good + input.left_out()),
        false => format!("found {}", policy_files::counted(bad, "error")),
    };
    let mut error = CliError::input(format!("{text}; nothing was written"));
    if input.conflicts() > 0 {
        error = error.hint(policy_files::choose_duplicates(faults.ui()));
    }
    faults.with_hints(error)
}

#[derive(Debug, Serialize)]
struct Summary {
    from: &'static str,
    to: &'static str,
    rules: usize,
    lost: LossSummary,
    dry_run: bool,
}

impl Summary {
    fn status(&self, place: &str) -> String {
        let Self { from, to, rules, lost, dry_run } = self;
        let done = if *dry_run { "dry run: would write" } else { "wrote" };
        let left_out = match lost.left_out() {
            0 => String::new(),
            count => format!(", left out {count}"),
        };
        let rules = policy_files::counted(*rules, "rule");
        format!("{done} {rules} to {place} ({from} to {to}{left_out})")
    }
}

/// A table has no columns, because the line on stderr has the same numbers.
impl Row for Summary {
    const HEADED: bool = false;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::csv("from", |it| Cell::text(it.from)),
            Column::csv("to", |it| Cell::text(it.to)),
            Column::csv("rules", |it| Cell::text(it.rules)),
            Column::csv("left_out", |it| Cell::text(it.lost.left_out())),
            Column::csv("dry_run", |it| Cell::text(it.dry_run)),
        ]
    }
}
