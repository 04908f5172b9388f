//! `nicelist apply`.

use clap::Args;

use super::context::Context;
use super::error::{CliError, Kind};
use super::manifest::{ManifestRequest, PolicyArgs};
use super::planned_change::{PlanOptions, PlannedChangeArgs, confirm_and_change};
use crate::api::PolicyAnswer;
use crate::client::Client;
use crate::rule::{Outcome, Revision};

/// A change with at most this many removals is guarded only if the manifest is empty.
const FEW: usize = 10;

/// Apply a manifest of tags, settings and rules
///
/// Shows the changes, asks for confirmation, and saves them as one revision. If someone else
/// changes the policy in the meantime, nothing is changed: nicelist shows the new differences and
/// exits with code 7.
///
/// Everything that the manifest does not mention stays as it is, unless --prune is given. A safety
/// check refuses --prune with exit code 6 in two cases: the manifest is empty, or --prune would
/// delete more than 10 items and most of the active policy. --prune-most turns this check off.
#[derive(Debug, Args)]
#[command(mut_arg("reason", |arg| arg.visible_alias("message")))]
#[command(after_long_help = "\
Examples:
  nicelist apply -f policy/ --dry-run
  nicelist apply -f policy/ -m 'Q3 baseline'
  nicelist apply -f policy.toml --prune --yes -m \"$CI_COMMIT_SHA\"
  nicelist apply -f policy/ --yes --base 44
  nicelist apply -f policy/ --wait=95% --timeout 1h")]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Allow --prune to delete most of the active policy
    #[arg(long, requires = "prune")]
    prune_most: bool,
    #[command(flatten)]
    change: PlannedChangeArgs,
}

pub(super) async fn run(context: &Context, args: ApplyArgs) -> Result<(), CliError> {
    let ApplyArgs { policy, prune_most, change } = args;
    let ui = &context.ui;
    let (prune, options) = (policy.prune, policy.options());
    let mut policy = ManifestRequest::read(ui, &policy)?;
    policy.set_reason(change.reason.clone(), change.force);
    let client = context.client_to_change(change.dry_run).await?;
    policy.find_hosts(context, &client).await?;
    let base = match prune && !prune_most && !change.dry_run {
        true => {
            let yes = if change.yes || !ui.can_ask() { " --yes" } else { "" };
            let list = ui.command(&format!("plan {options}"));
            let remove = ui.command(&format!("apply {options} --prune-most{yes}"));
            let checked = guarded(&mut policy, &client, [list, remove]).await?;
            change.base.or(Some(checked))
        }
        false => change.base,
    };
    let question = format!("Apply these changes to {}?", client.address());
    let options = PlanOptions { base, ..change.options(&question) };
    confirm_and_change(ui, &client, options, async |base, dry_run| {
        policy.send(&client, base, dry_run).await
    })
    .await
}

/// Refuses to remove more than [`FEW`] items and most of the active policy, or anything if the
/// manifest is empty. Returns the revision that was checked. `list` and `remove` are the commands in
/// the hints.
async fn guarded(
    policy: &mut ManifestRequest,
    client: &Client,
    [list, remove]: [String; 2],
) -> Result<Revision, CliError> {
    let answer = policy.send(client, None, true).await?;
    let PolicyAnswer { revision, unchanged, .. } = answer;
    let removed = answer.count(Outcome::Removed);
    let kept = answer.count(Outcome::Changed) + usize::try_from(unchanged).unwrap_or(usize::MAX);
    let most = removed > FEW && removed > kept;
    if most || (policy.is_empty() && removed > 0) {
        let text = format!("--prune would remove {removed} of {} active items", removed + kept);
        return Err(CliError::new(Kind::Guarded, text)
            .hint(format!("to list them: {list}"))
            .hint(format!("to remove them: {remove}")));
    }
    Ok(revision)
}
