//! The format that `santactl rule --export` writes and `--import` reads: `{"rules": [...]}`.

use serde_json::{Map, Value, json};

use super::builder::Builder;
use super::loss::Losses;
use super::{Content, Defaults, File, Location, ParsedPolicy, Remark, Written, santa};
use crate::document::json::Json;
use crate::document::{Outline, Text};

pub fn recognises(head: &Outline) -> bool {
    let has_rules_alone = head.keys == ["rules"] && head.list("rules").is_some();
    let keys = keys_of_first_rule(head);
    has_rules_alone
        && santa::KEYS.has_all(keys, &["rule_type", "policy"])
        && !santa::KEYS.has_all(keys, &["tag"])
}

/// Whether the first rule has at least two known keys. If so, a JSON file that matches no other
/// format is read in this format, so that the errors in each rule are reported.
pub fn resembles(head: &Outline) -> bool {
    const KNOWN: [&str; 7] =
        ["rule_type", "policy", "identifier", "sha256", "type", "state", "custommsg"];
    let keys = keys_of_first_rule(head);
    KNOWN.iter().filter(|key| santa::KEYS.has_all(keys, &[key])).count() >= 2
}

fn keys_of_first_rule(head: &Outline) -> &[String] {
    match (head.is_list, head.list("rules")) {
        (true, _) => &head.keys,
        (false, Some(rules)) => &rules.keys,
        (false, None) => &[],
    }
}

pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    Builder::read_texts(files, defaults, read_text).finish()
}

fn read_text(builder: &mut Builder<'_>, file: u32, text: &Text<'_>) -> Result<(), Remark> {
    let whole = Json::parse(text).map_err(|fault| Remark::of(file, fault))?;
    let entries = whole.entries().unwrap_or_default();
    let rules = entries.iter().find(|(key, _)| key.eq_ignore_ascii_case("rules"));
    let listed = rules.and_then(|(_, rules)| rules.elements()).or_else(|| whole.elements());
    let Some(rules) = listed else {
        let text = "is not a list of rules: expected {\"rules\": [...]}";
        return Err(Remark::new(Location::of(file, Some(whole.position())), text));
    };
    if let Some((_, cursor)) = entries.iter().find(|(key, _)| key == "cursor")
        && !matches!(cursor.as_str(), "null" | "\"\"" | "[]")
    {
        let text = "cursor: this is one page of several; the other pages are missing";
        builder.policy.note(Location::of(file, Some(cursor.position())), text);
    }
    builder.add_list(file, rules, santa::KEYS, santa::draft);
    Ok(())
}

pub fn write(content: Content<'_>) -> Written {
    let mut losses = Losses::default();
    let rules = content.rules.iter().enumerate();
    let rules = rules.filter_map(|(index, rule)| santa::entries(index, rule, &mut losses));
    let rules: Vec<Value> = rules.map(object).collect();
    losses.settings(content);
    Written::json(&json!({ "rules": rules }), losses.0)
}

pub(super) fn object(entries: impl IntoIterator<Item = (&'static str, String)>) -> Value {
    let entries = entries.into_iter().map(|(key, text)| (key.to_owned(), Value::String(text)));
    Value::Object(entries.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests;
