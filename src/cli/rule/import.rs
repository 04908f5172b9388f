//! `nicelist rule import`.

mod changes;
mod faults;
mod rows;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::convert::DefaultArgs;
use crate::api::{ChangeAnswer, ChangeWarning, Code, Problem};
use crate::cli::arrival::ArrivalArgs;
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::policy_files::{self, Input, ReadArgs, Reading, STDIO};
use crate::cli::ui::{Cell, Column, Progress, Row, Ui};
use crate::client::{Client, ClientError};
use crate::fleet::PolicyState;
use crate::format::{Defaults, Format};
use crate::rule::{ChangeMessage, Outcome, Revision, RuleField, RuleFields};
use changes::ChangedRule;
use faults::Faults;
use rows::{ChangeOptions, Rows, Sent};

/// Import rules from files in any format
///
/// The format is detected from the content. --from overrides it. The first line of a CSV file lists
/// its columns. Required columns: policy, and either target (teamid:EQHXZ8M8AV) or identifier and
/// rule_type. Optional columns: scope, cel, message, url, button_label, app_name, bundle_hash,
/// bundle_binary_count, comment, ticket, source, expires. nicelist also accepts the column names
/// and values of Santa and other tools. The order of the columns and the case of letters do not
/// matter. docs/FORMATS.md describes the other formats.
///
/// All files are imported in one revision. They must have the same columns, unless --replace is
/// given. Identical rows are imported once. Two files must not have different rules for the same
/// target and scope. If a file has invalid entries, nicelist reports their lines and columns and
/// changes nothing. The exit code is then 5.
///
/// With --partial, nicelist imports the valid rows of a CSV file. It writes the invalid rows, with
/// their line numbers and the reasons, to the file given with --rejects. If any row is invalid, the
/// exit code is still 5. Fix the rows in that second file, then import it.
///
/// If a CSV file has no column for a field, existing rules keep their value of the field, unless
/// their policy changes. An empty cell removes the value. In other formats, existing rules keep the
/// values of omitted fields. With --replace, existing rules lose the values of omitted fields.
/// nicelist shows the old and the new values of changed fields. A table shows only the first 20
/// rules.
///
/// Rules that are not in the files do not change. With --prune, nicelist removes those of them that
/// have the source given with --source. It never removes rules of other sources.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule import rules.csv --dry-run
  nicelist rule import rules.csv -m 'Q3 baseline'
  nicelist rule import rules.csv --wait=95% --timeout 1h
  nicelist rule import baseline/*.csv --source baseline --prune
  nicelist rule import vendor.tsv --scope tag:canary --source vendor --prune
  nicelist rule import rules.csv --partial --rejects rejects.csv
  nicelist rule import santa.mobileconfig --source mdm
  curl -s https://zentral.example/api/santa/rules/ | nicelist rule import - \\
      --from zentral-json")]
pub(crate) struct ImportArgs {
    /// Files or folders to read; - reads stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    read: ReadArgs,
    /// Import the valid rows of one CSV file even if other rows are invalid
    #[arg(long, requires = "rejects")]
    partial: bool,
    /// Show all errors, not only the first 20
    #[arg(long)]
    all_errors: bool,
    /// Write the invalid rows to this file
    #[arg(long, value_name = "FILE", requires = "partial")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    defaults: DefaultArgs,
    /// Reset omitted fields of existing rules instead of keeping their values
    #[arg(long)]
    replace: bool,
    /// Remove rules of this source that are not in the files
    #[arg(long, requires = "source", conflicts_with = "partial")]
    prune: bool,
    /// Allow --prune to remove all rules of the source if the file is empty
    #[arg(long, requires = "prune")]
    allow_empty: bool,
    /// Reason for the change, kept in the history
    #[arg(short = 'm', long, visible_alias = "message", value_name = "TEXT")]
    reason: Option<ChangeMessage>,
    /// Save the change even if lint finds errors; requires --reason
    #[arg(long, requires = "reason")]
    force: bool,
    /// Show what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    arrival: ArrivalArgs,
}

pub(super) async fn run(context: &Context, mut args: ImportArgs) -> Result<(), CliError> {
    let client = context.client_to_change(args.dry_run).await?;
    if let Some(scope) = args.defaults.scope.take() {
        args.defaults.scope = Some(context.scope_of_rules(&client, scope).await?);
    }
    import(&context.ui, &client, args).await
}

async fn import(ui: &Ui, client: &Client, args: ImportArgs) -> Result<(), CliError> {
    let ImportArgs { files, read, rejects, defaults, replace, prune, allow_empty, .. } = args;
    let (reason, dry_run, arrival) = (args.reason, args.dry_run, args.arrival);
    rejects.as_deref().map_or(Ok(()), refuse_existing)?;
    let prune = defaults.source.clone().filter(|_| prune);
    let length: Option<u64> = files.iter().map(|file| policy_files::length_of(file)).sum();
    let progress = ui.progress(length, format!("reading {}", names_of(&files)));
    let defaults = defaults.of_configuration(read.configuration);
    let mut inputs = open(ui, &files, read.from, &defaults, &progress)?;
    inputs.iter().for_each(|input| warn_of_others(ui, input));
    let mut faults = match rejects {
        Some(path) => faults_to_file(path, &inputs, dry_run)?,
        None => Faults::shown(ui, args.all_errors, inputs.iter().map(Input::format)),
    };
    let reset = if replace { RuleField::ALL.to_vec() } else { common_fields(&files, &inputs)? };
    let options =
        ChangeOptions { message: reason, dry_run, force: args.force, prune: prune.clone(), reset };
    let (rows, identical) = rows::read(&mut inputs, length, options, &mut faults)?;
    drop(progress);
    inputs.iter().for_each(|input| input.warn(ui));
    identical.warn(ui);
    let conflicts: usize = inputs.iter().map(Input::conflicts).sum();
    if faults.forbid() {
        let error = faults.error(rows.len() + rows.left_out());
        return Err(with_choice(ui, error, conflicts));
    }
    drop(inputs);
    if let (Some(source), 0, false) = (&prune, rows.len(), allow_empty) {
        let text = format!(
            "the file has no rules; --prune would remove all rules of source \
            {source}"
        );
        let hint = format!("to remove them: {}", ui.again("--allow-empty"));
        return Err(CliError::new(Kind::Guarded, text).hint(hint));
    }

    if rows.expire() {
        ui.note_zone();
    }
    let text = format!("sending {} rules to {}", rows.len(), client.address());
    let progress = ui.progress(None, text);
    let answer = send(client, rows, &mut faults).await;
    drop(progress);
    let (answer, sent) = answer?;
    let (rejected, complaint) = faults.finish()?;
    let mut summary = Summary::of(&answer, rejected, dry_run);
    if ui.writes_documents() {
        summary.changes = changes::all(&answer, &sent)?;
    }
    let created = answer.changed.then_some(answer.revision);
    let waited = arrival
        .show_and_wait(ui, client, created, &summary, |whole| {
            show(ui, whole, &summary, &answer, &sent)
        })
        .await;
    match complaint {
        Some(complaint) => Err(with_wait(with_choice(ui, complaint, conflicts), waited)),
        None => waited,
    }
}

/// The error for rejected rows, with the error of the wait as a cause. After Ctrl-C, or if stdout
/// was closed, returns only the latter.
fn with_wait(complaint: CliError, waited: Result<(), CliError>) -> CliError {
    match waited {
        Ok(()) => complaint,
        Err(error) if !error.kind.has_message() => error,
        Err(error) => {
            let causes = std::iter::once(error.message).chain(error.causes);
            error.hints.into_iter().fold(complaint.because(causes), CliError::hint)
        }
    }
}

/// Shows what an import changed. The JSON output is `whole`.
fn show(
    ui: &Ui,
    whole: &impl Serialize,
    summary: &Summary,
    answer: &ChangeAnswer,
    sent: &Sent,
) -> Result<(), CliError> {
    change::warn(ui, &answer.warnings);
    changes::warn_of_moved(ui, answer, summary.dry_run);
    changes::show(ui, answer, sent, summary.dry_run)?;
    match ui.writes_documents() {
        true => ui.document(whole)?,
        false => ui.row(summary)?,
    }
    ui.status(summary.to_string());
    if answer.changed && !summary.dry_run {
        change::show_undo(ui, answer.revision);
    }
    Ok(())
}

fn names_of(files: &[PathBuf]) -> String {
    match files {
        [file] => policy_files::name_of(file),
        several => policy_files::counted(several.len(), "file"),
    }
}

fn open(
    ui: &Ui,
    files: &[PathBuf],
    format: Option<Format>,
    defaults: &Defaults,
    progress: &Progress,
) -> Result<Vec<Input>, CliError> {
    if files.iter().filter(|file| **file == Path::new(STDIO)).count() > 1 {
        return Err(CliError::usage("stdin can be read only one time"));
    }
    let open = |file: &PathBuf| Input::open(ui, file, format, defaults.clone(), progress.counter());
    files.iter().map(open).collect()
}

fn faults_to_file<'u>(
    path: PathBuf,
    inputs: &[Input],
    dry_run: bool,
) -> Result<Faults<'u>, CliError> {
    let [input] = inputs else {
        return Err(CliError::usage("--partial imports only one file at a time"));
    };
    match input.reading() {
        Reading::Csv(reader, delimiter) => {
            Ok(Faults::written(path, *delimiter, reader.columns().to_vec(), dry_run))
        }
        Reading::Jsonl(_) | Reading::Whole(_) => {
            let text =
                format!("--rejects requires a CSV file, but the format is {}", input.format());
            Err(CliError::usage(text))
        }
    }
}

/// The fields that the files have columns for. Fails if the files have different columns, because a
/// change resets the same fields of all rules.
fn common_fields(files: &[PathBuf], inputs: &[Input]) -> Result<Vec<RuleField>, CliError> {
    let fields: Vec<RuleFields> = inputs.iter().map(Input::fields).collect();
    let first = fields.first().copied().unwrap_or_default();
    match fields.iter().position(|other| *other != first) {
        None => Ok(first.iter().collect()),
        Some(at) => {
            let (one, two) = (fields[0], fields[at]);
            let [first, other] = [0, at].map(|at| policy_files::name_of(&files[at]));
            let missing = [(&first, two.without(one)), (&other, one.without(two))];
            let missing = missing.into_iter().filter(|(_, fields)| !fields.is_empty());
            let missing = missing.map(|(name, fields)| {
                let columns: Vec<&str> = fields.iter().map(RuleField::column).collect();
                format!("{name} has no {}", columns.join(", "))
            });
            let missing: Vec<String> = missing.collect();
            let missing = missing.join("; ");
            let text = format!("{first} and {other} have different columns: {missing}");
            Err(CliError::usage(text)
                .hint("import them one after the other, or pass --replace to reset omitted fields"))
        }
    }
}

/// Adds a hint if rows are in conflict.
fn with_choice(ui: &Ui, error: CliError, conflicts: usize) -> CliError {
    if conflicts == 0 { error } else { error.hint(policy_files::choose_duplicates(ui)) }
}

/// Warns of settings and tags, which are not imported.
fn warn_of_others(ui: &Ui, input: &Input) {
    let PolicyState { tags, settings, rules: _ } = input.settings_and_tags();
    let ignored = [(settings.len(), "setting"), (tags.len(), "tag")];
    let ignored = ignored.into_iter().filter(|(count, _)| *count > 0);
    let ignored: Vec<String> =
        ignored.map(|(count, thing)| policy_files::counted(count, thing)).collect();
    if !ignored.is_empty() {
        ui.warn(format!("not imported: {} (only rules are imported)", ignored.join(" and ")));
        ui.hint("to apply the whole file: nicelist apply -f FILE");
    }
}

/// Sends all rules as one change. In a partial import, rows that the server refuses are removed,
/// and the others are sent again.
async fn send(
    client: &Client,
    mut rows: Rows,
    faults: &mut Faults<'_>,
) -> Result<(ChangeAnswer, Sent), CliError> {
    loop {
        let total = rows.len();
        let (body, sent) = rows.into_body();
        let problem = match client.change_rules_as_written(body).await {
            Ok(answer) => return Ok((answer, sent)),
            Err(ClientError::Problem(problem)) if is_about_rows(&problem) => problem,
            Err(error) => return Err(error.into()),
        };
        rows = sent.without(&problem.details, faults)?;
        if faults.forbid() || rows.len() == total {
            let hints = problem.hints;
            let error = faults.error(rows.len() + rows.left_out());
            return Err(hints.into_iter().fold(error, CliError::hint));
        }
    }
}

fn is_about_rows(problem: &Problem) -> bool {
    matches!(problem.code, Code::Invalid | Code::Ambiguous)
        && problem.details.iter().any(|detail| detail.index.is_some())
}

/// Refuses to overwrite a file, such as the file that is imported.
fn refuse_existing(rejects: &Path) -> Result<(), CliError> {
    match rejects.symlink_metadata() {
        Ok(_) => {
            let text = format!("the file of --rejects already exists: {}", rejects.display());
            Err(CliError::usage(text).hint("choose another name, or delete the file first"))
        }
        Err(_) => Ok(()),
    }
}

#[derive(Debug, Serialize)]
struct Summary {
    added: usize,
    changed: usize,
    unchanged: usize,
    removed: usize,
    rejected: usize,
    revision: Revision,
    dry_run: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ChangeWarning>,
    /// Every rule that differs. Only for JSON and YAML.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangedRule>,
}

impl Summary {
    fn of(answer: &ChangeAnswer, rejected: usize, dry_run: bool) -> Self {
        Self {
            added: answer.count(Outcome::Added),
            changed: answer.count(Outcome::Changed),
            unchanged: answer.count(Outcome::Unchanged),
            removed: answer.pruned.len(),
            rejected,
            revision: answer.revision,
            dry_run,
            warnings: answer.warnings.clone(),
            changes: Vec::new(),
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { added, changed, unchanged, removed, rejected: _, revision, dry_run, .. } = self;
        let dry_run = if *dry_run { "dry run: " } else { "" };
        write!(f, "{dry_run}added {added}, changed {changed}, unchanged {unchanged}")?;
        if *removed > 0 {
            write!(f, ", removed {removed}")?;
        }
        write!(f, " (revision {revision})")
    }
}

/// A table has no columns, because the line on stderr has the same numbers.
impl Row for Summary {
    const HEADED: bool = false;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::csv("added", |it| Cell::text(it.added)),
            Column::csv("changed", |it| Cell::text(it.changed)),
            Column::csv("unchanged", |it| Cell::text(it.unchanged)),
            Column::csv("removed", |it| Cell::text(it.removed)),
            Column::csv("rejected", |it| Cell::text(it.rejected)),
            Column::csv("revision", |it| Cell::text(it.revision)),
            Column::csv("dry_run", |it| Cell::text(it.dry_run)),
        ]
    }
}

#[cfg(test)]
mod tests;
