//! How events look.

use crate::api::{BundleState, BundleView, EventDetail, EventStatView, EventView, WaitingView};
use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone};
use crate::fleet::{Ancestor, Decision, EventKind};
use crate::rule::SigningStatus;

impl Row for EventView {
    const FROM_HOSTS: bool = true;
    const COLUMNS: &'static [Column] = &[
        Column::new("id"),
        Column::new("received"),
        Column::machine("occurred"),
        Column::new("host"),
        Column::machine("machine"),
        Column::new("user"),
        Column::new("decision"),
        Column::new("path"),
        Column::new("accessed"),
        Column::machine("kind"),
        Column::machine("rule"),
        Column::machine("sha256"),
        Column::machine("cdhash"),
        Column::machine("team_id"),
        Column::machine("signing_id"),
        Column::machine("signing_status"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let program = &self.program;
        let access = self.access.as_ref();
        vec![
            Cell::text(self.id),
            Cell::Time(Some(self.received)),
            Cell::Time(self.occurred),
            Cell::text(host(self)),
            Cell::text(&self.machine),
            Cell::text(&self.user),
            decision(&self.decision),
            Cell::text(&self.path),
            Cell::optional(access.map(|access| &access.file)),
            Cell::text(self.kind),
            Cell::optional(access.map(|access| &access.rule)),
            Cell::text(&program.sha256),
            Cell::text(&program.cdhash),
            Cell::text(&program.team_id),
            Cell::text(&program.signing_id),
            Cell::text(program.signing_status.word()),
        ]
    }
}

impl Row for EventStatView {
    const FROM_HOSTS: bool = true;
    const COLUMNS: &'static [Column] = &[
        Column::new("hosts"),
        Column::new("events"),
        Column::new("decision"),
        Column::new("file_name"),
        Column::new("signing_id"),
        Column::new("rule"),
        Column::machine("kind"),
        Column::machine("sha256"),
        Column::new("latest"),
        Column::new("last_received"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(self.hosts),
            Cell::text(self.events),
            decision(&self.decision),
            Cell::text(&self.file_name),
            Cell::text(&self.signing_id),
            Cell::text(&self.rule),
            Cell::text(self.kind),
            Cell::text(&self.sha256),
            Cell::text(self.latest),
            Cell::Time(Some(self.last_received)),
        ]
    }
}

impl Row for WaitingView {
    const FROM_HOSTS: bool = true;
    const COLUMNS: &'static [Column] = &[
        Column::new("latest"),
        Column::new("last_received"),
        Column::new("name"),
        Column::new("publisher"),
        Column::new("signed"),
        Column::new("hosts"),
        Column::new("users"),
        Column::machine("events"),
        Column::new("decision"),
        Column::machine("path"),
        Column::new("best_target"),
        Column::machine("sha256"),
        Column::machine("machines"),
        Column::machine("user_names"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(self.latest),
            Cell::Time(Some(self.last_received)),
            Cell::text(name(self)),
            Cell::text(publisher(self)),
            Cell::text(self.program.signing_status.word()),
            Cell::text(self.hosts.len()),
            Cell::text(self.users.len()),
            Cell::text(self.events),
            decision(&self.decision),
            Cell::text(&self.path),
            Cell::optional(self.candidates.first().map(|best| &best.target)),
            Cell::text(&self.program.sha256),
            Cell::list(self.hosts.iter().map(|host| &host.machine)),
            Cell::list(&self.users),
        ]
    }
}

/// What people call a program that waits.
pub(super) fn name(waiting: &WaitingView) -> &str {
    let file = waiting.path.rsplit('/').next().unwrap_or_default();
    match file {
        "" => &waiting.program.sha256,
        file => file,
    }
}

/// Who published it, as far as its signature tells.
pub(super) fn publisher(waiting: &WaitingView) -> &str {
    let program = &waiting.program;
    let leaf = program.certificate.as_ref();
    let named = leaf.map(|leaf| match leaf.organization.as_str() {
        "" => leaf.common_name.as_str(),
        organization => organization,
    });
    named.filter(|name| !name.is_empty()).unwrap_or(&program.team_id)
}

impl Report for EventDetail {
    fn groups(&self) -> Vec<Group> {
        let event = &self.event;
        let candidates = self.candidates.iter().map(|candidate| {
            let target = &candidate.target;
            let text = format!("{}  {}", target.identifier(), candidate.covers);
            (target.rule_type().word(), Cell::text(text))
        });
        let title = match event.kind {
            EventKind::Execution | EventKind::BundleMember => "Rules that it could get, best first",
            EventKind::FileAccess => "Rules that could block the program, best first",
        };
        let rules = Group::titled(title, candidates);
        let why = [("why_the_first", Cell::text(&self.reason))];
        let why = Group { title: None, fields: why.into() };
        vec![happened(self), access(self), program(self), rules, why]
    }
}

fn happened(detail: &EventDetail) -> Group {
    let event = &detail.event;
    let pid = if detail.pid == 0 { String::new() } else { detail.pid.to_string() };
    Group::titled(
        format!("Event {}", event.id),
        [
            ("kind", Cell::text(event.kind)),
            ("decision", decision(&event.decision)),
            ("received", Cell::Time(Some(event.received))),
            ("occurred", event.occurred.map_or(Cell::text(""), |at| Cell::Time(Some(at)))),
            ("host", Cell::text(host(event))),
            ("machine", Cell::text(&event.machine)),
            ("user", Cell::text(&event.user)),
            ("parent", Cell::text(&detail.parent_name)),
            ("pid", Cell::text(pid)),
            ("truncated", Cell::list(&detail.truncated)),
        ],
    )
}

fn access(detail: &EventDetail) -> Group {
    let access = detail.event.access.as_ref();
    let ancestor = |ancestor: &Ancestor| format!("{} ({})", ancestor.path, ancestor.pid);
    Group::titled(
        "File access",
        [
            ("accessed", Cell::optional(access.map(|access| &access.file))),
            ("rule", Cell::optional(access.map(|access| &access.rule))),
            ("rule_version", Cell::optional(access.map(|access| &access.rule_version))),
            ("started_by", Cell::list(detail.ancestors.iter().map(ancestor))),
        ],
    )
}

fn program(detail: &EventDetail) -> Group {
    let program = &detail.event.program;
    let leaf = program.certificate.as_ref();
    let hashed = detail.bundle.as_ref();
    Group::titled(
        "Program",
        [
            ("path", Cell::text(&detail.event.path)),
            ("bundle", Cell::text(bundle(detail))),
            ("bundle_hash", Cell::optional(hashed.map(|bundle| &bundle.hash))),
            ("bundle_members", hashed.map_or(Cell::text(""), members)),
            ("download_url", Cell::text(&detail.download_url)),
            ("signed", status(program.signing_status)),
            ("certificate", Cell::optional(leaf.map(|leaf| &leaf.common_name))),
            ("signing_id", Cell::text(&program.signing_id)),
            ("team_id", Cell::text(&program.team_id)),
            ("cdhash", Cell::text(&program.cdhash)),
            ("sha256", Cell::text(&program.sha256)),
        ],
    )
}

/// How many of a bundle's programs are known.
fn members(bundle: &BundleView) -> Cell {
    let BundleView { held, binary_count, state, .. } = bundle;
    let held_of = format!("{held} of {binary_count} held");
    match state {
        BundleState::Complete => Cell::toned(held_of, Tone::Good),
        BundleState::Incomplete => Cell::toned(held_of, Tone::Notice),
        BundleState::Odd => {
            Cell::toned(format!("{held_of}, but they do not make up the hash"), Tone::Bad)
        }
    }
}

/// What people call the host: its name, or its machine id where it has none.
pub(super) fn host(event: &EventView) -> &str {
    if event.hostname.is_empty() { event.machine.as_str() } else { &event.hostname }
}

/// The bundle's name and version.
pub(super) fn bundle(event: &EventDetail) -> String {
    [event.bundle_name.as_str(), &event.bundle_version].join(" ").trim().to_owned()
}

fn decision(decision: &Decision) -> Cell {
    let tone = match (decision.is_block(), decision.would_block()) {
        (true, _) => Tone::Bad,
        (false, true) => Tone::Notice,
        (false, false) => Tone::Plain,
    };
    Cell::toned(decision, tone)
}

fn status(status: SigningStatus) -> Cell {
    let tone = match status {
        SigningStatus::Production => Tone::Good,
        SigningStatus::Development | SigningStatus::Adhoc | SigningStatus::Unknown => Tone::Notice,
        SigningStatus::Unsigned | SigningStatus::Invalid => Tone::Bad,
    };
    Cell::toned(status.word(), tone)
}
