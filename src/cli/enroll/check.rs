//! `nicelist enroll check`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::policy_files::{self, counted};
use crate::cli::ui::{Cell, Column, Row, Tone};
use crate::format::enrollment::{self, ProfileCheck, ProfileFinding};
use crate::format::{File, Remark};

/// Find mistakes in profiles that enroll Macs
///
/// Checks the profiles of one Mac together: Santa's settings for its server, and the approvals that
/// macOS needs. Each finding has a key of the profile and a fix. A signed profile is read, but its
/// signature is not checked. Secrets are not shown.
///
/// The exit code is 3 if there are findings, 5 if a file is damaged or not a profile, and 1 if a file
/// cannot be read.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist enroll check santa.mobileconfig
  nicelist enroll check santa-settings.mobileconfig santa-approvals.mobileconfig
  nicelist enroll check santa.mobileconfig -o json | jq -r .[].fix")]
pub(crate) struct CheckArgs {
    /// Profiles to check; - reads stdin
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Serialize)]
struct FindingRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    key: String,
    problem: String,
    fix: String,
}

impl Row for FindingRow {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("key", |row| Cell::toned(&row.key, Tone::Strong)),
            Column::new("problem", |row| Cell::text(&row.problem)),
            Column::new("fix", |row| Cell::text(&row.fix)),
            Column::new("file", |row: &Self| Cell::optional(row.file.as_ref())).rank(1),
        ]
    }
}

pub(super) async fn run(context: &Context, args: CheckArgs) -> Result<(), CliError> {
    let files = args.files.iter().map(|path| policy_files::read_profile(path));
    let files: Vec<File> = files.collect::<Result<_, _>>()?;
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let place = |remark: &Remark| format!("{}: {}", remark.location.in_files(&names), remark.text);
    let ProfileCheck { faults, notes, findings } = enrollment::check(&files);
    if let [first, others @ ..] = faults.as_slice() {
        return Err(CliError::input(place(first))
            .because(others.iter().map(place))
            .hint("get the file again, or create one: nicelist enroll profile --url URL"));
    }
    notes.iter().for_each(|note| context.ui.warn(place(note)));
    let count = findings.len();
    let row = |ProfileFinding { file, key, problem, fix }: ProfileFinding| {
        let file = file.and_then(|file| names.get(file).cloned());
        FindingRow { file, key, problem, fix }
    };
    let list = context.ui.list::<FindingRow>("");
    let list = match names.len() == 1 && context.ui.draws_tables() {
        true => list.with_columns(&["key", "problem", "fix"]),
        false => list,
    };
    list.rows(findings.into_iter().map(row))?;
    match count {
        0 => {
            context.ui.status("no findings");
            Ok(())
        }
        _ => {
            context.ui.status(counted(count, "finding"));
            Err(CliError::new(Kind::Differences, "there are findings"))
        }
    }
}
