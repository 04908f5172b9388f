//! Writes a converted rule as YAML.

use super::render::is_special;
use super::rule::SigmaRule;
use super::{Reason, reason};
use crate::detect::rule_files::{Description, ExpressionText};

/// The rule as an entry of the list `rules`, or why it cannot be one.
pub(super) fn entry(rule: &SigmaRule, expression: &str) -> Result<String, Reason> {
    if expression.chars().count() > ExpressionText::MAX {
        let message = format!("the expression has more than {} characters", ExpressionText::MAX);
        return Err(reason(None, message));
    }
    let description = match rule.description.is_empty() {
        true => None,
        false => Some(rule.description.parse::<Description>()),
    };
    let description =
        description.transpose().map_err(|error| reason(None, format!("description: {error}")))?;
    let mut text = format!("  - id: {}\n", quoted(rule.id.as_str()));
    let mut add = |key: &str, value: &str| {
        text.push_str(&format!("    {key}: {value}\n"));
    };
    add("title", &quoted(rule.title.as_str()));
    if let Some(description) = &description {
        add("description", &quoted(description.as_str()));
    }
    let lines = expression.lines().map(|line| format!("\n      {line}"));
    add("expr", &format!("|{}", lines.collect::<String>()));
    add("severity", rule.severity.word());
    let mut list = |key: &str, values: Vec<&str>| {
        let values: Vec<String> = values.into_iter().map(quoted).collect();
        if !values.is_empty() {
            add(key, &format!("[{}]", values.join(", ")));
        }
    };
    list("tags", rule.tags.iter().map(|it| it.as_str()).collect());
    list("references", rule.references.iter().map(|it| it.as_str()).collect());
    for (key, value) in [("author", &rule.author), ("license", &rule.license)] {
        if let Some(value) = value {
            add(key, &quoted(value.as_str()));
        }
    }
    add("enabled", if rule.is_enabled { "true" } else { "false" });
    Ok(text)
}

/// A string in double quotes. A string in JSON is also valid in YAML, except for a few characters.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let character = |c: char| match is_special(c) || c.is_control() {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.into(),
    };
    json.chars().map(character).collect()
}
