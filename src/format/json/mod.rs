//! nicelist's own JSON: an array of rules, as in `rule list -o json` and in the admin API, or a
//! rule per line.

mod lines;
#[cfg(test)]
mod tests;
mod whole;

pub(crate) use crate::document::without_mark;
pub use lines::{Lines, recognises_lines};
pub use whole::{Writer, read, read_lines, recognises, write, write_lines};

use super::own::{self, FIELDS};
use super::{Defaults, Location, Remark};
use crate::document::{Fault, Node};
use crate::rule::{Rule, RuleDraft};

/// The keys that the admin API's lists add to the keys of a rule.
const LISTED: [&str; 6] = ["revision", "author", "since", "needs", "withheld", "hostname"];

/// Reads one rule, with or without the keys in [`LISTED`]. `node` parses the same text into a tree.
///
/// # Errors
/// If the rule is invalid. Unknown fields are reported before other errors.
fn rule(
    file: u32,
    text: &str,
    node: impl FnOnce() -> Result<Node, Fault>,
    defaults: &Defaults,
) -> Result<Rule, Remark> {
    // Most rules are valid and need no tree. (Without the check for `{`, serde would also read a
    // list as a rule.)
    if text.trim_start().starts_with('{')
        && let Ok(mut draft) = serde_json::from_str::<RuleDraft>(text)
    {
        defaults.fill(&mut draft);
        if let Ok(rule) = Rule::try_from(draft) {
            return Ok(rule);
        }
    }
    let node = node().map_err(|fault| Remark::of(file, fault))?;
    if let Some(text) = unknown_fields(&node) {
        return Err(Remark::new(Location::of(file, node.position), text));
    }
    own::rule(file, &node, defaults, |_| None).map_err(|mut faults| faults.swap_remove(0))
}

/// Names of fields in other formats, each with the field to use instead.
const FOREIGN: [(&str, &str); 12] = [
    ("type", "target"),
    ("rule_type", "target"),
    ("identifier", "target"),
    ("sha256", "target"),
    ("state", "policy"),
    ("cel_expr", "cel"),
    ("custom_msg", "message"),
    ("custommsg", "message"),
    ("custom_url", "url"),
    ("event_detail_button_label", "button_label"),
    ("notification_app_name", "app_name"),
    ("description", "comment"),
];

/// Maximum unknown fields that are listed.
const MAX_LISTED: usize = 8;
/// Maximum characters of a field's name that are shown.
const LONGEST_NAME: usize = 40;

/// The message for unknown fields, with the fields that may be meant.
fn unknown_fields(rule: &Node) -> Option<String> {
    let keys = rule.entries()?.iter().map(|entry| entry.key.as_str());
    let is_known = |key: &&str| FIELDS.contains(key) || LISTED.contains(key);
    let mut unknown: Vec<&str> = keys.filter(|key| !is_known(key)).collect();
    unknown.sort_unstable();
    let listed = unknown.iter().take(MAX_LISTED).map(|key| {
        let shown: String = key.chars().take(LONGEST_NAME).collect();
        match meant(key) {
            Some(field) => format!("{shown} (use {field})"),
            None => shown,
        }
    });
    let listed: Vec<String> = listed.collect();
    let fields = if unknown.len() == 1 { "unknown field" } else { "unknown fields" };
    let more = match unknown.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!unknown.is_empty()).then(|| format!("{fields}: {}{more}", listed.join(", ")))
}

fn meant(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    let foreign = FOREIGN.iter().find(|(name, _)| *name == key).map(|(_, field)| *field);
    foreign.or_else(|| {
        let near = |field: &&&str| strsim::damerau_levenshtein(&key, field) <= 2;
        FIELDS.iter().find(near).copied()
    })
}

/// A serde message without the line and column at the end. If a string is given instead of another
/// type, the message does not quote the string. The user may have named a file that does not
/// contain rules, and the string may be a secret.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = &message[..end];
    match (message.split_once("string \""), message.rsplit_once("\", expected ")) {
        (Some((start, _)), Some((_, expected))) => format!("{start}a string, expected {expected}"),
        _ => message.to_owned(),
    }
}
