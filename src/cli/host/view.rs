//! Rows and reports of hosts.

use jiff::SignedDuration;

use crate::api::{
    Contact, DriftView, HostRules, HostSetting, HostState, HostView, MacSighting, MacView,
};
use crate::cli::labels::host_label;
use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone, rough};
use crate::fleet::{CleanSync, ConflictKind, Fingerprint};
use crate::rule::MachineId;
use crate::shell::argument;

impl Row for HostView {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::csv("machine", |host| Cell::text(&host.machine)),
            Column::new("hostname", name),
            Column::csv("serial", |host| Cell::text(&host.serial)),
            Column::new("state", state),
            Column::new("contact", |host: &Self| contact(host.contact)).rank(2),
            Column::new("mode", |host: &Self| Cell::text(host.mode.wanted)).rank(2),
            Column::new("reported", mode_reported).rank(4),
            Column::csv("rules", |host| Cell::text(host.rules.held)),
            Column::new("due", |host| due(host.rules.due)),
            Column::new("last_seen", |host| Cell::Time(host.last_seen)),
            Column::csv("last_sync", |host| Cell::Time(host.last_sync)),
            Column::new("santa", |host: &Self| Cell::text(&host.santa_version)).rank(3),
            Column::csv("os", |host| Cell::text(&host.os_version)),
            Column::csv("os_build", |host| Cell::text(&host.os_build)),
            Column::csv("model", |host| Cell::text(&host.model)),
            Column::new("user", |host: &Self| Cell::text(&host.primary_user)).rank(2),
            Column::csv("groups", |host| Cell::list(&host.groups)),
            Column::new("tags", tags),
            Column::csv("revision", |host| Cell::optional(host.rules.revision)),
            Column::csv("first_seen", |host| Cell::Time(Some(host.first_seen))),
            Column::csv("interval", |host| Cell::text(host.interval)),
            Column::csv("withheld", |host| Cell::text(host.rules.withheld)),
            Column::csv("tags_by_membership", |host| Cell::list(&host.tags_by_membership)),
            Column::csv("conflict", |host| Cell::list(macs(host))),
            Column::csv("reason", |host| Cell::optional(host.reason)),
        ]
    }
}

impl Report for HostView {
    fn groups(&self) -> Vec<Group> {
        let mut groups = vec![
            Group::titled(
                host_label(&self.hostname, &self.machine),
                [
                    ("machine", Cell::text(&self.machine)),
                    ("hostname", Cell::text(&self.hostname)),
                    ("serial", Cell::text(&self.serial)),
                    ("same_serial", same_serial(self)),
                    ("model", Cell::text(&self.model)),
                    ("os", Cell::text(os(self))),
                    ("santa_version", Cell::text(&self.santa_version)),
                    ("user", Cell::text(&self.primary_user)),
                    ("groups", Cell::list(&self.groups)),
                    ("groups_used", groups_used(self)),
                    ("truncated", Cell::list(&self.truncated)),
                    ("events_dropped", events_dropped(self)),
                    ("sightings_dropped", sightings_dropped(self)),
                    ("tags", tags(self)),
                ],
            ),
            Group::titled(
                "Sync",
                [
                    ("state", state(self)),
                    ("contact", contact(self.contact)),
                    ("last_seen", Cell::Time(self.last_seen)),
                    ("last_sync", Cell::Time(self.last_sync)),
                    ("first_seen", Cell::Time(Some(self.first_seen))),
                    ("interval", Cell::text(every(self.interval))),
                    ("clean_sync", clean_sync(self)),
                    ("accepted", Cell::optional(self.accepted.as_ref().map(mac_label))),
                    ("replaced", sighting(self.replaced.as_ref(), Tone::Plain)),
                ],
            ),
            Group::titled(
                "Rules and settings",
                [
                    ("mode", mode(self)),
                    ("rules_held", Cell::text(self.rules.held)),
                    ("rules_due", rules_due(&self.rules)),
                    ("rules_withheld", withheld(self)),
                    ("revision", Cell::optional(self.rules.revision)),
                    ("rules_hash", Cell::optional(self.rules.expected_hash.as_ref())),
                    ("settings", settings(self)),
                ],
            ),
        ];
        groups.extend(self.drift.as_ref().map(drift));
        groups.extend(conflict(self));
        groups
    }
}

impl Row for HostSetting {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("key", |setting| Cell::text(setting.key)),
            Column::new("value", |setting| Cell::text(&setting.value)),
            Column::new("scope", |setting| match &setting.scope {
                Some(scope) => Cell::text(scope),
                None => Cell::toned("default", Tone::Faint),
            }),
        ]
    }
}

fn sightings_dropped(host: &HostView) -> Cell {
    match host.sightings_dropped {
        0 => Cell::text(""),
        events => Cell::toned(
            format!("{events} today, because the host reported too many new programs"),
            Tone::Bad,
        ),
    }
}

fn events_dropped(host: &HostView) -> Cell {
    match host.events_dropped {
        0 => Cell::text(""),
        events => Cell::toned(format!("{events} today, over the daily limit"), Tone::Bad),
    }
}

/// The other hosts that report the same serial number.
fn same_serial(host: &HostView) -> Cell {
    match host.same_serial.is_empty() {
        true => Cell::text(""),
        false => {
            let machines: Vec<&str> = host.same_serial.iter().map(MachineId::as_str).collect();
            Cell::toned(format!("also reported by {}", machines.join(", ")), Tone::Bad)
        }
    }
}

/// The number of groups that are used, if not all reported groups are used.
fn groups_used(host: &HostView) -> Cell {
    match host.groups_reported {
        Some(reported) => {
            let used = host.groups.len();
            Cell::toned(format!("the first {used} by name, of {reported} reported"), Tone::Notice)
        }
        None => Cell::text(""),
    }
}

/// The tags. Tags that the host has by membership are marked.
fn tags(host: &HostView) -> Cell {
    Cell::list(host.tags.iter().map(|tag| match host.tags_by_membership.contains(tag) {
        true => format!("{tag} (member)"),
        false => tag.to_string(),
    }))
}

/// A sync interval in its largest unit.
pub(super) fn every(seconds: u32) -> String {
    rough(SignedDuration::from_secs(i64::from(seconds)))
}

/// A machine ID with the host name and the serial number, if they are known.
pub(super) fn full_label(host: &HostView) -> String {
    let known = [&host.hostname, &host.serial];
    let known: Vec<&str> =
        known.into_iter().filter(|it| !it.is_empty()).map(String::as_str).collect();
    match known.is_empty() {
        true => host.machine.to_string(),
        false => format!("{} ({})", host.machine, known.join(", ")),
    }
}

/// The host name. A table shows a host without a name by its serial number or machine ID.
fn name(host: &HostView) -> Cell {
    let machine = host.machine.as_str();
    let shown = match (host.hostname.as_str(), host.serial.as_str()) {
        ("", "") => machine,
        ("", serial) => serial,
        (name, _) => return Cell::text(name),
    };
    Cell::Shown { data: String::new(), shown: shown.to_owned(), tone: Tone::Faint }
}

fn state(host: &HostView) -> Cell {
    let tone = match host.state {
        HostState::InSync => Tone::Good,
        HostState::Behind | HostState::Syncing => Tone::Notice,
        HostState::Drifted | HostState::Rejecting => Tone::Bad,
        HostState::NeverSynced => Tone::Faint,
    };
    match host.reason {
        Some(reason) => {
            let data = host.state.to_string();
            let shown = format!("{data} ({reason})");
            Cell::Shown { data, shown, tone }
        }
        None => Cell::toned(host.state, tone),
    }
}

fn contact(contact: Contact) -> Cell {
    let tone = match contact {
        Contact::Online => Tone::Plain,
        Contact::Silent => Tone::Bad,
    };
    Cell::toned(contact, tone)
}

fn os(host: &HostView) -> String {
    match host.os_build.as_str() {
        "" => host.os_version.clone(),
        build => format!("{} ({build})", host.os_version),
    }
}

fn mode(host: &HostView) -> Cell {
    let wanted = host.mode.wanted;
    match host.mode.reported {
        Some(reported) if reported == wanted => Cell::toned(wanted, Tone::Good),
        Some(reported) => {
            Cell::toned(format!("{wanted} expected, {reported} reported"), Tone::Notice)
        }
        None => Cell::text(format!("{wanted} expected, none reported")),
    }
}

/// The reported mode, marked if it is not the wanted one.
fn mode_reported(host: &HostView) -> Cell {
    match host.mode.reported {
        Some(reported) if reported == host.mode.wanted => Cell::text(reported),
        Some(reported) => Cell::toned(reported, Tone::Notice),
        None => Cell::toned("", Tone::Faint),
    }
}

fn due(due: u64) -> Cell {
    Cell::toned(due, if due == 0 { Tone::Plain } else { Tone::Notice })
}

fn rules_due(rules: &HostRules) -> Cell {
    let count = rules.due;
    match rules.most {
        Some(most) => {
            Cell::toned(format!("{count}, but its client supports at most {most}"), Tone::Bad)
        }
        None => due(count),
    }
}

fn withheld(host: &HostView) -> Cell {
    match host.rules.withheld {
        0 => Cell::text(0),
        rules => {
            Cell::toned(format!("{rules}, because its Santa is too old for them"), Tone::Notice)
        }
    }
}

/// The reported and the expected hashes of the rules, and the numbers of rules that differ.
fn drift(drift: &DriftView) -> Group {
    let (expected, reported) = (drift.expected, drift.reported);
    let types = [
        ("binary", expected.binary, reported.binary.saturating_sub(reported.transitive)),
        ("certificate", expected.certificate, reported.certificate),
        ("teamid", expected.teamid, reported.teamid),
        ("signingid", expected.signingid, reported.signingid),
        ("cdhash", expected.cdhash, reported.cdhash),
    ];
    let differing = types.into_iter().filter(|(_, expected, reported)| expected != reported);
    let counts: Vec<String> = differing
        .map(|(name, expected, reported)| format!("{name}: {reported} instead of {expected}"))
        .collect();
    let repair = match drift.repairable {
        true => Cell::text("a clean sync, if drift-repair allows it"),
        false => Cell::toned("a clean sync did not help", Tone::Bad),
    };
    Group::titled(
        "Drift",
        [
            ("found", Cell::Time(Some(drift.found))),
            ("counts", Cell::list(&counts)),
            ("hash_expected", Cell::optional(drift.expected_hash.as_ref())),
            ("hash_reported", Cell::optional(drift.reported_hash.as_ref())),
            ("repair", repair),
        ],
    )
}

/// A Mac by its serial number and model.
pub(super) fn mac_label(mac: &Fingerprint) -> String {
    let model = if mac.model.is_empty() { "Mac" } else { &mac.model };
    match mac.serial.as_str() {
        "" => format!("a {model} without a serial number"),
        serial => format!("{serial} ({model})"),
    }
}

fn sighting(seen: Option<&MacSighting>, tone: Tone) -> Cell {
    match seen {
        Some(MacSighting { mac, at }) => {
            Cell::toned(format!("{}, at {at:.0}", mac_label(mac)), tone)
        }
        None => Cell::text(""),
    }
}

/// The serial numbers of the Macs with the same machine ID.
fn macs(host: &HostView) -> Vec<String> {
    let macs = host.conflict.iter().flat_map(|conflict| &conflict.macs);
    macs.map(|it| it.mac.serial.clone()).collect()
}

/// The Macs with the same machine ID, and what to do.
fn conflict(host: &HostView) -> Option<Group> {
    if host.conflict.is_none() && host.refused.is_none() {
        return None;
    }
    let accept = format!("nicelist host accept {}", argument(host.machine.as_str()));
    let (reason, since, to_do) = match &host.conflict {
        None => ("", None, accept),
        Some(conflict) => {
            let reason = match conflict.reason {
                ConflictKind::DifferentMacs => "several Macs use this machine ID",
                ConflictKind::Clones => "two Macs with the same serial number use this machine ID",
            };
            let to_do = format!("give each Mac its own machine ID, then: {accept}");
            (reason, Some(conflict.since), to_do)
        }
    };
    let macs = host.conflict.iter().flat_map(|conflict| &conflict.macs);
    let line = |it: &MacView| format!("{}: {}, {} pending", mac_label(&it.mac), it.state, it.due);
    Some(Group::titled(
        "Machine ID conflict",
        [
            ("reason", Cell::toned(reason, Tone::Bad)),
            ("since", Cell::Time(since)),
            ("macs", Cell::list(macs.map(line))),
            ("refused", sighting(host.refused.as_ref(), Tone::Bad)),
            ("to_do", Cell::text(to_do)),
        ],
    ))
}

fn settings(host: &HostView) -> Cell {
    match host.settings_due {
        true => Cell::toned("changed; sent at the next sync", Tone::Notice),
        false => Cell::text("up to date"),
    }
}

fn clean_sync(host: &HostView) -> Cell {
    match host.clean_sync {
        Some(CleanSync::Clean) => Cell::toned("ordered", Tone::Notice),
        Some(CleanSync::CleanAll) => {
            Cell::toned("ordered; also deletes transitive rules", Tone::Notice)
        }
        None => Cell::text(""),
    }
}
