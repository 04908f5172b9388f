//! `nicelist host clean-sync`.

use clap::Args;

use super::view::{every, full_label};
use crate::api::CleanSyncRequest;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::client::exactly;
use crate::fleet::CleanSync;

/// Replace all rules of a host in its next sync
///
/// Use this if the rules of a host were changed without nicelist. In a clean sync, the host deletes
/// its rules and downloads all of them again. It also discards events that it has not uploaded yet.
/// Normally, hosts stay in sync without a clean sync.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host clean-sync C02XK0
  nicelist host clean-sync annas-mac --all --yes && nicelist host wait annas-mac
  nicelist host clean-sync annas-mac --cancel")]
pub(crate) struct CleanSyncArgs {
    /// Machine ID, serial number or host name, or a unique prefix of one
    host: String,
    /// Also delete transitive rules, which allow files that compilers wrote
    #[arg(long)]
    all: bool,
    /// Cancel a clean sync that the host has not started yet
    #[arg(long, conflicts_with_all = ["all", "yes"])]
    cancel: bool,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: CleanSyncArgs) -> Result<(), CliError> {
    let client = context.client_to_change(false).await?;
    let host = client.host(&args.host).await?;
    let machine = exactly(&host.machine);
    if args.cancel {
        let host = client.cancel_clean_sync(&machine).await?;
        context.ui.row(&host)?;
        context.ui.status(format!("no clean sync is ordered for {}", full_label(&host)));
        return Ok(());
    }
    context.ui.warn("in a clean sync, the host deletes events that it has not uploaded");
    context.ui.confirm(&format!("Order a clean sync of {}?", full_label(&host)), args.yes)?;
    let kind = if args.all { CleanSync::CleanAll } else { CleanSync::Clean };
    let host = client.clean_sync(&machine, CleanSyncRequest { kind }).await?;
    context.ui.row(&host)?;
    context.ui.status(format!(
        "the next sync of the host will be clean; it syncs every {}",
        every(host.interval)
    ));
    Ok(())
}
