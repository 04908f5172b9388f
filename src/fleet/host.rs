//! Hosts: the facts that a Mac reports about itself, and the data that the server stores about it.

mod macs;
mod rules_hash;
mod sync_state;

pub use macs::{
    Conflict, ConflictKind, Fingerprint, Macs, OtherMac, Recognized, SYNC_TAKES, SeenMac,
};
pub use rules_hash::{Drift, Leg, NotAHash, RulesHash, Trail, UnionLeg};
pub use sync_state::{
    CleanOrder, CleanSync, Generation, Holding, Miscount, Offers, Reach, ScopeSetId, Session,
    SessionKind, SyncState,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClientMode, Tags};
use crate::rule::{MachineId, Scope, TagName};

/// The number of rules of each type. Compiler and transitive rules are also counted by their type.
/// The counts that a host reports include static rules (SNTSyncPreflight.mm).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleCounts {
    /// File hashes, including transitive rules.
    pub binary: u32,
    pub certificate: u32,
    pub teamid: u32,
    pub signingid: u32,
    /// Code directory hashes.
    pub cdhash: u32,
    /// The rules of any type with the policy allow-compiler.
    pub compiler: u32,
    /// The binary rules that Santa created for the output of compilers.
    pub transitive: u32,
}

/// The facts that a Mac reported in its last preflight. Texts that the Mac did not report are
/// empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostFacts {
    pub serial: String,
    /// Can change when the Mac joins another network.
    pub hostname: String,
    /// The model, such as `MacBookPro18,3`.
    pub model: String,
    /// The version of macOS, such as `15.1`.
    pub os_version: String,
    /// The build of macOS, such as `24B83`.
    pub os_build: String,
    /// The version of Santa, such as `2026.7`. Some versions have more parts.
    pub santa_version: String,
    pub primary_user: String,
    pub groups: Vec<String>,
    pub client_mode: Option<ClientMode>,
    pub rule_counts: RuleCounts,
    /// System integrity protection flags; 0 is fully enabled.
    pub sip_status: u32,
    /// The fields that were shortened or left out because they were too long, by their names in
    /// Santa's protocol. `report` means the whole report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
    /// The number of groups that the host reported, if not all of them are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups_reported: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The ID that the Mac uses in sync URLs.
    pub machine: MachineId,
    pub facts: HostFacts,
    /// The names of the tags that administrators assigned to this host directly.
    pub tags: Vec<TagName>,
    pub first_seen: Timestamp,
    pub sync: SyncState,
}

impl Host {
    pub fn new(machine: MachineId, now: Timestamp) -> Self {
        Self {
            machine,
            facts: HostFacts::default(),
            tags: Vec::new(),
            first_seen: now,
            sync: SyncState::default(),
        }
    }

    /// The scopes that this host belongs to, weakest first: the fleet, the host's groups (by name),
    /// its tags (direct or by membership, by priority and name), its primary user, its serial
    /// number, and its machine ID.
    pub fn scopes(&self, tags: &Tags) -> Vec<Scope> {
        let mut groups: Vec<Scope> =
            self.facts.groups.iter().filter_map(|group| Scope::group(group).ok()).collect();
        groups.sort_unstable();
        groups.dedup();
        let user = Scope::user(&self.facts.primary_user).ok();
        std::iter::once(Scope::Fleet)
            .chain(groups)
            .chain(tags.of(self).map(|tag| Scope::Tag(tag.name.clone())))
            .chain(user)
            .chain(self.serial().filter(|serial| *serial != self.machine).map(Scope::Host))
            .chain(std::iter::once(Scope::Host(self.machine.clone())))
            .collect()
    }

    /// The serial number as a machine ID, in upper case. None if the number is missing, a
    /// placeholder, a UUID, or not a valid machine ID. Several virtual machines may report the same
    /// placeholder, and rules for it would apply to all of them.
    pub fn serial(&self) -> Option<MachineId> {
        let serial = self.facts.serial_number()?.parse().ok();
        // A Mac must not get the rules of another Mac by reporting that Mac's hardware UUID as its
        // own serial number.
        serial.filter(|serial: &MachineId| !serial.is_uuid())
    }
}

impl HostFacts {
    /// The serial number in upper case. None if it is empty or a placeholder.
    pub fn serial_number(&self) -> Option<String> {
        let serial = self.serial.trim().to_ascii_uppercase();
        (!is_placeholder(&serial)).then_some(serial)
    }
}

/// Texts that some computers report if they have no serial number, in lower case.
const PLACEHOLDERS: [&str; 11] = [
    "none",
    "null",
    "unknown",
    "n/a",
    "not specified",
    "not available",
    "default string",
    "serial number",
    "system serial number",
    "system serial#",
    "to be filled by o.e.m.",
];

fn is_placeholder(serial: &str) -> bool {
    let text = serial.to_ascii_lowercase();
    let mut letters = text.chars();
    let first = letters.next();
    // Placeholders such as "0000000000" and "XXXXXXXX" repeat one character.
    letters.all(|letter| Some(letter) == first) || PLACEHOLDERS.contains(&text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Membership, Tag};

    fn tag(name: &str, priority: i32) -> Tag {
        Tag { priority, ..Tag::new(name.parse().unwrap()) }
    }

    #[test]
    fn scopes_go_from_the_fleet_to_the_host_itself() {
        let mut host = Host::new("M1".parse().unwrap(), Timestamp::UNIX_EPOCH);
        host.facts.groups = vec!["staff".into(), "design".into(), "staff".into()];
        host.facts.primary_user = "anna".into();
        host.tags = vec!["eng".parse().unwrap(), "canary".parse().unwrap()];
        let all = Tags::new(vec![tag("canary", 5), tag("eng", 1), tag("other", 9)]);
        let scopes = host.scopes(&all);
        let words: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            [
                "fleet",
                "group:design",
                "group:staff",
                "tag:eng",
                "tag:canary",
                "user:anna",
                "host:M1"
            ]
        );
    }

    #[test]
    fn w2_a_host_is_named_by_its_serial_number_unless_that_is_a_placeholder() {
        let own = |serial: &str| {
            let mut host = Host::new("M1".parse().unwrap(), Timestamp::UNIX_EPOCH);
            host.facts.serial = serial.into();
            let scopes = host.scopes(&Tags::default()).into_iter();
            let own: Vec<String> = scopes.skip(1).map(|scope| scope.to_string()).collect();
            own.join(" ")
        };
        assert_eq!(own("C02XK0ABCD"), "host:C02XK0ABCD host:M1", "the machine ID is stronger");
        assert_eq!(own("c02xk0abcd"), "host:C02XK0ABCD host:M1");
        for serial in ["", "0", "None", "System Serial Number", "000000", "XXXXXXXXXX", "M1", " "] {
            assert_eq!(own(serial), "host:M1", "{serial}");
        }
        assert_eq!(own("9B2C1F60-0000-4000-8000-00000000AAAA"), "host:M1", "another's machine ID");
    }

    #[test]
    fn a_member_has_the_tag_in_its_place_and_once() {
        let mut host = Host::new("M1".parse().unwrap(), Timestamp::UNIX_EPOCH);
        host.facts.serial = "c02abc".into();
        host.facts.hostname = "lab-7.local".into();
        host.facts.groups = vec!["staff".into()];
        host.tags = vec!["eng".parse().unwrap()];
        let of = |name, priority, json| {
            let membership: Membership = serde_json::from_str(json).unwrap();
            Tag { membership, ..tag(name, priority) }
        };
        let tags = vec![
            of("others", 7, r#"{"serials":["C02XYZ"],"users":["staff"]}"#),
            of("lab", 5, r#"{"hostnames":["lab-*","*.local"]}"#),
            of("eng", 3, r#"{"serials":["C02ABC"]}"#),
            of("people", 1, r#"{"groups":["staff"]}"#),
        ];
        let having = tags.iter().filter(|tag| tag.is_of(&host)).map(|tag| tag.name.as_str());
        assert_eq!(having.collect::<Vec<_>>(), ["lab", "eng", "people"]);
        let all = Tags::new(tags);
        let order: Vec<&str> = all.of(&host).map(|tag| tag.name.as_str()).collect();
        assert_eq!(order, ["people", "eng", "lab"]);
    }
}
