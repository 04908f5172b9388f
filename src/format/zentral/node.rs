//! JSON and YAML with the places of their values.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Options, Spanned, budget, options};

use crate::format::record::{Head, Keys};
use crate::format::text::{Text, narrowed};
use crate::format::{Place, Remark, Spot};

/// Nothing of Zentral's is nested so deeply.
const DEEPEST: usize = 16;
/// Nodes of a YAML text that are taken whatever its length.
const USUAL_NODES: usize = 250_000;

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing: `null`.
    Nothing,
    /// A number or a truth value, as it is spelled.
    Plain(String),
    Text(String),
    List(Vec<Node>),
    /// Values by name, in the order of the file.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a name, in a map.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    /// The entries of a list.
    pub(super) fn list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(nodes) => Some(nodes),
            Value::Nothing | Value::Plain(_) | Value::Text(_) | Value::Map(_) => None,
        }
    }

    /// What the value is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Nothing => "nothing",
            Value::Plain(_) => "a number or truth value",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

/// Reads JSON.
pub(super) fn json(text: &Text<'_>) -> Result<Node, Remark> {
    let raw = serde_json::from_str::<&RawValue>(text.as_str()).map_err(|error| {
        let spot = Spot::Column(narrowed(error.line()), narrowed(error.column()));
        let place = Place { file: text.file(), spot };
        Remark { place, text: unplaced(&error.to_string()) }
    })?;
    of_raw(text, raw, 0)
}

fn of_raw(text: &Text<'_>, raw: &RawValue, depth: usize) -> Result<Node, Remark> {
    let at = text.place_of(raw.get());
    let refused = |said: String| Remark { place: at, text: said };
    if depth > DEEPEST {
        return Err(refused("is nested too deeply".to_owned()));
    }
    let broken = |error: serde_json::Error| refused(error.to_string());
    let value = match raw.get().as_bytes().first() {
        Some(b'{') => {
            let Entries(raws) = serde_json::from_str(raw.get()).map_err(broken)?;
            let entries =
                raws.into_iter().map(|(key, raw)| Ok((key, of_raw(text, raw, depth + 1)?)));
            Value::Map(once_each(entries)?)
        }
        Some(b'[') => {
            let raws: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(broken)?;
            let nodes = raws.into_iter().map(|raw| of_raw(text, raw, depth + 1));
            Value::List(nodes.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(raw.get()).map_err(broken)?),
        Some(b'n') => Value::Nothing,
        _ => Value::Plain(raw.get().to_owned()),
    };
    Ok(Node { at, value })
}

/// The entries of a JSON object, in its order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// The beginning of a YAML text.
pub(super) fn yaml_head(text: &Text<'_>) -> Head {
    let mut head = Head::default();
    let read = |input: serde_saphyr::Deserializer<'_, '_>| {
        head = Head::from(input, Keys::Exact);
        Ok(())
    };
    drop(serde_saphyr::with_deserializer_from_str_with_options(text.as_str(), options(text), read));
    head
}

/// Reads YAML. A text that grows when its anchors are followed is refused.
pub(super) fn yaml(text: &Text<'_>) -> Result<Node, Remark> {
    let options = options(text);
    let whole: Spanned<Yaml> = serde_saphyr::from_str_with_options(text.as_str(), options)
        .map_err(|error| {
            let at = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
            Remark { place: place(text.file(), at), text: yaml_fault(&error) }
        })?;
    of_yaml(text, whole)
}

/// What is wrong with a YAML text.
fn options(text: &Text<'_>) -> Options {
    // A node has a letter or more of its own.
    let nodes = text.as_str().len().max(USUAL_NODES);
    options! {
        budget: budget! {
            max_depth: DEEPEST,
            max_nodes: nodes,
            max_events: nodes.saturating_mul(4),
        },
        // A number that is no number may be a team id, and a name that is there twice is told
        // in our words.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    }
}

fn yaml_fault(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => yaml_fault(error),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => {
            "is too deep, or grows without bounds where its anchors are used".to_owned()
        }
        other => unplaced(&other.to_string()),
    }
}

/// What a library says of a fault, without the place at its end: that is told in front.
fn unplaced(said: &str) -> String {
    said.rsplit_once(" at line ").map_or(said, |(said, _)| said).to_owned()
}

fn place(file: u32, at: serde_saphyr::Location) -> Place {
    let narrowed = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let spot = match at.line() {
        0 => Spot::Whole,
        line => Spot::Column(narrowed(line), narrowed(at.column())),
    };
    Place { file, spot }
}

/// A YAML value as its library tells it.
enum Yaml {
    Nothing,
    Plain,
    Text(String),
    List(Vec<Spanned<Yaml>>),
    Map(Vec<(String, Spanned<Yaml>)>),
}

fn of_yaml(text: &Text<'_>, node: Spanned<Yaml>) -> Result<Node, Remark> {
    let at = place(text.file(), node.referenced);
    let value = match node.value {
        Yaml::Nothing => Value::Nothing,
        // As it is spelled: 0123456789 and 12345E6789 are team ids.
        Yaml::Plain => Value::Plain(spelled(text, node.defined)),
        Yaml::Text(text) => Value::Text(text),
        Yaml::List(nodes) => {
            let nodes = nodes.into_iter().map(|node| of_yaml(text, node));
            Value::List(nodes.collect::<Result<_, _>>()?)
        }
        Yaml::Map(entries) => {
            let entries = entries.into_iter().map(|(key, node)| Ok((key, of_yaml(text, node)?)));
            Value::Map(once_each(entries)?)
        }
    };
    Ok(Node { at, value })
}

/// The entries of a map, of which none may be there twice.
fn once_each(
    entries: impl Iterator<Item = Result<(String, Node), Remark>>,
) -> Result<Vec<(String, Node)>, Remark> {
    let (mut once, mut seen) = (Vec::new(), HashSet::new());
    for entry in entries {
        let (key, node) = entry?;
        if !seen.insert(key.clone()) {
            return Err(Remark { place: node.at, text: format!("{key}: is there twice") });
        }
        once.push((key, node));
    }
    Ok(once)
}

fn spelled(text: &Text<'_>, at: serde_saphyr::Location) -> String {
    let span = at.span();
    let bytes = span.byte_offset().zip(span.byte_len());
    let part = bytes.and_then(|(from, length)| {
        let from = usize::try_from(from).ok()?;
        let end = from.checked_add(usize::try_from(length).ok()?)?;
        text.as_str().get(from..end)
    });
    part.unwrap_or_default().trim().to_owned()
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Yamls)
    }
}

struct Yamls;

impl<'de> Visitor<'de> for Yamls {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Nothing)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Yaml, E> {
        Ok(Yaml::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Yaml, E> {
        Ok(Yaml::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Yaml, E> {
        Ok(Yaml::Plain)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Yaml, E> {
        Ok(Yaml::Plain)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Yaml, E> {
        Ok(Yaml::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Yaml, E> {
        Ok(Yaml::Plain)
    }

    fn visit_str<E>(self, text: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Yaml, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Yaml::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Yaml::Map(entries))
    }
}
