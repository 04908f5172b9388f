//! `nicelist database compare`.

use clap::Args;
use serde::Serialize;

use super::named::{DatabaseName, NamedDatabase};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::ui::{Cell, Column, Progress, Row, Tone};
use crate::server::maintenance::{Compared, CopyStep, MaintenanceError, compare};

/// Compare all data of two databases
///
/// Compares snapshots of the databases row by row. Neither database is changed. The exit code is 3
/// if they differ. Stop the server first: if it writes to one of the databases, they differ.
/// `configured` means the database from --database, NICELIST_DATABASE or the configuration file.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database compare sqlite:nicelist.db configured
  nicelist database compare sqlite:nicelist.db sqlite:backup.db -o json")]
pub(crate) struct CompareArgs {
    /// Database: sqlite:PATH, postgres://USER@HOST/NAME or configured
    #[arg(value_parser = DatabaseName)]
    first: NamedDatabase,
    /// Database to compare with the first
    #[arg(value_parser = DatabaseName)]
    second: NamedDatabase,
}

pub(super) async fn run(context: &Context, args: CompareArgs) -> Result<(), CliError> {
    let CompareArgs { first, second } = args;
    let (first, second) = (first.resolve(context)?, second.resolve(context)?);
    let progress = context.ui.progress(None, "opening");
    let (first_url, second_url) = (first.expose(), second.expose());
    let tables = compare(&first_url, &second_url, &|step| show_step(&progress, step)).await?;
    drop(progress);
    let differ: Vec<&Compared> = tables.iter().filter(|table| !table.is_same()).collect();
    context.ui.rows(tables.iter().map(Line::from), "")?;
    if differ.is_empty() {
        context.ui.status("both databases have the same rows");
        return Ok(());
    }
    differ.iter().for_each(|table| context.ui.status(sentence(table)));
    Err(CliError::new(Kind::Differences, "the databases differ"))
}

/// The differences of a table in one line.
fn sentence(compared: &Compared) -> String {
    let Compared { table, different, only_first, only_second, .. } = compared;
    let mut parts = Vec::new();
    for (rows, how) in [
        (different, "different"),
        (only_first, "only in the first database"),
        (only_second, "only in the second database"),
    ] {
        if *rows > 0 {
            parts.push(format!("{rows} {how}"));
        }
    }
    if let Some(key) = &compared.first_difference {
        parts.push(format!("first difference at {key}"));
    }
    if compared.reuses_numbers {
        let text = "new rows in the second database may reuse row numbers of the first";
        parts.push(text.to_owned());
    }
    format!("{table}: {}", parts.join(", "))
}

/// The result for one table.
#[derive(Serialize)]
struct Line<'a> {
    table: &'static str,
    same: u64,
    different: u64,
    only_first: u64,
    only_second: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_difference: Option<&'a str>,
    reuses_numbers: bool,
}

impl<'a> From<&'a Compared> for Line<'a> {
    fn from(compared: &'a Compared) -> Self {
        let Compared { table, same, different, only_first, only_second, .. } = *compared;
        let first_difference = compared.first_difference.as_deref();
        let reuses_numbers = compared.reuses_numbers;
        Self { table, same, different, only_first, only_second, first_difference, reuses_numbers }
    }
}

impl Row for Line<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("table", |line| Cell::text(line.table)),
            Column::new("same", |line| Cell::text(line.same)),
            Column::new("different", |line| differing(line.different)),
            Column::new("only_first", |line| differing(line.only_first)),
            Column::new("only_second", |line| differing(line.only_second)),
            Column::csv("first_difference", |line| Cell::optional(line.first_difference)),
            Column::csv("reuses_numbers", |line| Cell::text(line.reuses_numbers)),
        ]
    }
}

fn differing(rows: u64) -> Cell {
    Cell::toned(rows, if rows == 0 { Tone::Faint } else { Tone::Bad })
}

/// Shows the current step of a copy or comparison.
pub(super) fn show_step(progress: &Progress, step: CopyStep) {
    match step {
        CopyStep::Copying(table) => progress.set_text(format!("copying {table}")),
        CopyStep::Completing => progress.set_text("indexing"),
        CopyStep::Checking(table) => progress.set_text(format!("comparing {table}")),
        CopyStep::Rows(rows) => progress.advance(rows),
    }
}

impl From<MaintenanceError> for CliError {
    fn from(error: MaintenanceError) -> Self {
        let message = error.to_string();
        match error {
            MaintenanceError::Open(_)
            | MaintenanceError::Read { .. }
            | MaintenanceError::Write { .. } => Self::failed(message),
            MaintenanceError::Differs { tables, .. } => {
                let different = tables.iter().filter(|table| !table.is_same());
                Self::failed(message).because(different.map(sentence))
            }
        }
    }
}
