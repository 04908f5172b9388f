//! No file contains a path on an author's machine or the marks of an unfinished merge.

use std::path::PathBuf;

use super::source::{files, name, read, root};

const MACHINES: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Every file of the project, except build output and Git's own files.
fn texts() -> Vec<PathBuf> {
    let entries = root().read_dir().unwrap_or_else(|e| panic!("{}: {e}", root().display()));
    let entries = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let ours = entries.filter(|path| {
        let name = name(path);
        name != ".git" && name != "target" && !name.starts_with("target-")
    });
    ours.flat_map(|path| if path.is_dir() { files(&path, "") } else { vec![path] }).collect()
}

#[test]
fn no_file_contains_a_path_of_an_authors_machine() {
    let found: Vec<_> =
        texts().iter().flat_map(|path| machines(&name(path), &read(path))).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn machines(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate().filter(|(_, line)| has_machine_path(line));
    lines.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())).collect()
}

/// Whether a line contains a path on an author's machine. Parts of longer paths and of URLs do not
/// count.
fn has_machine_path(line: &str) -> bool {
    MACHINES.iter().any(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "._-~}*/".contains(c))
        })
    })
}

#[test]
fn no_file_contains_marks_of_a_merge() {
    let found: Vec<_> =
        texts().iter().flat_map(|path| merge_marks(&name(path), &read(path))).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn merge_marks(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let marks =
        lines.filter(|(_, line)| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "));
    marks.map(|(at, line)| format!("{path}:{}: {line}", at + 1)).collect()
}

#[test]
fn planted_violations_are_found() {
    assert_eq!(merge_marks("a.md", "one\n<<<<<<< HEAD\n").len(), 1);
    assert_eq!(merge_marks("a.md", "ours\n>>>>>>> topic\n").len(), 1);
    for folder in MACHINES {
        assert!(has_machine_path(&format!("see {folder}notes")));
        assert!(has_machine_path(&format!("\"{folder}notes\"")));
        assert!(!has_machine_path(&format!("https://example.com{folder}notes")));
        assert!(!has_machine_path(&format!("/home{folder}notes")));
    }
}
