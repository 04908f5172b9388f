//! Where a host stands in the history of rules: what it is known to have, what it may have
//! instead, and the sync it is in.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Drift, EpochId, Macs, OptionalSettings, OtherMac, RulesHash, Trail};
use crate::rule::Revision;

/// The id of an interned scope set: an ordered list of scopes, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSetId(pub i64);

/// What a client can take: a step in the table of client generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

/// What a host is known to have. Moved only by a completed sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holding {
    /// The scopes whose rules it has, in order of strength.
    pub set: ScopeSetId,
    pub revision: Revision,
    /// For which client.
    pub generation: Generation,
}

/// What a host may have: its holding, or any of the other offers.
///
/// An offer is what the host may have applied since its last completed sync, the holding included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offers {
    holding: Holding,
    /// Most hosts have none.
    others: Option<Arc<[Holding]>>,
}

impl Offers {
    #[must_use]
    pub fn new(holding: Holding, others: &[Holding]) -> Self {
        Self { holding, others: (!others.is_empty()).then(|| others.into()) }
    }

    /// What it is known to have.
    #[must_use]
    pub const fn holding(&self) -> Holding {
        self.holding
    }

    /// What it may have instead.
    #[must_use]
    pub fn others(&self) -> &[Holding] {
        self.others.as_deref().unwrap_or_default()
    }

    /// All of them, the holding first.
    pub fn iter(&self) -> impl Iterator<Item = Holding> {
        [self.holding].into_iter().chain(self.others().iter().copied())
    }
}

/// What a host with too many offers may have, by their scopes. Version 0.1.0 recorded no other
/// offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reach {
    /// All scopes that any of the offers has (ascending ids).
    pub union: ScopeSetId,
    /// The scopes that all of them share, in the same order of strength and for the same
    /// generation: only their unchanged rules need not be sent again.
    pub common: ScopeSetId,
}

/// How much a clean sync deletes on the host before it applies what it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CleanSync {
    /// All rules but the transitive ones.
    Clean,
    /// All rules.
    CleanAll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    /// The difference since the holding.
    Normal,
    /// Everything, after deleting.
    Clean(CleanSync),
}

/// A sync that preflight opened and postflight has not completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Normal or clean.
    pub kind: SessionKind,
    /// Whether the host itself asked for a clean sync.
    pub asked_clean: bool,
    /// Where the host will stand when it completes.
    pub target: Holding,
    /// When preflight opened it.
    pub started: Timestamp,
    /// A digest of the settings that preflight sent.
    pub settings: u64,
    /// The optional settings that the host keeps if it completes.
    #[serde(default = "OptionalSettings::all")]
    pub synced: OptionalSettings,
    /// Whether any page of a difference that is not empty was sent. From then on its target is an
    /// offer. Rows of version 0.1.0 have their targets in `reach` in any case.
    #[serde(default)]
    pub begun: bool,
    /// Whether the last page of a difference that is not empty was handed out.
    pub served: bool,
    /// The order that it carries out. Another one that comes meanwhile stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<CleanOrder>,
    /// Whether requests of another Mac's sync may be taken for requests of this one. Then its end
    /// proves nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mixed: bool,
    /// The epoch in which preflight opened it. One of an older epoch proves nothing: the host may
    /// have performed others since.
    #[serde(default, skip_serializing_if = "EpochId::is_zero")]
    pub epoch: EpochId,
    /// Whether it brings no rules, because the row may be older than the host's rules.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_rules: bool,
}

impl Session {
    /// A normal session in which nothing happened yet.
    #[must_use]
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
    /// How much to delete.
    pub kind: CleanSync,
    /// When it was ordered.
    pub at: Timestamp,
}

/// Everything the sync engine remembers of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    /// What it is known to hold; nothing before the first completed sync.
    pub holding: Option<Holding>,
    /// The epoch of the database in which this was confirmed. In any other epoch the host may have
    /// something else.
    #[serde(default, skip_serializing_if = "EpochId::is_zero")]
    pub epoch: EpochId,
    /// The last epoch in which it completed a sync, and so uploaded its events. A clean sync would
    /// have discarded them.
    #[serde(default, skip_serializing_if = "EpochId::is_zero")]
    pub uploaded_in: EpochId,
    /// A digest of the settings that it was sent by the last completed sync.
    pub settings: Option<u64>,
    /// The optional settings that it may have from earlier syncs. Rows of version 0.1.0 do not
    /// have the field, and got all of them.
    #[serde(default = "OptionalSettings::all")]
    pub synced: OptionalSettings,
    /// What it may have instead of the holding: offers of sessions that ended without a report,
    /// and of downloads without a session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Holding>,
    /// Replaces `offers` if there are too many.
    pub reach: Option<Reach>,
    pub session: Option<Session>,
    /// A clean sync that it owes.
    pub clean_order: Option<CleanOrder>,
    /// When it last completed a sync.
    pub last_sync: Option<Timestamp>,
    /// When it last asked for anything.
    pub last_seen: Option<Timestamp>,
    /// Rules that the last postflight reported as received and as processed, where they differ
    /// from what was sent.
    pub miscount: Option<Miscount>,
    /// Whether it ever counted its rules. Then a report without counts means that it has none.
    #[serde(default, skip_serializing_if = "is_false")]
    pub counts_rules: bool,
    /// How the order of its rules came to be, for clients that hash them in it; nothing where
    /// it is not known. Then everything is sent again, which makes it known. Version 0.1.0 does not
    /// find it under this name, so it never computes a hash from legs that it does not know.
    #[serde(
        default,
        rename = "exact_trail",
        alias = "trail",
        skip_serializing_if = "Option::is_none"
    )]
    pub trail: Option<Trail>,
    /// What its rules hash to at the end of the trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_hash: Option<RulesHash>,
    /// What it last said that they hash to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_hash: Option<RulesHash>,
    /// That it does not hold what it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// The Macs that use the machine ID, if there was a sign of a second one. The rest is about
    /// the Mac that synced last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<Box<Macs>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl SyncState {
    /// Forgets what cannot be computed without the history before `start`: the trail, and a session
    /// that needs older history. Keeps the expected hash, and the holding, which a clean sync
    /// replaces.
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

    /// The other Macs that use the machine ID.
    pub fn others(&self) -> impl Iterator<Item = &OtherMac> {
        self.macs.iter().flat_map(|macs| &macs.others)
    }

    /// The newest revision that it speaks of.
    #[must_use]
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

/// A postflight whose counts do not agree with what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miscount {
    /// Rules sent.
    pub sent: u32,
    /// Rules that the host says it received.
    pub received: u32,
    /// Rules that the host says it took.
    pub processed: u32,
}

impl Miscount {
    /// That of a client which refuses everything.
    #[must_use]
    pub const fn of_nothing(sent: u32) -> Self {
        Self { sent, received: 0, processed: 0 }
    }
}
