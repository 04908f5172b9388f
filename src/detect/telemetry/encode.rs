//! Encodes events in protobuf's JSON as wire bytes, so that everything after reading has only one
//! format.
//!
//! The JSON is read without a tree of it in memory, so a hostile text cannot use much more memory
//! than its own length.

use std::fmt;

use data_encoding::BASE64_NOPAD;
use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use super::{Field, FieldType, Message, Schema, root};
use crate::detect::wire::{WireType, put_bytes, put_number, put_tag, put_varint};

/// A JSON text that is not an event.
#[derive(Debug, Error)]
#[error("not an event in JSON: {0}")]
pub struct EncodeError(#[from] serde_json::Error);

/// The wire bytes of an event in protobuf's JSON. Names are as in the schema (`team_id`) or as in
/// JSON (`teamId`). Unknown fields and unknown names of enums are left out.
///
/// # Errors
/// If the text is not JSON, or if a value does not have the type of its field.
pub fn encode_json(text: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let event = MessageSeed(root()).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(event)
}

/// The wire bytes of an event in protobuf's JSON that was parsed before.
///
/// # Errors
/// If a value does not have the type of its field.
pub fn encode_value(event: &serde_json::Value) -> Result<Vec<u8>, EncodeError> {
    Ok(MessageSeed(root()).deserialize(event)?)
}

/// Reads a message and returns its wire bytes, with the fields sorted by number.
struct MessageSeed(&'static Message);

impl<'de> DeserializeSeed<'de> for MessageSeed {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object for {}", self.0.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<u8>, A::Error> {
        // One entry per field, however often a field occurs.
        let mut parts: Vec<(u32, Vec<u8>)> = Vec::new();
        while let Some(field) = map.next_key_seed(KeySeed(self.0))? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let at = parts.iter().position(|(number, _)| *number == field.number);
            let at = at.unwrap_or_else(|| {
                parts.push((field.number, Vec::new()));
                parts.len() - 1
            });
            map.next_value_seed(ValueSeed { field, is_item: false, out: &mut parts[at].1 })?;
        }
        parts.sort_unstable_by_key(|(number, _)| *number);
        Ok(parts.into_iter().flat_map(|(_, bytes)| bytes).collect())
    }
}

/// Finds the field with the name that is read.
struct KeySeed(&'static Message);

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a field of {}", self.0.name)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.field_in_json(name))
    }
}

/// Reads the value of a field, or an item of a repeated field, and appends it as a field.
struct ValueSeed<'a> {
    field: &'static Field,
    is_item: bool,
    out: &'a mut Vec<u8>,
}

impl ValueSeed<'_> {
    fn number(self, value: u64) {
        put_number(self.out, self.field.number, value);
    }

    fn bytes(self, value: &[u8]) {
        put_bytes(self.out, self.field.number, value);
    }

    /// Appends a whole number if the field's type can have it.
    fn integer<E: Error>(self, value: i128) -> Result<(), E> {
        let fits = match self.field.field_type {
            FieldType::Int32 | FieldType::Enum(_) => i32::try_from(value).is_ok(),
            FieldType::Int64 => i64::try_from(value).is_ok(),
            FieldType::Uint32 => u32::try_from(value).is_ok(),
            FieldType::Uint64 => u64::try_from(value).is_ok(),
            FieldType::Bool
            | FieldType::String
            | FieldType::Bytes
            | FieldType::Timestamp
            | FieldType::Message(_) => false,
        };
        if !fits || self.is_missing_list() {
            return Err(self.mismatch(&format!("the number {value}")));
        }
        // A negative number is written in 64 bits, also if the field has 32.
        self.number(value as u64);
        Ok(())
    }

    /// Whether the value must be a list.
    const fn is_missing_list(&self) -> bool {
        self.field.is_repeated() && !self.is_item
    }

    fn mismatch<E: Error>(&self, found: &str) -> E {
        let wanted = self.field.type_name();
        E::custom(format_args!("{}: expected {wanted}, found {found}", self.field.name))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.field.type_name(), self.field.name)
    }

    /// `null` means unset.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        if self.field.field_type != FieldType::Bool || self.is_missing_list() {
            return Err(self.mismatch(if value { "true" } else { "false" }));
        }
        self.number(u64::from(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    /// Some programs write whole numbers as `1.0` or `1e3`.
    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if value.fract() != 0.0 || value.abs() >= MOST_EXACT {
            return Err(self.mismatch("a fraction"));
        }
        self.integer(value as i128)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        if self.is_missing_list() {
            return Err(self.mismatch("a string"));
        }
        match self.field.field_type {
            FieldType::String => self.bytes(value.as_bytes()),
            FieldType::Bytes => match from_base64(value) {
                Some(bytes) => self.bytes(&bytes),
                None => return Err(self.mismatch("a string that is not base64")),
            },
            FieldType::Timestamp => match value.parse::<Timestamp>() {
                Ok(time) => self.bytes(&timestamp(time)),
                Err(_) => return Err(self.mismatch("a string that is not a time")),
            },
            FieldType::Enum(id) => {
                // A newer Santa may have more values. The event must not be lost because of one.
                if let Some(number) = Schema::get().enum_type(id).number_of(value) {
                    self.number(i64::from(number) as u64);
                }
            }
            FieldType::Int32 | FieldType::Int64 | FieldType::Uint32 | FieldType::Uint64 => {
                match value.parse::<i128>() {
                    Ok(number) => return self.integer(number),
                    Err(_) => return Err(self.mismatch("a string that is not a number")),
                }
            }
            FieldType::Bool | FieldType::Message(_) => return Err(self.mismatch("a string")),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.is_missing_list() {
            return Err(self.mismatch("a list"));
        }
        let Self { field, out, .. } = self;
        while list.next_element_seed(ValueSeed { field, is_item: true, out: &mut *out })?.is_some()
        {
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        if self.is_missing_list() {
            return Err(self.mismatch("an object"));
        }
        match self.field.field_type {
            FieldType::Message(id) => {
                let message = MessageSeed(Schema::get().message(id)).visit_map(map)?;
                self.bytes(&message);
            }
            FieldType::Timestamp => {
                let time = read_parts(map)?;
                self.bytes(&time);
            }
            FieldType::Bool
            | FieldType::Int32
            | FieldType::Int64
            | FieldType::Uint32
            | FieldType::Uint64
            | FieldType::String
            | FieldType::Bytes
            | FieldType::Enum(_) => return Err(self.mismatch("an object")),
        }
        Ok(())
    }
}

/// From this number on, a float is not exact: 2⁵³.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Protobuf accepts both alphabets of base64, with and without padding.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').bytes().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        _ => byte,
    });
    BASE64_NOPAD.decode(&text.collect::<Vec<_>>()).ok()
}

/// The message `google.protobuf.Timestamp`.
fn timestamp(time: Timestamp) -> Vec<u8> {
    // The nanoseconds of a `Timestamp` before 1970 are negative, those of protobuf never.
    let nanos = i64::from(time.subsec_nanosecond());
    let before = i64::from(nanos < 0);
    timestamp_parts(time.as_second() - before, nanos + before * 1_000_000_000)
}

fn timestamp_parts(seconds: i64, nanos: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, value) in [(1, seconds), (2, nanos)] {
        if value != 0 {
            put_tag(&mut bytes, number, WireType::Varint);
            put_varint(&mut bytes, value as u64);
        }
    }
    bytes
}

/// A time as an object with its two fields, for times that RFC 3339 cannot express.
fn read_parts<'de, A: MapAccess<'de>>(mut map: A) -> Result<Vec<u8>, A::Error> {
    let (mut seconds, mut nanos) = (0, 0);
    while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
        match name.as_ref() {
            "seconds" => seconds = map.next_value_seed(IntegerSeed)?,
            "nanos" => nanos = map.next_value_seed(IntegerSeed)?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(timestamp_parts(seconds, nanos))
}

/// Reads a number, which may be written as a text.
struct IntegerSeed;

impl<'de> DeserializeSeed<'de> for IntegerSeed {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for IntegerSeed {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<i64, E> {
        value.parse().map_err(|_| E::custom("expected a number"))
    }
}
