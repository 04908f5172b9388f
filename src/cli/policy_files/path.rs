//! Paths on the command line.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::bounded::Bounded;
use crate::cli::error::CliError;
use crate::format::File;

/// Means stdin, or stdout.
pub(crate) const STDIO: &str = "-";

/// The name of a path in messages.
pub(crate) fn name_of(path: &Path) -> String {
    if path == Path::new(STDIO) { "stdin".into() } else { path.display().to_string() }
}

/// The length of a file. Pipes and folders have none.
pub(crate) fn length_of(path: &Path) -> Option<u64> {
    let metadata = fs::metadata(path).ok()?;
    (path != Path::new(STDIO) && metadata.is_file()).then_some(metadata.len())
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("cannot read {}", name_of(path))).because([error.to_string()])
}

pub(crate) fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("cannot write {}", path.display())).because([error.to_string()])
}

/// Reads a file of rules, up to its maximum size.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    Bounded::rules(fs::File::open(path)?).read_all()
}

/// Reads a file, or the files of a folder.
pub(crate) fn read_files(path: &Path) -> Result<Vec<File>, CliError> {
    if path.is_dir() {
        return read_folder(path);
    }
    let bytes = read_file(path).map_err(|error| unreadable(path, &error))?;
    Ok(vec![File { name: name_of(path), bytes }])
}

/// Reads all files of a folder and its subfolders, in the order of their names. Links to files are
/// followed. A link to a folder is an error, because links may form a loop. Hidden folders, such as
/// those of version control, are ignored.
pub(super) fn read_folder(folder: &Path) -> Result<Vec<File>, CliError> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        for entry in fs::read_dir(&path).map_err(|error| unreadable(&path, &error))? {
            let entry = entry.map_err(|error| unreadable(&path, &error))?;
            let (name, path) = (entry.file_name(), entry.path());
            let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
            if kind.is_dir() {
                if !name.as_encoded_bytes().starts_with(b".") {
                    folders.push(below.join(&name));
                }
                continue;
            }
            let bytes = read_file(&path).map_err(|error| unreadable(&path, &error))?;
            let parts = below.join(&name);
            let parts: Vec<_> = parts.iter().map(|part| part.to_string_lossy()).collect();
            files.push(File { name: parts.join("/"), bytes });
        }
    }
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}
