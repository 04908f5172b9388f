//! What a sync did.

use std::error::Error;

use serde::Serialize;

use super::{RequestError, Settings, SyncKind};

/// What a sync that came to its end did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// What the client wanted.
    pub wanted: SyncKind,
    pub performed: SyncKind,
    /// What became of preflight.
    pub preflight: StageOutcome,
    /// What became of the events' upload.
    pub event_upload: StageOutcome,
    /// What became of the rules' download.
    pub rule_download: StageOutcome,
    /// What became of postflight.
    pub postflight: StageOutcome,
    pub events: EventReport,
    pub rules: RuleReport,
    /// The hash of the rules that the client reported at the end, if its version does.
    pub reported_rules_hash: Option<String>,
    /// What servers have set, now that the sync is over.
    pub settings: Settings,
}

/// What became of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StageOutcome {
    /// The server answered all that it was asked.
    Done,
    /// There was nothing to ask.
    Skipped,
    /// A request was given up, which did not stop the sync.
    Failed {
        /// Why.
        reason: String,
    },
}

impl StageOutcome {
    pub(super) fn of<T>(result: &Result<T, RequestError>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) => Self::Failed { reason: with_causes(error) },
        }
    }
}

/// What became of the pending events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EventReport {
    /// How many the server took.
    pub sent: usize,
    /// How many were thrown away, as a clean sync does.
    pub discarded: usize,
    /// How many wait for the next sync.
    pub kept: usize,
    /// The bundles of which the server wants every program.
    pub wanted_bundles: Vec<String>,
}

/// What became of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RuleReport {
    /// How many pages came.
    pub pages: usize,
    /// How many rules came.
    pub received: u32,
    /// How many of them were understood.
    pub processed: u32,
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
