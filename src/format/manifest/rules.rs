//! One of the `[[rules]]`.

use std::ops::Range;

use ::toml::de::{DeTable, DeValue};

use super::OF_RULE;
use super::read::unknown;
use crate::format::Defaults;
use crate::format::table::{Value, in_order, mismatch};
use crate::rule::{Rule, RuleDraft, RuleError, ScopeError, expiry};

/// Something wrong, and where.
pub(super) type Fault = (Range<usize>, String);

/// Reads a rule. Everything that is wrong with its keys and values is told at once.
pub(super) fn read(
    at: Range<usize>,
    table: &DeTable<'_>,
    defaults: &Defaults,
) -> Result<Rule, Vec<Fault>> {
    let mut draft = RuleDraft::default();
    let mut faults = Vec::new();
    for (key, value) in in_order(table) {
        let taken = match OF_RULE.iter().find(|known| **known == &**key.get_ref()) {
            None => Err((key.span(), unknown(key.get_ref(), &OF_RULE))),
            Some(name) => set(&mut draft, name, value),
        };
        faults.extend(taken.err());
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    defaults.fill(&mut draft);
    Rule::try_from(draft).map_err(|RuleError { field, problem }| {
        let value = table.get(field);
        let at = value.map_or(at, ::toml::Spanned::span);
        vec![(at, format!("{field}: {problem}"))]
    })
}

fn set(draft: &mut RuleDraft, name: &str, value: Value<'_, '_>) -> Result<(), Fault> {
    let text = || match value.get_ref().as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(mismatch(name, value, "a string")),
    };
    match name {
        "target" => draft.target = text()?,
        "policy" => draft.policy = text()?,
        "scope" => match text()? {
            empty if empty.is_empty() => {
                return Err((value.span(), format!("scope: {}", ScopeError::Unknown(empty))));
            }
            scope => draft.scope = scope,
        },
        "cel" => draft.cel = Some(text()?),
        "message" => draft.message = Some(text()?),
        "url" => draft.url = Some(text()?),
        "button_label" => draft.button_label = Some(text()?),
        "app_name" => draft.app_name = Some(text()?),
        "bundle_hash" => draft.bundle_hash = Some(text()?),
        "comment" => draft.comment = Some(text()?),
        "ticket" => draft.ticket = Some(text()?),
        "source" => draft.source = Some(text()?),
        "bundle_binary_count" => {
            let count = crate::format::table::scalar(value.get_ref());
            let count = count.and_then(|count| count.parse().ok());
            draft.bundle_binary_count =
                Some(count.ok_or_else(|| mismatch(name, value, "a count"))?);
        }
        "expires" => {
            let time = match value.get_ref() {
                DeValue::String(text) => expiry(text).ok(),
                DeValue::Datetime(time) => expiry(&time.to_string()).ok(),
                _ => None,
            };
            let expected = "a date or a time, as in 2026-12-31 or 2026-12-31T23:59:59Z";
            draft.expires = Some(time.ok_or_else(|| mismatch(name, value, expected))?);
        }
        other => return Err((value.span(), unknown(other, &OF_RULE))),
    }
    Ok(())
}
