//! The result of a sync.

use std::error::Error;
use std::iter;

use serde::Serialize;

use super::{RequestError, Settings, SyncKind};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// The kind of sync that the client requested.
    pub wanted: SyncKind,
    pub performed: SyncKind,
    pub preflight: StageOutcome,
    pub event_upload: StageOutcome,
    pub rule_download: StageOutcome,
    pub postflight: StageOutcome,
    pub events: EventReport,
    pub rules: RuleReport,
    /// The hash in postflight, if the client's version sends a hash.
    pub reported_rules_hash: Option<String>,
    /// The settings after the sync.
    pub settings: Settings,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StageOutcome {
    Done,
    /// The stage had nothing to send, or was not part of the sync.
    #[default]
    Skipped,
    /// A request failed, but the sync continued.
    Failed {
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

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EventReport {
    pub sent: usize,
    /// Events that a clean sync discarded.
    pub discarded: usize,
    /// Events that remain for the next sync.
    pub kept: usize,
    /// The bundles whose programs the server requests.
    pub wanted_bundles: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RuleReport {
    pub pages: usize,
    pub received: u32,
    /// The number of received rules that the client counts as processed.
    pub processed: u32,
}

/// An error with its causes in one line.
pub fn with_causes(error: &dyn Error) -> String {
    let all = iter::successors(Some(error), |&error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
