//! JSON whose parts know where they stand.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Keys, Record, Value};
use crate::format::text::Text;
use crate::format::{Place, Remark};

/// A value of a JSON text.
#[derive(Clone, Copy)]
pub(in crate::format) struct Json<'t> {
    text: &'t Text<'t>,
    raw: &'t RawValue,
}

impl<'t> Json<'t> {
    /// Checks the syntax of a whole text.
    ///
    /// # Errors
    /// Where it stops being JSON.
    pub(in crate::format) fn parse(text: &'t Text<'t>) -> Result<Self, Remark> {
        serde_json::from_str(text.as_str()).map(|raw| Self { text, raw }).map_err(|error| {
            let place = text.place(text.offset_at(error.line(), error.column()));
            if error.is_eof() {
                return Remark { place, text: "ends too early; it may be cut off".to_owned() };
            }
            let message = error.to_string();
            let reason = message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason);
            Remark { place, text: format!("is not JSON: {reason}") }
        })
    }

    /// Where it begins.
    pub(in crate::format) fn place(self) -> Place {
        self.text.place(self.offset())
    }

    fn offset(self) -> usize {
        self.text.offset_of(self.raw.get())
    }

    /// Whether it is `true`.
    pub(in crate::format) fn is_true(self) -> bool {
        self.raw.get() == "true"
    }

    /// The elements of an array; none for anything else.
    pub(in crate::format) fn elements(self) -> Option<Vec<Self>> {
        if !self.raw.get().starts_with('[') {
            return None;
        }
        let raws: Vec<&'t RawValue> = serde_json::from_str(self.raw.get()).ok()?;
        Some(raws.into_iter().map(|raw| Self { raw, ..self }).collect())
    }

    /// The keys and values of an object; none for anything else.
    pub(in crate::format) fn entries(self) -> Option<Vec<(String, Self)>> {
        if !self.raw.get().starts_with('{') {
            return None;
        }
        let Pairs(pairs) = serde_json::from_str(self.raw.get()).ok()?;
        Some(pairs.into_iter().map(|(key, raw)| (key, Self { raw, ..self })).collect())
    }

    /// An object as the fields of a rule.
    ///
    /// # Errors
    /// When it is no object, or has a key twice.
    pub(in crate::format) fn record(self, keys: Keys) -> Result<Record<'t>, Remark> {
        let Some(entries) = self.entries() else {
            let text = format!("is {}; expected an object for each rule", self.value().kind());
            return Err(Remark { place: self.place(), text });
        };
        let fields =
            entries.into_iter().map(|(key, json)| (key, Some(json.offset()), json.value()));
        Record::new(self.place(), Some(self.text), keys, fields)
    }

    pub(in crate::format) fn value(self) -> Value {
        let raw = self.raw.get();
        match raw.as_bytes().first() {
            Some(b'"') => match serde_json::from_str(raw) {
                Ok(text) => Value::Text(text),
                Err(_) => Value::Other("a text with half a surrogate pair".to_owned()),
            },
            Some(b'n') => Value::Nothing,
            Some(b't') => Value::Flag(true),
            Some(b'f') => Value::Flag(false),
            Some(b'[') => match self.elements() {
                Some(elements) => Value::List(elements.into_iter().map(Self::flat).collect()),
                None => Value::Other("a list".to_owned()),
            },
            Some(b'{') => Value::Other("an object".to_owned()),
            _ => Value::Number(raw.to_owned()),
        }
    }

    /// The value within a list; a list in it is not opened, since no rule has one.
    fn flat(self) -> Value {
        match self.raw.get().as_bytes().first() {
            Some(b'[') => Value::Other("a list".to_owned()),
            _ => self.value(),
        }
    }
}

/// What kind of value a JSON text is, with its article.
pub(in crate::format) fn kind_of(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'"') => "a text",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a truth value",
        Some(b'[') => "a list",
        Some(b'{') => "an object",
        _ => "a number",
    }
}

/// An object with its keys in their order.
pub(in crate::format) struct Pairs<'t>(pub(in crate::format) Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// The beginning of a JSON text, as far as it takes to tell a format: what follows may be long,
/// wrong or missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::format) struct Head {
    /// Whether the text is an array.
    pub(in crate::format) array: bool,
    /// Whether the rules are a list, be it the text or the last key around them.
    pub(in crate::format) listed: bool,
    /// Whether that list has nothing in it.
    pub(in crate::format) empty: bool,
    /// The keys of the object around the rules, up to that of the rules; folded.
    pub(in crate::format) around: Vec<String>,
    /// The keys of the first rule, folded.
    pub(in crate::format) rule: Vec<String>,
}

impl Head {
    /// Reads it; empty for what is no JSON.
    pub(in crate::format) fn of(bytes: &[u8], keys: Keys) -> Self {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        Self::from(&mut serde_json::Deserializer::from_slice(bytes), keys)
    }

    /// Reads it from a text that is not JSON but has objects and lists as well.
    pub(in crate::format) fn from<'de, D: Deserializer<'de>>(input: D, keys: Keys) -> Self {
        let mut head = Self::default();
        let seed = Seed { head: &mut head, keys, level: Level::Around };
        // It ends in an error as soon as it has seen enough.
        drop(seed.deserialize(input));
        head
    }

    pub(in crate::format) fn has(&self, key: &str) -> bool {
        self.rule.iter().any(|other| other == key)
    }

    /// Whether the rules are a list under this key.
    pub(in crate::format) fn lists(&self, key: &str) -> bool {
        self.listed && self.around.last().is_some_and(|last| last == key)
    }
}

/// Whether a file begins like an object or a list of objects in JSON, and so like nothing else:
/// TOML begins with `[` as well, but then comes a name.
pub(in crate::format) fn opens_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match bytes.trim_ascii_start() {
        [b'{', ..] => true,
        [b'[', rest @ ..] => matches!(rest.trim_ascii_start(), [b'{' | b']', ..]),
        _ => false,
    }
}

/// What lists of rules are called in the object around them.
const LISTS: [&str; 3] = ["rules", "items", "results"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Around,
    Rules,
    Rule,
}

struct Seed<'h> {
    head: &'h mut Head,
    keys: Keys,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.level == Level::Rule {
            return Err(A::Error::custom("no rule"));
        }
        self.head.array = self.level == Level::Around;
        self.head.listed = true;
        let seed = Seed { head: &mut *self.head, keys: self.keys, level: Level::Rule };
        self.head.empty = seq.next_element_seed(seed)?.is_none();
        Err(A::Error::custom("seen enough"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let key = self.keys.fold(&key);
            if self.level == Level::Rule {
                self.head.rule.push(key);
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let rules = LISTS.contains(&key.as_str());
            self.head.around.push(key);
            if rules {
                let (head, keys) = (&mut *self.head, self.keys);
                return map.next_value_seed(Seed { head, keys, level: Level::Rules });
            }
            map.next_value::<IgnoredAny>()?;
        }
        Err(A::Error::custom("seen enough"))
    }
}
