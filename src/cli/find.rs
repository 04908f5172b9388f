//! `nicelist find`.

mod finding;
mod search;
mod wanted;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::context::Context;
use super::error::CliError;
use crate::shell::argument;
use wanted::Wanted;

/// Find programs, hosts, users, rules and events by any text
///
/// Accepts a SHA-256 or cdhash, a path, the name of an app, a publisher, a signing ID or team ID, a
/// user, a ticket, an event ID, the machine ID, serial number or name of a host, or the URL of a
/// block window. Names may be incomplete, except user names.
///
/// Shows what the text is, the rules that match, the number of hosts, the last block, and the next
/// command to run. If the text has several meanings, shows all of them, up to 5 of each kind. If
/// nothing is found, the exit code is 1.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist find zoom
  nicelist find C02XK0AAJG5J
  nicelist find mira.okafor
  nicelist find EQHXZ8M8AV -o json
  nicelist find IT-4711
  nicelist find /Applications/Pinecone.app
  nicelist find \"$(pbpaste)\"")]
pub(crate) struct FindArgs {
    /// Hash, path, name, identifier, user, ticket, event ID, or URL of a block window
    #[arg(value_name = "ANYTHING", value_parser = NonEmptyStringValueParser::new())]
    text: String,
    /// Refused with a hint, because users expect it
    #[arg(long, value_name = "HOST", hide = true)]
    host: Option<String>,
}

pub(super) async fn run(
    context: &Context,
    FindArgs { text, host }: FindArgs,
) -> Result<(), CliError> {
    let ui = &context.ui;
    if let Some(host) = host {
        let (text, host) = (argument(&text), argument(&host));
        return Err(CliError::usage("find does not accept --host")
            .hint(format!("nicelist program list --text {text} --host {host}"))
            .hint(format!("nicelist event list --text {text} --host {host}")));
    }
    let wanted = Wanted::read(&text);
    if wanted.is_part {
        ui.status(format!("searching for {}", wanted.text));
    }
    let client = context.client().await?;
    let found = search::all(&client, &wanted).await?;
    if found.findings.is_empty() {
        return Err(wanted.not_found());
    }
    ui.in_full(&found.findings)?;
    for (kind, list) in found.more {
        ui.hint(format!("more than {} {kind} match; to list all of them: {list}", search::MOST));
    }
    Ok(())
}
