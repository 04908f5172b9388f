//! `nicelist plan`.

use clap::Args;

use super::context::Context;
use super::error::{CliError, Kind};
use super::manifest::{ManifestRequest, PolicyArgs};
use super::{planned_change, policy_changes};

/// Show what a manifest would change
///
/// A manifest is a TOML file, or a folder of TOML and CSV files, with tags, settings and rules.
/// docs/MANIFEST.md describes the format. Everything that the manifest does not mention stays as it
/// is, unless --prune is given. This command changes nothing. The exit code is 3 if there are
/// differences, and 0 if there are none.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist plan -f policy/
  nicelist plan -f policy/ --prune --full
  nicelist plan -f policy.toml -o json | jq .revision")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Show all differences
    #[arg(long)]
    full: bool,
}

pub(super) async fn run(context: &Context, args: PlanArgs) -> Result<(), CliError> {
    let PlanArgs { policy: args, full } = args;
    let ui = &context.ui;
    let mut policy = ManifestRequest::read(ui, &args)?;
    let client = context.client_to_change(true).await?;
    policy.find_hosts(context, &client).await?;
    let answer = policy.send(&client, None, true).await?;
    policy_changes::show(ui, &answer, full)?;
    ui.status(planned_change::planned(&answer));
    if answer.changes.is_empty() {
        return Ok(());
    }
    let (options, base) = (args.options(), answer.revision);
    // A script cannot be asked for confirmation.
    let yes = if ui.can_ask() { "" } else { " --yes" };
    ui.hint(format!("to apply exactly this plan: nicelist apply {options} --base {base}{yes}"));
    Err(CliError::new(Kind::Differences, "there are differences"))
}
