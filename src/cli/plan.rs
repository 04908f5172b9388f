//! `nicelist plan`.

use clap::Args;

use super::context::Context;
use super::difference;
use super::error::{CliError, Kind};
use super::manifest::{Policy, PolicyArgs};

/// Show what a manifest would change, and change nothing
///
/// A manifest is a TOML file, or a folder of them, with tags, settings and rules: [tags.NAME],
/// [settings.SCOPE], [[rules]]. What it does not name is left alone; with --prune it ends. The exit
/// code is 3 if there are differences, and 0 if there are none.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist plan -f policy/
  nicelist plan -f policy.toml --prune -o json
  nicelist plan -f policy/ || test $? -eq 3")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Show every difference, however many they are
    #[arg(long)]
    full: bool,
}

pub(super) async fn run(context: &Context, args: PlanArgs) -> Result<(), CliError> {
    let PlanArgs { policy, full } = args;
    let ui = &context.ui;
    let mut policy = Policy::read(ui, &policy)?;
    let client = context.client().await?;
    let answer = policy.ask(&client, None, true).await?;
    difference::show(ui, &answer, full)?;
    ui.status(difference::planned(&answer));
    match answer.changes.is_empty() {
        true => Ok(()),
        false => Err(CliError::new(Kind::Differences, "there are differences")),
    }
}
