//! How events look.

use crate::api::{EventDetail, EventStatView, EventView};
use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone};
use crate::fleet::Decision;
use crate::rule::SigningStatus;

impl Row for EventView {
    const COLUMNS: &'static [Column] = &[
        Column::new("id"),
        Column::new("received"),
        Column::machine("occurred"),
        Column::new("host"),
        Column::machine("machine"),
        Column::new("user"),
        Column::new("decision"),
        Column::new("path"),
        Column::machine("sha256"),
        Column::machine("cdhash"),
        Column::machine("team_id"),
        Column::machine("signing_id"),
        Column::machine("signing_status"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let program = &self.program;
        vec![
            Cell::text(self.id),
            Cell::Time(Some(self.received)),
            Cell::Time(self.occurred),
            Cell::text(host(self)),
            Cell::text(&self.machine),
            Cell::text(&self.user),
            decision(&self.decision),
            Cell::text(&self.path),
            Cell::text(&program.sha256),
            Cell::text(&program.cdhash),
            Cell::text(&program.team_id),
            Cell::text(&program.signing_id),
            Cell::text(program.signing_status.word()),
        ]
    }
}

impl Row for EventStatView {
    const COLUMNS: &'static [Column] = &[
        Column::new("hosts"),
        Column::new("events"),
        Column::new("decision"),
        Column::new("file_name"),
        Column::new("signing_id"),
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
            Cell::text(&self.sha256),
            Cell::text(self.latest),
            Cell::Time(Some(self.last_received)),
        ]
    }
}

impl Report for EventDetail {
    fn groups(&self) -> Vec<Group> {
        let event = &self.event;
        let program = &event.program;
        let leaf = program.certificate.as_ref();
        let happened = Group::titled(
            format!("Event {}", event.id),
            [
                ("decision", decision(&event.decision)),
                ("received", Cell::Time(Some(event.received))),
                ("occurred", event.occurred.map_or(Cell::text(""), |at| Cell::Time(Some(at)))),
                ("host", Cell::text(host(event))),
                ("machine", Cell::text(&event.machine)),
                ("user", Cell::text(&event.user)),
                ("parent", Cell::text(&self.parent_name)),
                (
                    "pid",
                    Cell::text(if self.pid == 0 { String::new() } else { self.pid.to_string() }),
                ),
            ],
        );
        let file = Group::titled(
            "Program",
            [
                ("path", Cell::text(&event.path)),
                ("bundle", Cell::text(bundle(self))),
                ("download_url", Cell::text(&self.download_url)),
                ("signed", status(program.signing_status)),
                ("certificate", Cell::optional(leaf.map(|leaf| &leaf.common_name))),
                ("signing_id", Cell::text(&program.signing_id)),
                ("team_id", Cell::text(&program.team_id)),
                ("cdhash", Cell::text(&program.cdhash)),
                ("sha256", Cell::text(&program.sha256)),
            ],
        );
        let candidates = self.candidates.iter().map(|candidate| {
            let target = &candidate.target;
            let text = format!("{}  {}", target.identifier(), candidate.covers);
            (target.rule_type().word(), Cell::text(text))
        });
        let rules = Group::titled("Rules that it could get, best first", candidates);
        let why = [("why_the_first", Cell::text(&self.reason))];
        vec![happened, file, rules, Group { title: None, fields: why.into() }]
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
