//! `nicelist database new-epoch`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Start a new epoch after a restore with another tool
///
/// Run this after you restore a database with anything other than `nicelist database restore`, such
/// as pg_restore, cp or a VM snapshot. Hosts may have newer rules than the restored database. Each
/// host keeps its rules and is shown as `behind (restored)` until the server sends it all rules in
/// a clean sync. The clean syncs are spread over time. A host with Santa 2025.7 or later reports a
/// hash of its rules. If the hash matches, the host does not need a clean sync.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database new-epoch --database postgres://nicelist@db/nicelist
  nicelist database new-epoch --database sqlite:/var/lib/nicelist/nicelist.db \\
      --yes")]
pub(crate) struct NewEpochArgs {
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: NewEpochArgs) -> Result<(), CliError> {
    // This fails if the database does not exist. `client_to_change` would create the database.
    drop(context.client().await?);
    let client = context.client_to_change(false).await?;
    let question = "Start a new epoch? Hosts that cannot prove which rules they have get a clean \
        sync.";
    context.ui.confirm(question, args.yes)?;
    client.begin_epoch().await?;
    context.ui.status("started a new epoch");
    context.ui.hint(
        "to list the hosts that wait for a clean sync: nicelist host list --state \
        behind",
    );
    Ok(())
}
