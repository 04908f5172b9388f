//! Events in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::{Ancestor, Decision, EventId, EventKind, ProgramId, SigningLink};
use crate::rule::{Candidate, MachineId, Program, Scope};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// The ID of the event.
    pub id: EventId,
    /// The kind of the event.
    pub kind: EventKind,
    /// When the server received the event.
    pub received: Timestamp,
    /// When the event happened; null if the host reported no time.
    pub occurred: Option<Timestamp>,
    /// The host that reported the event.
    pub machine: MachineId,
    /// The current name of the host; empty if the name is unknown.
    pub hostname: String,
    /// The user who ran the program; empty if the host reported no user, as for file accesses.
    pub user: String,
    /// What Santa decided.
    pub decision: Decision,
    /// The path of the program's file.
    pub path: String,
    /// The program.
    pub program: Program,
    /// The access to a watched file; absent for other events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessView>,
}

impl EventView {
    /// When the event happened. The time of receipt if the host reported no time or a later one,
    /// because then its clock is wrong.
    pub fn happened(&self) -> Timestamp {
        self.occurred.map_or(self.received, |occurred| occurred.min(self.received))
    }
}

/// An access to a file that the Mac's profile watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessView {
    /// The name of the profile's rule that matched.
    pub rule: String,
    /// The version of the file-access policy in the profile.
    pub rule_version: String,
    /// The path of the file.
    pub file: String,
}

/// A bundle that Santa hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleView {
    /// The name of the bundle; the name of the file if the bundle's name is unknown.
    pub name: String,
    /// The version of the bundle.
    pub version: String,
    /// The hash of the bundle, which is computed from the hashes of its programs.
    pub hash: String,
    /// The number of programs in the bundle.
    pub binary_count: u32,
    /// The number of the bundle's programs that hosts reported, without duplicates.
    pub held: u32,
    /// Whether all programs of the bundle are known.
    pub state: BundleState,
}

/// Whether all programs of a bundle are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BundleState {
    /// Some programs were not reported yet.
    Incomplete,
    /// All programs were reported.
    Complete,
    /// Enough programs were reported, but the hash of the bundle does not match them.
    Odd,
}

/// An event with details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventDetail {
    /// The event.
    #[serde(flatten)]
    pub event: EventView,
    /// The process ID.
    pub pid: i32,
    /// The name of the parent process.
    pub parent_name: String,
    /// The name of the bundle that the file belongs to.
    pub bundle_name: String,
    /// The version of the bundle.
    pub bundle_version: String,
    /// Details of the bundle, if Santa hashed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleView>,
    /// Where the file was downloaded from.
    pub download_url: String,
    /// The certificates that signed the file, leaf first.
    pub signing_chain: Vec<SigningLink>,
    /// For a file access, the ancestors of the process, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<Ancestor>,
    /// Targets for a rule, best first.
    pub candidates: Vec<Candidate>,
    /// Why the first target is the best, or why there are no targets.
    pub reason: String,
    /// Other reported values, by their names in Santa's protocol.
    #[schema(value_type = Object)]
    pub other_fields: serde_json::Map<String, serde_json::Value>,
    /// The fields that were shortened or dropped because they were too long, by their names in
    /// Santa's protocol. `report` means that the whole report was too long, so that `other_fields`
    /// is incomplete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
}

/// Events that hosts reported to another server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventImport {
    /// The events, at most 10,000.
    pub reports: Vec<HostReport>,
    /// Count the new events, and import none.
    #[serde(default)]
    pub dry_run: bool,
}

/// An event, and the host that reported it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HostReport {
    /// The host.
    pub machine: MachineId,
    /// An item of `events` in Santa's event upload, unchanged.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
}

impl HostReport {
    /// What is invalid in the report. None if the report has a valid SHA-256 and a decision.
    pub fn fault(&self) -> Option<String> {
        let Some(keys) = self.event.as_object() else { return Some("is not a JSON object".into()) };
        let hash = keys.get("file_sha256").or_else(|| keys.get("fileSha256"));
        let Some(hash) = hash.and_then(serde_json::Value::as_str) else {
            return Some("file_sha256: is missing".into());
        };
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(format!("file_sha256: `{hash}` is not a valid SHA-256"));
        }
        // Some clients report decisions as numbers.
        let is_decided = keys.get("decision").is_some_and(|decision| {
            decision.is_number() || decision.as_str().is_some_and(|word| !word.is_empty())
        });
        (!is_decided).then(|| "decision: is missing".into())
    }
}

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventImportAnswer {
    /// The number of new events.
    pub new: usize,
    /// The number of known events, including duplicates in the request.
    pub known: usize,
}

/// A program that is pending approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingView {
    /// The ID of the program.
    pub id: ProgramId,
    /// The ID of the newest event about the program on `hosts`. The event may already be deleted.
    pub latest: EventId,
    /// What Santa decided in that event.
    pub decision: Decision,
    /// The path of the program in that event.
    pub path: String,
    /// The name of the bundle that the program belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bundle_name: String,
    /// The program.
    pub program: Program,
    /// Hosts where the program is pending; the host of the newest event is first. A later page may
    /// list the program again with other hosts.
    pub hosts: Vec<WaitingHost>,
    /// The users who ran the program, at most 16 for each host.
    pub users: Vec<String>,
    /// The number of events about the program on `hosts`, not counting file accesses.
    pub events: u64,
    /// When the newest event was received.
    pub last_received: Timestamp,
    /// Targets for a rule, best first.
    pub candidates: Vec<Candidate>,
    /// Why the first target is the best; empty if there are no targets.
    pub reason: String,
}

/// A host where a program is pending approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingHost {
    /// The host.
    pub machine: MachineId,
    /// The name of the host.
    pub hostname: String,
    /// The ID of the newest event about the program on this host. The event may already be deleted.
    pub event: EventId,
    /// The scopes of the host, weakest first.
    pub scopes: Vec<Scope>,
}
