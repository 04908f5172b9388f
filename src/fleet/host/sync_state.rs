//! The sync state of a host: the rules that it has or may have, and its current session.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fleet::{Drift, EpochId, Macs, OptionalSettings, OtherMac, RulesHash, Trail};
use crate::rule::Revision;

/// The ID of an interned scope set: a list of scopes, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSetId(pub i64);

/// The number of a client generation, such as 202507. Clients of one generation support the same
/// features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

/// A set of rules that a host has, or may have: the rules of a scope set at a revision, for a
/// generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holding {
    pub set: ScopeSetId,
    pub revision: Revision,
    pub generation: Generation,
}

/// The rules that a host may have. Each offer is a set of rules that the host may have had since
/// its last completed sync. The first offer is the holding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offers {
    holding: Holding,
    /// None for most hosts.
    others: Option<Arc<[Holding]>>,
}

impl Offers {
    pub fn new(holding: Holding, others: &[Holding]) -> Self {
        Self { holding, others: (!others.is_empty()).then(|| others.into()) }
    }

    pub const fn holding(&self) -> Holding {
        self.holding
    }

    /// All offers except the holding.
    pub fn others(&self) -> &[Holding] {
        self.others.as_deref().unwrap_or_default()
    }

    /// All offers, the holding first.
    pub fn iter(&self) -> impl Iterator<Item = Holding> {
        [self.holding].into_iter().chain(self.others().iter().copied())
    }
}

/// Replaces a list of offers that is too long. Version 0.1.0 stored offers only in this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reach {
    /// The scopes of all offers, by ascending ID.
    pub union: ScopeSetId,
    /// The scopes that all offers share in the same order of strength. Empty if the offers are for
    /// different generations. An unchanged rule is skipped only if its scope is in this set.
    pub common: ScopeSetId,
}

/// The rules that a host deletes in a clean sync before it stores the new rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CleanSync {
    /// All rules except transitive ones.
    Clean,
    /// All rules.
    CleanAll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    Normal,
    /// The host replaces its rules with all rules that it should have.
    Clean(CleanSync),
}

/// A sync that preflight opened and postflight has not completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub kind: SessionKind,
    /// Whether the host requested a clean sync.
    pub asked_clean: bool,
    /// The holding of the host after the host completes the session.
    pub target: Holding,
    pub started: Timestamp,
    pub settings: u64,
    /// The optional settings that the host may have after the host completes the session.
    #[serde(default = "OptionalSettings::all")]
    pub synced: OptionalSettings,
    /// Whether a page with rules was sent, so that the host may have the rules of `target`. Rows of
    /// version 0.1.0 have the target in `reach` even if no such page was sent.
    #[serde(default)]
    pub begun: bool,
    /// Whether the last page with rules was sent.
    pub served: bool,
    /// The clean-sync order that the session carries out. A newer order stays pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<CleanOrder>,
    /// Whether another Mac may have sent requests of this session. If so, the session's postflight
    /// does not confirm its rules.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
    /// The epoch when the session began. A postflight in another epoch does not confirm the
    /// session's rules, because it may belong to another session.
    #[serde(default, skip_serializing_if = "EpochId::is_zero")]
    pub epoch: EpochId,
    /// Whether no rules are sent, because the database row of the host may be older than the host's
    /// rules.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_rules: bool,
}

impl Session {
    pub fn new(target: Holding, settings: u64, epoch: EpochId, started: Timestamp) -> Self {
        Self {
            kind: SessionKind::Normal,
            asked_clean: false,
            target,
            started,
            settings,
            synced: OptionalSettings::default(),
            begun: false,
            served: false,
            order: None,
            mixed: false,
            epoch,
            without_rules: false,
        }
    }
}

/// An administrator's order for a clean sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanOrder {
    pub kind: CleanSync,
    pub at: Timestamp,
}

/// What the sync engine stores about one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    /// None before the first completed sync.
    pub holding: Option<Holding>,
    /// The epoch of the database when the holding was confirmed. In another epoch, the host may
    /// have other rules.
    #[serde(default, skip_serializing_if = "EpochId::is_zero")]
    pub epoch: EpochId,
    /// The last epoch in which the host completed a sync and uploaded its events. A clean sync
    /// discards events that were not uploaded.
    #[serde(default, skip_serializing_if = "EpochId::is_zero")]
    pub uploaded_in: EpochId,
    /// A digest of the settings that were sent in the last completed sync.
    pub settings: Option<u64>,
    /// The optional settings that the host may have received. A host whose row is from version
    /// 0.1.0 may have received all of them.
    #[serde(default = "OptionalSettings::all")]
    pub synced: OptionalSettings,
    /// The offers except the holding, such as the target of a session whose postflight was lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Holding>,
    /// Replaces `offers` if there are too many offers.
    pub reach: Option<Reach>,
    pub session: Option<Session>,
    pub clean_order: Option<CleanOrder>,
    pub last_sync: Option<Timestamp>,
    /// When the host last sent a preflight.
    pub last_seen: Option<Timestamp>,
    /// Set if the host may not have stored all rules of a sync. `received` and `processed` are 0 if
    /// no postflight reported them.
    pub miscount: Option<Miscount>,
    /// Whether the host ever reported at least one rule. If so, a report without counts means that
    /// the host has no rules.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_rules: bool,
    /// The order of the host's rules, for clients that report a hash. If the order is unknown, all
    /// rules are sent again. Version 0.1.0 ignores the name `exact_trail`, so it never computes a
    /// hash from legs that it does not support.
    #[serde(
        default,
        rename = "exact_trail",
        alias = "trail",
        skip_serializing_if = "Option::is_none"
    )]
    pub trail: Option<Trail>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_hash: Option<RulesHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_hash: Option<RulesHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// The Macs that use the machine ID. None for most hosts. The other fields are about the Mac
    /// that synced last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<Box<Macs>>,
}

impl SyncState {
    /// Forgets the trail and the session of each Mac if they need the history before `start`. Keeps
    /// the expected hash. Also keeps an older holding, because a clean sync will replace it.
    pub fn forget_before(&mut self, start: Revision) {
        if self.trail.as_ref().is_some_and(|trail| trail.root.revision < start) {
            self.trail = None;
        }
        let begins_before = |session: Session| {
            let from = match session.kind {
                SessionKind::Normal => self.holding.map(|holding| holding.revision),
                SessionKind::Clean(_) => None,
            };
            let oldest = session.target.revision.min(from.unwrap_or(start));
            oldest < start && !session.without_rules
        };
        self.session = self.session.filter(|session| !begins_before(*session));
        for other in self.macs.iter_mut().flat_map(|macs| &mut macs.others) {
            other.sync.forget_before(start);
        }
    }

    pub fn others(&self) -> impl Iterator<Item = &OtherMac> {
        self.macs.iter().flat_map(|macs| &macs.others)
    }

    /// The newest revision that the state refers to.
    pub fn newest_revision(&self) -> Revision {
        let of_trail = self.trail.iter().map(Trail::newest_revision);
        let of_sync = self.holding.iter().chain(&self.offers).map(|holding| holding.revision);
        of_sync
            .chain(self.session.map(|session| session.target.revision))
            .chain(of_trail)
            .chain(self.others().map(|other| other.sync.newest_revision()))
            .max()
            .unwrap_or_default()
    }
}

/// The counts of a sync whose rules the host did not confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miscount {
    pub sent: u32,
    pub received: u32,
    pub processed: u32,
}

impl Miscount {
    /// The counts of a client that stored no rules.
    pub const fn of_nothing(sent: u32) -> Self {
        Self { sent, received: 0, processed: 0 }
    }
}
