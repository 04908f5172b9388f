//! Compares the rules that a host reports with the rules that the host should have.
//!
//! If a client hashes its rules, the hash proves which rules the client has, except for the
//! messages of the rules. The hash depends on the order in which the client wrote the rules, so the
//! server keeps the host's *trail*: the last download that sent all rules, and the later downloads.
//! A client that only counts its rules is treated as correct unless it has fewer rules of a type
//! than it should have. Extra rules prove nothing, because the client also counts the static rules
//! in its configuration profile.

use jiff::Timestamp;

use super::downloads::Downloads;
use super::epoch::is_confirmed;
use super::macs::{self, RulesReport};
use super::route::{Route, Start};
use super::{generation, offers};
use crate::fleet::{
    ClientMode, Drift, Host, Leg, RuleCounts, RulesHash, ScopeSetId, Session, SessionKind,
    SyncState, Trail, UnionLeg,
};
use crate::protocol::generation::Capability;
use crate::store::StoreResult;

/// A host whose trail has this number of downloads gets all rules again, which begins a new trail.
/// This limit keeps the host's row short and avoids computing a hash over a long history.
const MOST_LEGS: usize = 64;

/// Records what a preflight proves: whether the last sync was completed although its postflight was
/// lost, and whether the host has the rules that it should have.
pub(super) async fn check_report(
    downloads: &Downloads,
    host: &mut Host,
    report: RulesReport,
) -> StoreResult<()> {
    let hashes = proves_by_hash(host);
    end_open_session(downloads, &mut host.sync, hashes, report).await?;
    let is_proven = host.sync.reported_hash == host.sync.expected_hash;
    host.sync.reported_hash = report.hash;
    let generation = generation::of(&host.facts.santa_version);
    if !is_confirmed(&host.sync, generation, report.epoch) {
        let proven = hashes && report.hash.is_some_and(|it| Some(it) == host.sync.expected_hash);
        if !proven || downloads.known_holding(&host.sync).is_none() {
            // The server does not know which rules the host has in this epoch.
            return Ok(());
        }
        host.sync.epoch = report.epoch;
    }
    if hashes && macs::recognize_by_hash(downloads, host, report, is_proven).await? {
        // The state of a clone may be from another epoch.
        host.sync.epoch = report.epoch;
        return Ok(());
    }
    let in_doubt = host.sync.reach.is_some() || !host.sync.offers.is_empty();
    let differs = match (hashes, host.sync.expected_hash, report.hash) {
        (true, Some(expected), Some(reported)) => Some(expected != reported),
        (true, _, _) => None,
        (false, _, _) if in_doubt => None,
        (false, _, _) => {
            let lacks = lacks_rules(downloads, host).await?;
            if let Some(lacks) = lacks {
                macs::compare_counts(host, lacks, report);
            }
            lacks
        }
    };
    match differs {
        // A difference counts even after a clean sync without a postflight, because someone may
        // have changed the rules on the host since then.
        Some(true) => found_drift(downloads, host, report, false).await?,
        Some(false) => host.sync.drift = None,
        None => {}
    }
    Ok(())
}

/// Ends the session that the host left open. If the host completed the session, only the postflight
/// was lost. Otherwise, the session becomes one more offer if its download was begun.
///
/// A host applies a download as a whole or not at all, and then hashes all its rules. A host that
/// requested a clean sync repeats the request until it has completed a clean sync.
async fn end_open_session(
    downloads: &Downloads,
    state: &mut SyncState,
    hashes: bool,
    report: RulesReport,
) -> StoreResult<()> {
    let Some(session) = state.session.take() else { return Ok(()) };
    if session.without_rules {
        return Ok(());
    }
    if session.mixed {
        return macs::end_mixed(downloads, state, session).await;
    }
    if session.served && is_performed(downloads, state, session, hashes, report).await? {
        return Ok(());
    }
    offers::add_offer_of(downloads, state, session).await
}

/// Whether a host's report proves that the host completed the session that it left open. If so,
/// updates the host's holding. In either case, may update the trail, the expected hash and
/// `unheard_repairs`.
async fn is_performed(
    downloads: &Downloads,
    state: &mut SyncState,
    session: Session,
    hashes: bool,
    report: RulesReport,
) -> StoreResult<bool> {
    let clean = session.kind != SessionKind::Normal;
    if let Some(drift) = state.drift.as_mut().filter(|_| clean) {
        drift.unheard_repairs = drift.unheard_repairs.saturating_add(1);
    }
    let trail = if hashes { trail_after(downloads, state, session).await? } else { None };
    let hash = match &trail {
        Some(trail) => Some(downloads.rules_hash(trail).await?),
        None => None,
    };
    if hashes && hash.is_none() {
        // The host may have applied the session, and the hash of its rules is then not known.
        state.expected_hash = None;
    }
    let agrees = hash.is_some() && hash == report.hash;
    // A hash does not cover messages. So if the hash did not change, new messages may be missing.
    let changed = hash != state.expected_hash && hash != state.reported_hash;
    let is_recent = session.epoch == report.epoch;
    let no_longer_requests = is_recent && clean && session.asked_clean && !report.asks_clean;
    let performed = (agrees && changed) || no_longer_requests;
    if agrees || performed {
        state.trail = trail;
        state.expected_hash = hash;
    }
    if performed {
        finish(state, session, session.started);
    }
    Ok(performed)
}

/// Records what a completed sync proves, and the trail of the host's rules.
pub(super) async fn verify(
    downloads: &Downloads,
    host: &mut Host,
    session: Session,
    trail: Option<Trail>,
    reported: Option<RulesHash>,
    now: Timestamp,
) -> StoreResult<()> {
    let clean = session.kind != SessionKind::Normal;
    host.sync.reported_hash = reported;
    host.sync.expected_hash = match &trail {
        Some(trail) => Some(downloads.rules_hash(trail).await?),
        None => None,
    };
    host.sync.trail = trail;
    match (proves_by_hash(host), host.sync.expected_hash, reported) {
        (true, Some(expected), Some(reported)) if expected == reported => {
            host.sync.drift = None;
        }
        (true, Some(_), Some(_)) => {
            let epoch = session.epoch;
            let report = RulesReport { hash: reported, asks_clean: false, now, epoch };
            found_drift(downloads, host, report, clean).await?;
        }
        _ => {}
    }
    if let Some(drift) = host.sync.drift.as_mut().filter(|_| clean) {
        drift.repaired = true;
    }
    Ok(())
}

/// The trail of a host's rules after the host has completed a session. None if it is not known.
pub(super) async fn trail_after(
    downloads: &Downloads,
    state: &SyncState,
    session: Session,
) -> StoreResult<Option<Trail>> {
    let route = Route::of_session(state, session);
    if is_everything(downloads, &route).await? {
        return Ok(Some(Trail::new(session.target, session.epoch)));
    }
    let Some(mut trail) = state.trail.clone() else { return Ok(None) };
    let policy = downloads.policy().await?;
    let canonical = downloads.canonical(&policy, &route).await?;
    if downloads.download(&policy, canonical, &route).await?.brings_nothing() {
        return Ok(Some(trail));
    }
    let Route { from, to } = route;
    match from {
        Start::Nothing => {}
        Start::Offers(from) => trail.legs.push(Leg { from, to }),
        Start::Union { since, reach } if trail.legs.is_empty() => {
            trail.union_legs.push(UnionLeg { since, reach, to });
        }
        // In a trail, a union cannot come after `legs`. So the host gets all rules again.
        Start::Union { .. } => return Ok(None),
    }
    Ok(Some(trail))
}

/// Whether a download sends every rule of its destination, in the order of targets.
async fn is_everything(downloads: &Downloads, route: &Route) -> StoreResult<bool> {
    let has_none = async |set: ScopeSetId| -> StoreResult<bool> {
        Ok(downloads.scope_sets.members(&*downloads.store, set).await?.is_empty())
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

/// Whether a host reports fewer rules of a type than it should have. None if the host never
/// reported a count, if its client keeps no rules, or if the server does not know which rules the
/// host should have.
async fn lacks_rules(downloads: &Downloads, host: &Host) -> StoreResult<Option<bool>> {
    let reported = host.facts.rule_counts;
    let counts = generation::keeps_rules(generation::of(&host.facts.santa_version));
    let Some(holding) = downloads.known_holding(&host.sync).filter(|_| counts) else {
        return Ok(None);
    };
    if reported == RuleCounts::default() && !host.sync.counts_rules {
        return Ok(None);
    }
    let to = downloads.destination(holding).await?;
    let expected = downloads.tally(&downloads.policy().await?, to).await?.counts;
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

/// Whether the server must send all rules, because the server does not know the order of the host's
/// rules or is about to lose the record of this order.
pub(super) fn lost_order(downloads: &Downloads, host: &Host) -> bool {
    let oldest = downloads.live.history.oldest_root(&host.machine);
    let is_usable = |trail: &Trail| trail.length() < MOST_LEGS && trail.root.revision >= oldest;
    proves_by_hash(host) && !host.sync.trail.as_ref().is_some_and(is_usable)
}

async fn found_drift(
    downloads: &Downloads,
    host: &mut Host,
    report: RulesReport,
    repaired: bool,
) -> StoreResult<()> {
    let expected = match downloads.known_holding(&host.sync) {
        Some(holding) => {
            let to = downloads.destination(holding).await?;
            downloads.tally(&downloads.policy().await?, to).await?.counts
        }
        None => RuleCounts::default(),
    };
    let before = host.sync.drift;
    host.sync.drift = Some(Drift {
        found: before.map_or(report.now, |drift| drift.found),
        expected_hash: host.sync.expected_hash,
        reported_hash: report.hash,
        expected,
        reported: host.facts.rule_counts,
        repaired: repaired || before.is_some_and(|drift| drift.repaired),
        unheard_repairs: before.map_or(0, |drift| drift.unheard_repairs),
    });
    Ok(())
}

/// Completes a session: its destination becomes the host's holding.
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

/// Whether the client hashes its rules, and the hash proves which rules it has. In standalone mode,
/// the hash proves nothing, because the user of the Mac can add rules.
fn proves_by_hash(host: &Host) -> bool {
    let generation = generation::of(&host.facts.santa_version);
    generation::has(generation, Capability::RulesHash)
        && host.facts.client_mode != Some(ClientMode::Standalone)
}
