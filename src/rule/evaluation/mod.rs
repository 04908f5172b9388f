//! What Santa makes of a program: the order in which it asks its rules, its settings and its
//! mode (SNTPolicyProcessor.mm). The first step that matches decides.
//!
//! Pure, and honest about what cannot be known from outside the Mac: rules of its profile, what
//! its compilers wrote, what an expression will say. Not looked at, because no evidence tells:
//! whether a file is no Mach-O at all (which may run), and what a profile says of files without
//! a zero page or of a client that fails.

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
    /// The setting `allowed-path-regex`.
    AllowedPath,
    /// The client's mode: what becomes of everything else.
    Mode,
}

impl Stage {
    /// All steps, in Santa's order.
    pub const ALL: [Self; 13] = [
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
        Self::AllowedPath,
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
            Self::AllowedPath => "allowed-path-regex",
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
pub enum Verdict {
    /// The program runs.
    Allow,
    /// The program is stopped.
    Block,
    /// It cannot be told beforehand.
    Unknown,
}

impl Verdict {
    /// The word for it.
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
    /// Which.
    pub stage: Stage,
    /// What became of it.
    pub finding: Finding,
    /// What it does, or would do, where it matches or may match.
    pub verdict: Option<Verdict>,
    /// Why, in words.
    pub why: String,
}

/// All steps, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// What becomes of the program.
    pub verdict: Verdict,
    /// The steps, in Santa's order.
    pub steps: Vec<Step>,
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
    Yes(Verdict, String),
    No(String),
    /// It may match, and does this then.
    Perhaps(Verdict, String),
    Unseen(&'static str),
}

/// What a client with these rules and conditions makes of a program at `path`, which is empty
/// where it is not known. Steps that can mean nothing for this program are left out.
#[must_use]
pub fn evaluate(
    program: &Program,
    path: &str,
    rules: &HeldRules,
    conditions: &Conditions<'_>,
) -> Evaluation {
    let mut folding = Folding::default();
    for stage in Stage::ALL {
        if let Some(found) = look(stage, program, path, rules, conditions) {
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
    decided: Option<(Stage, Verdict)>,
    /// The rule that asks an expression.
    asked: Option<Stage>,
    /// What steps before the one that decides may do instead.
    doubts: Vec<Verdict>,
}

impl Folding {
    fn add(&mut self, stage: Stage, found: Match) {
        let (finding, verdict, why) = match found {
            Match::No(why) => (Finding::NoMatch, None, why),
            Match::Unseen(why) => (Finding::Unseen, None, why.to_owned()),
            Match::Perhaps(verdict, why) => {
                if self.decided.is_none() {
                    self.doubts.push(verdict);
                }
                (Finding::Undetermined, Some(verdict), why)
            }
            Match::Yes(verdict, why) => {
                let asked = self.asked.filter(|_| stage.is_rule());
                match (self.decided.map(|(by, _)| by), asked) {
                    (Some(by), _) => {
                        let why = format!("{why}; {} comes first", by.word());
                        (Finding::Outranked, Some(verdict), why)
                    }
                    (None, Some(by)) => {
                        let why = format!(
                            "{why}; {} comes first, and no other rule is tried even if its expression gives no answer",
                            by.word()
                        );
                        (Finding::Outranked, Some(verdict), why)
                    }
                    (None, None) if verdict == Verdict::Unknown => {
                        self.asked = Some(stage);
                        self.doubts.push(verdict);
                        (Finding::Asks, Some(verdict), why)
                    }
                    (None, None) => {
                        self.decided = Some((stage, verdict));
                        (Finding::Decides, Some(verdict), why)
                    }
                }
            }
        };
        self.steps.push(Step { stage, finding, verdict, why });
    }

    fn end(self) -> Evaluation {
        // The mode always decides if nothing else has.
        let decided = self.decided.map_or(Verdict::Unknown, |(_, verdict)| verdict);
        let certain = self.doubts.iter().all(|doubt| *doubt == decided);
        let verdict = if certain { decided } else { Verdict::Unknown };
        Evaluation { verdict, steps: self.steps }
    }
}

fn look(
    stage: Stage,
    program: &Program,
    path: &str,
    rules: &HeldRules,
    conditions: &Conditions<'_>,
) -> Option<Match> {
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
        Stage::BlockedPath => path::check(conditions.blocked_path, path, Verdict::Block),
        Stage::AllowedPath => path::check(conditions.allowed_path, path, Verdict::Allow),
        Stage::Mode => Some(mode(conditions.unmatched)),
    }
}

fn protected(program: &Program) -> Option<Match> {
    let signed = program.signing_status.allows(RuleType::SigningId);
    let signing_id = program.target(RuleType::SigningId);
    let own = |id: &str| SANTAS_OWN.iter().any(|own| id.starts_with(own));
    if signed && signing_id.is_some_and(|target| own(target.identifier())) {
        Some(Match::Yes(Verdict::Allow, "Santa's own programs always run".to_owned()))
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
            true => Match::Perhaps(Verdict::Unknown, why.to_owned()),
            false => Match::No(format!("{why}, and the host has no such rule")),
        };
    };
    let policy = rules.policies.get(&target).copied();
    match policy.and_then(|policy| Some((policy, Verdict::of(policy)?))) {
        None => Match::No("no rule".to_owned()),
        Some((_, Verdict::Unknown)) => Match::Yes(
            Verdict::Unknown,
            "asks an expression; if it gives no answer, the steps after the rules decide"
                .to_owned(),
        ),
        Some((policy, verdict)) if rule_type == RuleType::CdHash => {
            // SNTRuleIdentifiers gives a cdhash for nothing else.
            Match::Yes(verdict, format!("{policy}, if the program runs with the hardened runtime"))
        }
        Some((policy, verdict)) => Match::Yes(verdict, policy.word().to_owned()),
    }
}

fn platform(program: &Program, check: PlatformCheck) -> Match {
    let signed_by = program.certificate.as_ref().map(|leaf| leaf.common_name.as_str());
    let by_apple = signed_by.is_none_or(|name| name.is_empty() || name == APPLES_LEAF);
    match (program.is_platform(), check) {
        (false, _) => Match::No("it does not come with the system".to_owned()),
        (true, PlatformCheck::Flag) => {
            Match::Yes(Verdict::Allow, "it comes with the system".to_owned())
        }
        (true, PlatformCheck::Certificate) if by_apple => {
            Match::Yes(Verdict::Allow, "it is signed as what comes with the system is".to_owned())
        }
        (true, PlatformCheck::Certificate) => {
            Match::No("this version of Santa goes by the certificate, which is another".to_owned())
        }
    }
}

fn mode(unmatched: Unmatched) -> Match {
    let (verdict, why) = match unmatched {
        Unmatched::Allowed => (Verdict::Allow, "monitor lets everything else run, and reports it"),
        Unmatched::Blocked => (Verdict::Block, "lockdown stops everything else"),
        Unmatched::Asked => (
            Verdict::Block,
            "standalone stops everything else, unless the person at the Mac approves it",
        ),
    };
    Match::Yes(verdict, why.to_owned())
}
