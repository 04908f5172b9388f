//! `nicelist host show`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Show a host, its active rules or its active settings
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host show C02XK0
  nicelist host show annas-mac --rules
  nicelist host show annas-mac --settings -o json")]
pub(crate) struct ShowArgs {
    /// Machine ID, serial number or host name, or a unique prefix of one
    host: String,
    /// Show the active rules of the host instead
    #[arg(long, conflicts_with = "settings")]
    rules: bool,
    /// Show the active settings of the host instead, and the scopes that they come from
    #[arg(long)]
    settings: bool,
}

pub(super) async fn run(context: &Context, args: ShowArgs) -> Result<(), CliError> {
    let client = context.client().await?;
    if args.settings {
        return context.ui.rows(client.host_settings(&args.host).await?, "no settings");
    }
    if !args.rules {
        return context.ui.one(&client.host(&args.host).await?);
    }
    context.ui.pages(client.host_rules(&args.host), "no rules").await
}
