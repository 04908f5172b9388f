//! `nicelist event stats`.

use clap::Args;

use super::filter::{Filter, Since};
use crate::api::EventQuery;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Count events by program, the most frequent first
///
/// Santa reports a program once in a while, not every time that it runs: the number of hosts
/// says more than the number of events.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event stats --blocked --since 7d
  nicelist event stats --decision ALLOW_UNKNOWN --limit 100 -o csv")]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    filter: Filter,
    /// Only events received since 24h, 7d, or a time such as 2026-11-20T00:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Only the most frequent so many
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
}

pub(super) async fn run(context: &Context, args: StatsArgs) -> Result<(), CliError> {
    let StatsArgs { filter, since, limit } = args;
    let client = context.client().await?;
    let since = since.map(|since| since.resolve(context.ui.now()));
    let query = EventQuery { since, limit: Some(limit), ..filter.query() };
    context.ui.rows(client.event_stats(&query).await?, "no events")
}
