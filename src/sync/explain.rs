//! Why a host has the rule that it has, or none.

use std::collections::HashSet;

use super::compute::Wanted;
use super::difference::{Destination, Outcome};
use super::engine::Engine;
use super::error::SyncError;
use super::ledger::Ledger;
use super::policy::Policy;
use super::status::current;
use super::{generation, translate};
use crate::fleet::{ClientMode, EffectiveSettings, Host};
use crate::protocol::generation as table;
use crate::rule::{
    Conditions, Evaluation, Evidence, HeldRules, PlatformCheck, PolicyKind, Program, Rule,
    RuleType, Ruling, Scope, SigningStatus, Stage, Target, Unmatched, evaluate,
};
use crate::store::StoreResult;

/// What becomes of a target on one host, and which rules spoke of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What becomes of it.
    pub verdict: Verdict,
    /// The rules of the host's scopes that speak of it, strongest first. The first decides.
    pub rules: Vec<Rule>,
}

/// What a host has for a target since its last sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldTarget {
    /// The policy of its rule; none if it has no rule.
    pub policy: Option<PolicyKind>,
    /// Whether its next sync brings another rule, or removes this one.
    pub is_due: bool,
}

/// What becomes of a target on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The host gets the rule that decides, with this policy: its own, or the nearest that the
    /// host's client knows.
    Sent(PolicyKind),
    /// Its client cannot take that rule; the first version of Santa that can.
    Withheld(String),
    /// The rule that decides says that there is to be none.
    Removed,
    /// No rule of its scopes speaks of it.
    NoRule,
}

/// What a host's client makes of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The steps of its client after its next sync, and what they come to.
    pub evaluation: Evaluation,
    /// What becomes of the program until then.
    pub ruling_now: Ruling,
    /// Whether another step decides until then.
    pub is_due: bool,
    /// Its mode, as its version knows it.
    pub mode: ClientMode,
    /// For each of the program's targets that a rule of the host's scopes speaks of, in Santa's
    /// order: what becomes of it.
    pub targets: Vec<Explained>,
}

impl Engine {
    /// Which rule a host gets for a target and why, and what it has now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn explain(
        &self,
        host: &Host,
        target: &Target,
    ) -> Result<(Explained, HeldTarget), SyncError> {
        let generation = generation::of(&host.facts.santa_version);
        let policy = self.policy().await?;
        let ledger = &policy.ledger;
        let destination = current(&policy, host, generation);
        let is_confirmed = self.is_confirmed(host).await?;
        let held = self.held(host).await?;
        let rule = destination.rule(ledger, target);
        let held = HeldTarget {
            policy: held
                .as_ref()
                .filter(|_| is_confirmed)
                .and_then(|held| held.policy(ledger, target)),
            is_due: match held {
                Some(held) => !is_confirmed || !held.is_alike(ledger, target, (&destination, rule)),
                None => rule.is_some(),
            },
        };
        Ok((destination.explain(ledger, target), held))
    }

    /// What a host's client makes of a program before and after its next sync, as far as that can
    /// be known from here.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn evaluate(
        &self,
        host: &Host,
        evidence: Evidence<'_>,
    ) -> Result<Evaluated, SyncError> {
        let generation = generation::of(&host.facts.santa_version);
        let policy = self.policy().await?;
        let (ledger, program) = (&policy.ledger, evidence.program);
        let effective = policy.settings(&policy.scopes(host));
        let conditions = |mode| conditions(&effective.settings, mode, &host.facts.santa_version);

        let destination = current(&policy, host, generation);
        let types = self.types_unknown_of(&destination, program).await?;
        let mode = translate::mode_for(effective.settings.client_mode, generation);
        let after = destination.held_rules(ledger, program, types);
        let evaluation = evaluate(evidence, &after, &conditions(mode));

        let held = match self.held(host).await? {
            Some(held) => {
                let types = self.types_unknown_of(&held, program).await?;
                held.held_rules(ledger, program, types)
            }
            None => HeldRules::default(),
        };
        // What it reported at its last preflight is older than the settings that it got then.
        let reported = host.facts.client_mode;
        let reported = reported.filter(|_| host.sync.settings != Some(effective.digest));
        let now = evaluate(evidence, &held, &conditions(reported.unwrap_or(mode)));
        let stage = |evaluation: &Evaluation| evaluation.decisive().map(|step| step.stage);
        let is_confirmed = self.is_confirmed(host).await?;
        Ok(Evaluated {
            ruling_now: if is_confirmed { now.ruling } else { Ruling::Unknown },
            is_due: !is_confirmed
                || now.ruling != evaluation.ruling
                || stage(&now) != stage(&evaluation),
            evaluation,
            mode,
            targets: destination.explain_program(ledger, program),
        })
    }

    /// Whether nothing but its mode decides about a program on a host: no rule, no path, and not
    /// that it comes with the system. What is not known of the program is taken not to matter.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_undecided(
        &self,
        host: &Host,
        evidence: Evidence<'_>,
    ) -> Result<bool, SyncError> {
        let generation = generation::of(&host.facts.santa_version);
        let policy = self.policy().await?;
        let destination = current(&policy, host, generation);
        let settings = &policy.settings(&policy.scopes(host)).settings;
        let mode = translate::mode_for(settings.client_mode, generation);
        let held = destination.held_rules(&policy.ledger, evidence.program, HashSet::new());
        let conditions = conditions(settings, mode, &host.facts.santa_version);
        let evaluation = evaluate(evidence, &held, &conditions);
        Ok(evaluation.decisive().is_some_and(|step| step.stage == Stage::Mode))
    }

    /// What a host has since its last completed sync, if that is known.
    async fn held(&self, host: &Host) -> StoreResult<Option<Destination>> {
        match self.known_holding(&host.sync) {
            Some(holding) => self.destination(holding).await.map(Some),
            None => Ok(None),
        }
    }

    /// The types of rules that a host has and that may be about a program, for all that is known
    /// of it. Costs time in proportion to the host's rules, unless all of it is known.
    async fn types_unknown_of(
        &self,
        destination: &Destination,
        program: &Program,
    ) -> Result<HashSet<RuleType>, SyncError> {
        let unknown: Vec<RuleType> = Evaluation::rule_types()
            .filter(|rule_type| {
                program.may_have(*rule_type) && program.target(*rule_type).is_none()
            })
            .collect();
        if unknown.is_empty() {
            return Ok(HashSet::new());
        }
        let destination = destination.clone();
        let types = move |policy: &Policy, wanted: &Wanted| {
            let ledger = &policy.ledger;
            let mut types = HashSet::new();
            for outcome in destination.outcomes(ledger, wanted)? {
                if let Outcome::Sent(rule) = outcome? {
                    types.insert(ledger.target(rule).rule_type());
                }
            }
            types.retain(|rule_type| unknown.contains(rule_type));
            Ok(types)
        };
        Ok(self.study(types).await?)
    }

    /// The scopes that a host belongs to, weakest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn scopes_of(&self, host: &Host) -> StoreResult<Vec<Scope>> {
        Ok(self.policy().await?.scopes(host))
    }
}

impl Destination {
    /// What a client decides with about a program, if it has the rules of this destination.
    fn held_rules(
        &self,
        ledger: &Ledger,
        program: &Program,
        types: HashSet<RuleType>,
    ) -> HeldRules {
        let policies = targets(program).filter_map(|target| {
            let policy = self.policy(ledger, &target)?;
            Some((target, policy))
        });
        HeldRules { policies: policies.collect(), types }
    }

    /// What happens to each of a program's targets that has a rule, in Santa's order.
    fn explain_program(&self, ledger: &Ledger, program: &Program) -> Vec<Explained> {
        let explained = targets(program).map(|target| self.explain(ledger, &target));
        explained.filter(|explained| !explained.rules.is_empty()).collect()
    }

    /// The policy that the host has for a target: the rule's own, or the nearest that the host's
    /// client knows.
    fn policy(&self, ledger: &Ledger, target: &Target) -> Option<PolicyKind> {
        let rule = self.rule(ledger, target)?;
        Some(translate::policy_for(ledger.told(rule).policy.kind(), self.generation))
    }

    fn explain(&self, ledger: &Ledger, target: &Target) -> Explained {
        let strongest_first = self.scopes.iter().rev();
        let rules: Vec<Rule> = strongest_first
            .filter_map(|scope| ledger.winner(target, std::slice::from_ref(scope), self.revision))
            .map(|version| ledger.rule(version))
            .collect();
        let verdict = match self.outcome(ledger, target) {
            Outcome::Sent(rule) => {
                let policy = ledger.told(rule).policy.kind();
                Verdict::Sent(translate::policy_for(policy, self.generation))
            }
            Outcome::Withheld(_, needed) => {
                Verdict::Withheld(table::version_of(table::first_with(needed)))
            }
            Outcome::None if rules.is_empty() => Verdict::NoRule,
            Outcome::None => Verdict::Removed,
        };
        Explained { verdict, rules }
    }
}

/// All targets of a program, in Santa's order. Those that Santa does not ask because of how the
/// program is signed are included, because rules for them are worth a word.
fn targets(program: &Program) -> impl Iterator<Item = Target> {
    let signed = Program { signing_status: SigningStatus::Unknown, ..program.clone() };
    Evaluation::rule_types().filter_map(move |rule_type| signed.target(rule_type))
}

/// What a client of this version decides with besides its rules.
fn conditions<'a>(
    settings: &'a EffectiveSettings,
    mode: ClientMode,
    santa_version: &str,
) -> Conditions<'a> {
    Conditions {
        unmatched: match mode {
            ClientMode::Monitor => Unmatched::Allowed,
            ClientMode::Lockdown => Unmatched::Blocked,
            ClientMode::Standalone => Unmatched::Asked,
        },
        blocked_path: settings.blocked_path_regex.as_str(),
        allowed_path: settings.allowed_path_regex.as_str(),
        platform: match table::knows_platform_by_flag(santa_version) {
            true => PlatformCheck::Flag,
            false => PlatformCheck::Certificate,
        },
        transitive: settings.enable_transitive_rules,
    }
}

/// The first version of Santa that takes a rule, where not every one does.
#[must_use]
pub fn first_version_for(rule: &Rule) -> Option<String> {
    generation::needs(rule.into()).map(table::first_with).max().map(table::version_of)
}

/// Whether a client that reports this version can take a rule.
#[must_use]
pub fn takes(santa_version: &str, rule: &Rule) -> bool {
    generation::lacks(generation::of(santa_version), rule.into()).is_none()
}
