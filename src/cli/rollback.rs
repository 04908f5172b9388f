//! `nicelist rollback`.

use clap::Args;

use super::arg::revision;
use super::context::Context;
use super::error::CliError;
use super::planned_change::{PlannedChangeArgs, confirm_and_change};
use crate::api::RollbackRequest;
use crate::rule::Revision;

/// Roll back rules, settings and tags to an earlier revision
///
/// Shows the changes, asks for confirmation, and saves them as a new revision. No history is lost,
/// so a rollback can be rolled back. Rules that have expired since are not restored. Hosts keep
/// their assigned tags, unless the rollback deletes a tag. nicelist shows how many hosts lose a
/// tag. Another rollback does not assign the tag to them again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rollback 41 --dry-run
  nicelist rollback 41 -m 'Chrome did not start'
  nicelist rollback 41 --yes --base 44
  nicelist rollback 41 --wait=95%")]
pub(crate) struct RollbackArgs {
    /// Revision to go back to; nicelist history lists the revisions
    #[arg(value_parser = revision)]
    revision: Revision,
    #[command(flatten)]
    change: PlannedChangeArgs,
}

pub(super) async fn run(context: &Context, args: RollbackArgs) -> Result<(), CliError> {
    let RollbackArgs { revision, change } = args;
    let client = context.client_to_change(change.dry_run).await?;
    let question = format!("Roll back to revision {revision}?");
    let options = change.options(&question);
    confirm_and_change(&context.ui, &client, options, async |base, dry_run| {
        let (message, force) = (change.reason.clone(), change.force);
        let request = RollbackRequest { message, base, dry_run, force };
        client.rollback(revision, &request).await
    })
    .await
}
