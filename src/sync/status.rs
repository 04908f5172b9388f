//! Where hosts stand, for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use super::compute::{Computer, Memo, Stopped, Wanted};
use super::difference::{self, Destination, Origin, Outcome};
use super::engine::Engine;
use super::error::SyncError;
use super::ledger::Ledger;
use super::policy::Policy;
use super::{generation, pages, proof, translate};
use crate::fleet::{
    ClientMode, EffectiveSettings, Generation, Holding, Host, RuleCounts, SessionKind, SettingKey,
    SyncState,
};
use crate::protocol::generation as table;
use crate::rule::{Rule, Scope, TagName, Target};
use crate::store::{ScopeId, StoreError, StoreResult};

/// Where a host stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Rules that it is known to hold.
    pub held: u64,
    /// Rules and removals that its next sync will bring.
    pub due: u64,
    /// Rules in force for it that its client cannot take.
    pub withheld: u64,
    /// The most rules that its client can receive, if it should have more. It receives none then.
    pub most_rules: Option<u64>,
    /// Whether its rules may be newer than its row, because the database was restored. It gets all
    /// of them in a clean sync.
    pub is_restored: bool,
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
    pub(super) rules: u64,
    /// By type, as a client counts them.
    pub(super) counts: RuleCounts,
    /// Rules in force that its client cannot take.
    pub(super) withheld: u64,
}

/// Tallies by destination.
pub(super) type Tallies = Memo<Destination, Tally, StoreError>;

impl Tally {
    /// Costs time in proportion to the rules of all scopes.
    pub(super) fn of(ledger: &Ledger, to: &Destination, wanted: &Wanted) -> Result<Self, Stopped> {
        let mut tally = Self::default();
        for outcome in to.outcomes(ledger, wanted)? {
            tally.add(ledger, outcome?, 1);
        }
        Ok(tally)
    }

    /// The tally of a destination, from that of its weakest scope alone. Costs time in proportion
    /// to the rules of the other scopes.
    pub(super) fn with_stronger(
        mut self,
        ledger: &Ledger,
        weakest: &Destination,
        to: &Destination,
        wanted: &Wanted,
    ) -> Result<Self, Stopped> {
        for (about, outcome) in to.overrides(ledger, wanted)? {
            self.add(ledger, weakest.outcome(ledger, ledger.target(about)), -1);
            self.add(ledger, outcome, 1);
        }
        Ok(self)
    }

    /// Adds what became of a target, or takes it away.
    fn add(&mut self, ledger: &Ledger, outcome: Outcome, sign: i32) {
        match outcome {
            Outcome::Sent(rule) => {
                self.rules = self.rules.saturating_add_signed(sign.into());
                proof::count(&mut self.counts, ledger.told(rule), sign);
            }
            Outcome::Withheld(..) => {
                self.withheld = self.withheld.saturating_add_signed(sign.into());
            }
            Outcome::None => {}
        }
    }
}

/// A rule in force for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
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
        let policy = self.policy().await?;
        let effective = policy.settings(&policy.scopes(host));
        let settings = &effective.settings;
        let to = current(&policy, host, generation);
        let total = self.tally(&policy, to.clone()).await?;
        let known = self.known_holding(&host.sync);
        let is_confirmed = self.is_confirmed(host).await?;
        let due = match known.filter(|_| is_confirmed) {
            Some(holding) => self.pending(&policy, &host.sync, holding, to).await?.into(),
            None => total.rules,
        };
        let held = match known {
            Some(holding) => self.tally(&policy, self.destination(holding).await?).await?.rules,
            None => 0,
        };
        let withheld = total.withheld;
        Ok(Standing {
            held,
            due,
            withheld,
            most_rules: pages::most_rules(generation).filter(|most| total.rules > *most),
            is_restored: (host.sync.holding.is_some() || host.sync.last_sync.is_some())
                && !is_confirmed,
            settings_due: host.sync.settings != Some(effective.digest),
            mode: translate::mode_for(settings.client_mode, generation),
            interval: settings.full_sync_interval.seconds(),
        })
    }

    /// Reads all rules, so that the store knows which rows cannot be read. A server has read them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_rules(&self) -> StoreResult<()> {
        self.policy().await.map(drop)
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
        let policy = self.policy().await?;
        let destination = current(&policy, host, generation);
        let after = after.cloned();
        let page = move |policy: &Policy, wanted: &Wanted| {
            let ledger = &policy.ledger;
            let mut rules = Vec::new();
            for outcome in destination.outcomes(ledger, wanted)? {
                let (rule, needs) = match outcome? {
                    Outcome::Sent(rule) => (rule, None),
                    Outcome::Withheld(rule, needed) => (rule, Some(needed)),
                    Outcome::None => continue,
                };
                if after.as_ref().is_some_and(|after| ledger.target(rule) <= after) {
                    continue;
                }
                let needs = needs.map(|needed| table::version_of(table::first_with(needed)));
                rules.push(InForce { rule: ledger.rule(rule), needs });
                if rules.len() >= limit {
                    break;
                }
            }
            Ok(rules)
        };
        Ok(self.study(page).await?)
    }

    /// The tags that a host has by their membership alone, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn member_tags(&self, host: &Host) -> StoreResult<Vec<TagName>> {
        Ok(self.policy().await?.member_tags(host))
    }

    /// The settings of a host and the scopes that they come from; what is absent among the
    /// scopes is the default.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settings_of(
        &self,
        host: &Host,
    ) -> StoreResult<(EffectiveSettings, HashMap<SettingKey, Scope>)> {
        let policy = self.policy().await?;
        let effective = policy.settings(&policy.scopes(host));
        Ok((effective.settings.clone(), policy.origins(host)))
    }

    /// What a host at a destination has.
    pub(super) async fn tally(&self, policy: &Arc<Policy>, to: Destination) -> StoreResult<Tally> {
        let revision = policy.ledger.last_touch(&to.scopes, to.revision);
        let to = Destination { revision, ..to };
        let (policy, computer) = (Arc::clone(policy), self.computer.clone());
        let tallies = self.tallies.clone();
        let count = |to: Destination| {
            move |wanted: Wanted| async move {
                let weakest = match to.weakest(&policy.ledger) {
                    Some(weakest) if to.scopes.len() > 1 => {
                        let tally = weakest_tally(&tallies, &computer, &policy, &weakest).await?;
                        Some((weakest, tally))
                    }
                    Some(_) | None => None,
                };
                let work = move |wanted: &Wanted| match weakest {
                    Some((weakest, tally)) => {
                        Ok(tally.with_stronger(&policy.ledger, &weakest, &to, wanted)?)
                    }
                    None => Ok(Tally::of(&policy.ledger, &to, wanted)?),
                };
                computer.run(wanted, work).await
            }
        };
        self.tallies.get(to.clone(), count(to)).await
    }

    /// How many rules and removals a normal sync to a destination would bring to a host.
    async fn pending(
        &self,
        policy: &Arc<Policy>,
        state: &SyncState,
        holding: Holding,
        to: Destination,
    ) -> StoreResult<u32> {
        let (from, to) = self.origin_of(policy, state, holding, to).await?;
        if difference::is_empty(&policy.ledger, &from, &to) {
            return Ok(0);
        }
        let (policy, computer) = (Arc::clone(policy), self.computer.clone());
        let count = |from: Origin, to: Destination| {
            move |wanted: Wanted| async move {
                let work = move |wanted: &Wanted| {
                    let steps = difference::steps(&policy.ledger, &from, &to, wanted)?;
                    Ok(u32::try_from(steps.len()).unwrap_or(u32::MAX))
                };
                computer.run(wanted, work).await
            }
        };
        self.pending.get((from.clone(), to.clone()), count(from, to)).await
    }

    /// Where a host's next normal sync would begin, if it leads to this destination, and the last
    /// change there.
    async fn origin_of(
        &self,
        policy: &Policy,
        state: &SyncState,
        holding: Holding,
        to: Destination,
    ) -> StoreResult<(Origin, Destination)> {
        let last_touch = |scopes: &[ScopeId], at| policy.ledger.last_touch(scopes, at);
        if state.reach.is_some() {
            let (union, common) = self.reached(state, &to.scopes, to.generation).await?;
            let to = Destination { revision: last_touch(&union, to.revision), ..to };
            let since = last_touch(&union, holding.revision);
            let (union, common) = (union.into(), common.into());
            return Ok((Origin::Union { since, union, common }, to));
        }
        let to = Destination { revision: last_touch(&to.scopes, to.revision), ..to };
        let begun = state.session.filter(|session| session.begun);
        let target = begun.map(|session| session.target);
        let mut offers = Vec::new();
        for offer in [holding].into_iter().chain(state.offers.iter().copied()).chain(target) {
            let offer = self.destination(self.settled(policy, offer).await?).await?;
            if offer != to && !offers.contains(&offer) {
                offers.push(offer);
            }
        }
        if begun.is_some_and(|session| session.kind != SessionKind::Normal) {
            offers.push(Destination { scopes: Arc::new([]), ..to.clone() });
        }
        Ok((Origin::Offers(offers.into()), to))
    }
}

/// What a host with one scope has.
async fn weakest_tally(
    tallies: &Tallies,
    computer: &Computer,
    policy: &Arc<Policy>,
    weakest: &Destination,
) -> StoreResult<Tally> {
    let (policy, computer, to) = (Arc::clone(policy), computer.clone(), weakest.clone());
    let count = |wanted: Wanted| async move {
        let work = move |wanted: &Wanted| Ok(Tally::of(&policy.ledger, &to, wanted)?);
        computer.run(wanted, work).await
    };
    tallies.get(weakest.clone(), count).await
}

/// Where a host would stand after a sync now.
pub(super) fn current(policy: &Policy, host: &Host, generation: Generation) -> Destination {
    let scopes = policy.rule_scopes(&policy.scopes(host));
    Destination { scopes: scopes.into(), revision: policy.ledger.head(), generation }
}
