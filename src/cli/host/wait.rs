//! `nicelist host wait`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::api::{BehindReason, HostState, HostView};
use crate::cli::arg::{duration, revision};
use crate::cli::arrival::{self, HostsInScope, Percent, WaitGoal};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::ui::{relative, rough};
use crate::client::{Client, exactly};
use crate::rule::{Revision, Scope, TagName};
use crate::shell::argument;

/// The pause between two requests.
const PAUSE: Duration = Duration::from_secs(2);
/// The default timeout for one host.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(15);

/// Wait until hosts have their active rules and settings
///
/// Hosts sync automatically, every 10 minutes by default. A server cannot make a host sync sooner.
/// The exit code is 8 if the host is not in sync within the timeout. For several hosts, it is 8 if
/// fewer than --percent of the online hosts are in sync within the timeout, or if all hosts in
/// scope are silent. nicelist counts and lists silent hosts, but does not wait for them. If more
/// than 10,000 hosts may be in scope, nicelist waits for the whole fleet instead.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host wait C02XK0
  nicelist host wait --tag canary --percent 95% --timeout 1h
  nicelist host wait --revision 41
  nicelist rule add allow teamid:EQHXZ8M8AV && nicelist host wait annas-mac \\
      --timeout 30m")]
pub(crate) struct WaitArgs {
    /// Machine ID, serial number or host name, or a unique prefix of one
    #[arg(required_unless_present_any = ["tag", "revision"])]
    host: Option<String>,
    /// Wait for the hosts with this tag
    #[arg(long, conflicts_with = "host")]
    tag: Option<TagName>,
    /// Wait for the hosts in the scopes that this revision changed
    #[arg(long, conflicts_with_all = ["host", "tag"], value_parser = revision)]
    revision: Option<Revision>,
    /// Stop when this percentage of the online hosts is in sync
    #[arg(long, default_value = "100%", conflicts_with = "host")]
    percent: Percent,
    /// Maximum time to wait; by default, 15m for one host, otherwise three sync intervals
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<SignedDuration>,
}

pub(super) async fn run(context: &Context, args: WaitArgs) -> Result<(), CliError> {
    let WaitArgs { host, tag, revision, percent, timeout } = args;
    let client = context.client().await?;
    let goal = match (host, tag, revision) {
        (Some(name), ..) => {
            let host = client.host(&name).await?;
            let timeout = timeout.unwrap_or(TIMEOUT);
            let host = until_in_sync(context, &client, host, &name, timeout).await?;
            return context.ui.row(&host);
        }
        (None, Some(tag), _) => {
            if !client.tags().all().await?.iter().any(|known| known.name == tag) {
                return Err(CliError::failed(format!("tag `{tag}` not found"))
                    .hint("nicelist tag list lists the tags"));
            }
            let revision = client.status().await?.revision;
            let command = format!("host wait --tag {tag}");
            let hosts = HostsInScope::Scopes(BTreeSet::from([Scope::Tag(tag)]));
            WaitGoal { revision, hosts, percent, timeout, command }
        }
        (None, None, Some(revision)) => {
            let hosts = HostsInScope::of_revision(&client, revision).await?;
            let command = format!("host wait --revision {revision}");
            WaitGoal { revision, hosts, percent, timeout, command }
        }
        (None, None, None) => {
            return Err(CliError::usage("choose a host, --tag or --revision"));
        }
    };
    let arrival = arrival::wait(&context.ui, &client, goal).await?;
    context.ui.row(&arrival)?;
    arrival.conclude(&context.ui)
}

/// Waits until a host is up to date, and shows how long that may take.
pub(crate) async fn until_in_sync(
    context: &Context,
    client: &Client,
    mut host: HostView,
    name: &str,
    timeout: SignedDuration,
) -> Result<HostView, CliError> {
    let ui = &context.ui;
    let wanted = client.status().await?.revision;
    if is_up_to_date(&host, wanted) {
        return Ok(host);
    }
    let machine = exactly(&host.machine);
    let started = ui.now();
    ui.status(outlook(&host, started));
    let progress = ui.progress(None, format!("waiting for {name}"));
    loop {
        let waited = ui.now().duration_since(started);
        if waited >= timeout {
            drop(progress);
            return Err(too_late(name, &host, timeout, ui.now()));
        }
        progress.set_text(format!("waiting for {name}: {}, {}", host.state, rough(waited)));
        let left = Duration::try_from(timeout - waited).unwrap_or_default();
        tokio::time::sleep(PAUSE.min(left)).await;
        host = client.host(&machine).await?;
        if is_up_to_date(&host, wanted) {
            return Ok(host);
        }
    }
}

/// Whether a host is in sync, or has all rules of a revision or a later one. A host that has
/// drifted, rejects rules or needs a clean sync is not up to date. If several Macs use its machine
/// ID, all of them must be in sync, because the revision is that of only one of them.
pub(in crate::cli) fn is_up_to_date(host: &HostView, wanted: Revision) -> bool {
    let is_complete = host.conflict.is_none()
        && host.state != HostState::Rejecting
        && host.rules.revision.is_some_and(|held| held >= wanted);
    host.clean_sync.is_none()
        && host.reason.is_none()
        && host.drift.is_none()
        && (is_complete || host.state == HostState::InSync)
}

/// When the next sync is likely.
fn outlook(host: &HostView, now: Timestamp) -> String {
    if let Some(BehindReason::Restored) = host.reason {
        let order = format!("nicelist host clean-sync {}", argument(host.machine.as_str()));
        return format!(
            "the database was restored, so the host waits for a clean sync; to order one: {order}"
        );
    }
    let interval = SignedDuration::from_secs(i64::from(host.interval));
    let Some(seen) = host.last_seen else {
        return format!("the host has never been seen; hosts sync every {}", rough(interval));
    };
    let ahead = (seen + interval).duration_since(now);
    let next = match ahead.is_positive() {
        true => format!("within {}", rough(ahead)),
        false => "at any moment, if the host is awake and online".to_owned(),
    };
    format!(
        "the host was seen {} and syncs every {}; its next sync is expected {next}",
        relative(seen, now),
        rough(interval)
    )
}

fn too_late(name: &str, host: &HostView, timeout: SignedDuration, now: Timestamp) -> CliError {
    let waited = rough(timeout);
    CliError::new(Kind::TimedOut, format!("{name} is still {} after {waited}", host.state))
        .hint(outlook(host, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ConflictView, DriftView};
    use crate::fleet::{CleanSync, ClientMode, ConflictKind, RuleCounts};

    fn host(state: HostState, held: Option<u64>) -> HostView {
        let (rules, mode) = (
            crate::api::HostRules {
                held: 0,
                due: 0,
                withheld: 0,
                most: None,
                revision: held.map(Revision),
                reported: RuleCounts::default(),
                expected_hash: None,
                reported_hash: None,
            },
            crate::api::ModeView { wanted: ClientMode::Monitor, reported: None },
        );
        HostView {
            machine: "M1".parse().unwrap(),
            serial: String::new(),
            hostname: String::new(),
            model: String::new(),
            os_version: String::new(),
            os_build: String::new(),
            santa_version: String::new(),
            primary_user: String::new(),
            groups: Vec::new(),
            groups_reported: None,
            truncated: Vec::new(),
            events_dropped: 0,
            sightings_dropped: 0,
            tags: Vec::new(),
            tags_by_membership: Vec::new(),
            state,
            reason: None,
            contact: crate::api::Contact::Online,
            mode,
            rules,
            drift: None,
            conflict: None,
            replaced: None,
            refused: None,
            accepted: None,
            same_serial: Vec::new(),
            settings_due: false,
            clean_sync: None,
            interval: 600,
            first_seen: Timestamp::UNIX_EPOCH,
            last_seen: None,
            last_sync: None,
        }
    }

    #[test]
    fn a_host_is_up_to_date_in_sync_or_after_the_revision() {
        assert!(is_up_to_date(&host(HostState::InSync, Some(3)), Revision(7)));
        assert!(is_up_to_date(&host(HostState::Behind, Some(7)), Revision(7)));
        assert!(!is_up_to_date(&host(HostState::Behind, Some(6)), Revision(7)));
        assert!(!is_up_to_date(&host(HostState::NeverSynced, None), Revision(0)));
        assert!(!is_up_to_date(&host(HostState::Rejecting, Some(7)), Revision(7)));
        let conflict = ConflictView {
            reason: ConflictKind::Clones,
            since: Timestamp::UNIX_EPOCH,
            macs: Vec::new(),
        };
        let shared = |state| HostView { conflict: Some(conflict.clone()), ..host(state, Some(7)) };
        assert!(!is_up_to_date(&shared(HostState::Behind), Revision(7)));
        assert!(is_up_to_date(&shared(HostState::InSync), Revision(7)));
        let ordered =
            HostView { clean_sync: Some(CleanSync::Clean), ..host(HostState::Behind, Some(7)) };
        assert!(!is_up_to_date(&ordered, Revision(7)));
        let drift = DriftView {
            found: Timestamp::UNIX_EPOCH,
            expected_hash: None,
            reported_hash: None,
            expected: RuleCounts::default(),
            reported: RuleCounts::default(),
            repairable: true,
        };
        let drifted = HostView { drift: Some(drift), ..host(HostState::Drifted, Some(7)) };
        assert!(!is_up_to_date(&drifted, Revision(7)));
        let restored =
            HostView { reason: Some(BehindReason::Restored), ..host(HostState::Behind, Some(7)) };
        assert!(!is_up_to_date(&restored, Revision(7)));
        assert_eq!(
            outlook(&restored, Timestamp::UNIX_EPOCH),
            "the database was restored, so the host waits for a clean sync; to order one: \
            nicelist host clean-sync M1"
        );
    }

    #[test]
    fn the_next_sync_is_expected_an_interval_after_the_last() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let seen = |seconds| HostView {
            last_seen: Some(now - SignedDuration::from_secs(seconds)),
            ..host(HostState::Behind, None)
        };
        assert_eq!(
            outlook(&seen(180), now),
            "the host was seen 3m ago and syncs every 10m; its next sync is expected within 7m"
        );
        assert!(outlook(&seen(900), now).contains("any moment"));
        assert!(outlook(&host(HostState::Behind, None), now).contains("never been seen"));
    }
}
