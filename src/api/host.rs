//! Hosts in the admin API.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::fleet::{CleanSync, ClientMode, ConflictKind, Fingerprint, RuleCounts};
use crate::rule::{ChangeMessage, MachineId, Revision, TagName, words};

/// Whether a host has the rules and settings that are active for it, as far as the server knows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HostState {
    /// The host is up to date.
    InSync,
    /// Rules, settings or a clean sync are pending for the host, or its rules are unknown because
    /// the database was restored.
    Behind,
    /// A sync is in progress.
    Syncing,
    /// The rule counts or the rules hash that the host reports do not match the rules that it
    /// confirmed.
    Drifted,
    /// The host may not have accepted all rules that it was sent, or it should have more rules than
    /// its Santa can receive.
    Rejecting,
    /// The host never completed a sync.
    NeverSynced,
}

words! {
    HostState {
        InSync = "in-sync",
        Behind = "behind",
        Syncing = "syncing",
        Drifted = "drifted",
        Rejecting = "rejecting",
        NeverSynced = "never-synced",
    }
}

impl FromStr for HostState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::from_word(text).ok_or_else(|| {
            format!(
                "invalid host state `{text}`: expected \
            in-sync, behind, syncing, drifted, rejecting or never-synced"
            )
        })
    }
}

/// Why a host may still be behind after its next sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BehindReason {
    /// The database was restored or copied, and the host may have newer rules than the database
    /// contains. The host may need a clean sync. The server spreads such clean syncs over time.
    Restored,
}

words! {
    BehindReason {
        Restored = "restored",
    }
}

/// Whether a host was seen recently.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Contact {
    /// The host sent a preflight within the last three of its sync intervals.
    Online,
    /// The host sent no preflight within the last three of its sync intervals.
    Silent,
}

words! {
    Contact {
        Online = "online",
        Silent = "silent",
    }
}

impl FromStr for Contact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::from_word(text).ok_or_else(|| {
            format!(
                "invalid contact `{text}`: expected online or \
            silent"
            )
        })
    }
}

/// A number of hosts with the same state, contact and conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostCount {
    /// Whether these hosts have the rules and settings that are active for them.
    pub state: HostState,
    /// Whether these hosts were seen recently.
    pub contact: Contact,
    /// Whether each of these hosts has a conflict: several Macs use its machine ID, or a Mac was
    /// refused.
    pub conflict: bool,
    /// The number of hosts.
    pub hosts: u64,
}

/// The numbers of hosts by state, contact and conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostCounts {
    /// When the hosts were counted.
    pub counted_at: Timestamp,
    /// The counts. Counts of 0 are left out.
    pub items: Vec<HostCount>,
    /// The number of hosts that were not counted, because they changed during the count or because
    /// their rows cannot be read.
    pub uncounted: u64,
}

/// The client mode of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModeView {
    /// The mode that the host's settings require, as far as its Santa supports it.
    pub wanted: ClientMode,
    /// The mode that the host last reported.
    pub reported: Option<ClientMode>,
}

/// The rules of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostRules {
    /// The number of rules on the host; 0 if it is unknown.
    pub held: u64,
    /// The number of pending rules and removals.
    pub due: u64,
    /// The number of active rules that the host does not get because its Santa does not support
    /// them.
    #[serde(default)]
    pub withheld: u64,
    /// The maximum number of rules that the host's Santa can receive. Present only if the host
    /// should have more rules than that. In that case, the host receives no rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// The revision of the rules on the host; null if it is unknown.
    pub revision: Option<Revision>,
    /// The numbers of rules that the host last reported, by type.
    pub reported: RuleCounts,
    /// The expected hash of the host's rules (Santa 2025.7 and later). `santactl status --json`
    /// shows the actual hash as `execution_rules_hash`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_hash: Option<String>,
    /// The rules hash that the host last reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_hash: Option<String>,
}

/// A difference between the rules on a host and its expected rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriftView {
    /// When the difference was found.
    pub found: Timestamp,
    /// The expected hash of the host's rules; absent if its Santa reports no hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_hash: Option<String>,
    /// The hash that the host reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_hash: Option<String>,
    /// The expected numbers of rules by type; 0 if they are unknown.
    pub expected: RuleCounts,
    /// The numbers of rules that the host reported, by type, including static and transitive rules.
    pub reported: RuleCounts,
    /// Whether the server still tries to repair the difference with a clean sync, if the setting
    /// `drift-repair` allows it.
    pub repairable: bool,
}

/// A host and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostView {
    /// The machine ID of the host.
    pub machine: MachineId,
    /// Serial number.
    pub serial: String,
    /// Host name.
    pub hostname: String,
    /// Model identifier.
    pub model: String,
    /// macOS version.
    pub os_version: String,
    /// macOS build.
    pub os_build: String,
    /// Santa's version.
    pub santa_version: String,
    /// The primary user of the host.
    pub primary_user: String,
    /// The groups of the primary user; the first 1,000 by name if there are more.
    pub groups: Vec<String>,
    /// The number of groups that the host reported, if it is greater than the number of `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_reported: Option<u32>,
    /// The fields of the host's report that were shortened or left out because they were too long,
    /// by their names in Santa's protocol. `report` means the whole report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
    /// The number of the host's events that this server dropped today (UTC) because the host had
    /// reached its daily limit.
    #[serde(default)]
    pub events_dropped: u64,
    /// The number of the host's events that this server stored today (UTC), but did not count for
    /// their programs, because the host had reported too many new programs.
    #[serde(default)]
    pub sightings_dropped: u64,
    /// All tags of the host, including `tags_by_membership`.
    pub tags: Vec<TagName>,
    /// Tags that the host has only because their membership matches the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_by_membership: Vec<TagName>,
    /// Whether the host has the rules and settings that are active for it.
    pub state: HostState,
    /// Why the host may still be `behind` after its next sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<BehindReason>,
    /// Whether the host was seen recently.
    pub contact: Contact,
    /// The client mode of the host, required and reported.
    pub mode: ModeView,
    /// The rules of the host.
    pub rules: HostRules,
    /// The difference between the rules on the host and its expected rules, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftView>,
    /// The conflict, if several Macs use the host's machine ID at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictView>,
    /// The Mac that used the host's machine ID before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<MacSighting>,
    /// The Mac that was last refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<MacSighting>,
    /// The Mac that an administrator accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Fingerprint>,
    /// Other hosts that report the same serial number, at most ten. Only in the response to
    /// `GET /hosts/{host}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_serial: Vec<MachineId>,
    /// Whether settings are pending.
    pub settings_due: bool,
    /// The requested clean sync, if one is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean_sync: Option<CleanSync>,
    /// The sync interval in seconds.
    pub interval: u32,
    /// When the server first saw the host.
    pub first_seen: Timestamp,
    /// When the host last sent a preflight.
    pub last_seen: Option<Timestamp>,
    /// When the host last completed a sync.
    pub last_sync: Option<Timestamp>,
}

/// A Mac, and when it was replaced or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MacSighting {
    /// The Mac.
    #[serde(flatten)]
    pub mac: Fingerprint,
    /// When the Mac was replaced or refused.
    pub at: Timestamp,
}

/// One of several Macs that use one machine ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MacView {
    /// The Mac.
    #[serde(flatten)]
    pub mac: Fingerprint,
    /// Host name.
    pub hostname: String,
    /// Whether the Mac has the rules and settings that are active for it.
    pub state: HostState,
    /// The number of rules and removals that are pending for the Mac.
    pub due: u64,
    /// When the Mac last sent a preflight.
    pub last_seen: Option<Timestamp>,
    /// When the Mac last completed a sync.
    pub last_sync: Option<Timestamp>,
}

/// Several Macs that use one machine ID at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictView {
    /// How the server detected the conflict.
    pub reason: ConflictKind,
    /// When the server detected the conflict.
    pub since: Timestamp,
    /// The Macs; the Mac that synced last is first.
    pub macs: Vec<MacView>,
}

/// Which Mac to accept for a machine ID.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AcceptMacRequest {
    /// The serial number of the Mac. The default is the Mac that was refused last. If no Mac was
    /// refused, the default is the Mac that synced last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// A request to check names that are used in host scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostNamesRequest {
    /// The names, at most 20,000.
    pub names: Vec<MachineId>,
}

/// Names that do not work as host scopes because they are host names, and serial numbers that
/// several hosts report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostNames {
    /// Names in the request that are host names, but not machine IDs or serial numbers. Rules and
    /// settings for these names do not apply to any host.
    pub host_names: Vec<HostsOfName>,
    /// Serial numbers that several hosts report, at most 100, even if the request does not contain
    /// them. Rules and settings for such a serial number apply to all hosts that report it.
    pub shared_serials: Vec<HostsOfName>,
}

/// A host name or serial number, and the hosts that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostsOfName {
    /// The host name or serial number.
    pub name: String,
    /// The number of hosts.
    pub hosts: u64,
    /// Machine IDs of these hosts, at most ten.
    pub machines: Vec<MachineId>,
}

/// Which hosts to list, and which page of them. All conditions must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct HostQuery {
    /// Only hosts with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagName>,
    /// Only hosts whose machine ID, serial number or host name begins with this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Only hosts with this primary user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only hosts in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<HostState>,
    /// Only `online` hosts, or only `silent` hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Only hosts with a conflict: several Macs use the machine ID, or a Mac was refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub conflict: bool,
    /// Maximum items on the page: 500 by default, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which data to delete together with a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct ForgetHostQuery {
    /// Delete the events of the host, too. By default, the events are kept until they reach a
    /// retention limit.
    pub events: bool,
}

/// Which hosts to forget. All conditions must match, and at least one is required.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ForgetHostsRequest {
    /// Only hosts last seen before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "super::instant::optional")]
    pub not_seen_since: Option<Timestamp>,
    /// Only hosts that never completed a sync.
    pub never_synced: bool,
    /// Delete the events of these hosts, too.
    pub events: bool,
    /// Count the hosts, and forget none.
    pub dry_run: bool,
    /// The `next` of the previous response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The hosts that one request forgot, or would forget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgetHostsAnswer {
    /// The number of hosts.
    pub matched: usize,
    /// At most ten of the hosts.
    pub samples: Vec<HostToForget>,
    /// The cursor for the next request; absent when the whole fleet was examined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A host that was forgotten, or would be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostToForget {
    /// The machine ID of the host.
    pub machine: MachineId,
    /// The name of the host.
    pub hostname: String,
    /// When the host last sent a preflight.
    pub last_seen: Option<Timestamp>,
}

/// A request for a clean sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CleanSyncRequest {
    /// The rules that the host deletes before it stores the new rules.
    pub kind: CleanSync,
}

/// Tags to add to a host and to remove from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostTagsRequest {
    /// Tags to add.
    pub add: Vec<TagName>,
    /// Tags to remove.
    pub remove: Vec<TagName>,
    /// Why the change is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// Show what would happen, and change nothing.
    pub dry_run: bool,
}

/// Tags to add to several hosts and to remove from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TagHostsRequest {
    /// The hosts, at most 5,000: machine IDs, serial numbers, host names, or unique prefixes.
    pub hosts: Vec<String>,
    /// Tags to add to each host.
    pub add: Vec<TagName>,
    /// Tags to remove from each host.
    pub remove: Vec<TagName>,
    /// Why the change is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// Show what would happen, and change nothing.
    pub dry_run: bool,
}
