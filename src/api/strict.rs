//! Strict deserialization of requests. By default, serde reads a struct from an array, ignores
//! unknown fields unless a type denies them, and keeps the last value if a map contains a key
//! twice. Each of these behaviors would hide a mistake in a request.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

/// A value that was read strictly: each struct was an object without unknown fields, and no object
/// contained a key twice.
#[derive(Clone, Copy, Debug)]
pub struct Strict<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Checked::value(deserializer)).map(Self)
    }
}

/// The kind of value that is expected next.
#[derive(Clone, Copy)]
enum Expected {
    /// Any kind of value.
    Value,
    /// A struct with these fields.
    Struct(&'static [&'static str]),
    /// The name of one of these fields.
    Name(&'static [&'static str]),
    /// A whole number. The text describes the valid numbers. 1.0 counts as a whole number, because
    /// JSON has only one number type.
    Integer(&'static str),
}

/// Wraps a deserializer, a visitor or a similar serde type, and checks the values that the
/// wrapped type reads.
struct Checked<T> {
    inner: T,
    expected: Expected,
}

impl<T> Checked<T> {
    const fn value(inner: T) -> Self {
        Self { inner, expected: Expected::Value }
    }
}

/// Defines methods of a deserializer that wrap the visitor and call the same method of the inner
/// deserializer.
macro_rules! pass_on {
    ($($method:ident($($name:ident: $kind:ty),*);)+) => {
        $(
            fn $method<V: Visitor<'de>>(self, $($name: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
                self.inner.$method($($name,)* Checked { inner: visitor, expected: self.expected })
            }
        )+
    };
}

/// Defines methods of a deserializer that read whole numbers.
macro_rules! integers {
    ($($method:ident: $expected:literal;)+) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
                let expected = Expected::Integer($expected);
                let read = self.inner.$method(Checked { inner: visitor, expected });
                read.map_err(|error| in_words(error, $expected))
            }
        )+
    };
}

/// Errors of the standard library about numbers and booleans. serde_urlencoded returns them too.
const OF_PARSERS: [&str; 5] = [
    "invalid digit found in string",
    "number too large to fit in target type",
    "number too small to fit in target type",
    "cannot parse integer from empty string",
    "provided string was not `true` or `false`",
];

/// Replaces a parser's error about a number or boolean in a query with an error in plain words.
fn in_words<E: Error>(error: E, expected: &str) -> E {
    match OF_PARSERS.contains(&error.to_string().as_str()) {
        true => E::custom(format_args!("expected {expected}")),
        false => error,
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Checked<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Checked { inner: visitor, expected: Expected::Struct(fields) })
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let read = self.inner.deserialize_bool(Checked { inner: visitor, expected: self.expected });
        read.map_err(|error| in_words(error, "true or false"))
    }

    integers! {
        deserialize_i8: "a whole number from -128 to 127";
        deserialize_i16: "a whole number from -32768 to 32767";
        deserialize_i32: "a whole number from -2147483648 to 2147483647";
        deserialize_i64: "a whole number from -9223372036854775808 to 9223372036854775807";
        deserialize_u8: "a whole number from 0 to 255";
        deserialize_u16: "a whole number from 0 to 65535";
        deserialize_u32: "a whole number from 0 to 4294967295";
        deserialize_u64: "a whole number from 0 to 18446744073709551615";
    }

    pass_on! {
        deserialize_any();
        deserialize_i128();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

impl<V> Checked<V> {
    /// If a whole number is expected, an error shows the valid range instead of a Rust type.
    fn number<T, E: Error>(
        self,
        found: Unexpected<'_>,
        read: impl FnOnce(V) -> Result<T, E>,
    ) -> Result<T, E> {
        read(self.inner).map_err(|error| match self.expected {
            Expected::Integer(expected) => E::invalid_value(found, &expected),
            Expected::Value | Expected::Struct(_) | Expected::Name(_) => error,
        })
    }

    fn check_name<E: Error>(&self, name: &str) -> Result<(), E> {
        match self.expected {
            Expected::Name(fields) if !fields.contains(&name) => {
                Err(E::unknown_field(name, fields))
            }
            Expected::Name(_) | Expected::Struct(_) | Expected::Value | Expected::Integer(_) => {
                Ok(())
            }
        }
    }
}

/// Defines methods of a visitor that call the same method of the inner visitor.
macro_rules! visit {
    ($($method:ident: $kind:ty;)+) => {
        $(
            fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
                self.inner.$method(value)
            }
        )+
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Checked<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expected {
            Expected::Struct(_) => f.write_str("an object"),
            Expected::Integer(expected) => f.write_str(expected),
            Expected::Value | Expected::Name(_) => self.inner.expecting(f),
        }
    }

    visit! {
        visit_bool: bool;
        visit_i8: i8;
        visit_i16: i16;
        visit_i32: i32;
        visit_i128: i128;
        visit_u8: u8;
        visit_u16: u16;
        visit_u32: u32;
        visit_u128: u128;
        visit_f32: f32;
        visit_char: char;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
        visit_byte_buf: Vec<u8>;
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.number(Unexpected::Signed(value), |inner| inner.visit_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.number(Unexpected::Unsigned(value), |inner| inner.visit_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        // The cast saturates. Every i64 and every u64 fits into an i128.
        let whole = value as i128;
        let is_whole = matches!(self.expected, Expected::Integer(_)) && whole as f64 == value;
        match (i64::try_from(whole), u64::try_from(whole)) {
            (Ok(whole), _) if is_whole => self.visit_i64(whole),
            (Err(_), Ok(whole)) if is_whole => self.visit_u64(whole),
            _ => self.number(Unexpected::Float(value), |inner| inner.visit_f64(value)),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.check_name(value)?;
        self.inner.visit_str(value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.check_name(value)?;
        self.inner.visit_borrowed_str(value)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<V::Value, E> {
        self.check_name(&value)?;
        self.inner.visit_string(value)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Checked::value(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Checked::value(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Checked::value(inner))
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        match self.expected {
            Expected::Struct(_) => self.inner.visit_map(Checked { inner, expected: self.expected }),
            Expected::Value | Expected::Name(_) | Expected::Integer(_) => {
                self.inner.visit_map(DistinctKeys { inner, seen: HashSet::new() })
            }
        }
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Checked::value(inner))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Checked<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Checked { inner, expected: self.expected })
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Checked::value(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// Reads a map and rejects repeated keys. Most map types would keep the last value of a repeated
/// key.
struct DistinctKeys<A> {
    inner: A,
    seen: HashSet<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for DistinctKeys<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let Some(key) = self.inner.next_key::<String>()? else { return Ok(None) };
        if !self.seen.insert(key.clone()) {
            return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
        }
        let key: StringDeserializer<A::Error> = key.into_deserializer();
        seed.deserialize(Checked::value(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Checked::value(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let expected = match self.expected {
            Expected::Struct(fields) => Expected::Name(fields),
            Expected::Value | Expected::Name(_) | Expected::Integer(_) => Expected::Value,
        };
        self.inner.next_key_seed(Checked { inner: seed, expected })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Checked::value(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Checked<A> {
    type Error = A::Error;
    type Variant = Checked<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(Checked::value(seed))?;
        Ok((value, Checked::value(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Checked::value(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(length, Checked::value(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let expected = Expected::Struct(fields);
        self.inner.struct_variant(fields, Checked { inner: visitor, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        EventImport, EventQuery, PolicyRequest, RuleChange, SettingsRequest, TokenRequest,
    };

    fn refusal<T: for<'de> Deserialize<'de>>(json: &str) -> String {
        match serde_json::from_str::<Strict<T>>(json) {
            Ok(_) => panic!("{json} was read"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a1_an_array_is_no_object_at_any_depth() {
        let text = refusal::<TokenRequest>(r#"["nm","viewer"]"#);
        assert_eq!(text, "invalid type: sequence, expected an object at line 1 column 0");
        refusal::<RuleChange>(r#"{"put":[["teamid:EQHXZ8M8AV","allow"]]}"#);
        refusal::<PolicyRequest>(r#"{"tags":[{"name":"a","priority":1,"membership":[["S1"]]}]}"#);
        refusal::<PolicyRequest>("[]");
        refusal::<PolicyRequest>("null");
    }

    #[test]
    fn a1_unknown_fields_are_refused_whatever_a_type_says() {
        #[derive(Debug, Deserialize)]
        struct Lenient {
            #[serde(rename = "known", alias = "former")]
            _known: Option<Box<Lenient>>,
        }
        let text = refusal::<Lenient>(r#"{"known":{"other":1}}"#);
        assert!(text.starts_with("unknown field `other`, expected"), "{text}");
        let read = serde_json::from_str::<Strict<Lenient>>(r#"{"former":{}}"#);
        assert!(read.is_ok_and(|Strict(lenient)| lenient._known.is_some()));
    }

    #[test]
    fn a1_a_key_is_there_one_time_at_any_depth() {
        let json = r#"{"scope":"fleet","set":{"client-mode":"lockdown","client-mode":"monitor"}}"#;
        assert!(refusal::<SettingsRequest>(json).starts_with("duplicate field `client-mode`"));
        let json = r#"{"reports":[{"machine":"M1","event":{"a":[{"b":1,"b":2}]}}]}"#;
        assert!(refusal::<EventImport>(json).starts_with("duplicate field `b`"));
        let json = r#"{"scope":"fleet","set":{"client-mode":"lockdown","batch-size":"9"}}"#;
        let Strict(strict) = serde_json::from_str::<Strict<SettingsRequest>>(json).unwrap();
        assert_eq!(strict, serde_json::from_str::<SettingsRequest>(json).unwrap());
        let json = r#"{"reports":[{"machine":"M1","event":{"a":[{"b":1.5,"c":null},-2,true]}}]}"#;
        let Strict(strict) = serde_json::from_str::<Strict<EventImport>>(json).unwrap();
        assert_eq!(strict, serde_json::from_str::<EventImport>(json).unwrap());
    }

    #[test]
    fn a1_what_is_right_reads_as_before() {
        let json = r#"{"message":"why","put":[{"target":"teamid:EQHXZ8M8AV","policy":"allow",
            "comment":null,"bundle_binary_count":3,"expires_in":"24h"}],"reset":["ticket"],
            "drop":[{"target":"teamid:AAAAAAAAAA","scope":"tag:eng"}],"base":4,"dry_run":true}"#;
        let Strict(strict) = serde_json::from_str::<Strict<RuleChange>>(json).unwrap();
        assert_eq!(strict, serde_json::from_str::<RuleChange>(json).unwrap());
        let json = r#"{"put":[],"base":4.0}"#;
        let Strict(strict) = serde_json::from_str::<Strict<RuleChange>>(json).unwrap();
        assert_eq!(strict.base, Some(crate::rule::Revision(4)));
        let range = "expected a whole number from 0 to 18446744073709551615";
        for number in ["4.5", "-4.0", "-4", "true", "\"4\""] {
            let text = refusal::<RuleChange>(&format!(r#"{{"base":{number}}}"#));
            assert!(text.contains(range), "{number}: {text}");
        }
        refusal::<RuleChange>(r#"{"base":1e300}"#);
        let json = r#"{"decision":"BLOCK_UNKNOWN, 16","kind":"file-access","limit":3}"#;
        let Strict(strict) = serde_json::from_str::<Strict<EventQuery>>(json).unwrap();
        assert_eq!(strict, serde_json::from_str::<EventQuery>(json).unwrap());
    }
}
