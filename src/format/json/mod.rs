//! nicelist's own JSON: an array of rules, as `rule list -o json` and the admin API write them;
//! or a rule a line.

mod lines;
#[cfg(test)]
mod tests;
mod whole;

pub(crate) use lines::without_mark;
pub use lines::{LineError, LineWriter, Lines, recognises_lines};
pub use whole::{ArrayWriter, read, read_lines, recognises, write, write_lines};

use serde::de::Error as _;
use serde_json::{Map, Value};

use super::manifest::OF_RULE as FIELDS;
use super::record::{Pairs, kind_of};
use crate::rule::RuleDraft;

/// What a list tells of a rule beside the rule itself.
const LISTED: [&str; 5] = ["revision", "author", "since", "needs", "withheld"];
/// The fields that every rule has.
const REQUIRED: [&str; 2] = ["target", "policy"];
/// The only field that is a number.
const COUNT: &str = "bundle_binary_count";

/// Reads one rule: alone, or as lists show it.
///
/// # Errors
/// Where it is not JSON or not an object, or has a field that neither has, or one field twice.
fn draft(text: &str) -> Result<RuleDraft, serde_json::Error> {
    if !text.trim_start().starts_with('{') {
        // Whatever is not JSON at all has a better message.
        let _: serde::de::IgnoredAny = serde_json::from_str(text)?;
        let kind = kind_of(text.trim_start());
        let text = format!("is {kind}; expected an object for each rule");
        return Err(serde_json::Error::custom(text));
    }
    serde_json::from_str(text).or_else(|error| {
        if !error.is_data() {
            return Err(error);
        }
        let Pairs(pairs) = serde_json::from_str(text)?;
        let mut rule = Map::new();
        for (key, raw) in pairs {
            let value: Value = serde_json::from_str(raw.get())?;
            if rule.contains_key(&key) {
                let text = format!("{}: stands twice in one rule", shown(&key));
                return Err(serde_json::Error::custom(text));
            }
            rule.insert(key, value);
        }
        rule.retain(|key, _| !LISTED.contains(&key.as_str()));
        if let Some(wrong) = unknown_fields(&rule).or_else(|| wrong_type(&rule)) {
            return Err(serde_json::Error::custom(wrong));
        }
        serde_json::from_value(rule.into())
    })
}

/// The first field that is of another type than rules have there.
fn wrong_type(rule: &Map<String, Value>) -> Option<String> {
    rule.iter().find_map(|(key, value)| {
        let is_count = key == COUNT;
        match value {
            Value::Null if !REQUIRED.contains(&key.as_str()) => None,
            Value::String(_) if !is_count => None,
            Value::Number(number) if is_count => {
                let fits = number.as_u64().is_some_and(|number| u32::try_from(number).is_ok());
                (!fits).then(|| format!("{key}: `{number}` is not a valid count"))
            }
            value => {
                let expected = if is_count { "a number" } else { "a text" };
                let kind = kind_of(&value.to_string());
                Some(format!("{key}: is {kind}; expected {expected}"))
            }
        }
    })
}

/// What other formats call the fields of a rule.
const FOREIGN: [(&str, &str); 12] = [
    ("type", "target"),
    ("rule_type", "target"),
    ("identifier", "target"),
    ("sha256", "target"),
    ("state", "policy"),
    ("cel_expr", "cel"),
    ("custom_msg", "message"),
    ("custommsg", "message"),
    ("custom_url", "url"),
    ("event_detail_button_label", "button_label"),
    ("notification_app_name", "app_name"),
    ("description", "comment"),
];

/// Maximum unknown fields that are named.
const MOST_NAMED: usize = 8;
/// Maximum letters of a field's name that are shown.
const LONGEST_NAME: usize = 40;

/// The fields that no rule has, all in one line, each with the field that may be meant.
fn unknown_fields(rule: &Map<String, Value>) -> Option<String> {
    let unknown: Vec<&str> =
        rule.keys().map(String::as_str).filter(|key| !FIELDS.contains(key)).collect();
    let named = unknown.iter().take(MOST_NAMED).map(|key| {
        let shown = shown(key);
        match meant(key) {
            Some(field) => format!("{shown} (write {field})"),
            None => shown,
        }
    });
    let named: Vec<String> = named.collect();
    let fields = if unknown.len() == 1 { "unknown field" } else { "unknown fields" };
    let more = match unknown.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!unknown.is_empty()).then(|| format!("{fields}: {}{more}", named.join(", ")))
}

fn shown(key: &str) -> String {
    key.chars().take(LONGEST_NAME).collect()
}

/// The field that a wrong name stands for, if one is likely.
fn meant(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    let foreign = FOREIGN.iter().find(|(name, _)| *name == key).map(|(_, field)| *field);
    foreign.or_else(|| {
        let near = |field: &&&str| strsim::damerau_levenshtein(&key, field) <= 2;
        FIELDS.iter().find(near).copied()
    })
}

/// A message without the line and column that it ends with; they are counted from the rule. A
/// text that is of the wrong type is not quoted: the file may be something else, and secret.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = &message[..end];
    match (message.split_once("string \""), message.rsplit_once("\", expected ")) {
        (Some((start, _)), Some((_, expected))) => format!("{start}a text, expected {expected}"),
        _ => message.to_owned(),
    }
}
