//! Programs that hosts reported, in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{RuleVersionView, RuleView, instant};
use crate::fleet::{Decision, EventId, KnownProgram, ProgramId};
use crate::rule::{Candidate, MachineId, Program, SigningStatus, TagName};

/// A program that at least one host reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgramView {
    /// The ID of the program.
    pub id: ProgramId,
    /// The name of the file in the first report.
    pub name: String,
    /// The name of the bundle in the first report.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bundle_name: String,
    /// The identifiers of the program, and how it is signed.
    #[serde(flatten)]
    pub program: Program,
    /// When the server received the first report.
    pub first_seen: Timestamp,
    /// When the server received the newest report.
    pub last_seen: Timestamp,
    /// The number of hosts that reported the program.
    pub hosts: u64,
}

impl ProgramView {
    pub fn new(known: KnownProgram, last_seen: Timestamp) -> Self {
        let KnownProgram { id, program, name, bundle_name, first_seen, hosts } = known;
        Self { id, name, bundle_name, program, first_seen, last_seen, hosts }
    }
}

/// One host's reports of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SightingView {
    /// The machine ID of the host.
    pub machine: MachineId,
    /// The name of the host; empty if it is unknown.
    pub hostname: String,
    /// When the server received the host's first report of the program.
    pub first_seen: Timestamp,
    /// When the server received the host's newest report of the program.
    pub last_seen: Timestamp,
    /// The number of reports.
    pub reports: u64,
    /// What Santa decided in the newest report.
    pub decision: Decision,
    /// The ID of the newest event about the program from the host. The event may already be
    /// deleted.
    pub event: EventId,
    /// The path of the program in the newest report.
    pub path: String,
    /// The users who ran the program, at most 16.
    pub users: Vec<String>,
    /// Whether there are more users.
    pub more_users: bool,
}

/// A program with details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgramDetail {
    /// The program.
    #[serde(flatten)]
    pub program: ProgramView,
    /// Some hosts that reported the program, at most 100. `/programs/{id}/sightings` lists all
    /// hosts.
    pub sightings: Vec<SightingView>,
    /// The newest other programs with the same signing ID, at most 20. The list is shorter if these
    /// programs have more than about 10,000 sightings in total.
    pub versions: Vec<ProgramView>,
    /// The rules in any scope that match the program, at most 100 for each identifier. `withheld`
    /// is always absent.
    pub rules: Vec<RuleView>,
    /// The decisions about the program: active and earlier rules in any scope that match it, newest
    /// first, at most 50.
    pub decisions: Vec<DecisionView>,
    /// Targets for a rule, best first.
    pub candidates: Vec<Candidate>,
    /// Why the first target is the best; empty if there are no targets.
    pub reason: String,
}

/// A decision about a program: a version of a rule that matches the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionView {
    /// The version of the rule.
    #[serde(flatten)]
    pub version: RuleVersionView,
    /// Whether the author undid the decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}

/// Which programs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramQuery {
    /// Only programs with this SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Only programs with this cdhash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdhash: Option<String>,
    /// Only programs with this signing ID, such as EQHXZ8M8AV:com.google.Chrome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_id: Option<String>,
    /// Only programs signed by this publisher: its team ID, the SHA-256 of the leaf certificate, or
    /// a part of the certificate's common name or organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Only programs with this signing status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub signing_status: Option<SigningStatus>,
    /// Only programs with this text in a name, the SHA-256, the signing ID or the team ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only programs whose first report the server received at or after this time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "instant::optional")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only programs that this host reported. Accepts a machine ID, serial number or host name, a
    /// unique prefix of any of these, or `id:` followed by a whole machine ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Only programs seen on hosts with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagName>,
    /// Only programs that this user ran. At most 16 users are known for each program and host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only programs that Santa blocked according to the newest report from at least one host.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// Only programs pending approval. The program with the newest pending report comes first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// Maximum items on the page: 500 by default, at most 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which page of a program's hosts to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct SightingQuery {
    /// Maximum items on the page: 500 by default, at most 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
