//! What no committed text says: where on somebody's machine it was written, and what two people
//! wrote of the same thing before one of them chose.

use std::path::PathBuf;

use super::source::{files, name, read, root};

/// Folders that only mean something on the machine of whoever wrote them down.
const MACHINES: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Every file of the project but what is built or belongs to git.
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
fn no_text_names_a_folder_of_somebodys_machine() {
    let found: Vec<_> =
        texts().iter().flat_map(|path| machines(&name(path), &read(path))).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn machines(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate().filter(|(_, line)| names_a_machine(line));
    lines.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())).collect()
}

/// A path counts if it begins there: not as the middle of a longer path or an address.
fn names_a_machine(line: &str) -> bool {
    MACHINES.iter().any(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "._-~}*/".contains(c))
        })
    })
}

#[test]
fn no_text_has_both_sides_of_a_merge() {
    let found: Vec<_> =
        texts().iter().flat_map(|path| undecided(&name(path), &read(path))).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn undecided(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let marks =
        lines.filter(|(_, line)| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "));
    marks.map(|(at, line)| format!("{path}:{}: {line}", at + 1)).collect()
}

#[test]
fn planted_violations_are_found() {
    assert_eq!(undecided("a.md", "one\n<<<<<<< HEAD\n").len(), 1);
    assert_eq!(undecided("a.md", "ours\n>>>>>>> topic\n").len(), 1);
    for folder in MACHINES {
        assert!(names_a_machine(&format!("see {folder}notes")));
        assert!(names_a_machine(&format!("\"{folder}notes\"")));
        assert!(!names_a_machine(&format!("https://example.com{folder}notes")));
        assert!(!names_a_machine(&format!("/home{folder}notes")));
    }
}
