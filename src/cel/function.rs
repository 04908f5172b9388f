//! The functions of the language and of its extensions, with their types.

use std::sync::LazyLock;

use super::schema::Version;
use super::syntax::Binary;
use super::types::Type;

/// One form of a function. Functions with the same name differ in their parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: &'static str,
    /// Whether the function is called on its first parameter, as in `text.contains('x')`.
    pub is_method: bool,
    pub parameters: Vec<Type>,
    pub result: Type,
    /// None if the first version with expressions has the function.
    pub since: Option<Version>,
    pub(super) body: Builtin,
}

/// What the evaluator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    Operator(Binary),
    Negate,
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Convert(Conversion),
    TypeOf,
    Part(TimePart),
    CharAt,
    Format,
    IndexOf,
    Join,
    LastIndexOf,
    LowerAscii,
    Quote,
    Replace,
    Reverse,
    Split,
    Substring,
    Trim,
    UpperAscii,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    Bool,
    Bytes,
    Double,
    Duration,
    Dyn,
    Int,
    String,
    Timestamp,
    Uint,
}

/// A part of a timestamp or a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimePart {
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    FullYear,
    Hours,
    Milliseconds,
    Minutes,
    Month,
    Seconds,
}

const A: Type = Type::Any(0);
const B: Type = Type::Any(1);

fn function(name: &'static str, parameters: &[Type], result: Type, body: Builtin) -> Function {
    let parameters = parameters.to_vec();
    Function { name, is_method: false, parameters, result, since: None, body }
}

fn method(name: &'static str, parameters: &[Type], result: Type, body: Builtin) -> Function {
    Function { is_method: true, ..function(name, parameters, result, body) }
}

/// The functions that every implementation of the language has.
pub(super) fn standard() -> &'static [Function] {
    static STANDARD: LazyLock<Vec<Function>> = LazyLock::new(|| {
        let mut functions = Vec::new();
        for value in [Type::String, Type::Bytes, Type::list(A), Type::map(A, B)] {
            functions.push(function(
                "size",
                std::slice::from_ref(&value),
                Type::Int,
                Builtin::Size,
            ));
            functions.push(method("size", &[value], Type::Int, Builtin::Size));
        }
        let texts = [Type::String, Type::String];
        for (name, body) in [
            ("contains", Builtin::Contains),
            ("startsWith", Builtin::StartsWith),
            ("endsWith", Builtin::EndsWith),
            ("matches", Builtin::Matches),
        ] {
            functions.push(method(name, &texts, Type::Bool, body));
        }
        functions.push(function("matches", &texts, Type::Bool, Builtin::Matches));
        functions.push(function("type", &[A], Type::Type, Builtin::TypeOf));
        functions.extend(conversions());
        functions.extend(time_parts());
        functions
    });
    &STANDARD
}

fn conversions() -> impl Iterator<Item = Function> {
    use Type::{Bool, Bytes, Double, Duration, Int, String, Timestamp, Uint};
    let conversions = [
        ("bool", Conversion::Bool, Bool, vec![Bool, String]),
        ("bytes", Conversion::Bytes, Bytes, vec![Bytes, String]),
        ("double", Conversion::Double, Double, vec![Double, Int, Uint, String]),
        ("duration", Conversion::Duration, Duration, vec![Duration, String]),
        ("dyn", Conversion::Dyn, Type::Dyn, vec![A]),
        ("int", Conversion::Int, Int, vec![Int, Uint, Double, String, Timestamp]),
        (
            "string",
            Conversion::String,
            String,
            vec![String, Bool, Int, Uint, Double, Bytes, Timestamp, Duration],
        ),
        ("timestamp", Conversion::Timestamp, Timestamp, vec![Timestamp, Int, String]),
        ("uint", Conversion::Uint, Uint, vec![Uint, Int, Double, String]),
    ];
    conversions.into_iter().flat_map(|(name, conversion, result, sources)| {
        sources.into_iter().map(move |source| {
            function(name, &[source], result.clone(), Builtin::Convert(conversion))
        })
    })
}

fn time_parts() -> impl Iterator<Item = Function> {
    use TimePart::{
        Date, DayOfMonth, DayOfWeek, DayOfYear, FullYear, Hours, Milliseconds, Minutes, Month,
        Seconds,
    };
    let parts = [
        ("getDate", Date),
        ("getDayOfMonth", DayOfMonth),
        ("getDayOfWeek", DayOfWeek),
        ("getDayOfYear", DayOfYear),
        ("getFullYear", FullYear),
        ("getHours", Hours),
        ("getMilliseconds", Milliseconds),
        ("getMinutes", Minutes),
        ("getMonth", Month),
        ("getSeconds", Seconds),
    ];
    parts.into_iter().flat_map(|(name, part)| {
        let body = Builtin::Part(part);
        let has_duration = matches!(part, Hours | Milliseconds | Minutes | Seconds);
        let of = |parameters: &[Type]| method(name, parameters, Type::Int, body);
        let of_time = [of(&[Type::Timestamp]), of(&[Type::Timestamp, Type::String])];
        let of_duration = has_duration.then(|| of(&[Type::Duration]));
        of_time.into_iter().chain(of_duration)
    })
}

/// The functions of the strings extension (cel-cpp, `extensions/strings.cc`), for clients since
/// `version`.
pub fn strings_extension(version: Version) -> Vec<Function> {
    use Type::{Int, String};
    let list = || Type::list(String);
    let mut functions = vec![
        method("charAt", &[String, Int], String, Builtin::CharAt),
        method("format", &[String, Type::list(A)], String, Builtin::Format),
        method("indexOf", &[String, String], Int, Builtin::IndexOf),
        method("indexOf", &[String, String, Int], Int, Builtin::IndexOf),
        method("join", &[list()], String, Builtin::Join),
        method("join", &[list(), String], String, Builtin::Join),
        method("lastIndexOf", &[String, String], Int, Builtin::LastIndexOf),
        method("lastIndexOf", &[String, String, Int], Int, Builtin::LastIndexOf),
        method("lowerAscii", &[String], String, Builtin::LowerAscii),
        function("strings.quote", &[String], String, Builtin::Quote),
        method("replace", &[String, String, String], String, Builtin::Replace),
        method("replace", &[String, String, String, Int], String, Builtin::Replace),
        method("reverse", &[String], String, Builtin::Reverse),
        method("split", &[String, String], list(), Builtin::Split),
        method("split", &[String, String, Int], list(), Builtin::Split),
        method("substring", &[String, Int], String, Builtin::Substring),
        method("substring", &[String, Int, Int], String, Builtin::Substring),
        method("trim", &[String], String, Builtin::Trim),
        method("upperAscii", &[String], String, Builtin::UpperAscii),
    ];
    for function in &mut functions {
        function.since = Some(version);
    }
    functions
}

/// The forms of an operator, except for comparisons of equality and `in`.
pub(super) fn operator(operator: Binary) -> Vec<(Type, Type, Type)> {
    use Type::{Bool, Bytes, Double, Duration, Int, String, Timestamp, Uint};
    let same = |kind: Type| (kind.clone(), kind.clone(), kind);
    match operator {
        Binary::Add => vec![
            same(Int),
            same(Uint),
            same(Double),
            same(String),
            same(Bytes),
            same(Type::list(A)),
            (Timestamp, Duration, Timestamp),
            (Duration, Timestamp, Timestamp),
            same(Duration),
        ],
        Binary::Subtract => vec![
            same(Int),
            same(Uint),
            same(Double),
            (Timestamp, Timestamp, Duration),
            (Timestamp, Duration, Timestamp),
            same(Duration),
        ],
        Binary::Multiply | Binary::Divide => vec![same(Int), same(Uint), same(Double)],
        Binary::Modulo => vec![same(Int), same(Uint)],
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
            let kinds = [Bool, Int, Uint, Double, String, Bytes, Timestamp, Duration];
            let numbers = [Int, Uint, Double];
            let same = kinds.into_iter().map(|kind| (kind.clone(), kind, Bool));
            let mixed = numbers.clone().into_iter().flat_map(|a| {
                numbers.clone().map(|b| (a.clone(), b, Bool)).into_iter().filter(|(a, b, _)| a != b)
            });
            same.chain(mixed).collect()
        }
        Binary::Equal | Binary::NotEqual => vec![(A, A, Bool)],
        Binary::In => vec![(A, Type::list(A), Bool), (A, Type::map(A, B), Bool)],
    }
}
