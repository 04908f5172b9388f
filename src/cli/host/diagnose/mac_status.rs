//! The output of `santactl status --json` (SNTCommandStatus.mm). Its sections differ between
//! versions of Santa, so each value is optional.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The sections of all known versions. `database` is from versions before 2025.
const SECTIONS: [&str; 12] = [
    "cache",
    "daemon",
    "database",
    "metrics",
    "network_extension",
    "rule_types",
    "static_rules",
    "sync",
    "telemetry",
    "temporary_admin_mode",
    "transitive_allowlisting",
    "watch_items",
];
/// The numbers of rules in the section `rule_types`, or in the old section `database`.
const RULE_COUNTS: [&str; 5] =
    ["binary_rules", "certificate_rules", "teamid_rules", "signingid_rules", "cdhash_rules"];
/// The other numbers that are compared, with their sections.
const NUMBERS: [(&str, &str); 6] = [
    ("daemon", "static_rules"),
    ("database", "events_pending_upload"),
    ("database", "transitive_rules"),
    ("sync", "events_pending_upload"),
    ("sync", "full_sync_interval_seconds"),
    ("transitive_allowlisting", "transitive_rules"),
];
/// Maximum unknown sections that are shown.
const MOST_SHOWN: usize = 5;
/// Maximum characters of a text from the file that are kept.
const LONGEST_TEXT: usize = 200;

/// The numbers of rules by type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MacRules {
    /// All rules except transitive ones, which the Mac creates.
    pub(super) rules: u64,
    pub(super) transitive: u64,
}

/// Whether the Mac syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SyncState {
    On,
    Off,
}

/// What a Mac reports about itself. A value is `None` if the version of Santa does not report it.
#[derive(Clone, Debug, Default)]
pub(super) struct MacStatus {
    pub(super) unknown_sections: Vec<String>,
    /// The sections that are necessary for a comparison and are missing.
    pub(super) missing_sections: Vec<&'static str>,
    /// The values that are present but not as expected. They are not compared.
    pub(super) unreadable: Vec<String>,
    pub(super) mode: Option<String>,
    pub(super) static_rules: Option<u64>,
    pub(super) rules: Option<MacRules>,
    pub(super) sync: Option<SyncState>,
    pub(super) server: Option<String>,
    pub(super) machine_id: Option<String>,
    pub(super) clean_required: bool,
    pub(super) last_full_sync: LastSync,
    pub(super) push: Option<String>,
    pub(super) pending_events: Option<u64>,
    pub(super) rules_hash: Option<String>,
    pub(super) interval: Option<u64>,
}

/// The last completed sync, as the Mac reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LastSync {
    /// The Mac does not report it, or not in a known form.
    #[default]
    Unknown,
    Never,
    At(Timestamp),
}

impl MacStatus {
    /// # Errors
    /// Why the text is not a status.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        if text.trim_ascii_start().starts_with(b">>>") {
            return Err("the status is plain text; use santactl status --json".to_owned());
        }
        let value: Value = serde_json::from_slice(text)
            .map_err(|error| format!("the status is damaged or incomplete: {error}"))?;
        let Value::Object(root) = value else {
            return Err("the status is not a JSON object".to_owned());
        };
        if !root.keys().any(|name| SECTIONS.contains(&name.as_str())) {
            return Err("the file is not the output of santactl status --json".to_owned());
        }
        Ok(Self::of(&root))
    }

    fn of(root: &Map<String, Value>) -> Self {
        let get = |section: &str, key: &str| root.get(section)?.get(key);
        let sync = |key: &str| get("sync", key);
        let database = |key: &str| get("database", key);
        let is_missing = |section: &&str| !root.contains_key(*section);
        let unknown = root.keys().filter(|name| !SECTIONS.contains(&name.as_str()));
        let machine = root.get("machine_id").or_else(|| sync("machine_id"));
        let machine = machine.or_else(|| get("daemon", "machine_id"));
        let unreadable = unreadable(root);
        let are_rules_readable = !unreadable.iter().any(|name| name.ends_with("_rules"));
        Self {
            unknown_sections: unknown.take(MOST_SHOWN).map(|name| shortened(name)).collect(),
            missing_sections: ["daemon", "sync"].into_iter().filter(is_missing).collect(),
            mode: get("daemon", "mode").and_then(text),
            static_rules: get("daemon", "static_rules").and_then(number),
            rules: MacRules::of(root).filter(|_| are_rules_readable),
            unreadable,
            sync: sync("enabled").and_then(flag).map(|on| match on {
                true => SyncState::On,
                false => SyncState::Off,
            }),
            server: sync("server").and_then(text),
            machine_id: machine.and_then(text),
            clean_required: sync("clean_required").and_then(flag).unwrap_or_default(),
            last_full_sync: sync("last_successful_full").map(LastSync::of).unwrap_or_default(),
            push: sync("push_notifications").and_then(text),
            pending_events: sync("events_pending_upload")
                .or_else(|| database("events_pending_upload"))
                .and_then(number),
            rules_hash: sync("execution_rules_hash").and_then(text),
            interval: sync("full_sync_interval_seconds").and_then(number),
        }
    }
}

impl MacRules {
    /// The counts of the section `rule_types`, or of the old section `database`.
    fn of(root: &Map<String, Value>) -> Option<Self> {
        let section = root.get("rule_types").or_else(|| root.get("database"))?;
        let count = |key: &str| section.get(key).and_then(number);
        let [binary, others @ ..] = RULE_COUNTS;
        let others = others.iter().filter_map(|name| count(name));
        let total = others.fold(count(binary)?, u64::saturating_add);
        let transitive = root.get("transitive_allowlisting");
        let transitive = transitive.and_then(|section| section.get("transitive_rules"));
        let transitive = transitive.and_then(number).or_else(|| count("transitive_rules"));
        let transitive = transitive.unwrap_or_default();
        Some(Self { rules: total.saturating_sub(transitive), transitive })
    }
}

impl LastSync {
    fn of(value: &Value) -> Self {
        let Some(text) = value.as_str() else { return Self::Unknown };
        if text.eq_ignore_ascii_case("null") || text.eq_ignore_ascii_case("never") {
            return Self::Never;
        }
        Timestamp::strptime("%Y/%m/%d %H:%M:%S %z", text.trim()).map_or(Self::Unknown, Self::At)
    }
}

/// The names of the values that cannot be read. A missing value or `null` is not one of them.
fn unreadable(root: &Map<String, Value>) -> Vec<String> {
    let get = |(section, key): (&str, &str)| root.get(section)?.get(key);
    let counts = ["rule_types", "database"].into_iter();
    let counts = counts.flat_map(|section| RULE_COUNTS.map(|key| (section, key)));
    let numbers = counts.chain(NUMBERS);
    let is_wrong = |value: &Value| !is_null(value) && number(value).is_none();
    let numbers = numbers.filter(|place| get(*place).is_some_and(is_wrong));
    let time = ("sync", "last_successful_full");
    let is_wrong = |value: &Value| !is_null(value) && LastSync::of(value) == LastSync::Unknown;
    let time = get(time).is_some_and(is_wrong).then_some(time);
    numbers.chain(time).map(|(section, key)| format!("{section}.{key}")).collect()
}

fn is_null(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("null"))
}

/// A text that is not empty or `null`.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty())?;
    (!text.eq_ignore_ascii_case("null")).then(|| shortened(text))
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_u64().map(|number| number != 0),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> MacStatus {
        MacStatus::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_new_status_is_read() {
        let status = parse(
            r#"{"daemon":{"mode":"Lockdown","static_rules":2},"rule_types":{"binary_rules":5,
            "teamid_rules":1},"transitive_allowlisting":{"transitive_rules":3},"sync":{"enabled":
            true,"server":"https://a/santa/","clean_required":true,"last_successful_full":
            "2026/11/20 09:00:00 +0000","execution_rules_hash":"null"}}"#,
        );
        assert_eq!(status.mode.as_deref(), Some("Lockdown"));
        assert_eq!(status.rules, Some(MacRules { rules: 3, transitive: 3 }));
        assert_eq!((status.sync, status.clean_required), (Some(SyncState::On), true));
        let at = "2026-11-20T09:00:00Z".parse().unwrap();
        assert_eq!((status.last_full_sync, status.rules_hash), (LastSync::At(at), None));
        assert!(status.unknown_sections.is_empty() && status.missing_sections.is_empty());
    }

    #[test]
    fn an_old_status_is_read() {
        let status = parse(
            r#"{"daemon":{"mode":"Monitor"},"database":{"binary_rules":4,"transitive_rules":1,
            "events_pending_upload":7},"sync":{"enabled":"No","last_successful_full":"null"}}"#,
        );
        assert_eq!(status.rules, Some(MacRules { rules: 3, transitive: 1 }));
        assert_eq!((status.sync, status.pending_events), (Some(SyncState::Off), Some(7)));
        assert_eq!(status.last_full_sync, LastSync::Never);
    }

    #[test]
    fn unknown_and_missing_sections_are_listed() {
        let status = parse(r#"{"daemon":{"mode":7},"sandbox":{},"sync2":{}}"#);
        assert_eq!(status.unknown_sections, ["sandbox", "sync2"]);
        assert_eq!((status.missing_sections, status.mode), (vec!["sync"], None));
    }

    #[test]
    fn values_that_cannot_be_read_are_listed_and_not_used() {
        let status = parse(
            r#"{"rule_types":{"binary_rules":5,"signingid_rules":"zwei"},"sync":{
            "last_successful_full":"2026-11-20T09:00:00Z","events_pending_upload":null}}"#,
        );
        let names = ["rule_types.signingid_rules", "sync.last_successful_full"];
        assert_eq!(status.unreadable, names);
        assert_eq!((status.rules, status.last_full_sync), (None, LastSync::Unknown));
        assert!(parse(r#"{"sync":{"last_successful_full":"null"}}"#).unreadable.is_empty());
    }

    #[test]
    fn other_files_are_refused() {
        let refused = |text: &str| MacStatus::parse(text.as_bytes()).unwrap_err();
        assert!(refused(r#"{"daemon": {"mode""#).contains("damaged or incomplete"));
        assert!(refused("[]").contains("not a JSON object"));
        assert!(refused(r#"{"santad":"2026.7"}"#).contains("not the output of santactl status"));
        assert!(refused(">>> Daemon Info\n").contains("santactl status --json"));
    }
}
