//! Checks the source files: their length, their names, and marks of unfinished work, for example.

use std::path::{Path, PathBuf};

use super::source::{Token, files, name, read, root, tokens};

const LONGEST: usize = 500;

/// Names that fit any content.
const NOWHERE: [&str; 4] = ["util", "common", "misc", "helpers"];

const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

fn sources() -> Vec<PathBuf> {
    let folders = ["src", "tests", "benches"].map(|folder| root().join(folder));
    let there = folders.iter().filter(|folder| folder.is_dir());
    there.flat_map(|folder| files(folder, ".rs")).collect()
}

#[test]
fn no_source_file_is_too_long() {
    let lengths = sources().into_iter().map(|path| (read(&path).lines().count(), name(&path)));
    let long: Vec<_> = lengths.filter(|(lines, _)| *lines > LONGEST).collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {long:?}");
}

#[test]
fn no_file_has_a_name_that_fits_any_content() {
    let vague: Vec<_> =
        sources().iter().map(|path| name(path)).filter(|path| is_vague(path)).collect();
    assert!(vague.is_empty(), "{vague:?}");
}

fn is_vague(path: &str) -> bool {
    Path::new(path).with_extension("").iter().any(|part| NOWHERE.iter().any(|name| part == *name))
}

#[test]
fn every_module_begins_with_a_comment() {
    let modules = sources().into_iter().filter(|path| path.ends_with("mod.rs"));
    let bare: Vec<_> = modules.filter(|path| !read(path).starts_with("//!")).collect();
    assert!(bare.is_empty(), "no `//!` at the head of {bare:?}");
}

#[test]
fn no_file_has_marks_of_unfinished_work() {
    let promises: Vec<_> =
        sources().iter().flat_map(|path| unfinished(&name(path), &read(path))).collect();
    assert!(promises.is_empty(), "\n{}\n", promises.join("\n"));
}

fn unfinished(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let open = lines.filter(|(_, line)| {
        line.split(|c: char| !c.is_alphanumeric()).any(|word| UNFINISHED.contains(&word))
    });
    open.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())).collect()
}

#[test]
fn planted_violations_are_found() {
    assert!(is_vague("src/rule/util.rs") && is_vague("src/helpers/mod.rs"));
    assert!(!is_vague("src/rule/utility_bill.rs"));
    for word in UNFINISHED {
        assert_eq!(unfinished("a.rs", &format!("\n// {word}: later")).len(), 1);
        assert!(unfinished("a.rs", &format!("// {word}{word}")).is_empty());
    }
}

#[test]
fn every_ignored_test_has_a_reason() {
    for path in sources() {
        let text = read(&path);
        let tokens = tokens(&text);
        let bare = tokens.windows(3).find(|window| {
            let [(_, a), (_, b), (_, c)] = window else { return false };
            (*a, *b, *c) == (Token::Mark('['), Token::Word("ignore"), Token::Mark(']'))
        });
        assert!(bare.is_none(), "{}:{}", name(&path), bare.map_or(0, |window| window[0].0));
    }
}
