//! `nicelist event show`.

use clap::Args;

use super::filter::event_id;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Show an event with its signature and possible rules
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event show 1204
  nicelist event show 1204 -o json | jq .other_fields")]
pub(crate) struct ShowArgs {
    /// Event ID from event list
    #[arg(value_name = "ID")]
    id: String,
}

pub(super) async fn run(context: &Context, args: ShowArgs) -> Result<(), CliError> {
    let id = event_id(&args.id)?;
    let client = context.client().await?;
    context.ui.report(&client.event(id).await?)
}
