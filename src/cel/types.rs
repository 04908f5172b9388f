//! The types of values.

use std::fmt;
use std::sync::Arc;

/// The type of an expression, as the checker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    /// The type of a type, such as `type(1)`.
    Type,
    List(Arc<Type>),
    /// The types of the keys and of the values.
    Map(Arc<Type>, Arc<Type>),
    /// A message that the schema describes.
    Message(&'static str),
    /// An enum that the schema describes. Its values are also integers.
    Enum(&'static str),
    /// Known only when the expression is evaluated.
    Dyn,
    /// A part with a fault. It matches every type, so that one mistake is one fault.
    Broken,
    /// In the parameters of a function: the same type at each place.
    Any(u8),
}

impl Type {
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    /// Whether nothing can be said about the type before evaluation.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Dyn | Self::Broken)
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double | Self::Enum(_))
    }

    fn is_nullable(&self) -> bool {
        matches!(self, Self::Message(_) | Self::Timestamp | Self::Duration)
    }

    /// The type of a list whose elements have both types.
    pub(super) fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Broken, _) | (_, Self::Broken) => Self::Broken,
            (Self::Enum(_), Self::Int) | (Self::Int, Self::Enum(_)) => Self::Int,
            (Self::Null, nullable) | (nullable, Self::Null) if nullable.is_nullable() => {
                nullable.clone()
            }
            _ if self == other => self.clone(),
            (Self::List(a), Self::List(b)) => Self::list(a.join(b)),
            (Self::Map(a, x), Self::Map(b, y)) => Self::map(a.join(b), x.join(y)),
            _ => Self::Dyn,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::Type => f.write_str("type"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Message(name) | Self::Enum(name) => f.write_str(name),
            Self::Dyn | Self::Broken | Self::Any(_) => f.write_str("any type"),
        }
    }
}

/// The types that the `Any` types of one call stand for.
#[derive(Debug, Default)]
pub(super) struct Bindings([Option<Type>; 3]);

impl Bindings {
    /// Whether a value of the type `actual` can be used where `wanted` is expected.
    pub(super) fn accept(&mut self, wanted: &Type, actual: &Type) -> bool {
        match (wanted, actual) {
            (Type::Any(number), _) => self.bind(*number, actual),
            (Type::Dyn | Type::Broken, _) | (_, Type::Dyn | Type::Broken) => true,
            (Type::Enum(_), Type::Int) | (Type::Int, Type::Enum(_)) => true,
            (Type::List(wanted), Type::List(actual)) => self.accept(wanted, actual),
            (Type::Map(key, value), Type::Map(actual_key, actual_value)) => {
                self.accept(key, actual_key) && self.accept(value, actual_value)
            }
            (Type::Null, nullable) | (nullable, Type::Null) if nullable.is_nullable() => true,
            _ => wanted == actual,
        }
    }

    fn bind(&mut self, number: u8, actual: &Type) -> bool {
        let Some(bound) = self.0.get(usize::from(number)).cloned() else { return false };
        let Some(bound) = bound else {
            self.0[usize::from(number)] = Some(actual.clone());
            return true;
        };
        let fits = Self::default().accept(&bound, actual);
        if fits && (bound.is_open() || bound == Type::Null) {
            self.0[usize::from(number)] = Some(actual.clone());
        }
        fits
    }

    /// `declared`, with the bound types in it.
    pub(super) fn resolve(&self, declared: &Type) -> Type {
        match declared {
            Type::Any(number) => {
                let bound = self.0.get(usize::from(*number)).cloned().flatten();
                bound.unwrap_or(Type::Dyn)
            }
            Type::List(element) => Type::list(self.resolve(element)),
            Type::Map(key, value) => Type::map(self.resolve(key), self.resolve(value)),
            _ => declared.clone(),
        }
    }
}

/// Whether values of both types can be equal.
pub(super) fn are_comparable(a: &Type, b: &Type) -> bool {
    Bindings::default().accept(a, b)
}
