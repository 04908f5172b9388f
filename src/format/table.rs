//! Tables of TOML that know where they stand.

use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeString, DeTable, DeValue};

use super::text::Text;
use super::{Document, Remark};

pub(super) type Key<'a, 'i> = &'a Spanned<DeString<'i>>;
pub(super) type Value<'a, 'i> = &'a Spanned<DeValue<'i>>;

/// The text up to its second `[[`, which has the first rule: mostly enough to tell a format. All
/// keys that stand in no table are in it.
pub(super) fn beginning(text: &str) -> &str {
    let begins = if text.starts_with("[[") { Some(0) } else { text.find("\n[[") };
    let ends = begins.and_then(|begin| {
        let after = begin + "\n[[".len();
        text.get(after..)?.find("\n[[").map(|end| after + end + 1)
    });
    ends.map_or(text, |end| &text[..end])
}

/// Parses a whole text. What is wrong with it goes into the document, and then there is no table:
/// what could be made of a broken file would only be faults that follow from the first.
pub(super) fn parse<'t>(text: &Text<'t>, document: &mut Document) -> Option<DeTable<'t>> {
    let (root, errors) = DeTable::parse_recoverable(text.as_str());
    for error in &errors {
        let place = text.place(error.span().unwrap_or(0..0).start);
        document.faults.push(Remark { place, text: error.message().to_owned() });
    }
    errors.is_empty().then(|| root.into_inner())
}

/// The entries of a table as they stand in the file.
pub(super) fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(Key<'a, 'i>, Value<'a, 'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// A value as people would write it on a command line; none for lists, tables and times.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            i64::from_str_radix(&digits, number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// That a value is of another type than it must be.
pub(super) fn mismatch(name: &str, value: Value<'_, '_>, expected: &str) -> (Range<usize>, String) {
    let found = value.get_ref().type_str();
    (value.span(), format!("{name}: expected {expected}, found {found}"))
}
