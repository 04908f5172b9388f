//! `nicelist event tail`.

use std::pin::pin;
use std::time::Duration;

use clap::Args;
use tokio::{signal, time};

use super::filter::Filter;
use crate::api::{EventQuery, EventView};
use crate::cli::arg::Since;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::client::Client;
use crate::fleet::EventId;

/// The pause between two requests.
const PAUSE: Duration = Duration::from_secs(2);

/// Show new events until Ctrl-C
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event tail --blocked
  nicelist event tail --host mira-mbp -n 0
  nicelist event tail --kind file-access --since 1h
  nicelist event tail --blocked -o jsonl | jq -r .path")]
pub(crate) struct TailArgs {
    #[command(flatten)]
    filter: Filter,
    /// First show the newest N events
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    lines: usize,
    /// First show the events received since this time, such as 24h or 7d, instead of the newest N
    #[arg(long, value_name = "WHEN", conflicts_with = "lines")]
    since: Option<Since>,
}

pub(super) async fn run(context: &Context, args: TailArgs) -> Result<(), CliError> {
    let TailArgs { filter, lines, since } = args;
    let client = context.client().await?;
    let since = since.map(|since| since.resolve(context.ui.now()));
    let query = EventQuery { since, ..filter.query() };
    let mut list = context.ui.list::<EventView>("no events");
    let mut shown = None;
    let mut fresh = match since {
        Some(_) => after(&client, &query, None).await?,
        None => newest(&client, &query, lines).await?,
    };
    if lines == 0 && since.is_none() {
        shown = fresh.pop().map(|event| event.id);
    }
    // Each pause uses this future instead of a new one, so that a Ctrl-C between two pauses is not
    // lost.
    let mut interrupted = pin!(signal::ctrl_c());
    loop {
        for event in &fresh {
            list.push(event)?;
            shown = Some(event.id);
        }
        list.flush()?;
        // After new events, the next page may contain more, so it is requested without a pause.
        let pause = if fresh.is_empty() { PAUSE } else { Duration::ZERO };
        tokio::select! {
            interrupted = &mut interrupted => {
                interrupted?;
                return list.finish();
            }
            () = time::sleep(pause) => {}
        }
        fresh = after(&client, &query, shown).await?;
    }
}

/// The first page of the events after `shown`, or of all events, oldest first.
async fn after(
    client: &Client,
    query: &EventQuery,
    shown: Option<EventId>,
) -> Result<Vec<EventView>, CliError> {
    // The first event has the ID 1, so all events are after 0.
    let after = shown.unwrap_or(EventId(0));
    page(client, &EventQuery { after: Some(after), ..query.clone() }).await
}

/// The newest events, oldest first. Requests at least one event, because later events are requested
/// after it.
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
    Ok(client.events(query).first().await?)
}
