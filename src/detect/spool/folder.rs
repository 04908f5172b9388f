//! Finds the files of a spool.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Where Santa puts its complete files. It writes them in `tmp` first, so files in `new` never
/// change.
const COMPLETE: &str = "new";

/// Maximum files of a folder. Santa keeps about a thousand.
const MOST_FILES: usize = 500_000;

/// Why a spool cannot be read.
#[derive(Debug, Error)]
pub enum SpoolError {
    #[error("cannot read {}: not found", .path.display())]
    NotFound { path: PathBuf },
    #[error("cannot read {}: permission denied", .path.display())]
    Denied { path: PathBuf },
    #[error("cannot read {}: it has more than {} files", .path.display(), MOST_FILES)]
    TooManyFiles { path: PathBuf },
    #[error("cannot read {}: {error}", .path.display())]
    Io { path: PathBuf, error: io::Error },
}

impl SpoolError {
    pub(super) fn new(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Io { path, error },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => Some(
                "Santa writes a spool only if EventLogType is protobuf, protobufstream, \
                 protobufstreamgzip or protobufstreamzstd; SpoolDirectory is its folder, by default \
                 /var/db/santa/spool"
                    .to_owned(),
            ),
            Self::Denied { .. } => Some(
                "only root can read Santa's spool: run the command again with sudo, from a terminal \
                 with Full Disk Access"
                    .to_owned(),
            ),
            Self::TooManyFiles { .. } => Some("move some files to another folder".to_owned()),
            Self::Io { .. } => None,
        }
    }
}

/// The files of a spool, sorted by name: the file itself, the files in `new` of Santa's folder, or
/// the files of another folder. Hidden files and folders inside are ignored.
///
/// # Errors
/// If the path does not exist or cannot be listed.
pub fn spool_files(path: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let fails = |error| SpoolError::new(path, error);
    if !fs::metadata(path).map_err(fails)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let complete = path.join(COMPLETE);
    match fs::metadata(&complete) {
        Ok(metadata) if metadata.is_dir() => list(&complete),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(fails(error)),
        Ok(_) | Err(_) => list(path),
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let fails = |error| SpoolError::new(folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fails)? {
        let entry = entry.map_err(fails)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        match fs::metadata(&path) {
            // Pipes are left out, because opening one waits for a writer.
            Ok(metadata) if !metadata.is_file() => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Ok(_) => {}
            Err(error) => return Err(SpoolError::new(&path, error)),
        }
        if files.len() == MOST_FILES {
            return Err(SpoolError::TooManyFiles { path: folder.to_owned() });
        }
        files.push(path);
    }
    files.sort_unstable();
    Ok(files)
}
