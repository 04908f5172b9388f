//! Checks detections before they are used: expressions and fields against the schema of telemetry,
//! and mistakes in detections that are valid.

mod cdhash;
mod event;
mod event_fault;
mod field;
mod kinds;
mod lint;
mod schema;

#[cfg(test)]
mod tests;

pub use event::EventValues;
pub use event_fault::event_fault;
pub use kinds::{KindMatching, Matching, kinds_of};
pub use lint::{LintCode, lint};
pub use schema::TelemetrySchema;

use crate::cel::{CelError, Fault, FaultKind, Program, Schema, Span};
use crate::detect::rule_files::{self, Checker, Dialect, Finding, Role};

/// The code of [`Finding`]s about expressions that no event can match.
pub const NEVER_MATCHES: &str = LintCode::NeverMatches.word();

/// The code of [`Finding`]s about fields without a comparison of `kind`.
pub const UNGUARDED_KIND: &str = LintCode::UnguardedKind.word();

/// Checks detections against the schema of telemetry.
#[derive(Clone, Copy, Debug)]
pub struct TelemetryChecker;

impl Checker for TelemetryChecker {
    fn check_expression(&self, expression: &str, role: Role) -> Vec<Finding> {
        // The reader reports expressions in two dialects.
        let Ok(dialect) = rule_files::dialect(expression) else { return Vec::new() };
        let dialect = dialect.unwrap_or(Dialect::Map);
        match Program::compile(expression, TelemetrySchema::of(dialect)) {
            Ok(program) => {
                let mut found = cdhash::findings(&program);
                found.extend(kind_finding(&program, role));
                found
            }
            Err(error) if error.faults().is_empty() => {
                vec![Finding::error("expression", error.to_string())]
            }
            Err(error) => findings(expression, &error, dialect),
        }
    }

    fn check_path(&self, path: &str) -> Option<String> {
        field::path_fault(path)
    }
}

/// Compiles an expression of a detection, in its dialect.
///
/// # Errors
/// All faults of the expression. An expression in both dialects has a fault for each variable of
/// the typed dialect.
pub fn compile(expression: &str) -> Result<Program, CelError> {
    let dialect = rule_files::dialect(expression).ok().flatten().unwrap_or(Dialect::Map);
    Program::compile(expression, TelemetrySchema::of(dialect))
}

fn findings(expression: &str, error: &CelError, dialect: Dialect) -> Vec<Finding> {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let finding = |fault: &Fault| {
        let advice = advice(expression, fault, dialect);
        Finding {
            line: number(fault.at.line),
            column: number(fault.at.column),
            width: number(fault.width(expression)),
            code: fault.kind.word(),
            message: advice.unwrap_or_else(|| fault.summary()),
            is_warning: false,
        }
    };
    error.faults().iter().map(finding).collect()
}

/// A message for mistakes that people make because of another language or the other dialect.
fn advice(expression: &str, fault: &Fault, dialect: Dialect) -> Option<String> {
    let written = fault.span.text(expression);
    let is_value = |name: &str| {
        let enums = TelemetrySchema::of(dialect).enums();
        enums.iter().flat_map(|it| &it.values).any(|value| value.name == name)
    };
    let unquoted = written.trim_matches(['"', '\'']);
    match (fault.kind, dialect) {
        (FaultKind::Syntax, _) if written.starts_with('#') => {
            Some("unexpected `#`: comments begin with //".to_owned())
        }
        (FaultKind::UnknownVariable, Dialect::Map) if is_value(written) => Some(format!(
            "`{written}` is a constant of the typed dialect: expected \"{written}\", or fields that \
             begin with event"
        )),
        (FaultKind::Operands, Dialect::Typed) if unquoted != written && is_value(unquoted) => {
            Some(format!("{}: expected {unquoted} without quotes", fault.message))
        }
        _ => None,
    }
}

/// The finding about the kinds of events, if there is one.
fn kind_finding(program: &Program, role: Role) -> Option<Finding> {
    let kinds = kinds_of(program);
    let can_match = |kind: &&KindMatching| kind.matching != Matching::Never;
    let matching: Vec<&str> = kinds.iter().filter(can_match).map(|it| it.kind.name()).collect();
    if matching.is_empty() {
        let message = "no event of any kind can match".to_owned();
        return Some(Finding::error(NEVER_MATCHES, message));
    }
    // An exception is evaluated only for events that match.
    let span = kinds.iter().find_map(|kind| kind.foreign).filter(|_| role == Role::Condition)?;
    let field = span.text(program.source());
    let guard = match matching.as_slice() {
        [kind] => format!("kind == \"{kind}\" && before it"),
        _ => "a comparison of kind before it".to_owned(),
    };
    let message = format!("other kinds of events have no `{field}`: expected {guard}");
    Some(Finding { is_warning: true, ..finding(program, span, UNGUARDED_KIND, message) })
}

/// An error about a part of an expression.
fn finding(program: &Program, span: Span, code: &'static str, message: String) -> Finding {
    let at = span.position(program.source());
    let first = span.text(program.source()).lines().next().unwrap_or_default();
    let [line, column, width] = [at.line, at.column, first.chars().count()]
        .map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    Finding { line, column, width, code, message, is_warning: false }
}
