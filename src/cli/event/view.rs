//! Rows and reports of events.

use crate::api::{AccessView, BundleState, BundleView, EventDetail, EventView, WaitingView};
use crate::cli::labels::{host_label, program_label, publisher};
use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone};
use crate::fleet::{Ancestor, Decision, EventKind, EventStat};
use crate::rule::SigningStatus;

impl Row for EventView {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("id", |event| Cell::text(event.id)),
            Column::new("received", |event| Cell::Time(Some(event.received))),
            Column::csv("occurred", |event| Cell::Time(event.occurred)),
            Column::new("host", |event| Cell::text(host_label(&event.hostname, &event.machine))),
            Column::csv("machine", |event| Cell::text(&event.machine)),
            Column::new("user", |event| Cell::text(&event.user)),
            Column::new("name", |event| Cell::text(event_label(event))),
            Column::new("decision", |event| decision(&event.decision)),
            Column::new("path", |event: &Self| Cell::text(&event.path)).rank(1).whole(),
            Column::new("accessed", |event: &Self| accessed(event, |access| &access.file))
                .rank(2)
                .whole(),
            Column::csv("kind", |event| Cell::text(event.kind)),
            Column::csv("rule", |event| accessed(event, |access| &access.rule)),
            Column::csv("sha256", |event| Cell::text(&event.program.sha256)),
            Column::csv("cdhash", |event| Cell::text(&event.program.cdhash)),
            Column::csv("team_id", |event| Cell::text(&event.program.team_id)),
            Column::csv("signing_id", |event| Cell::text(&event.program.signing_id)),
            Column::csv("signing_status", |event| Cell::text(event.program.signing_status.word())),
        ]
    }
}

impl Row for EventStat {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("hosts", |stat| Cell::text(stat.hosts)),
            Column::new("events", |stat| Cell::text(stat.events)),
            Column::new("decision", |stat| decision(&stat.decision)),
            Column::new("file_name", |stat| Cell::text(&stat.file_name)),
            Column::new("signing_id", |stat| Cell::text(&stat.signing_id)),
            Column::new("rule", |stat| Cell::text(&stat.rule)),
            Column::csv("kind", |stat| Cell::text(stat.kind)),
            Column::csv("sha256", |stat| Cell::text(&stat.sha256)),
            Column::new("latest", |stat| Cell::text(stat.latest)),
            Column::new("last_received", |stat| Cell::Time(Some(stat.last_received))),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.latest.to_string())
    }
}

impl Row for WaitingView {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("latest", |it: &Self| Cell::text(it.latest)).headed("event"),
            Column::new("last_received", |it| Cell::Time(Some(it.last_received))),
            Column::new("name", |it| Cell::text(waiting_label(it))),
            Column::new("publisher", |it| Cell::text(publisher(&it.program))),
            Column::new("signed", |it| Cell::text(it.program.signing_status.word())),
            Column::new("hosts", |it| Cell::text(it.hosts.len())),
            Column::new("users", |it| Cell::text(it.users.len())),
            Column::csv("events", |it| Cell::text(it.events)),
            Column::new("decision", |it| decision(&it.decision)),
            Column::csv("path", |it| Cell::text(&it.path)),
            Column::new("best_target", best_target),
            Column::csv("sha256", |it| Cell::text(&it.program.sha256)),
            Column::csv("machines", |it| Cell::list(it.hosts.iter().map(|host| &host.machine))),
            Column::csv("user_names", |it| Cell::list(&it.users)),
        ]
    }
}

/// A detail of the file access, if the event is one.
fn accessed(event: &EventView, text: fn(&AccessView) -> &String) -> Cell {
    Cell::optional(event.access.as_ref().map(text))
}

fn best_target(waiting: &WaitingView) -> Cell {
    Cell::optional(waiting.candidates.first().map(|best| &best.target))
}

/// The name of the program in an event.
pub(super) fn event_label(event: &EventView) -> &str {
    program_label(&event.path, &event.program.sha256)
}

pub(super) fn waiting_label(waiting: &WaitingView) -> &str {
    program_label(&waiting.path, &waiting.program.sha256)
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
            EventKind::Execution | EventKind::BundleMember => "Possible rules, best first",
            EventKind::FileAccess => "Rules that could block the program, best first",
        };
        let rules = Group::titled(title, candidates);
        let why = [("why_the_first", Cell::text(&self.reason))];
        let why = Group { title: None, fields: why.into() };
        vec![happened(self), access(self), program(self), rules, why]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.event.id.to_string())
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
            ("host", Cell::text(host_label(&event.hostname, &event.machine))),
            ("machine", Cell::text(&event.machine)),
            ("user", Cell::text(&event.user)),
            ("parent", Cell::text(&detail.parent_name)),
            ("pid", Cell::text(pid)),
            ("truncated", Cell::list(&detail.truncated)),
        ],
    )
}

fn access(detail: &EventDetail) -> Group {
    let event = &detail.event;
    let ancestor = |ancestor: &Ancestor| format!("{} ({})", ancestor.path, ancestor.pid);
    Group::titled(
        "File access",
        [
            ("accessed", accessed(event, |access| &access.file)),
            ("rule", accessed(event, |access| &access.rule)),
            ("rule_version", accessed(event, |access| &access.rule_version)),
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

fn members(bundle: &BundleView) -> Cell {
    let BundleView { held, binary_count, state, .. } = bundle;
    let held_of = format!("{held} of {binary_count} reported");
    match state {
        BundleState::Complete => Cell::toned(held_of, Tone::Good),
        BundleState::Incomplete => Cell::toned(held_of, Tone::Notice),
        BundleState::Odd => {
            let text = format!("{held_of}, but the programs do not match the bundle's hash");
            Cell::toned(text, Tone::Bad)
        }
    }
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
