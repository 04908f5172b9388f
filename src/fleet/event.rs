//! Events: evidence that a program ran, was stopped, or opened a watched file on a host. Not a
//! count of executions: Santa reports a program once per cycle, and may report it twice.

mod pattern;

pub use pattern::{PathPattern, PathPatternError};

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rule::{MachineId, Program};

/// The number of a stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub i64);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What Santa decided, in its own words (`BLOCK_UNKNOWN`, `ALLOW_BINARY`, …), kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decision(pub Box<str>);

/// Santa's decisions as this version knows them. A newer Santa may report others.
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
    /// Whether Santa stopped the program, or the access to a file.
    #[must_use]
    pub fn is_block(&self) -> bool {
        self.0.starts_with("BLOCK") || self.0.starts_with("FILE_ACCESS_DECISION_DENIED")
    }

    /// Whether the program was not run at all, but is a member of a bundle.
    #[must_use]
    pub fn is_bundle_member(&self) -> bool {
        &*self.0 == "BUNDLE_BINARY"
    }

    /// Whether Santa would have stopped the program in lockdown mode.
    #[must_use]
    pub fn would_block(&self) -> bool {
        &*self.0 == "ALLOW_UNKNOWN"
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What an event is evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A program ran or was stopped.
    Execution,
    /// A program is a member of a bundle. It was not run.
    BundleMember,
    /// A program opened, or was kept from opening, a file that the Mac's profile watches.
    FileAccess,
}

/// A word that is no kind of event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of event; expected execution, bundle-member or file-access")]
pub struct EventKindError(String);

impl EventKind {
    pub const ALL: [Self; 3] = [Self::Execution, Self::BundleMember, Self::FileAccess];

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::BundleMember => "bundle-member",
            Self::FileAccess => "file-access",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for EventKind {
    type Err = EventKindError;

    fn from_str(text: &str) -> Result<Self, EventKindError> {
        let folded = text.trim().to_ascii_lowercase().replace('_', "-");
        let known = Self::ALL.into_iter().find(|kind| kind.word() == folded);
        known.ok_or_else(|| EventKindError(text.to_owned()))
    }
}

/// A process that a file access began with, further up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ancestor {
    /// Its process id.
    pub pid: i32,
    /// Its program.
    pub path: String,
    /// SHA-256 of that.
    pub sha256: String,
    /// The signing id, where it has one.
    pub signing_id: String,
}

/// An access to a file that the Mac's profile watches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileAccess {
    /// The profile's rule that spoke.
    pub rule: String,
    /// The version of the profile's policy.
    pub rule_version: String,
    pub file: String,
    /// The parent of the program that opened it, that one's parent, and so on.
    pub ancestors: Vec<Ancestor>,
}

/// One certificate of a signing chain, leaf first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SigningLink {
    /// SHA-256 of the certificate.
    pub sha256: String,
    pub common_name: String,
    /// Organisation.
    pub organization: String,
    /// Organisational unit.
    pub organizational_unit: String,
}

/// One report of one program on one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The host that reported it.
    pub machine: MachineId,
    /// What Santa decided.
    pub decision: Decision,
    /// When it happened; nothing for a bundle's members, which were not run.
    pub occurred: Option<Timestamp>,
    /// The file's name.
    pub file_name: String,
    /// The folder that holds the file.
    pub folder: String,
    /// The program, as far as rules are concerned.
    pub program: Program,
    /// Who ran it.
    pub user: String,
    /// Its process id.
    pub pid: i32,
    /// The parent's name.
    pub parent_name: String,
    /// Name and version of the bundle it belongs to.
    pub bundle_name: String,
    /// The version that people see.
    pub bundle_version: String,
    /// The bundle's hash, 64 lower-case hex digits, when Santa worked it out.
    pub bundle_hash: String,
    /// How many programs the bundle has, when Santa counted them.
    #[serde(default)]
    pub bundle_binary_count: u32,
    /// Where it was downloaded from.
    pub download_url: String,
    /// Who signed it.
    pub signing_chain: Vec<SigningLink>,
    /// The access, where the program opened a watched file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<FileAccess>,
    /// The report as it came, for what is not named above.
    pub report: serde_json::Value,
    /// The fields that were too long to be kept whole, by their names on the wire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
}

impl Event {
    /// What it is evidence of.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match &self.access {
            Some(_) => EventKind::FileAccess,
            None if self.decision.is_bundle_member() => EventKind::BundleMember,
            None => EventKind::Execution,
        }
    }

    /// Whether it belongs to a bundle that Santa hashed.
    #[must_use]
    pub fn has_bundle(&self) -> bool {
        !self.bundle_hash.is_empty()
    }

    /// Folder and file name together.
    #[must_use]
    pub fn path(&self) -> String {
        match self.folder.as_str() {
            "" => self.file_name.clone(),
            folder => format!("{}/{}", folder.trim_end_matches('/'), self.file_name),
        }
    }
}

/// How often one program was reported, apart by kind and, for file accesses, by rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventStat {
    /// What it was reported for.
    pub kind: EventKind,
    /// The profile's rule, for file accesses.
    pub rule: String,
    /// The newest report of the program.
    pub latest: EventId,
    /// The file's name in that report.
    pub file_name: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The signing id, where it has one.
    pub signing_id: String,
    /// What Santa decided.
    pub decision: Decision,
    /// Reports.
    pub events: u64,
    /// Distinct hosts among them.
    pub hosts: u64,
    /// When the newest was received.
    pub last_received: Timestamp,
}

impl EventStat {
    /// The numbers of a program with its newest report.
    #[must_use]
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
