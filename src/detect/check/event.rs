//! The values of one event, for tools that show how an expression is evaluated.

use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Map, Value as Json};

use super::kinds::{foreign, names};
use super::schema::{DECODED_ARGS, KIND, PARENT};
use crate::cel::{Record, Resolved, Slot, Value, Variables};
use crate::detect::telemetry::{self, Field, FieldType, Kind, Message, Schema, root};
use crate::detect::wire::WireError;

/// The only field of bytes that is not text.
pub(super) const CDHASH: &str = "cdhash";

/// The path of the arguments of an execution.
const ARGS: [&str; 2] = ["execution", "args"];

/// A decoded event. Its process tree is unknown.
#[derive(Clone, Debug)]
pub struct EventValues {
    kind: Kind,
    event: Arc<Map<String, Json>>,
}

impl EventValues {
    /// # Errors
    /// The bytes are not an event.
    pub fn decode(kind: Kind, event: &[u8]) -> Result<Self, WireError> {
        let event = match telemetry::decode(event)? {
            Json::Object(object) => object,
            _ => Map::new(),
        };
        Ok(Self { kind, event: Arc::new(event) })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    fn field(&self, names: &[&str]) -> Resolved {
        let Some((last, outer)) = names.split_last() else { return Resolved::Unknown };
        let (mut message, mut object) = (root(), &*self.event);
        for name in outer {
            let inner = message.field_named(name).map(|field| field.field_type);
            let Some(FieldType::Message(id)) = inner else { return Resolved::Unknown };
            let Some(Json::Object(found)) = object.get(*name) else { return Resolved::Absent };
            (message, object) = (Schema::get().message(id), found);
        }
        resolve(message, object, last)
    }
}

impl Variables for EventValues {
    fn resolve(&self, _: usize, slot: &Slot) -> Resolved {
        match names(slot) {
            [KIND] => Resolved::Value(Value::Int(self.kind.number().into())),
            [DECODED_ARGS] => self.field(&ARGS),
            [PARENT, ..] | [] => Resolved::Unknown,
            path @ [first, rest @ ..] => {
                foreign(self.kind, first, rest).unwrap_or_else(|| self.field(path))
            }
        }
    }
}

/// A message in the event.
#[derive(Debug)]
struct EventRecord {
    message: &'static Message,
    object: Map<String, Json>,
}

impl Record for EventRecord {
    fn field(&self, name: &str) -> Resolved {
        resolve(self.message, &self.object, name)
    }
}

fn resolve(message: &'static Message, object: &Map<String, Json>, name: &str) -> Resolved {
    let found = message.field_named(name).zip(object.get(name));
    found.map_or(Resolved::Absent, |(field, json)| match value(field, json) {
        Some(value) => Resolved::Value(value),
        None => Resolved::Unknown,
    })
}

/// The value of a field. None if the event contains a value that JSON cannot express.
fn value(field: &'static Field, json: &Json) -> Option<Value> {
    match json {
        Json::Array(items) if field.is_repeated() => {
            let items = items.iter().map(|json| item(field, json));
            Some(Value::List(items.collect::<Option<_>>()?))
        }
        _ => item(field, json),
    }
}

fn item(field: &'static Field, json: &Json) -> Option<Value> {
    let text = json.as_str();
    match field.field_type {
        FieldType::Bool => json.as_bool().map(Value::Bool),
        FieldType::Int32 => json.as_i64().map(Value::Int),
        FieldType::Int64 => text?.parse().ok().map(Value::Int),
        FieldType::Uint32 => json.as_u64().map(Value::Uint),
        FieldType::Uint64 => text?.parse().ok().map(Value::Uint),
        FieldType::String => text.map(Value::text),
        FieldType::Bytes => {
            let bytes = BASE64.decode(text?.as_bytes()).ok()?;
            Some(match field.name {
                CDHASH => Value::text(HEXLOWER.encode(&bytes)),
                _ => Value::text(String::from_utf8_lossy(&bytes).into_owned()),
            })
        }
        FieldType::Timestamp => text?.parse().ok().map(Value::Timestamp),
        FieldType::Enum(id) => {
            let number = match text {
                Some(name) => Schema::get().enum_type(id).number_of(name).map(i64::from),
                None => json.as_i64(),
            };
            number.map(Value::Int)
        }
        FieldType::Message(id) => match json {
            Json::Object(object) => {
                let message = Schema::get().message(id);
                Some(Value::Message(Arc::new(EventRecord { message, object: object.clone() })))
            }
            _ => None,
        },
    }
}
