//! `nicelist detect validate`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::diagnostic::{Deny, diagnostics, show, summary};
use super::rule_input;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::detect::check::TelemetryChecker;
use crate::detect::rule_files::read;

/// Check rule files for mistakes
///
/// Reports all mistakes of all files, each with its place: keys and values, names and types in
/// expressions, values of enums, kinds of events, fields in lists, and regular expressions. Disabled
/// detections are checked, too.
///
/// The exit code is 5 if there are errors, and 0 if there are only warnings.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect validate detections/
  nicelist detect validate detections/ --deny warning
  nicelist detect validate detections/ --sarif > nicelist.sarif
  nicelist detect validate detections/ -o json | jq -r '.[].code'")]
pub(crate) struct ValidateArgs {
    /// File or folder to check; - reads stdin
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,
    /// Minimum level for exit code 5
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    deny: Deny,
    /// Write SARIF, for code review tools
    #[arg(long)]
    sarif: bool,
}

pub(super) async fn run(context: &Context, args: ValidateArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let ValidateArgs { path, deny, sarif } = args;
    let files = rule_input::open(&path)?;
    let read = read(&files, &TelemetryChecker);
    show(ui, diagnostics(read.remarks(), &read, &files), sarif)?;
    let checked = counted(files.len(), "file");
    let is_denied = read.remarks().iter().any(|remark| remark.level <= deny.level());
    if is_denied || read.errors() > 0 {
        return Err(CliError::input(format!("{} in {checked}", summary(read.remarks()))));
    }
    let found = summary(read.remarks());
    let found = if found.is_empty() { "no mistakes".to_owned() } else { found };
    let detections = counted(read.valid().len(), "detection");
    ui.status(format!("checked {detections} in {checked}: {found}"));
    Ok(())
}
