//! `nicelist apply`.

use clap::Args;

use super::context::Context;
use super::error::{CliError, Kind};
use super::manifest::{ManifestRequest, PolicyArgs};
use super::planned_change::{PlanOptions, PlannedChangeArgs, confirm_and_change};
use crate::api::PolicyAnswer;
use crate::client::Client;
use crate::rule::{Outcome, Revision};

/// A change with at most this many removals is never guarded.
const FEW: usize = 10;

/// Make tags, settings and rules as a manifest says
///
/// What would change is shown first, and becomes one revision after it is confirmed, unless others
/// have changed something meanwhile: then nothing is changed, the difference to what there is now is
/// shown, and the exit code is 7. What the manifest does not name is left alone; with --prune it
/// ends. Where that would end most of what is in force, the exit code is 6, unless --prune-most
/// lets it.
#[derive(Debug, Args)]
#[command(mut_arg("reason", |arg| arg.visible_alias("message")))]
#[command(after_long_help = "\
Examples:
  nicelist apply -f policy/ --dry-run
  nicelist apply -f policy/ -m 'Q3 baseline'
  nicelist apply -f policy.toml --prune --yes -m \"$CI_COMMIT_SHA\"
  nicelist apply -f policy/ --yes --base 44")]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Let --prune end most of what is in force
    #[arg(long, requires = "prune")]
    prune_most: bool,
    #[command(flatten)]
    change: PlannedChangeArgs,
}

pub(super) async fn run(context: &Context, args: ApplyArgs) -> Result<(), CliError> {
    let ApplyArgs { policy, prune_most, change } = args;
    let ui = &context.ui;
    let prune = policy.prune;
    let mut policy = ManifestRequest::read(ui, &policy)?;
    policy.set_reason(change.reason.clone(), change.force);
    let client = context.client_to_change(change.dry_run).await?;
    policy.find_hosts(context, &client).await?;
    let base = match prune && !prune_most && !change.dry_run {
        true => change.base.or(Some(guarded(&mut policy, &client).await?)),
        false => change.base,
    };
    let question = format!("apply this to {}?", client.address());
    let options = PlanOptions { base, ..change.options(&question) };
    confirm_and_change(ui, options, async |base, dry_run| policy.send(&client, base, dry_run).await)
        .await
}

/// Refuses to remove most of the active policy. Returns the revision that was checked.
async fn guarded(policy: &mut ManifestRequest, client: &Client) -> Result<Revision, CliError> {
    let answer = policy.send(client, None, true).await?;
    let PolicyAnswer { revision, unchanged, .. } = answer;
    let removed = answer.count(Outcome::Removed);
    let kept = answer.count(Outcome::Changed) + usize::try_from(unchanged).unwrap_or(usize::MAX);
    let most = removed > FEW && removed > kept;
    if most || (policy.is_empty() && removed > 0) {
        let text = format!("--prune would end {removed} of {} in force", removed + kept);
        return Err(CliError::new(Kind::Guarded, text)
            .hint("nicelist plan --prune shows them; --prune-most lets it"));
    }
    Ok(revision)
}
