//! `nicelist program list`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api::{ProgramQuery, ProgramView};
use crate::cli::arg::{Since, Words};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::SigningStatus;

/// List the programs that hosts reported, newest first
///
/// A program is new when a host reports it for the first time. It stays in the list after its
/// events were deleted, until no host has reported it for the time of the setting
/// sighting-retention. Programs that are pending approval: nicelist event list --waiting
#[derive(Debug, Args)]
#[command(
    visible_alias = "ls",
    after_long_help = "\
Examples:
  nicelist program list --since 24h
  nicelist program list --publisher EQHXZ8M8AV --signed production
  nicelist program list --host annas-mac --blocked
  nicelist program list --text zoom -o csv > zoom.csv"
)]
pub(crate) struct ListArgs {
    /// Only programs of this publisher: team ID, or SHA-256 or part of the name of the certificate
    #[arg(long, value_name = "PUBLISHER", value_parser = NonEmptyStringValueParser::new())]
    publisher: Option<String>,
    /// Only programs that are signed in this way
    #[arg(long, value_name = "STATUS")]
    #[arg(value_parser = Words::<SigningStatus>::new(STATUSES))]
    signed: Option<SigningStatus>,
    /// Only programs with this signing ID
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    signing_id: Option<String>,
    /// Only programs with this text in the name, SHA-256, signing ID or team ID
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    text: Option<String>,
    /// Only programs of this host: machine ID, serial number, host name, or a unique prefix
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Only programs that this user ran
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only programs that Santa blocked in the newest report of a host
    #[arg(long)]
    blocked: bool,
    /// Only programs first reported since 24h, 7d, yesterday, or a date or time such as 2026-11-20
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Show at most N programs
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let ListArgs { publisher, signed, signing_id, text, host, user, blocked, since, limit } = args;
    let query = ProgramQuery {
        publisher,
        signing_status: signed,
        signing_id,
        text,
        host,
        user,
        blocked,
        since: since.map(|since| since.resolve(context.ui.now())),
        limit: limit.filter(|limit| *limit < LARGEST_PAGE),
        ..ProgramQuery::default()
    };
    let client = context.client().await?;
    let mut list = context.ui.list::<ProgramView>("no programs");
    let mut pages = client.programs(&query);
    let mut wanted = limit.unwrap_or(usize::MAX);
    while wanted > 0 {
        let Some(page) = pages.next().await? else { break };
        page.iter().take(wanted).try_for_each(|program| list.push(program))?;
        wanted = wanted.saturating_sub(page.len());
    }
    list.finish()?;
    if pages.is_incomplete() {
        context.ui.warn(crate::cli::labels::INCOMPLETE);
    }
    Ok(())
}

/// The words of the API for [`SigningStatus`].
const STATUSES: [&str; 6] =
    ["production", "development", "adhoc", "unsigned", "invalid", "unknown"];
/// The server's maximum page size.
const LARGEST_PAGE: usize = 1000;
