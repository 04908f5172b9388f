//! Maximum sizes of stored values, and of lists that are read.
//!
//! The server shortens hosts' reports before it stores them. Only rows that older versions of
//! nicelist stored can have larger values. Such values are shortened or left out when they are
//! read, to limit the memory that a row needs.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Map;

use super::StoreResult;
use super::codes::{corrupt, to_event_kind, to_time, to_value};
use super::sql::StoredRow;
use crate::fleet::{ClientMode, Decision, Event, EventKind, FileAccess, HostFacts, RuleCounts};
use crate::rule::{Certificate, Program, SigningStatus};

/// A part of a list with this many bytes gets no further rows.
pub(super) const LIST_BYTES: usize = 4 * 1024 * 1024;
/// Maximum bytes of an event's JSON. If an event has more, only its columns are read.
pub(super) const LARGEST_EVENT: usize = 512 * 1024;
/// Maximum bytes of the JSON of a host's report about itself.
pub(super) const LARGEST_FACTS: usize = 2 * 1024 * 1024;
/// Maximum length of a name.
pub(super) const NAME: usize = 255;
/// Maximum length of a path.
pub(super) const PATH: usize = 4096;
/// Maximum bytes of a decision.
pub(super) const WORD: usize = 64;
/// Hex digits of a SHA-256.
pub(super) const SHA256: usize = 64;
/// Hex digits of a code directory hash.
pub(super) const CDHASH: usize = 40;
/// Maximum bytes of a team ID.
pub(super) const TEAM_ID: usize = 10;
/// Maximum bytes of a signing ID.
pub(super) const SIGNING_ID: usize = 512;
/// Maximum groups of a host's primary user.
pub(super) const GROUPS: usize = 1000;
/// The JSON keys of the texts in a host's report about itself.
pub(super) const FACTS: [&str; 7] =
    ["serial", "hostname", "model", "os_version", "os_build", "santa_version", "primary_user"];
/// Maximum reports that are read for the members of one bundle.
pub(super) const BUNDLE_REPORTS: usize = 100_000;

/// Reads a host's report about itself. A report larger than [`LARGEST_FACTS`] is shortened.
pub(super) fn facts(json: &str) -> StoreResult<HostFacts> {
    if json.len() <= LARGEST_FACTS {
        return to_value(json);
    }
    let long: LongFacts<'_> = to_value(json)?;
    let short = |text: Cow<'_, str>| text[..text.floor_char_boundary(NAME)].to_owned();
    let mut groups = long.groups;
    groups.retain(|group| group.len() <= NAME);
    groups.sort_unstable();
    groups.truncate(GROUPS);
    groups.shrink_to_fit();
    Ok(HostFacts {
        serial: short(long.serial),
        hostname: short(long.hostname),
        model: short(long.model),
        os_version: short(long.os_version),
        os_build: short(long.os_build),
        santa_version: short(long.santa_version),
        primary_user: short(long.primary_user),
        groups,
        client_mode: long.client_mode,
        rule_counts: long.rule_counts,
        sip_status: long.sip_status,
        truncated: vec!["report".to_owned()],
        groups_reported: None,
    })
}

/// The fields of [`HostFacts`] that are read from a report that is too large. The texts are
/// borrowed, so that they can be cut before they are copied.
#[derive(Default, Deserialize)]
#[serde(default)]
struct LongFacts<'a> {
    #[serde(borrow)]
    serial: Cow<'a, str>,
    #[serde(borrow)]
    hostname: Cow<'a, str>,
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    os_version: Cow<'a, str>,
    #[serde(borrow)]
    os_build: Cow<'a, str>,
    #[serde(borrow)]
    santa_version: Cow<'a, str>,
    #[serde(borrow)]
    primary_user: Cow<'a, str>,
    groups: Vec<String>,
    client_mode: Option<ClientMode>,
    rule_counts: RuleCounts,
    sip_status: u32,
}

/// The columns that [`EventColumns::read`] reads, in the order in which it reads them. Hashes and
/// IDs that are too long are left out. Long texts are cut.
pub(super) const EVENT_COLUMNS: &str = "machine, received, kind, occurred, pid, \
     substr(decision, 1, 64), \
     CASE WHEN octet_length(sha256) <= 64 THEN sha256 ELSE '' END, \
     CASE WHEN octet_length(signing_id) <= 512 THEN signing_id ELSE '' END, \
     CASE WHEN octet_length(team_id) <= 10 THEN team_id ELSE '' END, \
     CASE WHEN octet_length(certificate) <= 64 THEN certificate ELSE '' END, \
     CASE WHEN octet_length(member_of) <= 64 THEN member_of ELSE '' END, \
     substr(signer, 1, 255), substr(\"user\", 1, 255), substr(path, 1, 4096), \
     substr(rule, 1, 255), substr(file, 1, 4096)";

/// The columns of an event. They are read instead of the event's JSON if the JSON is too large, and
/// for statistics.
pub(super) struct EventColumns {
    machine: String,
    received: i64,
    kind: i64,
    occurred: Option<i64>,
    pid: i64,
    decision: String,
    sha256: String,
    signing_id: String,
    team_id: String,
    certificate: String,
    member_of: String,
    signer: String,
    user: String,
    path: String,
    rule: String,
    file: String,
}

impl EventColumns {
    pub(super) fn read(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<Self> {
        let text = |place: usize| row.str(first + place).map(str::to_owned);
        Ok(Self {
            machine: text(0)?,
            received: row.number(first + 1)?,
            kind: row.number(first + 2)?,
            occurred: row.integer(first + 3)?,
            pid: row.number(first + 4)?,
            decision: text(5)?,
            sha256: text(6)?,
            signing_id: text(7)?,
            team_id: text(8)?,
            certificate: text(9)?,
            member_of: text(10)?,
            signer: text(11)?,
            user: text(12)?,
            path: text(13)?,
            rule: text(14)?,
            file: text(15)?,
        })
    }

    /// Returns when the event was received, and an event that contains only these columns and is
    /// marked as shortened.
    pub(super) fn event(self) -> StoreResult<(Timestamp, Event)> {
        let (folder, file_name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let certificate = Certificate {
            sha256: self.certificate,
            common_name: self.signer,
            ..Certificate::default()
        };
        let access = match to_event_kind(self.kind)? {
            EventKind::FileAccess => {
                Some(FileAccess { rule: self.rule, file: self.file, ..FileAccess::default() })
            }
            EventKind::Execution | EventKind::BundleMember => None,
        };
        let event = Event {
            machine: self.machine.parse().map_err(|error| corrupt("machine ID", &error))?,
            decision: Decision(self.decision.into()),
            occurred: self.occurred.map(to_time).transpose()?,
            file_name: file_name.to_owned(),
            folder: folder.to_owned(),
            program: Program {
                sha256: self.sha256,
                cdhash: String::new(),
                team_id: self.team_id,
                signing_id: self.signing_id,
                signing_status: SigningStatus::Unknown,
                certificate: (certificate != Certificate::default()).then_some(certificate),
            },
            user: self.user,
            pid: i32::try_from(self.pid).unwrap_or_default(),
            parent_name: String::new(),
            bundle_name: String::new(),
            bundle_version: String::new(),
            bundle_hash: self.member_of,
            bundle_binary_count: 0,
            download_url: String::new(),
            signing_chain: Vec::new(),
            access,
            other_fields: Map::new(),
            truncated: vec!["report".to_owned()],
        };
        Ok((to_time(self.received)?, event))
    }
}
