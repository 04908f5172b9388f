//! Values of Sigma rules with wildcards, and the tests of texts that they become.

/// A test of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextTest {
    pub(super) kind: TestKind,
    /// The literal, or the regular expression.
    pub(super) text: String,
    pub(super) is_case_sensitive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TestKind {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
    Matches,
    NotEmpty,
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `*`, any number of characters.
    Many,
    /// `?`, one character.
    One,
}

/// A value with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

impl Pattern {
    /// Reads a value. A backslash removes the meaning of a wildcard or of another backslash, and is
    /// itself before any other character.
    pub(super) fn parse(value: &str) -> Self {
        let mut parts = Self(Vec::new());
        let mut characters = value.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' => {
                    let escaped = characters.next_if(|next| matches!(next, '*' | '?' | '\\'));
                    parts.push(escaped.unwrap_or('\\'));
                }
                '*' => parts.0.push(Piece::Many),
                '?' => parts.0.push(Piece::One),
                c => parts.push(c),
            }
        }
        parts
    }

    /// A value without wildcards.
    pub(super) fn literal(text: String) -> Self {
        Self(vec![Piece::Text(text)])
    }

    fn push(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            Some(Piece::Many | Piece::One) | None => self.0.push(Piece::Text(c.into())),
        }
    }

    pub(super) fn with_any_start(mut self) -> Self {
        self.0.insert(0, Piece::Many);
        self
    }

    pub(super) fn with_any_end(mut self) -> Self {
        self.0.push(Piece::Many);
        self
    }

    pub(super) fn into_test(mut self, is_case_sensitive: bool) -> TextTest {
        self.0.dedup_by(|part, before| *part == Piece::Many && *before == Piece::Many);
        let (kind, text) = match self.0.as_slice() {
            [] => (TestKind::Equals, String::new()),
            [Piece::Many] => (TestKind::NotEmpty, String::new()),
            [Piece::Text(text)] => (TestKind::Equals, text.clone()),
            [Piece::Text(text), Piece::Many] => (TestKind::StartsWith, text.clone()),
            [Piece::Many, Piece::Text(text)] => (TestKind::EndsWith, text.clone()),
            [Piece::Many, Piece::Text(text), Piece::Many] => (TestKind::Contains, text.clone()),
            parts => (TestKind::Matches, regex(parts, is_case_sensitive)),
        };
        TextTest { kind, text, is_case_sensitive }
    }
}

/// The regular expression for a pattern with wildcards in the middle.
fn regex(parts: &[Piece], is_case_sensitive: bool) -> String {
    let flags = if is_case_sensitive { "(?s)" } else { "(?is)" };
    let mut regex = flags.to_owned();
    // Wildcards at the ends need no text.
    let (begins, ends) = (parts.first() == Some(&Piece::Many), parts.last() == Some(&Piece::Many));
    let inner = &parts[usize::from(begins)..parts.len() - usize::from(ends && parts.len() > 1)];
    regex.push_str(if begins { "" } else { "^" });
    for part in inner {
        match part {
            Piece::Text(text) => regex.push_str(&regex_syntax::escape(text)),
            Piece::Many => regex.push_str(".*"),
            Piece::One => regex.push('.'),
        }
    }
    regex.push_str(if ends { "" } else { "$" });
    regex
}

/// Checks a regular expression, which must not use features that CEL does not have.
pub(super) fn check_regex(text: &str) -> Result<(), String> {
    use regex_syntax::Error;
    let detail = match regex_syntax::parse(text) {
        Ok(_) => return Ok(()),
        Err(Error::Parse(error)) => error.kind().to_string(),
        Err(Error::Translate(error)) => error.kind().to_string(),
        Err(_) => "it is not supported".to_owned(),
    };
    Err(format!("the regular expression is invalid or not supported: {detail}"))
}

/// The characters that Sigma accepts in place of the dash of an option.
const DASHES: [char; 5] = ['-', '/', '–', '—', '―'];
/// Maximum variants of a value.
const MOST_VARIANTS: usize = 125;

/// All variants of a value with other characters in place of the dashes of options.
pub(super) fn with_other_dashes(value: &str) -> Result<Vec<String>, String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let characters: Vec<char> = value.chars().collect();
    let mut variants = vec![String::new()];
    for (at, c) in characters.iter().enumerate() {
        let follows_word = at > 0 && is_word(characters[at - 1]);
        let precedes_word = characters.get(at + 1).is_some_and(|next| is_word(*next));
        if matches!(c, '-' | '/') && !follows_word && precedes_word {
            if variants.len() * DASHES.len() > MOST_VARIANTS {
                return Err(format!("windash: `{value}` has too many dashes"));
            }
            let longer = variants.iter().flat_map(|it| DASHES.map(|dash| format!("{it}{dash}")));
            variants = longer.collect();
        } else {
            variants.iter_mut().for_each(|it| it.push(*c));
        }
    }
    Ok(variants)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(value: &str) -> (TestKind, String) {
        let test = Pattern::parse(value).into_test(false);
        (test.kind, test.text)
    }

    #[test]
    fn wildcards_become_the_simplest_test() {
        for (value, kind, text) in [
            ("a", TestKind::Equals, "a"),
            ("", TestKind::Equals, ""),
            ("*", TestKind::NotEmpty, ""),
            ("a*", TestKind::StartsWith, "a"),
            ("**a", TestKind::EndsWith, "a"),
            ("*a*", TestKind::Contains, "a"),
            (r"\*a\?", TestKind::Equals, "*a?"),
            (r"\\a\b", TestKind::Equals, r"\a\b"),
            ("a*b", TestKind::Matches, "(?is)^a.*b$"),
            ("*a.?b*", TestKind::Matches, r"(?is)a\..b"),
            ("?", TestKind::Matches, "(?is)^.$"),
        ] {
            assert_eq!(test(value), (kind, text.to_owned()), "{value}");
        }
    }

    #[test]
    fn dashes_of_options_have_variants() {
        let variants = with_other_dashes("a-b -c").unwrap();
        assert_eq!(variants, ["a-b -c", "a-b /c", "a-b –c", "a-b —c", "a-b ―c"]);
        assert_eq!(with_other_dashes("-a -b").unwrap().len(), 25);
        assert!(with_other_dashes("-a -b -c -d").is_err());
    }

    #[test]
    fn unsupported_regular_expressions_are_refused() {
        assert_eq!(check_regex("^a{1,3}$"), Ok(()));
        assert!(check_regex("(?=a)b").unwrap_err().contains("look-around"));
    }
}
