//! Records with the name of a person, and the replacement of the name with a pseudonym.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use super::{RuleVersion, StoreResult, StoredEvent};
use crate::fleet::{Actor, PersonName, Pseudonym, Renaming, Setting, Sighting, Tag};
use crate::rule::{MachineId, Revision, RevisionRecord, Scope};

/// Methods that write use one transaction, except [`PersonStore::erase_replaced`]. The writes are
/// committed when the method returns.
#[async_trait]
pub trait PersonStore: Send + Sync + 'static {
    /// The pseudonym of a person in this database. Creates the database's key if it has none.
    async fn pseudonym(&self, name: &PersonName) -> StoreResult<Pseudonym>;

    /// Records with the name of the person, starting at a position. Examines a limited number of rows, so
    /// the part may be empty although more follows.
    async fn person_records(
        &self,
        name: &PersonName,
        at: &PersonPosition,
    ) -> StoreResult<PersonRecords>;

    /// Rules, settings, tags and tokens that are in use and contain the name, at most ten.
    async fn uses_of_person(&self, name: &PersonName) -> StoreResult<Vec<String>>;

    /// Replaces the name in the records that [`PersonStore::person_records`] returns. Leaves out
    /// records that are in use. Replacing is complete when no position is left.
    async fn replace_person(
        &self,
        renaming: &Renaming,
        at: &PersonPosition,
    ) -> StoreResult<ReplacedRecords>;

    /// Removes the bytes of replaced names from the database, and then adds a revision without
    /// changes that contains the actor and its reason. Returns false, and does nothing, if no name
    /// was replaced by this pseudonym since the last call.
    async fn erase_replaced(&self, actor: &Actor, pseudonym: &Pseudonym) -> StoreResult<bool>;
}

/// A stored record with the name of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonRecord {
    /// A host whose primary user is the person.
    Host {
        machine: MachineId,
        hostname: String,
    },
    Event {
        stored: Box<StoredEvent>,
        /// False if the event is too large to be read as a whole.
        is_whole: bool,
    },
    Sighting(Sighting),
    Revision(RevisionRecord),
    /// A version of a rule, with the person's name in its scope or in a text.
    Rule(Box<RuleVersion>),
    /// A version of a setting in the scope of the person.
    Setting {
        id: i64,
        scope: Scope,
        setting: Setting,
        made: Revision,
        ended: Option<Revision>,
    },
    /// A version of a tag, with the person's name in its description or membership.
    Tag {
        id: i64,
        tag: Tag,
        made: Revision,
        ended: Option<Revision>,
    },
    Token {
        id: i64,
        name: String,
        is_revoked: bool,
    },
    /// The scope of the person, which has no active rule or setting.
    Scope {
        id: i64,
    },
}

/// Some of the records with the name of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecords {
    pub records: Vec<PersonRecord>,
    /// The number of rows that contain the name, maybe as a part of another name, but cannot be
    /// read.
    pub unreadable: u64,
    /// Where the next part starts; None at the end.
    pub next: Option<PersonPosition>,
}

/// How many records of a part were replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplacedRecords {
    pub hosts: u64,
    pub events: u64,
    pub sightings: u64,
    /// Revisions, and versions of rules and tags, and tokens and scopes.
    pub texts: u64,
    /// The number of rows that contain the name, but were not changed, because they cannot be read.
    pub unreadable: u64,
    /// Where the next part starts; None at the end.
    pub next: Option<PersonPosition>,
}

/// A position in the records about a person. Its text is a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonPosition {
    /// After this host; None at the start.
    Hosts(Option<MachineId>),
    /// After the sighting of a program on a host, by their row IDs.
    Sightings(i64, i64),
    /// After a row of a table.
    Rows(PersonTable, i64),
}

/// The tables whose rows have IDs, in the order in which they are examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonTable {
    Events,
    Revisions,
    Rules,
    Settings,
    Tags,
    Tokens,
    Scopes,
}

impl PersonTable {
    const ALL: [Self; 7] = [
        Self::Events,
        Self::Revisions,
        Self::Rules,
        Self::Settings,
        Self::Tags,
        Self::Tokens,
        Self::Scopes,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Events => "event",
            Self::Revisions => "revision",
            Self::Rules => "rule",
            Self::Settings => "setting",
            Self::Tags => "tag",
            Self::Tokens => "token",
            Self::Scopes => "scope",
        }
    }

    /// Where the records after this table start.
    pub(super) fn next(self) -> Option<PersonPosition> {
        Some(match self {
            Self::Events => PersonPosition::Sightings(0, 0),
            Self::Revisions => PersonPosition::Rows(Self::Rules, 0),
            Self::Rules => PersonPosition::Rows(Self::Settings, 0),
            Self::Settings => PersonPosition::Rows(Self::Tags, 0),
            Self::Tags => PersonPosition::Rows(Self::Tokens, 0),
            Self::Tokens => PersonPosition::Rows(Self::Scopes, 0),
            Self::Scopes => return None,
        })
    }
}

impl PersonPosition {
    /// The start of the records about a person.
    pub const START: Self = Self::Hosts(None);
}

impl fmt::Display for PersonPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosts(None) => f.write_str("hosts"),
            Self::Hosts(Some(machine)) => write!(f, "host.{machine}"),
            Self::Sightings(program, machine) => write!(f, "sighting.{program}.{machine}"),
            Self::Rows(table, id) => write!(f, "{}.{id}", table.name()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid position")]
pub struct PersonPositionError;

impl FromStr for PersonPosition {
    type Err = PersonPositionError;

    fn from_str(text: &str) -> Result<Self, PersonPositionError> {
        if text == "hosts" {
            return Ok(Self::Hosts(None));
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_| PersonPositionError);
        match text.split_once('.').ok_or(PersonPositionError)? {
            ("host", machine) => {
                machine.parse().map(Some).map(Self::Hosts).map_err(|_| PersonPositionError)
            }
            ("sighting", keys) => {
                let (program, machine) = keys.split_once('.').ok_or(PersonPositionError)?;
                Ok(Self::Sightings(number(program)?, number(machine)?))
            }
            (table, id) => {
                let table = PersonTable::ALL.into_iter().find(|it| it.name() == table);
                Ok(Self::Rows(table.ok_or(PersonPositionError)?, number(id)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_are_written() {
        for text in ["hosts", "host.C02.XL0", "event.7", "sighting.3.-1", "revision.0", "scope.9"] {
            assert_eq!(text.parse::<PersonPosition>().unwrap().to_string(), text);
        }
        for wrong in ["", "host", "host.", "event", "event.x", "sighting.3", "person.1"] {
            assert!(wrong.parse::<PersonPosition>().is_err(), "{wrong}");
        }
    }
}
