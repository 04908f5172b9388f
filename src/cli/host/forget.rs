//! `nicelist host forget`.

use clap::Args;
use jiff::SignedDuration;

use super::view::full_label;
use crate::api::{ForgetHostsRequest, HostToForget};
use crate::cli::arg::duration;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::client::Client;

/// Delete a host and its tags
///
/// Use this for a Mac that is gone. A Mac that still syncs is added again in its next sync, without
/// tags. Rules and settings for the host stay. Its events also stay until they are too old, unless
/// --events is given.
///
/// --silent-for and --never-synced delete all hosts that match. If both are given, hosts must match
/// both.
#[derive(Debug, Args)]
#[command(visible_aliases = ["rm", "delete"])]
#[command(after_long_help = "\
Examples:
  nicelist host forget C02XK0
  nicelist host forget C02XK0 --events
  nicelist host forget --silent-for 90d --dry-run
  nicelist host forget --silent-for 7d --never-synced --yes")]
pub(crate) struct ForgetArgs {
    /// Machine ID, serial number or host name, or a unique prefix of one
    #[arg(
        required_unless_present_any = ["silent_for", "never_synced"],
        conflicts_with_all = ["silent_for", "never_synced", "dry_run"]
    )]
    host: Option<String>,
    /// Delete hosts that have not synced for this long, such as 90d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    silent_for: Option<SignedDuration>,
    /// Delete hosts that never completed a sync
    #[arg(long)]
    never_synced: bool,
    /// Also delete the events of these hosts
    #[arg(long)]
    events: bool,
    /// Show the number of hosts that would be deleted, but change nothing
    #[arg(long)]
    dry_run: bool,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: ForgetArgs) -> Result<(), CliError> {
    let client = context.client_to_change(args.dry_run).await?;
    let Some(host) = &args.host else { return forget_matching(context, &client, &args).await };
    let host = client.host(host).await?;
    let named = full_label(&host);
    let events = if args.events { ", its tags and its events" } else { " and its tags" };
    context.ui.confirm(&format!("Forget {named}{events}?"), args.yes)?;
    client.forget_host(&host.machine, args.events).await?;
    context.ui.status(format!("forgot {named}"));
    Ok(())
}

async fn forget_matching(
    context: &Context,
    client: &Client,
    args: &ForgetArgs,
) -> Result<(), CliError> {
    let too_long = |_| CliError::usage("--silent-for is too long; use a shorter time");
    let not_seen_since = match args.silent_for {
        Some(time) => Some(context.ui.now().checked_sub(time).map_err(too_long)?),
        None => None,
    };
    let request = |dry_run| ForgetHostsRequest {
        not_seen_since,
        never_synced: args.never_synced,
        events: args.events,
        dry_run,
        cursor: None,
    };
    let (matched, samples) = forget(client, request(true)).await?;
    if matched == 0 {
        context.ui.status("no hosts match");
        return Ok(());
    }
    let named = samples.iter().map(name).collect::<Vec<_>>().join(", ");
    let and_more = if matched > samples.len() { ", …" } else { "" };
    if args.dry_run {
        context.ui.status(format!("would forget {}: {named}{and_more}", counted(matched, "host")));
        return Ok(());
    }
    let events = if args.events { ", their tags and their events" } else { " and their tags" };
    let question = format!("Forget {}{events}? {named}{and_more}", counted(matched, "host"));
    context.ui.confirm(&question, args.yes)?;
    let (forgotten, _) = forget(client, request(false)).await?;
    context.ui.status(format!("forgot {}", counted(forgotten, "host")));
    Ok(())
}

/// Repeats the request until the whole fleet is covered. Returns the number of matching hosts, and
/// a few of them.
async fn forget(
    client: &Client,
    mut request: ForgetHostsRequest,
) -> Result<(usize, Vec<HostToForget>), CliError> {
    let (mut matched, mut samples) = (0, Vec::new());
    loop {
        let answer = client.forget_hosts(&request).await?;
        matched += answer.matched;
        if samples.is_empty() {
            samples = answer.samples;
        }
        request.cursor = answer.next;
        if request.cursor.is_none() {
            return Ok((matched, samples));
        }
    }
}

fn name(host: &HostToForget) -> String {
    match host.hostname.as_str() {
        "" => host.machine.to_string(),
        hostname => format!("{} ({hostname})", host.machine),
    }
}
