//! Named fields: what an object of JSON, a dictionary of a property list and a block of HCL have
//! in common.

mod json;
pub(super) mod santa;

pub(super) use json::{Head, Json, Pairs, kind_of, opens_json};

use super::loss::Losses;
use super::text::Text;
use super::{File, Place, Remark, Written};

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nothing,
    Flag(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
    List(Vec<Value>),
    /// What no field of a rule is made of, in words.
    Other(String),
}

impl Value {
    /// What kind of value it is, with its article.
    pub(super) fn kind(&self) -> &str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Other(kind) => kind,
        }
    }

    /// Whether nobody would miss it.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(text) => text.is_empty(),
            Self::List(values) => values.is_empty(),
            Self::Flag(_) | Self::Number(_) | Self::Other(_) => false,
        }
    }
}

pub(super) struct Field {
    /// The key as the file spells it.
    pub(super) key: String,
    /// Where the value stands, in bytes, if that is known.
    pub(super) at: Option<usize>,
    pub(super) value: Value,
    /// What the key is compared by.
    folded: String,
}

/// The fields of one rule. They are taken out one by one; what is left at the end is what nobody
/// asked for.
pub(super) struct Record<'t> {
    /// Where it begins.
    pub(super) place: Place,
    text: Option<&'t Text<'t>>,
    fields: Vec<Field>,
    /// The keys, and their places, that fields of the draft were taken from.
    origins: Vec<(&'static str, String, Option<usize>)>,
}

/// So many keys may a rule have, those that are not known here among them.
const MOST_KEYS: usize = 64;

/// How keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// As they are.
    Exact,
    /// Letter case does not tell two keys apart.
    AnyCase,
    /// Neither do underscores: `customMsg` is `custom_msg`.
    AnyStyle,
}

impl Keys {
    pub(super) fn fold(self, key: &str) -> String {
        match self {
            Self::Exact => key.to_owned(),
            Self::AnyCase => key.to_lowercase(),
            Self::AnyStyle => key.replace('_', "").to_lowercase(),
        }
    }
}

impl<'t> Record<'t> {
    /// Puts fields together, each a key, the place of its value, and the value.
    ///
    /// # Errors
    /// For a key that stands twice, and for more keys than any rule has.
    pub(super) fn new(
        place: Place,
        text: Option<&'t Text<'t>>,
        keys: Keys,
        fields: impl IntoIterator<Item = (String, Option<usize>, Value)>,
    ) -> Result<Self, Remark> {
        let mut record = Self { place, text, fields: Vec::new(), origins: Vec::new() };
        for (key, at, value) in fields {
            let folded = keys.fold(&key);
            if record.fields.iter().any(|field| field.folded == folded) {
                let text = format!("{key}: stands twice in one rule");
                return Err(Remark { place: record.place_at(at), text });
            }
            // Keys are looked for one after the other, which takes few of them.
            if record.fields.len() == MOST_KEYS {
                let text = format!("has more keys than any rule, {MOST_KEYS}");
                return Err(Remark { place, text });
            }
            record.fields.push(Field { key, at, value, folded });
        }
        Ok(record)
    }

    /// Takes the first of these fields that is there, by its folded name.
    pub(super) fn take(&mut self, name: &str) -> Option<Field> {
        let index = self.fields.iter().position(|field| field.folded == name)?;
        Some(self.fields.remove(index))
    }

    /// The fields with names that no version of the format has any more, and the names to write
    /// instead, all in one line.
    ///
    /// # Errors
    /// If there is such a field.
    pub(super) fn refuse_old(&self, old: &[(&str, &'static str)]) -> Result<(), Remark> {
        let renamed = self.fields.iter().filter_map(|field| {
            let (_, new) = old.iter().find(|(old, _)| *old == field.folded)?;
            Some((field, *new))
        });
        let renamed: Vec<(&Field, &str)> = renamed.collect();
        let Some((first, _)) = renamed.first() else { return Ok(()) };
        let names = renamed.iter().map(|(field, new)| format!("{} (write {new})", field.key));
        let names: Vec<String> = names.collect();
        let place = self.place_at(first.at);
        Err(Remark { place, text: format!("unknown keys: {}", names.join(", ")) })
    }

    /// Takes a field that has no meaning for us.
    pub(super) fn pass(&mut self, names: &[&str]) {
        self.fields.retain(|field| !names.contains(&field.folded.as_str()));
    }

    /// Takes the text of a field, and remembers that this field of the draft was made of it. An
    /// empty text is none.
    ///
    /// # Errors
    /// When it is no text.
    pub(super) fn text(
        &mut self,
        part: &'static str,
        name: &str,
    ) -> Result<Option<String>, Remark> {
        let Some(field) = self.take(name) else {
            return Ok(None);
        };
        let text = match &field.value {
            Value::Nothing => None,
            Value::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => {
                let kind = other.kind();
                return Err(self.fault(&field, &format!("is {kind}; expected a text")));
            }
        };
        self.origins.push((part, field.key, field.at));
        Ok(text)
    }

    /// The number in a field, if there is one.
    pub(super) fn number(&self, name: &str) -> Option<String> {
        let field = self.fields.iter().find(|field| field.folded == name)?;
        match &field.value {
            Value::Number(number) => Some(number.clone()),
            _ => None,
        }
    }

    /// Takes a word that names a policy or a type, which other tools write as a number.
    ///
    /// # Errors
    /// When it is no text.
    pub(super) fn word(
        &mut self,
        part: &'static str,
        name: &str,
    ) -> Result<Option<String>, Remark> {
        if let Some(index) = self.fields.iter().position(|field| field.folded == name)
            && let Value::Number(number) = &self.fields[index].value
        {
            let text = format!(
                "`{number}` is a number, and tools number these differently; write the name"
            );
            return Err(self.fault(&self.fields[index], &text));
        }
        self.text(part, name)
    }

    /// What to say about a field.
    pub(super) fn fault(&self, field: &Field, text: &str) -> Remark {
        Remark { place: self.place_at(field.at), text: format!("{}: {text}", field.key) }
    }

    /// Where a field of the draft came from: a place and a key.
    pub(super) fn origin(&self, part: &'static str) -> (Place, &str) {
        match self.origins.iter().find(|(other, ..)| *other == part) {
            Some((_, key, at)) => (self.place_at(*at), key),
            None => (self.place, part),
        }
    }

    /// The places and keys of the fields that nobody asked for and that are not blank.
    pub(super) fn left(&self) -> impl Iterator<Item = (Place, &str)> {
        let meant = self.fields.iter().filter(|field| !field.value.is_blank());
        meant.map(|field| (self.place_at(field.at), field.key.as_str()))
    }

    fn place_at(&self, at: Option<usize>) -> Place {
        match (self.text, at) {
            (Some(text), Some(at)) => text.place(at),
            _ => self.place,
        }
    }
}

/// A JSON value as the one file that is written.
pub(super) fn whole(value: &serde_json::Value, losses: Losses) -> Written {
    let mut bytes = format!("{value:#}").into_bytes();
    bytes.push(b'\n');
    Written { files: vec![File { name: String::new(), bytes }], losses: losses.finish() }
}
