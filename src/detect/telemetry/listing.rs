//! The fields of each kind of event, for people who write rules.

use super::{Field, FieldType, Kind, Message, Presence, Schema, example, root};

/// A field that is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedField {
    /// The dotted path from the event. `[]` follows the name of a list of messages.
    pub path: String,
    pub type_name: String,
    pub example: String,
    /// The names of the values of an enum.
    pub values: Vec<&'static str>,
}

/// The fields of a kind, in the order of the schema.
pub fn fields_of(kind: Kind) -> Vec<ListedField> {
    let mut found = Vec::new();
    list(kind.message(), kind.name(), &mut found);
    found
}

/// The fields that events of every kind have.
pub fn common_fields() -> Vec<ListedField> {
    let fields = root().fields.iter();
    let common = fields.filter(|field| !matches!(field.presence, Presence::Oneof(_)));
    common.map(|field| listed(field, field.name.to_owned())).collect()
}

fn list(message: &'static Message, prefix: &str, found: &mut Vec<ListedField>) {
    for field in &message.fields {
        let path = format!("{prefix}.{}", field.name);
        match field.field_type {
            FieldType::Message(id) => {
                let path = if field.is_repeated() { format!("{path}[]") } else { path };
                list(Schema::get().message(id), &path, found);
            }
            FieldType::Bool
            | FieldType::Int32
            | FieldType::Int64
            | FieldType::Uint32
            | FieldType::Uint64
            | FieldType::String
            | FieldType::Bytes
            | FieldType::Timestamp
            | FieldType::Enum(_) => found.push(listed(field, path)),
        }
    }
}

fn listed(field: &'static Field, path: String) -> ListedField {
    let values = match field.field_type {
        FieldType::Enum(id) => {
            Schema::get().enum_type(id).values.iter().map(|(_, name)| *name).collect()
        }
        _ => Vec::new(),
    };
    ListedField { example: example(field, &path), type_name: field.type_name(), values, path }
}
