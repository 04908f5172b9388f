//! Explanations of rules, and predictions of Santa's decisions, in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::RuleView;
use crate::fleet::ClientMode;
use crate::rule::{MachineId, PolicyKind, Program, Ruling, Scope, StepResult, Target};

/// The target to explain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExplainQuery {
    /// The target.
    pub target: Target,
}

/// Whether a host gets a rule for a target. Only the first of the rules, the strongest, counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The host gets the first of the rules.
    Sent,
    /// The host does not get the first of the rules, because its Santa does not support it.
    Withheld,
    /// The first of the rules has the policy `remove`, so the host gets no rule.
    Removed,
    /// No scope of the host has a rule for the target.
    NoRule,
}

/// The pending changes of a host, and how often it syncs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextSync {
    /// The number of the host's pending rules and removals, for any target.
    pub due: u64,
    /// When the host last sent a preflight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    /// The sync interval in seconds.
    pub interval: u32,
    /// Whether the rules on the host are unknown because the database was restored. If so, the host
    /// gets all its rules again in a clean sync, unless its hash confirms them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
}

/// An explanation of the rule that a host gets for a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The target.
    pub target: Target,
    /// The host.
    pub machine: MachineId,
    /// The name of the host.
    pub hostname: String,
    /// The Santa version of the host.
    pub santa_version: String,
    /// Whether the host gets a rule for the target.
    pub verdict: Verdict,
    /// The policy of the rule that the host has now; absent if it has none, or if its rules are
    /// unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<PolicyKind>,
    /// The next sync; absent if it changes nothing for the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<NextSync>,
    /// The policy that the host gets, if it gets a rule: the policy of the rule, or the nearest one
    /// that the host's Santa supports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyKind>,
    /// The first Santa version that supports the rule, such as 2025.6. Only with the verdict
    /// `withheld`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// The rules for the target in the host's scopes, strongest first.
    pub rules: Vec<RuleView>,
}

/// A program to evaluate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRequest {
    /// The program, as far as it is known.
    pub program: Program,
    /// The path of the program; empty if it is unknown.
    #[serde(default)]
    pub path: String,
    /// Whether the file is something other than a Mach-O binary, such as a script.
    #[serde(default)]
    pub no_code: bool,
    /// Whether the file has no `__PAGEZERO`.
    #[serde(default)]
    pub no_page_zero: bool,
}

/// A prediction of Santa's decision about a program on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationView {
    /// The host.
    pub machine: MachineId,
    /// The name of the host.
    pub hostname: String,
    /// The Santa version of the host.
    pub santa_version: String,
    /// The client mode of the host after its next sync.
    pub mode: ClientMode,
    /// The path of the program.
    pub path: String,
    /// The program.
    pub program: Program,
    /// Whether the program may run after the next sync.
    pub ruling: Ruling,
    /// Whether the program may run until the next sync.
    pub ruling_now: Ruling,
    /// The next sync; absent if it changes neither the ruling nor the deciding step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<NextSync>,
    /// The step of Santa's evaluation that decides, or whose CEL expression decides about each
    /// execution, such as `signingid`, `platform` or `client-mode`.
    pub decided_by: String,
    /// The reason for the result of the step in `decided_by`, in words.
    pub why: String,
    /// The rules for the program in the host's scopes, in Santa's order of rule types. For each
    /// target, the rule with the strongest scope is first.
    pub rules: Vec<RuleMatch>,
    /// The steps of Santa's evaluation, in order, without some that cannot match.
    pub steps: Vec<StepView>,
}

/// A rule for a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleMatch {
    /// The effect of the rule.
    pub part: RulePart,
    /// The reason for the effect, in words; may be empty.
    pub why: String,
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleView,
}

/// The effect of a rule on a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RulePart {
    /// The rule decides.
    Decides,
    /// The rule's CEL expression decides about each execution.
    Asks,
    /// An earlier step of Santa's evaluation takes precedence.
    Outranked,
    /// A stronger scope has a rule for the same target.
    WeakerScope,
    /// The host does not get the rule, because its Santa does not support it.
    Withheld,
    /// The rule has the policy `remove`.
    Removes,
    /// Santa does not use the rule for a program with this kind of signature, or the server cannot
    /// know whether it does.
    NotAsked,
}

/// A step of Santa's evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// The name of the step, such as `static-rules`, `signingid`, `platform`, `blocked-path-regex`
    /// or `client-mode`.
    pub stage: String,
    /// The result of the step.
    pub finding: StepResult,
    /// The decision of the step, if it matches or may match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruling>,
    /// The reason for the result, in words.
    pub why: String,
    /// The scope of the setting that the step depends on; absent for a default, or if the step
    /// depends on no setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}
