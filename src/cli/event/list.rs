//! `nicelist event list`.

use clap::Args;

use super::filter::{Filter, Period};
use super::waiting::waiting_programs;
use crate::api::{EventQuery, EventView, WaitingView};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::ListView;

/// List events, newest first
///
/// An event reports that a program ran or was blocked, that a program is a member of a bundle, or
/// that a program accessed a file that a file access rule in the Mac's profile covers. The settings
/// event-retention and event-retention-count determine when the server deletes events.
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
#[command(after_long_help = "\
Examples:
  nicelist event list --blocked --limit 20
  nicelist event list --host mira-mbp --since 24h
  nicelist event list --decision ALLOW_UNKNOWN --since 7d -o csv \\
      > would-be-blocked.csv
  nicelist event list --path '/Users/*/Downloads/*' --signer H3ZC9YV6RK \\
      --until 24h
  nicelist event list --waiting --since 7d -o json
  nicelist event list --kind file-access --decision FILE_ACCESS_DECISION_DENIED")]
pub(crate) struct ListArgs {
    /// List programs pending approval instead of events: no rule or path regex matches them, so
    /// hosts blocked them or would block them in lockdown
    #[arg(long, conflicts_with_all = ["kinds", "decisions"])]
    waiting: bool,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    period: Period,
    /// Show at most N events, newest first
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    view: ListView<EventView, WaitingView>,
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let ListArgs { waiting, filter, period, limit, view } = args;
    let arrangement = &view.arrangement;
    let query = period.limit(filter.query(), context.ui.now())?;
    let is_filtered = query != EventQuery::default();
    let client = context.client().await?;
    if waiting {
        let nothing = match is_filtered {
            true => "no program pending approval matches these filters",
            false => "no programs are pending approval",
        };
        let list = context.ui.arranged(arrangement, nothing)?;
        let limit = limit.unwrap_or(usize::MAX);
        return list.rows(waiting_programs(&context.ui, &client, &query.into(), limit).await?);
    }
    let page = limit.filter(|limit| *limit < LARGEST_PAGE);
    let query = EventQuery { limit: page, ..query };
    let mut wanted = limit.unwrap_or(usize::MAX);
    let nothing = match query.user {
        Some(_) => "no events; --user matches only whole user names",
        None if is_filtered => "no events match",
        None => "no events",
    };
    let mut list = context.ui.arranged::<EventView>(arrangement, nothing)?;
    let mut pages = client.events(&query);
    while wanted > 0 {
        let Some(page) = pages.next().await? else { break };
        page.iter().take(wanted).try_for_each(|event| list.push(event))?;
        wanted = wanted.saturating_sub(page.len());
    }
    list.finish()
}

/// The server's maximum page size.
const LARGEST_PAGE: usize = 5000;
