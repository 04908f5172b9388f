//! The reference model: the active rules of each host, as its client stores them. The model is
//! simple, and has its own tables of what each version supports.

use std::collections::{BTreeMap, BTreeSet};

use nicelist::lab::{HeldRule, RuleState};
use nicelist::protocol::{ClientMode, RuleType};

pub(super) const HOSTS: [&str; 3] = ["M1", "M2", "M3"];
pub(super) const TAGS: [&str; 2] = ["eng", "lab"];
/// Possible members of a tag: no hosts, M2 by its serial number, anna's hosts, the hosts in
/// the group design, and M2 and M3 by hostname.
pub(super) const MEMBERS: [&str; 5] = [
    "{}",
    r#"{"serials": ["sn-m2", "sn-m9"]}"#,
    r#"{"users": ["anna"]}"#,
    r#"{"groups": ["design"]}"#,
    r#"{"hostnames": ["M2.*", "*3.lan"]}"#,
];
pub(super) const GROUPS: [&str; 2] = ["design", "staff"];
pub(super) const SCOPES: [&str; 7] =
    ["fleet", "group:design", "group:staff", "tag:eng", "tag:lab", "user:anna", "host:M1"];
pub(super) const MODES: [&str; 3] = ["monitor", "lockdown", "standalone"];

/// Targets of rules: a type, an identifier and the first version that supports the type.
pub(super) const TARGETS: [(RuleType, &str, Version); 6] = [
    (RuleType::TeamId, "AAAAAAAAAA", Version(2021, 8)),
    (RuleType::TeamId, "BBBBBBBBBB", Version(2021, 8)),
    (RuleType::SigningId, "platform:com.x", Version(2023, 5)),
    (
        RuleType::Binary,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        Version(0, 0),
    ),
    (
        RuleType::Certificate,
        "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
        Version(0, 0),
    ),
    (RuleType::CdHash, "dddddddddddddddddddddddddddddddddddddddd", Version(2024, 3)),
];

/// Policies of rules: the name, the CEL expression or an empty text, and the first version of Santa
/// that supports this policy or gets a similar policy instead.
pub(super) const POLICIES: [(&str, &str, Version); 9] = [
    ("allow", "", Version(0, 0)),
    ("block", "", Version(0, 0)),
    ("silent-block", "", Version(0, 0)),
    ("silent-block-gui", "", Version(0, 0)),
    ("silent-block-tty", "", Version(0, 0)),
    ("remove", "", Version(0, 0)),
    ("cel", "args.size() > 1", Version(2025, 6)),
    ("cel", "euid == 0", Version(2025, 12)),
    ("cel", "path == '/bin/x' ? ALLOWLIST : SILENT_GUI_BLOCKLIST", Version(2026, 6)),
];

/// A version of Santa, such as `Version(2025, 6)` for 2025.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u16, pub(super) u16);

/// The clients in the histories: pedro, then versions of Santa, oldest first.
pub(super) const CLIENTS: [(&str, Option<Version>); 14] = [
    ("pedro", None),
    ("2021.7", Some(Version(2021, 7))),
    ("2022.4", Some(Version(2022, 4))),
    ("2023.5", Some(Version(2023, 5))),
    ("2023.7", Some(Version(2023, 7))),
    ("2024.2", Some(Version(2024, 2))),
    ("2024.6", Some(Version(2024, 6))),
    ("2024.9", Some(Version(2024, 9))),
    ("2025.5", Some(Version(2025, 5))),
    ("2025.6", Some(Version(2025, 6))),
    ("2025.7", Some(Version(2025, 7))),
    ("2026.1", Some(Version(2026, 1))),
    ("2026.5", Some(Version(2026, 5))),
    ("2026.7", Some(Version(2026, 7))),
];

/// The index of the first client in [`CLIENTS`] that hashes its rules.
pub(super) const FIRST_THAT_HASHES: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) policy: usize,
    pub(super) message: bool,
    pub(super) until: Option<i64>,
}

/// The type and the identifier of a target, as on the wire.
pub(super) type Key = (RuleType, String);

pub(super) type Rules = BTreeMap<(usize, usize), Entry>;

#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) revision: u64,
    pub(super) rules: Rules,
    pub(super) modes: BTreeMap<usize, usize>,
    pub(super) members: BTreeMap<usize, usize>,
    pub(super) preferred: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Reference {
    pub(super) rules: Rules,
    pub(super) kept: Kept,
    pub(super) modes: BTreeMap<usize, usize>,
    pub(super) tags: BTreeSet<(usize, usize)>,
    /// The members of each tag, as an index into [`MEMBERS`].
    pub(super) members: BTreeMap<usize, usize>,
    pub(super) groups: BTreeSet<(usize, usize)>,
    pub(super) owners: BTreeSet<usize>,
    pub(super) preferred: usize,
    pub(super) hour: i64,
}

pub(super) const MESSAGE: &str = "ask the help desk";

impl Reference {
    /// Deletes expired rules, also from the saved state.
    pub(super) fn forget_expired(&mut self) {
        let hour = self.hour;
        self.rules.retain(|_, entry| entry.until.is_none_or(|until| hour < until));
        self.kept.rules.retain(|_, entry| entry.until.is_none_or(|until| hour < until));
    }

    /// The scopes of a host, strongest first, as indexes into [`SCOPES`].
    fn scopes(&self, host: usize, client: usize) -> Vec<usize> {
        // Santa reports groups from 2025.6 on.
        let reports_groups = CLIENTS[client].1.is_some_and(|version| version >= Version(2025, 6));
        let groups = (0..GROUPS.len())
            .filter(|group| reports_groups && self.groups.contains(&(host, *group)));
        let is_member = |tag: &usize| match self.members.get(tag) {
            None | Some(0) => false,
            Some(1) => host == 1,
            Some(2) => self.owners.contains(&host),
            Some(3) => reports_groups && self.groups.contains(&(host, 0)),
            Some(4) => host != 0,
            Some(other) => panic!("members that the reference model does not have: {other}"),
        };
        let mut tags: Vec<usize> = (0..TAGS.len())
            .filter(|tag| self.tags.contains(&(host, *tag)) || is_member(tag))
            .collect();
        tags.sort_by_key(|tag| (*tag == self.preferred, *tag));
        let mut scopes = vec![0];
        scopes.extend(groups.map(|group| 1 + group));
        scopes.extend(tags.into_iter().map(|tag| 3 + tag));
        scopes.extend(self.owners.contains(&host).then_some(5));
        scopes.extend((host == 0).then_some(6));
        scopes.reverse();
        scopes
    }

    /// The rules that a host's client must have, sorted by type and identifier.
    pub(super) fn active_rules(&self, host: usize, client: usize) -> Vec<HeldRule> {
        let scopes = self.scopes(host, client);
        let mut rules = Vec::new();
        for target in 0..TARGETS.len() {
            let strongest = scopes.iter().find_map(|scope| self.rules.get(&(target, *scope)));
            rules.extend(strongest.and_then(|entry| row(target, *entry, client)));
        }
        rules.sort_by(|a: &HeldRule, b| {
            (a.rule_type, &a.identifier).cmp(&(b.rule_type, &b.identifier))
        });
        rules
    }

    pub(super) fn mode(&self, host: usize, client: usize) -> ClientMode {
        let scopes = self.scopes(host, client);
        let strongest = scopes.iter().find_map(|scope| self.modes.get(scope));
        let standalone = CLIENTS[client].1.is_some_and(|version| version >= Version(2024, 11));
        match strongest.map(|mode| MODES[*mode]) {
            Some("lockdown") => ClientMode::Lockdown,
            Some("standalone") if standalone => ClientMode::Standalone,
            Some("standalone") => ClientMode::Lockdown,
            _ => ClientMode::Monitor,
        }
    }
}

/// A rule as a client stores it. `None` if the client does not support or store the rule.
fn row(target: usize, entry: Entry, client: usize) -> Option<HeldRule> {
    let (rule_type, identifier, type_since) = TARGETS[target];
    let (word, expression, policy_since) = POLICIES[entry.policy];
    let version = CLIENTS[client].1;
    let knows = |since: Version| match version {
        Some(version) => version >= since,
        // pedro gets rules of all types and with all policies, except CEL rules.
        None => since < Version(2025, 1),
    };
    if !knows(type_since) || !knows(policy_since) {
        return None;
    }
    let half_silent = version.is_some_and(|version| version >= Version(2026, 6));
    let state = match word {
        "allow" => RuleState::Allowlist,
        "block" => RuleState::Blocklist,
        "silent-block" => RuleState::SilentBlocklist,
        "silent-block-gui" if half_silent => RuleState::SilentGuiBlocklist,
        "silent-block-gui" => RuleState::SilentBlocklist,
        "silent-block-tty" if half_silent => RuleState::SilentTtyBlocklist,
        "silent-block-tty" => RuleState::Blocklist,
        "cel" => RuleState::Cel,
        "remove" => return None,
        other => panic!("a policy that the reference model does not have: {other}"),
    };
    Some(HeldRule {
        rule_type,
        identifier: identifier.to_owned(),
        state,
        cel_expr: expression.to_owned(),
        custom_msg: if entry.message { MESSAGE.to_owned() } else { String::new() },
        custom_url: String::new(),
        event_detail_button_label: String::new(),
    })
}
