//! Checks events that people wrote for tests. Reading telemetry ignores unknown fields, so a test with
//! a mistyped field would be useless.

use serde_json::{Map, Value as Json};

use crate::detect::telemetry::{FieldPath, FieldType, Message, Schema, root};

/// The first field or enum value of an event in JSON that is unknown. None if all are known.
pub fn event_fault(event: &Json) -> Option<String> {
    match event {
        Json::Object(object) => message_fault(root(), object, ""),
        _ => Some("expected an object".to_owned()),
    }
}

/// The depth is that of the schema, because unknown fields are not entered.
fn message_fault(
    message: &'static Message,
    object: &Map<String, Json>,
    prefix: &str,
) -> Option<String> {
    object.iter().find_map(|(name, json)| {
        let path = format!("{prefix}{name}");
        let Some(field) = message.field_in_json(name) else {
            let near = FieldPath::find(message, name).err().and_then(|unknown| unknown.nearest);
            let near = near.map(|near| format!(", did you mean `{prefix}{near}`?"));
            return Some(format!("unknown field `{path}`{}", near.unwrap_or_default()));
        };
        let items = match json {
            Json::Array(items) if field.is_repeated() => items.as_slice(),
            item => std::slice::from_ref(item),
        };
        items.iter().find_map(|item| value_fault(field.field_type, item, &path))
    })
}

fn value_fault(field_type: FieldType, json: &Json, path: &str) -> Option<String> {
    match (field_type, json) {
        (FieldType::Message(id), Json::Object(object)) => {
            message_fault(Schema::get().message(id), object, &format!("{path}."))
        }
        (FieldType::Enum(id), Json::String(name)) => {
            let known = Schema::get().enum_type(id);
            let is_unknown = known.number_of(name).is_none();
            is_unknown.then(|| format!("`{name}` is not a value of {}, for `{path}`", known.name))
        }
        _ => None,
    }
}
