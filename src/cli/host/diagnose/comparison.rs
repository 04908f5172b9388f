//! Compares what a Mac reports about itself with what the server knows about it.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::mac_status::{LastSync, MacRules, MacStatus, SyncState};
use super::server_side::SYNC_ON_MAC;
use crate::api::{Contact, HostView};
use crate::cli::doctor::CheckResult;
use crate::cli::host::view::every;
use crate::cli::ui::relative;
use crate::fleet::ClientMode;
use crate::shell::argument;

/// Differences between times of the Mac and the server up to this are normal.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);
/// Santa's default interval, if the server does not know the host.
const DEFAULT_INTERVAL: u32 = 600;
/// With more events, uploads fail or take long.
const MANY_EVENTS: u64 = 1000;

/// The knowledge about one host.
pub(super) struct Known<'a> {
    pub(super) status: &'a MacStatus,
    /// None if the server has never seen the host.
    pub(super) host: Option<&'a HostView>,
    /// The configured server. None for a local database.
    pub(super) server: Option<&'a Url>,
    pub(super) now: Timestamp,
}

pub(super) fn checks(known: &Known<'_>) -> Vec<CheckResult> {
    let found = [
        shape(known),
        unreadable(known),
        sync(known),
        server(known),
        machine_id(known),
        last_sync(known),
        clock(known),
        mode(known),
        rules(known),
        static_rules(known),
        clean_required(known),
        push(known),
        interval(known),
        events(known),
    ];
    found.into_iter().flatten().collect()
}

/// Whether the status is of a version that is known.
fn shape(known: &Known<'_>) -> Option<CheckResult> {
    let MacStatus { unknown_sections, missing_sections, .. } = known.status;
    let missing = match missing_sections.is_empty() {
        true => None,
        false => Some(format!("missing: {}", missing_sections.join(", "))),
    };
    let unknown = match unknown_sections.is_empty() {
        true => None,
        false => Some(format!("unknown: {}", unknown_sections.join(", "))),
    };
    let parts: Vec<String> = missing.into_iter().chain(unknown).collect();
    if parts.is_empty() {
        return None;
    }
    let found = format!(
        "the sections of the status are not as expected ({}); the others are compared",
        parts.join("; ")
    );
    Some(CheckResult::warning("status", found).fix("update Santa on the Mac, or update nicelist"))
}

fn unreadable(known: &Known<'_>) -> Option<CheckResult> {
    let names = &known.status.unreadable;
    (!names.is_empty()).then(|| {
        let found = format!(
            "values of the status cannot be read and are not compared: {}",
            names.join(", ")
        );
        CheckResult::warning("status", found).fix(
            "write it again on the Mac: santactl status --json > status.json; or update nicelist",
        )
    })
}

fn sync(known: &Known<'_>) -> Option<CheckResult> {
    (known.status.sync? == SyncState::Off).then(|| {
        CheckResult::problem("sync", "sync is disabled: the Mac has no SyncBaseURL").fix(
            "install a profile with SyncBaseURL; on the Mac: sudo profiles show | grep SyncBaseURL",
        )
    })
}

/// Compares the host and the port, because the path may contain a secret, and a proxy may change
/// it.
fn server(known: &Known<'_>) -> Option<CheckResult> {
    let text = known.status.server.as_deref()?;
    let Ok(mac) = Url::parse(text) else {
        let found = "the SyncBaseURL of the Mac is not a valid URL";
        return Some(
            CheckResult::problem("server", found)
                .fix("set SyncBaseURL in the profile: https://HOST/santa/"),
        );
    };
    let server = known.server?;
    let place = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
    let shown = mac.origin().ascii_serialization();
    if place(&mac) == place(server) {
        return Some(CheckResult::ok("server", shown));
    }
    let expected = server.origin().ascii_serialization();
    let found = format!("the Mac syncs with {shown}, but this server is {expected}");
    let fix = format!("set SyncBaseURL in the Mac's profile to {expected}/santa/");
    // If the times of the last sync agree, both names lead to this server.
    let result = match agrees(known) {
        true => CheckResult::warning("server", found),
        false => CheckResult::problem("server", found),
    };
    Some(result.fix(fix))
}

/// Whether the Mac and the server know the same last sync.
fn agrees(known: &Known<'_>) -> bool {
    let synced = known.host.and_then(|host| host.last_sync);
    match (known.status.last_full_sync, synced) {
        (LastSync::At(mac), Some(server)) => mac.duration_since(server).abs() <= TOLERANCE,
        (LastSync::At(_), None) | (LastSync::Never | LastSync::Unknown, _) => false,
    }
}

fn machine_id(known: &Known<'_>) -> Option<CheckResult> {
    let (reported, host) = (known.status.machine_id.as_deref()?, known.host?);
    (!reported.eq_ignore_ascii_case(host.machine.as_str())).then(|| {
        let found = format!(
            "the status is from the Mac with the machine ID {reported}, but the host has {}",
            host.machine
        );
        let quoted = argument(reported);
        CheckResult::problem("machine id", found)
            .fix(format!("nicelist host diagnose {quoted} --status FILE"))
    })
}

fn last_sync(known: &Known<'_>) -> Option<CheckResult> {
    let interval = known.host.map_or(DEFAULT_INTERVAL, |host| host.interval);
    let at = match known.status.last_full_sync {
        LastSync::Unknown => return None,
        LastSync::Never => {
            return Some(
                CheckResult::problem("last sync", "the Mac never completed a sync")
                    .fix(SYNC_ON_MAC),
            );
        }
        LastSync::At(at) => at,
    };
    let ago = relative(at, known.now);
    let synced = known.host.and_then(|host| host.last_sync);
    let is_newer = synced.is_none_or(|synced| at.duration_since(synced) > TOLERANCE);
    // A running server stores the times of syncs later, so a local database may lack the last one.
    if known.server.is_some() && is_newer && known.now.duration_since(at) > TOLERANCE {
        let found = format!(
            "the Mac completed a sync at {at}, but this server has no record of it: the Mac \
             syncs with another server, or the database was restored"
        );
        return Some(CheckResult::problem("last sync", found).fix(SYNC_ON_MAC));
    }
    let three_intervals = SignedDuration::from_secs(3 * i64::from(interval));
    if known.now.duration_since(at) > three_intervals {
        let found = format!("the Mac's last completed sync was {ago}");
        return Some(CheckResult::problem("last sync", found).fix(SYNC_ON_MAC));
    }
    Some(CheckResult::ok("last sync", format!("the Mac completed a sync {ago}")))
}

/// A time in the future shows that a clock is wrong.
fn clock(known: &Known<'_>) -> Option<CheckResult> {
    let LastSync::At(at) = known.status.last_full_sync else { return None };
    (at.duration_since(known.now) > TOLERANCE).then(|| {
        let found =
            format!("the Mac's last sync is in the future: {at}; it is now {:.0}", known.now);
        CheckResult::problem("clock", found)
            .fix("set the clock on the Mac: sudo sntp -sS time.apple.com")
    })
}

fn mode(known: &Known<'_>) -> Option<CheckResult> {
    let (mode, host) = (known.status.mode.as_deref()?, known.host?);
    let wanted = host.mode.wanted.to_string();
    if mode.eq_ignore_ascii_case(&wanted) {
        return Some(CheckResult::ok("mode", wanted));
    }
    if mode.to_ascii_lowercase().starts_with("temporary") {
        let found = format!(
            "the Mac is in the mode {mode}, which ends automatically; then {wanted} applies"
        );
        return Some(CheckResult::warning("mode", found).fix("wait until the mode ends"));
    }
    let found = format!("the Mac is in the mode {mode}, but its settings require {wanted}");
    let show = format!("nicelist host show {} --settings", argument(host.machine.as_str()));
    Some(
        CheckResult::problem("mode", found)
            .fix(format!("{SYNC_ON_MAC}; to see the source of the setting: {show}")),
    )
}

/// Compares the hash of the rules, or their number. Static rules may be in the number.
fn rules(known: &Known<'_>) -> Option<CheckResult> {
    let (MacRules { rules: on_mac, transitive }, host) = (known.status.rules?, known.host?);
    // In standalone mode, users add their own rules.
    if host.rules.revision.is_none() || host.mode.wanted == ClientMode::Standalone {
        return None;
    }
    let hashes = (known.status.rules_hash.as_deref(), host.rules.expected_hash.as_deref());
    let expected = host.rules.held;
    let fixed = known.status.static_rules.unwrap_or_default();
    let is_same = match hashes {
        (Some(on_mac), Some(expected)) => on_mac.eq_ignore_ascii_case(expected),
        (Some(_) | None, None) | (None, Some(_)) => {
            (expected..=expected.saturating_add(fixed)).contains(&on_mac)
        }
    };
    let shown = counted(on_mac);
    if is_same {
        let found = format!("{shown}, as expected, plus {transitive} transitive");
        return Some(CheckResult::ok("rules", found));
    }
    let replace = format!("nicelist host clean-sync {}", argument(host.machine.as_str()));
    if on_mac > expected.saturating_add(fixed) {
        let found =
            format!("the Mac has {shown} instead of {expected}: another tool or a user adds rules");
        return Some(
            CheckResult::problem("rules", found)
                .fix(format!("remove the other tool, then replace all rules: {replace}")),
        );
    }
    let found = match on_mac == expected {
        true => format!("the Mac has {shown}, as expected, but their hash differs"),
        false => format!("the Mac has {shown} instead of {expected}"),
    };
    Some(CheckResult::problem("rules", found).fix(replace))
}

fn counted(rules: u64) -> String {
    format!("{rules} {}", if rules == 1 { "rule" } else { "rules" })
}

fn static_rules(known: &Known<'_>) -> Option<CheckResult> {
    let rules = known.status.static_rules.filter(|rules| *rules > 0)?;
    let noun = if rules == 1 { "rule" } else { "rules" };
    let found = format!(
        "{rules} static {noun} from a profile: a second tool manages rules, and Santa applies its \
         rules first"
    );
    Some(CheckResult::warning("static rules", found).fix(
        "export StaticRules from the profile, remove them there, and import them: nicelist rule \
         import FILE",
    ))
}

fn clean_required(known: &Known<'_>) -> Option<CheckResult> {
    known.status.clean_required.then(|| {
        let found = "the Mac requires a clean sync, so its next sync replaces all rules";
        CheckResult::warning("clean sync", found).fix(SYNC_ON_MAC)
    })
}

/// nicelist sends no push notifications. A Mac that expects them syncs rarely.
fn push(known: &Known<'_>) -> Option<CheckResult> {
    let push = known.status.push.as_deref()?;
    let is_off = ["disabled", "disconnected", "none", "no"]
        .iter()
        .any(|off| push.to_ascii_lowercase().starts_with(off));
    (!is_off).then(|| {
        let found = format!("the Mac expects push notifications ({push}); nicelist sends none");
        CheckResult::warning("push", found).fix(
            "remove FCMProject, FCMEntity, FCMAPIKey and EnablePushNotifications from the profile",
        )
    })
}

fn interval(known: &Known<'_>) -> Option<CheckResult> {
    let (on_mac, host) = (known.status.interval?, known.host?);
    (on_mac != u64::from(host.interval)).then(|| {
        let on_mac = u32::try_from(on_mac).unwrap_or(u32::MAX);
        let found = format!(
            "the Mac syncs every {}, but the server expects every {}",
            every(on_mac),
            every(host.interval)
        );
        CheckResult::warning("interval", found).fix(SYNC_ON_MAC)
    })
}

fn events(known: &Known<'_>) -> Option<CheckResult> {
    let pending = known.status.pending_events.filter(|events| *events > MANY_EVENTS)?;
    let is_online = known.host.is_some_and(|host| host.contact == Contact::Online);
    let found = match is_online {
        true => format!("{pending} events have not been uploaded, although the host syncs"),
        false => format!("{pending} events have not been uploaded"),
    };
    Some(CheckResult::warning("events", found).fix(SYNC_ON_MAC))
}
