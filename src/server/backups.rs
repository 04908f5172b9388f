//! Scheduled backups: writes a file in each interval, and deletes the oldest files.

mod folder;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use self::folder::BackupFile;
use super::options::ServerError;
use super::state::State;
use crate::api::{BackupStatus, LastBackup, Reason};
use crate::fleet::Epoch;
use crate::store::Store;
use crate::store::maintenance::{BackupError, BackupSource, Heartbeat, delete_unfinished_backups};

/// The code of the warning that the latest backup failed.
pub(super) const FAILED: &str = "backup-failed";
/// After failures, the time between two attempts grows to this, unless the interval is longer.
const LONGEST_BACKOFF: Duration = Duration::from_secs(24 * 60 * 60);

/// A copy that makes no progress for longer than this is reported.
const LONGEST_STALL: Duration = Duration::from_secs(5 * 60);

/// When and where a server backs up its database.
#[derive(Clone, Debug)]
pub struct BackupOptions {
    /// The folder of the backups. It must exist when a backup is written.
    pub folder: PathBuf,
    pub every: Duration,
    /// How many backups to keep.
    pub keep: NonZeroUsize,
}

pub(super) struct Backups {
    options: BackupOptions,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    last: Option<BackupFile>,
    /// When the latest attempt began. Time is measured with a clock that never jumps.
    attempted: Option<Instant>,
    /// Why the latest attempt failed.
    failure: Option<String>,
    /// When the latest attempt failed.
    failed_at: Option<Timestamp>,
    /// When the next attempt begins.
    next: Option<Timestamp>,
    /// Attempts that failed since the last good backup.
    failures: u32,
    /// When the current attempt began.
    running: Option<Instant>,
    /// Shows whether the current copy makes progress.
    heartbeat: Option<Heartbeat>,
}

impl Progress {
    /// Why the latest attempt failed, or that the current one does not end.
    fn failure(&self, every: Duration) -> Option<String> {
        if let Some(stalled) = self.heartbeat.as_ref().and_then(|it| stalled(it.age())) {
            return Some(stalled);
        }
        let running = self.running.map(|began| began.elapsed());
        running.and_then(|running| overdue(running, every)).or_else(|| self.failure.clone())
    }
}

/// Describes a copy that makes no progress. Its snapshot cannot be released, because its thread is
/// blocked in the system.
fn stalled(age: Duration) -> Option<String> {
    let minutes = age.as_secs() / 60;
    let reason = format!(
        "the backup has made no progress for {minutes} min, because its disk does not respond; \
         until it does or the server restarts, the log of the database grows"
    );
    (age > LONGEST_STALL).then_some(reason)
}

/// The time after a wait. None if it is out of range.
fn after(time: Timestamp, wait: Duration) -> Option<Timestamp> {
    time.checked_add(wait).ok()
}

/// Describes an attempt that takes much too long, for example because a network disk does not
/// respond.
fn overdue(running: Duration, every: Duration) -> Option<String> {
    let hours = running.as_secs() / (60 * 60);
    let reason = format!("the backup that began {hours} h ago is not complete");
    (running > every.max(LONGEST_BACKOFF)).then_some(reason)
}

impl Backups {
    /// Fails if the database cannot be backed up.
    pub(super) fn of(
        options: Option<&BackupOptions>,
        store: &dyn Store,
    ) -> Result<Option<Self>, ServerError> {
        match (options, store.backup_source()) {
            (None, _) => Ok(None),
            (Some(_), None) => Err(ServerError::BackupsUnsupported),
            (Some(options), Some(_)) => {
                Ok(Some(Self { options: options.clone(), progress: Mutex::default() }))
            }
        }
    }

    fn progress<T>(&self, access: impl FnOnce(&mut Progress) -> T) -> T {
        access(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn status(&self) -> BackupStatus {
        self.progress(|progress| BackupStatus {
            folder: self.options.folder.display().to_string(),
            last: progress.last.as_ref().map(|BackupFile { at, path, bytes }| LastBackup {
                file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                at: *at,
                bytes: *bytes,
            }),
            failure: progress.failure(self.options.every),
            failed_at: progress.failed_at,
            next: progress.next,
        })
    }

    /// The time of the newest backup, and whether the latest attempt failed or does not end.
    pub(super) fn figures(&self) -> (Option<Timestamp>, bool) {
        self.progress(|progress| {
            let newest = progress.last.as_ref().map(|file| file.at);
            (newest, progress.failure(self.options.every).is_some())
        })
    }

    /// A warning if the latest backup failed or does not end. It does not contain the reason,
    /// because `/readyz` requires no authentication, and the reason contains a path.
    pub(super) fn warning(&self) -> Option<Reason> {
        let (_, has_failed) = self.figures();
        has_failed.then(|| Reason::new(FAILED, "a scheduled backup failed or does not end"))
    }

    /// How long to wait before the first attempt. If the task was restarted after a bug, it waits
    /// for the next turn, so that it does not fail again and again.
    async fn first_wait(&self, store: &dyn Store, now: Timestamp) -> Duration {
        if let Some(attempted) = self.progress(|progress| progress.attempted) {
            return self.options.every.saturating_sub(attempted.elapsed());
        }
        // If the database cannot be read, the first backup reports the reason.
        let Ok(Epoch { id: epoch, .. }) = store.epoch().await else { return Duration::ZERO };
        let path = self.options.folder.clone();
        self.progress(|progress| progress.running = Some(Instant::now()));
        let opened = tokio::task::spawn_blocking(move || {
            let deleted = delete_unfinished_backups(&path, &folder::start_of(epoch));
            (deleted, folder::list(&path, epoch))
        });
        let opened = opened.await;
        self.progress(|progress| progress.running = None);
        // If the folder cannot be read, the first backup reports the reason.
        let Ok((Ok(deleted), Ok(files))) = opened else { return Duration::ZERO };
        if deleted > 0 {
            tracing::info!(deleted, "deleted unfinished backups");
        }
        let newest = folder::newest(files, now);
        let wait = folder::until_next(newest.as_ref(), now, self.options.every);
        self.progress(|progress| {
            progress.last = newest;
            progress.next = after(now, wait);
        });
        wait
    }

    /// Writes a backup, and deletes old ones. Returns how long to wait before the next attempt.
    async fn attempt(
        &self,
        store: &dyn Store,
        source: &dyn BackupSource,
        now: Timestamp,
    ) -> Duration {
        let began = Instant::now();
        self.progress(|progress| {
            progress.attempted = Some(began);
            progress.running = Some(began);
            progress.next = None;
        });
        // The name of a file has no smaller units.
        let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let written = self.back_up(store, source, at).await;
        if written.is_err() {
            self.forget_deleted(store, now).await;
        }
        let took = began.elapsed();
        let ended = after(now, took);
        self.note(written, ended);
        // At least half of the time is free of backups, however long they take.
        let wait = self.delay().saturating_sub(took).max(took);
        self.progress(|progress| progress.next = ended.and_then(|ended| after(ended, wait)));
        wait
    }

    /// Reads the folder again, because the newest backup may have been deleted, possibly with the
    /// whole folder. If the folder cannot be read, the backup counts as existing.
    async fn forget_deleted(&self, store: &dyn Store, now: Timestamp) {
        let Ok(epoch) = store.epoch().await else { return };
        let path = self.options.folder.clone();
        let listed = tokio::task::spawn_blocking(move || folder::list(&path, epoch.id)).await;
        let newest = match listed {
            Ok(Ok(files)) => folder::newest(files, now),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => None,
            Ok(Err(_)) | Err(_) => return,
        };
        self.progress(|progress| progress.last = newest);
    }

    async fn back_up(
        &self,
        store: &dyn Store,
        source: &dyn BackupSource,
        at: Timestamp,
    ) -> Result<(), String> {
        let epoch = store.epoch().await.map_err(|error| error.to_string())?.id;
        let file = self.options.folder.join(folder::file_name(epoch, at));
        let heartbeat = Heartbeat::default();
        self.progress(|progress| progress.heartbeat = Some(heartbeat.clone()));
        let backed_up = source.back_up(&file, &heartbeat).await;
        self.progress(|progress| progress.heartbeat = None);
        let backed_up = backed_up.map_err(|error| self.describe(&error))?;
        let last = BackupFile { at, path: file, bytes: backed_up.bytes };
        self.progress(|progress| progress.last = Some(last));
        let (path, keep) = (self.options.folder.clone(), self.options.keep);
        let database = source.database().to_owned();
        let deleting = tokio::task::spawn_blocking(move || {
            folder::delete_old(&path, epoch, at, keep, &database)
        });
        let deleted = deleting.await.map_err(std::io::Error::other).flatten();
        deleted.map_err(|error| {
            format!("cannot delete old backups in {}: {error}", self.options.folder.display())
        })
    }

    /// Describes an error without the name of the new file, which is different in each attempt.
    fn describe(&self, error: &BackupError) -> String {
        let folder = self.options.folder.display();
        match error {
            BackupError::Write { reason, .. } => format!("cannot write to {folder}: {reason}"),
            BackupError::Exists(_) | BackupError::Database { .. } | BackupError::Damaged { .. } => {
                error.to_string()
            }
        }
    }

    /// Notes a result, and logs it if it differs from the previous one.
    fn note(&self, written: Result<(), String>, at: Option<Timestamp>) {
        self.progress(|progress| {
            match (&written, &progress.failure) {
                (Err(reason), before) if before.as_ref() != Some(reason) => {
                    tracing::error!(%reason, "the scheduled backup failed");
                }
                (Ok(()), Some(_)) => tracing::info!("scheduled backups work again"),
                (Err(_), _) | (Ok(()), None) => {}
            }
            progress.failures = if written.is_ok() { 0 } else { progress.failures + 1 };
            progress.failed_at = at.filter(|_| written.is_err());
            progress.failure = written.err();
            progress.running = None;
        });
    }

    /// The time between the beginnings of the latest attempt and of the next one. It doubles with
    /// each failure after the first.
    fn delay(&self) -> Duration {
        let every = self.options.every;
        let doublings = self.progress(|progress| progress.failures).saturating_sub(1).min(16);
        every.saturating_mul(1 << doublings).min(every.max(LONGEST_BACKOFF))
    }
}

pub(super) async fn keep_backing_up(state: Arc<State>) {
    let (Some(backups), Some(source)) = (&state.backups, state.store.backup_source()) else {
        return std::future::pending().await;
    };
    let mut wait = backups.first_wait(&*state.store, state.clock.now()).await;
    loop {
        sleep(wait).await;
        wait = backups.attempt(&*state.store, source, state.clock.now()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l9_failures_double_the_time_to_the_next_attempt_up_to_a_day() {
        let backups = |every| Backups {
            options: BackupOptions { folder: "backups".into(), every, keep: NonZeroUsize::MIN },
            progress: Mutex::default(),
        };
        let hour = Duration::from_secs(60 * 60);
        let hourly = backups(hour);
        let delays: Vec<u64> = (0..8)
            .map(|_| {
                hourly.note(Err("no folder".to_owned()), None);
                hourly.delay().as_secs() / hour.as_secs()
            })
            .collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 24, 24, 24]);
        hourly.note(Ok(()), None);
        assert_eq!((hourly.delay(), hourly.warning()), (hour, None));
        let weekly = backups(hour * 24 * 7);
        weekly.note(Err("no folder".to_owned()), None);
        weekly.note(Err("no folder".to_owned()), None);
        assert_eq!(weekly.delay(), hour * 24 * 7);
        assert!(weekly.warning().is_some());
    }

    #[test]
    fn l9_a_backup_that_does_not_end_is_a_failure() {
        let (hour, day) = (Duration::from_secs(60 * 60), Duration::from_secs(24 * 60 * 60));
        assert_eq!(overdue(hour * 20, hour), None, "a large database takes long");
        let reason = "the backup that began 25 h ago is not complete";
        assert_eq!(overdue(hour * 25, hour).as_deref(), Some(reason));
        assert_eq!(overdue(hour * 25, day * 7), None);
    }

    #[test]
    fn l9_a_copy_without_progress_is_a_failure_before_it_is_overdue() {
        let minute = Duration::from_secs(60);
        assert_eq!(stalled(minute * 5), None, "a flush can take long");
        let reason = stalled(minute * 6).unwrap();
        assert!(reason.starts_with("the backup has made no progress for 6 min"), "{reason}");
        let moving = Progress { heartbeat: Some(Heartbeat::default()), ..Progress::default() };
        assert_eq!(moving.failure(minute), None);
    }
}
