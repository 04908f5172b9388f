//! The values of expressions from the bytes of events.

use std::fmt;
use std::sync::{Arc, LazyLock};

use data_encoding::HEXLOWER;
use jiff::Timestamp;

use super::projection::{Raw, Values};
use crate::cel::{Record, Resolved, Type, Value};
use crate::detect::telemetry::{Field, FieldType, Message, Schema};
use crate::detect::wire::{Fields, WireValue, packed, text};

/// The value of a slot with the type `kind`.
pub(super) fn resolve(
    values: &Values,
    slot: usize,
    event: &[u8],
    field: &'static Field,
    kind: &Type,
) -> Resolved {
    match (kind, values.get(slot)) {
        (_, Raw::Absent) => Resolved::Absent,
        (Type::List(element), Raw::Present) => {
            let items = values.items(slot).filter_map(|raw| value(raw, event, field, element));
            Resolved::Value(Value::List(items.collect()))
        }
        (_, Raw::Present) => Resolved::Value(present()),
        (kind, raw) => value(raw, event, field, kind).map_or(Resolved::Absent, Resolved::Value),
    }
}

/// A message that exists. Its fields are not known.
pub(super) fn present() -> Value {
    static PRESENT: LazyLock<Arc<Existing>> = LazyLock::new(|| Arc::new(Existing));
    Value::Message(PRESENT.clone())
}

#[derive(Debug)]
struct Existing;

impl Record for Existing {
    fn field(&self, _: &str) -> Resolved {
        Resolved::Absent
    }
}

fn value(raw: Raw, event: &[u8], field: &'static Field, kind: &Type) -> Option<Value> {
    match raw {
        Raw::Absent | Raw::Present => None,
        Raw::Number(number) => Some(of_number(number, field.field_type, kind)),
        Raw::Bytes(..) => of_bytes(raw.bytes(event)?, field, kind),
    }
}

fn of_number(number: u64, field_type: FieldType, kind: &Type) -> Value {
    let signed = match field_type {
        FieldType::Bool => return Value::Bool(number != 0),
        FieldType::Int32 | FieldType::Enum(_) => i64::from(number as i32),
        FieldType::Uint32 => i64::from(number as u32),
        FieldType::Uint64 if *kind == Type::Uint => return Value::Uint(number),
        FieldType::Uint64 => i64::try_from(number).unwrap_or(i64::MAX),
        FieldType::Int64
        | FieldType::String
        | FieldType::Bytes
        | FieldType::Timestamp
        | FieldType::Message(_) => number as i64,
    };
    match kind {
        Type::Uint => Value::Uint(u64::try_from(signed).unwrap_or_default()),
        _ => Value::Int(signed),
    }
}

fn of_bytes(bytes: &[u8], field: &'static Field, kind: &Type) -> Option<Value> {
    match (field.field_type, kind) {
        (FieldType::Timestamp, _) => time(bytes).map(Value::Timestamp),
        (FieldType::Message(id), _) => {
            let message = Schema::get().message(id);
            Some(Value::Message(Arc::new(WireRecord { message, bytes: bytes.into() })))
        }
        (_, Type::Bytes) => Some(Value::Bytes(bytes.into())),
        _ => Some(Value::text(text_of(bytes, field))),
    }
}

/// The text of a field. Hashes of code are binary, and every other field of bytes is a text.
pub(in crate::detect) fn text_of(bytes: &[u8], field: &Field) -> String {
    match (field.field_type, field.name) {
        (FieldType::Bytes, "cdhash") => HEXLOWER.encode(bytes),
        _ => text(bytes).into_owned(),
    }
}

/// The time that a message contains. None if it is out of range.
pub(in crate::detect) fn time(bytes: &[u8]) -> Option<Timestamp> {
    let (mut seconds, mut nanos) = (0_i64, 0_i32);
    for field in Fields::new(bytes) {
        let field = field.ok()?;
        match (field.number, field.value) {
            (1, WireValue::Varint(number)) => seconds = number as i64,
            (2, WireValue::Varint(number)) => nanos = number as i32,
            _ => {}
        }
    }
    Timestamp::new(seconds, nanos).ok()
}

/// An item of a list of messages.
struct WireRecord {
    message: &'static Message,
    bytes: Arc<[u8]>,
}

impl fmt::Debug for WireRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.message.name).finish_non_exhaustive()
    }
}

impl Record for WireRecord {
    /// Reads the field from the bytes. Parts that are not valid are ignored.
    fn field(&self, name: &str) -> Resolved {
        let Some(field) = self.message.field_named(name) else { return Resolved::Absent };
        let values = Fields::new(&self.bytes).map_while(Result::ok);
        let values = values.filter(|found| found.number == field.number).map(|found| found.value);
        if field.is_repeated() {
            let items: Vec<Value> = values.flat_map(|value| items(value, field)).collect();
            return match items.is_empty() {
                true => Resolved::Absent,
                false => Resolved::Value(Value::List(items.into())),
            };
        }
        if let FieldType::Message(id) = field.field_type {
            let parts: Vec<&[u8]> = values.filter_map(bytes_of).collect();
            if parts.is_empty() {
                return Resolved::Absent;
            }
            let message = Schema::get().message(id);
            let bytes = parts.concat().into();
            return Resolved::Value(Value::Message(Arc::new(Self { message, bytes })));
        }
        let last = values.filter_map(|value| single(value, field)).last();
        last.map_or(Resolved::Absent, Resolved::Value)
    }
}

fn bytes_of(value: WireValue<'_>) -> Option<&[u8]> {
    match value {
        WireValue::Bytes(bytes) => Some(bytes),
        WireValue::Varint(_) | WireValue::Fixed64(_) | WireValue::Fixed32(_) => None,
    }
}

fn single(value: WireValue<'_>, field: &'static Field) -> Option<Value> {
    let kind = match field.field_type {
        FieldType::Uint32 | FieldType::Uint64 => Type::Uint,
        _ => Type::Dyn,
    };
    match (field.field_type, value) {
        (
            FieldType::String | FieldType::Bytes | FieldType::Timestamp | FieldType::Message(_),
            WireValue::Bytes(bytes),
        ) => of_bytes(bytes, field, &kind),
        (
            FieldType::String | FieldType::Bytes | FieldType::Timestamp | FieldType::Message(_),
            _,
        ) => None,
        (field_type, WireValue::Varint(number)) => Some(of_number(number, field_type, &kind)),
        (_, _) => None,
    }
}

fn items(value: WireValue<'_>, field: &'static Field) -> Vec<Value> {
    let is_text = matches!(
        field.field_type,
        FieldType::String | FieldType::Bytes | FieldType::Timestamp | FieldType::Message(_)
    );
    match value {
        WireValue::Bytes(numbers) if !is_text => {
            let numbers = packed(numbers).map_while(Result::ok);
            numbers.filter_map(|number| single(WireValue::Varint(number), field)).collect()
        }
        value => single(value, field).into_iter().collect(),
    }
}
