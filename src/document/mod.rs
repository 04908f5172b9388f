//! Data formats as trees with positions: JSON, YAML, TOML, HCL and property lists.
//!
//! Each format becomes a tree of [`Node`]s. Except in property lists, a node has the line and
//! column where it begins, so that errors about a value can contain its position. Callers decide
//! what a tree means.

pub mod hcl;
pub mod json;
mod outline;
pub mod plist;
#[cfg(test)]
mod tests;
mod text;
pub mod toml;
pub mod yaml;

pub use outline::{Outline, Section};
pub use text::{Text, without_mark};

use std::borrow::Cow;
use std::collections::HashSet;

const MAX_DEPTH: usize = 64;
const TOO_DEEP: &str = "is nested too deeply";
const CUT_OFF: &str = "ends unexpectedly; it may be incomplete";

/// A line, and a column in characters. Both start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// An error in a text, with its position if the position is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub position: Option<Position>,
    /// One line, which is shown after the position.
    pub message: String,
}

impl Fault {
    fn new(position: Option<Position>, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

/// A value and the position where it begins. Nodes of property lists have no positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub position: Option<Position>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    /// A number as text. In JSON and YAML, numbers keep their spelling.
    Number(String),
    String(String),
    /// A date or a time as text.
    Time(String),
    /// The binary data of a property list.
    Data(Vec<u8>),
    List(Vec<Node>),
    /// The entries, in the order of the text.
    Map(Vec<Entry>),
    Block {
        labels: Vec<String>,
        entries: Vec<Entry>,
    },
    /// An HCL expression that must be evaluated, with its original spelling.
    Expression(String),
    /// Another type, such as an HCL object. The string names the type, with an article.
    Other(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// The position of the key. In JSON, the position of the value.
    pub key_position: Option<Position>,
    pub node: Node,
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) | Value::Block { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub fn elements(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(nodes) => Some(nodes),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_data(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Data(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// A string, a number or a boolean as text, as in a command-line argument.
    pub fn scalar(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::String(text) | Value::Number(text) => Some(Cow::Borrowed(text)),
            Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            _ => None,
        }
    }

    /// Whether the value is null, or an empty string or list.
    pub fn is_blank(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::List(nodes) => nodes.is_empty(),
            _ => false,
        }
    }

    /// The type of the value, as messages contain it: for example, `a string`.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Time(_) => "a time",
            Value::Data(_) => "binary data",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
            Value::Block { .. } => "a block",
            Value::Expression(_) => "an expression",
            Value::Other(kind) => kind,
        }
    }

    pub fn expected(&self, what: &str) -> String {
        format!("expected {what}, found {}", self.kind())
    }
}

/// Creates a map. Duplicate keys are a fault.
fn map(entries: Vec<Entry>) -> Result<Value, Fault> {
    let mut keys = HashSet::with_capacity(entries.len());
    match entries.iter().find(|entry| !keys.insert(entry.key.as_str())) {
        Some(Entry { key, node, .. }) => {
            Err(Fault::new(node.position, format!("{key}: is given twice")))
        }
        None => Ok(Value::Map(entries)),
    }
}

fn narrowed(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}
