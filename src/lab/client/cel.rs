//! Checks whether an expression compiles in a version of Santa.
//!
//! This is an approximation. It checks names, brackets and quotes, but no other syntax and no
//! types.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::generation::Version;

/// Macros whose first argument is a variable that they define.
const MACROS: [&str; 5] = ["all", "exists", "exists_one", "filter", "map"];

const WORDS: [&str; 4] = ["true", "false", "null", "in"];

/// Whether `version` supports the names in the expression: variables, functions, and fields of
/// `target`. Brackets and quotes must match. An empty expression does not compile.
pub(super) fn compiles(version: Version, expression: &str) -> bool {
    let Some(tokens) = tokens(expression) else { return false };
    let bound = bound(&tokens);
    let is_known = |at: usize| match tokens[at] {
        Token::Word(word) => {
            let after_dot = at > 0 && tokens[at - 1] == Token::Mark('.');
            let called = tokens.get(at + 1) == Some(&Token::Mark('('));
            let field = after_dot && at > 1 && tokens[at - 2] == Token::Word("target") && !called;
            if field {
                return version.knows_cel_name(&format!("target.{word}"));
            }
            if called && !version.knows_cel_function(word) {
                return false;
            }
            after_dot
                || called
                || WORDS.contains(&word)
                || bound.contains(&word)
                || version.knows_cel_name(word)
        }
        Token::Mark(_) | Token::Literal => true,
    };
    !tokens.is_empty() && balanced(&tokens) && (0..tokens.len()).all(is_known)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Mark(char),
    Literal,
}

/// Matches one token: a string with or without a prefix (such as `b` or `r`), a number, a word, or
/// any other character except white space.
const TOKEN: &str = r#"(?xs)
    (?<literal> (?:[A-Za-z_][A-Za-z0-9_]?)? (?: "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' ) | [0-9][A-Za-z0-9_]* )
    | (?<word> [A-Za-z_][A-Za-z0-9_]* )
    | \S"#;

#[expect(clippy::expect_used, reason = "the pattern is a constant")]
static TOKENS: LazyLock<Regex> = LazyLock::new(|| Regex::new(TOKEN).expect("a valid pattern"));

/// Returns `None` if a string is not closed.
fn tokens<'a>(text: &'a str) -> Option<Vec<Token<'a>>> {
    let token = |found: Captures<'a>| match (found.name("literal"), found.name("word")) {
        (Some(_), _) => Some(Token::Literal),
        (None, Some(word)) => Some(Token::Word(word.as_str())),
        (None, None) => {
            let mark = found[0].chars().next()?;
            // If a quotation mark is a token, the string that it begins is not closed.
            (!matches!(mark, '"' | '\'')).then_some(Token::Mark(mark))
        }
    };
    TOKENS.captures_iter(text).map(token).collect()
}

/// The variables that macros define.
fn bound<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let of_a_macro = |window: &[Token<'a>]| match *window {
        [Token::Mark('.'), Token::Word(name), Token::Mark('('), Token::Word(variable)]
            if MACROS.contains(&name) =>
        {
            Some(variable)
        }
        _ => None,
    };
    tokens.windows(4).filter_map(of_a_macro).collect()
}

fn balanced(tokens: &[Token<'_>]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        let closes = match token {
            Token::Mark('(') => ')',
            Token::Mark('[') => ']',
            Token::Mark('{') => '}',
            Token::Mark(mark @ (')' | ']' | '}')) => {
                if open.pop() != Some(*mark) {
                    return false;
                }
                continue;
            }
            Token::Mark(_) | Token::Word(_) | Token::Literal => continue,
        };
        open.push(closes);
    }
    open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(expression: &str) -> &'static str {
        let versions = ["2025.6", "2025.8", "2025.12", "2026.2", "2026.3", "2026.6"];
        let compiling = |text: &&str| compiles(Version::named(text), expression);
        versions.into_iter().find(compiling).unwrap_or("never")
    }

    #[test]
    fn an_expression_compiles_since_the_version_with_its_names() {
        let cases = [
            ("target.signing_time > timestamp('2025-01-01T00:00:00Z')", "2025.6"),
            ("args.exists(euid, euid == '--help') ? ALLOWLIST : BLOCKLIST", "2025.6"),
            (r#"envs["path"] == "cwd \" euid" || 'x' in args"#, "2025.6"),
            (r#"envs.path == r"euid""#, "2025.6"),
            ("size(args) < 3 && args[0].startsWith('a')", "2025.6"),
            ("args.join(' ').contains('x')", "2025.8"),
            ("strings.quote(args[0]) == 'x'", "2025.8"),
            ("args.exists(join, join.lowerAscii() == 'x')", "2025.8"),
            ("euid == 0", "2025.12"),
            ("cwd.startsWith('/tmp')", "2025.12"),
            ("target.signing_id == 'x' && euid != 0", "2026.2"),
            ("path.matches('^/opt/')", "2026.3"),
            ("target . team_id == 'x'", "2026.3"),
            ("target.is_platform_binary", "2026.3"),
            ("euid == 0 ? SILENT_GUI_BLOCKLIST : UNSPECIFIED", "2026.6"),
            ("REQUIRE_TOUCHID", "never"),
            ("target.bundle == 'x'", "never"),
            ("(euid == 0", "never"),
            ("args[0)", "never"),
            ("euid == 'open", "never"),
            ("", "never"),
        ];
        for (expression, expected) in cases {
            assert_eq!(first(expression), expected, "{expression}");
        }
    }
}
