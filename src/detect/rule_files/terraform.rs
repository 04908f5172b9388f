//! Reads North Pole's signals from Terraform files: `resource "nps_workshop_signal"`.
//!
//! A signal becomes a rule. The name of its resource is the ID of the rule, because the names of
//! signals may contain spaces.

use super::detection::{Detection, Exceptions, References, SingleEvent, Tags, Trigger};
use super::expression::{ExpressionText, Role};
use super::keys::unknown;
use super::read::FileReader;
use super::values::{DetectionId, DetectionTag, Severity, Title, UpTo};
use crate::document::{Entry, Node, Position, Text, Value, hcl};

const RESOURCE: &str = "nps_workshop_signal";
const KEYS: [&str; 4] = ["name", "expression", "severity", "labels"];
/// Arguments of Terraform's own that do not change a signal.
const IGNORED: [&str; 3] = ["depends_on", "lifecycle", "provider"];
const REPEATING: [&str; 2] = ["count", "for_each"];
/// Severities may have this prefix, as the values of the enum in the protocol.
const PREFIX: &str = "SEVERITY_";

/// Reads the signals of a file, and ignores all other blocks.
pub(super) fn read(reader: &mut FileReader<'_, '_, '_>, text: &Text<'_>) {
    let root = match hcl::parse(text) {
        Ok(root) => root,
        Err(fault) => return reader.error(fault.position, fault.message),
    };
    for Entry { key, node, .. } in root.entries().unwrap_or_default() {
        let Value::Block { labels, entries } = &node.value else { continue };
        if let ("resource", [kind, name]) = (key.as_str(), labels.as_slice())
            && kind == RESOURCE
        {
            signal(reader, name, node, entries);
        }
    }
}

fn signal(reader: &mut FileReader<'_, '_, '_>, name: &str, node: &Node, entries: &[Entry]) {
    let errors = reader.errors();
    for Entry { key, key_position, .. } in entries {
        let key = key.as_str();
        if REPEATING.contains(&key) {
            reader.error(*key_position, format!("{key}: repeated resources are not supported"));
        } else if !KEYS.contains(&key) && !IGNORED.contains(&key) {
            reader.error(*key_position, format!("{key}: {}", unknown(key, &KEYS)));
        }
    }
    let id = name.parse::<DetectionId>();
    let id =
        id.map_err(|error| reader.error(node.position, format!("name of the resource: {error}")));
    let title = required(reader, node, "name", |text, _, _| text.parse::<Title>());
    let severity = required(reader, node, "severity", |text, _, _| {
        text.strip_prefix(PREFIX).unwrap_or(text).parse::<Severity>()
    });
    let expression = required(reader, node, "expression", ExpressionText::new);
    let tags = labels(reader, node);
    let id = id.ok().inspect(|id| reader.check_id(node.position, id));
    let dialect = expression.as_ref().and_then(|it| reader.check_expression(it, Role::Condition));
    if reader.errors() != errors {
        return;
    }
    let (Some(id), Some(title), Some(severity), Some(expression)) =
        (id, title, severity, expression)
    else {
        return;
    };
    let detection = Detection {
        id,
        title,
        description: None,
        severity,
        tags,
        references: References::default(),
        author: None,
        license: None,
        is_enabled: true,
        dialect,
        expression,
        unless: Exceptions::default(),
        trigger: Trigger::Event(SingleEvent::default()),
    };
    reader.add(node.position, detection);
}

/// Reads the string of a key. Reports if the key is missing or its value is invalid.
fn required<T, E: std::fmt::Display>(
    reader: &mut FileReader<'_, '_, '_>,
    block: &Node,
    key: &str,
    read: impl FnOnce(&str, Position, &[&str]) -> Result<T, E>,
) -> Option<T> {
    let Some(node) = block.get(key) else {
        reader.error(block.position, format!("{key} is missing"));
        return None;
    };
    let text = string(reader, key, node)?;
    let start = node.position.unwrap_or(Position { line: 1, column: 1 });
    let read = read(text, start, reader.lines());
    read.map_err(|error| reader.error(node.position, format!("{key}: {error}"))).ok()
}

fn string<'n>(reader: &mut FileReader<'_, '_, '_>, key: &str, node: &'n Node) -> Option<&'n str> {
    let message = match &node.value {
        Value::String(text) => return Some(text.as_str()),
        Value::Expression(_) => "must not contain variables, functions or ${}".to_owned(),
        _ => node.expected("a string"),
    };
    reader.error(node.position, format!("{key}: {message}"));
    None
}

fn labels(reader: &mut FileReader<'_, '_, '_>, block: &Node) -> Tags {
    let Some(node) = block.get("labels").filter(|node| node.value != Value::Null) else {
        return Tags::default();
    };
    let Some(nodes) = node.elements() else {
        let expected = node.expected("a list of strings");
        reader.error(node.position, format!("labels: {expected}"));
        return Tags::default();
    };
    let mut found = Vec::new();
    for node in nodes {
        match string(reader, "labels", node).map(str::parse::<DetectionTag>) {
            Some(Ok(tag)) => found.push(tag),
            Some(Err(error)) => reader.error(node.position, format!("labels: {error}")),
            None => {}
        }
    }
    UpTo::new(found).unwrap_or_else(|error| {
        reader.error(node.position, format!("labels: {error}"));
        Tags::default()
    })
}
