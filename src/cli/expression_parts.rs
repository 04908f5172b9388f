//! The values of the parts of an expression, and its mistakes.

use serde::Serialize;

use crate::cel::{Program, Step, Value, excerpt};

/// A longer value is cut.
const LONGEST_VALUE: usize = 4096;

/// Parts beyond this number are not shown.
const MOST_PARTS: usize = 200;

/// A part of an expression with its value, or with the reason why it has none.
#[derive(Serialize)]
pub(crate) struct Part {
    pub(crate) part: String,
    pub(crate) value: String,
}

/// The parts in the order of their evaluation, each value once. Literals are left out. `name`
/// returns the text of a value that has a better one than its literal.
pub(crate) fn parts(
    program: &Program,
    steps: &[Step],
    name: impl Fn(&str, &Value) -> Option<String>,
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for step in steps.iter().filter(|step| !step.is_constant) {
        let part = step.span.text(program.source()).to_owned();
        let value = match &step.outcome {
            Ok(value) => name(&part, value).unwrap_or_else(|| value.excerpt(LONGEST_VALUE)),
            Err(stop) => stop.to_string(),
        };
        let is_shown = parts.iter().any(|known| known.part == part && known.value == value);
        if !is_shown && parts.len() < MOST_PARTS {
            parts.push(Part { part, value });
        }
    }
    parts
}

/// A message about `width` characters from `column` of a line, then the line, then a line that
/// points to them.
pub(crate) fn with_excerpt(
    message: String,
    line: &str,
    column: usize,
    width: usize,
) -> [String; 3] {
    let [line, pointer] = excerpt(line, column, width);
    [message, format!("  {line}"), format!("  {pointer}")]
}
