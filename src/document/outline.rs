//! The keys in the two outermost levels of a JSON or YAML text. They are enough to detect which
//! program wrote the text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Text, without_mark, yaml};

const MAX_KEYS: usize = 256;

/// The first keys of a text. The text after them may be long, invalid or missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline {
    pub is_list: bool,
    /// If the text is a list, the number of its elements. At most 1 if the list was not read to its
    /// end.
    pub length: usize,
    /// The keys of the outermost object. If the text is a list, the keys of its first element.
    pub keys: Vec<String>,
    /// The values of the outermost object that are lists or nonempty objects.
    pub sections: Vec<Section>,
    /// Whether the text was read to the end of its first value.
    pub is_complete: bool,
    /// Whether more text follows the first value, as in a file with one object per line.
    pub has_more: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Section {
    pub key: String,
    pub is_list: bool,
    /// If the section is a list, the number of its elements. At most 1 if the list was not read to
    /// its end.
    pub length: usize,
    /// The keys of this object. If the section is a list, the keys of its first element.
    pub keys: Vec<String>,
}

impl Outline {
    /// Reads JSON. Stops after the first element of the outermost list, or of a list whose key is
    /// in `lists`.
    pub fn of_json_head(bytes: &[u8], lists: &[&str]) -> Self {
        Self::read(&mut serde_json::Deserializer::from_slice(without_mark(bytes)), Some(lists))
    }

    /// Reads the whole first value of a JSON text.
    pub fn of_json(bytes: &[u8]) -> Self {
        let mut input = serde_json::Deserializer::from_slice(without_mark(bytes));
        let outline = Self::read(&mut input, None);
        Self { has_more: input.end().is_err(), ..outline }
    }

    /// Reads YAML, and stops after the first element of a list, like [`Outline::of_json_head`].
    pub fn of_yaml_head(text: &Text<'_>, lists: &[&str]) -> Self {
        let mut outline = Self::default();
        let read = |input: serde_saphyr::Deserializer<'_, '_>| {
            outline = Self::read(input, Some(lists));
            Ok(())
        };
        let options = yaml::options(text);
        drop(serde_saphyr::with_deserializer_from_str_with_options(text.as_str(), options, read));
        outline
    }

    fn read<'de, D: Deserializer<'de>>(input: D, stop_in: Option<&[&str]>) -> Self {
        let mut outline = Self::default();
        let seed = Seed { outline: &mut outline, stop_in, level: Level::Top };
        outline.is_complete = seed.deserialize(input).is_ok();
        outline
    }

    pub fn list(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.is_list && section.key == key)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The whole text.
    Top,
    /// An element of the outermost list.
    Element,
    /// A value of the outermost object.
    Section,
    /// An element of a list in a section.
    Inner,
}

struct Seed<'o> {
    outline: &'o mut Outline,
    stop_in: Option<&'o [&'o str]>,
    level: Level,
}

impl Seed<'_> {
    /// Whether reading stops after the first element of the list at this level.
    fn stops(&self) -> bool {
        let key = self.outline.sections.last().map(|section| section.key.as_str());
        match (self.stop_in, self.level) {
            (Some(_), Level::Top) => true,
            (Some(lists), _) => key.is_some_and(|key| lists.contains(&key)),
            (None, _) => false,
        }
    }

    fn keys(&mut self) -> &mut Vec<String> {
        match (self.level, self.outline.sections.last_mut()) {
            (Level::Section | Level::Inner, Some(section)) => &mut section.keys,
            _ => &mut self.outline.keys,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // The first element counts even if it is incomplete.
        match (self.level, self.outline.sections.last_mut()) {
            (Level::Element, _) => self.outline.length = 1,
            (Level::Inner, Some(section)) => section.length = 1,
            _ => {}
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let stops = self.stops();
        let Self { outline, stop_in, level } = self;
        let inner = match (level, outline.sections.last_mut()) {
            (Level::Top, _) => {
                outline.is_list = true;
                Level::Element
            }
            (Level::Section, Some(section)) => {
                section.is_list = true;
                Level::Inner
            }
            _ => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
        };
        let first = Seed { outline: &mut *outline, stop_in, level: inner };
        let mut length = usize::from(list.next_element_seed(first)?.is_some());
        while !stops && list.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        match (level, outline.sections.last_mut()) {
            (Level::Section, Some(section)) => section.length = length,
            _ => outline.length = length,
        }
        if stops { Err(A::Error::custom("enough was read")) } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let level = self.level;
            let keys = self.keys();
            if keys.len() >= MAX_KEYS {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            keys.push(key.clone());
            if level != Level::Top {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.outline.sections.push(Section { key, ..Section::default() });
            let stop_in = self.stop_in;
            map.next_value_seed(Seed { outline: self.outline, stop_in, level: Level::Section })?;
            self.outline.sections.pop_if(|section| !section.is_list && section.keys.is_empty());
        }
        Ok(())
    }
}
