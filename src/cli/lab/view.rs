//! How a sync looks.

use crate::cli::ui::{Cell, Group, Report, Tone};
use crate::lab::{StageOutcome, SyncReport};

impl Report for SyncReport {
    fn groups(&self) -> Vec<Group> {
        let stages = [
            ("wanted", Cell::text(self.wanted)),
            ("performed", Cell::text(self.performed)),
            ("preflight", stage(&self.preflight)),
            ("event_upload", stage(&self.event_upload)),
            ("rule_download", stage(&self.rule_download)),
            ("postflight", stage(&self.postflight)),
        ];
        let events = [
            ("events_sent", Cell::text(self.events.sent)),
            ("events_discarded", Cell::text(self.events.discarded)),
            ("events_kept", Cell::text(self.events.kept)),
            ("bundles_wanted", Cell::list(&self.events.wanted_bundles)),
        ];
        let rules = [
            ("rule_pages", Cell::text(self.rules.pages)),
            ("rules_received", Cell::text(self.rules.received)),
            ("rules_processed", Cell::text(self.rules.processed)),
        ];
        let settings = &self.settings;
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
            Group::titled("Settings in force", settings),
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
