//! Groups of hosts that have the same sync state, as far as their rows decide it. A million hosts
//! form only a few groups, so they are counted without reading each of them.
//!
//! The group of a host is written with its row. Every input of the sync state must be in its group,
//! except the names of the host and of its user: only hosts with certain names are in scopes of
//! their own, and [`PersonalNames`] finds these hosts.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::codes;
use super::error::StoreResult;
use crate::fleet::{EpochId, Holding, Host, Membership, Reach, SessionKind};
use crate::rule::{MachineId, TagName};

/// A group of hosts. All hosts of a group are in the same sync state, unless a name of theirs is
/// one of the policy's [`PersonalNames`] or a sync of theirs is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostGroup {
    /// A digest of everything else that decides the sync state.
    pub state: i64,
    /// A digest of the tags that administrators assigned.
    pub tags: i64,
}

/// The hosts of a group that were last seen in the same second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCount {
    pub group: HostGroup,
    /// Whether a sync has begun and has not been completed.
    pub is_syncing: bool,
    /// The second of the last preflight, since 1970. 0 if the host never sent a preflight.
    pub seen: i64,
    pub hosts: u64,
}

/// A host with a name that the policy contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedHost {
    pub machine: MachineId,
    pub serial: String,
    pub hostname: String,
    pub primary_user: String,
    pub group: HostGroup,
    pub is_syncing: bool,
    pub seen: i64,
}

/// The names of hosts and users that a policy contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonalNames {
    /// Machine IDs or serial numbers.
    pub hosts: BTreeSet<MachineId>,
    /// Serial numbers, users and patterns for host names. Groups are not names of one host.
    pub members: Membership,
}

impl PersonalNames {
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.members.is_empty()
    }
}

/// Whether a host has a group of its own, because its state depends on more than the inputs of a
/// group: on other Macs, on the start of a session that is not its last preflight, or on a serial
/// number that a search for it would miss.
pub fn is_alone(host: &Host) -> bool {
    let (facts, sync) = (&host.facts, &host.sync);
    sync.macs.as_ref().is_some_and(|macs| macs.conflict.is_some())
        || sync.session.is_some_and(|session| Some(session.started) != sync.last_seen)
        || facts.serial.trim() != facts.serial
}

/// The columns of a host's row that decide its group and how it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateColumns {
    pub(super) state_key: i64,
    pub(super) syncing: i64,
    pub(super) seen: i64,
}

/// The inputs of the sync state, except the tags and the names of the host.
#[derive(Serialize)]
struct Inputs<'a> {
    santa_version: &'a str,
    groups: Vec<&'a str>,
    holding: Option<Holding>,
    epoch: EpochId,
    settings: Option<u64>,
    offers: &'a [Holding],
    reach: Option<Reach>,
    /// A session without rules changes nothing until it is completed.
    begun: Option<(Holding, SessionKind)>,
    clean_sync_ordered: bool,
    has_synced: bool,
    has_drifted: bool,
    has_miscounted: bool,
    has_refused: bool,
    alone: Option<&'a MachineId>,
}

impl StateColumns {
    pub(super) fn of(host: &Host) -> StoreResult<Self> {
        let (facts, sync) = (&host.facts, &host.sync);
        let mut groups: Vec<&str> = facts.groups.iter().map(String::as_str).collect();
        groups.sort_unstable();
        groups.dedup();
        let begun = sync.session.filter(|session| session.begun);
        let alone = is_alone(host);
        let inputs = Inputs {
            santa_version: &facts.santa_version,
            groups,
            holding: sync.holding,
            epoch: sync.epoch,
            settings: sync.settings,
            offers: &sync.offers,
            reach: sync.reach,
            begun: begun.map(|session| (session.target, session.kind)),
            clean_sync_ordered: sync.clean_order.is_some(),
            has_synced: sync.last_sync.is_some(),
            has_drifted: sync.drift.is_some(),
            has_miscounted: sync.miscount.is_some(),
            has_refused: sync.macs.as_ref().is_some_and(|macs| macs.refused.is_some()),
            alone: alone.then_some(&host.machine),
        };
        Ok(Self {
            state_key: digest(&inputs)?,
            syncing: i64::from(alone || sync.session.is_some()),
            seen: sync.last_seen.map_or(0, |seen| seen.as_second()),
        })
    }
}

/// The digest of the tags that administrators assigned to a host. 0 if there are none, as in new
/// rows.
pub(super) fn tags_key(tags: &[TagName]) -> StoreResult<i64> {
    if tags.is_empty() { Ok(0) } else { digest(&tags) }
}

/// The first bytes of a cryptographic hash, so that no host can choose the group of others.
fn digest(inputs: &impl Serialize) -> StoreResult<i64> {
    let hash = Sha256::digest(codes::json(inputs)?.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    Ok(i64::from_be_bytes(first))
}
