//! `nicelist event stats`.

use clap::Args;

use super::filter::{Filter, Period};
use crate::api::{EventQuery, EventStatQuery};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::ListView;
use crate::fleet::EventStat;

/// Count events by program, most frequent first
///
/// Santa does not report every run of a program. The number of hosts is therefore more meaningful
/// than the number of events. File accesses are counted by program and rule.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event stats --blocked --since 7d
  nicelist event stats --decision ALLOW_UNKNOWN --limit 100 -o csv
  nicelist event stats --kind file-access --since 30d --until 7d")]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    period: Period,
    /// Show at most N programs, most frequent first
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    view: ListView<EventStat>,
}

pub(super) async fn run(context: &Context, args: StatsArgs) -> Result<(), CliError> {
    let StatsArgs { filter, period, limit, view } = args;
    let query = period.limit(filter.query(), context.ui.now())?;
    let is_filtered = query != EventQuery::default();
    let nothing = if is_filtered { "no events match" } else { "no events" };
    let list = context.ui.arranged(&view.arrangement, nothing)?;
    let client = context.client().await?;
    let query = EventStatQuery { limit: Some(limit), ..query.into() };
    list.rows(client.event_stats(&query).await?)
}
