//! What Santa makes of a program: the order in which it asks its rules, its settings and its
//! mode (SNTPolicyProcessor.mm). The first step that matches decides.
//!
//! Pure, and honest about what cannot be known from outside the Mac: rules of its profile, what
//! its compilers wrote, what an expression will say. Not looked at, because no evidence tells:
//! what a profile says of a client that fails.

mod path;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{PolicyKind, Program, RuleType, SigningStatus, Target};

/// Who signs Santa itself, and how its programs begin: such programs always run.
const SANTAS_OWN: [&str; 2] = ["ZMCG7MLDV9:com.northpolesec.santa", "EQHXZ8M8AV:com.google.santa"];
/// The common name of the certificate that signs what comes with the system.
const APPLES_LEAF: &str = "Software Signing";

/// A step of the evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Santa's own programs, and those that the system cannot do without.
    Protected,
    /// The rules of the Mac's profile.
    StaticRules,
    /// The rules of one type that the server sends.
    Rule(RuleType),
    /// What an allowed compiler wrote on the Mac.
    Transitive,
    /// Signatures that do not hold.
    BadSignature,
    /// What comes with the system.
    Platform,
    /// The setting `blocked-path-regex`.
    BlockedPath,
    /// Old programs whose first page of memory is not closed.
    PageZero,
    /// The setting `allowed-path-regex`.
    AllowedPath,
    /// Files that are no machine code, such as scripts.
    NoCode,
    /// The client's mode: what becomes of everything else.
    Mode,
}

impl Stage {
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

    /// The word for the step.
    #[must_use]
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

    /// Whether it is one of the rules in the client's database, of which it asks one alone.
    const fn is_rule(self) -> bool {
        matches!(self, Self::Rule(_) | Self::Transitive)
    }
}

/// What a step, or all of them, does with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// The program runs.
    Allow,
    /// The program is stopped.
    Block,
    /// It cannot be told beforehand.
    Unknown,
}

impl Ruling {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
            Self::Unknown => "unknown",
        }
    }

    /// What a rule with this policy does; nothing where it is to be no rule.
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

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// It matches, and decides.
    Decides,
    /// It matches, and asks an expression each time.
    Asks,
    /// It matches, but a step before it has decided.
    Outranked,
    /// It does not match.
    NoMatch,
    /// Whether it matches cannot be told.
    Undetermined,
    /// What the Mac does here is not for a server to see.
    Unseen,
}

/// One step and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub stage: Stage,
    /// What became of it.
    pub finding: Finding,
    /// What it does, or would do, where it matches or may match.
    pub ruling: Option<Ruling>,
    /// Why, in words.
    pub why: String,
}

/// All steps, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// What becomes of the program.
    pub ruling: Ruling,
    /// The steps, in Santa's order.
    pub steps: Vec<Step>,
}

impl Evaluation {
    /// The types of rules in the order in which Santa asks them.
    pub fn rule_types() -> impl Iterator<Item = RuleType> {
        Stage::ALL.into_iter().filter_map(|stage| match stage {
            Stage::Rule(rule_type) => Some(rule_type),
            Stage::Protected
            | Stage::StaticRules
            | Stage::Transitive
            | Stage::BadSignature
            | Stage::Platform
            | Stage::BlockedPath
            | Stage::PageZero
            | Stage::AllowedPath
            | Stage::NoCode
            | Stage::Mode => None,
        })
    }

    /// The step that decides: the one that asks an expression before the one that does if it
    /// gives no answer.
    #[must_use]
    pub fn decisive(&self) -> Option<&Step> {
        self.steps.iter().find(|step| matches!(step.finding, Finding::Decides | Finding::Asks))
    }
}

/// What becomes of a program that nothing speaks of: the client's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// It runs, and is reported (monitor).
    Allowed,
    /// It is stopped (lockdown).
    Blocked,
    /// It is stopped until the person at the Mac approves it (standalone).
    Asked,
}

/// How a client knows what comes with the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformCheck {
    /// By its flag (2026.5 and later).
    Flag,
    /// By the certificate that signed launchd (before).
    Certificate,
}

/// What is known of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// What rules can be about.
    pub program: &'a Program,
    /// Where it is; empty where that is not known.
    pub path: &'a str,
    /// Whether the file is known to be no Mach-O.
    pub no_code: bool,
    /// Whether it is known to have no closed first page of memory.
    pub no_page_zero: bool,
}

impl<'a> Evidence<'a> {
    /// A program at a path, and nothing odd about its file.
    #[must_use]
    pub const fn new(program: &'a Program, path: &'a str) -> Self {
        Self { program, path, no_code: false, no_page_zero: false }
    }
}

/// What a client decides with besides its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions<'a> {
    /// Its mode.
    pub unmatched: Unmatched,
    /// Paths that are stopped, in ICU's syntax; empty for none.
    pub blocked_path: &'a str,
    /// Paths that may run, in ICU's syntax; empty for none.
    pub allowed_path: &'a str,
    /// How it knows what comes with the system.
    pub platform: PlatformCheck,
    /// Whether what compilers write may run.
    pub transitive: bool,
}

/// The rules that a client holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRules {
    /// Those for the targets of the program.
    pub policies: HashMap<Target, PolicyKind>,
    /// The types of which it holds any rule at all, for whatever target.
    pub types: HashSet<RuleType>,
}

/// What a step would do if it were the only one.
enum Match {
    Yes(Ruling, String),
    No(String),
    /// It may match, and does this then.
    Perhaps(Ruling, String),
    Unseen(&'static str),
}

/// What a client with these rules and conditions makes of a program. Steps that can mean
/// nothing for it are left out.
#[must_use]
pub fn evaluate(
    evidence: Evidence<'_>,
    rules: &HeldRules,
    conditions: &Conditions<'_>,
) -> Evaluation {
    let mut folding = Folding::default();
    for stage in Stage::ALL {
        if let Some(found) = look(stage, evidence, rules, conditions) {
            folding.add(stage, found);
        }
    }
    folding.end()
}

/// How far the evaluation has come.
#[derive(Default)]
struct Folding {
    steps: Vec<Step>,
    /// The step that decides, and what it does.
    decided: Option<(Stage, Ruling)>,
    /// The rule that asks an expression.
    asked: Option<Stage>,
    /// What steps before the one that decides may do instead.
    doubts: Vec<Ruling>,
}

impl Folding {
    fn add(&mut self, stage: Stage, found: Match) {
        let (finding, ruling, why) = match found {
            Match::No(why) => (Finding::NoMatch, None, why),
            Match::Unseen(why) => (Finding::Unseen, None, why.to_owned()),
            Match::Perhaps(ruling, why) => {
                if self.decided.is_none() {
                    self.doubts.push(ruling);
                }
                (Finding::Undetermined, Some(ruling), why)
            }
            Match::Yes(ruling, why) => {
                let asked = self.asked.filter(|_| stage.is_rule());
                match (self.decided.map(|(by, _)| by), asked) {
                    (Some(by), _) => {
                        let why = format!("{why}; {} comes first", by.word());
                        (Finding::Outranked, Some(ruling), why)
                    }
                    (None, Some(by)) => {
                        let why = format!(
                            "{why}; {} comes first, and no other rule is tried even if its expression gives no answer",
                            by.word()
                        );
                        (Finding::Outranked, Some(ruling), why)
                    }
                    (None, None) if ruling == Ruling::Unknown => {
                        self.asked = Some(stage);
                        self.doubts.push(ruling);
                        (Finding::Asks, Some(ruling), why)
                    }
                    (None, None) => {
                        self.decided = Some((stage, ruling));
                        (Finding::Decides, Some(ruling), why)
                    }
                }
            }
        };
        self.steps.push(Step { stage, finding, ruling, why });
    }

    fn end(self) -> Evaluation {
        // The mode always decides if nothing else has.
        let decided = self.decided.map_or(Ruling::Unknown, |(_, ruling)| ruling);
        let certain = self.doubts.iter().all(|doubt| *doubt == decided);
        let ruling = if certain { decided } else { Ruling::Unknown };
        Evaluation { ruling, steps: self.steps }
    }
}

fn look(
    stage: Stage,
    evidence: Evidence<'_>,
    rules: &HeldRules,
    conditions: &Conditions<'_>,
) -> Option<Match> {
    let Evidence { program, path, no_code, no_page_zero } = evidence;
    match stage {
        Stage::Protected => protected(program),
        Stage::StaticRules => Some(Match::Unseen(
            "rules of the Mac's profile (StaticRules) come first and are not reported",
        )),
        Stage::Rule(rule_type) => Some(rule(program, rule_type, rules)),
        Stage::Transitive => conditions.transitive.then_some(Match::Unseen(
            "what an allowed compiler wrote may run; the Mac keeps those rules to itself",
        )),
        Stage::BadSignature => (program.signing_status == SigningStatus::Invalid).then_some(
            Match::Unseen("stopped where the Mac's profile sets EnableBadSignatureProtection"),
        ),
        Stage::Platform => Some(platform(program, conditions.platform)),
        Stage::BlockedPath => path::check(conditions.blocked_path, path, Ruling::Block),
        Stage::PageZero => no_page_zero.then(|| {
            Match::Perhaps(
                Ruling::Block,
                "no __PAGEZERO: stopped where the Mac's profile sets EnablePageZeroProtection"
                    .to_owned(),
            )
        }),
        Stage::AllowedPath => path::check(conditions.allowed_path, path, Ruling::Allow),
        Stage::NoCode => no_code
            .then(|| Match::Yes(Ruling::Allow, "the file is no machine code itself".to_owned())),
        Stage::Mode => Some(mode(conditions.unmatched)),
    }
}

fn protected(program: &Program) -> Option<Match> {
    let signed = program.signing_status.allows(RuleType::SigningId);
    let signing_id = program.target(RuleType::SigningId);
    let own = |id: &str| SANTAS_OWN.iter().any(|own| id.starts_with(own));
    if signed && signing_id.is_some_and(|target| own(target.identifier())) {
        Some(Match::Yes(Ruling::Allow, "Santa's own programs always run".to_owned()))
    } else if program.is_platform() {
        Some(Match::Unseen("programs that the system cannot do without always run"))
    } else {
        None
    }
}

fn rule(program: &Program, rule_type: RuleType, rules: &HeldRules) -> Match {
    let status = program.signing_status;
    if !status.allows(rule_type) {
        let why =
            format!("Santa asks no {rule_type} rule about a program signed so: {}", status.word());
        return Match::No(why);
    }
    let Some(target) = program.target(rule_type) else {
        if !program.may_have(rule_type) {
            return Match::No("the program has none".to_owned());
        }
        let why = "the program's is not known";
        return match rules.types.contains(&rule_type) {
            true => Match::Perhaps(Ruling::Unknown, why.to_owned()),
            false => Match::No(format!("{why}, and the host has no such rule")),
        };
    };
    let policy = rules.policies.get(&target).copied();
    match policy.and_then(|policy| Some((policy, Ruling::of(policy)?))) {
        None => Match::No("no rule".to_owned()),
        Some((_, Ruling::Unknown)) => Match::Yes(
            Ruling::Unknown,
            "its expression decides each time; if it gives no answer, the steps after the rules do"
                .to_owned(),
        ),
        Some((policy, ruling)) if rule_type == RuleType::CdHash => {
            // SNTRuleIdentifiers gives a cdhash for nothing else.
            Match::Yes(ruling, format!("{policy}, if the program runs with the hardened runtime"))
        }
        Some((policy, ruling)) => Match::Yes(ruling, policy.word().to_owned()),
    }
}

fn platform(program: &Program, check: PlatformCheck) -> Match {
    let signed_by = program.certificate.as_ref().map(|leaf| leaf.common_name.as_str());
    let by_apple = signed_by.is_none_or(|name| name.is_empty() || name == APPLES_LEAF);
    match (program.is_platform(), check) {
        (false, _) => Match::No("it does not come with the system".to_owned()),
        (true, PlatformCheck::Flag) => {
            Match::Yes(Ruling::Allow, "it comes with the system".to_owned())
        }
        (true, PlatformCheck::Certificate) if by_apple => {
            Match::Yes(Ruling::Allow, "it is signed as what comes with the system is".to_owned())
        }
        (true, PlatformCheck::Certificate) => {
            Match::No("this version of Santa goes by the certificate, which is another".to_owned())
        }
    }
}

fn mode(unmatched: Unmatched) -> Match {
    let (ruling, why) = match unmatched {
        Unmatched::Allowed => (Ruling::Allow, "monitor lets everything else run, and reports it"),
        Unmatched::Blocked => (Ruling::Block, "lockdown stops everything else"),
        Unmatched::Asked => (
            Ruling::Block,
            "standalone stops everything else, unless the person at the Mac approves it",
        ),
    };
    Match::Yes(ruling, why.to_owned())
}
