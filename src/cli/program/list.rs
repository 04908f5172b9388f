//! `nicelist program list`.

use std::collections::HashSet;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api::{ProgramQuery, ProgramView};
use crate::cli::arg::{Since, Words};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::ListView;
use crate::rule::{SigningStatus, TagName};

/// List the programs that hosts reported, newest first
///
/// Programs are sorted by the time when a host first reported them. A program stays in the list
/// after its events are deleted. nicelist removes a program if no host has reported it for the time
/// in the setting sighting-retention. For details of the programs pending approval, use nicelist
/// event list --waiting
#[derive(Debug, Args)]
#[command(
    visible_alias = "ls",
    after_long_help = "\
Examples:
  nicelist program list --since 24h
  nicelist program list --publisher EQHXZ8M8AV --signed production
  nicelist program list --host annas-mac --blocked
  nicelist program list --tag eng --pending
  nicelist program list --text zoom -o csv > zoom.csv"
)]
pub(crate) struct ListArgs {
    /// Show only programs of this publisher: team ID, certificate SHA-256, or part of the
    /// certificate name
    #[arg(long, value_name = "PUBLISHER", value_parser = NonEmptyStringValueParser::new())]
    publisher: Option<String>,
    /// Show only programs with this signing status
    #[arg(long, value_name = "STATUS")]
    #[arg(value_parser = Words::<SigningStatus>::new(STATUSES))]
    signed: Option<SigningStatus>,
    /// Show only programs with this signing ID
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    signing_id: Option<String>,
    /// Show only programs with this cdhash
    #[arg(long, value_name = "CDHASH", value_parser = NonEmptyStringValueParser::new())]
    cdhash: Option<String>,
    /// Show only programs with this text in the name, SHA-256, signing ID or team ID
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    text: Option<String>,
    /// Show only programs of this host: machine ID, serial number, host name, or a unique prefix
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Show only programs seen on hosts with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<TagName>,
    /// Show only programs that this user ran
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Show only programs that Santa blocked, according to the newest report of at least one host
    #[arg(long)]
    blocked: bool,
    /// Show only programs pending approval, sorted by their newest report
    #[arg(long)]
    pending: bool,
    /// Show only programs first reported since this time, such as 24h, 7d, yesterday or 2026-11-20
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Show at most N programs
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    view: ListView<ProgramView>,
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let ListArgs {
        publisher,
        signed,
        signing_id,
        cdhash,
        text,
        host,
        tag,
        user,
        blocked,
        pending,
        since,
        limit,
        view,
    } = args;
    let query = ProgramQuery {
        publisher,
        signing_status: signed,
        signing_id,
        cdhash,
        text,
        host,
        tag,
        user,
        blocked,
        pending,
        since: since.map(|since| since.resolve(context.ui.now())),
        limit: limit.filter(|limit| *limit < LARGEST_PAGE),
        ..ProgramQuery::default()
    };
    let nothing = match query == (ProgramQuery { limit: query.limit, ..ProgramQuery::default() }) {
        true => "no programs yet; a program is listed after a host reports it",
        false => "no programs match",
    };
    let mut list = context.ui.arranged::<ProgramView>(&view.arrangement, nothing)?;
    let client = context.client().await?;
    let mut pages = client.programs(&query);
    let (mut wanted, mut listed) = (limit.unwrap_or(usize::MAX), HashSet::new());
    while wanted > 0 {
        let Some(page) = pages.next().await? else { break };
        // The same pending program can be on several pages.
        let new = page.iter().filter(|program| listed.insert(program.id)).take(wanted);
        for program in new {
            list.push(program)?;
            wanted -= 1;
        }
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
