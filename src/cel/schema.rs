//! The names that an expression may use.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The variables, constants, types, functions and macros that an expression may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) constants: BTreeSet<String>,
    pub(super) types: BTreeSet<String>,
    pub(super) functions: BTreeSet<String>,
    pub(super) methods: BTreeSet<String>,
    macros: BTreeSet<Macro>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    /// A map, a list or a scalar. Any field is valid.
    Plain,
    Message(BTreeSet<String>),
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

const STANDARD_TYPES: [&str; 10] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

pub(super) const STANDARD_FUNCTIONS: [&str; 12] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "matches",
    "size",
    "string",
    "timestamp",
    "type",
    "uint",
];

pub(super) const STANDARD_METHODS: [&str; 15] = [
    "contains",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "matches",
    "size",
    "startsWith",
];

impl Schema {
    /// A schema without names. Operators and literals are always valid.
    pub fn new() -> Self {
        Self::default()
    }

    /// A schema with the standard functions, types and macros, and without variables.
    pub fn standard() -> Self {
        let mut schema = Self::new();
        schema.types.extend(STANDARD_TYPES.map(String::from));
        schema.macros.extend(Macro::ALL);
        schema.functions(STANDARD_FUNCTIONS).methods(STANDARD_METHODS)
    }

    pub fn variable(mut self, name: &str) -> Self {
        self.variables.insert(name.to_owned(), Variable::Plain);
        self
    }

    /// Adds a variable with exactly these fields. The variable itself is not a valid value.
    pub fn message<'a>(mut self, name: &str, fields: impl IntoIterator<Item = &'a str>) -> Self {
        let fields = fields.into_iter().map(str::to_owned).collect();
        self.variables.insert(name.to_owned(), Variable::Message(fields));
        self
    }

    /// Adds constants, such as the values of an enum.
    pub fn constants<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.constants.extend(names.into_iter().map(str::to_owned));
        self
    }

    /// Adds functions called as `name(…)`. A name may contain dots, as in `strings.quote`.
    pub fn functions<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.functions.extend(names.into_iter().map(str::to_owned));
        self
    }

    /// Adds functions called as `value.name(…)`.
    pub fn methods<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.methods.extend(names.into_iter().map(str::to_owned));
        self
    }

    pub fn allow(mut self, allowed: Macro) -> Self {
        self.macros.insert(allowed);
        self
    }

    pub(super) fn find_macro(&self, name: &str, called_on_something: bool) -> Option<Macro> {
        let mut macros = self.macros.iter().copied();
        macros.find(|known| known.name() == name && known.binds() == called_on_something)
    }

    /// The names of variables, constants and types.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        let names = self.variables.keys().chain(&self.constants).chain(&self.types);
        names.map(String::as_str)
    }

    /// If `called_on_something`, the functions and macros that are called on a value, as in
    /// `value.name(…)`. Otherwise, the functions and macros that are called without a value.
    pub(super) fn callables(&self, called_on_something: bool) -> impl Iterator<Item = &str> {
        let named = if called_on_something { &self.methods } else { &self.functions };
        let macros = self.macros.iter().filter(move |known| known.binds() == called_on_something);
        named.iter().map(String::as_str).chain(macros.map(|known| known.name()))
    }
}

/// The most similar known name, if one is similar enough.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    const ALIKE: f64 = 0.8;
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_returns_only_similar_names() {
        let known = ["args", "envs", "euid"];
        assert_eq!(nearest("arg", known.into_iter()), Some("args".into()));
        assert_eq!(nearest("banana", known.into_iter()), None);
    }

    #[test]
    fn a_macro_is_found_only_in_its_own_call_style() {
        let schema = Schema::standard();
        assert_eq!(schema.find_macro("has", false), Some(Macro::Has));
        assert_eq!(schema.find_macro("has", true), None);
        assert_eq!(schema.find_macro("exists", false), None);
        assert_eq!(Schema::new().allow(Macro::Map).find_macro("map", true), Some(Macro::Map));
        assert_eq!(Schema::new().find_macro("map", true), None);
    }
}
