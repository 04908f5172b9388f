//! `nicelist host forget`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Forget a host and its tags
///
/// For a Mac that is gone. One that still syncs comes back with its next sync, without tags.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host forget C02XK0
  nicelist host list --state silent -o jsonl | jq -r .machine \\
    | xargs -n1 nicelist host forget --yes")]
pub(crate) struct ForgetArgs {
    /// Machine id, serial number, host name, or a unique prefix of one
    host: String,
    /// Do it without being asked
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: ForgetArgs) -> Result<(), CliError> {
    let client = context.client().await?;
    let host = client.host(&args.host).await?;
    let named = format!("{} ({})", host.machine, host.hostname);
    context.ui.confirm(&format!("forget {named} and its tags?"), args.yes)?;
    client.forget_host(host.machine.as_str()).await?;
    context.ui.status(format!("forgot {named}"));
    Ok(())
}
