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

/// Whether a host gets a rule for a target. Only the first rule in `rules`, which has the strongest
/// scope, counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The host gets the first rule in `rules`.
    Sent,
    /// The host does not get the first rule in `rules`, because the host's Santa does not support
    /// the rule.
    Withheld,
    /// The first rule in `rules` has the policy `remove`, so the host gets no rule.
    Removed,
    /// No scope of the host has a rule for the target.
    NoRule,
}

/// The pending changes of a host, and how often the host syncs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextSync {
    /// The number of the host's pending rules and removals, for all targets.
    pub due: u64,
    /// When the host last sent a preflight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    /// The sync interval in seconds.
    pub interval: u32,
    /// Whether the rules on the host are unknown because the database was restored. If so, the host
    /// gets all its rules again in a clean sync, unless it reports the expected rules hash.
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
    /// The policy of the host's current rule for the target; absent if the host has no such rule,
    /// or if its rules are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<PolicyKind>,
    /// The next sync; absent if that sync changes nothing for the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<NextSync>,
    /// The policy that the host gets; absent if the host gets no rule. This is the policy of the
    /// rule, or the nearest policy that the host's Santa supports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyKind>,
    /// The first Santa version that supports the rule, such as 2025.6. Present only if `verdict` is
    /// `withheld`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// The rules for the target in the host's scopes, strongest scope first.
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
    /// Whether the file is not a Mach-O binary; true for a script, for example.
    #[serde(default)]
    pub no_code: bool,
    /// Whether the file has no `__PAGEZERO` segment.
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
    /// Whether the program may run now, before the next sync.
    pub ruling_now: Ruling,
    /// The next sync; absent if that sync changes neither the ruling nor the deciding step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<NextSync>,
    /// The step of Santa's evaluation that decides, such as `signingid`, `platform` or
    /// `client-mode`. If the step is a rule with a CEL expression, the expression may decide each
    /// time the program runs.
    pub decided_by: String,
    /// The reason for the result of the step in `decided_by`, in words.
    pub why: String,
    /// The rules for the program in the host's scopes, in Santa's order of rule types. For each
    /// target, the rule in the strongest scope is first.
    pub rules: Vec<RuleMatch>,
    /// The steps of Santa's evaluation, in order. Some steps that cannot match are left out.
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
    /// The host does not get the rule, because the host's Santa does not support the rule.
    Withheld,
    /// The rule has the policy `remove`.
    Removes,
    /// Santa does not use the rule for a program with this kind of signature, or the server cannot
    /// know whether Santa uses the rule.
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
    /// The decision of the step, if the step matches or may match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruling>,
    /// The reason for the result, in words.
    pub why: String,
    /// The scope of the setting that the step depends on; absent for a default, or if the step
    /// depends on no setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}
