//! Events: evidence that a program ran or was stopped on a host. Not a count of executions:
//! Santa reports a program once per cycle, and may report it twice.

use std::fmt;

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

impl Decision {
    /// Whether Santa stopped the program.
    #[must_use]
    pub fn is_block(&self) -> bool {
        self.0.starts_with("BLOCK")
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

/// One certificate of a signing chain, leaf first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SigningLink {
    /// SHA-256 of the certificate.
    pub sha256: String,
    /// Common name.
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
    /// The bundle's hash, when Santa worked it out.
    pub bundle_hash: String,
    /// Where it was downloaded from.
    pub download_url: String,
    /// Who signed it.
    pub signing_chain: Vec<SigningLink>,
    /// The report as it came, for what is not named above.
    pub report: serde_json::Value,
}

impl Event {
    /// Folder and file name together.
    #[must_use]
    pub fn path(&self) -> String {
        match self.folder.as_str() {
            "" => self.file_name.clone(),
            folder => format!("{}/{}", folder.trim_end_matches('/'), self.file_name),
        }
    }
}

/// How often one program was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventStat {
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
