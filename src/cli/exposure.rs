//! Warns about a local database that other users of the machine can open.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::ui::Ui;
use crate::config::DatabaseUrl;
use crate::shell::argument;

/// Warns if anyone but its owner has a permission for the file of a database, or for the files
/// that SQLite keeps next to it. For example, `sqlite3 .backup` creates a file that others can
/// read.
pub(super) fn warn(ui: &Ui, database: &DatabaseUrl) {
    let Some(path) = database.path() else { return };
    let files = ["", "-wal", "-shm"].map(|end| with_ending(path, end));
    let exposed: Vec<String> = files
        .iter()
        .filter(|file| file.metadata().is_ok_and(|found| is_exposed(&found)))
        .map(|file| argument(&file.display().to_string()).into_owned())
        .collect();
    if !exposed.is_empty() {
        let files = exposed.join(" ");
        ui.warn(format!(
            "other users can open the database {database}; to prevent this: chmod 600 {files}"
        ));
    }
}

/// Whether anyone but the owner has a permission.
#[cfg(unix)]
fn is_exposed(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(file) & 0o077 != 0
}

/// Windows keeps permissions in access control lists, which are not checked.
#[cfg(not(unix))]
fn is_exposed(_: &Metadata) -> bool {
    false
}

fn with_ending(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
