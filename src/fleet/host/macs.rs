//! Macs that share a machine ID: one Mac replaced another, or several use the ID at the same time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::{Host, HostFacts, SyncState};

/// If two Macs alternate within this time, they are assumed to use the machine ID at the same time.
const CONFLICT_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// How long the state of another Mac is kept, and how long a conflict lasts after its last sign.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The assumed maximum duration of a sync. If two Macs sync within this time, the server may mix up
/// their requests.
pub const SYNC_TAKES: SignedDuration = SignedDuration::from_mins(5);
/// The maximum number of other Macs whose state is kept. A Mac without a kept state begins with a
/// clean sync.
const MOST_OTHERS: usize = 3;
/// Without an accepted Mac, a conflict between different Macs begins only after this number of
/// preflights from each of them.
const ENOUGH: u8 = 2;

/// The properties that distinguish a Mac from other Macs with the same machine ID.
// An empty part is unknown and matches any value. A placeholder counts as an unknown serial number.
// The model is unknown before Santa 2022.3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = MacName)]
pub struct Fingerprint {
    /// Serial number; empty if the Mac reports none.
    #[serde(default)]
    #[schema(required)]
    pub serial: String,
    /// Model identifier; empty if the Mac reports none.
    #[serde(default)]
    #[schema(required)]
    pub model: String,
}

impl Fingerprint {
    pub fn of(facts: &HostFacts) -> Self {
        let serial = facts.serial_number().unwrap_or_default();
        Self { serial, model: facts.model.trim().to_owned() }
    }

    /// Whether the fingerprints must be from two different Macs.
    pub fn differs(&self, other: &Self) -> bool {
        let differ = |one: &str, other: &str| {
            !one.is_empty() && !other.is_empty() && !one.eq_ignore_ascii_case(other)
        };
        differ(&self.serial, &other.serial) || differ(&self.model, &other.model)
    }

    /// Fills empty parts from another fingerprint.
    fn complete(&mut self, other: &Self) {
        for (part, of_other) in [(&mut self.serial, &other.serial), (&mut self.model, &other.model)]
        {
            if part.is_empty() {
                part.clone_from(of_other);
            }
        }
    }
}

/// A Mac that uses the machine ID but is not the one that synced last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherMac {
    pub fingerprint: Fingerprint,
    pub facts: HostFacts,
    /// The number of preflights of the Mac, counted up to [`ENOUGH`].
    seen: u8,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub sync: SyncState,
}

impl OtherMac {
    /// Empty if the serial number is unknown.
    pub fn serial(&self) -> &str {
        &self.fingerprint.serial
    }
}

/// The reason why the server assumes that several Macs use one machine ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConflictReason)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// The Macs report different serial numbers or models.
    DifferentMacs,
    /// The Macs report the same serial number and model, but their reports alternate between older
    /// and newer rules.
    Clones,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    pub kind: ConflictKind,
    pub since: Timestamp,
    pub last_sign: Timestamp,
}

/// A Mac that was replaced or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenMac {
    pub fingerprint: Fingerprint,
    /// The time when the Mac was replaced or refused. Repeated refusals within an hour do not
    /// change it.
    pub at: Timestamp,
}

/// A report of older rules than the host had confirmed. A clone of the host may have sent the
/// report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OlderRules {
    at: Timestamp,
    /// Whether the host has reported its current or newer rules since `at`.
    newer_since: bool,
}

/// The Macs that use one machine ID. A host gets this record at the first sign of a second Mac,
/// when an administrator accepts a Mac, or if the host stops reporting its serial number or model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Macs {
    pub current: Fingerprint,
    seen: u8,
    first_seen: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherMac>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<SeenMac>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Fingerprint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<SeenMac>,
    /// Until this time, the server may mix up requests of two syncs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mixed_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    older_rules: Option<OlderRules>,
}

impl Macs {
    /// Creates the record for a host with one known Mac.
    fn of(host: &Host) -> Self {
        let synced_before = host.sync.last_seen.is_some_and(|seen| seen > host.first_seen);
        Self {
            current: Fingerprint::of(&host.facts),
            seen: if synced_before { ENOUGH } else { 1 },
            first_seen: host.first_seen,
            others: Vec::new(),
            conflict: None,
            replaced: None,
            accepted: None,
            refused: None,
            mixed_until: None,
            older_rules: None,
        }
    }

    /// The Mac that the machine ID belongs to: the accepted Mac if there is one. Otherwise, the Mac
    /// that was seen first if there is a conflict, or else the Mac that synced last.
    pub fn owner(&self) -> &Fingerprint {
        if let Some(accepted) = &self.accepted {
            return accepted;
        }
        let first = self.others.iter().min_by_key(|other| other.first_seen);
        match first.filter(|other| self.conflict.is_some() && other.first_seen < self.first_seen) {
            Some(other) => &other.fingerprint,
            None => &self.current,
        }
    }

    /// Forgets other Macs that were not seen for 7 days, and a conflict that had no new sign for 7
    /// days.
    fn forget_old(&mut self, now: Timestamp) {
        self.others.retain(|other| now.duration_since(other.last_seen) <= KEPT);
        self.conflict =
            self.conflict.filter(|conflict| now.duration_since(conflict.last_sign) <= KEPT);
        self.mixed_until = self.mixed_until.filter(|until| now < *until);
    }

    fn sign(&mut self, kind: ConflictKind, now: Timestamp) {
        let since = self.conflict.map_or(now, |conflict| conflict.since);
        self.conflict = Some(Conflict { kind, since, last_sign: now });
        self.replaced = None;
    }

    /// Keeps the state of another Mac. If too many are kept, forgets the Mac that has not been seen
    /// for the longest time.
    fn keep(&mut self, other: OtherMac) {
        self.others.push(other);
        if self.others.len() > MOST_OTHERS
            && let Some(oldest) = (0..self.others.len()).min_by_key(|at| self.others[*at].last_seen)
        {
            self.others.remove(oldest);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognized {
    /// The Mac that synced last, or the first Mac of the host.
    Same,
    /// Another Mac. The host's sync state is now the state of this Mac.
    Another,
}

impl Host {
    /// The Mac that last synced as this host.
    pub fn fingerprint(&self) -> Fingerprint {
        match &self.sync.macs {
            Some(macs) => macs.current.clone(),
            None => Fingerprint::of(&self.facts),
        }
    }

    /// The Mac that the machine ID belongs to.
    pub fn owner(&self) -> Fingerprint {
        match &self.sync.macs {
            Some(macs) => macs.owner().clone(),
            None => Fingerprint::of(&self.facts),
        }
    }

    /// Removes and returns the record of the host's Macs, or creates one. The caller must store it
    /// again.
    fn take_macs(&mut self) -> Macs {
        let macs = self.sync.macs.take();
        macs.map_or_else(|| Macs::of(self), |macs| *macs)
    }

    /// Recognizes the Mac that reports `facts`. Must be called before `facts` become the host's
    /// facts. If another Mac synced last, the host's sync state becomes the stored state of the
    /// recognized Mac, or an empty state if none is stored. An order for a clean sync is kept.
    pub fn recognize(&mut self, facts: &HostFacts, now: Timestamp) -> Recognized {
        let reported = Fingerprint::of(facts);
        let known = self.fingerprint();
        if self.sync.last_seen.is_none() {
            return Recognized::Same;
        }
        if !known.differs(&reported) {
            let mut completed = reported.clone();
            completed.complete(&known);
            // Most hosts have no record of their Macs. A record is created if a host no longer
            // reports its serial number or model.
            if completed != reported && self.sync.macs.is_none() {
                self.sync.macs = Some(Box::new(Macs::of(self)));
            }
            if let Some(macs) = &mut self.sync.macs {
                macs.current = completed;
                macs.seen = macs.seen.saturating_add(1).min(ENOUGH);
                macs.forget_old(now);
            }
            return Recognized::Same;
        }
        self.switch(reported, now);
        Recognized::Another
    }

    fn switch(&mut self, reported: Fingerprint, now: Timestamp) {
        let mut macs = self.take_macs();
        macs.forget_old(now);
        let clean_order = self.sync.clean_order;
        let left = OtherMac {
            fingerprint: macs.current.clone(),
            facts: self.facts.clone(),
            seen: macs.seen,
            first_seen: macs.first_seen,
            last_seen: self.sync.last_seen.unwrap_or(now),
            sync: std::mem::take(&mut self.sync),
        };
        let returned = macs.others.iter().position(|it| !it.fingerprint.differs(&reported));
        let others_seen = macs.seen;
        macs.current = reported;
        macs.older_rules = None;
        if let Some(place) = returned {
            let OtherMac { fingerprint, seen, first_seen, last_seen, sync, .. } =
                macs.others.remove(place);
            macs.current.complete(&fingerprint);
            (macs.seen, macs.first_seen) = (seen.saturating_add(1).min(ENOUGH), first_seen);
            self.sync = sync;
            let is_quick = now.duration_since(last_seen) <= CONFLICT_WITHIN;
            let is_accepted = macs.accepted.as_ref().is_some_and(|mac| !mac.differs(&macs.current));
            if is_quick && !is_accepted && macs.seen >= ENOUGH && others_seen >= ENOUGH {
                macs.sign(ConflictKind::DifferentMacs, now);
            }
        } else {
            (macs.seen, macs.first_seen) = (1, now);
            macs.replaced = Some(SeenMac { fingerprint: left.fingerprint.clone(), at: now });
        }
        self.sync.clean_order = clean_order;
        let not_accepted =
            macs.accepted.as_ref().is_some_and(|accepted| accepted.differs(&macs.current));
        if macs.conflict.is_some() || not_accepted {
            macs.sign(ConflictKind::DifferentMacs, now);
        }
        // If several Macs have the same fingerprint (clones), only the last state is kept.
        macs.others.retain(|other| other.fingerprint.differs(&left.fingerprint));
        macs.keep(left);
        self.sync.macs = Some(Box::new(macs));
    }

    /// Records that a Mac was refused. Returns false if the last recorded refusal was of the same
    /// Mac and less than an hour ago.
    pub fn refuse(&mut self, facts: &HostFacts, now: Timestamp) -> bool {
        let fingerprint = Fingerprint::of(facts);
        let mut macs = self.take_macs();
        let is_known = macs.refused.as_ref().is_some_and(|refused| {
            refused.fingerprint == fingerprint
                && now.duration_since(refused.at) < SignedDuration::from_hours(1)
        });
        if !is_known {
            macs.refused = Some(SeenMac { fingerprint, at: now });
        }
        self.sync.macs = Some(Box::new(macs));
        !is_known
    }

    /// The Macs that an administrator can accept: the last refused Mac, the Mac that synced last,
    /// and the other Macs.
    pub fn acceptable(&self) -> Vec<Fingerprint> {
        let Some(macs) = &self.sync.macs else { return vec![Fingerprint::of(&self.facts)] };
        let refused = macs.refused.iter().map(|refused| refused.fingerprint.clone());
        let others = macs.others.iter().map(|other| other.fingerprint.clone());
        let mut all: Vec<Fingerprint> = Vec::new();
        for mac in refused.chain([macs.current.clone()]).chain(others) {
            if !all.iter().any(|known| !known.differs(&mac)) {
                all.push(mac);
            }
        }
        all
    }

    /// Accepts a Mac as the owner of the machine ID, and ends a conflict.
    pub fn accept(&mut self, mac: Fingerprint) {
        let mut macs = self.take_macs();
        let current = macs.current.clone();
        // Also forgets a clone, which has the same fingerprint as the current Mac.
        macs.others.retain(|other| other.fingerprint.differs(&current));
        macs.accepted = Some(mac);
        (macs.conflict, macs.refused, macs.replaced, macs.older_rules) = (None, None, None, None);
        self.sync.macs = Some(Box::new(macs));
    }

    /// Whether the server may mix up requests of two Macs in a session that begins now.
    /// `another_began` means that another Mac has just begun a session. From then on, requests may
    /// be mixed up for a few minutes.
    pub fn is_mixed(&mut self, another_began: bool, now: Timestamp) -> bool {
        let Some(macs) = &mut self.sync.macs else { return false };
        if another_began {
            macs.mixed_until = Some(now + SYNC_TAKES);
        }
        macs.mixed_until.is_some_and(|until| now < until)
    }

    /// Records that the host reported older rules than it had confirmed. The server assumes that
    /// the host has a clone if the host also reported older rules in the last 24 hours, and its
    /// current or newer rules in between.
    pub fn reported_older_rules(&mut self, now: Timestamp) {
        let mut macs = self.take_macs();
        let before = macs.older_rules.filter(|it| now.duration_since(it.at) <= CONFLICT_WITHIN);
        if before.is_some_and(|before| before.newer_since) {
            macs.sign(ConflictKind::Clones, now);
        }
        if before.is_none_or(|before| before.newer_since) {
            macs.older_rules = Some(OlderRules { at: now, newer_since: false });
        }
        self.sync.macs = Some(Box::new(macs));
    }

    pub fn keep_clone(&mut self, sync: SyncState, now: Timestamp) {
        let mut macs = self.take_macs();
        let current = macs.current.clone();
        macs.others.retain(|other| other.fingerprint.differs(&current));
        macs.keep(OtherMac {
            fingerprint: current,
            facts: self.facts.clone(),
            seen: macs.seen,
            first_seen: macs.first_seen,
            last_seen: now,
            sync: SyncState { session: None, macs: None, ..sync },
        });
        self.sync.macs = Some(Box::new(macs));
    }

    /// Records that the host reported its current or newer rules.
    pub fn reported_newer_rules(&mut self) {
        if let Some(older) = self.sync.macs.as_mut().and_then(|macs| macs.older_rules.as_mut()) {
            older.newer_since = true;
        }
    }
}
