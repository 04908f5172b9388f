//! Identifies JSON that does not contain rules.

use super::{File, NonRuleFile};
use crate::document::{Outline, Section};
use crate::format::detect::{LISTS, opens_json};

/// Recognizes JSON that contains something other than rules. Invalid JSON is not recognized,
/// because the reader of the file's format gives better messages about it.
pub(super) fn recognize(file: &File) -> Option<NonRuleFile> {
    if !opens_json(&file.bytes) {
        return None;
    }
    let outline = Outline::of_json(&file.bytes);
    let kind = || Keys(&outline).kind(&super::path(&file.name));
    if outline.is_complete { kind() } else { None }
}

struct Keys<'o>(&'o Outline);

/// Keys of Santa's events. An event has the first key and at least one of the others.
const EVENT: [&str; 3] = ["file_sha256", "decision", "execution_time"];
/// Some keys of the first request of a sync.
const PREFLIGHT: [&str; 6] =
    ["serial_num", "santa_version", "os_version", "os_build", "hostname", "primary_user"];
/// Some keys of the response to the first request of a sync.
const SETTINGS: [&str; 6] = [
    "client_mode",
    "sync_type",
    "full_sync_interval",
    "batch_size",
    "allowed_path_regex",
    "blocked_path_regex",
];
/// Some keys of the last request of a sync.
const POSTFLIGHT: [&str; 2] = ["rules_received", "rules_processed"];
/// Keys of a declaration for Apple's declarative device management.
const DECLARATION: [&str; 3] = ["Type", "Identifier", "Payload"];
/// Keys of every message of Santa's telemetry, in both spellings.
const TELEMETRY: [[&str; 2]; 2] =
    [["boot_session_uuid", "event_time"], ["bootSessionUuid", "eventTime"]];

impl Keys<'_> {
    fn has(&self, key: &str) -> bool {
        has(&self.0.keys, key)
    }

    fn count_of(&self, keys: &[&str]) -> usize {
        keys.iter().filter(|key| self.has(key)).count()
    }

    /// The keys of the first element in the list under `key`.
    fn list(&self, key: &str) -> Option<&[String]> {
        let keys = self.0.list(key).map(|Section { keys, .. }| keys.as_slice());
        keys.filter(|keys| !keys.is_empty())
    }

    fn kind(&self, name: &str) -> Option<NonRuleFile> {
        if let Some(event) = self.list("events").filter(|keys| is_event(keys)) {
            return Some(upload(name, has(event, "machine_id")));
        }
        if is_event(&self.0.keys) {
            return Some(self.events(name));
        }
        if self.list("hosts").is_some_and(|keys| has(keys, "profile") && has(keys, "events")) {
            return Some(NonRuleFile::new("describes the hosts of the demo, not rules"));
        }
        if DECLARATION.iter().all(|key| self.has(key)) {
            return Some(
                NonRuleFile::new("is a declaration for device management, not rules")
                    .hint("macOS enforces such a declaration itself; nicelist does not read it"),
            );
        }
        if self.count_of(&PREFLIGHT) >= 3 {
            return Some(NonRuleFile::new(
                "is a preflight request, which describes a host; it has no rules",
            ));
        }
        if self.count_of(&POSTFLIGHT) > 0 {
            return Some(NonRuleFile::new(
                "is a postflight request, which ends a sync; it has no rules",
            ));
        }
        let is_settings = self.count_of(&SETTINGS) >= 2 && self.list("rules").is_none();
        if is_settings && !self.has("identifier") {
            return Some(
                NonRuleFile::new("is a preflight response, which has settings and no rules")
                    .hint("to change settings: nicelist settings set client-mode=monitor"),
            );
        }
        if TELEMETRY.iter().any(|keys| self.count_of(keys) == keys.len()) {
            return Some(NonRuleFile::new("is Santa's telemetry, not rules"));
        }
        self.of_another_tool()
    }

    /// Describes a file of events: one event, a list of events, or an event per line.
    fn events(&self, name: &str) -> NonRuleFile {
        match (self.0.is_list, self.0.has_more, self.has("machine_id")) {
            (false, _, true) => NonRuleFile::new("is a file of events, not rules")
                .hint(format!("nicelist event import {name}")),
            (false, false, false) => NonRuleFile::new("is an event, not a rule")
                .hint("nicelist event import reads a folder of events in Moroz's layout"),
            (true, ..) | (false, true, false) => {
                NonRuleFile::new("is a list of events, not rules").hint(EVENT_LINES)
            }
        }
    }

    fn of_another_tool(&self) -> Option<NonRuleFile> {
        let looks_like_rules = |keys: &[String]| {
            let is_known =
                |key: &String| RULE.contains(&key.to_lowercase().replace('_', "").as_str());
            has(keys, "target")
                || has(keys, "policy")
                || keys.iter().filter(|key| is_known(key)).count() >= 2
        };
        let inner = LISTS.iter().find_map(|name| self.list(name));
        let is_unfinished = inner.is_none() && LISTS.iter().any(|name| self.has(name));
        if is_unfinished || looks_like_rules(inner.unwrap_or(&self.0.keys)) {
            return None;
        }
        let Outline { is_list, length, keys, .. } = self.0;
        if keys.is_empty() && (!is_list || *length == 0) {
            return None;
        }
        let what = match (*is_list, *length) {
            (true, 1) => "is a JSON list with 1 entry that is not a rule".to_owned(),
            (true, count) => format!("is a JSON list with {count} entries that are not rules"),
            (false, _) => "is JSON from another tool, not rules".to_owned(),
        };
        Some(NonRuleFile::new(what).hint(
            "a rule in JSON has target and policy, or rule_type, identifier and policy; \
             docs/FORMATS.md describes all formats",
        ))
    }
}

/// Some keys of rules in the JSON formats, in lower case and without underscores.
const RULE: [&str; 13] = [
    "target",
    "identifier",
    "policy",
    "ruletype",
    "targettype",
    "targetidentifier",
    "sha256",
    "type",
    "state",
    "custommsg",
    "customurl",
    "celexpr",
    "ruleid",
];

const EVENT_LINES: &str = "nicelist event import reads one event per line, each with the \
    machine_id of its host";

fn upload(name: &str, has_machines: bool) -> NonRuleFile {
    let machine = if has_machines { "" } else { " --machine-id ID" };
    NonRuleFile::new("is an event upload, not rules: see nicelist event import")
        .hint(format!("nicelist event import {name}{machine}"))
}

fn is_event(keys: &[String]) -> bool {
    let [hash, one, other] = EVENT;
    has(keys, hash) && (has(keys, one) || has(keys, other))
}

fn has(keys: &[String], key: &str) -> bool {
    keys.iter().any(|other| other == key)
}
