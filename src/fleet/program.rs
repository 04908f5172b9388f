//! Programs that hosts reported, and the hosts that each program was seen on. Deleting events
//! deletes neither the programs nor the sightings.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Decision, EventId};
use crate::rule::{MachineId, Program};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProgramId(pub i64);

impl fmt::Display for ProgramId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A program that at least one host reported. Programs that only opened watched files are not
/// included. If two reports differ in the signing status or in an identifier that rules can match,
/// they belong to different programs, even if the file is the same. So if one host reports false
/// identifiers, the programs that other hosts reported do not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProgram {
    pub id: ProgramId,
    /// The identifiers and the signing status. The names in the certificate are from the first
    /// report.
    pub program: Program,
    /// The file's name in the first report.
    pub name: String,
    /// The bundle's name in the first report; empty if the report had none.
    pub bundle_name: String,
    pub first_seen: Timestamp,
    pub hosts: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub program: ProgramId,
    pub machine: MachineId,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// The number of events, except file accesses.
    pub reports: u64,
    pub decision: Decision,
    /// The ID of the newest event, which may have been deleted.
    pub latest: EventId,
    pub path: String,
    /// The users in the reports: the first [`Sighting::MOST_USERS`] in byte order.
    pub users: Vec<String>,
    /// Whether more users were reported.
    pub more_users: bool,
    /// The paths in the reports: the first [`Sighting::MOST_PATHS`] in byte order.
    pub paths: Vec<String>,
    /// Whether more paths were reported.
    pub more_paths: bool,
}

impl Sighting {
    pub const MOST_USERS: usize = 16;
    pub const MOST_PATHS: usize = 4;
}
