//! Events on the admin wire, and what a help desk decides about them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::fleet::{Decision, EventId, SigningLink};
use crate::rule::{
    Candidate, MachineId, Outcome, PolicyKind, Program, Revision, RuleDraft, RuleType, Scope,
};

/// An event, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// Its number.
    pub id: EventId,
    /// When the server received it.
    pub received: Timestamp,
    /// When it happened.
    pub occurred: Option<Timestamp>,
    /// The host that reported it.
    pub machine: MachineId,
    /// That host's name at the time of asking.
    pub hostname: String,
    /// Who ran the program.
    pub user: String,
    /// What Santa decided.
    pub decision: Decision,
    /// The file.
    pub path: String,
    /// The program, as far as rules are concerned.
    pub program: Program,
}

/// An event with everything that helps to decide about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventDetail {
    /// The event.
    #[serde(flatten)]
    pub event: EventView,
    /// Process id.
    pub pid: i32,
    /// The parent's name.
    pub parent_name: String,
    /// The bundle that the file belongs to.
    pub bundle_name: String,
    /// Its version.
    pub bundle_version: String,
    /// Where the file was downloaded from.
    pub download_url: String,
    /// Who signed it, leaf first.
    pub signing_chain: Vec<SigningLink>,
    /// Targets that a rule could have, best first.
    pub candidates: Vec<Candidate>,
    /// Why the first is the best.
    pub reason: String,
    /// The report as it came.
    #[schema(value_type = Object)]
    pub report: serde_json::Value,
}

/// Which events to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct EventQuery {
    /// From this host: machine id, serial number, host name, or a unique prefix of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Run by this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// With exactly this decision, as in BLOCK_UNKNOWN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Only what was stopped.
    pub blocked: bool,
    /// Received at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    /// With this text in path, SHA-256, signing id or team id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only events after this one, oldest first: for following.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<i64>)]
    pub after: Option<EventId>,
    /// At most so many, up to 5000; 500 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How often a program was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventStatView {
    /// The newest report.
    pub latest: EventId,
    /// The file's name.
    pub file_name: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Signing id, where it has one.
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

/// A help desk's decision about an event: it becomes a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What the rule does: one of the allow and block policies.
    pub policy: PolicyKind,
    /// Which of the candidates; the best when absent.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<RuleType>,
    /// Whom the rule is for; the host that reported the event when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// When the rule ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The ticket that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What the person at the Mac sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Work out the answer and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// The rule that a decision made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionAnswer {
    /// The rule.
    pub rule: RuleDraft,
    /// Whether it was added, changed, or there already.
    pub outcome: Outcome,
    /// The newest revision.
    pub revision: Revision,
    /// The host that reported the event.
    pub machine: MachineId,
}
