//! Detects the dialect of an expression from its variables.
//!
//! In the map dialect, each kind of event is a variable and the values of enums are strings. In the
//! typed dialect, `event` is the only variable with fields, and the values of enums are constants.

use super::detection::Dialect;

/// The variables of the map dialect: one for each kind of event.
pub const KINDS: [&str; 26] = [
    "execution",
    "fork",
    "exit",
    "close",
    "rename",
    "unlink",
    "link",
    "exchangedata",
    "disk",
    "bundle",
    "allowlist",
    "file_access",
    "codesigning_invalidated",
    "login_window_session",
    "login_logout",
    "screen_sharing",
    "open_ssh",
    "authentication",
    "clone",
    "copyfile",
    "gatekeeper_override",
    "launch_item",
    "tcc_modification",
    "xprotect",
    "network_activity",
    "proc_suspend_resume",
];

/// The expression uses the variables of both dialects. These are the first two.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the expression mixes two dialects: `{map}` is a variable of the map dialect, and `{typed}` of \
     the typed dialect"
)]
pub struct MixedDialects {
    map: String,
    typed: String,
}

/// The dialect. None if no variable belongs to only one of them, as in `kind == "execution"`.
///
/// # Errors
/// The expression uses variables of both dialects.
pub fn dialect(expression: &str) -> Result<Option<Dialect>, MixedDialects> {
    let variables = variables(expression);
    let map = variables.iter().find(|name| KINDS.contains(name));
    let typed = variables.iter().find(|name| matches!(**name, "event" | "decoded_args"));
    match (map, typed) {
        (Some(map), Some(typed)) => {
            Err(MixedDialects { map: (*map).to_owned(), typed: (*typed).to_owned() })
        }
        (Some(_), None) => Ok(Some(Dialect::Map)),
        (None, Some(_)) => Ok(Some(Dialect::Typed)),
        (None, None) => Ok(None),
    }
}

/// The names in an expression that are not fields or functions, outside strings and comments. The
/// expression may be invalid.
fn variables(expression: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut before = None;
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => string_length(rest, before == Some("r")),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if is_name(first) => rest.find(|c: char| !is_name(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if is_name(first)
            && !first.is_ascii_digit()
            && before != Some(".")
            && !after.trim_start().starts_with('(')
        {
            found.push(token);
        }
        if !token.trim().is_empty() && !token.starts_with("//") {
            before = Some(token);
        }
        rest = after;
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The length in bytes of the string literal at the beginning of a text, with its quotes. A literal
/// that is not closed has the length of the text.
fn string_length(text: &str, is_raw: bool) -> usize {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let end = if text.starts_with(&triple) { &*triple } else { quote };
    let mut at = end.len();
    while let Some(rest) = text.get(at..) {
        match rest.chars().next() {
            None => break,
            _ if rest.starts_with(end) => return at + end.len(),
            Some('\\') if !is_raw => {
                let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
                at += 1 + escaped;
            }
            Some(c) => at += c.len_utf8(),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_depends_on_variables_only() {
        for (expression, expected) in [
            (r#"kind == "execution""#, None),
            (r#"execution.decision == "DECISION_ALLOW""#, Some(Dialect::Map)),
            ("event.execution.decision == DECISION_ALLOW", Some(Dialect::Typed)),
            ("decoded_args.exists(a, a == 'event')", Some(Dialect::Typed)),
            ("kind == 'execution' // event.execution\n", None),
            (r#"kind == "a\"execution" && kind == '''event '' '''"#, None),
            (r"kind == r'\' && execution.static_rule", Some(Dialect::Map)),
            ("event . execution . fork", Some(Dialect::Typed)),
            ("'unclosed execution", None),
        ] {
            assert_eq!(dialect(expression), Ok(expected), "{expression}");
        }
        let error = dialect("execution.static_rule || event.execution.static_rule").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the expression mixes two dialects: `execution` is a variable of the map dialect, and \
             `event` of the typed dialect"
        );
    }
}
