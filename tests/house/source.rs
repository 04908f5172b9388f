//! Reads the project's files, and divides Rust into tokens, comments and literals.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends with `ending`, sorted.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for path in entries.map(|entry| entry.map(|entry| entry.path())) {
        let path = path.unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub(crate) fn read(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The path of a file from the project's root, with `/` on every system.
pub(crate) fn name(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A token of Rust code: a word, `::`, or any other character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Word(&'a str),
    Path,
    Mark(char),
}

/// A part of a Rust file. Strings, characters and lifetimes are literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Token(Token<'a>),
    Comment(&'a str),
    Literal(&'a str),
}

pub(crate) fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let tokens = pieces(text).into_iter().filter_map(|(line, piece)| match piece {
        Piece::Token(token) => Some((line, token)),
        Piece::Comment(_) | Piece::Literal(_) => None,
    });
    tokens.collect()
}

pub(crate) fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut pieces = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let is_comment = rest.starts_with("//") || rest.starts_with("/*");
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if is_comment => block_comment(rest),
            '"' => quoted(rest),
            '\'' => character_or_lifetime(rest),
            'r' | 'b' | 'c' if string_prefix(rest).is_some() => string_prefix(rest).unwrap_or(1),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        let piece = match first {
            _ if is_comment => Some(Piece::Comment(text)),
            _ if text.chars().all(is_word) => Some(Piece::Token(Token::Word(text))),
            _ if text == "::" => Some(Piece::Token(Token::Path)),
            _ if first.is_whitespace() => None,
            _ if text.chars().count() == 1 => Some(Piece::Token(Token::Mark(first))),
            _ => Some(Piece::Literal(text)),
        };
        pieces.extend(piece.map(|piece| (line, piece)));
        line += text.matches('\n').count();
        rest = after;
    }
    pieces
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a string that begins with a quotation mark.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a string with a prefix, such as `r"…"`, `r#"…"#` or `b"…"`.
fn string_prefix(text: &str) -> Option<usize> {
    let prefix = text.find(|c| !matches!(c, 'r' | 'b' | 'c'))?;
    let body = &text[prefix..];
    let hashes = body.find(|c| c != '#')?;
    if prefix > 2 || !body[hashes..].starts_with('"') {
        return None;
    }
    if !text[..prefix].contains('r') {
        return (hashes == 0).then(|| prefix + quoted(body));
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = &body[hashes + 1..];
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(prefix + hashes + 1 + length)
}

fn character_or_lifetime(text: &str) -> usize {
    let inside = &text[1..];
    let first = inside.chars().next().map_or(0, char::len_utf8);
    if inside.starts_with('\\') {
        let escaped = inside.chars().nth(1).map_or(0, char::len_utf8);
        let end = inside.get(1 + escaped..).and_then(|rest| rest.find('\''));
        return end.map_or(text.len(), |at| 1 + 1 + escaped + at + 1);
    }
    if inside[first..].starts_with('\'') {
        return 1 + first + 1;
    }
    1 + inside.find(|c| !is_word(c)).unwrap_or(inside.len())
}

#[test]
fn comments_strings_and_lifetimes_are_not_tokens() {
    let text =
        "a // b\n/* c /* d */ e */ f \"g \\\" h\" r#\"i \" j\"# b'k' 'l' '\\'' '\\u{41}' &'m n::o!";
    let seen: Vec<_> = tokens(text).into_iter().map(|(_, token)| token).collect();
    use Token::{Mark, Path, Word};
    let expected =
        [Word("a"), Word("f"), Word("b"), Mark('&'), Word("n"), Path, Word("o"), Mark('!')];
    assert_eq!(seen, expected);
    assert_eq!(tokens("a\n\nb")[1], (3, Token::Word("b")));
    assert_eq!(pieces("a\n// b")[1], (2, Piece::Comment("// b")));
    assert_eq!(pieces("a \"b\"")[1], (1, Piece::Literal("\"b\"")));
}
