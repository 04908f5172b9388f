//! Checks which modules and crates each module uses. docs/ARCHITECTURE.md and `src/lib.rs` also
//! list what a module may use.

use super::source::{Token, files, name, read, root, tokens};

/// Each module with the modules that it may use.
const TABLE: [(&str, &[&str]); 18] = [
    ("cel", &[]),
    ("protocol", &[]),
    ("config", &["shell"]),
    ("shell", &[]),
    ("document", &[]),
    ("rule", &["cel"]),
    ("fleet", &["rule"]),
    ("detect", &["cel", "document", "rule"]),
    ("lint", &["rule", "fleet", "document"]),
    ("format", &["rule", "fleet", "document", "shell"]),
    ("api", &["rule", "fleet"]),
    ("store", &["rule", "fleet", "shell"]),
    ("sync", &["rule", "fleet", "protocol", "store", "shell"]),
    ("client", &["rule", "fleet", "api"]),
    ("lab", &["rule", "protocol", "shell"]),
    ("server", &["rule", "fleet", "protocol", "api", "store", "sync", "lint"]),
    (
        "cli",
        &[
            "cel", "config", "shell", "rule", "fleet", "detect", "document", "format", "lint",
            "api", "client", "lab", "server",
        ],
    ),
    ("main", &["cli"]),
];

const CRATES: [(&str, &[&str]); 12] = [
    ("axum", &["server"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("deadpool_postgres", &["store"]),
    ("nucleo_matcher", &["cli"]),
    ("ratatui", &["cli"]),
    ("reqwest", &["client", "lab"]),
    ("rusqlite", &["store"]),
    ("tokio_postgres", &["store"]),
    ("tokio_rustls", &["client", "lab", "server", "store"]),
    ("x509_parser", &["lab"]),
];

const PRINTING: [&str; 4] = ["print", "println", "eprint", "eprintln"];

#[test]
fn modules_use_only_what_they_may() {
    let sources = files(&root().join("src"), ".rs");
    let broken: Vec<_> = sources.iter().flat_map(|path| broken(&name(path), &read(path))).collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn the_table_and_the_module_list_agree() {
    let list = read(&root().join("src/lib.rs"));
    let listed = list.lines().filter_map(|line| line.strip_prefix("pub mod "));
    let mut listed: Vec<_> = listed.map(|line| line.trim_end_matches(';')).collect();
    let known = TABLE.iter().map(|(module, _)| *module).filter(|module| *module != "main");
    let mut known: Vec<_> = known.collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

/// The places in a source file that use a module, a crate, a printing macro or `std::env` that the
/// file may not use.
fn broken(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let Some(module) = module(path) else { return found };
    let from = module.first().map_or("main", String::as_str);
    let tokens = tokens(text);
    let mut scopes = Scopes { file: module.clone(), open: Vec::new() };
    for at in 0..tokens.len() {
        scopes.see(&tokens, at);
        let (line, token) = tokens[at];
        let Token::Word(word) = token else { continue };
        if before(&tokens, at, 1) == Some(Token::Path) && before(&tokens, at, 2).is_some_and(joins)
        {
            continue;
        }
        let mut report = |what: String| found.push(format!("{path}:{line}: {what}"));
        for to in scopes.modules_named(&tokens, at) {
            if to != from && !allowed(from).contains(&to) {
                report(format!("`{from}` may not use `{to}`"));
            }
        }
        let follows = tokens.get(at + 1).map(|(_, token)| *token);
        let imported = before(&tokens, at, 1) == Some(Token::Word("use"));
        let names_crate = follows == Some(Token::Path) || imported;
        let owners = CRATES.iter().find(|(krate, _)| *krate == word && names_crate);
        if owners.is_some_and(|(_, owners)| !owners.contains(&from)) {
            report(format!("`{from}` may not use the crate `{word}`"));
        }
        if PRINTING.contains(&word)
            && follows == Some(Token::Mark('!'))
            && !path.starts_with("src/cli/ui")
        {
            report(format!("`{word}!` is for `cli::ui` alone"));
        }
        if word == "std"
            && from != "config"
            && !scopes.in_tests()
            && heads(&tokens, at + 1).contains(&"env")
        {
            report(format!("`{from}` may not use `std::env`"));
        }
    }
    found
}

fn allowed(from: &str) -> &'static [&'static str] {
    let row = TABLE.iter().find(|(module, _)| *module == from);
    row.map_or(&[], |(_, allowed)| allowed)
}

/// The path of a file's module from the crate's root. `None` for `src/lib.rs` and files outside
/// `src`.
fn module(path: &str) -> Option<Vec<String>> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    match inside {
        "lib" => None,
        "main" => Some(Vec::new()),
        _ => {
            let inside = inside.strip_suffix("/mod").unwrap_or(inside);
            Some(inside.split('/').map(str::to_owned).collect())
        }
    }
}

struct Scopes<'a> {
    file: Vec<String>,
    /// The open braces, each with the name of the module that it opens, if any.
    open: Vec<Option<&'a str>>,
}

impl<'a> Scopes<'a> {
    fn see(&mut self, tokens: &[(usize, Token<'a>)], at: usize) {
        match tokens[at].1 {
            Token::Mark('{') => {
                let named = (before(tokens, at, 2), before(tokens, at, 1));
                self.open.push(match named {
                    (Some(Token::Word("mod")), Some(Token::Word(name))) => Some(name),
                    _ => None,
                });
            }
            Token::Mark('}') => drop(self.open.pop()),
            Token::Word(_) | Token::Path | Token::Mark(_) => {}
        }
    }

    fn in_tests(&self) -> bool {
        self.open.contains(&Some("tests")) || self.file.last().is_some_and(|name| name == "tests")
    }

    /// The top-level modules of this crate in the path that begins at a token.
    fn modules_named(&self, tokens: &[(usize, Token<'a>)], at: usize) -> Vec<&'a str> {
        let Token::Word(first) = tokens[at].1 else { return Vec::new() };
        match first {
            "crate" | "nicelist" => heads(tokens, at + 1),
            "super" => {
                let mut end = at + 1;
                let mut levels = 1;
                while let Some([(_, Token::Path), (_, Token::Word("super"))]) =
                    tokens.get(end..end + 2)
                {
                    (end, levels) = (end + 2, levels + 1);
                }
                let depth = self.file.len() + self.open.iter().flatten().count();
                if levels == depth { heads(tokens, end) } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }
}

fn before<'a>(tokens: &[(usize, Token<'a>)], at: usize, by: usize) -> Option<Token<'a>> {
    Some(tokens.get(at.checked_sub(by)?)?.1)
}

/// Whether a `::` after this token continues a path. Otherwise the `::` begins a path.
fn joins(token: Token<'_>) -> bool {
    !matches!(token, Token::Word("use") | Token::Mark('{' | '(' | ',' | '=' | '&' | '<'))
}

/// The name after a `::`. If a group in braces follows, the first name of each member of the group.
/// `*` is returned as a name.
fn heads<'a>(tokens: &[(usize, Token<'a>)], at: usize) -> Vec<&'a str> {
    let Some((_, Token::Path)) = tokens.get(at) else { return Vec::new() };
    match tokens.get(at + 1).map(|(_, token)| *token) {
        Some(Token::Word(word)) => vec![word],
        Some(Token::Mark('*')) => vec!["*"],
        Some(Token::Mark('{')) => group(&tokens[at + 2..]),
        Some(Token::Path | Token::Mark(_)) | None => Vec::new(),
    }
}

/// The first name of each member of a group. `tokens` begins after the group's opening brace.
fn group<'a>(tokens: &[(usize, Token<'a>)]) -> Vec<&'a str> {
    let (mut depth, mut fresh, mut names) = (1_usize, true, Vec::new());
    for (_, token) in tokens {
        match token {
            Token::Mark('{') => depth += 1,
            Token::Mark('}') if depth == 1 => break,
            Token::Mark('}') => depth -= 1,
            Token::Mark(',') if depth == 1 => fresh = true,
            Token::Word(word) if fresh => {
                names.push(*word);
                fresh = false;
            }
            Token::Mark('*') if fresh => names.push("*"),
            Token::Word(_) | Token::Path | Token::Mark(_) => {}
        }
    }
    names
}

/// `database copy` requires the same version of the schema in both databases, so each migration
/// exists for both.
#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |database: &str| {
        let folder = root().join("src/store").join(database).join("migrations");
        let paths = files(&folder, ".sql").into_iter();
        let mut names: Vec<_> =
            paths.map(|path| path.file_name().map(std::ffi::OsStr::to_owned)).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[test]
fn planted_violations_are_found() {
    let planted = [
        ("src/rule/mod.rs", "use crate::store::Store;", "`rule` may not use `store`"),
        ("src/rule/a.rs", "use crate::{cel, fleet::{self, Host}};", "`rule` may not use `fleet`"),
        (
            "src/rule/a.rs",
            "use crate::{\n    cel::A,\n    store::B,\n};",
            "`rule` may not use `store`",
        ),
        ("src/fleet/mod.rs", "fn f() { let x = crate::api::y(); }", "`fleet` may not use `api`"),
        ("src/cli/a.rs", "use nicelist::sync;", "`cli` may not use `sync`"),
        ("src/cel/a.rs", "use super::super::rule::Rule;", "`cel` may not use `rule`"),
        ("src/cel/mod.rs", "use super::{rule};", "`cel` may not use `rule`"),
        ("src/cel/mod.rs", "mod tests { use super::super::rule; }", "`cel` may not use `rule`"),
        ("src/api/mod.rs", "use crate::*;", "`api` may not use `*`"),
        ("src/main.rs", "fn main() { nicelist::server::run() }", "`main` may not use `server`"),
        ("src/store/mod.rs", "use axum::Router;", "`store` may not use the crate `axum`"),
        (
            "src/sync/mod.rs",
            "fn f(c: &::rusqlite::Connection) {}",
            "`sync` may not use the crate `rusqlite`",
        ),
        (
            "src/server/mod.rs",
            "#[derive(clap::Args)] struct A;",
            "`server` may not use the crate `clap`",
        ),
        ("src/cli/rule.rs", "fn f() { println!(); }", "`println!` is for `cli::ui` alone"),
        ("src/cli/mod.rs", "use std::{io, env};", "`cli` may not use `std::env`"),
        ("src/cli/mod.rs", "fn f() { std::env::args(); }", "`cli` may not use `std::env`"),
    ];
    for (path, text, expected) in planted {
        let found = broken(path, text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(path) && found[0].ends_with(expected), "{}", found[0]);
    }
    assert!(broken("src/rule/a.rs", "\n\nuse crate::api;")[0].starts_with("src/rule/a.rs:3: "));
}

#[test]
fn allowed_uses_are_not_reported() {
    let fine = [
        ("src/rule/a.rs", "use crate::cel::Expression; use crate::rule::Target;"),
        ("src/rule/a.rs", "// crate::store\nconst A: &str = \"crate::store println!\";"),
        ("src/rule/a.rs", "use super::store; mod tests { use super::super::store; }"),
        ("src/rule/a/b.rs", "use super::super::store;"),
        ("src/cel/a.rs", "use ::cel::Env; fn f() { x::crate_::store(); }"),
        ("src/api/a.rs", "mod tests { fn f() { std::env::temp_dir(); } }"),
        ("src/cli/ui/table.rs", "fn f() { println!(); let v = env!(\"CARGO_PKG_VERSION\"); }"),
        ("src/config/env.rs", "fn f() { std::env::var_os(name); }"),
        ("src/server/a.rs", "use axum::Router; let clap = 1;"),
    ];
    for (path, text) in fine {
        assert_eq!(broken(path, text), Vec::<String>::new(), "{text}");
    }
}
