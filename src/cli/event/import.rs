//! `nicelist event import`.

mod report;
mod source;
mod upload;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::api::{Code, EventImport, EventImportAnswer, HostReport, Problem};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::{Fault, FaultList, STDIO, counted, name_of};
use crate::cli::ui::{Cell, Column, Row, Ui};
use crate::client::{Client, ClientError};
use crate::rule::MachineId;
use report::Placed;
use source::Reports;

/// Maximum reports per request. Other writes wait until all reports of a request are stored.
const MOST_REPORTS: usize = 1_000;
/// A request with this many bytes of reports gets no further reports.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Import events from another sync server
///
/// PATH can be the event folder of Moroz (SHA256/MACHINE/TIME.json). It can be a file from Rudolph,
/// with one event per line (JSON objects with Santa's keys and machine_id). It can also be a file
/// with the body of an event upload from Santa ({"events": [...]}).
///
/// nicelist reads and checks all events first. If any event is invalid, nicelist reports its file
/// and line and sends nothing. The exit code is then 5. Events that the server already has do not
/// change, so you can import the same events again. The hosts do not have to exist on the server.
/// The server stores the time of the import as the time when it received the events.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event import /var/lib/moroz/events --dry-run
  nicelist event import /var/lib/moroz/events
  nicelist event import rudolph.jsonl -o json
  nicelist event import eventupload.json \\
      --machine-id 6F1C2B7A-93D4-4E58-A0B6-2D7E51C84F19")]
pub(crate) struct ImportArgs {
    /// Folder or file to read
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Machine ID for events in a file without one
    #[arg(long, value_name = "ID")]
    machine_id: Option<MachineId>,
    /// Show what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: ImportArgs) -> Result<(), CliError> {
    let ImportArgs { path, machine_id, dry_run } = args;
    if path == Path::new(STDIO) {
        let text = "event import requires a file, because it reads the events twice: to check \
            them and to send them";
        return Err(CliError::usage(text)
            .hint("save the events to a file first: nicelist event import events.jsonl"));
    }
    let open = || Reports::open(&path, machine_id.as_ref());
    let ui = &context.ui;
    let client = context.client_to_change(dry_run).await?;
    let count = check(ui, &path, open()?, dry_run)?;
    let answer = send(ui, &client, &path, (open()?, count), dry_run).await?;
    let EventImportAnswer { new, known } = answer;
    let summary = Summary { new, known, rejected: 0, dry_run };
    ui.row(&summary)?;
    ui.status(summary.to_string());
    Ok(())
}

/// Reads all reports. Fails if any is invalid, and shows the first invalid ones. Returns the number
/// of reports.
fn check(ui: &Ui, path: &Path, reports: Reports, dry_run: bool) -> Result<usize, CliError> {
    let progress = ui.progress(None, format!("reading {}", name_of(path)));
    let mut good = 0_usize;
    let mut faults = FaultList::new(ui, false);
    for report in reports {
        match report {
            Ok(_) => good += 1,
            Err(Fault::Bad { place, text, row: _ }) => {
                faults.add(format!("{place}: {text}"));
            }
            Err(Fault::Failed(error)) => return Err(error),
        }
        let read = good + faults.count();
        if read.is_multiple_of(MOST_REPORTS) {
            progress.set_text(format!("reading {}: {}", name_of(path), counted(read, "event")));
        }
    }
    drop(progress);
    faults.count_hidden();
    let bad = faults.count();
    if bad == 0 {
        return Ok(good);
    }
    let summary = Summary { new: 0, known: 0, rejected: bad, dry_run };
    ui.row(&summary)?;
    let text = format!("{bad} of {} events are invalid; nothing was sent", good + bad);
    Err(CliError::input(text))
}

/// Sends all reports in batches.
async fn send(
    ui: &Ui,
    client: &Client,
    path: &Path,
    (mut reports, count): (Reports, usize),
    dry_run: bool,
) -> Result<EventImportAnswer, CliError> {
    let text = format!("sending events to {}", client.address());
    let progress = ui.progress(Some(count as u64), text);
    let mut total = EventImportAnswer::default();
    let mut batch = Batch::default();
    loop {
        let next = match reports.next() {
            Some(Ok(placed)) => Some(placed),
            Some(Err(Fault::Failed(error))) => return Err(error),
            Some(Err(Fault::Bad { place, text, row: _ })) => {
                ui.fault(format!("{place}: {text}"));
                let text = format!("{} changed while it was read", name_of(path));
                return Err(CliError::failed(text).hint(AGAIN));
            }
            None => None,
        };
        let is_last = next.is_none();
        if let Some(placed) = next {
            batch.add(placed);
        }
        if batch.is_full() || (is_last && !batch.reports.is_empty()) {
            let sent = std::mem::take(&mut batch);
            let count = sent.reports.len();
            let EventImportAnswer { new, known } = sent.send(ui, client, dry_run).await?;
            total.new += new;
            total.known += known;
            progress.advance(count as u64);
        }
        if is_last {
            return Ok(total);
        }
    }
}

const AGAIN: &str = "events that were already sent are kept; run the import again to send the \
    others";

/// The reports of one request.
#[derive(Default)]
struct Batch {
    reports: Vec<HostReport>,
    places: Vec<String>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, placed: Placed) {
        let Placed { place, length, report } = placed;
        self.reports.push(report);
        self.places.push(place);
        self.bytes += length;
    }

    fn is_full(&self) -> bool {
        self.reports.len() >= MOST_REPORTS || self.bytes >= MOST_BYTES
    }

    async fn send(
        self,
        ui: &Ui,
        client: &Client,
        dry_run: bool,
    ) -> Result<EventImportAnswer, CliError> {
        let Self { reports, places, bytes: _ } = self;
        let error = match client.import_events(&EventImport { reports, dry_run }).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error {
            ClientError::Problem(problem) if problem.code == Code::Invalid => {
                Err(refused(ui, &places, problem))
            }
            error => Err(error.into()),
        }
    }
}

/// Shows the server's errors, with locations in the files instead of the request.
fn refused(ui: &Ui, places: &[String], mut problem: Problem) -> CliError {
    let mut faults = FaultList::new(ui, false);
    problem.details.retain(|detail| match detail.index.and_then(|index| places.get(index)) {
        Some(place) => {
            faults.add(format!("{place}: {}", detail.message));
            false
        }
        None => true,
    });
    faults.count_hidden();
    CliError::from(problem).hint(AGAIN)
}

#[derive(Debug, Serialize)]
struct Summary {
    new: usize,
    known: usize,
    rejected: usize,
    dry_run: bool,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { new, known, rejected: _, dry_run } = self;
        let dry_run = if *dry_run { "dry run: " } else { "" };
        write!(f, "{dry_run}{new} new, {known} already known")
    }
}

/// A table has no columns, because the line on stderr has the same numbers.
impl Row for Summary {
    const HEADED: bool = false;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::csv("new", |it| Cell::text(it.new)),
            Column::csv("known", |it| Cell::text(it.known)),
            Column::csv("rejected", |it| Cell::text(it.rejected)),
            Column::csv("dry_run", |it| Cell::text(it.dry_run)),
        ]
    }
}
