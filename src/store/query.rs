//! Filters of queries, and their results.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::str::FromStr;

use jiff::Timestamp;

use crate::fleet::{
    Event, EventId, EventKind, Host, KnownProgram, PathPattern, ProgramId, Sighting,
};
use crate::rule::{
    MachineId, PolicyKind, Revision, RevisionRecord, Rule, RuleType, Scope, SigningStatus, TagName,
    Target,
};

/// A part of a list. It has fewer rows than requested if the rows are large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPart<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// Whether more rows may follow.
    pub more: bool,
}

impl<T> Deref for ListPart<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.rows
    }
}

impl<T> DerefMut for ListPart<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.rows
    }
}

impl<T> IntoIterator for ListPart<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// Which rules to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFilter {
    /// List the rules that were active at this revision instead of now.
    pub at: Option<Revision>,
    /// Of this target.
    pub target: Option<Target>,
    /// Of this scope.
    pub scope: Option<Scope>,
    /// Of this type.
    pub rule_type: Option<RuleType>,
    /// With this policy.
    pub policy: Option<PolicyKind>,
    /// With exactly this source.
    pub source: Option<String>,
    /// With this text in the identifier, comment or ticket, in any letter case (ASCII).
    pub text: Option<String>,
}

/// An active rule and the revision that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRecord {
    pub rule: Rule,
    pub made: RevisionRecord,
}

/// Which revisions to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionFilter {
    /// By exactly this author.
    pub author: Option<String>,
    /// Made at or after this time.
    pub since: Option<Timestamp>,
    /// That made or ended a rule for this target; only in `scope`, if it is given.
    pub target: Option<Target>,
    /// That made or ended a rule or a setting in this scope. Without a target, this takes time in
    /// proportion to all versions of rules.
    pub scope: Option<Scope>,
}

/// What a revision did to the rule of one target in one scope. At least one field is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisedRule {
    /// The rule that it ended.
    pub before: Option<Rule>,
    /// The rule that it made.
    pub after: Option<Rule>,
}

/// The position of a rule among the rules that a revision changed. Rules that it made come first,
/// then rules that it only ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RevisedRulePosition {
    /// The ID of the version that was made.
    Made(i64),
    /// The ID of the version that was ended.
    Ended(i64),
}

/// One version of a rule, from the revision that made it to the one that ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVersion {
    /// Grows with time.
    pub id: i64,
    pub rule: Rule,
    pub made: RevisionRecord,
    /// None if the version is active.
    pub ended: Option<RevisionRecord>,
}

/// Which hosts to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFilter {
    /// With this tag.
    pub tag: Option<TagName>,
    /// With a machine ID, serial number or host name that starts with this, in any letter case.
    pub prefix: Option<String>,
    /// With this primary user.
    pub user: Option<String>,
    /// With one of these machine IDs.
    pub machines: Option<Vec<MachineId>>,
}

/// A host and the version of its row, for [`super::HostStore::save_host`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHost {
    pub host: Host,
    /// Grows with every write of the row, including tags. A host that syncs again after it was
    /// forgotten gets a version that it never had.
    pub version: u64,
}

/// Maximum hosts listed for one serial number.
pub(super) const MOST_HOSTS_OF_SERIAL: usize = 10;

/// A serial number that several hosts report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSerial {
    /// The serial number, in upper case. It may be a placeholder.
    pub serial: String,
    /// How many hosts report it.
    pub hosts: u64,
    /// The first of these hosts, by machine ID.
    pub machines: Vec<MachineId>,
}

/// Which events to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of one of these kinds; of any kind if the list is empty.
    pub kinds: Vec<EventKind>,
    /// From this host.
    pub machine: Option<MachineId>,
    /// Run by this user.
    pub user: Option<String>,
    /// With one of these decisions, in any letter case (ASCII); with any decision if the list is
    /// empty.
    pub decisions: Vec<String>,
    /// Only blocked events.
    pub blocked: bool,
    /// Received at or after this time.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
    /// Of a program at a path that matches, or of an access to a file at such a path.
    pub path: Option<PathPattern>,
    /// Signed by this: a team ID, a signing ID with or without its team, the SHA-256 of the leaf
    /// certificate, or a part of the certificate's common name. Letter case (ASCII) matters only
    /// for signing IDs.
    pub signer: Option<String>,
    /// With this text in the path, the SHA-256, the signing ID, the team ID, or the rule or file of
    /// a file access, in any letter case (ASCII).
    pub text: Option<String>,
}

/// Which events to delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventPurge {
    /// Delete events received before this time.
    pub before: Option<Timestamp>,
    /// Keep this many of the newest events, and delete older ones.
    pub keep: Option<u64>,
}

/// Where new events come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOrigin {
    /// The host has just sent the events.
    Upload {
        /// The maximum number of programs that no host has reported before. Events of further new
        /// programs are stored, but are not counted as sightings.
        new_programs: usize,
    },
    /// The events are imported from another server, which received them earlier.
    Import,
}

impl EventOrigin {
    /// The time of the sighting that an event reports. For an upload, this is the time of reception,
    /// because the clock of a host is not trusted.
    pub(super) fn seen(self, event: &Event, received: Timestamp) -> Timestamp {
        match self {
            Self::Upload { .. } => received,
            Self::Import => event.occurred.map_or(received, |occurred| occurred.min(received)),
        }
    }

    /// The maximum number of new programs.
    pub(super) fn new_programs(self) -> usize {
        match self {
            Self::Upload { new_programs } => new_programs,
            Self::Import => usize::MAX,
        }
    }
}

/// What became of new events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddedEvents {
    /// The number of events that were new.
    pub events: usize,
    /// The number of programs that no host had reported before.
    pub programs: usize,
    /// The number of new events that are not counted as sightings, because of the limit in
    /// [`EventOrigin::Upload`].
    pub left_out: usize,
}

/// Which programs to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramFilter {
    /// With this SHA-256, in any letter case.
    pub sha256: Option<String>,
    /// With this signing ID. Old clients may have reported it without its team ID.
    pub signing_id: Option<String>,
    /// Signed by this: a team ID, the SHA-256 of the leaf certificate, or a part of its common name
    /// or organization.
    pub publisher: Option<String>,
    pub signing_status: Option<SigningStatus>,
    /// With this text in a name, the SHA-256, the signing ID or the team ID, in any letter case
    /// (ASCII).
    pub text: Option<String>,
    /// First seen at or after this time.
    pub since: Option<Timestamp>,
    /// With a sighting that matches.
    pub seen: SightingFilter,
}

/// Which sightings count. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SightingFilter {
    /// On this host.
    pub machine: Option<MachineId>,
    /// Run by this user.
    pub user: Option<String>,
    /// Only sightings whose newest decision blocked the program.
    pub blocked: bool,
    /// Only sightings whose newest decision was made without a rule: `BLOCK_UNKNOWN` or
    /// `ALLOW_UNKNOWN`.
    pub undecided: bool,
}

/// The place of a program in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramPosition {
    pub first_seen: Timestamp,
    pub id: ProgramId,
}

/// Which undecided sightings to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndecidedFilter {
    /// On this host.
    pub machine: Option<MachineId>,
    /// Run by this user.
    pub user: Option<String>,
    /// Only blocked programs.
    pub blocked: bool,
    /// Last seen at or after this time.
    pub since: Option<Timestamp>,
    /// Last seen before this time.
    pub until: Option<Timestamp>,
    /// Of a program whose newest path matches.
    pub path: Option<PathPattern>,
    /// Signed by this: a team ID, a signing ID with or without its team, the SHA-256 of the leaf
    /// certificate, or a part of its common name or organization.
    pub signer: Option<String>,
    /// With this text in the newest path, the SHA-256, the signing ID or the team ID, in any letter
    /// case (ASCII).
    pub text: Option<String>,
}

/// The place of a sighting in a list of undecided ones. The machine is the ID of a row, and is
/// valid only in its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UndecidedPosition {
    pub last_seen: Timestamp,
    pub program: ProgramId,
    pub machine: i64,
}

/// The last sighting, the program and the machine, separated by dots.
impl fmt::Display for UndecidedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { last_seen, program, machine } = self;
        write!(f, "{}.{program}.{machine}", last_seen.as_millisecond())
    }
}

impl FromStr for UndecidedPosition {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let mut numbers = text.splitn(3, '.').map(|number| number.parse::<i64>().ok());
        let mut next = || numbers.next().flatten().ok_or(BadPosition);
        let (last_seen, program, machine) = (next()?, next()?, next()?);
        let last_seen = Timestamp::from_millisecond(last_seen).map_err(|_| BadPosition)?;
        Ok(Self { last_seen, program: ProgramId(program), machine })
    }
}

/// A text that is not a position in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position in a list")]
pub struct BadPosition;

/// A program on a host where no rule made the newest decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecidedSighting {
    pub program: KnownProgram,
    pub sighting: Sighting,
    /// Where the list continues after this one.
    pub position: UndecidedPosition,
}

/// The place of a sighting among all sightings. The machine is the ID of a row, and is valid only
/// in its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SightingPosition {
    pub program: ProgramId,
    pub machine: i64,
}

/// What a part of a purge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgedSightings {
    /// The number of sightings that were deleted.
    pub deleted: usize,
    /// Where the purge continues; None at the end.
    pub next: Option<SightingPosition>,
}

/// A part of a list. A limited number of rows was examined for it, so it may have no rows although
/// more follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExaminedPart<T, P> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// Where the list continues; None at its end.
    pub next: Option<P>,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    pub id: EventId,
    pub received: Timestamp,
    pub event: Event,
}
