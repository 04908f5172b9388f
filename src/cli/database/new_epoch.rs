//! `nicelist database new-epoch`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Stop trusting what the database says about hosts
///
/// Run this after you put a database back with anything other than `nicelist database
/// restore`: pg_restore, cp, a snapshot of a virtual machine. Hosts may have newer rules than such
/// a database knows. Until its turn, a host keeps its rules and is shown as `behind (restored)`.
/// Then it gets all its rules in a clean sync. A host with Santa 2025.7 or later can prove by its
/// hash that it has the rules in the database, and does not wait.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database new-epoch --database postgres://nicelist@db/nicelist
  nicelist database new-epoch --database sqlite:/var/lib/nicelist/nicelist.db --yes")]
pub(crate) struct NewEpochArgs {
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: NewEpochArgs) -> Result<(), CliError> {
    // This fails if the database does not exist. `client_to_change` would create the database.
    drop(context.client().await?);
    let client = context.client_to_change(false).await?;
    let question = "Begin a new epoch? Hosts that cannot prove which rules they have get a clean \
                    sync.";
    context.ui.confirm(question, args.yes)?;
    client.begin_epoch().await?;
    context.ui.status("began a new epoch");
    context.ui.hint("hosts that wait for a clean sync: nicelist host list --state behind");
    Ok(())
}
