//! `nicelist rule import`.

mod faults;
mod rows;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::api::{ChangeAnswer, Code, Problem};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row, Ui};
use crate::client::{Client, ClientError};
use crate::format::Defaults;
use crate::format::csv::{Delimiter, HeaderError, Reader};
use crate::rule::{Outcome, Revision, Scope};
use faults::Faults;
use rows::Rows;

/// Stands for stdin.
const STDIN: &str = "-";

/// Import rules from a CSV file
///
/// The file's first line names its columns: policy, and either target (teamid:EQHXZ8M8AV) or
/// identifier and rule_type. These may follow: scope, cel, message, url, button_label,
/// app_name, bundle_hash, bundle_binary_count, comment, ticket, source, expires. The names and
/// spellings of Santa and of other tools are read as well, in any order and case. A file whose
/// name ends in .tsv has tabs between its fields.
///
/// All rows become one revision, or none does: every bad row is reported with its line and
/// column, nothing is changed, and the exit code is 5. With --partial the good rows are
/// imported and the bad ones are written to the file of --rejects with their lines and reasons;
/// the exit code is 5 if there are any. Mended, that file can be imported as it is.
///
/// Rules that are not in the file are left alone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule import rules.csv --dry-run
  nicelist rule import rules.csv -m 'Q3 baseline'
  nicelist rule import vendor.tsv --scope tag:canary --source vendor
  nicelist rule import rules.csv --partial --rejects rejects.csv
  mdm-export | nicelist rule import -")]
pub(crate) struct ImportArgs {
    /// The file to read; - reads stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Import the good rows even if there are bad ones
    #[arg(long, requires = "rejects")]
    partial: bool,
    /// Write bad rows to this file
    #[arg(long, value_name = "FILE", requires = "partial")]
    rejects: Option<PathBuf>,
    /// Whom rules are for whose row does not say: fleet, group:, tag:, user: or host:NAME
    #[arg(long)]
    scope: Option<Scope>,
    /// Where rules come from whose row does not say
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Say why, for the history
    #[arg(short = 'm', long, visible_alias = "message", value_name = "TEXT")]
    reason: Option<String>,
    /// Show what would happen and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: ImportArgs) -> Result<(), CliError> {
    let client = context.client().await?;
    let scope = match args.scope.clone() {
        Some(scope) => Some(context.scope(&client, scope).await?),
        None => None,
    };
    import(&context.ui, &client, ImportArgs { scope, ..args }).await
}

async fn import(ui: &Ui, client: &Client, args: ImportArgs) -> Result<(), CliError> {
    let ImportArgs { file, partial: _, rejects, scope, source, reason, dry_run } = args;
    let name = if file == Path::new(STDIN) { "stdin".into() } else { file.display().to_string() };
    let delimiter = delimiter_of(&file);
    let (input, length) = open(&file, rejects.as_deref())?;
    let progress = ui.progress(length, format!("reading {name}"));
    let input = BufReader::new(Watched { input, seen: |bytes| progress.advance(bytes) });
    let mut reader = Reader::open(input, delimiter, Defaults { scope, source, policy: None })
        .map_err(|error| bad_header(&name, error))?;
    for column in reader.extra_columns() {
        ui.warn(format!("{name}: column {column} is not used"));
    }
    let mut faults = match rejects {
        Some(path) => Faults::written(path, delimiter, reader.columns().to_vec()),
        None => Faults::told(ui, name.clone()),
    };
    let mut rows = rows::read(&mut reader, &name, &mut faults)?;
    drop(progress);
    if faults.forbid() {
        return Err(faults.error(rows.len()));
    }

    let text = format!("sending {} rules to {}", rows.len(), client.place());
    let progress = ui.progress(None, text);
    let answer = send(client, &mut rows, &mut faults, (reason.as_deref(), dry_run)).await;
    drop(progress);
    let (rejected, complaint) = faults.finish()?;
    let summary = Summary::of(&answer?, rejected, dry_run);
    ui.answer(&summary, [&summary])?;
    ui.status(summary.to_string());
    complaint.map_or(Ok(()), Err)
}

/// Sends all rows as one change. In a partial import, rows that the server refuses are taken
/// out, and the others are sent again.
async fn send(
    client: &Client,
    rows: &mut Rows,
    faults: &mut Faults<'_>,
    (message, dry_run): (Option<&str>, bool),
) -> Result<ChangeAnswer, CliError> {
    loop {
        let change = Change { message, dry_run, put: rows.put() };
        let problem = match client.change_rules_as(&change).await {
            Ok(answer) => return Ok(answer),
            Err(ClientError::Problem(problem)) if is_about_rows(&problem) => problem,
            Err(error) => return Err(error.into()),
        };
        let total = rows.len();
        rows.refuse(&problem.details, faults)?;
        if faults.forbid() || rows.len() == total {
            let hints = problem.hints;
            return Err(hints.into_iter().fold(faults.error(rows.len()), CliError::hint));
        }
    }
}

fn is_about_rows(problem: &Problem) -> bool {
    problem.code == Code::Invalid && problem.details.iter().any(|detail| detail.index.is_some())
}

/// [`RuleChange`](crate::api::RuleChange) around rules that are written already: a million
/// rows take half the memory.
#[derive(Serialize)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    dry_run: bool,
    put: &'a [Box<RawValue>],
}

fn delimiter_of(file: &Path) -> Delimiter {
    match file.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("tsv") => Delimiter::Tab,
        _ => Delimiter::Comma,
    }
}

/// Opens the file, and tells its length if it has one.
fn open(file: &Path, rejects: Option<&Path>) -> Result<(Box<dyn Read>, Option<u64>), CliError> {
    if file == Path::new(STDIN) {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let unreadable = |error: io::Error| {
        CliError::failed(format!("cannot read {}", file.display())).because([error.to_string()])
    };
    let same = |rejects: &Path| match (fs::canonicalize(rejects), fs::canonicalize(file)) {
        (Ok(rejects), Ok(file)) => rejects == file,
        _ => false,
    };
    if rejects.is_some_and(same) {
        let text = format!("--rejects would overwrite {}, which is imported", file.display());
        return Err(CliError::usage(text));
    }
    let opened = File::open(file).map_err(unreadable)?;
    let metadata = opened.metadata().map_err(unreadable)?;
    Ok((Box::new(opened), metadata.is_file().then_some(metadata.len())))
}

fn bad_header(name: &str, error: HeaderError) -> CliError {
    let text = format!("{name} {error}");
    match error {
        HeaderError::Read(_) => CliError::failed(text),
        HeaderError::Missing { .. } => {
            CliError::input(text).hint("nicelist rule import --help lists the columns")
        }
        HeaderError::Empty
        | HeaderError::Utf16
        | HeaderError::Encoding
        | HeaderError::Duplicate { .. } => CliError::input(text),
    }
}

/// Hands bytes on and tells how many.
struct Watched<R, F> {
    input: R,
    seen: F,
}

impl<R: Read, F: Fn(u64)> Read for Watched<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        (self.seen)(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

/// What became of an import.
#[derive(Debug, Serialize)]
struct Summary {
    added: usize,
    changed: usize,
    unchanged: usize,
    rejected: usize,
    revision: Revision,
    dry_run: bool,
}

impl Summary {
    fn of(answer: &ChangeAnswer, rejected: usize, dry_run: bool) -> Self {
        Self {
            added: answer.count(Outcome::Added),
            changed: answer.count(Outcome::Changed),
            unchanged: answer.count(Outcome::Unchanged),
            rejected,
            revision: answer.revision,
            dry_run,
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { added, changed, unchanged, rejected: _, revision, dry_run } = self;
        let dry_run = if *dry_run { "dry run: " } else { "" };
        write!(
            f,
            "{dry_run}added {added}, changed {changed}, unchanged {unchanged} (revision {revision})"
        )
    }
}

/// A table has nothing of it: the line on stderr says the same.
impl Row for &Summary {
    const COLUMNS: &'static [Column] = &[
        Column::machine("added"),
        Column::machine("changed"),
        Column::machine("unchanged"),
        Column::machine("rejected"),
        Column::machine("revision"),
        Column::machine("dry_run"),
    ];
    const HEADED: bool = false;

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(self.added),
            Cell::text(self.changed),
            Cell::text(self.unchanged),
            Cell::text(self.rejected),
            Cell::text(self.revision),
            Cell::text(self.dry_run),
        ]
    }
}

#[cfg(test)]
mod tests;
