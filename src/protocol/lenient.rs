//! Reads requests leniently: an unexpected value is converted or ignored instead of refused.
//!
//! Old and third-party clients send numbers as strings, floats for integers, and nulls. Newer
//! clients send unknown words. A value that cannot be converted counts as absent, and all other
//! fields of the message are kept. However, a list of too many messages is an error.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Number;

use super::words::{Open, Word, parse};

/// Maximum strings in a list. A short string needs several times more bytes in memory than in a
/// body, so a limit on bodies does not limit memory well enough.
pub(super) const MAX_TEXTS: usize = 10_000;

pub(super) trait Lenient: Sized {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

pub(super) fn read<'de, T: Lenient, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// Numbers and booleans become text. NUL characters are removed, because databases cannot store
/// them. Some clients pad texts with NUL characters (the fixed-length names of `uname`).
impl Lenient for String {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Scalar::deserialize(deserializer)?.into_text().into_owned())
    }
}

/// A single string becomes a list of one string. Empty strings, and strings after the first
/// [`MAX_TEXTS`], are ignored.
impl Lenient for Vec<String> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts)
    }
}

/// Fractions are cut off. A number that is out of range becomes the nearest number in range.
impl Lenient for u32 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Scalar::deserialize(deserializer)?.into_number() as Self)
    }
}

impl Lenient for i32 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Scalar::deserialize(deserializer)?.into_number() as Self)
    }
}

impl Lenient for f64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Scalar::deserialize(deserializer)?.into_number())
    }
}

impl Lenient for bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Scalar::deserialize(deserializer)? {
            Scalar::Nothing => false,
            Scalar::Flag(flag) => flag,
            Scalar::Number(number) => number.as_f64() != Some(0.0),
            Scalar::Text(text) => {
                let text = text.trim();
                ["true", "yes", "1"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
            }
        })
    }
}

/// A word by name or number. An unknown word counts as absent.
impl<W: Word> Lenient for Option<W> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(parse(&Scalar::deserialize(deserializer)?.into_text()))
    }
}

/// `null`, an empty string, a list or an object becomes the default.
impl<W: Word + Default> Lenient for Open<W> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let said = Scalar::deserialize(deserializer)?.into_text();
        Ok(if said.is_empty() { Self::default() } else { Self::read(said) })
    }
}

/// Reads a message inside another message. A value that is not an object counts as absent.
pub(super) fn record<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Record(PhantomData))
}

/// A message that is an element of a list in a request.
///
/// A list with more than `MAX` messages is an error. An empty message is two bytes in a body and
/// hundreds in memory, so a limit on bodies does not limit memory well enough.
pub(super) trait Listed {
    const MAX: usize;
}

/// Ignores values in the list that are not objects.
impl<T: Listed + DeserializeOwned> Lenient for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Records(PhantomData))
    }
}

/// A JSON value that is not a list or an object. Lists and objects are read as `Nothing`.
enum Scalar<'de> {
    Nothing,
    Flag(bool),
    Number(Number),
    Text(Cow<'de, str>),
}

impl<'de> Scalar<'de> {
    fn into_text(self) -> Cow<'de, str> {
        match self {
            Self::Nothing => Cow::Borrowed(""),
            Self::Flag(flag) => Cow::Owned(flag.to_string()),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Text(text) if text.contains('\0') => Cow::Owned(text.replace('\0', "")),
            Self::Text(text) => text,
        }
    }

    fn into_number(self) -> f64 {
        let number = match self {
            Self::Nothing => None,
            Self::Flag(flag) => Some(f64::from(u8::from(flag))),
            Self::Number(number) => number.as_f64(),
            Self::Text(text) => text.trim().parse().ok(),
        };
        number.filter(|number| number.is_finite()).unwrap_or(0.0)
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalars)
    }
}

struct Scalars;

impl<'de> Visitor<'de> for Scalars {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Scalar::Nothing, Scalar::Number))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        skip_list(list)?;
        Ok(Scalar::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        skip_object(object)?;
        Ok(Scalar::Nothing)
    }
}

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<(), A::Error> {
    while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Implements a visitor's methods for all scalars except strings. Each method ignores the scalar
/// and returns the given value.
macro_rules! scalars_are {
    ($nothing:expr) => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    scalars_are!(Vec::new());

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        let text = Scalar::Text(Cow::Borrowed(value)).into_text();
        Ok(if text.is_empty() { Vec::new() } else { vec![text.into_owned()] })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(scalar) = list.next_element::<Scalar<'de>>()? {
            let text = scalar.into_text();
            if !text.is_empty() && texts.len() < MAX_TEXTS {
                texts.push(text.into_owned());
            }
        }
        Ok(texts)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        skip_object(object)?;
        Ok(Vec::new())
    }
}

struct Record<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Record<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    scalars_are!(None);

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        skip_list(list)?;
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(Some)
    }
}

struct Element<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        record(deserializer).map(Self)
    }
}

struct Records<T>(PhantomData<T>);

impl<'de, T: Listed + Deserialize<'de>> Visitor<'de> for Records<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    scalars_are!(Vec::new());

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut records = Vec::new();
        while let Some(Element(record)) = list.next_element::<Element<T>>()? {
            if records.len() == T::MAX {
                return Err(Error::custom(format_args!("a list of more than {} items", T::MAX)));
            }
            records.extend(record);
        }
        Ok(records)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        skip_object(object)?;
        Ok(Vec::new())
    }
}
