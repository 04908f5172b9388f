//! `nicelist host list`.

use clap::Args;

use super::summary::summary;
use crate::api::{Contact, HostQuery, HostState, HostView};
use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::labels::first_names;
use crate::cli::ui::{Arrangement, ListView};
use crate::client::Client;
use crate::config::Backend;
use crate::format::enrollment::SyncUrl;
use crate::rule::TagName;
use crate::shell::argument;

/// List hosts
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
#[command(after_long_help = "\
Examples:
  nicelist host list
  nicelist host list C02
  nicelist host list --tag eng --state behind --contact online
  nicelist host list --state drifted --sort last_seen:desc
  nicelist host list --columns serial,user,os
  nicelist host list --tag canary --watch
  nicelist host list --contact silent -o csv > silent.csv")]
pub(crate) struct ListArgs {
    /// Show only hosts whose machine ID, serial number or host name begins with this
    prefix: Option<String>,
    /// Show only hosts with this tag
    #[arg(long)]
    tag: Option<TagName>,
    /// Show only hosts of this primary user
    #[arg(long)]
    user: Option<String>,
    /// Show only hosts in this state
    #[arg(long, value_parser = Words::<HostState>::new(HostState::ALL.map(HostState::word)))]
    state: Option<HostState>,
    /// Show only hosts seen within their last three sync intervals (online), or only the others
    /// (silent)
    #[arg(long, value_parser = Words::<Contact>::new(Contact::ALL.map(Contact::word)))]
    contact: Option<Contact>,
    /// Show only hosts whose machine ID several Macs use or tried to use
    #[arg(long)]
    conflict: bool,
    /// Refresh the list every 2 seconds, or less often if that takes longer, until you press q or
    /// Ctrl-C; only on a terminal
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    view: ListView<HostView>,
}

/// Maximum machine IDs in a warning.
const MOST_LISTED: usize = 3;

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let ListArgs { prefix, tag, user, state, contact, conflict, watch, view } = args;
    let query =
        HostQuery { tag, prefix, user, state, contact, conflict, limit: None, cursor: None };
    let client = context.client().await?;
    let show = async || show(context, &client, &query, &view.arrangement).await;
    match watch {
        true => context.ui.watch(show).await,
        false => show().await,
    }
}

async fn show(
    context: &Context,
    client: &Client,
    query: &HostQuery,
    arrangement: &Arrangement,
) -> Result<(), CliError> {
    let nothing = match *query == HostQuery::default() {
        true => "no hosts yet; a host is listed after its first sync",
        false => "no hosts match",
    };
    let mut list = context.ui.arranged::<HostView>(arrangement, nothing)?;
    let mut pages = client.hosts(query);
    let mut conflicts = Vec::new();
    let mut is_empty = true;
    while let Some(page) = pages.next().await? {
        is_empty &= page.is_empty();
        page.iter().try_for_each(|host| list.push(host))?;
        let affected = page.iter().filter(|host| host.conflict.is_some() || host.refused.is_some());
        conflicts.extend(affected.map(|host| host.machine.to_string()));
    }
    list.finish()?;
    if is_empty && context.ui.draws_tables() && *query == HostQuery::default() {
        context.ui.hint(how_to_start(context));
    }
    if context.ui.is_terminal()
        && context.ui.draws_tables()
        && *query == HostQuery::default()
        && let Ok(counts) = client.host_counts().await
        && !counts.items.is_empty()
    {
        context.ui.status(summary(&counts, context.ui.now()));
    }
    if !conflicts.is_empty() {
        context.ui.warn(conflict_warning(&conflicts));
    }
    Ok(())
}

/// How to enroll the first hosts. The address of the server is used only if Macs accept it.
fn how_to_start(context: &Context) -> String {
    let url = match context.settings.backend() {
        Ok(Backend::Server { url, .. }) => {
            let base = format!("{}/santa/", url.to_string().trim_end_matches('/'));
            base.parse::<SyncUrl>().ok().map(|url| url.as_str().to_owned())
        }
        Ok(Backend::Local { .. }) | Err(_) => None,
    };
    let url = url.unwrap_or_else(|| "https://santa.example.com/santa/".to_owned());
    let options = "--secret macs --with-approvals -O santa.mobileconfig";
    let command = context.ui.command(&format!("enroll profile --url {} {options}", argument(&url)));
    format!("to enroll Macs, create a profile for your MDM server: {command}")
}

fn conflict_warning(machines: &[String]) -> String {
    let named = first_names(machines.iter().map(String::as_str), MOST_LISTED);
    let example = argument(&machines[0]);
    let ids = if machines.len() == 1 { "one machine ID" } else { "each of these machine IDs" };
    format!("several Macs use {ids}: {named}; for details: nicelist host show {example}")
}
