//! The schema of Santa's telemetry: messages, fields, enums and kinds of events.
//!
//! `schema.tsv` lists the facts of Santa's public protocol. It is parsed once, when it is first
//! needed. A Santa that is newer than the table may write other fields, which are skipped.

mod decode;
mod encode;
mod example;
mod kind;
mod listing;
mod parse;
mod path;

#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::{EncodeError, encode_json, encode_value};
pub use example::example;
pub use kind::{Kind, UnknownKind, find_kind};
pub use listing::{ListedField, common_fields, fields_of};
pub use path::{FieldPath, UnknownField};

use std::collections::HashMap;
use std::sync::LazyLock;

/// The table of the public protocol, as it is committed.
const TABLE: &str = include_str!("schema.tsv");

/// The message that has every event.
const ROOT: &str = "SantaMessage";

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parse::parse(TABLE).0);

/// All messages and enums of the telemetry.
#[derive(Debug, Default)]
pub struct Schema {
    messages: Vec<Message>,
    enums: Vec<EnumType>,
    message_ids: HashMap<&'static str, MessageId>,
}

/// The place of a message in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(u16);

/// The place of an enum in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnumId(u16);

/// A message with its fields, sorted by number.
#[derive(Debug)]
pub struct Message {
    pub name: &'static str,
    pub fields: Vec<Field>,
}

/// An enum with its values, sorted by number.
#[derive(Debug)]
pub struct EnumType {
    pub name: &'static str,
    pub values: Vec<(i32, &'static str)>,
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    pub number: u32,
    pub name: &'static str,
    /// The name in protobuf's JSON, such as `teamId`.
    pub json_name: String,
    pub field_type: FieldType,
    pub presence: Presence,
}

/// The type of a field. If the field is repeated, the type of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Bool,
    Int32,
    Int64,
    Uint32,
    Uint64,
    String,
    Bytes,
    Timestamp,
    Enum(EnumId),
    Message(MessageId),
}

/// How often a field occurs, and whether an unset field differs from its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Unset differs from the default.
    Optional,
    /// Unset equals the default.
    Plain,
    Repeated,
    /// At most one field of the group is set.
    Oneof(&'static str),
}

impl Schema {
    /// The schema of the public protocol.
    pub fn get() -> &'static Self {
        &SCHEMA
    }

    pub fn message(&self, id: MessageId) -> &Message {
        &self.messages[usize::from(id.0)]
    }

    pub fn enum_type(&self, id: EnumId) -> &EnumType {
        &self.enums[usize::from(id.0)]
    }

    pub fn find_message(&self, name: &str) -> Option<&Message> {
        self.message_ids.get(name).map(|id| self.message(*id))
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub fn enums(&self) -> &[EnumType] {
        &self.enums
    }
}

/// The message that has every event.
pub fn root() -> &'static Message {
    static EMPTY: Message = Message { name: ROOT, fields: Vec::new() };
    Schema::get().find_message(ROOT).unwrap_or(&EMPTY)
}

impl Message {
    pub fn field(&self, number: u32) -> Option<&Field> {
        let at = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(at)
    }

    /// The field with this name, as in the schema.
    pub fn field_named(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field with this name, as in the schema or as in protobuf's JSON.
    pub fn field_in_json(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name || field.json_name == name)
    }
}

impl EnumType {
    pub fn name_of(&self, number: i32) -> Option<&'static str> {
        let at = self.values.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.values.get(at).map(|(_, name)| *name)
    }

    pub fn number_of(&self, name: &str) -> Option<i32> {
        self.values.iter().find(|(_, known)| *known == name).map(|(number, _)| *number)
    }
}

impl Field {
    pub const fn is_repeated(&self) -> bool {
        matches!(self.presence, Presence::Repeated)
    }

    /// The type in words, such as `list(bytes)` or `enum Execution.Decision`.
    pub fn type_name(&self) -> String {
        let schema = Schema::get();
        let name = match self.field_type {
            FieldType::Bool => "bool".to_owned(),
            FieldType::Int32 => "int32".to_owned(),
            FieldType::Int64 => "int64".to_owned(),
            FieldType::Uint32 => "uint32".to_owned(),
            FieldType::Uint64 => "uint64".to_owned(),
            FieldType::String => "string".to_owned(),
            FieldType::Bytes => "bytes".to_owned(),
            FieldType::Timestamp => "timestamp".to_owned(),
            FieldType::Enum(id) => format!("enum {}", schema.enum_type(id).name),
            FieldType::Message(id) => format!("message {}", schema.message(id).name),
        };
        if self.is_repeated() { format!("list({name})") } else { name }
    }
}
