//! How hosts look.

use jiff::SignedDuration;

use crate::api::{
    ConflictReason, Contact, DriftView, HostRules, HostSetting, HostState, HostView, MacName,
    MacSighting, MacView,
};
use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone, rough};
use crate::shell::argument;

impl Row for HostView {
    const FROM_HOSTS: bool = true;
    const COLUMNS: &'static [Column] = &[
        Column::machine("machine"),
        Column::new("hostname"),
        Column::machine("serial"),
        Column::new("state"),
        Column::new("contact"),
        Column::new("mode"),
        Column::new("reported"),
        Column::machine("rules"),
        Column::new("due"),
        Column::new("last_seen"),
        Column::machine("last_sync"),
        Column::new("santa"),
        Column::machine("os"),
        Column::machine("os_build"),
        Column::machine("model"),
        Column::new("user"),
        Column::machine("groups"),
        Column::new("tags"),
        Column::machine("revision"),
        Column::machine("first_seen"),
        Column::machine("interval"),
        Column::machine("withheld"),
        Column::machine("tags_by_membership"),
        Column::machine("conflict"),
        Column::machine("reason"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(&self.machine),
            Cell::text(&self.hostname),
            Cell::text(&self.serial),
            state(self),
            contact(self.contact),
            Cell::text(self.mode.wanted),
            mode_reported(self),
            Cell::text(self.rules.held),
            due(self.rules.due),
            Cell::Time(self.last_seen),
            Cell::Time(self.last_sync),
            Cell::text(&self.santa_version),
            Cell::text(&self.os_version),
            Cell::text(&self.os_build),
            Cell::text(&self.model),
            Cell::text(&self.primary_user),
            Cell::list(&self.groups),
            tags(self),
            Cell::optional(self.rules.revision),
            Cell::Time(Some(self.first_seen)),
            Cell::text(self.interval),
            Cell::text(self.rules.withheld),
            Cell::list(&self.tags_by_membership),
            Cell::list(macs(self)),
            Cell::optional(self.reason),
        ]
    }
}

impl Report for HostView {
    fn groups(&self) -> Vec<Group> {
        let name = if self.hostname.is_empty() { self.machine.as_str() } else { &self.hostname };
        let mut groups = vec![
            Group::titled(
                name,
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
                    ("accepted", Cell::optional(self.accepted.as_ref().map(mac_name))),
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
    const COLUMNS: &'static [Column] =
        &[Column::new("key"), Column::new("value"), Column::new("scope")];

    fn cells(&self) -> Vec<Cell> {
        let scope = match &self.scope {
            Some(scope) => Cell::text(scope),
            None => Cell::toned("default", Tone::Faint),
        };
        vec![Cell::text(self.key), Cell::text(&self.value), scope]
    }
}

fn events_dropped(host: &HostView) -> Cell {
    match host.events_dropped {
        0 => Cell::text(""),
        events => Cell::toned(format!("{events} today, over the limit per day"), Tone::Bad),
    }
}

/// The other hosts that report the serial number of a host.
fn same_serial(host: &HostView) -> Cell {
    match host.same_serial.is_empty() {
        true => Cell::text(""),
        false => {
            let machines: Vec<&str> =
                host.same_serial.iter().map(crate::rule::MachineId::as_str).collect();
            Cell::toned(format!("also reported by {}", machines.join(", ")), Tone::Bad)
        }
    }
}

/// How many of a person's groups count, where that is not all of them.
fn groups_used(host: &HostView) -> Cell {
    match host.groups_reported {
        Some(reported) => {
            let used = host.groups.len();
            Cell::toned(format!("the first {used} by name of {reported} reported"), Tone::Notice)
        }
        None => Cell::text(""),
    }
}

/// The tags, with a word about those that nobody gave it.
fn tags(host: &HostView) -> Cell {
    Cell::list(host.tags.iter().map(|tag| match host.tags_by_membership.contains(tag) {
        true => format!("{tag} (member)"),
        false => tag.to_string(),
    }))
}

/// An interval in its largest unit.
pub(super) fn every(seconds: u32) -> String {
    rough(SignedDuration::from_secs(i64::from(seconds)))
}

/// Everything that tells a host from others, for questions before it is changed.
pub(super) fn full_name(host: &HostView) -> String {
    let known = [&host.hostname, &host.serial];
    let known: Vec<&str> =
        known.into_iter().filter(|it| !it.is_empty()).map(String::as_str).collect();
    match known.is_empty() {
        true => host.machine.to_string(),
        false => format!("{} ({})", host.machine, known.join(", ")),
    }
}

/// A state in the colour of how bad it is.
fn state(host: &HostView) -> Cell {
    let tone = match host.state {
        HostState::InSync => Tone::Good,
        HostState::Behind | HostState::Syncing => Tone::Notice,
        HostState::Drifted | HostState::Rejecting => Tone::Bad,
        HostState::NeverSynced => Tone::Faint,
    };
    match host.reason {
        Some(reason) => Cell::Remarked(host.state.to_string(), reason.to_string(), tone),
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
            Cell::toned(format!("{wanted} wanted, {reported} reported"), Tone::Notice)
        }
        None => Cell::text(format!("{wanted} wanted, none reported")),
    }
}

/// The mode that a host reports, marked where it is not the one it should be in.
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
        Some(most) => Cell::toned(format!("{count}, its client takes at most {most}"), Tone::Bad),
        None => due(count),
    }
}

fn withheld(host: &HostView) -> Cell {
    match host.rules.withheld {
        0 => Cell::text(0),
        rules => Cell::toned(format!("{rules}, its Santa is too old for them"), Tone::Notice),
    }
}

/// What is known of how a host differs from what it should hold.
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

/// A Mac by its serial number, or by its model if it reports none.
pub(super) fn mac_name(mac: &MacName) -> String {
    let model = if mac.model.is_empty() { "Mac" } else { &mac.model };
    match mac.serial.as_str() {
        "" => format!("a {model} without a serial number"),
        serial => format!("{serial} ({model})"),
    }
}

fn sighting(seen: Option<&MacSighting>, tone: Tone) -> Cell {
    match seen {
        Some(MacSighting { mac, at }) => {
            Cell::toned(format!("{}, at {at:.0}", mac_name(mac)), tone)
        }
        None => Cell::text(""),
    }
}

/// The Macs that use a machine ID at the same time.
fn macs(host: &HostView) -> Vec<String> {
    let macs = host.conflict.iter().flat_map(|conflict| &conflict.macs);
    macs.map(|it| it.mac.serial.clone()).collect()
}

/// The Macs that use one machine ID, and what to do.
fn conflict(host: &HostView) -> Option<Group> {
    if host.conflict.is_none() && host.refused.is_none() {
        return None;
    }
    let accept = format!("nicelist host accept {}", argument(host.machine.as_str()));
    let (reason, since, to_do) = match &host.conflict {
        None => ("", None, accept),
        Some(conflict) => {
            let reason = match conflict.reason {
                ConflictReason::DifferentMacs => "several Macs use this machine ID",
                ConflictReason::Clones => "two Macs with one serial number use this machine ID",
            };
            let to_do = format!("give each Mac a machine ID of its own, then: {accept}");
            (reason, Some(conflict.since), to_do)
        }
    };
    let macs = host.conflict.iter().flat_map(|conflict| &conflict.macs);
    let line = |it: &MacView| format!("{}: {}, {} due", mac_name(&it.mac), it.state, it.due);
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
        true => Cell::toned("the next sync brings others", Tone::Notice),
        false => Cell::text("as wanted"),
    }
}

fn clean_sync(host: &HostView) -> Cell {
    match host.clean_sync {
        Some(crate::fleet::CleanSync::Clean) => Cell::toned("ordered", Tone::Notice),
        Some(crate::fleet::CleanSync::CleanAll) => {
            Cell::toned("ordered, of all rules", Tone::Notice)
        }
        None => Cell::text(""),
    }
}
