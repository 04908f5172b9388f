//! What an expression may use.

use std::fmt;
use std::ops::RangeInclusive;

use super::function::Function;
use super::types::Type;

/// A version of the program that evaluates expressions: year and number.
pub type Version = (u16, u16);

/// Describes the variables, types and functions that expressions may use. The standard functions
/// and macros of the language are always available.
pub trait Schema: Sync {
    fn variables(&self) -> &[Field];

    /// The types of variables and fields with fields of their own.
    fn messages(&self) -> &[Message];

    fn enums(&self) -> &[Enum];

    /// Functions in addition to the standard ones.
    fn functions(&self) -> &[Function];

    /// The types that the whole expression may have. Any type if empty.
    fn results(&self) -> &[Type];

    /// The prefix of the full names of enums, as in `package.Enum.VALUE`. Without a package, an
    /// expression cannot contain full names.
    fn package(&self) -> &str {
        ""
    }
}

/// A variable, or a field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub kind: Type,
    pub presence: Presence,
    pub absence: Absence,
    /// None if the first version with expressions has the field.
    pub since: Option<Version>,
    pub documentation: &'static str,
}

impl Field {
    /// A field without presence, whose absence is the default value of its type.
    pub fn new(name: &'static str, kind: Type, documentation: &'static str) -> Self {
        let (presence, absence) = (Presence::Implicit, Absence::Default);
        Self { name, kind, presence, absence, since: None, documentation }
    }

    /// `has` is true even if the value is the default value.
    pub fn optional(self) -> Self {
        Self { presence: Presence::Explicit, ..self }
    }

    pub fn since(self, version: Version) -> Self {
        Self { since: Some(version), ..self }
    }

    pub fn absent(self, absence: Absence) -> Self {
        Self { absence, ..self }
    }
}

/// How `has` decides (field presence in Protocol Buffers).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The field is present if it has a value.
    Explicit,
    /// The field is present if its value is not the default value.
    Implicit,
}

/// What an expression reads if a field is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// The default value of the type: zero, an empty text or list, 1970.
    Default,
    Null,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub name: &'static str,
    pub fields: Vec<Field>,
}

impl Message {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    pub name: &'static str,
    pub values: Vec<EnumValue>,
    /// Whether values may be written as text, as in `decision == 'DECISION_DENY'`.
    pub is_textual: bool,
    /// Whether the names of values are constants, as in `decision == DECISION_DENY`.
    pub is_named: bool,
}

impl Enum {
    pub(super) fn value(&self, name: &str) -> Option<&EnumValue> {
        self.values.iter().find(|value| value.name == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    pub name: &'static str,
    pub number: i64,
    pub since: Option<Version>,
}

/// The macros of the language: calls that the compiler rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Macro {
    /// `list.all(x, condition)`
    All,
    /// `list.exists(x, condition)`
    Exists,
    /// `list.exists_one(x, condition)`
    ExistsOne,
    /// `list.filter(x, condition)`
    Filter,
    /// `has(message.field)`
    Has,
    /// `list.map(x, value)`, or `list.map(x, condition, value)`
    Map,
}

impl Macro {
    /// All macros, sorted by name.
    pub const ALL: [Self; 6] =
        [Self::All, Self::Exists, Self::ExistsOne, Self::Filter, Self::Has, Self::Map];

    pub fn name(self) -> &'static str {
        self.form().0
    }

    pub(super) fn usage(self) -> &'static str {
        self.form().1
    }

    /// Whether the macro is called on a value, such as a list, and defines a variable for the
    /// elements of that value.
    pub(super) fn binds(self) -> bool {
        self != Self::Has
    }

    pub(super) fn takes(self, arguments: usize) -> bool {
        self.form().2.contains(&arguments)
    }

    /// The macro of this name. `is_method` if it is called on a value.
    pub(super) fn find(name: &str, is_method: bool) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|known| known.name() == name && known.binds() == is_method)
    }

    fn form(self) -> (&'static str, &'static str, RangeInclusive<usize>) {
        match self {
            Self::All => ("all", "list.all(x, condition)", 2..=2),
            Self::Exists => ("exists", "list.exists(x, condition)", 2..=2),
            Self::ExistsOne => ("exists_one", "list.exists_one(x, condition)", 2..=2),
            Self::Filter => ("filter", "list.filter(x, condition)", 2..=2),
            Self::Has => ("has", "has(message.field)", 1..=1),
            Self::Map => ("map", "list.map(x, value)", 2..=3),
        }
    }
}

impl fmt::Display for Macro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macro_is_found_only_in_its_own_call_style() {
        assert_eq!(Macro::find("has", false), Some(Macro::Has));
        assert_eq!(Macro::find("has", true), None);
        assert_eq!(Macro::find("exists", false), None);
        assert_eq!(Macro::find("exists", true), Some(Macro::Exists));
    }
}
