//! Where hosts stand, for administrators.

use std::collections::HashMap;

use super::cursor::{From, Span};
use super::difference::{Destination, Outcome};
use super::engine::{Engine, SyncError};
use super::ledger::Ledger;
use super::policy::Policy;
use super::session::origin;
use super::{generation, proof, translate};
use crate::fleet::{ClientMode, EffectiveSettings, Holding, Host, RuleCounts, SettingKey};
use crate::protocol::generation as table;
use crate::rule::{Rule, Scope, TagName, Target};
use crate::store::StoreResult;

/// Where a host stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Rules that it is known to hold.
    pub held: u64,
    /// Rules and removals that its next sync will bring.
    pub due: u64,
    /// Rules in force for it that its client cannot take.
    pub withheld: u64,
    /// Whether its next sync will bring other settings.
    pub settings_due: bool,
    /// The mode that it is told to be in, as its version knows it.
    pub mode: ClientMode,
    /// Seconds between two of its syncs.
    pub interval: u32,
}

/// What a host with a holding has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Rules.
    pub(super) rules: u64,
    /// By type, as a client counts them.
    pub(super) counts: RuleCounts,
    /// Rules in force that its client cannot take.
    pub(super) withheld: u64,
}

impl Tally {
    fn of(ledger: &Ledger, destination: &Destination) -> Self {
        let mut tally = Self::default();
        for target in destination.targets(ledger) {
            match destination.outcome(ledger, target) {
                Outcome::Sent(rule) => {
                    tally.rules += 1;
                    proof::count(&mut tally.counts, ledger.told(rule));
                }
                Outcome::Withheld(..) => tally.withheld += 1,
                Outcome::None => {}
            }
        }
        tally
    }
}

/// A rule in force for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The rule.
    pub rule: Rule,
    /// The first version of Santa that takes it, where the host's own cannot.
    pub needs: Option<String>,
}

impl Engine {
    /// Where a host stands now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn standing(&self, host: &Host) -> Result<Standing, SyncError> {
        self.catch_up(host.sync.newest_revision()).await?;
        let generation = generation::of(&host.facts.santa_version);
        let effective = {
            let policy = self.policy();
            policy.settings(&policy.scopes(host))
        };
        let settings = &effective.settings;
        let target = self.target(host, generation).await?;
        let reach = self.reach_with(&host.sync, target, false).await?;
        let span = Span { from: origin(host.sync.holding, reach), to: target };
        let span = self.canonical(span).await?;
        let due = match host.sync.holding {
            Some(_) => u64::from(self.difference(span).await?.rules()),
            None => self.tally(target).await?.rules,
        };
        let held = match host.sync.holding {
            Some(holding) => self.tally(holding).await?.rules,
            None => 0,
        };
        let withheld = self.tally(target).await?.withheld;
        Ok(Standing {
            held,
            due,
            withheld,
            settings_due: host.sync.settings != Some(effective.digest),
            mode: translate::mode_for(settings.client_mode, generation),
            interval: settings.full_sync_interval.seconds(),
        })
    }

    /// The rules in force for a host, by target, after `after`; those that its client cannot take
    /// too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rules_of(
        &self,
        host: &Host,
        after: Option<&Target>,
        limit: usize,
    ) -> Result<Vec<InForce>, SyncError> {
        let generation = generation::of(&host.facts.santa_version);
        let target = self.target(host, generation).await?;
        let destination = self.destination(target).await?;
        let after = after.cloned();
        let page = move |policy: &Policy| {
            let ledger = &policy.ledger;
            let targets = destination.targets(ledger);
            let from = after.map_or(0, |after| targets.partition_point(|it| **it <= after));
            let outcomes = targets[from..].iter().map(|target| destination.outcome(ledger, target));
            let in_force = outcomes.filter_map(|outcome| match outcome {
                Outcome::Sent(rule) => Some(InForce { rule: ledger.rule(rule), needs: None }),
                Outcome::Withheld(rule, needed) => {
                    let needs = Some(table::version_of(table::first_with(needed)));
                    Some(InForce { rule: ledger.rule(rule), needs })
                }
                Outcome::None => None,
            });
            in_force.take(limit).collect()
        };
        Ok(self.study(page).await?)
    }

    /// The tags that a host has by their membership alone, by name.
    #[must_use]
    pub fn member_tags(&self, host: &Host) -> Vec<TagName> {
        self.policy().member_tags(host)
    }

    /// The settings of a host and the scopes that they come from; what is absent among the
    /// scopes is the default.
    #[must_use]
    pub fn settings_of(&self, host: &Host) -> (EffectiveSettings, HashMap<SettingKey, Scope>) {
        let policy = self.policy();
        let effective = policy.settings(&policy.scopes(host));
        (effective.settings.clone(), policy.origins(host))
    }

    /// What a host with this holding has.
    pub(super) async fn tally(&self, holding: Holding) -> StoreResult<Tally> {
        let holding = self.canonical(Span { from: From::Nothing, to: holding }).await?.to;
        let tally = async {
            let destination = self.destination(holding).await?;
            self.study(move |policy| Tally::of(&policy.ledger, &destination)).await
        };
        self.tallies.get_or_insert_async(&holding, tally).await
    }
}
