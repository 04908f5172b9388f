//! The values of expressions.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::span::Span;

#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    Timestamp(Timestamp),
    Duration(SignedDuration),
    /// The name of a type.
    Type(&'static str),
    List(Arc<[Value]>),
    Map(Arc<Map>),
    Message(Arc<dyn Record>),
}

/// A message whose fields are read when the expression needs them.
pub trait Record: fmt::Debug + Send + Sync {
    fn field(&self, name: &str) -> Resolved;
}

/// What the caller knows about a variable or a field.
#[derive(Clone, Debug)]
pub enum Resolved {
    Value(Value),
    /// It is known to have no value. The schema says what the expression reads.
    Absent,
    /// It has a value that the caller does not know.
    Unknown,
    /// Reading it is an error, for example because it belongs to another kind of event.
    Inaccessible,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `&&`, `||`, `all` and `exists` ignore an error if another operand decides.
    Error { reason: ErrorReason, span: Span },
    /// The result depends on these variables and fields, which the caller does not know.
    Unknown(BTreeSet<Arc<str>>),
    /// The evaluation was ended because it was too expensive.
    CostLimit,
}

pub type Outcome = Result<Value, Stop>;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorReason {
    #[error("no such key")]
    NoSuchKey,
    #[error("the field is absent")]
    NoSuchField,
    #[error("the field belongs to another kind of message")]
    Inaccessible,
    #[error("the index is out of range")]
    OutOfRange,
    #[error("division by zero")]
    DivisionByZero,
    #[error("the result is out of range")]
    Overflow,
    #[error("the operation does not support a value of the type {0}")]
    Unsupported(&'static str),
    #[error("the key is in the map twice")]
    DuplicateKey,
    #[error("invalid regular expression")]
    Pattern,
    #[error("the text or number cannot be converted to {0}")]
    Conversion(&'static str),
    #[error("unknown time zone")]
    TimeZone,
    #[error("the format is invalid or does not match its arguments")]
    Format,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error { reason, .. } => write!(f, "error: {reason}"),
            Self::Unknown(names) => {
                let names: Vec<&str> = names.iter().map(|name| &**name).collect();
                write!(f, "unknown: depends on {}", names.join(", "))
            }
            Self::CostLimit => f.write_str("error: the evaluation is too expensive"),
        }
    }
}

/// A key of a map. Integers of both types with the same number are the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Bool(bool),
    Number(i128),
    Text(Arc<str>),
}

impl Key {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self::Bool(*flag)),
            Value::Int(number) => Some(Self::Number((*number).into())),
            Value::Uint(number) => Some(Self::Number((*number).into())),
            Value::Double(number) => whole(*number).map(Self::Number),
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Null
            | Value::Bytes(_)
            | Value::Timestamp(_)
            | Value::Duration(_)
            | Value::Type(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Message(_) => None,
        }
    }
}

/// The integer with the value of `number`, if there is one that fits in 64 bits.
fn whole(number: f64) -> Option<i128> {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    let is_whole = number.fract() == 0.0 && number.abs() < LIMIT;
    is_whole.then_some(number as i128)
}

#[derive(Clone, Debug, Default)]
pub struct Map(BTreeMap<Key, (Value, Value)>);

impl Map {
    /// A map with texts as keys. A later entry replaces an earlier entry with the same key.
    pub fn of_texts<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        let entry = |(key, value): (K, Value)| {
            let key: Arc<str> = key.into();
            (Key::Text(key.clone()), (Value::String(key), value))
        };
        Self(entries.into_iter().map(entry).collect())
    }

    pub(super) fn insert(&mut self, key: Value, value: Value) -> Result<(), ErrorReason> {
        let unsupported = ErrorReason::Unsupported(key.kind());
        let is_double = matches!(key, Value::Double(_));
        let found = Key::of(&key).filter(|_| !is_double).ok_or(unsupported)?;
        match self.0.insert(found, (key, value)) {
            None => Ok(()),
            Some(_) => Err(ErrorReason::DuplicateKey),
        }
    }

    pub(super) fn get(&self, key: &Value) -> Option<&Value> {
        self.0.get(&Key::of(key)?).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &Arc<str>) -> Option<&Value> {
        self.0.get(&Key::Text(key.clone())).map(|(_, value)| value)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Value> {
        self.0.values().map(|(key, _)| key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values().map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Value {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    pub fn texts<T: Into<Arc<str>>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// The value as a literal of the language, cut after `longest` bytes.
    pub fn excerpt(&self, longest: usize) -> String {
        let mut excerpt = Excerpt { text: String::new(), longest };
        // Writing fails only where the text is cut.
        match write!(excerpt, "{self}") {
            Ok(()) => excerpt.text,
            Err(_) => format!("{}…", excerpt.text),
        }
    }

    /// The name of the value's type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Message(_) => "message",
        }
    }

    /// Whether this is the default value of its type, as an absent field has it.
    pub(super) fn is_default(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(flag) => !flag,
            Self::Int(number) => *number == 0,
            Self::Uint(number) => *number == 0,
            Self::Double(number) => number.to_bits() == 0,
            Self::String(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::List(values) => values.is_empty(),
            Self::Map(map) => map.len() == 0,
            Self::Timestamp(_) | Self::Duration(_) | Self::Type(_) | Self::Message(_) => false,
        }
    }
}

/// A text that refuses to become longer than `longest` bytes.
struct Excerpt {
    text: String,
    longest: usize,
}

impl Write for Excerpt {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = self.longest.saturating_sub(self.text.len());
        if part.len() <= room {
            self.text.push_str(part);
            return Ok(());
        }
        let end = (0..=room).rev().find(|end| part.is_char_boundary(*end)).unwrap_or_default();
        self.text.push_str(&part[..end]);
        Err(fmt::Error)
    }
}

/// Numbers of different types with the same value are equal. Values of other different types are
/// not.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len()
                    && a.0.iter().all(|(key, (_, value))| {
                        b.0.get(key).is_some_and(|(_, other)| value == other)
                    })
            }
            (Self::Message(a), Self::Message(b)) => Arc::ptr_eq(a, b),
            _ => compare_numbers(self, other) == Some(Ordering::Equal),
        }
    }
}

/// The order of two numbers. None if a value is not a number.
fn compare_numbers(a: &Value, b: &Value) -> Option<Ordering> {
    match (number(a)?, number(b)?) {
        (Number::Whole(a), Number::Whole(b)) => Some(a.cmp(&b)),
        (Number::Double(a), Number::Double(b)) => a.partial_cmp(&b),
        (Number::Whole(a), Number::Double(b)) => compare_with_double(a, b),
        (Number::Double(a), Number::Whole(b)) => compare_with_double(b, a).map(Ordering::reverse),
    }
}

enum Number {
    Whole(i128),
    Double(f64),
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(number) => Some(Number::Whole((*number).into())),
        Value::Uint(number) => Some(Number::Whole((*number).into())),
        Value::Double(number) => Some(Number::Double(*number)),
        _ => None,
    }
}

/// Exact, although not every integer of 64 bits has a double.
fn compare_with_double(a: i128, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    // A double outside of the range of i128 becomes the nearest end of that range.
    let floor = b.floor();
    let order = a.cmp(&(floor as i128));
    Some(if order == Ordering::Equal && b > floor { Ordering::Less } else { order })
}

/// The order of two values of the same type, or of two numbers.
pub(super) fn compare(a: &Value, b: &Value) -> Result<Option<Ordering>, ErrorReason> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ if number(a).is_some() && number(b).is_some() => compare_numbers(a, b),
        _ => return Err(ErrorReason::Unsupported(b.kind())),
    })
}

/// The value as a literal of the language, where it has one.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Uint(number) => write!(f, "{number}u"),
            Self::Double(number) => write!(f, "{number:?}"),
            Self::String(text) => write!(f, "\"{}\"", text.escape_debug()),
            Self::Bytes(bytes) => write!(f, "b\"{}\"", bytes.escape_ascii()),
            Self::Timestamp(time) => write!(f, "timestamp(\"{time}\")"),
            Self::Duration(duration) => {
                write!(f, "duration(\"{}\")", super::eval::duration_text(*duration))
            }
            Self::Type(name) => f.write_str(name),
            Self::List(values) => {
                f.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    let separator = if place == 0 { "" } else { ", " };
                    write!(f, "{separator}{value}")?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (place, (key, value)) in map.0.values().enumerate() {
                    let separator = if place == 0 { "" } else { ", " };
                    write!(f, "{separator}{key}: {value}")?;
                }
                f.write_str("}")
            }
            Self::Message(_) => f.write_str("(message)"),
        }
    }
}
