//! Slows down a long query, so that it does not delay the server's other work.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::file_system::disk_free;
use crate::store::maintenance::Heartbeat;

/// After this number of steps of SQLite's virtual machine, a query checks whether it must pause or
/// stop.
const STEPS_A_CHECK: i32 = 1_000;
/// A query pauses after it has worked for this long.
const WORK: Duration = Duration::from_millis(5);
/// A pause takes as long as the work before it, but not longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// A file is flushed whenever it has grown by this many bytes. Otherwise, a commit of the server
/// could wait while the disk writes everything that the system has cached.
const FLUSH_AFTER: u64 = 1 << 20;
/// A query stops if a disk has fewer free bytes than this. A server is not ready with less than a
/// quarter of it.
const LEAST_FREE: u64 = 256 << 20;
/// A query stops if the log of the database has grown by this many bytes, unless the database is
/// larger: nothing is removed from the log while the query reads its snapshot.
const LOG_GROWTH: u64 = 1 << 30;

/// Limits how much of a core and of the disks a query uses. Clones share whether to stop.
#[derive(Clone)]
pub(super) struct Pace {
    /// Folders on the disks that must not become full.
    folders: [PathBuf; 2],
    /// The write-ahead log of the database, and its maximum size.
    log: (PathBuf, u64),
    /// Shows that a query is not blocked.
    heartbeat: Heartbeat,
    stop: Arc<AtomicBool>,
    /// Why a query was stopped.
    fault: Arc<OnceLock<String>>,
}

/// Stops the queries of a [`Pace`] when it is dropped.
pub(super) struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Pace {
    pub(super) fn new(
        folders: [PathBuf; 2],
        database: &Path,
        log: &Path,
        heartbeat: Heartbeat,
    ) -> Self {
        let most = bytes_of(log) + bytes_of(database).max(LOG_GROWTH);
        let log = (log.to_owned(), most);
        Self { folders, log, heartbeat, stop: Arc::default(), fault: Arc::default() }
    }

    pub(super) fn stop_on_drop(&self) -> StopOnDrop {
        StopOnDrop(Arc::clone(&self.stop))
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Why a query was stopped because of the disks, if it was.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.get().cloned()
    }

    /// Slows down the queries of a connection. If they write to `file`, it is flushed in small
    /// pieces, and they stop before a disk is full.
    pub(super) fn apply(
        &self,
        connection: &mut Connection,
        file: Option<File>,
    ) -> rusqlite::Result<()> {
        let (pace, mut flushed, mut resumed) = (self.clone(), 0, Instant::now());
        let check = move || {
            if pace.is_stopped() {
                return true;
            }
            if resumed.elapsed() < WORK {
                return false;
            }
            pace.heartbeat.beat();
            if let Some(file) = &file
                && let Err(fault) = pace.flush(file, &mut flushed)
            {
                pace.fault.get_or_init(|| fault);
                return true;
            }
            thread::sleep(resumed.elapsed().min(LONGEST_PAUSE));
            resumed = Instant::now();
            false
        };
        connection.progress_handler(STEPS_A_CHECK, Some(check))
    }

    /// Flushes a file if it has grown enough.
    fn flush(&self, file: &File, flushed: &mut u64) -> Result<(), String> {
        let bytes = file.metadata().map_err(|error| error.to_string())?.len();
        if bytes.saturating_sub(*flushed) < FLUSH_AFTER {
            return Ok(());
        }
        file.sync_data().map_err(|error| error.to_string())?;
        *flushed = bytes;
        self.check_log()?;
        self.check_room()
    }

    /// Fails if the log of the database has grown too much.
    fn check_log(&self) -> Result<(), String> {
        let (log, most) = &self.log;
        if bytes_of(log) <= *most {
            return Ok(());
        }
        let most = most >> 20;
        Err(format!("it is so slow that the log of the database grew to more than {most} MiB"))
    }

    /// Fails if a disk is almost full.
    pub(super) fn check_room(&self) -> Result<(), String> {
        let full = self
            .folders
            .iter()
            .find(|folder| disk_free(folder).is_some_and(|free| free < LEAST_FREE));
        match full {
            Some(folder) => Err(format!(
                "the disk of {} has less than {} MiB free",
                folder.display(),
                LEAST_FREE >> 20
            )),
            None => Ok(()),
        }
    }
}

/// The size of a file; 0 if it does not exist.
fn bytes_of(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(log: &Path) -> Pace {
        let folders = [PathBuf::from("."), PathBuf::from(".")];
        Pace::new(folders, Path::new("none.db"), log, Heartbeat::default())
    }

    const COUNT: &str = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n \
        WHERE n < 300000) SELECT count(*) FROM n";

    fn count(pace: &Pace) -> rusqlite::Result<i64> {
        let mut connection = Connection::open_in_memory().unwrap();
        pace.apply(&mut connection, None).unwrap();
        connection.query_one(COUNT, [], |row| row.get(0))
    }

    #[test]
    fn l9_a_slow_query_is_completed_and_stops_on_request() {
        let pace = pace(Path::new("none.db-wal"));
        let guard = pace.stop_on_drop();
        assert_eq!(count(&pace), Ok(300_000));
        drop(guard);
        let code = count(&pace).unwrap_err().sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::OperationInterrupted));
        assert_eq!(pace.fault(), None, "a stop is not a fault");
    }

    #[test]
    fn l9_a_copy_stops_when_the_log_of_the_database_grows_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nicelist.db-wal");
        let log = File::create(&path).unwrap();
        log.set_len(64 << 20).unwrap();
        let pace = pace(&path);
        log.set_len((64 << 20) + LOG_GROWTH).unwrap();
        assert_eq!(pace.check_log(), Ok(()));
        log.set_len((65 << 20) + LOG_GROWTH).unwrap();
        let copy = tempfile::tempfile().unwrap();
        copy.set_len(FLUSH_AFTER).unwrap();
        let reason = pace.flush(&copy, &mut 0).unwrap_err();
        assert!(reason.ends_with("grew to more than 1088 MiB"), "{reason}");
    }
}
