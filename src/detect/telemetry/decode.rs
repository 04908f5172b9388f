//! Decodes events for display, as protobuf's JSON.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Field, FieldType, Message, Presence, Schema, root};
use crate::detect::wire::{Fields, WireError, WireValue, packed, text};

/// Maximum values in an event. A field of two bytes would need a hundred bytes as JSON.
const MOST_VALUES: usize = 500_000;

/// The seconds of the years 1 to 9999, which a time in JSON can have.
const SECONDS_IN_JSON: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// An event as protobuf's JSON, with the names of the schema: numbers of 64 bits are texts, bytes
/// are base64, enums are names, times are RFC 3339. Unset and unknown fields are left out.
///
/// The result can be encoded again: see [`super::encode_json`].
///
/// # Errors
/// If the event or one of its submessages is not a message, or has too many fields.
pub fn decode(event: &[u8]) -> Result<Value, WireError> {
    let mut object = Map::new();
    let mut left = MOST_VALUES;
    merge(root(), event, &mut object, &mut left)?;
    Ok(Value::Object(object))
}

/// Adds the fields of a message. No message contains itself, so the depth is that of the schema.
fn merge(
    message: &Message,
    bytes: &[u8],
    object: &mut Map<String, Value>,
    left: &mut usize,
) -> Result<(), WireError> {
    for found in Fields::new(bytes) {
        let found = found?;
        *left = left.checked_sub(1).ok_or(WireError::TooManyFields)?;
        let Some(field) = message.field(found.number) else { continue };
        if field.is_repeated() {
            push(field, found.value, object, left)?;
            continue;
        }
        if let (FieldType::Message(id), WireValue::Bytes(inner)) = (field.field_type, found.value) {
            remove_alternatives(message, field, object);
            let child = object.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(child) = child {
                merge(Schema::get().message(id), inner, child, left)?;
            }
        } else if let Some(value) = scalar(field.field_type, found.value)? {
            remove_alternatives(message, field, object);
            object.insert(field.name.to_owned(), value);
        }
    }
    Ok(())
}

/// Of a group of alternatives, only the last one that was written is set.
fn remove_alternatives(message: &Message, field: &Field, object: &mut Map<String, Value>) {
    if let Presence::Oneof(_) = field.presence {
        let others = message
            .fields
            .iter()
            .filter(|other| other.presence == field.presence && other.number != field.number);
        others.for_each(|other| drop(object.remove(other.name)));
    }
}

/// Adds the items of a repeated field. Packed numbers are several items.
fn push(
    field: &Field,
    value: WireValue<'_>,
    object: &mut Map<String, Value>,
    left: &mut usize,
) -> Result<(), WireError> {
    let mut items = Vec::new();
    match (field.field_type, value) {
        (FieldType::Message(id), WireValue::Bytes(inner)) => {
            let mut item = Map::new();
            merge(Schema::get().message(id), inner, &mut item, left)?;
            items.push(Value::Object(item));
        }
        (FieldType::String | FieldType::Bytes | FieldType::Timestamp, _) => {
            items.extend(scalar(field.field_type, value)?);
        }
        (_, WireValue::Bytes(numbers)) => {
            for number in packed(numbers) {
                *left = left.checked_sub(1).ok_or(WireError::TooManyFields)?;
                items.extend(scalar(field.field_type, WireValue::Varint(number?))?);
            }
        }
        (_, _) => items.extend(scalar(field.field_type, value)?),
    }
    // A list without items is unset.
    if !items.is_empty() {
        let list = object.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.append(&mut items);
        }
    }
    Ok(())
}

/// A value that is not a message. `None` if it has another type than the schema, which is handled
/// like an unknown field.
fn scalar(field_type: FieldType, value: WireValue<'_>) -> Result<Option<Value>, WireError> {
    Ok(match (field_type, value) {
        (FieldType::Bool, WireValue::Varint(number)) => Some((number != 0).into()),
        (FieldType::Int32, WireValue::Varint(number)) => Some((number as i32).into()),
        (FieldType::Uint32, WireValue::Varint(number)) => Some((number as u32).into()),
        (FieldType::Int64, WireValue::Varint(number)) => Some((number as i64).to_string().into()),
        (FieldType::Uint64, WireValue::Varint(number)) => Some(number.to_string().into()),
        (FieldType::Enum(id), WireValue::Varint(number)) => {
            let number = number as i32;
            let name = Schema::get().enum_type(id).name_of(number);
            Some(name.map_or_else(|| number.into(), Value::from))
        }
        (FieldType::String, WireValue::Bytes(bytes)) => Some(text(bytes).into()),
        (FieldType::Bytes, WireValue::Bytes(bytes)) => Some(BASE64.encode(bytes).into()),
        (FieldType::Timestamp, WireValue::Bytes(bytes)) => Some(time(bytes)?),
        (_, _) => None,
    })
}

/// A time that JSON cannot express is written as its two fields.
fn time(bytes: &[u8]) -> Result<Value, WireError> {
    let (mut seconds, mut nanos) = (0_i64, 0_i32);
    for field in Fields::new(bytes) {
        let field = field?;
        match (field.number, field.value) {
            (1, WireValue::Varint(number)) => seconds = number as i64,
            (2, WireValue::Varint(number)) => nanos = number as i32,
            _ => {}
        }
    }
    let fits = SECONDS_IN_JSON.contains(&seconds) && (0..=999_999_999).contains(&nanos);
    let time = if fits { Timestamp::new(seconds, nanos).ok() } else { None };
    Ok(match time {
        Some(time) => time.to_string().into(),
        None => serde_json::json!({ "seconds": seconds.to_string(), "nanos": nanos }),
    })
}
