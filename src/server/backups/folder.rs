//! The files in the folder of scheduled backups. The names contain a mark of the database, so that
//! servers with different databases can share a folder without deleting each other's backups.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::fleet::EpochId;

/// A file with the name of a scheduled backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BackupFile {
    /// When the backup began, as in its name.
    pub(super) at: Timestamp,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// The beginning of the names of a database's backups. The epoch is random, and a restore changes
/// it, so that a copy of a database has another mark.
pub(super) fn start_of(epoch: EpochId) -> String {
    format!("nicelist-{:08x}-", epoch.0 & u64::from(u32::MAX))
}

/// The name of the backup that begins at a time.
pub(super) fn file_name(epoch: EpochId, at: Timestamp) -> String {
    format!("{}{}", start_of(epoch), at.strftime("%Y%m%dT%H%M%SZ.db"))
}

/// The time in the name of a backup of this database. None for any other name.
fn time_of(epoch: EpochId, name: &str) -> Option<Timestamp> {
    let time = name.strip_prefix(&start_of(epoch))?.strip_suffix(".db")?;
    time.parse().ok().filter(|at| file_name(epoch, *at) == name)
}

/// The backups of a database.
pub(super) fn list(folder: &Path, epoch: EpochId) -> io::Result<Vec<BackupFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(at) = entry.file_name().to_str().and_then(|name| time_of(epoch, name))
            && entry.file_type()?.is_file()
        {
            files.push(BackupFile { at, path: entry.path(), bytes: entry.metadata()?.len() });
        }
    }
    Ok(files)
}

/// The newest backup. A backup in the future does not count: the clock was wrong when it was
/// written.
pub(super) fn newest(files: Vec<BackupFile>, now: Timestamp) -> Option<BackupFile> {
    files.into_iter().filter(|file| file.at <= now).max_by_key(|file| file.at)
}

/// How long to wait at the start of a server.
pub(super) fn until_next(newest: Option<&BackupFile>, now: Timestamp, every: Duration) -> Duration {
    let age = newest.map(|file| now.duration_since(file.at).unsigned_abs());
    age.map_or(Duration::ZERO, |age| every.saturating_sub(age))
}

/// Deletes the oldest backups of a database except the newest `keep`. The backup that began at
/// `written` and the database itself are never deleted.
pub(super) fn delete_old(
    folder: &Path,
    epoch: EpochId,
    written: Timestamp,
    keep: NonZeroUsize,
    database: &Path,
) -> io::Result<()> {
    let database = fs::canonicalize(database)?;
    let files = list(folder, epoch)?.into_iter();
    let mut others: Vec<BackupFile> = files
        .filter(|file| file.at != written)
        .filter(|file| fs::canonicalize(&file.path).is_ok_and(|path| path != database))
        .collect();
    // Backups in the future come first: the clock was wrong when they were written.
    others.sort_by_key(|file| (file.at < written, file.at));
    let surplus = others.len().saturating_sub(keep.get() - 1);
    others.iter().take(surplus).try_for_each(|file| match fs::remove_file(&file.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: EpochId = EpochId(0x1234_5678_00ab_cdef);

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn l9_only_exact_names_are_backups() {
        let at = time("2026-11-30T07:08:09Z");
        assert_eq!(file_name(EPOCH, at), "nicelist-00abcdef-20261130T070809Z.db");
        assert_eq!(time_of(EPOCH, "nicelist-00abcdef-20261130T070809Z.db"), Some(at));
        for other in [
            "nicelist.db",
            "nicelist-2026-11-30.db",
            "nicelist-20261130T070809Z.db",
            "nicelist-00abcdee-20261130T070809Z.db",
            "nicelist-00abcdef-20261130T070809Z.db-wal",
            "nicelist-00abcdef-20261130T070809.5Z.db",
            "nicelist-00abcdef-2026-11-30T07:08:09Z.db",
            "nicelist-00abcdef-20261130T070809+00.db",
            "nicelist-00abcdef-20261330T070809Z.db",
            "my-nicelist-00abcdef-20261130T070809Z.db",
        ] {
            assert_eq!(time_of(EPOCH, other), None, "{other}");
        }
    }

    #[test]
    fn l9_the_oldest_backups_are_deleted_and_never_the_new_one_or_another_file() {
        let directory = tempfile::tempdir().unwrap();
        let (folder, now) = (directory.path(), time("2026-11-05T00:00:00Z"));
        let days = (1..=5).map(|day| format!("nicelist-00abcdef-2026110{day}T000000Z.db"));
        // The clock was wrong twice.
        let wrong =
            ["nicelist-00abcdef-19700101T000000Z.db", "nicelist-00abcdef-20990101T000000Z.db"];
        let another = "nicelist-00abcdee-20200101T000000Z.db";
        let others = [another, "nicelist-20261101.db", "nicelist.db", "notes.txt"];
        for name in days.chain(wrong.into_iter().chain(others).map(str::to_owned)) {
            fs::write(folder.join(name), "").unwrap();
        }
        fs::create_dir(folder.join("nicelist-00abcdef-19710101T000000Z.db")).unwrap();
        let keep = NonZeroUsize::new(3).unwrap();
        let database = folder.join("nicelist-00abcdef-20261101T000000Z.db");
        delete_old(folder, EPOCH, now, keep, &database).unwrap();
        let kept = [
            another,
            "nicelist-00abcdef-19710101T000000Z.db",
            "nicelist-00abcdef-20261101T000000Z.db",
            "nicelist-00abcdef-20261103T000000Z.db",
            "nicelist-00abcdef-20261104T000000Z.db",
            "nicelist-00abcdef-20261105T000000Z.db",
            "nicelist-20261101.db",
            "nicelist.db",
            "notes.txt",
        ];
        assert_eq!(names(folder), kept);
    }

    #[test]
    fn l9_a_clock_that_jumps_causes_at_most_one_extra_backup_per_start() {
        let (now, day) = (time("2026-11-05T00:00:00Z"), Duration::from_secs(86_400));
        let file = |text: &str| BackupFile { at: time(text), path: PathBuf::new(), bytes: 1 };
        let wait = |files: &[&str]| {
            let files = files.iter().map(|text| file(text)).collect();
            until_next(newest(files, now).as_ref(), now, day)
        };
        assert_eq!(wait(&[]), Duration::ZERO);
        assert_eq!(wait(&["2026-11-01T00:00:00Z"]), Duration::ZERO);
        assert_eq!(wait(&["2026-11-04T18:00:00Z", "2026-11-01T00:00:00Z"]), day * 3 / 4);
        assert_eq!(wait(&["2026-11-05T00:00:00Z"]), day);
        // The next backup is not put off until 2099.
        assert_eq!(wait(&["2099-01-01T00:00:00Z"]), Duration::ZERO);
        assert_eq!(wait(&["2099-01-01T00:00:00Z", "2026-11-04T18:00:00Z"]), day * 3 / 4);
    }
}
