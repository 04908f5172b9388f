//! The rules of a client.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::generation::Version;
use super::identifier::stored_form;
use super::rules_hash::rules_hash;
use super::{SyncKind, cel};
use crate::protocol::{PolicyName, Rule, RuleType};

/// Maximum characters of a button's label that a client stores.
const BUTTON_LABEL_CHARS: usize = 48;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleState {
    Allowlist,
    /// Allows the program. If transitive rules are enabled, a Mac creates them for the files that
    /// the program writes.
    AllowlistCompiler,
    Blocklist,
    /// Blocks without any message.
    SilentBlocklist,
    /// Blocks without a dialog.
    SilentGuiBlocklist,
    /// Blocks without a message on the terminal.
    SilentTtyBlocklist,
    /// The result of the expression decides.
    Cel,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeldRule {
    pub rule_type: RuleType,
    pub identifier: String,
    pub state: RuleState,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cel_expr: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub custom_msg: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub custom_url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event_detail_button_label: String,
}

/// The effect of a downloaded rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RuleChange {
    Put(HeldRule),
    Remove(RuleType, String),
    /// Santa ignores a rule whose expression does not compile, but counts it as processed.
    Uncompiled,
}

impl RuleChange {
    /// Reads a rule as a version of Santa does. Returns `None` if the version ignores the rule and
    /// does not count it as processed.
    pub(crate) fn read(version: Version, rule: Rule<'_>) -> Option<Self> {
        let rule_type = rule.rule_type.filter(|&each| version.knows_type(each))?;
        let named = version.knows_identifier() && !rule.identifier.is_empty();
        let identifier = if named { rule.identifier } else { rule.sha256 };
        let identifier = if version.checks_identifiers() {
            stored_form(rule_type, &identifier)?
        } else {
            Some(identifier.into_owned()).filter(|identifier| !identifier.is_empty())?
        };
        let policy = rule.policy.filter(|&policy| version.knows_policy(policy))?;
        let state = match policy {
            PolicyName::Remove => return Some(Self::Remove(rule_type, identifier)),
            PolicyName::Cel if rule.cel_expr.is_empty() => return None,
            PolicyName::Cel if !cel::compiles(version, &rule.cel_expr) => {
                return Some(Self::Uncompiled);
            }
            PolicyName::Cel => RuleState::Cel,
            PolicyName::Allowlist => RuleState::Allowlist,
            PolicyName::AllowlistCompiler => RuleState::AllowlistCompiler,
            PolicyName::Blocklist => RuleState::Blocklist,
            PolicyName::SilentBlocklist => RuleState::SilentBlocklist,
            PolicyName::SilentGuiBlocklist => RuleState::SilentGuiBlocklist,
            PolicyName::SilentTtyBlocklist => RuleState::SilentTtyBlocklist,
        };
        let label = rule.event_detail_button_label.chars();
        let label = label.take(if version.knows_button_label() { BUTTON_LABEL_CHARS } else { 0 });
        let custom_url = if version.knows_custom_url() { rule.custom_url } else { "".into() };
        let knows_cel = version.knows_policy(PolicyName::Cel);
        let cel_expr = if knows_cel { rule.cel_expr } else { "".into() };
        Some(Self::Put(HeldRule {
            rule_type,
            identifier,
            state,
            cel_expr: cel_expr.into_owned(),
            custom_msg: rule.custom_msg.into_owned(),
            custom_url: custom_url.into_owned(),
            event_detail_button_label: label.collect(),
        }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RuleCounts {
    /// Binary rules, including transitive rules.
    pub binary: u32,
    pub certificate: u32,
    /// Compiler rules, which are also included in the counts by type.
    pub compiler: u32,
    pub transitive: u32,
    pub teamid: u32,
    pub signingid: u32,
    pub cdhash: u32,
}

impl RuleCounts {
    pub(crate) fn of<'r>(rules: impl Iterator<Item = &'r HeldRule>) -> Self {
        let mut counts = Self::default();
        for rule in rules {
            let of_its_type = match rule.rule_type {
                RuleType::Binary => &mut counts.binary,
                RuleType::Certificate => &mut counts.certificate,
                RuleType::TeamId => &mut counts.teamid,
                RuleType::SigningId => &mut counts.signingid,
                RuleType::CdHash => &mut counts.cdhash,
            };
            *of_its_type += 1;
            counts.compiler += u32::from(rule.state == RuleState::AllowlistCompiler);
        }
        counts
    }
}

/// A client's rules, in the order in which they were last written.
///
/// Transitive rules are created on the Mac, and Santa reports only their number. So only that
/// number is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Contents", into = "Contents")]
pub struct Database {
    rows: BTreeMap<u64, HeldRule>,
    places: HashMap<(RuleType, String), u64>,
    transitive: u32,
}

impl Database {
    /// Applies all changes of a download. A clean sync first deletes the old rules; only `CleanAll`
    /// also deletes transitive rules.
    ///
    /// A download without changes deletes nothing, even in a clean sync, because real clients
    /// ignore such a download.
    pub(crate) fn apply(&mut self, kind: SyncKind, changes: Vec<RuleChange>) {
        if changes.is_empty() {
            return;
        }
        match kind {
            SyncKind::Normal => {}
            SyncKind::Clean => {
                *self = Self { transitive: self.transitive, ..Self::default() };
            }
            SyncKind::CleanAll => *self = Self::default(),
        }
        self.make(changes);
    }

    pub(crate) fn replace_by(&mut self, changes: Vec<RuleChange>) {
        *self = Self::default();
        self.make(changes);
    }

    fn make(&mut self, changes: Vec<RuleChange>) {
        for change in changes {
            match change {
                RuleChange::Put(rule) => self.put(rule),
                RuleChange::Remove(rule_type, identifier) => self.remove(&(rule_type, identifier)),
                RuleChange::Uncompiled => {}
            }
        }
    }

    pub(crate) fn delete(&mut self, rule_type: RuleType, identifier: &str) {
        self.remove(&(rule_type, identifier.to_owned()));
    }

    /// The hash that Santa 2025.7 and later versions report. It depends on the order of rules, and
    /// does not include transitive rules.
    pub fn rules_hash(&self) -> String {
        rules_hash(self.rules())
    }

    pub fn rules(&self) -> impl ExactSizeIterator<Item = &HeldRule> {
        self.rows.values()
    }

    pub fn counts(&self) -> RuleCounts {
        let mut counts = RuleCounts::of(self.rules());
        counts.binary += self.transitive;
        counts.transitive = self.transitive;
        counts
    }

    pub(crate) fn add_transitive(&mut self, count: u32) {
        self.transitive += count;
    }

    /// Adds or replaces a rule. A replaced rule moves to the end, as with SQLite's INSERT OR
    /// REPLACE.
    fn put(&mut self, rule: HeldRule) {
        let target = (rule.rule_type, rule.identifier.clone());
        self.remove(&target);
        let place = self.rows.last_key_value().map_or(0, |(last, _)| last + 1);
        self.places.insert(target, place);
        self.rows.insert(place, rule);
    }

    fn remove(&mut self, target: &(RuleType, String)) {
        if let Some(place) = self.places.remove(target) {
            self.rows.remove(&place);
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Contents {
    rules: Vec<HeldRule>,
    transitive_rules: u32,
}

impl From<Contents> for Database {
    fn from(contents: Contents) -> Self {
        let mut database = Self { transitive: contents.transitive_rules, ..Self::default() };
        contents.rules.into_iter().for_each(|rule| database.put(rule));
        database
    }
}

impl From<Database> for Contents {
    fn from(database: Database) -> Self {
        let transitive_rules = database.transitive;
        Self { rules: database.rows.into_values().collect(), transitive_rules }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(rule: Rule<'_>) -> Option<RuleChange> {
        RuleChange::read(Version::named("2026.7"), rule)
    }

    fn team(identifier: &'static str, policy: PolicyName) -> Rule<'static> {
        Rule {
            identifier: identifier.into(),
            policy: Some(policy),
            rule_type: Some(RuleType::TeamId),
            ..Rule::default()
        }
    }

    fn change(identifier: &'static str, policy: PolicyName) -> RuleChange {
        understood(team(identifier, policy)).unwrap()
    }

    fn identifiers(database: &Database) -> Vec<&str> {
        database.rules().map(|rule| &*rule.identifier).collect()
    }

    fn with(identifiers: &[&'static str]) -> Database {
        let mut database = Database::default();
        let changes = identifiers.iter().map(|id| change(id, PolicyName::Allowlist)).collect();
        database.apply(SyncKind::Normal, changes);
        database
    }

    #[test]
    fn a_rule_for_the_same_target_replaces_and_moves_to_the_end() {
        let mut database = with(&["AAAAAAAAAA", "BBBBBBBBBB"]);
        database.apply(SyncKind::Normal, vec![change("aaaaaaaaaa", PolicyName::Blocklist)]);
        assert_eq!(identifiers(&database), ["BBBBBBBBBB", "AAAAAAAAAA"]);
        assert_eq!(database.rules().last().unwrap().state, RuleState::Blocklist);
    }

    #[test]
    fn the_same_identifier_of_another_type_is_another_rule() {
        let hash = "ab".repeat(32);
        let changes = [RuleType::Binary, RuleType::Certificate].map(|rule_type| {
            let rule = Rule { rule_type: Some(rule_type), ..team("", PolicyName::Allowlist) };
            understood(Rule { identifier: hash.as_str().into(), ..rule }).unwrap()
        });
        let mut database = Database::default();
        database.apply(SyncKind::Normal, changes.into());
        assert_eq!(database.rules().count(), 2);
    }

    #[test]
    fn remove_deletes_a_rule_and_ignores_a_missing_one() {
        let mut database = with(&["AAAAAAAAAA", "BBBBBBBBBB"]);
        let removals = ["AAAAAAAAAA", "CCCCCCCCCC"].map(|id| change(id, PolicyName::Remove));
        database.apply(SyncKind::Normal, removals.into());
        assert_eq!(identifiers(&database), ["BBBBBBBBBB"]);
    }

    #[test]
    fn clean_spares_transitive_rules_and_clean_all_does_not() {
        let mut database = with(&["AAAAAAAAAA"]);
        database.add_transitive(3);
        database.apply(SyncKind::Clean, vec![change("BBBBBBBBBB", PolicyName::Allowlist)]);
        assert_eq!(identifiers(&database), ["BBBBBBBBBB"]);
        assert_eq!(database.counts().transitive, 3);
        database.apply(SyncKind::CleanAll, vec![change("CCCCCCCCCC", PolicyName::Allowlist)]);
        assert_eq!(identifiers(&database), ["CCCCCCCCCC"]);
        assert_eq!(database.counts().transitive, 0);
    }

    #[test]
    fn an_empty_download_deletes_nothing() {
        let mut database = with(&["AAAAAAAAAA"]);
        database.apply(SyncKind::CleanAll, Vec::new());
        assert_eq!(identifiers(&database), ["AAAAAAAAAA"]);
    }

    #[test]
    fn a_clean_sync_with_only_a_removal_deletes_all_rules() {
        let mut database = with(&["AAAAAAAAAA"]);
        database.apply(SyncKind::Clean, vec![change("ZZZZZZZZZZ", PolicyName::Remove)]);
        assert_eq!(database.rules().count(), 0);
    }

    #[test]
    fn rules_that_are_not_understood_are_ignored() {
        let allow = PolicyName::Allowlist;
        let hash = "ab".repeat(32);
        let rules = [
            team("short", allow),
            team("", allow),
            Rule { policy: None, ..team("AAAAAAAAAA", allow) },
            Rule { rule_type: None, ..team("AAAAAAAAAA", allow) },
            team("short", PolicyName::Remove),
            team("AAAAAAAAAA", PolicyName::Cel),
        ];
        for rule in rules {
            assert_eq!(understood(rule.clone()), None, "{rule:?}");
        }
        let old = Rule {
            sha256: hash.as_str().into(),
            rule_type: Some(RuleType::Binary),
            ..team("", allow)
        };
        assert!(understood(old).is_some());
    }

    #[test]
    fn a_button_label_is_cut_to_what_fits() {
        let rule = Rule {
            event_detail_button_label: "é".repeat(50).into(),
            ..team("AAAAAAAAAA", PolicyName::Blocklist)
        };
        let Some(RuleChange::Put(rule)) = understood(rule) else { panic!("not understood") };
        assert_eq!(rule.event_detail_button_label, "é".repeat(48));
    }

    #[test]
    fn compilers_count_twice_and_transitive_rules_count_as_binaries() {
        let mut database = with(&["AAAAAAAAAA"]);
        let compiler = Rule {
            identifier: "BBBBBBBBBB:cc".into(),
            rule_type: Some(RuleType::SigningId),
            ..team("", PolicyName::AllowlistCompiler)
        };
        database.apply(SyncKind::Normal, vec![understood(compiler).unwrap()]);
        database.add_transitive(2);
        let expected = RuleCounts {
            binary: 2,
            transitive: 2,
            teamid: 1,
            signingid: 1,
            compiler: 1,
            ..RuleCounts::default()
        };
        assert_eq!(database.counts(), expected);
    }

    #[test]
    fn the_order_of_rules_survives_a_file() {
        let mut database = with(&["BBBBBBBBBB", "AAAAAAAAAA", "CCCCCCCCCC"]);
        database.apply(SyncKind::Normal, vec![change("BBBBBBBBBB", PolicyName::Blocklist)]);
        database.add_transitive(1);
        let text = serde_json::to_string(&database).unwrap();
        let read: Database = serde_json::from_str(&text).unwrap();
        assert_eq!(identifiers(&read), ["AAAAAAAAAA", "CCCCCCCCCC", "BBBBBBBBBB"]);
        assert_eq!(read.counts(), database.counts());
    }

    #[test]
    fn a_version_understands_what_it_knows() {
        let rule = |rule_type, policy| Rule {
            identifier: "EQHXZ8M8AV:com.x".into(),
            rule_type: Some(rule_type),
            policy: Some(policy),
            cel_expr: "euid == 0".into(),
            custom_url: "https://x".into(),
            event_detail_button_label: "Why".into(),
            ..Rule::default()
        };
        let read = |text: &str, policy| {
            RuleChange::read(Version::named(text), rule(RuleType::SigningId, policy))
        };
        assert_eq!(read("2023.4", PolicyName::Blocklist), None);
        let Some(RuleChange::Put(held)) = read("2023.5", PolicyName::Blocklist) else { panic!() };
        assert_eq!((&*held.custom_url, &*held.event_detail_button_label), ("", ""));
        assert_eq!(held.cel_expr, "");
        let Some(RuleChange::Put(held)) = read("2026.7", PolicyName::Blocklist) else { panic!() };
        assert_eq!((&*held.custom_url, &*held.event_detail_button_label), ("https://x", "Why"));
        assert_eq!(held.cel_expr, "euid == 0", "kept, and hashed, on any policy");
        assert_eq!(read("2025.5", PolicyName::Cel), None);
        assert_eq!(read("2025.6", PolicyName::Cel), Some(RuleChange::Uncompiled));
        assert!(matches!(read("2025.12", PolicyName::Cel), Some(RuleChange::Put(_))));
        assert_eq!(read("2026.5", PolicyName::SilentGuiBlocklist), None);
        assert!(read("2026.6", PolicyName::SilentGuiBlocklist).is_some());
    }

    #[test]
    fn a_rule_that_does_not_compile_keeps_the_old_rule() {
        let mut database = with(&["AAAAAAAAAA", "BBBBBBBBBB"]);
        database.apply(SyncKind::Normal, vec![RuleChange::Uncompiled]);
        assert_eq!(identifiers(&database), ["AAAAAAAAAA", "BBBBBBBBBB"]);
        database.apply(SyncKind::Clean, vec![RuleChange::Uncompiled]);
        assert_eq!(database.rules().count(), 0, "but it is enough to clean");
    }

    #[test]
    fn early_versions_keep_identifiers_as_they_come() {
        let rule = Rule {
            identifier: "AB".repeat(32).into(),
            sha256: "cd".repeat(32).into(),
            rule_type: Some(RuleType::Binary),
            policy: Some(PolicyName::Allowlist),
            ..Rule::default()
        };
        let kept = |text: &str| match RuleChange::read(Version::named(text), rule.clone()) {
            Some(RuleChange::Put(held)) => held.identifier,
            other => panic!("{other:?}"),
        };
        assert_eq!(kept("2021.7"), "cd".repeat(32));
        assert_eq!(kept("2022.4"), "AB".repeat(32));
        assert_eq!(kept("2023.5"), "ab".repeat(32));
    }
}
