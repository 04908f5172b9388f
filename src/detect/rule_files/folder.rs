//! Finds and reads the rule files of a path.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    pub name: String,
    /// The bytes, or why the file could not be read.
    pub content: Result<Vec<u8>, String>,
}

impl SourceFile {
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: Ok(bytes.into()) }
    }
}

/// Maximum bytes of a file. A detection has about 1 KiB.
const LARGEST: u64 = 4 << 20;
/// Maximum files of a folder, and maximum depth of its subfolders.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 32;

const ENDINGS: [&str; 3] = [".yaml", ".yml", ".tf"];
const FIXTURES: [&str; 2] = [".test.yaml", ".test.yml"];

/// Whether a file has tests of detections instead of detections.
pub fn is_fixture(name: &str) -> bool {
    FIXTURES.iter().any(|ending| name.ends_with(ending))
}

/// Reads a file, or the rule files of a folder and its subfolders in the order of their names.
/// Tests of detections and hidden files are not rule files. A file of a folder that cannot be read
/// is part of the result.
///
/// # Errors
/// The path, or a subfolder of it, cannot be read, or the folder has too many files.
pub fn open(path: &Path) -> io::Result<Vec<SourceFile>> {
    if !path.is_dir() {
        let bytes = read(path)?;
        return Ok(vec![SourceFile::new(path.display().to_string(), bytes)]);
    }
    let mut paths = Vec::new();
    find(path, 0, is_rule_file, &mut paths)?;
    paths.sort_unstable();
    Ok(paths.iter().map(|path| source(path)).collect())
}

/// A file with tests, and the file with the detections that it tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixtureFile {
    pub tests: SourceFile,
    pub rules: SourceFile,
}

/// Reads a file with tests, the file with the tests of a rule file, or all files with tests of a
/// folder and its subfolders in the order of their names, each with its rule file.
///
/// # Errors
/// The path, or a subfolder of it, cannot be read, or the folder has too many files.
pub fn open_fixtures(path: &Path) -> io::Result<Vec<FixtureFile>> {
    let mut paths = Vec::new();
    let name = path.to_string_lossy();
    if path.is_dir() {
        find(path, 0, is_fixture, &mut paths)?;
    } else if is_fixture(&name) {
        paths.push(path.to_owned());
    } else {
        let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
        let stem = stem.unwrap_or(&name);
        let named = FIXTURES.iter().map(|ending| PathBuf::from(format!("{stem}{ending}")));
        paths.extend(named.filter(|path| path.exists()));
    }
    paths.sort_unstable();
    Ok(paths.iter().map(|path| fixture_file(path)).collect())
}

fn fixture_file(path: &Path) -> FixtureFile {
    let name = path.to_string_lossy();
    let stem = FIXTURES.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    let mut named = ENDINGS.iter().map(|ending| PathBuf::from(format!("{stem}{ending}")));
    let rules = named.find(|path| path.exists());
    let rules = rules.unwrap_or_else(|| PathBuf::from(format!("{stem}.yaml")));
    FixtureFile { tests: source(path), rules: source(&rules) }
}

fn source(path: &Path) -> SourceFile {
    SourceFile {
        name: path.display().to_string(),
        content: read_regular(path).map_err(|error| format!("cannot be read: {error}")),
    }
}

fn is_rule_file(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending)) && !is_fixture(name)
}

/// Finds the files with a name that is wanted.
fn find(
    folder: &Path,
    depth: usize,
    is_wanted: fn(&str) -> bool,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type()?;
        // A link to a folder is not followed, because links may form a loop.
        if kind.is_dir() {
            if depth >= DEEPEST {
                return Err(io::Error::other(format!("{name} is nested too deeply")));
            }
            find(&entry.path(), depth + 1, is_wanted, found)?;
        } else if is_wanted(&name) {
            if found.len() >= MOST_FILES {
                return Err(io::Error::other(format!("more than {MOST_FILES} rule files")));
            }
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Reads a file that was found in a folder. Opening a pipe would wait for a writer.
fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    match fs::metadata(path)?.is_file() {
        true => read(path),
        false => Err(io::Error::other("it is not a file")),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= LARGEST => Ok(bytes),
        Ok(_) | Err(_) => {
            let reason = format!("it is larger than {} MiB", LARGEST >> 20);
            Err(io::Error::new(io::ErrorKind::FileTooLarge, reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_without_tests_and_hidden_files() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, length: usize| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "a".repeat(length)).unwrap();
        };
        for name in ["b/2.yml", "a.yaml", "a.test.yaml", ".git/x.yaml", "readme.md", "c.tf"] {
            write(name, 1);
        }
        write("large.yaml", (4 << 20) + 1);
        #[cfg(unix)]
        std::os::unix::fs::symlink("/dev/null", folder.path().join("null.yaml")).unwrap();
        let files = open(folder.path()).unwrap();
        let names = files.iter().map(|file| {
            let path = Path::new(&file.name).strip_prefix(folder.path()).unwrap();
            (path.display().to_string(), file.content.clone().map(|bytes| bytes.len()))
        });
        let too_large = "cannot be read: it is larger than 4 MiB".to_owned();
        let expected = [
            ("a.yaml".to_owned(), Ok(1)),
            ("b/2.yml".to_owned(), Ok(1)),
            ("c.tf".to_owned(), Ok(1)),
            ("large.yaml".to_owned(), Err(too_large)),
            #[cfg(unix)]
            ("null.yaml".to_owned(), Err("cannot be read: it is not a file".to_owned())),
        ];
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }
}
