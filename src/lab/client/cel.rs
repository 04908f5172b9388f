//! Whether a client's version compiles an expression.
//!
//! Knows names and not grammar: that is what versions differ in.

use std::iter::Peekable;

use super::generation::Version;

/// Members that bind the variable that is their first argument.
const MACROS: [&str; 5] = ["all", "exists", "exists_one", "filter", "map"];

/// Words of the language.
const WORDS: [&str; 4] = ["true", "false", "null", "in"];

/// Whether this version knows every name in the expression, and its brackets and quotes match.
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
    /// A number or a string.
    Literal,
}

/// The expression's tokens, or nothing if a string has no end.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        let token = match letter {
            '"' | '\'' => {
                skip_string(letter, &mut letters)?;
                Token::Literal
            }
            '0'..='9' => {
                word_end(start, &mut letters);
                Token::Literal
            }
            _ if is_of_a_word(letter) => {
                let end = word_end(start + letter.len_utf8(), &mut letters);
                match letters.peek() {
                    // A prefix of a string, as in b"..." or r"...".
                    Some((_, '"' | '\'')) if end - start <= 2 => continue,
                    _ => Token::Word(&text[start..end]),
                }
            }
            _ if letter.is_whitespace() => continue,
            _ => Token::Mark(letter),
        };
        tokens.push(token);
    }
    Some(tokens)
}

fn is_of_a_word(letter: char) -> bool {
    letter == '_' || letter.is_ascii_alphanumeric()
}

fn word_end(start: usize, letters: &mut Peekable<impl Iterator<Item = (usize, char)>>) -> usize {
    let mut end = start;
    while let Some((at, letter)) = letters.next_if(|(_, letter)| is_of_a_word(*letter)) {
        end = at + letter.len_utf8();
    }
    end
}

fn skip_string(quote: char, letters: &mut impl Iterator<Item = (usize, char)>) -> Option<()> {
    loop {
        match letters.next()?.1 {
            '\\' => drop(letters.next()),
            letter if letter == quote => return Some(()),
            _ => {}
        }
    }
}

/// The variables that macros bind.
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
    fn an_expression_compiles_from_the_version_on_that_knows_its_names() {
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
