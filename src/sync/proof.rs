//! Proof that rules arrived: what a host reports is held against what it should hold.
//!
//! A client that hashes its rules proves by the hash that it holds them all and no others. Its
//! hash depends on the order in which it wrote them, so the engine keeps the host's *trail*: the
//! downloads since everything was last sent at once. A client that only counts is believed
//! unless it has fewer rules of a type than it should: static rules of its own profile count
//! too, so more of them prove nothing.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::compute::{Stopped, Wanted};
use super::cursor::Span;
use super::difference::Step;
use super::engine::Engine;
use super::epoch::is_confirmed;
use super::generation;
use super::ledger::{Ledger, Told, VersionId};
use super::pages::Difference;
use super::route::{Route, Start};
use super::rules_hash::RulesHasher;
use crate::fleet::{
    ClientMode, Drift, EpochId, Generation, Holding, Host, Leg, RuleCounts, RulesHash, ScopeSetId,
    Session, SessionKind, SyncState, Trail, UnionLeg,
};
use crate::protocol::generation::Capability;
use crate::rule::{PolicyKind, RuleType};
use crate::store::StoreResult;

/// How many differences a trail may have. A host with more gets everything again, which begins
/// a new trail; so its row stays short, and a hash is never worked out over a long history.
const MOST_LEGS: usize = 64;

/// What a host says of its rules at the beginning of a sync.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    pub(super) hash: Option<RulesHash>,
    pub(super) asks_clean: bool,
    pub(super) now: Timestamp,
    pub(super) epoch: EpochId,
}

impl Engine {
    /// Takes in what a preflight proves: whether the last sync was completed without our hearing
    /// of it, and whether the host holds what it should.
    pub(super) async fn weigh(&self, host: &mut Host, evidence: Evidence) -> StoreResult<()> {
        let hashes = proves_by_hash(host);
        self.settle(&mut host.sync, hashes, evidence).await?;
        let is_proven = host.sync.reported_hash == host.sync.expected_hash;
        host.sync.reported_hash = evidence.hash;
        let generation = generation::of(&host.facts.santa_version);
        if !is_confirmed(&host.sync, generation, evidence.epoch) {
            let proven =
                hashes && evidence.hash.is_some_and(|it| Some(it) == host.sync.expected_hash);
            if !proven || self.known_holding(&host.sync).is_none() {
                // What it should have is not known.
                return Ok(());
            }
            host.sync.epoch = evidence.epoch;
        }
        if hashes && self.recognize_by_hash(host, evidence, is_proven).await? {
            // A clone may not have synced in this epoch.
            host.sync.epoch = evidence.epoch;
            return Ok(());
        }
        let in_doubt = host.sync.reach.is_some() || !host.sync.offers.is_empty();
        let differs = match (hashes, host.sync.expected_hash, evidence.hash) {
            (true, Some(expected), Some(reported)) => Some(expected != reported),
            (true, _, _) => None,
            (false, _, _) if in_doubt => None,
            (false, _, _) => {
                let lacks = self.lacks_rules(host).await?;
                if let Some(lacks) = lacks {
                    Self::compare_counts(host, lacks, evidence);
                }
                lacks
            }
        };
        match differs {
            // Even after a clean sync whose end was not reported: since then, someone may have
            // changed the rules on the host.
            Some(true) => self.found_drift(host, evidence, false).await?,
            Some(false) => host.sync.drift = None,
            None => {}
        }
        Ok(())
    }

    /// Ends the session that the host left open. If the host performed it, only its postflight was
    /// lost. If not, it is one more offer.
    ///
    /// A host applies a download as a whole or not at all, and hashes what it then has. And a
    /// host that asked for a clean sync keeps asking until it has performed one.
    async fn settle(
        &self,
        state: &mut SyncState,
        hashes: bool,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let Some(session) = state.session.take() else { return Ok(()) };
        if session.without_rules {
            return Ok(());
        }
        if session.mixed {
            return self.end_mixed(state, session).await;
        }
        if session.served && self.is_performed(state, session, hashes, evidence).await? {
            return Ok(());
        }
        self.add_offer_of(state, session).await
    }

    /// Whether a host has performed the session that it left open. If so, this moves its holding.
    async fn is_performed(
        &self,
        state: &mut SyncState,
        session: Session,
        hashes: bool,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let clean = session.kind != SessionKind::Normal;
        if let Some(drift) = state.drift.as_mut().filter(|_| clean) {
            drift.unheard_repairs = drift.unheard_repairs.saturating_add(1);
        }
        let trail = if hashes { self.trail_after(state, session).await? } else { None };
        let hash = match &trail {
            Some(trail) => Some(self.rules_hash(trail).await?),
            None => None,
        };
        if hashes && hash.is_none() {
            // The host may have applied the session, and the hash of its rules is then not known.
            state.expected_hash = None;
        }
        let agrees = hash.is_some() && hash == evidence.hash;
        // A hash that did not change proves nothing about messages, which it does not cover.
        let changed = hash != state.expected_hash && hash != state.reported_hash;
        let is_recent = session.epoch == evidence.epoch;
        let stopped_asking = is_recent && clean && session.asked_clean && !evidence.asks_clean;
        let performed = (agrees && changed) || stopped_asking;
        if agrees || performed {
            state.trail = trail;
            state.expected_hash = hash;
        }
        if performed {
            finish(state, session, session.started);
        }
        Ok(performed)
    }

    /// Takes in what a completed sync proves, and how the host's rules now stand.
    pub(super) async fn verify(
        &self,
        host: &mut Host,
        session: Session,
        trail: Option<Trail>,
        reported: Option<RulesHash>,
    ) -> StoreResult<()> {
        let clean = session.kind != SessionKind::Normal;
        host.sync.reported_hash = reported;
        host.sync.expected_hash = match &trail {
            Some(trail) => Some(self.rules_hash(trail).await?),
            None => None,
        };
        host.sync.trail = trail;
        match (proves_by_hash(host), host.sync.expected_hash, reported) {
            (true, Some(expected), Some(reported)) if expected == reported => {
                host.sync.drift = None;
            }
            (true, Some(_), Some(_)) => {
                let (now, epoch) = (self.clock.now(), session.epoch);
                let evidence = Evidence { hash: reported, asks_clean: false, now, epoch };
                self.found_drift(host, evidence, clean).await?;
            }
            _ => {}
        }
        if let Some(drift) = host.sync.drift.as_mut().filter(|_| clean) {
            drift.repaired = true;
        }
        Ok(())
    }

    /// How a host's rules stand once it has performed a session; nothing if that is not known.
    pub(super) async fn trail_after(
        &self,
        state: &SyncState,
        session: Session,
    ) -> StoreResult<Option<Trail>> {
        let route = Route::of_session(state, session);
        if self.is_everything(&route).await? {
            return Ok(Some(Trail::new(session.target, session.epoch)));
        }
        let Some(mut trail) = state.trail.clone() else { return Ok(None) };
        let policy = self.policy().await?;
        let canonical = self.canonical(&policy, &route).await?;
        if self.difference(&policy, canonical, &route).await?.brings_nothing() {
            return Ok(Some(trail));
        }
        let Route { from, to } = route;
        match from {
            Start::Nothing => {}
            Start::Offers(from) => trail.legs.push(Leg { from, to }),
            Start::Union { since, reach } if trail.legs.is_empty() => {
                trail.union_legs.push(UnionLeg { since, reach, to });
            }
            // There is no place for it behind others. So the host gets everything again.
            Start::Union { .. } => return Ok(None),
        }
        Ok(Some(trail))
    }

    /// Whether a download sends every rule of its destination, in the order of targets.
    async fn is_everything(&self, route: &Route) -> StoreResult<bool> {
        let has_none = async |set: ScopeSetId| -> StoreResult<bool> {
            Ok(self.scope_sets.members(&*self.store, set).await?.is_empty())
        };
        match &route.from {
            Start::Nothing => Ok(true),
            Start::Union { reach, .. } => has_none(reach.common).await,
            Start::Offers(offers) => {
                for offer in offers.iter() {
                    if has_none(offer.set).await? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// What the rules of a host hash to that came this way. Worked out once for all hosts that
    /// did; costs time in proportion to everything that was sent on the way.
    pub(super) async fn rules_hash(&self, trail: &Trail) -> StoreResult<RulesHash> {
        let root = Route { from: Start::Nothing, to: trail.root };
        let union_legs = trail.union_legs.iter().map(|leg| Route::from(*leg));
        let legs = trail.legs.iter().map(Route::from);
        let routes = || [root.clone()].into_iter().chain(union_legs.clone()).chain(legs.clone());
        // Hosts that came at other revisions with the same rules share the result.
        let policy = self.policy().await?;
        let mut spans = Vec::with_capacity(1 + trail.length());
        for route in routes() {
            spans.push(self.canonical(&policy, &route).await?);
        }
        let spans: Arc<[Span]> = spans.into();
        if let Some(known) = self.hashes.known(&spans) {
            return Ok(known);
        }
        let mut differences = Vec::with_capacity(spans.len());
        for (span, route) in spans.iter().zip(routes()) {
            differences.push(self.difference(&policy, *span, &route).await?);
        }
        let generation = trail.generation();
        let computer = self.computer.clone();
        let walk = |wanted: Wanted| async move {
            let work =
                move |wanted: &Wanted| Ok(hash(&policy.ledger, &differences, generation, wanted)?);
            computer.run(wanted, work).await
        };
        self.hashes.get(spans, walk).await
    }

    /// Whether a host counts fewer rules of a type than it should have. None if it never counted
    /// any, as some clients do not count, or if it is not known what it should have.
    async fn lacks_rules(&self, host: &Host) -> StoreResult<Option<bool>> {
        let reported = host.facts.rule_counts;
        let counts = generation::keeps_rules(generation::of(&host.facts.santa_version));
        let Some(holding) = self.known_holding(&host.sync).filter(|_| counts) else {
            return Ok(None);
        };
        if reported == RuleCounts::default() && !host.sync.counts_rules {
            return Ok(None);
        }
        let to = self.destination(holding).await?;
        let expected = self.tally(&self.policy().await?, to).await?.counts;
        let own = |counts: RuleCounts| {
            [
                counts.binary.saturating_sub(counts.transitive),
                counts.certificate,
                counts.teamid,
                counts.signingid,
                counts.cdhash,
            ]
        };
        let mut pairs = own(reported).into_iter().zip(own(expected));
        Ok(Some(pairs.any(|(reported, expected)| reported < expected)))
    }

    /// What a host has, unless its history was deleted.
    pub(super) fn known_holding(&self, state: &SyncState) -> Option<Holding> {
        state.holding.filter(|holding| holding.revision >= self.history.start())
    }

    /// Whether the server must send all rules, because it does not know the order of the host's
    /// rules, or will soon not know it.
    pub(super) fn lost_order(&self, host: &Host) -> bool {
        let oldest = self.history.oldest_root(&host.machine);
        let is_usable = |trail: &Trail| trail.length() < MOST_LEGS && trail.root.revision >= oldest;
        proves_by_hash(host) && !host.sync.trail.as_ref().is_some_and(is_usable)
    }

    async fn found_drift(
        &self,
        host: &mut Host,
        evidence: Evidence,
        repaired: bool,
    ) -> StoreResult<()> {
        let expected = match self.known_holding(&host.sync) {
            Some(holding) => {
                let to = self.destination(holding).await?;
                self.tally(&self.policy().await?, to).await?.counts
            }
            None => RuleCounts::default(),
        };
        let before = host.sync.drift;
        host.sync.drift = Some(Drift {
            found: before.map_or(evidence.now, |drift| drift.found),
            expected_hash: host.sync.expected_hash,
            reported_hash: evidence.hash,
            expected,
            reported: host.facts.rule_counts,
            repaired: repaired || before.is_some_and(|drift| drift.repaired),
            unheard_repairs: before.map_or(0, |drift| drift.unheard_repairs),
        });
        Ok(())
    }
}

/// What the rules of a client of a generation hash to, that took these differences in turn.
fn hash(
    ledger: &Ledger,
    differences: &[Arc<Difference>],
    generation: Generation,
    wanted: &Wanted,
) -> Result<RulesHash, Stopped> {
    let mut rows: Vec<Option<VersionId>> = Vec::new();
    let mut places = HashMap::new();
    let steps = differences.iter().flat_map(|difference| difference.steps());
    for step in wanted.while_wanted(steps) {
        let step = step?;
        let (Step::Put(version) | Step::Remove(version)) = step;
        let target = ledger.target(version);
        if let Some(place) = places.remove(target) {
            rows[place] = None;
        }
        if let Step::Put(rule) = step {
            places.insert(target, rows.len());
            rows.push(Some(rule));
        }
    }
    let mut hasher = RulesHasher::new(generation);
    for rule in wanted.while_wanted(rows.into_iter().flatten()) {
        hasher.add(ledger.told(rule?));
    }
    Ok(hasher.finish())
}

/// Moves a host's holding to where a session led.
pub(super) fn finish(state: &mut SyncState, session: Session, at: Timestamp) {
    state.holding = Some(session.target);
    if session.kind != SessionKind::Normal {
        state.epoch = session.epoch;
    }
    state.offers.clear();
    state.reach = None;
    state.settings = Some(session.settings);
    state.synced = session.synced;
    state.last_sync = Some(at);
    state.uploaded_in = session.epoch;
    if state.clean_order == session.order {
        state.clean_order = None;
    }
}

/// Whether the hash of a host's rules proves anything: not in standalone mode, in which people
/// add rules of their own.
fn proves_by_hash(host: &Host) -> bool {
    let generation = generation::of(&host.facts.santa_version);
    generation::has(generation, Capability::RulesHash)
        && host.facts.client_mode != Some(ClientMode::Standalone)
}

/// Adds a rule to the counts that a host would report, or takes it away.
pub(super) fn count(counts: &mut RuleCounts, rule: Told<'_>, sign: i32) {
    let of_its_type = match rule.target.rule_type() {
        RuleType::Binary => &mut counts.binary,
        RuleType::Certificate => &mut counts.certificate,
        RuleType::TeamId => &mut counts.teamid,
        RuleType::SigningId => &mut counts.signingid,
        RuleType::CdHash => &mut counts.cdhash,
    };
    *of_its_type = of_its_type.saturating_add_signed(sign);
    if rule.policy.kind() == PolicyKind::AllowCompiler {
        counts.compiler = counts.compiler.saturating_add_signed(sign);
    }
}
