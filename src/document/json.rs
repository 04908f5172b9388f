//! JSON.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{CUT_OFF, Entry, Fault, MAX_DEPTH, Node, Position, TOO_DEEP, Text, Value, map};

/// A value with valid syntax that becomes a tree on demand, so that a list of a million objects is
/// read one object at a time.
#[derive(Clone, Copy)]
pub struct Json<'t> {
    text: &'t Text<'t>,
    raw: &'t RawValue,
}

/// Reads a text as one tree.
///
/// # Errors
/// The text is not JSON, is nested too deeply, or has a key twice in one object.
pub fn parse(text: &Text<'_>) -> Result<Node, Fault> {
    Json::parse(text)?.node()
}

impl<'t> Json<'t> {
    /// # Errors
    /// The text is not JSON.
    pub fn parse(text: &'t Text<'t>) -> Result<Self, Fault> {
        let raw = serde_json::from_str(text.as_str());
        raw.map(|raw| Self { text, raw }).map_err(|error| fault(text, &error))
    }

    pub fn position(self) -> Position {
        self.text.position_of(self.raw.get())
    }

    pub fn as_str(self) -> &'t str {
        self.raw.get()
    }

    pub fn elements(self) -> Option<Vec<Self>> {
        if !self.as_str().starts_with('[') {
            return None;
        }
        let raws: Vec<&'t RawValue> = serde_json::from_str(self.as_str()).ok()?;
        Some(raws.into_iter().map(|raw| Self { raw, ..self }).collect())
    }

    /// The keys and values of an object, in the order of the text.
    pub fn entries(self) -> Option<Vec<(String, Self)>> {
        if !self.as_str().starts_with('{') {
            return None;
        }
        let Pairs(pairs) = serde_json::from_str(self.as_str()).ok()?;
        Some(pairs.into_iter().map(|(key, raw)| (key, Self { raw, ..self })).collect())
    }

    /// The value as a tree.
    ///
    /// # Errors
    /// The value is nested too deeply, or has a key twice in one object.
    pub fn node(self) -> Result<Node, Fault> {
        self.node_at(0)
    }

    fn node_at(self, depth: usize) -> Result<Node, Fault> {
        let position = Some(self.position());
        if depth > MAX_DEPTH {
            return Err(Fault::new(position, TOO_DEEP));
        }
        let value = match self.as_str().as_bytes().first() {
            Some(b'{') => {
                let entries = self.entries().unwrap_or_default().into_iter().map(|(key, json)| {
                    let node = json.node_at(depth + 1)?;
                    Ok(Entry { key, key_position: node.position, node })
                });
                map(entries.collect::<Result<_, _>>()?)?
            }
            Some(b'[') => {
                let elements = self.elements().unwrap_or_default().into_iter();
                Value::List(elements.map(|json| json.node_at(depth + 1)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => serde_json::from_str(self.as_str())
                .map_or(Value::Other("a string with an unpaired surrogate"), Value::String),
            Some(b'n') => Value::Null,
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            _ => Value::Number(self.as_str().to_owned()),
        };
        Ok(Node { position, value })
    }
}

fn fault(text: &Text<'_>, error: &serde_json::Error) -> Fault {
    let position = Some(text.position_at(error.line(), error.column()));
    if error.is_eof() {
        return Fault::new(position, CUT_OFF);
    }
    Fault::new(position, format!("is not valid JSON: {}", reason(error)))
}

/// A message without the line and column at its end.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason).to_owned()
}

struct Pairs<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}
