//! Events: reports about programs that ran, were blocked, opened a watched file, or are listed in a
//! bundle or an inventory. Santa does not report every execution, so the number of events is not
//! the number of executions.

mod bundle;
mod pattern;

pub use bundle::BundleMembers;
pub use pattern::{PathPattern, PathPatternError};

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::rule::{MachineId, Program, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub i64);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Santa's decision as it was reported, such as `BLOCK_UNKNOWN` or `ALLOW_BINARY`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decision(pub Box<str>);

/// The decisions of known Santa versions. A newer Santa may report others.
pub const KNOWN_DECISIONS: [&str; 22] = [
    "DECISION_UNKNOWN",
    "ALLOW_UNKNOWN",
    "ALLOW_BINARY",
    "ALLOW_CERTIFICATE",
    "ALLOW_SCOPE",
    "ALLOW_TEAMID",
    "ALLOW_SIGNINGID",
    "ALLOW_CDHASH",
    "ALLOW_PLATFORM",
    "BLOCK_UNKNOWN",
    "BLOCK_BINARY",
    "BLOCK_CERTIFICATE",
    "BLOCK_SCOPE",
    "BLOCK_TEAMID",
    "BLOCK_SIGNINGID",
    "BLOCK_CDHASH",
    "BLOCK_BINARY_MISMATCH",
    "BUNDLE_BINARY",
    "FILE_ACCESS_DECISION_UNKNOWN",
    "FILE_ACCESS_DECISION_DENIED",
    "FILE_ACCESS_DECISION_DENIED_INVALID_SIGNATURE",
    "FILE_ACCESS_DECISION_AUDIT_ONLY",
];

impl Decision {
    /// Whether Santa blocked the program or the access to a file.
    pub fn is_block(&self) -> bool {
        self.0.starts_with("BLOCK") || self.0.starts_with("FILE_ACCESS_DECISION_DENIED")
    }

    /// Whether the program is only listed in a bundle or an inventory, and did not run.
    pub fn is_bundle_member(&self) -> bool {
        &*self.0 == "BUNDLE_BINARY"
    }

    /// Whether Santa would have blocked the program in lockdown mode.
    pub fn would_block(&self) -> bool {
        &*self.0 == "ALLOW_UNKNOWN"
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    Execution,
    /// Reports a program in a bundle or in an inventory (`santactl inventory`). The program did not
    /// run.
    BundleMember,
    /// A program accessed, or tried to access, a file that the Mac's profile watches.
    FileAccess,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid event kind `{0}`: expected execution, bundle-member or file-access")]
pub struct EventKindError(String);

words! {
    EventKind {
        Execution = "execution",
        BundleMember = "bundle-member",
        FileAccess = "file-access",
    }
}

impl FromStr for EventKind {
    type Err = EventKindError;

    fn from_str(text: &str) -> Result<Self, EventKindError> {
        let kind = Self::from_word(&text.trim().to_ascii_lowercase().replace('_', "-"));
        kind.ok_or_else(|| EventKindError(text.to_owned()))
    }
}

/// An ancestor of the process that accessed a watched file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ancestor {
    pub pid: i32,
    pub path: String,
    pub sha256: String,
    /// Empty if the program has no signing ID.
    pub signing_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cdhash: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub team_id: String,
}

/// An access to a file that the Mac's profile watches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileAccess {
    /// The name of the profile's rule that matched.
    pub rule: String,
    /// The version of the profile's policy.
    pub rule_version: String,
    pub file: String,
    /// The parent of the process, the parent's parent, and so on.
    pub ancestors: Vec<Ancestor>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SigningLink {
    pub sha256: String,
    pub common_name: String,
    pub organization: String,
    pub organizational_unit: String,
    /// Seconds since 1970; 0 if unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub valid_from: u32,
    /// Seconds since 1970; 0 if unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub valid_until: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub machine: MachineId,
    pub decision: Decision,
    /// None if the host reported no time, for example for a program in a bundle that did not run.
    pub occurred: Option<Timestamp>,
    pub file_name: String,
    pub folder: String,
    pub program: Program,
    pub user: String,
    pub pid: i32,
    pub parent_name: String,
    pub bundle_name: String,
    pub bundle_version: String,
    /// The reported hash of the bundle, in lower case; empty if Santa did not hash the bundle.
    pub bundle_hash: String,
    /// The number of programs in the bundle; 0 if Santa did not count them.
    #[serde(default)]
    pub bundle_binary_count: u32,
    pub download_url: String,
    /// The certificates, leaf first.
    pub signing_chain: Vec<SigningLink>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<FileAccess>,
    /// Reported values that no other field contains, by their names in Santa's protocol. Events
    /// stored by version 0.1.0 have all reported values here.
    #[serde(default, alias = "report", deserialize_with = "fields_or_null")]
    pub other_fields: Map<String, Value>,
    /// The fields that were shortened or dropped because they were too long, by their names in
    /// Santa's protocol. `report` means that lists and objects were dropped from `other_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
}

/// Reads an object, or null: version 0.1.0 stored null for some reports.
fn fields_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Event {
    pub fn kind(&self) -> EventKind {
        match &self.access {
            Some(_) => EventKind::FileAccess,
            None if self.decision.is_bundle_member() => EventKind::BundleMember,
            None => EventKind::Execution,
        }
    }

    /// Whether the program belongs to a bundle that Santa hashed.
    pub fn has_bundle(&self) -> bool {
        !self.bundle_hash.is_empty()
    }

    pub fn path(&self) -> String {
        match self.folder.as_str() {
            "" => self.file_name.clone(),
            folder => format!("{}/{}", folder.trim_end_matches('/'), self.file_name),
        }
    }
}

/// A program and the number of its events of one kind. File accesses are counted for each rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventStatView)]
pub struct EventStat {
    /// The kind of the reported events.
    pub kind: EventKind,
    /// The name of the file-access rule that matched; absent for other kinds of events.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The ID of the newest event.
    pub latest: EventId,
    /// The name of the program's file.
    pub file_name: String,
    /// SHA-256 of the program's file.
    pub sha256: String,
    /// Signing ID of the program; empty if the program has none.
    pub signing_id: String,
    /// Santa's decision in the newest event.
    pub decision: Decision,
    /// The number of events.
    pub events: u64,
    /// The number of hosts that reported the events.
    pub hosts: u64,
    /// When the newest event was received.
    pub last_received: Timestamp,
}

impl EventStat {
    pub fn new(
        latest: EventId,
        last_received: Timestamp,
        newest: Event,
        events: u64,
        hosts: u64,
    ) -> Self {
        Self {
            kind: newest.kind(),
            rule: newest.access.map(|access| access.rule).unwrap_or_default(),
            latest,
            file_name: newest.file_name,
            sha256: newest.program.sha256,
            signing_id: newest.program.signing_id,
            decision: newest.decision,
            events,
            hosts,
            last_received,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stopped_is_known_for_every_kind() {
        let is_block = |word: &str| Decision(word.into()).is_block();
        assert!(is_block("BLOCK_UNKNOWN") && is_block("BLOCK_SOMETHING_NEW"));
        assert!(is_block("FILE_ACCESS_DECISION_DENIED"));
        assert!(is_block("FILE_ACCESS_DECISION_DENIED_INVALID_SIGNATURE"));
        assert!(!is_block("FILE_ACCESS_DECISION_AUDIT_ONLY"));
        assert!(!is_block("BUNDLE_BINARY") && !is_block("16"));
    }

    #[test]
    fn kinds_are_read_back_from_their_words() {
        for kind in EventKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
        assert_eq!("File_Access".parse(), Ok(EventKind::FileAccess));
        let refused = "usb".parse::<EventKind>().unwrap_err();
        assert!(refused.to_string().contains("bundle-member or file-access"), "{refused}");
    }
}
