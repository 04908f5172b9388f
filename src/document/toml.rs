//! Reads TOML.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Entry, Fault, Node, Text, Value};

/// Reads a text as one tree.
///
/// # Errors
/// The text is not valid TOML. Returns each fault that the parser found.
pub fn parse(text: &Text<'_>) -> Result<Node, Vec<Fault>> {
    let (node, faults) = parse_recovering(text);
    if faults.is_empty() { Ok(node) } else { Err(faults) }
}

/// Reads the valid parts of a text, and returns the faults of the other parts.
pub fn parse_recovering(text: &Text<'_>) -> (Node, Vec<Fault>) {
    let (root, errors) = DeTable::parse_recoverable(text.as_str());
    let faults = errors.iter().map(|error| {
        let start = error.span().map_or(0, |span| span.start);
        Fault::new(Some(text.position(start)), error.message())
    });
    let position = Some(text.position(root.span().start));
    let node = Node { position, value: Value::Map(entries(text, root.into_inner())) };
    (node, faults.collect())
}

fn entries(text: &Text<'_>, table: DeTable<'_>) -> Vec<Entry> {
    let mut pairs: Vec<_> = table.into_iter().collect();
    pairs.sort_unstable_by_key(|(key, _)| key.span().start);
    let entries = pairs.into_iter().map(|(key, value)| Entry {
        key_position: Some(text.position(key.span().start)),
        key: key.into_inner().into_owned(),
        node: node(text, value),
    });
    entries.collect()
}

fn node(text: &Text<'_>, value: Spanned<DeValue<'_>>) -> Node {
    let position = Some(text.position(value.span().start));
    let value = match value.into_inner() {
        DeValue::String(string) => Value::String(string.into_owned()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            let decimal = i64::from_str_radix(&digits, number.radix());
            Value::Number(decimal.map_or(digits, |number| number.to_string()))
        }
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Datetime(time) => Value::Time(time.to_string()),
        DeValue::Array(values) => {
            Value::List(values.into_iter().map(|value| node(text, value)).collect())
        }
        DeValue::Table(table) => Value::Map(entries(text, table)),
    };
    Node { position, value }
}
