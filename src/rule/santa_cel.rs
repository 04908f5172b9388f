//! The variables, functions and constants that Santa provides to CEL expressions (santa.cel.v1).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Program, SigningStatus};
use crate::cel::{
    self, Enum, EnumValue, Expression, Field, Function, Message, Resolved, Schema, Slot, Type,
    Value, Variables,
};

const TARGET: &str = "ExecutableFile";
const RESULT: &str = "ReturnValue";

/// The first version of Santa with cel-cpp's strings extension (commit 94a755d3).
const STRINGS: cel::Version = (2025, 8);

struct ExecutionSchema {
    variables: Vec<Field>,
    messages: Vec<Message>,
    enums: Vec<Enum>,
    functions: Vec<Function>,
    results: Vec<Type>,
}

impl Schema for ExecutionSchema {
    fn variables(&self) -> &[Field] {
        &self.variables
    }

    fn messages(&self) -> &[Message] {
        &self.messages
    }

    fn enums(&self) -> &[Enum] {
        &self.enums
    }

    fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// An expression returns whether the program may run, or one of Santa's policies.
    fn results(&self) -> &[Type] {
        &self.results
    }
}

/// What an expression can use: fields of the program (`target`), variables about its execution,
/// functions, and the possible results.
pub fn schema() -> &'static dyn Schema {
    static SCHEMA: LazyLock<ExecutionSchema> = LazyLock::new(|| ExecutionSchema {
        variables: variables(),
        messages: vec![Message { name: TARGET, fields: target() }],
        enums: vec![results()],
        functions: cel::strings_extension(STRINGS),
        results: vec![Type::Bool, Type::Enum(RESULT)],
    });
    &*SCHEMA
}

fn variables() -> Vec<Field> {
    let texts = || Type::list(Type::String);
    let environment = Type::map(Type::String, Type::String);
    vec![
        Field::new("target", Type::Message(TARGET), "The program"),
        Field::new("args", texts(), "The arguments; the first is the program's name"),
        Field::new("envs", environment, "The environment variables"),
        Field::new("euid", Type::Int, "The effective user ID").since((2025, 12)),
        Field::new("cwd", Type::String, "The working directory").since((2025, 12)),
        Field::new("path", Type::String, "The path of the program").since((2026, 3)),
    ]
}

fn target() -> Vec<Field> {
    vec![
        Field::new("signing_time", Type::Timestamp, "When it was signed, as the signer reports")
            .optional(),
        Field::new("secure_signing_time", Type::Timestamp, "When it was signed, as Apple reports")
            .optional(),
        Field::new("signing_id", Type::String, "The signing ID with the team ID as its prefix")
            .since((2026, 2)),
        Field::new("team_id", Type::String, "The team ID").since((2026, 3)),
        Field::new("is_platform_binary", Type::Bool, "Whether it is part of macOS")
            .since((2026, 3)),
    ]
}

fn results() -> Enum {
    let value = |name, number| EnumValue { name, number, since: None };
    let newer = |name, number| EnumValue { name, number, since: Some((2026, 6)) };
    let values = vec![
        value("UNSPECIFIED", 0),
        value("ALLOWLIST", 1),
        value("ALLOWLIST_COMPILER", 2),
        value("BLOCKLIST", 3),
        value("SILENT_BLOCKLIST", 4),
        newer("SILENT_GUI_BLOCKLIST", 9),
        newer("SILENT_TTY_BLOCKLIST", 10),
    ];
    Enum { name: RESULT, values, is_textual: false, is_named: true }
}

/// The first version of Santa (year and number) that can compile an expression. None if the first
/// version with CEL (2025.6) compiles it.
pub fn first_version(expression: &Expression) -> Option<(u16, u16)> {
    expression.uses().iter().filter_map(|name| since(name)).max()
}

/// The first version of Santa that supports a name from [`Expression::uses`]. None if the first
/// version with CEL supports the name.
fn since(name: &str) -> Option<cel::Version> {
    let schema = schema();
    if let Some(name) = name.strip_suffix("()") {
        let function = schema.functions().iter().find(|function| function.name == name);
        return function.and_then(|function| function.since);
    }
    let (fields, name) = match name.strip_prefix("target.") {
        Some(field) => {
            (schema.messages().first().map_or(&[][..], |it| it.fields.as_slice()), field)
        }
        None => (schema.variables(), name),
    };
    if let Some(field) = fields.iter().find(|field| field.name == name) {
        return field.since;
    }
    let mut values = schema.enums().iter().flat_map(|it| &it.values);
    values.find(|value| value.name == name).and_then(|value| value.since)
}

/// Whether Santa keeps the result of an expression for later executions of the same program. It
/// evaluates other expressions each time the program runs.
pub fn is_cacheable(expression: &Expression) -> bool {
    let schema = schema();
    let variables = || schema.variables().iter().map(|variable| variable.name);
    expression
        .uses()
        .iter()
        .all(|name| name.starts_with("target.") || variables().all(|it| it != name))
}

/// What Santa does with the value of an expression. None if Santa continues as if no rule matched.
pub(super) fn result_name(value: &Value) -> Option<&'static str> {
    match value {
        Value::Bool(true) => Some("ALLOWLIST"),
        Value::Bool(false) => Some("BLOCKLIST"),
        Value::Int(number) => {
            let mut values = schema().enums().iter().flat_map(|it| &it.values);
            let value = values.find(|value| value.number == *number && value.number != 0);
            value.map(|value| value.name)
        }
        _ => None,
    }
}

/// The known facts about one execution, by the name that expressions use, such as `target.team_id`.
/// Facts that were not given are unknown.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    facts: BTreeMap<&'static str, Resolved>,
}

impl Execution {
    /// The execution of a program that a host reported. Uploaded events have no arguments, no
    /// environment, no effective user and no working directory.
    pub fn of(program: &Program, path: &str) -> Self {
        let mut facts = BTreeMap::new();
        if !path.is_empty() {
            facts.insert("path", Resolved::Value(Value::text(path)));
        }
        let signing_id = program.prefixed_signing_id().unwrap_or_default();
        let is_known = program.signing_status != SigningStatus::Unknown;
        for (name, text) in [
            ("target.team_id", program.team_id.as_str()),
            ("target.signing_id", signing_id.as_str()),
        ] {
            if is_known || !text.is_empty() {
                facts.insert(name, Resolved::Value(Value::text(text)));
            }
        }
        if is_known || !signing_id.is_empty() {
            let is_platform = Value::Bool(program.is_platform());
            facts.insert("target.is_platform_binary", Resolved::Value(is_platform));
        }
        Self { facts }
    }

    pub fn set(&mut self, name: &'static str, value: Value) {
        self.facts.insert(name, Resolved::Value(value));
    }
}

impl Variables for Execution {
    fn resolve(&self, _: usize, slot: &Slot) -> Resolved {
        self.facts.get(&*slot.name).cloned().unwrap_or(Resolved::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w1_every_string_function_of_santas_cookbook_is_accepted_from_2025_8_on() {
        let expressions = [
            "args.join(' ').contains('--remote')",
            "args[0].split('=')[0] == '--x'",
            "args.exists(arg, arg.lowerAscii() == '--headless')",
            "args[0].upperAscii() == 'X'",
            "args[0].replace('a', 'b') == 'b'",
            "args[0].indexOf('x') > 0 && args[0].lastIndexOf('x') > 1",
            "args[0].substring(0, 2) == '--'",
            "args[0].charAt(0) == '-'",
            "args[0].trim() == '' || args[0].reverse() == 'x'",
            "strings.quote(args[0]) != ''",
            "'%s'.format([args[0]]) == 'x'",
        ];
        for source in expressions {
            let expression = Expression::parse(source, schema()).unwrap();
            assert_eq!(first_version(&expression), Some((2025, 8)), "{source}");
        }
    }

    #[test]
    fn w1_the_newest_name_decides_and_old_names_need_nothing() {
        let first = |source| first_version(&Expression::parse(source, schema()).unwrap());
        assert_eq!(first("args.join(' ') == path"), Some((2026, 3)));
        assert_eq!(first("args.size() > 1 && args[0].startsWith('x')"), None);
        assert_eq!(first("args.exists(join, join == 'x')"), None, "a variable of that name");
        assert_eq!(first("euid == 0 ? SILENT_TTY_BLOCKLIST : ALLOWLIST"), Some((2026, 6)));
    }

    #[test]
    fn type_errors_are_refused_with_all_faults() {
        let error = |source| Expression::parse(source, schema()).unwrap_err().to_string();
        assert_eq!(
            error("euid == 'a'"),
            "cannot compare int with string: expected int (line 1, column 9)"
        );
        assert_eq!(
            error("args[0] + 1 == 'x'"),
            "`+` does not support string and int: expected string (line 1, column 11)"
        );
        assert_eq!(
            error("args[0]"),
            "the result of the expression is string: expected bool or ReturnValue \
             (line 1, column 1)"
        );
        assert_eq!(
            error("uid == 0 && target.teamid == 1"),
            "unknown variable `uid` (line 1, column 1), did you mean `euid`?; unknown field \
             `target.teamid` (line 1, column 20), did you mean `target.team_id`?"
        );
        assert!(error("euid == 0 ? ALLOWLIST : true").contains("have different types"));
    }

    #[test]
    fn a_verdict_may_depend_on_what_an_event_does_not_contain() {
        let program = Program {
            sha256: "ab".repeat(32),
            team_id: "EQHXZ8M8AV".to_owned(),
            signing_id: "com.google.Chrome".to_owned(),
            ..Program::default()
        };
        let execution = Execution::of(&program, "/Applications/Google Chrome");
        let outcome = |source: &str| {
            let expression = Expression::parse(source, schema()).unwrap();
            let compiled = expression.compile(schema()).unwrap();
            let outcome = compiled.evaluate(&execution, cel::DEFAULT_COST);
            outcome.map(|value| value.to_string()).map_err(|stop| stop.to_string())
        };
        assert_eq!(outcome("target.team_id == 'EQHXZ8M8AV'"), Ok("true".to_owned()));
        assert_eq!(
            outcome("target.signing_id == 'EQHXZ8M8AV:com.google.Chrome'"),
            Ok("true".to_owned())
        );
        assert_eq!(
            outcome("args.exists(a, a == '-x')"),
            Err("unknown: depends on args".to_owned())
        );
        assert_eq!(outcome("euid == 0 && path == '/bin/sh'"), Ok("false".to_owned()));
        assert_eq!(outcome("euid == 0 || path.startsWith('/App')"), Ok("true".to_owned()));
    }

    #[test]
    fn santa_caches_results_that_depend_on_the_program_alone() {
        let cacheable = |source| is_cacheable(&Expression::parse(source, schema()).unwrap());
        assert!(cacheable("target.team_id.lowerAscii() == 'x' ? ALLOWLIST : BLOCKLIST"));
        assert!(!cacheable("target.team_id == 'x' && euid == 0"));
        assert_eq!(result_name(&Value::Bool(false)), Some("BLOCKLIST"));
        assert_eq!(result_name(&Value::Int(9)), Some("SILENT_GUI_BLOCKLIST"));
        assert_eq!(result_name(&Value::Int(0)), None);
    }
}
