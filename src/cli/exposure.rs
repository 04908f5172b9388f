//! Warns of a local database that other users of the machine can open.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::ui::Ui;
use crate::config::Database;
use crate::shell::argument;

/// The permissions of anyone but the owner.
const OTHERS: u32 = 0o077;

/// Warns if anyone but its owner has a permission for the file of a database, or for the files
/// that SQLite keeps beside it. A copy made with `sqlite3 .backup` is such a file, for one.
pub(super) fn warn(ui: &Ui, database: &Database) {
    let Some(path) = database.path() else { return };
    let files = ["", "-wal", "-shm"].map(|end| beside(path, end));
    let exposed: Vec<String> = files
        .iter()
        .filter(|file| file.metadata().is_ok_and(|found| found.mode() & OTHERS != 0))
        .map(|file| argument(&file.display().to_string()).into_owned())
        .collect();
    if !exposed.is_empty() {
        let files = exposed.join(" ");
        ui.warn(format!("other users can open the database {database}: chmod 600 {files}"));
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
