//! The output of `lab sync`.

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone};
use crate::lab::{DaemonSync, HeldRule, Santa, StageOutcome, SyncReport, with_causes};

/// A sync, and the client's rules after it.
#[derive(Serialize)]
pub(super) struct Synced<'a> {
    #[serde(flatten)]
    report: &'a SyncReport,
    /// Always shown, even if the client's version reports no hash.
    rules_hash: String,
    /// In the order of the client's database.
    holds: Vec<&'a HeldRule>,
}

impl<'a> Synced<'a> {
    pub(super) fn new(report: &'a SyncReport, santa: &'a Santa) -> Self {
        let database = santa.database();
        Self { report, rules_hash: database.rules_hash(), holds: database.rules().collect() }
    }
}

impl Report for Synced<'_> {
    fn groups(&self) -> Vec<Group> {
        let report = self.report;
        let stages = [
            ("wanted", Cell::text(report.wanted)),
            ("performed", Cell::text(report.performed)),
            ("preflight", stage(&report.preflight)),
            ("event_upload", stage(&report.event_upload)),
            ("rule_download", stage(&report.rule_download)),
            ("postflight", stage(&report.postflight)),
        ];
        let events = [
            ("events_sent", Cell::text(report.events.sent)),
            ("events_discarded", Cell::text(report.events.discarded)),
            ("events_kept", Cell::text(report.events.kept)),
            ("bundles_wanted", Cell::list(&report.events.wanted_bundles)),
        ];
        let rules = [
            ("rule_pages", Cell::text(report.rules.pages)),
            ("rules_received", Cell::text(report.rules.received)),
            ("rules_processed", Cell::text(report.rules.processed)),
            ("rules_hash", Cell::text(&self.rules_hash)),
        ];
        let settings = &report.settings;
        let settings = [
            ("client_mode", Cell::optional(settings.client_mode)),
            ("full_sync_interval", Cell::text(settings.sync_interval())),
            ("enable_bundles", Cell::optional(settings.enable_bundles)),
            ("enable_transitive_rules", Cell::optional(settings.enable_transitive_rules)),
            ("allowed_path_regex", Cell::optional(settings.allowed_path_regex.as_ref())),
            ("blocked_path_regex", Cell::optional(settings.blocked_path_regex.as_ref())),
            ("event_detail_url", Cell::optional(settings.event_detail_url.as_ref())),
        ];
        vec![
            Group::titled("Sync", stages),
            Group::titled("Events", events),
            Group::titled("Rules", rules),
            Group::titled("Active settings", settings),
        ]
    }
}

fn stage(outcome: &StageOutcome) -> Cell {
    match outcome {
        StageOutcome::Done => Cell::toned("done", Tone::Good),
        StageOutcome::Skipped => Cell::toned("skipped", Tone::Faint),
        StageOutcome::Failed { reason } => Cell::toned(format!("failed: {reason}"), Tone::Bad),
    }
}

/// One sync of a daemon.
#[derive(Serialize)]
pub(super) struct DaemonSyncRow {
    ended: Timestamp,
    /// The kind of sync, or `failed`.
    sync: String,
    received: u32,
    processed: u32,
    holds: usize,
    events_sent: usize,
    next_seconds: u64,
    rules_hash: Option<String>,
    error: Option<String>,
}

impl DaemonSyncRow {
    pub(super) fn new(ended: Timestamp, turn: &DaemonSync) -> Self {
        let report = turn.result.as_ref().ok();
        Self {
            ended,
            sync: report.map_or_else(|| "failed".to_owned(), |report| report.performed.to_string()),
            received: report.map_or(0, |report| report.rules.received),
            processed: report.map_or(0, |report| report.rules.processed),
            holds: turn.holds,
            events_sent: report.map_or(0, |report| report.events.sent),
            next_seconds: turn.next.as_secs(),
            rules_hash: report.and_then(|report| report.reported_rules_hash.clone()),
            error: turn.result.as_ref().err().map(|error| with_causes(error)),
        }
    }
}

impl Row for DaemonSyncRow {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("ended", |turn| Cell::Time(Some(turn.ended))),
            Column::new("sync", |turn| {
                let tone = if turn.error.is_some() { Tone::Bad } else { Tone::Good };
                Cell::toned(&turn.sync, tone)
            }),
            Column::new("received", |turn| Cell::text(turn.received)),
            Column::new("processed", |turn| Cell::text(turn.processed)),
            Column::new("holds", |turn| Cell::text(turn.holds)),
            Column::new("events_sent", |turn| Cell::text(turn.events_sent)),
            Column::new("next_seconds", |turn| Cell::text(turn.next_seconds)),
            Column::csv("rules_hash", |turn| Cell::optional(turn.rules_hash.as_ref())),
            Column::new("error", |turn| Cell::optional(turn.error.as_ref())),
        ]
    }
}
