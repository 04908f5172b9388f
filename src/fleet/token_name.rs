//! Names of tokens.

use crate::rule::checked_text;

/// The longest name, in characters.
const LONGEST: usize = 100;
/// The author of the server's own changes.
const SERVER: &str = "nicelist";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenNameError {
    #[error("a token name must have 1 to {LONGEST} characters")]
    Length,
    #[error("a token name must not begin or end with a space")]
    Space,
    #[error("a token name must not contain {}", .0.escape_unicode())]
    Invisible(char),
    /// The name is `.` or `..`. HTTP clients remove both from URLs, so the token could not be
    /// revoked.
    #[error("a token name must not be . or ..")]
    Dots,
    /// The name looks like another kind of author, such as `local:USER` or `nicelist`.
    #[error("token names with a colon, and the name nicelist, are reserved")]
    Reserved,
}

checked_text!(
    /// The name of a new token. The history shows it as the author of the token's changes, so it
    /// must not look like another author.
    TokenName,
    TokenNameError,
    check
);

fn check(text: &str) -> Result<Box<str>, TokenNameError> {
    if text.is_empty() || text.chars().nth(LONGEST).is_some() {
        return Err(TokenNameError::Length);
    }
    if let Some(invisible) = text.chars().find(|c| is_invisible(*c)) {
        return Err(TokenNameError::Invisible(invisible));
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(TokenNameError::Space);
    }
    if matches!(text, "." | "..") {
        return Err(TokenNameError::Dots);
    }
    // `local:USER` is the author of changes by commands that open the database without a server.
    if text.contains(':') || text.eq_ignore_ascii_case(SERVER) {
        return Err(TokenNameError::Reserved);
    }
    Ok(text.into())
}

/// Whether a character is a control character, is white space other than a space, or has no width,
/// such as a mark that changes the direction of text.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a4_a_token_name_cannot_pass_for_another_author() {
        for fine in ["ci", "anna@example.com", "Zoë (laptop)", "a/b", &"x".repeat(LONGEST)] {
            assert_eq!(fine.parse::<TokenName>().unwrap().as_str(), fine);
        }
        let refused = |text: &str| text.parse::<TokenName>().unwrap_err();
        for reserved in ["local:root", ":", "nicelist", "Nicelist"] {
            assert_eq!(refused(reserved), TokenNameError::Reserved, "{reserved}");
        }
        for hidden in ["a\u{202e}b", "a\nb", "a\u{200b}", "\u{feff}a", "a\u{a0}b", "a\u{2066}b"] {
            assert!(matches!(refused(hidden), TokenNameError::Invisible(_)), "{hidden:?}");
        }
        assert_eq!([refused("."), refused("..")], [TokenNameError::Dots; 2]);
        assert_eq!(refused(" ci"), TokenNameError::Space);
        assert_eq!(refused("ci "), TokenNameError::Space);
        assert_eq!([refused(""), refused(&"x".repeat(LONGEST + 1))], [TokenNameError::Length; 2]);
        let shown = refused("a\u{202e}b").to_string();
        assert_eq!(shown, "a token name must not contain \\u{202e}");
    }
}
