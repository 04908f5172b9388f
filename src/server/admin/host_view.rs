//! Shows hosts: their state, their rules, and the Macs that use one machine ID.

use jiff::{SignedDuration, Timestamp};

use crate::api::{
    BehindReason, ConflictView, Contact, DriftView, HostRules, HostState, HostView, MacSighting,
    MacView, ModeView,
};
use crate::fleet::{Conflict, Drift, Fingerprint, Host, RulesHash, SYNC_TAKES, SeenMac};
use crate::server::answer::Refused;
use crate::server::state::State;
use crate::sync::{FleetView, HostStanding, HostStatus};

/// A host counts as silent if it was last seen longer ago than this number of sync intervals.
const MISSED_INTERVALS: i32 = 3;

pub(in crate::server) async fn view(state: &State, host: Host) -> Result<HostView, Refused> {
    let fleet = state.engine.view().await?;
    let status = fleet.status(&host).await?;
    let tags_by_membership = fleet.member_tags(&host);
    let events_dropped = state.engine.events().dropped_of(&host.machine);
    let sightings_dropped = state.engine.events().sightings_dropped_of(&host.machine);
    let now = state.clock.now();
    let MacsView { state, conflict, replaced, refused, accepted } =
        macs_view(&fleet, &host, &status, now).await?;
    let HostStanding { due, is_restored, settings_due, interval, contact_interval } =
        status.standing;
    let contact = contact(host.sync.last_seen, contact_interval, now);
    let Host { machine, facts, mut tags, first_seen, sync } = host;
    tags.extend(tags_by_membership.iter().cloned());
    tags.sort_unstable();
    Ok(HostView {
        machine,
        serial: facts.serial,
        hostname: facts.hostname,
        model: facts.model,
        os_version: facts.os_version,
        os_build: facts.os_build,
        santa_version: facts.santa_version,
        primary_user: facts.primary_user,
        groups: facts.groups,
        groups_reported: facts.groups_reported,
        truncated: facts.truncated,
        events_dropped,
        sightings_dropped,
        tags,
        tags_by_membership,
        state,
        reason: (state == HostState::Behind && is_restored).then_some(BehindReason::Restored),
        contact,
        mode: ModeView { wanted: status.mode, reported: facts.client_mode },
        rules: HostRules {
            held: status.held,
            due,
            withheld: status.withheld,
            most: status.most_rules,
            revision: sync.holding.map(|holding| holding.revision),
            reported: facts.rule_counts,
            expected_hash: sync.expected_hash.map(|hash| hash.to_string()),
            reported_hash: sync.reported_hash.map(|hash| hash.to_string()),
        },
        drift: sync.drift.map(drift),
        conflict,
        replaced,
        refused,
        accepted,
        same_serial: Vec::new(),
        settings_due,
        clean_sync: sync.clean_order.map(|order| order.kind),
        interval,
        first_seen,
        last_seen: sync.last_seen,
        last_sync: sync.last_sync,
    })
}

fn drift(drift: Drift) -> DriftView {
    let Drift { found, expected_hash, reported_hash, expected, reported, .. } = drift;
    let text = |hash: RulesHash| hash.to_string();
    DriftView {
        found,
        expected_hash: expected_hash.map(text),
        reported_hash: reported_hash.map(text),
        expected,
        reported,
        repairable: drift.is_repairable(),
    }
}

/// Whether a sync that began at this time may still be in progress.
pub(in crate::server) fn is_in_progress(began: Timestamp, now: Timestamp) -> bool {
    now.duration_since(began) < SYNC_TAKES
}

/// The state of a host, given whether one of its syncs is in progress.
pub(in crate::server) fn host_state(
    host: &Host,
    standing: &HostStanding,
    in_progress: bool,
) -> HostState {
    let sync = &host.sync;
    let is_pending = standing.due > 0 || standing.settings_due || sync.clean_order.is_some();
    // A host counts as rejecting until one of its postflight requests shows that it accepted all
    // rules.
    let is_rejecting = sync.miscount.is_some();
    if in_progress && !is_rejecting {
        HostState::Syncing
    } else if standing.is_restored {
        // After a restore, the other stored fields may be outdated.
        HostState::Behind
    } else if sync.holding.is_none() && !is_rejecting {
        HostState::NeverSynced
    } else if sync.drift.is_some() {
        HostState::Drifted
    } else if is_rejecting {
        HostState::Rejecting
    } else if is_pending {
        HostState::Behind
    } else {
        HostState::InSync
    }
}

/// `interval` is [`HostStanding::contact_interval`].
pub(in crate::server) fn contact(
    last_seen: Option<Timestamp>,
    interval: u32,
    now: Timestamp,
) -> Contact {
    let longest = SignedDuration::from_secs(i64::from(interval)) * MISSED_INTERVALS;
    match last_seen {
        Some(seen) if now.duration_since(seen) <= longest => Contact::Online,
        Some(_) | None => Contact::Silent,
    }
}

struct MacsView {
    state: HostState,
    conflict: Option<ConflictView>,
    replaced: Option<MacSighting>,
    refused: Option<MacSighting>,
    accepted: Option<Fingerprint>,
}

/// In a conflict, the state is `in-sync` only if all Macs of the host are in sync.
async fn macs_view(
    fleet: &FleetView<'_>,
    host: &Host,
    status: &HostStatus,
    now: Timestamp,
) -> Result<MacsView, Refused> {
    let mut view = MacsView {
        state: state_now(host, status, now),
        conflict: None,
        replaced: None,
        refused: None,
        accepted: None,
    };
    let Some(macs) = &host.sync.macs else { return Ok(view) };
    view.replaced = macs.replaced.clone().map(sighting);
    view.refused = macs.refused.clone().map(sighting);
    view.accepted = macs.accepted.clone();
    let Some(Conflict { kind, since, last_sign: _ }) = macs.conflict else { return Ok(view) };
    let mut all = vec![mac(host, macs.current.clone(), view.state, status)];
    for other in &macs.others {
        let (facts, sync) = (other.facts.clone(), other.sync.clone());
        let other_host = Host { facts, sync, ..host.clone() };
        let status = fleet.status(&other_host).await?;
        let its_state = state_now(&other_host, &status, now);
        if view.state == HostState::InSync {
            view.state = its_state;
        }
        all.push(mac(&other_host, other.fingerprint.clone(), its_state, &status));
    }
    view.conflict = Some(ConflictView { reason: kind, since, macs: all });
    Ok(view)
}

fn state_now(host: &Host, status: &HostStatus, now: Timestamp) -> HostState {
    let began = host.sync.session.map(|session| session.started);
    host_state(host, &status.standing, began.is_some_and(|began| is_in_progress(began, now)))
}

fn mac(host: &Host, fingerprint: Fingerprint, state: HostState, status: &HostStatus) -> MacView {
    MacView {
        mac: fingerprint,
        hostname: host.facts.hostname.clone(),
        state,
        due: status.standing.due,
        last_seen: host.sync.last_seen,
        last_sync: host.sync.last_sync,
    }
}

fn sighting(SeenMac { fingerprint, at }: SeenMac) -> MacSighting {
    MacSighting { mac: fingerprint, at }
}
