//! Data about hosts for administrators: a host's status and rules, and its decisions about
//! programs.

mod host_status;

pub use host_status::{HostStanding, HostStatus};

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::active_rules::{ActiveRules, Delivery, Draft, RulesOfHost, StoredRules};
use super::compute::Wanted;
use super::destination::{Destination, Winner};
use super::downloads::Downloads;
use super::epoch::CurrentEpoch;
use super::error::SyncError;
use super::policy::LoadedPolicy;
use super::undecided::UndecidedPrograms;
use super::{generation, translate};
use crate::fleet::{ClientMode, EffectiveSettings, Generation, Host, SettingKey};
use crate::protocol::generation as table;
use crate::rule::{
    Conditions, Evaluation, Evidence, HeldRules, PlatformCheck, PolicyKind, Program, Rule,
    RuleType, Ruling, Scope, SigningStatus, TagName, Target, Unmatched, evaluate,
};
use crate::store::{Edit, StoreResult};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule {
    pub rule: Rule,
    /// The first version of Santa that supports the rule. None if the host's version supports it.
    pub needs: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub delivery: Delivery,
    /// The rules for the target in the host's scopes, strongest scope first.
    pub rules: Vec<Rule>,
}

/// The rule that a host got for a target by its last completed sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldTarget {
    /// The policy of the host's rule. None if the host has no rule, or if its rules are unknown or
    /// not confirmed.
    pub policy: Option<PolicyKind>,
    /// Whether the host's next sync may add, replace or remove its rule for the target.
    pub is_due: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The steps of the client's decision after the host's next sync, and the result.
    pub evaluation: Evaluation,
    /// The result until the next sync. Unknown if the host's rules are not confirmed.
    pub ruling_now: Ruling,
    /// Whether the result or the deciding step may change with the next sync.
    pub is_due: bool,
    /// The host's mode after the next sync: the wanted mode, or the nearest mode that the host's
    /// version supports.
    pub mode: ClientMode,
    /// The program's targets that have a rule in the host's scopes, in the order in which Santa
    /// checks their types.
    pub targets: Vec<Explained>,
}

/// Data for administrators, from the stored policy or from a draft of edits to it.
pub struct FleetView<'e, R = StoredRules> {
    rules: R,
    downloads: &'e Downloads,
    epoch: &'e CurrentEpoch,
}

impl<'e> FleetView<'e> {
    pub(super) async fn new(
        downloads: &'e Downloads,
        epoch: &'e CurrentEpoch,
    ) -> StoreResult<FleetView<'e>> {
        let rules = StoredRules::newest(downloads.policy().await?);
        Ok(Self { rules, downloads, epoch })
    }

    /// This view as it would be if these edits were committed.
    pub fn with_draft(&self, edits: &[Edit]) -> FleetView<'e, Draft> {
        let rules = Draft::new(self.rules.clone(), edits);
        FleetView { rules, downloads: self.downloads, epoch: self.epoch }
    }

    /// The policy for a host: this view's policy, or a newer one if the host's row contains a newer
    /// revision.
    async fn read_for(&self, host: &Host) -> StoreResult<Arc<LoadedPolicy>> {
        let newest = host.sync.newest_revision();
        if newest <= self.rules.revision {
            return Ok(Arc::clone(&self.rules.policy));
        }
        self.downloads.live.catch_up(newest).await?;
        self.downloads.policy().await
    }

    /// The host's active rules after the target `after`, in the order of targets: at most `limit`
    /// rules. Includes rules that the client does not support.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rules_of(
        &self,
        host: &Host,
        after: Option<&Target>,
        limit: usize,
    ) -> Result<Vec<HostRule>, SyncError> {
        let generation = generation::of(&host.facts.santa_version);
        let destination = destination(&self.rules.policy, host, generation);
        let after = after.cloned();
        let page = move |policy: &LoadedPolicy, wanted: &Wanted| {
            let ledger = &policy.ledger;
            let mut rules = Vec::new();
            for outcome in destination.outcomes(ledger, wanted)? {
                let (rule, needs) = match outcome? {
                    Winner::Sent(rule) => (rule, None),
                    Winner::Unsupported(rule, needed) => (rule, Some(needed)),
                    Winner::None => continue,
                };
                if after.as_ref().is_some_and(|after| ledger.target(rule) <= after) {
                    continue;
                }
                let needs = needs.map(|needed| table::version_of(table::first_with(needed)));
                rules.push(HostRule { rule: ledger.rule(rule), needs });
                if rules.len() >= limit {
                    break;
                }
            }
            Ok(rules)
        };
        Ok(self.downloads.study(&self.rules.policy, page).await?)
    }

    /// The tags whose membership matches a host and that are not assigned to it, sorted by name.
    pub fn member_tags(&self, host: &Host) -> Vec<TagName> {
        self.rules.policy.member_tags(host)
    }
}

impl<R: ActiveRules> FleetView<'_, R> {
    pub fn scopes_of(&self, host: &Host) -> Vec<Scope> {
        self.rules.scopes(host)
    }

    /// The settings of a host and the scopes that they come from. Settings without a scope have
    /// their defaults.
    pub fn settings_of(&self, host: &Host) -> (EffectiveSettings, HashMap<SettingKey, Scope>) {
        let scopes = self.rules.scopes(host);
        let layers = scopes.iter().flat_map(|scope| {
            self.rules.settings_in(scope).iter().map(|setting| (setting.key(), scope.clone()))
        });
        (self.rules.settings(&scopes).settings.clone(), layers.collect())
    }

    /// The rule that a host gets for a target, the reason, and what the server knows about the rule
    /// that the host has now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn explain(
        &self,
        host: &Host,
        target: &Target,
    ) -> Result<(Explained, HeldTarget), SyncError> {
        let wanted = self.wanted_rules(host);
        let is_confirmed = self.epoch.is_confirmed(host).await?;
        let held = self.held_rules(host).await?;
        let held = held.as_ref().map(HeldState::rules);
        let held = HeldTarget {
            policy: held.as_ref().filter(|_| is_confirmed).and_then(|held| held.policy(target)),
            is_due: match held {
                Some(held) => !is_confirmed || !wanted.is_same_in(&held, target),
                None => wanted.policy(target).is_some(),
            },
        };
        Ok((explained(&wanted, target), held))
    }

    /// The decision of a host's client about a program before and after the host's next sync, as
    /// far as the server knows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn evaluate(
        &self,
        host: &Host,
        evidence: Evidence<'_>,
    ) -> Result<Evaluated, SyncError> {
        let (program, version) = (evidence.program, &host.facts.santa_version);
        let wanted = self.wanted_rules(host);
        let effective = self.rules.settings(&wanted.scopes);
        let conditions = |mode| conditions(&effective.settings, mode, version);
        let mode = translate::mode_for(effective.settings.client_mode, wanted.generation);
        let types = self.unknown_types(&wanted, program).await?;
        let after = rules_for(&wanted, program, types);
        let evaluation = evaluate(evidence, &after, &conditions(mode));

        let held = match self.held_rules(host).await? {
            Some(held) => {
                let types = self.unknown_types(&held.rules(), program).await?;
                rules_for(&held.rules(), program, types)
            }
            None => HeldRules::default(),
        };
        // A host reports its mode before it receives the settings of the same preflight. So if the
        // host has the current settings, the reported mode may be outdated and is ignored.
        let reported = host.facts.client_mode;
        let reported = reported.filter(|_| host.sync.settings != Some(effective.digest));
        let now = evaluate(evidence, &held, &conditions(reported.unwrap_or(mode)));
        let stage = |evaluation: &Evaluation| evaluation.decisive().map(|step| step.stage);
        let is_confirmed = self.epoch.is_confirmed(host).await?;
        let targets = targets(program).map(|target| explained(&wanted, &target));
        Ok(Evaluated {
            ruling_now: if is_confirmed { now.ruling } else { Ruling::Unknown },
            is_due: !is_confirmed
                || now.ruling != evaluation.ruling
                || stage(&now) != stage(&evaluation),
            evaluation,
            mode,
            targets: targets.filter(|explained| !explained.rules.is_empty()).collect(),
        })
    }

    pub fn undecided_programs(&self) -> UndecidedPrograms<'_, R> {
        UndecidedPrograms::new(&self.rules)
    }

    /// The rules that a host has after its next sync.
    fn wanted_rules(&self, host: &Host) -> RulesOfHost<'_, R> {
        RulesOfHost {
            rules: &self.rules,
            scopes: self.rules.scopes(host),
            generation: generation::of(&host.facts.santa_version),
        }
    }

    /// The rules that a host got by its last completed sync, if they are known.
    async fn held_rules(&self, host: &Host) -> StoreResult<Option<HeldState>> {
        let Some(holding) = self.downloads.known_holding(&host.sync) else { return Ok(None) };
        let Destination { scopes, revision, generation } =
            self.downloads.destination(holding).await?;
        let policy = Arc::clone(&self.rules.stored().policy);
        let scopes = scopes.iter().filter_map(|scope| policy.ledger.scope(*scope)).cloned();
        let scopes = scopes.collect();
        Ok(Some(HeldState { rules: StoredRules { policy, revision }, scopes, generation }))
    }

    /// The rule types for which the host has rules and the program's identifier is unknown. Rules
    /// of these types could match the program. Takes time in proportion to the host's rules, unless
    /// all identifiers are known.
    async fn unknown_types<S: ActiveRules>(
        &self,
        host: &RulesOfHost<'_, S>,
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
        let StoredRules { policy, revision } = host.rules.stored();
        let scopes = policy.rule_scopes(&host.scopes).into();
        let (revision, generation) = (*revision, host.generation);
        let destination = Destination { scopes, revision, generation };
        let edited = host.rules.edited_targets();
        let mut found: HashSet<RuleType> = edited
            .iter()
            .filter(|target| host.policy(target).is_some())
            .map(Target::rule_type)
            .collect();
        let types = move |policy: &LoadedPolicy, wanted: &Wanted| {
            let ledger = &policy.ledger;
            let mut types = HashSet::new();
            for outcome in destination.outcomes(ledger, wanted)? {
                if let Winner::Sent(rule) = outcome?
                    && !edited.contains(ledger.target(rule))
                {
                    types.insert(ledger.target(rule).rule_type());
                }
            }
            Ok(types)
        };
        found.extend(self.downloads.study(policy, types).await?);
        found.retain(|rule_type| unknown.contains(rule_type));
        Ok(found)
    }
}

struct HeldState {
    rules: StoredRules,
    scopes: Vec<Scope>,
    generation: Generation,
}

impl HeldState {
    fn rules(&self) -> RulesOfHost<'_, StoredRules> {
        let Self { rules, scopes, generation } = self;
        RulesOfHost { rules, scopes: scopes.clone(), generation: *generation }
    }
}

/// The destination of a host if it syncs now.
fn destination(policy: &LoadedPolicy, host: &Host, generation: Generation) -> Destination {
    let scopes = policy.rule_scopes(&policy.scopes(host));
    Destination { scopes: scopes.into(), revision: policy.ledger.head(), generation }
}

fn explained<R: ActiveRules>(host: &RulesOfHost<'_, R>, target: &Target) -> Explained {
    let rules = host.all(target).map(|rule| rule.to_rule()).collect();
    Explained { delivery: host.delivery(target), rules }
}

fn rules_for<R: ActiveRules>(
    host: &RulesOfHost<'_, R>,
    program: &Program,
    types: HashSet<RuleType>,
) -> HeldRules {
    let policies = targets(program).filter_map(|target| {
        let policy = host.policy(&target)?;
        Some((target, policy))
    });
    HeldRules { policies: policies.collect(), types }
}

/// All targets of a program, in the order in which Santa checks their types. Includes targets that
/// Santa ignores because of how the program is signed, so that rules for them can be explained.
pub(super) fn targets(program: &Program) -> impl Iterator<Item = Target> {
    let signed = Program { signing_status: SigningStatus::Unknown, ..program.clone() };
    Evaluation::rule_types().filter_map(move |rule_type| signed.target(rule_type))
}

/// The conditions, in addition to rules, that decide about a program on a client of this version.
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
        platform: platform_check(santa_version),
        transitive: settings.enable_transitive_rules,
    }
}

pub(super) fn platform_check(santa_version: &str) -> PlatformCheck {
    match table::knows_platform_by_flag(santa_version) {
        true => PlatformCheck::Flag,
        false => PlatformCheck::Certificate,
    }
}

/// The first version of Santa that supports a rule. None if all versions support it.
pub fn first_version_for(rule: &Rule) -> Option<String> {
    generation::needs(rule.into()).map(table::first_with).max().map(table::version_of)
}

pub fn supports(santa_version: &str, rule: &Rule) -> bool {
    generation::lacks(generation::of(santa_version), rule.into()).is_none()
}
