//! nicelist's own JSON: an array of rules, as `rule list -o json` and the admin API write them;
//! or a rule a line.

mod lines;
#[cfg(test)]
mod tests;
mod whole;

pub(crate) use lines::without_mark;
pub use lines::{LineError, LineWriter, Lines, recognises_lines};
pub use whole::{ArrayWriter, read, read_lines, recognises, write, write_lines};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::rule::RuleDraft;

/// What a list tells of a rule beside the rule itself.
#[derive(Deserialize)]
struct Listed {
    #[serde(flatten)]
    rule: serde_json::Map<String, serde_json::Value>,
    #[serde(default, rename = "revision")]
    _revision: IgnoredAny,
    #[serde(default, rename = "author")]
    _author: IgnoredAny,
    #[serde(default, rename = "since")]
    _since: IgnoredAny,
    #[serde(default, rename = "needs")]
    _needs: IgnoredAny,
    #[serde(default, rename = "withheld")]
    _withheld: IgnoredAny,
}

/// Reads one rule: alone, or as lists show it.
///
/// # Errors
/// Where it is no JSON, no object, or has a field that neither has.
fn draft(text: &str) -> Result<RuleDraft, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        if !error.is_data() {
            return Err(error);
        }
        let Listed { rule, .. } = serde_json::from_str(text).map_err(|_| error)?;
        serde_json::from_value(rule.into())
    })
}

/// A message without the line and column that it ends with; they are counted from the rule. A
/// text that is of the wrong type is not quoted: the file may be something else, and secret.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = &message[..end];
    match (message.split_once("string \""), message.rsplit_once("\", expected ")) {
        (Some((start, _)), Some((_, expected))) => format!("{start}a text, expected {expected}"),
        _ => message.to_owned(),
    }
}
