//! `nicelist token revoke`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Revoke a token immediately
#[derive(Debug, Args)]
#[command(visible_aliases = ["rm", "delete"])]
#[command(after_long_help = "\
Examples:
  nicelist token revoke ci
  nicelist token revoke ci --yes")]
pub(crate) struct RevokeArgs {
    /// Name of the token
    name: String,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: RevokeArgs) -> Result<(), CliError> {
    let RevokeArgs { name, yes } = args;
    let client = context.client_to_change(false).await?;
    context.ui.confirm(&format!("Revoke the token {name}?"), yes)?;
    client.revoke_token(&name).await?;
    context.ui.status(format!("revoked the token {name}"));
    Ok(())
}
