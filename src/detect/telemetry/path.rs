//! Fields by their dotted path, such as `execution.target.executable.path`.

use thiserror::Error;

use super::{Field, FieldType, Message, Schema};

/// The fields that lead from an event to a value.
#[derive(Clone, Debug)]
pub struct FieldPath {
    fields: Vec<&'static Field>,
}

/// A path with a name that is not a field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no field \"{name}\" in {message}")]
pub struct UnknownField {
    pub message: &'static str,
    pub name: String,
    /// The name that is probably meant.
    pub nearest: Option<&'static str>,
}

impl FieldPath {
    /// Finds a field by its dotted path from `message`.
    ///
    /// # Errors
    /// If a name is not a field, or a name follows a field without fields.
    pub fn find(message: &'static Message, path: &str) -> Result<Self, UnknownField> {
        let mut fields = Vec::new();
        let mut inside = Some(message);
        let mut place = message.name;
        for name in path.split('.') {
            let field = inside.and_then(|message| message.field_named(name));
            let Some(field) = field else {
                return Err(UnknownField {
                    message: place,
                    name: name.to_owned(),
                    nearest: inside.and_then(|message| nearest(message, name)),
                });
            };
            fields.push(field);
            inside = match field.field_type {
                FieldType::Message(id) => Some(Schema::get().message(id)),
                FieldType::Bool
                | FieldType::Int32
                | FieldType::Int64
                | FieldType::Uint32
                | FieldType::Uint64
                | FieldType::String
                | FieldType::Bytes
                | FieldType::Timestamp
                | FieldType::Enum(_) => None,
            };
            place = inside.map_or(field.name, |message| message.name);
        }
        Ok(Self { fields })
    }

    /// The fields, the outermost first. There is at least one.
    pub fn fields(&self) -> &[&'static Field] {
        &self.fields
    }

    /// The field that the path ends with.
    pub fn last(&self) -> Option<&'static Field> {
        self.fields.last().copied()
    }
}

fn nearest(message: &'static Message, name: &str) -> Option<&'static str> {
    let distance = |field: &Field| strsim::damerau_levenshtein(name, field.name);
    let fields = message.fields.iter().map(|field| (distance(field), field.name));
    let near = fields.filter(|(distance, known)| *distance <= known.len().div_ceil(3));
    near.min().map(|(_, known)| known)
}
