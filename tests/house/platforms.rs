//! Help desks run the command line on Windows, so uses of Unix-only APIs need `cfg(unix)`.

use super::source::{Token, files, name, read, root, tokens};

const UNIX_PATHS: [[&str; 2]; 2] = [["os", "unix"], ["signal", "unix"]];
const UNIX_CRATES: [&str; 1] = ["nix"];

#[test]
fn unix_code_is_behind_cfg() {
    let sources = files(&root().join("src"), ".rs");
    let found: Vec<_> =
        sources.iter().flat_map(|path| unguarded(&name(path), &read(path))).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// The uses of Unix-only APIs in a file that are outside items with `cfg(unix)`.
fn unguarded(path: &str, text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let marks: Vec<Token<'_>> = tokens.iter().map(|(_, token)| *token).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < marks.len() {
        if is_unix_attribute(&marks[at..]) {
            at = end_of_item(&marks, end_of_attribute(&marks, at));
            continue;
        }
        if let [Token::Word(first), Token::Path, second, ..] = marks[at..] {
            let is_path = UNIX_PATHS.iter().any(|[a, b]| *a == first && second == Token::Word(b));
            if is_path || UNIX_CRATES.contains(&first) {
                found.push(format!("{path}:{}: `{first}::` exists only on Unix", tokens[at].0));
            }
        }
        at += 1;
    }
    found
}

/// Whether these tokens begin with a `#[cfg(…)]` that contains `unix` or `target_os` without `not`.
fn is_unix_attribute(marks: &[Token<'_>]) -> bool {
    if !matches!(marks, [Token::Mark('#'), Token::Mark('['), Token::Word("cfg"), ..]) {
        return false;
    }
    let inside = &marks[..end_of_attribute(marks, 0).min(marks.len())];
    inside.windows(3).any(|window| match window {
        [Token::Word("not"), Token::Mark('('), _] => false,
        [_, _, Token::Word("unix" | "target_os")] => true,
        _ => false,
    })
}

fn end_of_attribute(marks: &[Token<'_>], start: usize) -> usize {
    let rest = marks.iter().skip(start);
    start + rest.take_while(|mark| **mark != Token::Mark(']')).count() + 1
}

/// The end of the item, statement or field that begins at `start`.
fn end_of_item(marks: &[Token<'_>], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, mark) in marks.iter().enumerate().skip(start) {
        match mark {
            Token::Mark('{' | '(' | '[') => depth += 1,
            Token::Mark('}' | ')' | ']') if depth == 0 => return at,
            Token::Mark('}') if depth == 1 => return at + 1,
            Token::Mark('}' | ')' | ']') => depth -= 1,
            Token::Mark(';' | ',') if depth == 0 => return at + 1,
            Token::Word(_) | Token::Path | Token::Mark(_) => {}
        }
    }
    marks.len()
}

#[test]
fn planted_violations_are_found() {
    let planted = [
        "use std::os::unix::fs::MetadataExt;",
        "#[cfg(not(unix))]\nuse std::os::unix::fs::MetadataExt;",
        "#[cfg(unix)]\nfn a() {}\nfn b() { nix::time::now(); }",
        "use tokio::signal::unix::signal;",
    ];
    for text in planted {
        assert_eq!(unguarded("a.rs", text).len(), 1, "{text}");
    }
    let guarded = [
        "#[cfg(unix)]\nuse std::os::unix::fs::MetadataExt;",
        "#[cfg(unix)]\nfn a(b: u8) -> u8 { nix::a(); nix::b() }",
        "#[cfg(all(test, unix))]\nmod tests { use nix::a; }",
        "#[cfg(all(unix, not(target_os = \"linux\")))]\nfn a(b: nix::B) {}",
        "struct A { #[cfg(unix)] a: tokio::signal::unix::Signal, b: u8 }",
    ];
    for text in guarded {
        assert_eq!(unguarded("a.rs", text), [""; 0], "{text}");
    }
}
