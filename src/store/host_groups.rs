//! Groups of hosts with the same version of Santa and the same mode, whose rows result in the same
//! sync state. A million hosts usually form only a few groups, so nicelist counts them without
//! reading each host.
//!
//! nicelist stores the group of a host in the row of the host. The group must include everything in
//! the row that decides these three, except `is_syncing` and `seen` of [`HostCount`], and except
//! the names of the host and of its user. A policy contains only a few such names, and the hosts
//! that have one of these names are found with [`PersonalNames`].

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::codes;
use super::error::StoreResult;
use crate::fleet::{ClientMode, EpochId, Holding, Host, Membership, Reach, SessionKind};
use crate::rule::{MachineId, TagName};

/// A group of hosts. Its hosts have the same version of Santa and report the same mode. They are in
/// the same sync state, except hosts that are syncing or that have one of the policy's
/// [`PersonalNames`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostGroup {
    /// A digest of the mode, and of everything that decides the sync state, except tags and names.
    pub state: i64,
    /// A digest of the tags that administrators assigned.
    pub tags: i64,
}

/// The number of hosts of a group that have the same values of `is_syncing` and `seen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCount {
    pub group: HostGroup,
    /// Whether a sync has begun and has not been completed. Also true if [`is_alone`] is true.
    pub is_syncing: bool,
    /// When the last preflight arrived, in seconds since 1970. 0 if the host never sent one.
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
    /// Serial numbers, users and patterns for host names. Groups of users are left out, because
    /// [`HostGroup::state`] covers them.
    pub members: Membership,
}

impl PersonalNames {
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.members.is_empty()
    }
}

/// Whether a host has a group of its own, because its state depends on more than the inputs of a
/// group. This is the case if other Macs use its machine ID, if its session did not start at the
/// last preflight, or if spaces around its serial number would hide the host from a search.
pub fn is_alone(host: &Host) -> bool {
    let (facts, sync) = (&host.facts, &host.sync);
    sync.macs.as_ref().is_some_and(|macs| macs.conflict.is_some())
        || sync.session.is_some_and(|session| Some(session.started) != sync.last_seen)
        || facts.serial.trim() != facts.serial
}

/// The columns of a host's row that, together with its tags, decide its group and how it is
/// counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateColumns {
    pub(super) state_key: i64,
    pub(super) syncing: i64,
    pub(super) seen: i64,
}

/// The mode, and the inputs of the sync state, except the tags and the names of the host.
#[derive(Serialize)]
struct Inputs<'a> {
    santa_version: &'a str,
    mode: Option<ClientMode>,
    groups: Vec<&'a str>,
    holding: Option<Holding>,
    epoch: EpochId,
    settings: Option<u64>,
    offers: &'a [Holding],
    reach: Option<Reach>,
    /// None until the session has sent rules, because until then the session changes nothing.
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
            mode: facts.client_mode,
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

/// The first bytes of a cryptographic hash, so that a host cannot forge the digest of another
/// group.
fn digest(inputs: &impl Serialize) -> StoreResult<i64> {
    let hash = Sha256::digest(codes::json(inputs)?.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    Ok(i64::from_be_bytes(first))
}
