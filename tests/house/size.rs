//! Counts the lines of code of each module.

use std::collections::BTreeMap;

use super::source::{files, name, read, root};

/// Prints the lines of code of each module in `src`. Tests, comments and blank lines are not
/// counted.
///
/// `cargo test --test house -- lines_of_code --nocapture` shows the table.
#[test]
#[expect(clippy::print_stderr, reason = "the table is what people run it for")]
fn lines_of_code_by_module() {
    let mut modules = BTreeMap::<String, usize>::new();
    for path in files(&root().join("src"), ".rs") {
        let name = name(&path);
        if !is_test(&name) {
            let module = name.split('/').nth(1).unwrap_or_default().to_owned();
            *modules.entry(module).or_default() += lines_of_code(&read(&path));
        }
    }
    for (module, lines) in &modules {
        eprintln!("{lines:>7} {module}");
    }
    eprintln!("{:>7} src", modules.values().sum::<usize>());
    assert!(modules.values().all(|lines| *lines > 0), "{modules:?}");
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// Lines that are neither blank, nor a comment, nor in an item with `#[cfg(test)]`.
fn lines_of_code(text: &str) -> usize {
    let (mut lines, mut count) = (text.lines(), 0);
    while let Some(line) = lines.next() {
        let code = line.trim();
        if code == "#[cfg(test)]" {
            let end = line.replace(code, "}");
            let item = lines.next().unwrap_or_default();
            if !item.ends_with([';', '}']) {
                lines.find(|line| *line == end);
            }
        } else if !code.is_empty() && !code.starts_with("//") {
            count += 1;
        }
    }
    count
}

#[test]
fn tests_comments_and_blank_lines_are_not_counted() {
    let text = "//! Head.\n#[cfg(test)]\nmod a;\n\nfn a() {\n    // Why.\n}\n";
    assert_eq!(lines_of_code(text), 2);
    let tests = "#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\n";
    assert_eq!(lines_of_code(&format!("{text}{tests}")), 2);
    assert!(is_test("src/a/tests.rs") && is_test("src/a/tests/b.rs") && !is_test("src/tested.rs"));
}
