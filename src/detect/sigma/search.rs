//! The searches of a Sigma rule: fields with modifiers and values.

use data_encoding::BASE64;

use super::condition::Condition;
use super::field::{Category, Field};
use super::pattern::{Pattern, TestKind, TextTest, check_regex, with_other_dashes};
use super::{Reason, reason};
use crate::document::{Entry, Node, Value};

/// Maximum values of a field.
const MOST_VALUES: usize = 2000;

/// Reads a search: a map of fields, which must all match. In a list of such maps, one must match.
pub(super) fn read(node: &Node, category: Category) -> Result<Condition, Vec<Reason>> {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            let items = entries.iter().map(|entry| item(entry, category));
            collect(items).map(Condition::all)
        }
        Value::List(nodes) if nodes.iter().any(|node| node.entries().is_none()) => {
            let text = "keywords without a field are not supported";
            Err(vec![reason(node.position, text)])
        }
        Value::List(nodes) if !nodes.is_empty() => {
            collect(nodes.iter().map(|node| read(node, category))).map(Condition::any)
        }
        _ => Err(vec![reason(
            node.position,
            "is empty, or is not a map of fields or a list of such maps",
        )]),
    }
}

/// All values, or the reasons of all errors.
fn collect<T>(items: impl Iterator<Item = Result<T, Vec<Reason>>>) -> Result<Vec<T>, Vec<Reason>> {
    let (mut found, mut reasons) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Ok(item) => found.push(item),
            Err(more) => reasons.extend(more),
        }
    }
    if reasons.is_empty() { Ok(found) } else { Err(reasons) }
}

/// A field with its modifiers and values, such as `Image|endswith: /curl`.
fn item(entry: &Entry, category: Category) -> Result<Condition, Vec<Reason>> {
    let mut words = entry.key.split('|');
    let name = words.next().unwrap_or_default();
    let field = Field::find(name, category);
    let modifiers = Modifiers::read(words);
    let at = |message: String| reason(entry.key_position, message);
    match (field, modifiers) {
        (Ok(field), Ok(modifiers)) => modifiers.tests(field, &entry.node),
        (field, modifiers) => Err(field.err().into_iter().chain(modifiers.err()).map(at).collect()),
    }
}

/// Where the value must be in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Anchor {
    #[default]
    Whole,
    Anywhere,
    Start,
    End,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Modifiers {
    anchor: Anchor,
    is_regex: bool,
    /// The flags of the regular expression.
    flags: String,
    /// Whether all values must match, and not only one.
    all: bool,
    is_case_sensitive: bool,
    base64: bool,
    windash: bool,
}

impl Modifiers {
    fn read<'w>(words: impl Iterator<Item = &'w str>) -> Result<Self, String> {
        let mut found = Self::default();
        for word in words {
            match word {
                "contains" => found.anchor = Anchor::Anywhere,
                "startswith" => found.anchor = Anchor::Start,
                "endswith" => found.anchor = Anchor::End,
                "re" => found.is_regex = true,
                "i" | "m" | "s" if found.is_regex => found.flags.push_str(word),
                "all" => found.all = true,
                "cased" => found.is_case_sensitive = true,
                "base64" => found.base64 = true,
                "windash" => found.windash = true,
                _ => return Err(format!("the modifier {word} is not supported")),
            }
        }
        let has_others = found.anchor != Anchor::Whole || found.base64 || found.windash;
        match found.is_regex && has_others {
            true => Err("the modifier re cannot be combined with contains, startswith, endswith, \
                         base64 or windash"
                .to_owned()),
            false => Ok(found),
        }
    }

    fn tests(&self, field: Field, node: &Node) -> Result<Condition, Vec<Reason>> {
        let nodes = node.elements().unwrap_or(std::slice::from_ref(node));
        if nodes.is_empty() || nodes.len() > MOST_VALUES {
            let text = format!("{field} must have 1 to {MOST_VALUES} values");
            return Err(vec![reason(node.position, text)]);
        }
        let values = nodes.iter().map(|node| {
            let tests = self.value(node).map_err(|text| vec![reason(node.position, text)])?;
            let tests = tests.into_iter().map(|test| Condition::Test(field, test));
            Ok(Condition::any(tests.collect()))
        });
        let values = collect(values)?;
        Ok(if self.all { Condition::all(values) } else { Condition::any(values) })
    }

    /// The tests of a value. One of them must be true.
    fn value(&self, node: &Node) -> Result<Vec<TextTest>, String> {
        let text = match (&node.value, node.scalar()) {
            // A field without a value is the same as an empty text in the telemetry.
            (Value::Null, _) => {
                let empty = TextTest {
                    kind: TestKind::Equals,
                    text: String::new(),
                    is_case_sensitive: true,
                };
                return Ok(vec![empty]);
            }
            (_, Some(text)) => text,
            (_, None) => return Err(node.expected("a string")),
        };
        if self.is_regex {
            let flags = match self.flags.as_str() {
                "" => String::new(),
                flags => format!("(?{flags})"),
            };
            let text = format!("{flags}{text}");
            check_regex(&text)?;
            return Ok(vec![TextTest { kind: TestKind::Matches, text, is_case_sensitive: true }]);
        }
        let variants = match self.windash {
            true => with_other_dashes(&text)?,
            false => vec![text.into_owned()],
        };
        Ok(variants.iter().map(|text| self.test(text)).collect())
    }

    fn test(&self, text: &str) -> TextTest {
        // The letters of Base64 are different values if their case is different.
        let is_case_sensitive = self.is_case_sensitive || self.base64;
        let pattern = match self.base64 {
            true => Pattern::literal(BASE64.encode(text.as_bytes())),
            false => Pattern::parse(text),
        };
        let pattern = match self.anchor {
            Anchor::Whole => pattern,
            Anchor::Anywhere => pattern.with_any_start().with_any_end(),
            Anchor::Start => pattern.with_any_end(),
            Anchor::End => pattern.with_any_start(),
        };
        pattern.into_test(is_case_sensitive)
    }
}
