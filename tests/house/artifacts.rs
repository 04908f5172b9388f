//! The committed completions, manual pages and conformance page are equal to the output of the
//! code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nicelist::cli::artifacts::{self, Artifact};
use nicelist::cli::command;

use super::source::{files, name, root};

/// If this variable is set, the tests write the files instead of comparing them.
const UPDATE: &str = "UPDATE_ARTIFACTS";

#[expect(clippy::disallowed_methods, reason = "a test's own switch, no setting of the program")]
fn is_update() -> bool {
    std::env::var_os(UPDATE).is_some()
}

#[test]
fn completions_are_up_to_date() {
    let scripts = artifacts::all_completions().unwrap_or_else(|e| panic!("{e}"));
    hold(&root().join("completions"), scripts);
}

#[test]
fn manual_pages_are_up_to_date() {
    hold(&root().join("man"), artifacts::man(command()).unwrap_or_else(|e| panic!("{e}")));
}

/// The sections that pages may have, in this order. Pages of commands also have sections with
/// options and lists between the description and the examples.
const SECTIONS: [&str; 8] = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "EXAMPLES",
    "EXIT STATUS",
    "ENVIRONMENT",
    "FILES",
    "SEE ALSO",
];

#[test]
fn manual_pages_have_their_sections_in_order() {
    for (name, page) in pages() {
        let sections = page.lines().filter_map(|line| line.strip_prefix(".SH "));
        let sections: Vec<&str> = sections.map(|section| section.trim_matches('"')).collect();
        let is_topic = name.ends_with(".7");
        let has_examples = sections.contains(&"EXAMPLES");
        let expected = SECTIONS.into_iter().filter(|section| match *section {
            "EXAMPLES" => has_examples,
            "EXIT STATUS" | "ENVIRONMENT" | "FILES" => !is_topic,
            _ => true,
        });
        let found = sections.iter().copied().filter(|section| SECTIONS.contains(section));
        assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{name}");
        assert_eq!(sections.first(), Some(&"NAME"), "{name}");
        assert_eq!(sections.last(), Some(&"SEE ALSO"), "{name}");
        assert!(!is_topic || has_examples, "{name}");
        assert!(!sections.contains(&"EXTRA"), "{name}");
    }
}

#[test]
fn examples_of_manual_pages_keep_their_lines() {
    let pages = pages();
    let page = &pages["nicelist-database-backup.1"];
    let (_, examples) = page.split_once(".SH EXAMPLES\n").unwrap_or_else(|| panic!("{page}"));
    let expected = "\
.RS 4
.nf
nicelist database backup nicelist\\-backup.db
nicelist database backup \\-\\-force /backups/nicelist.db \\\\
    \\-\\-database sqlite:/var/lib/nicelist/nicelist.db
.fi
.RE
";
    assert!(examples.starts_with(expected), "{examples}");
}

#[test]
fn manual_pages_refer_to_pages_that_exist() {
    let pages = pages();
    for (name, page) in &pages {
        let (_, references) = page.split_once(".SH \"SEE ALSO\"\n").unwrap_or_default();
        for line in references.lines() {
            let reference = line.replace("\\fB", "").replace("\\fR(", ".").replace('\\', "");
            let reference = reference.trim_end_matches([')', ',']);
            assert!(pages.contains_key(reference), "{name}: {line}");
        }
        assert!(!references.is_empty(), "{name}");
    }
}

/// The generated pages by their file names.
fn pages() -> BTreeMap<String, String> {
    let pages = artifacts::man(command()).unwrap_or_else(|e| panic!("{e}")).into_iter();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_else(|e| panic!("{e}"));
    pages.map(|(name, bytes)| (name, text(bytes))).collect()
}

#[test]
fn the_conformance_page_is_up_to_date() {
    let page = nicelist::lab::conformance::document();
    let path = root().join("docs/CONFORMANCE.md");
    if is_update() {
        fs::write(&path, page).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        return;
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "docs/CONFORMANCE.md: run {UPDATE}=1 cargo test --test house");
}

fn hold(folder: &Path, wanted: Vec<Artifact>) {
    if is_update() {
        drop(fs::remove_dir_all(folder));
        artifacts::write_into(folder, wanted).unwrap_or_else(|e| panic!("{e}"));
        return;
    }
    let there = if folder.is_dir() { files(folder, "") } else { Vec::new() };
    let there = there.iter().map(|path| {
        let short = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        (short, fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    });
    let found = differences(&wanted.into_iter().collect(), &there.collect());
    let folder = name(folder);
    assert!(found.is_empty(), "{folder}: {found:?}: run {UPDATE}=1 cargo test --test house");
}

/// The names of files that are missing, different or unexpected.
fn differences(
    wanted: &BTreeMap<String, Vec<u8>>,
    there: &BTreeMap<String, Vec<u8>>,
) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = wanted.keys().chain(there.keys()).collect();
    names.into_iter().filter(|name| wanted.get(*name) != there.get(*name)).cloned().collect()
}

#[test]
fn planted_differences_are_found() {
    let folder = |files: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    };
    let found = differences(
        &folder(&[("same", "1"), ("changed", "1"), ("missing", "1")]),
        &folder(&[("same", "1"), ("changed", "2"), ("left over", "1")]),
    );
    assert_eq!(found, ["changed", "left over", "missing"]);
}
