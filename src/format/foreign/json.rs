//! JSON that has no rules in it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{File, Foreign};
use crate::format::record::opens_json;

/// Maximum number of keys that are looked at per object.
const MOST_KEYS: usize = 256;

/// Recognizes JSON of another kind. None for what is not JSON, which its format reports better,
/// and for what looks like rules.
pub(super) fn recognize(file: &File) -> Option<Foreign> {
    if !opens_json(&file.bytes) {
        return None;
    }
    let bytes = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&file.bytes);
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let mut outline = Outline::default();
    Seed { outline: &mut outline, level: Level::Top }.deserialize(&mut input).ok()?;
    outline.is_lines = input.end().is_err();
    outline.kind(&super::path(&file.name))
}

/// The keys of a JSON text, as far as they tell what it is.
#[derive(Default)]
struct Outline {
    /// Whether the text is a list.
    is_list: bool,
    /// How many elements that list has.
    count: usize,
    /// Whether more follows the first value, as in a file with an object a line.
    is_lines: bool,
    /// The keys of the object, or of the first object of the list.
    keys: Vec<String>,
    /// The keys of the first object of each list in that object, with the key of the list.
    lists: Vec<(String, Vec<String>)>,
}

/// The keys that Santa gives events: either of the last two is in every event.
const EVENT: [&str; 3] = ["file_sha256", "decision", "execution_time"];
/// Some keys of what a host sends first in a sync.
const PREFLIGHT: [&str; 6] =
    ["serial_num", "santa_version", "os_version", "os_build", "hostname", "primary_user"];
/// Some keys of the response to that.
const SETTINGS: [&str; 6] = [
    "client_mode",
    "sync_type",
    "full_sync_interval",
    "batch_size",
    "allowed_path_regex",
    "blocked_path_regex",
];
/// What a host sends last in a sync.
const POSTFLIGHT: [&str; 2] = ["rules_received", "rules_processed"];
/// Keys of a declaration for Apple's declarative device management.
const DECLARATION: [&str; 3] = ["Type", "Identifier", "Payload"];
/// Keys of every message of Santa's telemetry.
const TELEMETRY: [[&str; 2]; 2] =
    [["boot_session_uuid", "event_time"], ["bootSessionUuid", "eventTime"]];

impl Outline {
    fn has(&self, key: &str) -> bool {
        has(&self.keys, key)
    }

    fn count_of(&self, keys: &[&str]) -> usize {
        keys.iter().filter(|key| self.has(key)).count()
    }

    fn list(&self, key: &str) -> Option<&[String]> {
        self.lists.iter().find(|(name, _)| name == key).map(|(_, keys)| keys.as_slice())
    }

    fn kind(&self, name: &str) -> Option<Foreign> {
        if let Some(event) = self.list("events").filter(|keys| is_event(keys)) {
            return Some(upload(name, has(event, "machine_id")));
        }
        if is_event(&self.keys) {
            return Some(self.events(name));
        }
        if self.list("hosts").is_some_and(|keys| has(keys, "profile") && has(keys, "events")) {
            return Some(Foreign::new("describes the hosts of a demonstration, not rules"));
        }
        if DECLARATION.iter().all(|key| self.has(key)) {
            return Some(
                Foreign::new("is a declaration for device management, not rules")
                    .hint("macOS enforces such a declaration itself; nicelist does not read it"),
            );
        }
        if self.count_of(&PREFLIGHT) >= 3 {
            return Some(Foreign::new(
                "is a preflight request, which describes a host; it has no rules",
            ));
        }
        if self.count_of(&POSTFLIGHT) > 0 {
            return Some(Foreign::new(
                "is a postflight request, with which a host ends a sync; it has no rules",
            ));
        }
        let is_settings = self.count_of(&SETTINGS) >= 2 && self.list("rules").is_none();
        if is_settings && !self.has("identifier") {
            return Some(
                Foreign::new("is a preflight response, which has settings and no rules")
                    .hint("to change settings: nicelist settings set client-mode=monitor"),
            );
        }
        if TELEMETRY.iter().any(|keys| self.count_of(keys) == keys.len()) {
            return Some(Foreign::new("is Santa's telemetry, not rules"));
        }
        self.of_another_tool()
    }

    /// Events one by one: a line or an element each, or a single one.
    fn events(&self, name: &str) -> Foreign {
        match (self.is_list, self.is_lines, self.has("machine_id")) {
            (false, _, true) => Foreign::new("is a file of events, not rules")
                .hint(format!("nicelist event import {name}")),
            (false, false, false) => Foreign::new("is an event, not a rule")
                .hint("nicelist event import reads a folder of events as Moroz keeps them"),
            (true, ..) | (false, true, false) => {
                Foreign::new("is a list of events, not rules").hint(EVENT_LINES)
            }
        }
    }

    fn of_another_tool(&self) -> Option<Foreign> {
        let looks_like_rules = |keys: &[String]| {
            let is_known =
                |key: &String| RULE.contains(&key.to_lowercase().replace('_', "").as_str());
            has(keys, "target")
                || has(keys, "policy")
                || keys.iter().filter(|key| is_known(key)).count() >= 2
        };
        let inner = LISTS.iter().find_map(|name| self.list(name));
        let is_unfinished = inner.is_none() && LISTS.iter().any(|name| self.has(name));
        if is_unfinished || looks_like_rules(inner.unwrap_or(&self.keys)) {
            return None;
        }
        let is_empty = self.keys.is_empty() && self.lists.is_empty();
        if is_empty && (!self.is_list || self.count == 0) {
            return None;
        }
        let what = match (self.is_list, self.count) {
            (true, 1) => "is a JSON list with 1 entry that is not a rule".to_owned(),
            (true, count) => format!("is a JSON list with {count} entries that are not rules"),
            (false, _) => "is JSON of another tool, not rules".to_owned(),
        };
        Some(Foreign::new(what).hint(
            "a rule in JSON has target and policy, or rule_type, identifier and policy; \
             docs/FORMATS.md describes all formats",
        ))
    }
}

/// What names a rule in any of the JSON formats, folded.
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

/// What lists of rules are called.
const LISTS: [&str; 3] = ["rules", "items", "results"];

const EVENT_LINES: &str = "nicelist event import reads an event per line, each with the machine_id \
                           of its host";

fn upload(name: &str, has_machines: bool) -> Foreign {
    let machine = if has_machines { "" } else { " --machine-id ID" };
    Foreign::new("is an event upload, not rules: see nicelist event import")
        .hint(format!("nicelist event import {name}{machine}"))
}

fn is_event(keys: &[String]) -> bool {
    let [hash, one, other] = EVENT;
    has(keys, hash) && (has(keys, one) || has(keys, other))
}

fn has(keys: &[String], key: &str) -> bool {
    keys.iter().any(|other| other == key)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The whole text.
    Top,
    /// An element of the list that the text is.
    Element,
    /// The value of a key of the object at the top.
    Value,
    /// An element of the list that such a value is.
    Inner,
}

struct Seed<'o> {
    outline: &'o mut Outline,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = match self.level {
            Level::Top => {
                self.outline.is_list = true;
                Level::Element
            }
            Level::Value => Level::Inner,
            Level::Element | Level::Inner => {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
        };
        let outline = self.outline;
        let mut count = 0;
        let first = Seed { outline: &mut *outline, level: inner };
        if seq.next_element_seed(first)?.is_some() {
            count = 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        if inner == Level::Element {
            outline.count = count;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { outline, level } = self;
        while let Some(key) = map.next_key::<String>()? {
            let keys = match level {
                Level::Top | Level::Element => &mut outline.keys,
                Level::Value => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Level::Inner => match outline.lists.last_mut() {
                    Some((_, keys)) => keys,
                    None => &mut outline.keys,
                },
            };
            if keys.len() >= MOST_KEYS {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            keys.push(key.clone());
            if level == Level::Top {
                outline.lists.push((key, Vec::new()));
                map.next_value_seed(Seed { outline: &mut *outline, level: Level::Value })?;
                if outline.lists.last().is_some_and(|(_, keys)| keys.is_empty()) {
                    outline.lists.pop();
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
