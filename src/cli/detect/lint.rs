//! `nicelist detect lint`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};

use super::diagnostic::{Deny, diagnostics, show, summary};
use super::rule_input;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::policy_files::counted;
use crate::detect::check::{LintCode, NEVER_MATCHES, TelemetryChecker, lint};
use crate::detect::rule_files::{Level, Remark, RuleFiles, read};

/// Find mistakes in valid detections
///
/// Reports detections that never match, that always match, or whose events all match another rule;
/// fields without a comparison of kind; expensive expressions; regular expressions without an
/// anchor; expressions that require no text, so that they are evaluated for every event; and serious
/// detections without a description.
///
/// The exit code is 3 if any finding has at least the level of --deny, and 5 if the files are not
/// valid.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect lint detections/
  nicelist detect lint detections/ --deny note
  nicelist detect lint detections/ --ignore no-description
  nicelist detect lint detections/ --sarif > nicelist.sarif")]
pub(crate) struct LintArgs {
    /// File or folder to check; - reads stdin
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,
    /// Minimum level for exit code 3
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    deny: Deny,
    /// Do not report findings with this code; can be repeated
    #[arg(long, value_name = "CODE")]
    #[arg(value_parser = PossibleValuesParser::new(LintCode::ALL.map(LintCode::word)))]
    ignore: Vec<String>,
    /// Write SARIF, for code review tools
    #[arg(long)]
    sarif: bool,
}

pub(super) async fn run(context: &Context, args: LintArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let LintArgs { path, deny, ignore, sarif } = args;
    let files = rule_input::open(&path)?;
    let read = read(&files, &TelemetryChecker);
    if is_invalid(&read) {
        show(ui, diagnostics(read.remarks(), &read, &files), sarif)?;
        let found = summary(read.remarks());
        return Err(CliError::input(format!("{found} in {}", counted(files.len(), "file"))));
    }
    let mut findings = findings(&read);
    findings.retain(|remark| !ignore.iter().any(|code| code == remark.code));
    show(ui, diagnostics(&findings, &read, &files), sarif)?;
    let found = summary(&findings);
    ui.status(if found.is_empty() { "no findings".to_owned() } else { found });
    match findings.iter().any(|remark| remark.level <= deny.level()) {
        true => Err(CliError::new(Kind::Differences, "there are findings")),
        false => Ok(()),
    }
}

/// Whether there is an error that is not a finding.
fn is_invalid(read: &RuleFiles) -> bool {
    let is_finding = |remark: &&Remark| remark.code == NEVER_MATCHES;
    let errors = read.remarks().iter().filter(|remark| remark.level == Level::Error);
    errors.filter(is_finding).count() < read.errors()
}

/// The findings of the reader and of the lint, sorted by place.
fn findings(read: &RuleFiles) -> Vec<Remark> {
    let is_finding = |remark: &&Remark| LintCode::from_word(remark.code).is_some();
    let mut findings: Vec<Remark> = read.remarks().iter().filter(is_finding).cloned().collect();
    findings.extend(lint(read.valid()));
    findings.sort_by_key(|remark| (remark.file, remark.position));
    findings
}
