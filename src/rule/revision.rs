//! Revisions: the count of accepted changes, and what each did.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A number that every accepted change raises by one; 0 is the empty beginning.
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

/// Bytes of the longest message.
const LONGEST_MESSAGE: usize = 4096;

/// Why a change is made, in words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChangeMessage(Box<str>);

/// Why a message of a change was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message of a change has {0} bytes; {LONGEST_MESSAGE} are allowed")]
pub struct MessageTooLong(usize);

impl ChangeMessage {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl TryFrom<String> for ChangeMessage {
    type Error = MessageTooLong;

    fn try_from(text: String) -> Result<Self, MessageTooLong> {
        let fits = text.len() <= LONGEST_MESSAGE;
        if fits { Ok(Self(text.into())) } else { Err(MessageTooLong(text.len())) }
    }
}

impl FromStr for ChangeMessage {
    type Err = MessageTooLong;

    fn from_str(text: &str) -> Result<Self, MessageTooLong> {
        text.to_owned().try_into()
    }
}

impl From<ChangeMessage> for String {
    fn from(message: ChangeMessage) -> Self {
        message.0.into()
    }
}

impl fmt::Display for ChangeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who made a revision, when and why. Never edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRecord {
    /// Its number.
    pub revision: Revision,
    /// When it was accepted.
    pub at: Timestamp,
    /// The token's name, `local:USER`, or `nicelist` for what the server does by itself.
    pub author: String,
    /// Why, in the author's words.
    pub message: Option<String>,
}

/// How many things of one kind a revision added, changed and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Those that were not there before.
    pub added: u64,
    /// Those that are otherwise than before.
    pub changed: u64,
    /// Those that are no longer there.
    pub removed: u64,
}

/// How much a revision did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RevisionCounts {
    pub rules: Counts,
    pub settings: Counts,
    /// To tags themselves.
    pub tags: Counts,
    /// Hosts whose tags it changed.
    pub hosts: u64,
}

/// What became of one edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was not there and now is.
    Added,
    /// It was there and now is otherwise.
    Changed,
    /// It was there and no longer is.
    Removed,
    /// It was so already.
    Unchanged,
}
