//! `nicelist event tail`.

use std::time::Duration;

use clap::Args;
use tokio::{signal, time};

use super::filter::Filter;
use crate::api::{EventQuery, EventView};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::client::Client;
use crate::fleet::EventId;

/// How often the server is asked for news.
const PAUSE: Duration = Duration::from_secs(2);

/// Show events as they come, until Ctrl-C
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event tail --blocked
  nicelist event tail --host mira-mbp -n 0
  nicelist event tail --blocked -o jsonl | jq -r .path")]
pub(crate) struct TailArgs {
    #[command(flatten)]
    filter: Filter,
    /// Show the newest so many first
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 10)]
    lines: usize,
}

pub(super) async fn run(context: &Context, args: TailArgs) -> Result<(), CliError> {
    let TailArgs { filter, lines } = args;
    let client = context.client().await?;
    let query = filter.query();
    let mut list = context.ui.list::<EventView>("no events");
    let mut shown = None;
    let mut fresh = newest(&client, &query, lines).await?;
    if lines == 0 {
        shown = fresh.pop().map(|event| event.id);
    }
    loop {
        for event in &fresh {
            list.push(event)?;
            shown = Some(event.id);
        }
        list.flush()?;
        tokio::select! {
            interrupted = signal::ctrl_c() => {
                interrupted?;
                return list.finish();
            }
            () = time::sleep(PAUSE) => {}
        }
        // Events have numbers from 1 on.
        let after = shown.unwrap_or(EventId(0));
        fresh = page(&client, &EventQuery { after: Some(after), ..query.clone() }).await?;
    }
}

/// The newest events, oldest first; one where none is wanted, to know where news begin.
async fn newest(
    client: &Client,
    query: &EventQuery,
    count: usize,
) -> Result<Vec<EventView>, CliError> {
    let query = EventQuery { limit: Some(count.max(1)), ..query.clone() };
    let mut events = page(client, &query).await?;
    events.reverse();
    Ok(events)
}

async fn page(client: &Client, query: &EventQuery) -> Result<Vec<EventView>, CliError> {
    Ok(client.events(query).next().await?.unwrap_or_default())
}
