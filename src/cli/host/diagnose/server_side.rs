//! What the server alone knows about a host.

use jiff::{SignedDuration, Timestamp};

use crate::api::{Contact, HostState, HostView};
use crate::cli::doctor::CheckResult;
use crate::cli::host::view::every;
use crate::cli::ui::relative;
use crate::shell::argument;

/// The command that shows each stage of a sync on the Mac.
pub(super) const SYNC_ON_MAC: &str = "on the Mac: sudo santactl sync --debug";

/// The result for an unknown host. `similar` is the similar name of another host.
pub(super) fn unknown(name: &str, similar: Option<&str>) -> CheckResult {
    let found = format!("the server has never seen a host `{name}`");
    if let Some(similar) = similar {
        let command = format!("nicelist host diagnose {}", argument(similar));
        return CheckResult::problem("host", format!("{found}; did you mean `{similar}`?"))
            .fix(command);
    }
    CheckResult::problem("host", found).fix(
        "check the URL and the secret in the Mac's profile: nicelist doctor --url URL --secret-file \
         FILE; then on the Mac: sudo santactl sync --debug",
    )
}

pub(super) fn checks(host: &HostView, now: Timestamp) -> Vec<CheckResult> {
    let optional = [
        incomplete_sync(host),
        drift(host),
        withheld(host),
        refused(host),
        conflict(host),
        shared_serial(host),
        mode(host),
        clean_sync(host),
        dropped(host),
    ];
    let always = [contact(host, now), state(host)];
    always.into_iter().chain(optional.into_iter().flatten()).collect()
}

fn command(verb: &str, host: &HostView) -> String {
    format!("nicelist host {verb} {}", argument(host.machine.as_str()))
}

fn contact(host: &HostView, now: Timestamp) -> CheckResult {
    let seen = host.last_seen.map_or("never".to_owned(), |seen| relative(seen, now));
    let interval = every(host.interval);
    let found = format!("{}: last seen {seen}; the host syncs every {interval}", host.contact);
    match host.contact {
        Contact::Online => CheckResult::ok("contact", found),
        Contact::Silent => CheckResult::problem("contact", found)
            .fix(format!("check whether the Mac is switched on and online; {SYNC_ON_MAC}")),
    }
}

fn state(host: &HostView) -> CheckResult {
    let rules = &host.rules;
    match host.state {
        HostState::InSync => {
            let noun = if rules.held == 1 { "rule" } else { "rules" };
            CheckResult::ok("state", format!("in-sync with {} {noun}", rules.held))
        }
        HostState::Syncing => CheckResult::ok("state", "syncing"),
        HostState::Behind => {
            let noun = if rules.due == 1 { "rule change" } else { "rule changes" };
            let settings = if host.settings_due { ", and settings" } else { "" };
            let found = format!("behind; pending: {} {noun}{settings}", rules.due);
            CheckResult::warning("state", found).fix(command("wait", host))
        }
        HostState::Drifted => CheckResult::problem(
            "state",
            "drifted: the host's rules are no longer the rules that it confirmed",
        )
        .fix(command("clean-sync", host)),
        HostState::Rejecting => match rules.most {
            Some(most) => CheckResult::problem(
                "state",
                format!(
                    "rejecting: the host's Santa accepts at most {most} rules, but more apply to it"
                ),
            )
            .fix("reduce the number of rules for the host's tags and groups: nicelist rule list"),
            None => CheckResult::problem("state", "rejecting: the host did not accept all rules")
                .fix(format!(
                    "update Santa on the Mac from {} to a newer version; {SYNC_ON_MAC}",
                    host.santa_version
                )),
        },
        HostState::NeverSynced => {
            CheckResult::problem("state", "never-synced: the host never completed a sync")
                .fix(SYNC_ON_MAC)
        }
    }
}

/// A preflight long after the last completed sync shows that a later stage fails.
fn incomplete_sync(host: &HostView) -> Option<CheckResult> {
    let (seen, synced) = (host.last_seen?, host.last_sync?);
    let two_intervals = SignedDuration::from_secs(2 * i64::from(host.interval));
    (seen.duration_since(synced) > two_intervals).then(|| {
        let found = format!(
            "the host began a sync at {seen}, but the last completed one is from {synced}: rule \
             download or postflight fails"
        );
        CheckResult::problem("last sync", found).fix(SYNC_ON_MAC)
    })
}

fn drift(host: &HostView) -> Option<CheckResult> {
    let drift = host.drift.as_ref()?;
    let found = format!("the host's rules have been wrong since {}", drift.found);
    Some(match drift.repairable {
        true => CheckResult::warning(
            "drift",
            format!("{found}; the next step is a clean sync, if drift-repair allows it"),
        )
        .fix(command("wait", host)),
        false => CheckResult::problem("drift", format!("{found}; a clean sync did not help")).fix(
            "look for another tool that manages rules on the Mac: profiles show | grep -i santa",
        ),
    })
}

fn withheld(host: &HostView) -> Option<CheckResult> {
    let rules = host.rules.withheld;
    (rules > 0).then(|| {
        let (noun, pronoun) = match rules {
            1 => ("rule was", "it"),
            _ => ("rules were", "them"),
        };
        let found = format!(
            "{rules} {noun} not sent: Santa {} is too old for {pronoun}",
            host.santa_version
        );
        let list = command("show", host);
        CheckResult::warning("santa version", found)
            .fix(format!("update Santa on the Mac; to list the rules: {list} --rules"))
    })
}

fn refused(host: &HostView) -> Option<CheckResult> {
    let refused = host.refused.as_ref()?;
    let found = format!("another Mac with this machine ID was refused at {}", refused.at);
    let accept = command("accept", host);
    Some(
        CheckResult::problem("machine id", found)
            .fix(format!("give that Mac its own MachineID in its profile, or accept it: {accept}")),
    )
}

fn conflict(host: &HostView) -> Option<CheckResult> {
    let conflict = host.conflict.as_ref()?;
    let found =
        format!("{} Macs have used this machine ID since {}", conflict.macs.len(), conflict.since);
    let accept = command("accept", host);
    Some(
        CheckResult::problem("machine id", found).fix(format!(
            "remove MachineID from the profile or give each Mac its own; then: {accept}"
        )),
    )
}

fn shared_serial(host: &HostView) -> Option<CheckResult> {
    let other = host.same_serial.first()?;
    let found = format!("the host {other} reports the same serial number");
    let forget = format!("nicelist host forget {}", argument(other.as_str()));
    Some(
        CheckResult::warning("serial number", found)
            .fix(format!("if the Mac was set up again, forget the old host: {forget}")),
    )
}

fn mode(host: &HostView) -> Option<CheckResult> {
    let (wanted, reported) = (host.mode.wanted, host.mode.reported?);
    (wanted != reported).then(|| {
        let found = format!("the host reports the mode {reported}; its settings require {wanted}");
        let show = command("show", host);
        CheckResult::warning("mode", found)
            .fix(format!("{SYNC_ON_MAC}; to see the source of the setting: {show} --settings"))
    })
}

fn clean_sync(host: &HostView) -> Option<CheckResult> {
    host.clean_sync.map(|_| {
        let found = "a clean sync is pending; it discards the events that are not uploaded yet";
        CheckResult::warning("clean sync", found)
            .fix(format!("to cancel it: {} --cancel", command("clean-sync", host)))
    })
}

fn dropped(host: &HostView) -> Option<CheckResult> {
    let dropped = host.events_dropped;
    (dropped > 0).then(|| {
        let noun = if dropped == 1 { "event" } else { "events" };
        let found = format!("the server dropped {dropped} {noun} over the daily limit today");
        CheckResult::warning("events", found)
            .fix("raise the limit: nicelist serve --events-per-day N")
    })
}
