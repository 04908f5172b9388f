//! `nicelist event list`.

use clap::Args;

use super::filter::{Filter, Since};
use crate::api::{EventQuery, EventView};
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// List events, newest first
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event list --blocked --limit 20
  nicelist event list --host mira-mbp --since 24h
  nicelist event list --decision ALLOW_UNKNOWN --since 7d -o csv > would-be-blocked.csv")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filter: Filter,
    /// Only events received since 24h, 7d, or a time such as 2026-11-20T00:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Only the newest so many
    #[arg(short = 'n', long, value_name = "NUMBER")]
    limit: Option<usize>,
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let ListArgs { filter, since, limit } = args;
    let client = context.client().await?;
    let since = since.map(|since| since.resolve(context.ui.now()));
    let page = limit.filter(|limit| *limit < LARGEST_PAGE);
    let query = EventQuery { since, limit: page, ..filter.query() };
    let mut wanted = limit.unwrap_or(usize::MAX);
    let mut list = context.ui.list::<EventView>("no events");
    let mut pages = client.events(&query);
    while wanted > 0 {
        let Some(page) = pages.next().await? else { break };
        page.iter().take(wanted).try_for_each(|event| list.push(event))?;
        wanted = wanted.saturating_sub(page.len());
    }
    list.finish()
}

/// Servers give no more at once.
const LARGEST_PAGE: usize = 5000;
