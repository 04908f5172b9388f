//! Reads YAML.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Options, Spanned, budget, options};

use super::{Entry, Fault, Node, Position, Text, Value, map, narrowed};

/// Maximum depth of a tree. It is small because the parser needs a lot of stack for each level.
const MAX_DEPTH: usize = 16;
/// The maximum number of nodes in a short text. For a longer text, the maximum is its length in
/// bytes.
const USUAL_NODES: usize = 250_000;

/// Reads a text as one tree, with its aliases replaced by the values of their anchors.
///
/// # Errors
/// The text is not YAML, is nested too deeply, grows too large because of its aliases, or has a key
/// twice in one map.
pub fn parse(text: &Text<'_>) -> Result<Node, Fault> {
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text.as_str(), options(text))
        .map_err(|error| {
            let location = error.location().unwrap_or(Location::UNKNOWN);
            Fault::new(position(location), message(&error))
        })?;
    node(text, tree)
}

pub(super) fn options(text: &Text<'_>) -> Options {
    // Without aliases, a text has at most one node per character.
    let nodes = text.as_str().len().max(USUAL_NODES);
    options! {
        budget: budget! {
            max_depth: MAX_DEPTH,
            max_nodes: nodes,
            max_events: nodes.saturating_mul(4),
        },
        // Some team IDs, such as 12345E6789, look like infinite numbers. Duplicate keys are
        // reported by `map`, not by the library.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    }
}

fn message(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => message(error),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => {
            "is nested too deeply, or grows without limit when its anchors are expanded".to_owned()
        }
        other => {
            let text = other.to_string();
            text.rsplit_once(" at line ").map_or(&*text, |(reason, _)| reason).to_owned()
        }
    }
}

fn position(location: Location) -> Option<Position> {
    let (line, column) = (narrowed(location.line()), narrowed(location.column()));
    (line > 0).then_some(Position { line, column })
}

/// A value as the YAML library reports it. Numbers are read from the text later, because numbers
/// such as 0123456789 and 12345E6789 can be team IDs.
enum Tree {
    Null,
    Bool(bool),
    Number,
    String(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

fn node(text: &Text<'_>, tree: Spanned<Tree>) -> Result<Node, Fault> {
    let value = match tree.value {
        Tree::Null => Value::Null,
        Tree::Bool(flag) => Value::Bool(flag),
        Tree::Number => Value::Number(spelled(text, tree.defined)),
        Tree::String(string) => Value::String(string),
        Tree::List(trees) => {
            let nodes = trees.into_iter().map(|tree| node(text, tree));
            Value::List(nodes.collect::<Result<_, _>>()?)
        }
        Tree::Map(pairs) => {
            let entries = pairs.into_iter().map(|(key, tree)| {
                let node = node(text, tree)?;
                let key_position = position(key.referenced);
                Ok(Entry { key: key.value, key_position, node })
            });
            map(entries.collect::<Result<_, _>>()?)?
        }
    };
    Ok(Node { position: position(tree.referenced), value })
}

fn spelled(text: &Text<'_>, location: Location) -> String {
    let span = location.span();
    let bytes = span.byte_offset().zip(span.byte_len());
    let part = bytes.and_then(|(from, length)| {
        let from = usize::try_from(from).ok()?;
        let end = from.checked_add(usize::try_from(length).ok()?)?;
        text.as_str().get(from..end)
    });
    part.unwrap_or_default().trim().to_owned()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Tree, E> {
        Ok(Tree::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Tree, E> {
        Ok(Tree::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut trees = Vec::new();
        while let Some(tree) = list.next_element()? {
            trees.push(tree);
        }
        Ok(Tree::List(trees))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Tree::Map(pairs))
    }
}
