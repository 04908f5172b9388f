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

/// A part of a list. It may have fewer rows than requested, even if more follow, because its size
/// in bytes is limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPart<T> {
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
    pub target: Option<Target>,
    pub scope: Option<Scope>,
    pub rule_type: Option<RuleType>,
    pub policy: Option<PolicyKind>,
    /// Only rules with exactly this source.
    pub source: Option<String>,
    /// Only rules with this text in the identifier, comment or ticket, in any letter case (ASCII).
    pub text: Option<String>,
    /// Only rules that expire before this time.
    pub expires_before: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRecord {
    pub rule: Rule,
    pub made: RevisionRecord,
}

/// Which revisions to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionFilter {
    /// Only revisions by exactly this author.
    pub author: Option<String>,
    /// Only revisions that were made at or after this time.
    pub since: Option<Timestamp>,
    /// Only revisions that made or ended a rule for this target. If `scope` is given, the rule must
    /// be in that scope.
    pub target: Option<Target>,
    /// Only revisions that made or ended a rule or a setting in this scope. If `target` is given,
    /// settings do not count. Without `target`, the query reads all versions of all rules.
    pub scope: Option<Scope>,
}

/// The change that a revision made to the rule of one target in one scope. At least one field is
/// set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisedRule {
    pub before: Option<Rule>,
    pub after: Option<Rule>,
}

/// The position of a rule among the rules that a revision changed. Rules that the revision added or
/// replaced come first, then rules that it removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RevisedRulePosition {
    Made(i64),
    Ended(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVersion {
    /// The ID of the version. Newer versions have greater IDs.
    pub id: i64,
    pub rule: Rule,
    pub made: RevisionRecord,
    /// None if the version is active.
    pub ended: Option<RevisionRecord>,
}

/// Which hosts to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFilter {
    pub tag: Option<TagName>,
    /// Only hosts whose machine ID, serial number or host name starts with this text, in any letter
    /// case (ASCII).
    pub prefix: Option<String>,
    /// Only hosts with this serial number or host name, in any letter case (ASCII).
    pub name: Option<String>,
    pub user: Option<String>,
    pub machines: Option<Vec<MachineId>>,
}

/// A host and the version of its row, for [`super::HostStore::save_host`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHost {
    pub host: Host,
    /// Increases with every write of the row, including changes of its tags. A host that syncs
    /// again after it was forgotten gets a version that its row never had.
    pub version: u64,
}

/// Maximum hosts listed for one serial number.
pub(super) const MOST_HOSTS_OF_SERIAL: usize = 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSerial {
    /// The serial number, in upper case. It may be a placeholder that many hosts report.
    pub serial: String,
    pub hosts: u64,
    /// Some of the hosts that report the serial number: the first hosts by machine ID.
    pub machines: Vec<MachineId>,
}

/// Which events to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only events of one of these kinds. If the list is empty, events of any kind.
    pub kinds: Vec<EventKind>,
    pub machine: Option<MachineId>,
    pub user: Option<String>,
    /// Only events with one of these decisions, in any letter case (ASCII). If the list is empty,
    /// events with any decision.
    pub decisions: Vec<String>,
    pub blocked: bool,
    /// Only events that were received at or after this time.
    pub since: Option<Timestamp>,
    /// Only events that were received before this time.
    pub until: Option<Timestamp>,
    /// Only events whose program or accessed file has a matching path.
    pub path: Option<PathPattern>,
    /// Only events of programs with this signer: a team ID, a signing ID with or without its team,
    /// the SHA-256 of the leaf certificate, or a part of the certificate's common name. Letter case
    /// (ASCII) matters only for signing IDs.
    pub signer: Option<String>,
    /// Only events with this text in the path, the SHA-256, the signing ID, the team ID, or the
    /// rule or file of a file access, in any letter case (ASCII).
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventPurge {
    /// Delete events received before this time.
    pub before: Option<Timestamp>,
    /// Keep this many of the newest events, and delete older ones.
    pub keep: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOrigin {
    /// The host has just sent the events.
    Upload {
        /// Maximum new programs to store. A program is new if it is not stored yet. Events of
        /// further new programs are stored, but are not counted as sightings.
        new_programs: usize,
    },
    /// The events are imported from another server, which received them earlier.
    Import,
}

impl EventOrigin {
    /// The time at which an event counts as a sighting. For an upload, this is `received`, because
    /// the clock of a host is not trusted. For an import, this is the time when the event occurred,
    /// or `received` if the time of the event is unknown or later.
    pub(super) fn seen(self, event: &Event, received: Timestamp) -> Timestamp {
        match self {
            Self::Upload { .. } => received,
            Self::Import => event.occurred.map_or(received, |occurred| occurred.min(received)),
        }
    }

    pub(super) fn new_programs(self) -> usize {
        match self {
            Self::Upload { new_programs } => new_programs,
            Self::Import => usize::MAX,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddedEvents {
    pub events: usize,
    /// The number of new programs that were stored.
    pub programs: usize,
    /// The number of new events that are not counted as sightings, because of the limit in
    /// [`EventOrigin::Upload`].
    pub left_out: usize,
}

/// Which programs to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramFilter {
    /// Only programs with this SHA-256. Letter case does not matter.
    pub sha256: Option<String>,
    /// Only programs with this cdhash. Letter case does not matter.
    pub cdhash: Option<String>,
    /// Only programs with this signing ID. This includes programs whose signing ID an old client
    /// reported without the team ID.
    pub signing_id: Option<String>,
    /// Only programs with this publisher: a team ID, the SHA-256 of the leaf certificate, or a part
    /// of the certificate's common name or organization. Letter case (ASCII) does not matter.
    pub publisher: Option<String>,
    pub signing_status: Option<SigningStatus>,
    /// Only programs with this text in a name, the SHA-256, the signing ID or the team ID, in any
    /// letter case (ASCII).
    pub text: Option<String>,
    /// Only programs that were first seen at or after this time.
    pub since: Option<Timestamp>,
    pub seen: SightingFilter,
}

/// Which sightings match. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SightingFilter {
    pub machine: Option<MachineId>,
    /// Only sightings on hosts with this tag.
    pub tag: Option<TagName>,
    /// Only sightings whose list of users contains this user. The length of the list is limited.
    pub user: Option<String>,
    /// Only sightings whose newest decision blocked the program.
    pub blocked: bool,
}

/// The place of a program in a list. If a program was seen on very many hosts, one part of the list
/// examines only some of these hosts. The next part continues with the hosts after the row ID
/// `machine`, which is valid only in one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramPosition {
    pub first_seen: Timestamp,
    pub id: ProgramId,
    pub machine: Option<i64>,
}

impl ProgramPosition {
    /// The position after a program.
    pub fn after(program: &KnownProgram) -> Self {
        Self { first_seen: program.first_seen, id: program.id, machine: None }
    }
}

/// Writes the time of the first sighting in milliseconds, the program's ID, and the machine's row
/// ID if the position has one, separated by dots.
impl fmt::Display for ProgramPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.first_seen.as_millisecond(), self.id)?;
        self.machine.map_or(Ok(()), |machine| write!(f, ".{machine}"))
    }
}

impl FromStr for ProgramPosition {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (first_seen, id, machine) = match numbers(text) {
            Ok([first_seen, id, machine]) => (first_seen, id, Some(machine)),
            Err(BadPosition) => {
                let [first_seen, id] = numbers(text)?;
                (first_seen, id, None)
            }
        };
        Ok(Self { first_seen: time(first_seen)?, id: ProgramId(id), machine })
    }
}

/// Which undecided sightings to list. All fields that are set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndecidedFilter {
    pub machine: Option<MachineId>,
    /// Only sightings whose list of users contains this user. The length of the list is limited.
    pub user: Option<String>,
    /// Only sightings whose newest decision blocked the program.
    pub blocked: bool,
    /// Only sightings that were last reported at or after this time.
    pub since: Option<Timestamp>,
    /// Only sightings that were last reported before this time.
    pub until: Option<Timestamp>,
    /// Only sightings whose newest path matches.
    pub path: Option<PathPattern>,
    /// Only sightings of programs with this signer: a team ID, a signing ID with or without its
    /// team, the SHA-256 of the leaf certificate, or a part of the certificate's common name or
    /// organization. Letter case (ASCII) matters only for signing IDs.
    pub signer: Option<String>,
    /// Only sightings with this text in the newest path, or in the program's SHA-256, signing ID or
    /// team ID, in any letter case (ASCII).
    pub text: Option<String>,
    /// Only sightings of programs that match this filter.
    pub program: ProgramFilter,
}

/// The place of a sighting in a list of undecided sightings. `machine` is a row ID, which is valid
/// only in the same database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UndecidedPosition {
    pub last_seen: Timestamp,
    pub program: ProgramId,
    pub machine: i64,
}

/// Writes the time of the last sighting in milliseconds, the program's ID and the machine's row ID,
/// separated by dots.
impl fmt::Display for UndecidedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { last_seen, program, machine } = self;
        write!(f, "{}.{program}.{machine}", last_seen.as_millisecond())
    }
}

impl FromStr for UndecidedPosition {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let [last_seen, program, machine] = numbers(text)?;
        Ok(Self { last_seen: time(last_seen)?, program: ProgramId(program), machine })
    }
}

fn numbers<const N: usize>(text: &str) -> Result<[i64; N], BadPosition> {
    let numbers: Result<Vec<i64>, _> = text.split('.').map(str::parse).collect();
    numbers.map_err(|_| BadPosition)?.try_into().map_err(|_| BadPosition)
}

fn time(milliseconds: i64) -> Result<Timestamp, BadPosition> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| BadPosition)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid position in a list")]
pub struct BadPosition;

/// A sighting whose newest decision was made without a rule, and its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecidedSighting {
    pub program: KnownProgram,
    pub sighting: Sighting,
    /// The position after which the list continues.
    pub position: UndecidedPosition,
}

/// The result of one part of a purge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgedSightings {
    pub deleted: usize,
    /// The position after which the purge continues; None at the end.
    pub next: Option<ProgramPosition>,
}

/// A part of a list. Only a limited number of rows is examined for it, so it may be empty even if
/// the list continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExaminedPart<T, P> {
    pub rows: Vec<T>,
    /// The position after which the list continues; None at the end of the list.
    pub next: Option<P>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    pub id: EventId,
    pub received: Timestamp,
    pub event: Event,
}
