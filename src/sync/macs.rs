//! Macs that use one machine ID. Each Mac gets the rules that it needs, and no Mac counts as up to
//! date because of a report from another Mac.
//!
//! Only a preflight contains a serial number. So the server keeps one state per Mac, and a
//! preflight from a Mac makes that Mac's state the current state of the host. If two syncs overlap,
//! the server cannot know which Mac sent a request. The session then sends every rule that any of
//! these Macs may need, and the postflight of the session proves nothing.
//!
//! Clones report the same serial number. A clone that hashes its rules is recognized by the hash.
//! Clones without hashes cannot be distinguished, so all of them get the same differences again.

use jiff::{SignedDuration, Timestamp};

use super::downloads::Downloads;
use super::offers;
use crate::fleet::{
    Conflict, ConflictKind, EpochId, Fingerprint, Holding, Host, HostFacts, MachineIdConflicts,
    Macs, OtherMac, Recognized, RuleCounts, RulesHash, SYNC_TAKES, Session, SyncState,
};
use crate::shell::argument;
use crate::store::StoreResult;

/// Maximum older states of a host whose hashes are compared with the reported hash. Computing the
/// hash of a state can be slow.
const OLDER_STATES: usize = 8;
/// After the state of a clone was stored, clones that do not hash their rules get the same rules
/// again for this long.
const SENT_AGAIN: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Copy, Debug)]
pub(super) struct RulesReport {
    pub(super) hash: Option<RulesHash>,
    pub(super) asks_clean: bool,
    pub(super) now: Timestamp,
    pub(super) epoch: EpochId,
}

/// Whether a preflight is from a Mac that may not use the machine ID of a host.
pub(super) async fn is_refused(
    downloads: &Downloads,
    host: &Host,
    facts: &HostFacts,
) -> StoreResult<bool> {
    if !host.owner().differs(&Fingerprint::of(facts)) {
        return Ok(false);
    }
    let policy = downloads.policy().await?;
    // Uses the scopes of the known Mac, because the other Mac can report anything.
    let settings = policy.settings(&policy.scopes(host));
    Ok(match settings.settings.machine_id_conflicts {
        MachineIdConflicts::Serve => false,
        MachineIdConflicts::Refuse => true,
    })
}

/// Recognizes the Mac that sent a preflight. Returns whether another Mac may be in the middle of a
/// sync, so that its requests could be mistaken for requests of the session that begins now.
/// `unwritten` is a session that began and was not stored.
pub(super) async fn recognize(
    downloads: &Downloads,
    host: &mut Host,
    facts: &HostFacts,
    unwritten: Option<Session>,
    now: Timestamp,
) -> StoreResult<bool> {
    let open = host.sync.session.or(unwritten);
    let mut another_began = false;
    if host.recognize(facts, now) == Recognized::Another {
        another_began =
            open.is_some_and(|session| now.duration_since(session.started) < SYNC_TAKES);
    }
    let is_mixed = host.is_mixed(another_began, now);
    if is_mixed && let Some(mut macs) = host.sync.macs.take() {
        for other in &mut macs.others {
            if let Some(session) = other.sync.session.take() {
                // The other Mac may get pages that are meant for this Mac.
                let begun = Session { begun: true, ..session };
                end_mixed(downloads, &mut other.sync, begun).await?;
            }
            add_state(downloads, &mut host.sync, &other.sync).await?;
        }
        host.sync.macs = Some(macs);
    }
    add_clone(downloads, host, now).await?;
    Ok(is_mixed)
}

/// Ends a session whose pages may have been sent to another Mac.
pub(super) async fn end_mixed(
    downloads: &Downloads,
    state: &mut SyncState,
    session: Session,
) -> StoreResult<()> {
    if session.begun {
        (state.trail, state.expected_hash) = (None, None);
    }
    offers::add_offer_of(downloads, state, session).await
}

/// Records that other Macs may have applied a page that was sent.
pub(super) async fn add_offer_to_others(
    downloads: &Downloads,
    state: &mut SyncState,
    target: Holding,
) -> StoreResult<()> {
    for other in state.macs.iter_mut().flat_map(|macs| &mut macs.others) {
        (other.sync.trail, other.sync.expected_hash) = (None, None);
        offers::add_offer(downloads, &mut other.sync, target).await?;
    }
    Ok(())
}

/// Adds the holding and the offers of another Mac to a state.
async fn add_state(
    downloads: &Downloads,
    state: &mut SyncState,
    other: &SyncState,
) -> StoreResult<()> {
    let (Some(known), Some(theirs)) = (state.holding, other.holding) else { return Ok(()) };
    // A union of offers starts at the holding, so the older of the two holdings is kept as the
    // holding.
    let (oldest, newest) = match theirs.revision < known.revision {
        true => (theirs, known),
        false => (known, theirs),
    };
    state.holding = Some(oldest);
    offers::add_offer(downloads, state, newest).await?;
    for offer in &other.offers {
        offers::add_offer(downloads, state, *offer).await?;
    }
    if let Some(reach) = other.reach {
        for set in [reach.union, reach.common] {
            let reach = offers::reach_with(downloads, state, Holding { set, ..newest }).await?;
            state.reach = Some(reach);
        }
    }
    Ok(())
}

/// Adds the holdings and the offers of clones if the server cannot know which clone sent the
/// preflight.
async fn add_clone(downloads: &Downloads, host: &mut Host, now: Timestamp) -> StoreResult<()> {
    let Some(mut macs) = host.sync.macs.take() else { return Ok(()) };
    if is_conflict_of_clones(&macs) && host.sync.trail.is_none() {
        macs.others.retain(|other| now.duration_since(other.last_seen) <= SENT_AGAIN);
        for other in &macs.others {
            add_state(downloads, &mut host.sync, &other.sync).await?;
        }
    }
    host.sync.macs = Some(macs);
    Ok(())
}

/// Searches the states of a host's clones, and then the host's earlier states, for the reported
/// hash. If a state matches, it becomes the state of the host, and the host needs no clean sync. A
/// match means that the host has a clone or was restored from a backup. Returns whether the state
/// was replaced.
pub(super) async fn recognize_by_hash(
    downloads: &Downloads,
    host: &mut Host,
    report: RulesReport,
    is_proven: bool,
) -> StoreResult<bool> {
    let (Some(expected), Some(reported)) = (host.sync.expected_hash, report.hash) else {
        return Ok(false);
    };
    if expected == reported {
        host.reported_newer_rules();
        return Ok(false);
    }
    if report.asks_clean || host.sync.drift.is_some() {
        return Ok(false);
    }
    let current = host.fingerprint();
    let macs = host.sync.macs.take();
    let known = macs.iter().flat_map(|macs| &macs.others).position(|other| {
        !other.fingerprint.differs(&current) && other.sync.expected_hash == Some(reported)
    });
    let mut macs = macs;
    let found = match (known, &mut macs) {
        (Some(place), Some(macs)) => Some(macs.others.remove(place).sync),
        _ if is_proven => older_state(downloads, &host.sync, reported).await?,
        _ => None,
    };
    let Some(mut found) = found else {
        host.sync.macs = macs;
        return Ok(false);
    };
    let revision = |state: &SyncState| state.holding.map(|holding| holding.revision);
    let is_older = revision(&found) < revision(&host.sync);
    found.clean_order = host.sync.clean_order;
    found.reported_hash = Some(reported);
    let left = std::mem::replace(&mut host.sync, found);
    host.sync.macs = macs;
    if is_older {
        host.reported_older_rules(report.now);
    } else {
        host.reported_newer_rules();
    }
    host.keep_clone(left, report.now);
    Ok(true)
}

/// An earlier state of a host, in which the host's rules had the reported hash.
async fn older_state(
    downloads: &Downloads,
    state: &SyncState,
    reported: RulesHash,
) -> StoreResult<Option<SyncState>> {
    let Some(mut trail) = state.trail.clone() else { return Ok(None) };
    for _ in 0..OLDER_STATES {
        if !trail.shorten() {
            return Ok(None);
        }
        if downloads.rules_hash(&trail).await? == reported {
            let holding = Some(trail.end());
            let expected_hash = Some(reported);
            let sync = SyncState {
                holding,
                trail: Some(trail),
                expected_hash,
                offers: Vec::new(),
                reach: None,
                session: None,
                miscount: None,
                ..state.clone()
            };
            return Ok(Some(sync));
        }
    }
    Ok(None)
}

/// Records whether a host without a hash counts fewer rules than it should have.
pub(super) fn compare_counts(host: &mut Host, lacks: bool, report: RulesReport) {
    let counts = host.facts.rule_counts;
    let has_some = counts != RuleCounts::default();
    if !lacks {
        host.reported_newer_rules();
    } else if has_some && !report.asks_clean && host.sync.drift.is_none() {
        host.reported_older_rules(report.now);
    }
}

/// Keeps `before`, the state before a sync. Only one of the clones that share a machine ID sent the
/// requests of the sync, so another clone may still have that state.
pub(super) async fn keep_for_clone(
    downloads: &Downloads,
    host: &mut Host,
    before: SyncState,
    now: Timestamp,
) -> StoreResult<()> {
    let (Some(macs), Some(holding)) = (&host.sync.macs, host.sync.holding) else {
        return Ok(());
    };
    if !is_conflict_of_clones(macs) {
        return Ok(());
    }
    let policy = downloads.policy().await?;
    let settled = downloads.settled(&policy, holding).await?;
    let mut is_new = true;
    for offer in before.holding.iter().chain(&before.offers) {
        is_new &= downloads.settled(&policy, *offer).await? != settled;
    }
    if host.sync.trail.is_none() {
        if is_new {
            host.keep_clone(before, now);
        }
        return Ok(());
    }
    if is_new && macs.others.is_empty() {
        host.keep_clone(before, now);
    }
    forget_equal_clone(downloads, host, settled).await
}

/// Forgets the states of clones that are known to have the same rules as the host's current state.
async fn forget_equal_clone(
    downloads: &Downloads,
    host: &mut Host,
    settled: Holding,
) -> StoreResult<()> {
    let Some(mut macs) = host.sync.macs.take() else { return Ok(()) };
    let policy = downloads.policy().await?;
    let mut others = Vec::new();
    for other in std::mem::take(&mut macs.others) {
        let is_equal = match other.sync.holding {
            Some(holding) => {
                other.sync.expected_hash == host.sync.expected_hash
                    && downloads.settled(&policy, holding).await? == settled
            }
            None => false,
        };
        if !is_equal || other.fingerprint.differs(&macs.current) {
            others.push(other);
        }
    }
    macs.others = others;
    host.sync.macs = Some(macs);
    Ok(())
}

fn is_conflict_of_clones(macs: &Macs) -> bool {
    macs.conflict.is_some_and(|conflict| conflict.kind == ConflictKind::Clones)
}

/// Logs that a conflict began or ended, or that a Mac was replaced.
pub(super) fn log_conflict(host: &Host, before: Option<&Macs>) {
    let Some(macs) = &host.sync.macs else { return };
    let machine = &host.machine;
    let Fingerprint { serial, model } = &macs.current;
    let conflict = before.and_then(|macs| macs.conflict).map(kind);
    match (conflict, macs.conflict.map(kind)) {
        (before, Some(now)) if before != Some(now) => {
            let serials: Vec<&str> = macs.others.iter().map(OtherMac::serial).collect();
            let others = serials.join(", ");
            tracing::warn!(
                %machine, serial, model, others,
                "several Macs use one machine ID; see: nicelist host show {}",
                argument(machine.as_str())
            );
        }
        (Some(_), None) => {
            tracing::info!(%machine, serial, model, "only one Mac uses the machine ID now");
        }
        _ => {}
    }
    if let Some(replaced) = &macs.replaced
        && before.and_then(|macs| macs.replaced.as_ref()) != Some(replaced)
    {
        let before = &replaced.fingerprint.serial;
        tracing::info!(
            %machine, serial, model, before,
            "the machine ID is now used by another Mac"
        );
    }
}

const fn kind(conflict: Conflict) -> ConflictKind {
    conflict.kind
}
