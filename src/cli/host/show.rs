//! `nicelist host show`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Show how a host is, or what is in force for it
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host show C02XK0
  nicelist host show annas-mac --rules
  nicelist host show annas-mac --settings -o json")]
pub(crate) struct ShowArgs {
    /// Machine id, serial number, host name, or a unique prefix of one
    host: String,
    /// List the rules in force for it instead
    #[arg(long, conflicts_with = "settings")]
    rules: bool,
    /// List the settings in force for it instead, and where they come from
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
