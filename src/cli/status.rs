//! `nicelist status`.

use std::collections::BTreeMap;

use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use jiff::Timestamp;
use serde::Serialize;

use super::context::Context;
use super::error::CliError;
use super::host::uncounted_and_age;
use super::ui::{Cell, Column, Item, Row, Section, Tone, Ui, relative};
use crate::api::{
    BackupStatus, Contact, ExceededLimit, HostCount, HostCounts, HostState, LastBackup, Status,
    UnreadableRow,
};

/// Show the health of the server and its hosts
///
/// Shows why a server is not ready, what needs attention, its scheduled backups, rows of the
/// database that cannot be read, clients that exceeded a limit, and the number of hosts in each
/// state. The exit code is 0 if the server is ready, with or without warnings, and 1 if it is not
/// ready or cannot be reached. With a local database, the command changes nothing, and the exit
/// code is 0 if the database can be read. nicelist doctor finds out why hosts cannot sync.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist status
  nicelist status -o json | jq -r '.readiness.reasons[].code'
  nicelist status --database sqlite:/var/lib/nicelist/nicelist.db")]
pub(crate) struct StatusArgs {}

pub(super) async fn run(context: &Context, StatusArgs {}: StatusArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let client = context.client().await?;
    let server = client.status_with_unreadable_rows().await?;
    let hosts = match client.host_counts().await {
        Ok(counts) => Some(Hosts::of(counts, ui.now())),
        // The other parts of the status may show why this request failed.
        Err(error) => {
            let error = CliError::from(error);
            ui.warn(format!("cannot count the hosts: {}", error.message));
            None
        }
    };
    let state = State { server, hosts };
    if ui.writes_documents() {
        ui.document(&state)?;
    } else {
        let sections = state.sections(ui, client.address());
        let rows: Vec<Line> =
            sections.iter().flat_map(|(title, lines)| lines_of(title, lines)).collect();
        ui.outline(&state, &rows, || sections.into_iter().map(section).collect())?;
    }
    match state.server.readiness.reasons.as_slice() {
        [] => Ok(()),
        reasons => {
            let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
            Err(CliError::failed(format!("not ready: {}", codes.join(", "))))
        }
    }
}

/// The status of the API, with the numbers of hosts.
#[derive(Serialize)]
struct State {
    #[serde(flatten)]
    server: Status,
    /// Absent if they cannot be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    hosts: Option<Hosts>,
}

#[derive(Serialize)]
struct Hosts {
    counted_at: Timestamp,
    total: u64,
    states: BTreeMap<HostState, u64>,
    contact: BTreeMap<Contact, u64>,
    conflicts: u64,
    uncounted: u64,
    /// The number of uncounted hosts and the age of the counts, as text.
    #[serde(skip)]
    remarks: String,
}

impl Hosts {
    fn of(counts: HostCounts, now: Timestamp) -> Self {
        let remarks = uncounted_and_age(&counts, now);
        let HostCounts { counted_at, items, uncounted } = counts;
        let mut hosts = Self {
            counted_at,
            uncounted,
            remarks,
            total: 0,
            states: HostState::ALL.map(|state| (state, 0)).into(),
            contact: Contact::ALL.map(|contact| (contact, 0)).into(),
            conflicts: 0,
        };
        for HostCount { state, contact, conflict, hosts: count } in items {
            hosts.total += count;
            *hosts.states.entry(state).or_default() += count;
            *hosts.contact.entry(contact).or_default() += count;
            hosts.conflicts += if conflict { count } else { 0 };
        }
        hosts
    }
}

/// A name and its value.
type Named = (String, Cell);

impl State {
    /// Titles, each with its lines.
    fn sections(&self, ui: &Ui, place: &str) -> Vec<(String, Vec<Named>)> {
        let Status { readiness, backups, unreadable, unreadable_rows, exceeded_limits, .. } =
            &self.server;
        let reasons = |reasons: &[crate::api::Reason], tone| -> Vec<Named> {
            let each = reasons.iter();
            each.map(|reason| (reason.code.clone(), Cell::toned(&reason.message, tone))).collect()
        };
        let more = unreadable.saturating_sub(unreadable_rows.len());
        let more = (more > 0).then(|| ("others".to_owned(), Cell::text(HumanCount(more as u64))));
        let sections = [
            ("Server", self.summary(place)),
            ("Not ready", reasons(&readiness.reasons, Tone::Bad)),
            ("Warnings", reasons(&readiness.warnings, Tone::Notice)),
            ("Backups", backups.iter().flat_map(|it| backup_lines(it, ui)).collect()),
            ("Unreadable rows", unreadable_rows.iter().map(unreadable_row).chain(more).collect()),
            ("Limits exceeded", exceeded_limits.iter().map(|it| exceeded(it, ui)).collect()),
        ];
        let sections = sections.into_iter().filter(|(_, lines)| !lines.is_empty());
        sections.map(|(title, lines)| (title.to_owned(), lines)).collect()
    }

    fn summary(&self, place: &str) -> Vec<Named> {
        let Status { version, revision, time, rules, database, readiness, .. } = &self.server;
        let ready = match (readiness.ready, readiness.warnings.is_empty()) {
            (true, true) => Cell::toned("yes", Tone::Good),
            (true, false) => Cell::toned("yes, with warnings", Tone::Notice),
            (false, _) => Cell::toned("no", Tone::Bad),
        };
        let size = database.map(|size| match size.disk_free {
            Some(free) => {
                format!("{}, {} free on its disk", HumanBytes(size.bytes), HumanBytes(free))
            }
            None => HumanBytes(size.bytes).to_string(),
        });
        let rules = rules.map(|rules| format!("{} (revision {revision})", HumanCount(rules)));
        let mut lines = vec![
            ("address", Cell::text(place)),
            ("ready", ready),
            ("version", Cell::text(version)),
            ("clock", Cell::optional(time.map(|time| format!("{time:.0}")))),
            ("database", Cell::optional(size)),
            ("rules", Cell::optional(rules)),
        ];
        lines.extend(self.hosts.iter().flat_map(|hosts| hosts.summary()));
        lines.extend(self.counters());
        let lines = lines.into_iter().filter(|(_, cell)| !cell.for_programs().is_empty());
        lines.map(|(name, cell)| (name.to_owned(), cell)).collect()
    }

    /// The numbers of refused and failed requests, and of events that were not stored or not
    /// listed, since the server started.
    fn counters(&self) -> impl Iterator<Item = (&'static str, Cell)> {
        let Status { requests_over_limits, events_dropped, sightings_dropped, panics, .. } =
            self.server;
        let counters = [
            ("over limits", requests_over_limits, "request", "", Tone::Notice),
            ("dropped", events_dropped, "event", " over the daily limit", Tone::Notice),
            ("not listed", sightings_dropped, "report", " of too many new programs", Tone::Notice),
            ("panics", panics, "request", " failed because of a bug; see the log", Tone::Bad),
        ];
        let counters = counters.into_iter().filter(|(_, count, ..)| *count > 0);
        counters.map(|(name, count, noun, what, tone)| {
            let plural = if count == 1 { "" } else { "s" };
            (name, Cell::toned(format!("{} {noun}{plural}{what}", HumanCount(count)), tone))
        })
    }
}

impl Hosts {
    fn summary(&self) -> [(&'static str, Cell); 3] {
        let Self { total, states, contact, conflicts, remarks, .. } = self;
        let listed = states.iter().filter(|(_, count)| **count > 0);
        let listed: Vec<String> =
            listed.map(|(state, count)| format!("{} {state}", HumanCount(*count))).collect();
        let bad = [HostState::Drifted, HostState::Rejecting];
        let tone = match bad.iter().any(|state| states.get(state).is_some_and(|count| *count > 0)) {
            true => Tone::Bad,
            false => Tone::Plain,
        };
        let hosts = match total {
            0 => Cell::toned("none", Tone::Faint),
            total => {
                let text = format!("{}: {}{remarks}", HumanCount(*total), listed.join(", "));
                Cell::toned(text, tone)
            }
        };
        let contact =
            contact.iter().map(|(contact, count)| format!("{} {contact}", HumanCount(*count)));
        let contact = if *total > 0 { Cell::list(contact) } else { Cell::text("") };
        let conflicts = match conflicts {
            0 => Cell::text(""),
            count => Cell::toned(
                format!("{}; see nicelist host list --conflict", HumanCount(*count)),
                Tone::Bad,
            ),
        };
        [("hosts", hosts), ("contact", contact), ("conflicts", conflicts)]
    }
}

fn backup_lines(backups: &BackupStatus, ui: &Ui) -> Vec<Named> {
    let BackupStatus { folder, last, failure, failed_at, next } = backups;
    let last = match last {
        Some(LastBackup { file, at, bytes }) => {
            Cell::text(format!("{}, {}, {file}", relative(*at, ui.now()), HumanBytes(*bytes)))
        }
        None => Cell::toned("none", Tone::Faint),
    };
    let when = |at: Timestamp| relative(at, ui.now());
    let failed = failure.as_ref().map(|why| match failed_at {
        Some(at) => format!("{}: {why}", when(*at)),
        None => why.clone(),
    });
    let lines = [
        ("folder", Some(Cell::text(folder))),
        ("last", Some(last)),
        ("failed", failed.map(|failed| Cell::toned(failed, Tone::Notice))),
        ("next", next.map(|next| Cell::text(when(next)))),
    ];
    lines.into_iter().filter_map(|(name, cell)| Some((name.to_owned(), cell?))).collect()
}

fn unreadable_row(row: &UnreadableRow) -> Named {
    let UnreadableRow { table, id, about, reason } = row;
    (format!("{table} {id}"), Cell::toned(format!("{about}: {reason}"), Tone::Notice))
}

fn exceeded(exceeded: &ExceededLimit, ui: &Ui) -> Named {
    let ExceededLimit { limit, client, requests, last } = exceeded;
    let text =
        format!("{limit}: {} over the limit, {}", HumanCount(*requests), relative(*last, ui.now()));
    (client.clone(), Cell::toned(text, Tone::Notice))
}

fn section((title, lines): (String, Vec<Named>)) -> Section {
    let item = |(name, cell)| Item { mark: ("", Tone::Plain), name, values: vec![vec![cell]] };
    Section { title, items: lines.into_iter().map(item).collect(), rest: None }
}

/// A line of CSV or TSV.
#[derive(Serialize)]
struct Line {
    section: String,
    name: String,
    value: String,
}

fn lines_of(title: &str, lines: &[Named]) -> impl Iterator<Item = Line> {
    lines.iter().map(move |(name, cell)| Line {
        section: title.to_owned(),
        name: name.clone(),
        value: cell.for_programs().into_owned(),
    })
}

impl Row for Line {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("section", |line| Cell::text(&line.section)),
            Column::new("name", |line| Cell::text(&line.name)),
            Column::new("value", |line| Cell::text(&line.value)),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.name.clone())
    }
}
