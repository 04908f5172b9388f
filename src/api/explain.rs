//! Why a host has the rule that it has, on the admin wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::RuleView;
use crate::fleet::ClientMode;
use crate::rule::{Finding, MachineId, PolicyKind, Program, Ruling, Scope, Target};

/// What is to be explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExplainQuery {
    /// The target.
    #[param(value_type = String)]
    pub target: Target,
}

/// What becomes of a target on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The host gets the first of the rules.
    Sent,
    /// The host's client cannot take the first of the rules.
    Withheld,
    /// The first of the rules says that there is to be none.
    Removed,
    /// No rule speaks of it.
    NoRule,
}

/// When a host gets what is due for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextSync {
    /// Rules and removals that the host's next sync brings.
    pub due: u64,
    /// When the host was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    /// Seconds between two of its syncs.
    pub interval: u32,
}

/// Why a host has the rule that it has for a target, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The target.
    pub target: Target,
    /// The host.
    pub machine: MachineId,
    /// Its name.
    pub hostname: String,
    /// Its version of Santa.
    pub santa_version: String,
    /// What becomes of the target once the host has synced.
    pub verdict: Verdict,
    /// The policy of the rule that the host has since its last sync; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<PolicyKind>,
    /// The sync that the host needs for the verdict; absent if it already has what the verdict says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<NextSync>,
    /// The policy that the host gets, where it gets a rule: that of the first of the rules, or
    /// the nearest that its client knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyKind>,
    /// The first version of Santa that can take the rule that is withheld, as in 2025.6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// The rules of the host's scopes that speak of the target, strongest first.
    pub rules: Vec<RuleView>,
}

/// A program about which a host's client is to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRequest {
    /// The program, as far as it is known.
    pub program: Program,
    /// Where it is; empty where that is not known.
    #[serde(default)]
    pub path: String,
    /// Whether the file is known to be no machine code, as scripts are.
    #[serde(default)]
    pub no_code: bool,
    /// Whether it is known to have no `__PAGEZERO`.
    #[serde(default)]
    pub no_page_zero: bool,
}

/// What a host's client makes of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationView {
    /// The host.
    pub machine: MachineId,
    /// Its name.
    pub hostname: String,
    /// Its version of Santa.
    pub santa_version: String,
    /// Its mode, as its version knows it.
    pub mode: ClientMode,
    /// Where the program is.
    pub path: String,
    /// The program.
    pub program: Program,
    /// What becomes of it once the host has synced.
    pub ruling: Ruling,
    /// What becomes of it until then.
    pub ruling_now: Ruling,
    /// The sync that the host needs for the ruling; absent if the same step decides now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<NextSync>,
    /// The step of Santa's evaluation that decides, as in signingid, platform or client-mode; the
    /// rule that asks an expression, where one does.
    pub decided_by: String,
    /// Why, in words.
    pub why: String,
    /// The rules of the host's scopes that speak of the program: in Santa's order of types,
    /// stronger scopes first.
    pub rules: Vec<RuleMatch>,
    /// All steps of the evaluation that can mean something for the program, in Santa's order.
    pub steps: Vec<StepView>,
}

/// A rule that speaks of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleMatch {
    /// What part it has.
    pub part: RulePart,
    /// Why, in words.
    pub why: String,
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleView,
}

/// What part a rule has in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RulePart {
    /// It decides.
    Decides,
    /// Its expression decides each time, or gives no answer.
    Asks,
    /// Something before it in Santa's order decides.
    Outranked,
    /// A stronger scope speaks of the same target.
    WeakerScope,
    /// The host's client cannot take it.
    Withheld,
    /// It takes the target's rules away, and is none itself.
    Removes,
    /// Santa does not ask it about a program that is signed so.
    NotAsked,
}

/// A step of Santa's evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// Which, as in static-rules, signingid, platform, blocked-path-regex or client-mode.
    pub stage: String,
    /// What became of it.
    pub finding: Finding,
    /// What it does, or would do, where it matches or may match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruling>,
    /// Why, in words.
    pub why: String,
    /// Where the setting that it goes by comes from, unless that is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}
