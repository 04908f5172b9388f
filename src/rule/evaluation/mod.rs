//! Predicts Santa's decision about a program. The steps and their order are those of Santa's
//! evaluation (SNTPolicyProcessor.mm). The first step that matches decides, unless it has an
//! expression without a result.
//!
//! Some facts are unknown outside the Mac, such as the rules of its profile, the programs that
//! compilers created, and the results of expressions. [`StepResult`] shows which steps depend on
//! such facts. The profile's fail-closed setting is ignored.

mod path;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{PolicyKind, Program, RuleType, SigningStatus, Target, words};

/// Prefixes of the signing IDs of Santa's own programs. Santa always allows these programs.
const SANTAS_OWN: [&str; 2] = ["ZMCG7MLDV9:com.northpolesec.santa", "EQHXZ8M8AV:com.google.santa"];
/// The common name of the certificate that signs programs that are part of macOS.
const APPLES_LEAF: &str = "Software Signing";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvaluationStage {
    /// Santa's own programs, and programs that macOS needs.
    Protected,
    /// The rules of the Mac's profile.
    StaticRules,
    Rule(RuleType),
    /// Programs that an allowed compiler created on the Mac.
    Transitive,
    BadSignature,
    /// Programs that are part of macOS.
    Platform,
    /// The setting `blocked-path-regex`.
    BlockedPath,
    /// Programs without `__PAGEZERO`.
    PageZero,
    /// The setting `allowed-path-regex`.
    AllowedPath,
    /// Files without machine code, such as scripts.
    NoCode,
    /// The client mode, which decides about all other programs.
    Mode,
}

impl EvaluationStage {
    /// All steps, in Santa's order.
    pub const ALL: [Self; 15] = [
        Self::Protected,
        Self::StaticRules,
        Self::Rule(RuleType::CdHash),
        Self::Rule(RuleType::Binary),
        Self::Rule(RuleType::SigningId),
        Self::Rule(RuleType::Certificate),
        Self::Rule(RuleType::TeamId),
        Self::Transitive,
        Self::BadSignature,
        Self::Platform,
        Self::BlockedPath,
        Self::PageZero,
        Self::AllowedPath,
        Self::NoCode,
        Self::Mode,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::StaticRules => "static-rules",
            Self::Rule(rule_type) => rule_type.word(),
            Self::Transitive => "transitive",
            Self::BadSignature => "bad-signature",
            Self::Platform => "platform",
            Self::BlockedPath => "blocked-path-regex",
            Self::PageZero => "page-zero",
            Self::AllowedPath => "allowed-path-regex",
            Self::NoCode => "no-code",
            Self::Mode => "client-mode",
        }
    }

    /// Whether the step checks rules in the client's database. Santa uses only the first rule that
    /// matches.
    const fn is_rule(self) -> bool {
        matches!(self, Self::Rule(_) | Self::Transitive)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    Allow,
    Block,
    Unknown,
}

words! {
    Ruling {
        Allow = "allow",
        Block = "block",
        Unknown = "unknown",
    }
}

impl Ruling {
    /// The decision of a rule with this policy. `None` for `remove`.
    const fn of(policy: PolicyKind) -> Option<Self> {
        match policy {
            PolicyKind::Allow | PolicyKind::AllowCompiler => Some(Self::Allow),
            PolicyKind::Block
            | PolicyKind::SilentBlock
            | PolicyKind::SilentBlockGui
            | PolicyKind::SilentBlockTty => Some(Self::Block),
            PolicyKind::Cel => Some(Self::Unknown),
            PolicyKind::Remove => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepResult {
    Decides,
    /// The step matches, and its expression decides about each execution.
    Asks,
    /// The step matches, but an earlier step takes precedence.
    Outranked,
    NoMatch,
    /// The step may match.
    Undetermined,
    /// The server cannot know what the Mac does in this step.
    Unseen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationStep {
    pub stage: EvaluationStage,
    pub finding: StepResult,
    /// The step's decision, if the step matches or may match.
    pub ruling: Option<Ruling>,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    pub ruling: Ruling,
    /// The steps, in Santa's order.
    pub steps: Vec<EvaluationStep>,
}

impl Evaluation {
    /// The rule types, in the order of Santa's evaluation.
    pub fn rule_types() -> impl Iterator<Item = RuleType> {
        EvaluationStage::ALL.into_iter().filter_map(|stage| match stage {
            EvaluationStage::Rule(rule_type) => Some(rule_type),
            EvaluationStage::Protected
            | EvaluationStage::StaticRules
            | EvaluationStage::Transitive
            | EvaluationStage::BadSignature
            | EvaluationStage::Platform
            | EvaluationStage::BlockedPath
            | EvaluationStage::PageZero
            | EvaluationStage::AllowedPath
            | EvaluationStage::NoCode
            | EvaluationStage::Mode => None,
        })
    }

    /// The first step that decides, or whose expression decides on the Mac. If that expression has
    /// no result, a later step decides.
    pub fn decisive(&self) -> Option<&EvaluationStep> {
        self.steps
            .iter()
            .find(|step| matches!(step.finding, StepResult::Decides | StepResult::Asks))
    }
}

/// The client mode's decision about a program that no earlier step matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// Monitor mode.
    Allowed,
    /// Lockdown mode.
    Blocked,
    /// Standalone mode: the program is blocked until the user approves it.
    Asked,
}

/// How a client recognizes programs that are part of macOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlatformCheck {
    /// By the program's platform flag (2026.5 and later).
    Flag,
    /// By the program's certificate, which must be the one that signed launchd (older versions).
    Certificate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence<'a> {
    pub program: &'a Program,
    /// The path of the file; empty if the path is unknown.
    pub path: &'a str,
    /// Whether the file is not a Mach-O binary.
    pub no_code: bool,
    /// Whether the file has no `__PAGEZERO`.
    pub no_page_zero: bool,
}

impl<'a> Evidence<'a> {
    /// A program whose file is a Mach-O binary with `__PAGEZERO`.
    pub const fn new(program: &'a Program, path: &'a str) -> Self {
        Self { program, path, no_code: false, no_page_zero: false }
    }
}

/// The properties of a client that affect its decisions, except its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions<'a> {
    pub unmatched: Unmatched,
    /// A pattern in ICU syntax; empty for no pattern.
    pub blocked_path: &'a str,
    /// A pattern in ICU syntax; empty for no pattern.
    pub allowed_path: &'a str,
    pub platform: PlatformCheck,
    /// Whether the client allows programs that were created by allowed compilers.
    pub transitive: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRules {
    /// The policies of the rules for the program's targets.
    pub policies: HashMap<Target, PolicyKind>,
    /// The types of all rules on the client, for any target.
    pub types: HashSet<RuleType>,
}

/// The result of a step, regardless of other steps.
enum Match {
    Yes(Ruling, String),
    No(String),
    /// The step may match. The decision applies if the step matches.
    Perhaps(Ruling, String),
    Unseen(&'static str),
}

/// Evaluates a program as a client with these rules and settings does. Some steps that cannot match
/// are omitted.
pub fn evaluate(
    evidence: Evidence<'_>,
    rules: &HeldRules,
    conditions: &Conditions<'_>,
) -> Evaluation {
    let mut folding = Folding::default();
    for stage in EvaluationStage::ALL {
        if let Some(found) = look(stage, evidence, rules, conditions) {
            folding.add(stage, found);
        }
    }
    folding.end()
}

/// The compiled path patterns of a client. Patterns that cannot be evaluated are ignored.
pub struct PathCheck(Vec<Regex>);

impl PathCheck {
    pub fn new(blocked_path: &str, allowed_path: &str) -> Self {
        let used = [blocked_path, allowed_path].into_iter().filter(|pattern| !pattern.is_empty());
        Self(used.filter_map(path::compile).collect())
    }

    /// Whether a pattern matches this path. If so, the client mode does not decide about programs
    /// at this path.
    pub fn is_decisive(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_match(path))
    }
}

/// Whether a rule matches a program, or Santa treats the program as its own or as part of macOS. If
/// so, the client mode does not decide about the program at any path, unless the rule's expression
/// has no result.
pub fn is_program_decisive(program: &Program, rules: &HeldRules, platform: PlatformCheck) -> bool {
    let conditions = Conditions {
        unmatched: Unmatched::Allowed,
        blocked_path: "",
        allowed_path: "",
        platform,
        transitive: false,
    };
    let evidence = Evidence::new(program, "");
    let others = EvaluationStage::ALL.into_iter().filter(|it| *it != EvaluationStage::Mode);
    others
        .filter_map(|stage| look(stage, evidence, rules, &conditions))
        .any(|found| matches!(found, Match::Yes(..)))
}

#[derive(Default)]
struct Folding {
    steps: Vec<EvaluationStep>,
    decided: Option<(EvaluationStage, Ruling)>,
    /// The first step that matches and has an expression.
    asked: Option<EvaluationStage>,
    /// The possible decisions of the uncertain steps before the deciding step.
    doubts: Vec<Ruling>,
}

impl Folding {
    fn add(&mut self, stage: EvaluationStage, found: Match) {
        let (finding, ruling, why) = match found {
            Match::No(why) => (StepResult::NoMatch, None, why),
            Match::Unseen(why) => (StepResult::Unseen, None, why.to_owned()),
            Match::Perhaps(ruling, why) => {
                if self.decided.is_none() {
                    self.doubts.push(ruling);
                }
                (StepResult::Undetermined, Some(ruling), why)
            }
            Match::Yes(ruling, why) => {
                let asked = self.asked.filter(|_| stage.is_rule());
                match (self.decided.map(|(by, _)| by), asked) {
                    (Some(by), _) => {
                        let why = format!("{why}; {} takes precedence", by.word());
                        (StepResult::Outranked, Some(ruling), why)
                    }
                    (None, Some(by)) => {
                        let why = format!(
                            "{why}; {} takes precedence, and Santa checks no other rule, even if \
                            the expression has no result",
                            by.word()
                        );
                        (StepResult::Outranked, Some(ruling), why)
                    }
                    (None, None) if ruling == Ruling::Unknown => {
                        self.asked = Some(stage);
                        self.doubts.push(ruling);
                        (StepResult::Asks, Some(ruling), why)
                    }
                    (None, None) => {
                        self.decided = Some((stage, ruling));
                        (StepResult::Decides, Some(ruling), why)
                    }
                }
            }
        };
        self.steps.push(EvaluationStep { stage, finding, ruling, why });
    }

    fn end(self) -> Evaluation {
        // The mode decides if no other step does, so there is always a decision.
        let decided = self.decided.map_or(Ruling::Unknown, |(_, ruling)| ruling);
        let certain = self.doubts.iter().all(|doubt| *doubt == decided);
        let ruling = if certain { decided } else { Ruling::Unknown };
        Evaluation { ruling, steps: self.steps }
    }
}

fn look(
    stage: EvaluationStage,
    evidence: Evidence<'_>,
    rules: &HeldRules,
    conditions: &Conditions<'_>,
) -> Option<Match> {
    let Evidence { program, path, no_code, no_page_zero } = evidence;
    match stage {
        EvaluationStage::Protected => protected(program),
        EvaluationStage::StaticRules => Some(Match::Unseen(
            "rules in the Mac's profile (StaticRules) take precedence and are not reported",
        )),
        EvaluationStage::Rule(rule_type) => Some(rule(program, rule_type, rules)),
        EvaluationStage::Transitive => conditions.transitive.then_some(Match::Unseen(
            "the output of an allowed compiler is allowed; the Mac does not report these rules",
        )),
        EvaluationStage::BadSignature => (program.signing_status == SigningStatus::Invalid)
            .then_some(Match::Unseen(
                "blocked if the Mac's profile sets EnableBadSignatureProtection",
            )),
        EvaluationStage::Platform => Some(platform(program, conditions.platform)),
        EvaluationStage::BlockedPath => path::check(conditions.blocked_path, path, Ruling::Block),
        EvaluationStage::PageZero => no_page_zero.then(|| {
            Match::Perhaps(
                Ruling::Block,
                "no __PAGEZERO: blocked if the Mac's profile sets EnablePageZeroProtection"
                    .to_owned(),
            )
        }),
        EvaluationStage::AllowedPath => path::check(conditions.allowed_path, path, Ruling::Allow),
        EvaluationStage::NoCode => no_code.then(|| {
            Match::Yes(Ruling::Allow, "the file itself contains no machine code".to_owned())
        }),
        EvaluationStage::Mode => Some(mode(conditions.unmatched)),
    }
}

fn protected(program: &Program) -> Option<Match> {
    let signed = program.signing_status.allows(RuleType::SigningId);
    let signing_id = program.target(RuleType::SigningId);
    let own = |id: &str| SANTAS_OWN.iter().any(|own| id.starts_with(own));
    if signed && signing_id.is_some_and(|target| own(target.identifier())) {
        Some(Match::Yes(Ruling::Allow, "Santa's own programs are always allowed".to_owned()))
    } else if program.is_platform() {
        Some(Match::Unseen("programs that macOS requires are always allowed"))
    } else {
        None
    }
}

fn rule(program: &Program, rule_type: RuleType, rules: &HeldRules) -> Match {
    let status = program.signing_status;
    if !status.allows(rule_type) {
        let why = format!(
            "Santa does not check {rule_type} rules for a program with signing status {}",
            status.word()
        );
        return Match::No(why);
    }
    let Some(target) = program.target(rule_type) else {
        if !program.may_have(rule_type) {
            return Match::No("the program has no such identifier".to_owned());
        }
        let why = "the program's identifier is not known";
        return match rules.types.contains(&rule_type) {
            true => Match::Perhaps(Ruling::Unknown, why.to_owned()),
            false => Match::No(format!("{why}, but the host has no rule of this type")),
        };
    };
    let policy = rules.policies.get(&target).copied();
    match policy.and_then(|policy| Some((policy, Ruling::of(policy)?))) {
        None => Match::No("no rule".to_owned()),
        Some((_, Ruling::Unknown)) => Match::Yes(
            Ruling::Unknown,
            "its expression decides each time; if it has no result, the steps after the rules \
            decide"
                .to_owned(),
        ),
        Some((policy, ruling)) if rule_type == RuleType::CdHash => {
            // Santa matches a cdhash only if the program has the hardened runtime
            // (SNTRuleIdentifiers).
            Match::Yes(ruling, format!("{policy}, if the program has the hardened runtime"))
        }
        Some((policy, ruling)) => Match::Yes(ruling, policy.word().to_owned()),
    }
}

fn platform(program: &Program, check: PlatformCheck) -> Match {
    let signed_by = program.certificate.as_ref().map(|leaf| leaf.common_name.as_str());
    let by_apple = signed_by.is_none_or(|name| name.is_empty() || name == APPLES_LEAF);
    match (program.is_platform(), check) {
        (false, _) => Match::No("it is not part of macOS".to_owned()),
        (true, PlatformCheck::Flag) => Match::Yes(Ruling::Allow, "it is part of macOS".to_owned()),
        (true, PlatformCheck::Certificate) if by_apple => {
            Match::Yes(Ruling::Allow, "it has the certificate of programs in macOS".to_owned())
        }
        (true, PlatformCheck::Certificate) => Match::No(
            "this Santa version checks the certificate, which is not the one of \
                programs in macOS"
                .to_owned(),
        ),
    }
}

fn mode(unmatched: Unmatched) -> Match {
    let (ruling, why) = match unmatched {
        Unmatched::Allowed => (Ruling::Allow, "monitor allows all other programs and reports them"),
        Unmatched::Blocked => (Ruling::Block, "lockdown blocks all other programs"),
        Unmatched::Asked => (
            Ruling::Block,
            "standalone blocks all other programs unless the user of the Mac approves them",
        ),
    };
    Match::Yes(ruling, why.to_owned())
}
