//! Checks that the files, modules and types in the pages for contributors exist.

use std::collections::HashSet;

use super::source::{Token, files, read, root, tokens};

const PAGES: [&str; 4] =
    ["docs/ARCHITECTURE.md", "CONTRIBUTING.md", "docs/RELEASE.md", "docs/SYNC.md"];

#[test]
fn everything_that_the_pages_mention_exists() {
    let project = Project::new();
    let missing = PAGES.iter().flat_map(|page| {
        let text = read(&root().join(page));
        let missing = code_spans(&text).into_iter().filter(|(_, span)| project.lacks(span));
        missing.map(|(line, span)| format!("{page}:{line}: `{span}` not found")).collect::<Vec<_>>()
    });
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

/// The texts in backticks, each with its line number. Indented and fenced blocks are left out.
fn code_spans(text: &str) -> Vec<(usize, &str)> {
    let mut in_block = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        if !is_fence && !in_block && !line.starts_with("    ") {
            found.extend(line.split('`').skip(1).step_by(2).map(|span| (at + 1, span)));
        }
    }
    found
}

struct Project {
    modules: HashSet<String>,
    names: HashSet<String>,
}

impl Project {
    fn new() -> Self {
        let sources = ["src", "tests", "benches"].into_iter();
        let sources = sources.flat_map(|folder| files(&root().join(folder), ".rs"));
        let names = sources.flat_map(|path| {
            let text = read(&path);
            let words = tokens(&text).into_iter().filter_map(|(_, token)| match token {
                Token::Word(word) => Some(word.to_owned()),
                Token::Path | Token::Mark(_) => None,
            });
            words.collect::<Vec<_>>()
        });
        let list = read(&root().join("src/lib.rs"));
        let modules = list.lines().filter_map(|line| line.strip_prefix("pub mod "));
        Self {
            modules: modules.map(|line| line.trim_end_matches(';').to_owned()).collect(),
            names: names.collect(),
        }
    }

    /// Whether a span is a path, a type or a name with `::`, and refers to nothing that exists.
    /// Other spans, such as commands and values, are not checked. A path is checked only up to its
    /// first `*` or placeholder in capitals.
    fn lacks(&self, span: &str) -> bool {
        if is_path(span) {
            let path = span.split('/').take_while(|part| !is_placeholder(part));
            return !root().join(path.collect::<Vec<_>>().join("/")).exists();
        }
        let parts: Vec<_> = span.trim_end_matches("()").split("::").collect();
        if !parts.iter().all(|part| is_name(part)) {
            return false;
        }
        if parts.len() > 1 && self.modules.contains(parts[0]) {
            return !self.has_item(&parts);
        }
        let is_type = parts[0].starts_with(|c: char| c.is_uppercase())
            && parts[0].contains(|c: char| c.is_lowercase());
        (is_type || parts.len() > 1) && !parts.iter().all(|part| self.names.contains(*part))
    }

    /// Whether the parts are a module, or a module and names that occur in its files.
    fn has_item(&self, parts: &[&str]) -> bool {
        let mut folder = root().join("src");
        for (at, part) in parts.iter().enumerate() {
            let inner = folder.join(part);
            let file = inner.with_extension("rs");
            if !inner.is_dir() && !file.exists() {
                return at > 0 && parts[at..].iter().all(|name| is_in_files(&folder, name));
            }
            folder = inner;
        }
        true
    }
}

/// Whether a name occurs in the files of a module. `module` is the module's path without `.rs`.
fn is_in_files(module: &std::path::Path, name: &str) -> bool {
    let mut sources = if module.is_dir() { files(module, ".rs") } else { Vec::new() };
    sources.extend(Some(module.with_extension("rs")).filter(|file| file.exists()));
    sources
        .iter()
        .any(|path| tokens(&read(path)).into_iter().any(|(_, token)| token == Token::Word(name)))
}

fn is_path(span: &str) -> bool {
    let endings = [".rs", ".md", ".toml", ".json", ".sql", ".sh", ".yml", ".csv"];
    let first = span.split('/').next().unwrap_or_default();
    let folder = span.contains('/') && !first.is_empty() && root().join(first).exists();
    let file = endings.iter().any(|ending| span.ends_with(ending));
    (folder || file) && !span.contains([' ', '<', '('])
}

fn is_placeholder(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default();
    part.contains('*')
        || (stem.len() > 1 && stem.chars().all(|c| c.is_uppercase() || c == '_'))
            && !part.ends_with(".md")
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[test]
fn planted_mentions_are_found() {
    let project = Project::new();
    let missing = [
        "src/rule/absent.rs",
        "docs/ABSENT.md",
        "src/absent/FORMAT.rs",
        "absent.toml",
        "rule::absent",
        "rule::target::Absent",
        "AbsentType",
        "Rule::absent_method",
    ];
    for span in missing {
        assert!(project.lacks(span), "{span}");
    }
    let fine = [
        "src/rule/target.rs",
        "docs/ARCHITECTURE.md",
        "src/format/FORMAT/read.rs",
        "tests/house/",
        "rule::target",
        "rule::Target",
        "Rule",
        "nicelist host list",
        "NICELIST_TOKEN",
        "cargo test",
        "/api/v1",
        "application/problem+json",
    ];
    for span in fine {
        assert!(!project.lacks(span), "{span}");
    }
    let text = "a `b` `c`\n```\n`d`\n```\n    `e`\n`f`";
    assert_eq!(code_spans(text), [(1, "b"), (1, "c"), (6, "f")]);
}
