//! Tests of the whole language. `oracle` compares it with another implementation.

mod absence;
mod checking;
mod evaluation;
mod limits;
mod oracle;
mod parsing;
mod specialization;
mod telemetry;

use std::collections::BTreeMap;

use super::{
    CelError, Enum, EnumValue, Field, Function, Message, Outcome, Program, Resolved, Schema, Slot,
    Type, Value, Variables, strings_extension,
};

/// A schema for tests, with fields of many types.
struct TestSchema {
    variables: Vec<Field>,
    messages: Vec<Message>,
    enums: Vec<Enum>,
    functions: Vec<Function>,
    results: Vec<Type>,
}

impl Schema for TestSchema {
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

    fn results(&self) -> &[Type] {
        &self.results
    }
}

fn value(name: &'static str, number: i64) -> EnumValue {
    EnumValue { name, number, since: None }
}

fn schema() -> TestSchema {
    let field = |name, kind| Field::new(name, kind, "");
    TestSchema {
        variables: vec![
            field("target", Type::Message("Target")),
            field("args", Type::list(Type::String)),
            field("envs", Type::map(Type::String, Type::String)),
            field("euid", Type::Int).since((2025, 12)),
            field("size_of", Type::Uint),
            field("load", Type::Double),
            field("cwd", Type::String),
            field("is_root", Type::Bool),
            field("data", Type::Bytes),
            field("took", Type::Duration),
            field("any", Type::Dyn),
            field("ancestors", Type::list(Type::Message("Ancestor"))),
            field("decision", Type::Enum("Decision")),
            field("kind", Type::Enum("Kind")),
        ],
        messages: vec![
            Message {
                name: "Target",
                fields: vec![
                    field("signing_time", Type::Timestamp).optional(),
                    field("team_id", Type::String).since((2026, 3)),
                    field("parent", Type::Message("Ancestor")).optional(),
                ],
            },
            Message {
                name: "Ancestor",
                fields: vec![field("path", Type::String).optional(), field("pid", Type::Int)],
            },
        ],
        enums: vec![
            Enum {
                name: "Decision",
                values: vec![value("ALLOW", 1), value("BLOCK", 2), value("UNKNOWN", 0)],
                is_textual: true,
                is_named: true,
            },
            Enum {
                name: "Kind",
                values: vec![value("EXECUTION", 1), value("FORK", 2), value("UNKNOWN", 7)],
                is_textual: true,
                is_named: true,
            },
        ],
        functions: strings_extension((2025, 8)),
        results: Vec::new(),
    }
}

fn compile(source: &str) -> Program {
    Program::compile(source, &schema()).unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn error(source: &str) -> String {
    invalid(source).to_string()
}

fn invalid(source: &str) -> CelError {
    match Program::compile(source, &schema()) {
        Ok(program) => panic!("{source} has the type {}", program.result()),
        Err(error) => error,
    }
}

fn uses(source: &str) -> Vec<String> {
    compile(source).uses().iter().cloned().collect()
}

/// Values by the name of the slot.
#[derive(Default)]
struct Facts(BTreeMap<&'static str, Resolved>);

impl Facts {
    fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.insert(name, Resolved::Value(value));
        self
    }

    fn unknown(mut self, name: &'static str) -> Self {
        self.0.insert(name, Resolved::Unknown);
        self
    }
}

/// Facts that were not given are absent.
impl Variables for Facts {
    fn resolve(&self, _: usize, slot: &Slot) -> Resolved {
        self.0.get(&*slot.name).cloned().unwrap_or(Resolved::Absent)
    }
}

fn outcome(source: &str, facts: &Facts) -> Outcome {
    compile(source).evaluate(facts, super::DEFAULT_COST)
}

/// The value of an expression without facts, as a literal, or why there is none.
fn shown(source: &str) -> String {
    match outcome(source, &Facts::default()) {
        Ok(value) => value.to_string(),
        Err(stop) => stop.to_string(),
    }
}
