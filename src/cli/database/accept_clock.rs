//! `nicelist database accept-clock`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::Backend;

/// Confirm the clock of the server after a jump
///
/// The server pauses the expiry of rules and the deletion of events and history if its clock jumps
/// by more than five minutes, or if its clock at startup is more than seven days ahead of the
/// newest time in the database. The pause lasts until the clock is correct again, or until you
/// confirm the clock with this command. Check the time first, because expired rules and deleted
/// events do not come back. If you run the command on a local database, a running server notices
/// the confirmation within a second.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database accept-clock
  nicelist database accept-clock --database sqlite:/var/lib/nicelist/nicelist.db")]
pub(crate) struct AcceptClockArgs {
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: AcceptClockArgs) -> Result<(), CliError> {
    let client = context.client_to_change(false).await?;
    let clock = match context.settings.backend()? {
        Backend::Local { .. } => format!("the clock ({:.0})", context.ui.now()),
        Backend::Server { .. } => "the clock of the server".to_owned(),
    };
    let question = format!("Accept {clock}? Rules may expire and old events may be deleted.");
    context.ui.confirm(&question, args.yes)?;
    client.accept_clock().await?;
    context.ui.status("accepted the clock");
    Ok(())
}
