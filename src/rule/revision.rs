//! Revisions: numbers, authors, and the effects of accepted changes.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FieldChange, checked_text};

/// A number that increases by one with each change that has an effect.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The longest message of a change, in bytes.
const LONGEST_MESSAGE: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message of a change has {0} bytes; the maximum is {LONGEST_MESSAGE}")]
pub struct MessageTooLong(usize);

checked_text!(
    /// The reason for a change.
    ChangeMessage,
    MessageTooLong,
    |text| match text.len() {
        ..=LONGEST_MESSAGE => Ok(text.into()),
        length => Err(MessageTooLong(length)),
    }
);

impl ChangeMessage {
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRecord {
    pub revision: Revision,
    pub at: Timestamp,
    /// The name of a token, `local:USER`, or `nicelist` for automatic changes.
    pub author: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionSummary {
    #[serde(flatten)]
    pub record: RevisionRecord,
    #[serde(flatten)]
    pub counts: RevisionCounts,
}

/// How one edit of a change affects a rule or a tag that already existed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleDifference {
    /// The index of the edit in its change.
    pub edit: usize,
    /// The fields that differ. For a removed rule, all fields that had a value.
    pub fields: Vec<FieldChange>,
}

/// How many items of one kind a revision added, changed and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RevisionCounts {
    pub rules: Counts,
    pub settings: Counts,
    pub tags: Counts,
    /// The number of hosts whose tags changed.
    pub hosts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Added,
    Changed,
    Removed,
    Unchanged,
}
