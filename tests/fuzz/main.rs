//! Runs every fuzz target on its committed corpus, so that fixed bugs stay fixed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use nicelist::detect::generate::{Corpus, SpoolFormat, write_corpus};
use targets::{TARGETS, genuine_cursors, spool};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .map(|path| (path.file_name().unwrap().display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn no_target_panics_on_its_corpus() {
    for (target, attempt) in TARGETS {
        let corpus = files(&folder("corpus").join(target));
        assert!(!corpus.is_empty(), "{target} has no corpus");
        for (file, bytes) in corpus {
            let held = std::panic::catch_unwind(|| attempt(&bytes));
            assert!(held.is_ok(), "fuzz/corpus/{target}/{file}: see the panic above");
        }
    }
}

#[test]
fn the_fuzzer_has_the_same_targets() {
    let mut names = TARGETS.map(|(name, _)| format!("{name}.rs"));
    names.sort();
    let programs: Vec<_> =
        files(&folder("fuzz_targets")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(programs, names);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

/// A fuzzer cannot guess a valid signature, so it starts from valid cursors.
#[test]
fn the_cursor_corpus_contains_valid_cursors() {
    let corpus = files(&folder("corpus/cursor"));
    let genuine = genuine_cursors();
    assert_eq!(genuine.len(), 4);
    let known = |cursor: &String| corpus.iter().any(|(_, bytes)| *bytes == cursor.as_bytes());
    let lacking: Vec<_> = genuine.into_iter().filter(|cursor| !known(cursor)).collect();
    assert!(lacking.is_empty(), "fuzz/corpus/cursor lacks {lacking:#?}");
}

/// Flips bytes of generated spools and cuts them, the same in each run.
#[test]
fn damaged_spools_are_read_without_a_panic() {
    let mut state = 7_u64;
    let mut below = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % end
    };
    for format in SpoolFormat::ALL {
        let folder = tempfile::tempdir().unwrap();
        let corpus = Corpus { events: 30, seed: 1, format: *format, folder: folder.path() };
        write_corpus(&corpus, |_| {}).unwrap();
        let (_, whole) = files(&folder.path().join("new")).remove(0);
        for _ in 0..100 {
            let mut damaged = whole.clone();
            for _ in 0..=below(3) {
                let at = below(damaged.len());
                damaged[at] ^= 1 << below(8);
            }
            if below(4) == 0 {
                damaged.truncate(below(damaged.len()) + 1);
            }
            let held = std::panic::catch_unwind(|| spool(&damaged));
            assert!(held.is_ok(), "{format}: see the panic above: {damaged:x?}");
        }
    }
}
