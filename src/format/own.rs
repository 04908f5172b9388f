//! Reads a rule with nicelist's own keys, in TOML and JSON.

use super::{Defaults, Location, Remark};
use crate::document::{Entry, Node, Value};
use crate::format::record::text_of_draft;
use crate::rule::{Rule, RuleDraft, RuleError, ScopeError, expiry};

pub(super) const FIELDS: [&str; 14] = [
    "target",
    "policy",
    "scope",
    "cel",
    "message",
    "url",
    "button_label",
    "app_name",
    "bundle_hash",
    "bundle_binary_count",
    "comment",
    "ticket",
    "source",
    "expires",
];

/// Reads a rule. `unknown` is called for each unknown key. It returns a message if such a key is an
/// error.
///
/// # Errors
/// The errors about unknown keys and about values that cannot be read. If there are no such errors,
/// the first other error.
pub(super) fn rule(
    file: u32,
    node: &Node,
    defaults: &Defaults,
    unknown: impl Fn(&str) -> Option<String>,
) -> Result<Rule, Vec<Remark>> {
    let location = Location::of(file, node.position);
    let Some(entries) = node.entries() else {
        return Err(vec![Remark::new(location, node.expected("an object for each rule"))]);
    };
    let mut draft = RuleDraft::default();
    let mut faults = Vec::new();
    for Entry { key, key_position, node } in entries {
        let fault = match FIELDS.contains(&key.as_str()) {
            true => set(&mut draft, key, node).err().map(|text| (node.position, text)),
            false => unknown(key).map(|text| (*key_position, text)),
        };
        faults.extend(fault.map(|(position, text)| {
            Remark::new(Location::of(file, position), format!("{key}: {text}"))
        }));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    defaults.fill(&mut draft);
    Rule::try_from(draft).map_err(|RuleError { field, problem }| {
        let value = node.get(field).map(|node| Location::of(file, node.position));
        vec![Remark::new(value.unwrap_or(location), format!("{field}: {problem}"))]
    })
}

fn set(draft: &mut RuleDraft, name: &str, node: &Node) -> Result<(), String> {
    let text = || node.as_str().map(str::to_owned).ok_or_else(|| node.expected("a string"));
    match (name, &node.value) {
        ("target", _) => draft.target = text()?,
        ("policy", _) => draft.policy = text()?,
        ("scope", Value::String(empty)) if empty.is_empty() => {
            return Err(ScopeError::Unknown(String::new()).to_string());
        }
        ("scope", _) => draft.scope = text()?,
        (_, Value::Null) => {}
        ("bundle_binary_count", Value::Number(number)) => {
            let count = number.parse().map_err(|_| format!("`{number}` is not a valid count"))?;
            draft.bundle_binary_count = Some(count);
        }
        ("bundle_binary_count", _) => return Err(node.expected("a number")),
        ("expires", Value::String(time) | Value::Time(time)) if expiry(time).is_ok() => {
            draft.expires = expiry(time).ok();
        }
        ("expires", _) => {
            let expected = "a date or a time, as in 2026-12-31 or 2026-12-31T23:59:59Z";
            return Err(node.expected(expected));
        }
        (name, _) => {
            if let Some(slot) = text_of_draft(draft, name) {
                *slot = Some(text()?);
            }
        }
    }
    Ok(())
}
