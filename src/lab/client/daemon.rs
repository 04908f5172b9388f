//! A client that runs for days on Santa's schedule. Tests can advance its clock.
//!
//! The first sync is scheduled 15 seconds after the start. After each full sync, scheduled or
//! requested, the next sync is scheduled one interval later. Blocked executions are reported
//! immediately, even during a sync, but at most once in ten minutes for the same file (Santa's
//! SNTSyncManager and SNTSyncdQueue).

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::request::{RequestSender, Stage, XsrfToken};
use super::{
    Clock, Generation, Profile, RequestError, Santa, SyncError, SyncOptions, SyncReport, Transport,
    request_formats, response_formats,
};
use crate::protocol::{Decision, Event};

const FIRST_SYNC: Duration = Duration::from_secs(15);

/// The minimum time between two attempts to report the same file immediately.
const BACKOFF: Duration = Duration::from_secs(600);

/// Maximum requested syncs that are waiting or in progress.
const MOST_ASKED_FOR: usize = 2;

/// Maximum programs of a bundle per request.
const MEMBERS_AT_ONCE: usize = 50;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Blocked {
    pub event: Event,
    /// The programs of the event's bundle. They are reported if bundles are enabled and the server
    /// requests these programs.
    pub members: Vec<Event>,
}

#[derive(Debug)]
pub enum BlockedOutcome {
    /// The server accepted the event, and this number of requested programs from its bundle.
    Sent { members: usize },
    /// The client tried to report the file less than ten minutes ago, so the event waits for the
    /// next sync.
    Waiting,
    /// The server did not accept the event or some programs of its bundle, so the next sync sends
    /// them.
    Failed(RequestError),
    /// The client is pedro, which reports no events.
    Unreported,
}

#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error("too many syncs in progress")]
    TooMany,
    #[error(transparent)]
    Sync(#[from] SyncError),
}

#[derive(Debug)]
pub struct DaemonSync {
    pub result: Result<SyncReport, SyncError>,
    /// The number of rules after the sync, without transitive rules.
    pub holds: usize,
    /// The time until the next scheduled sync.
    pub next: Duration,
}

pub struct Daemon {
    santa: tokio::sync::Mutex<Santa>,
    /// Events that are not yet in the client's list of pending events.
    fresh: Mutex<Vec<Event>>,
    /// When the client last tried to report a file immediately, by the file's SHA-256.
    reported: Mutex<HashMap<String, Duration>>,
    reports_bundles: AtomicBool,
    asked_for: Semaphore,
    due: watch::Sender<Duration>,
    profile: Profile,
    token: XsrfToken,
    transport: Box<dyn Transport>,
    clock: Clock,
    options: SyncOptions,
}

impl Daemon {
    pub fn new(
        santa: Santa,
        transport: Box<dyn Transport>,
        clock: Clock,
        options: SyncOptions,
    ) -> Self {
        Self {
            fresh: Mutex::default(),
            reported: Mutex::default(),
            reports_bundles: AtomicBool::new(santa.settings.enable_bundles == Some(true)),
            asked_for: Semaphore::new(MOST_ASKED_FOR),
            due: watch::Sender::new(clock.now() + FIRST_SYNC),
            profile: santa.profile.clone(),
            token: santa.token.clone(),
            santa: tokio::sync::Mutex::new(santa),
            transport,
            clock,
            options,
        }
    }

    /// Waits for any sync in progress to finish, moves new events to the client's pending events,
    /// and returns the client.
    pub async fn santa(&self) -> impl std::ops::DerefMut<Target = Santa> + '_ {
        let mut santa = self.santa.lock().await;
        for event in mem::take(&mut *locked(&self.fresh)) {
            keep(&mut santa.events, event);
        }
        santa
    }

    /// Waits for the next scheduled sync and runs it. Dropping the future stops a sync in progress,
    /// but does not change the schedule.
    pub async fn next(&self) -> DaemonSync {
        let mut due = self.due.subscribe();
        loop {
            let then = *due.borrow_and_update();
            tokio::select! {
                // This daemon has the sender, so `changed` does not fail.
                _ = due.changed() => continue,
                () = self.clock.sleep_until(then) => {}
            }
            let mut santa = self.santa().await;
            // A requested sync may have postponed the scheduled sync.
            if *self.due.borrow() <= self.clock.now() {
                return self.sync_now(&mut santa).await;
            }
        }
    }

    /// Waits for any sync in progress to finish, then syncs.
    ///
    /// # Errors
    /// When two other requested syncs are waiting or in progress.
    pub async fn sync(&self) -> Result<DaemonSync, DaemonError> {
        let _slot = self.asked_for.try_acquire().map_err(|_| DaemonError::TooMany)?;
        let mut santa = self.santa().await;
        Ok(self.sync_now(&mut santa).await)
    }

    /// Waits for any sync in progress to finish, then downloads only rules, as a client does after
    /// a push notification.
    ///
    /// # Errors
    /// When the client is pedro, when two other requested syncs are waiting or in progress, or when
    /// the download fails.
    pub async fn sync_rules(&self) -> Result<SyncReport, DaemonError> {
        let _slot = self.asked_for.try_acquire().map_err(|_| DaemonError::TooMany)?;
        let mut santa = self.santa().await;
        Ok(santa.sync_rules_by(&self.clock, &*self.transport, self.options).await?)
    }

    async fn sync_now(&self, santa: &mut Santa) -> DaemonSync {
        let result = santa.sync_by(&self.clock, &*self.transport, self.options).await;
        let reports_bundles = santa.settings.enable_bundles == Some(true);
        self.reports_bundles.store(reports_bundles, Ordering::Relaxed);
        let next = Duration::from_secs(u64::from(santa.settings.sync_interval()));
        self.due.send_replace(self.clock.now() + next);
        DaemonSync { result, holds: santa.database.rules().len(), next }
    }

    /// Tries to report a blocked execution immediately.
    pub async fn block(&self, blocked: Blocked) -> BlockedOutcome {
        let Blocked { mut event, mut members } = blocked;
        let Generation::Santa(version) = self.profile.generation else {
            return BlockedOutcome::Unreported;
        };
        if !self.reports_bundles.load(Ordering::Relaxed) {
            // Bundles are disabled, so the bundle was not hashed.
            event.file_bundle_hash.clear();
            event.file_bundle_hash_millis = 0;
            event.file_bundle_binary_count = 0;
            members.clear();
        }
        keep(&mut locked(&self.fresh), event.clone());
        if !self.may_report(&event.file_sha256) {
            return BlockedOutcome::Waiting;
        }
        let (transport, clock) = (&*self.transport, &self.clock);
        let (profile, token, pace) = (&self.profile, &self.token, self.options.pace);
        let sender = RequestSender { transport, profile, version, token, clock, pace };
        let wanted = match upload(&sender, std::slice::from_ref(&event)).await {
            Ok(wanted) => wanted,
            Err(error) => return BlockedOutcome::Failed(error),
        };
        self.is_taken(&event);
        if event.file_bundle_hash.is_empty() || !wanted.contains(&event.file_bundle_hash) {
            members.clear();
        }
        self.report_members(&sender, &event, members).await
    }

    async fn report_members(
        &self,
        sender: &RequestSender<'_>,
        event: &Event,
        mut members: Vec<Event>,
    ) -> BlockedOutcome {
        for member in &mut members {
            member.decision = Decision::BundleBinary.into();
            member.file_bundle_hash.clone_from(&event.file_bundle_hash);
            member.file_bundle_hash_millis = event.file_bundle_hash_millis;
            member.file_bundle_binary_count = event.file_bundle_binary_count;
        }
        for (at, batch) in members.chunks(MEMBERS_AT_ONCE).enumerate() {
            if let Err(error) = upload(sender, batch).await {
                let left = members.drain(at * MEMBERS_AT_ONCE..);
                let mut fresh = locked(&self.fresh);
                left.for_each(|member| keep(&mut fresh, member));
                return BlockedOutcome::Failed(error);
            }
        }
        BlockedOutcome::Sent { members: members.len() }
    }

    /// Whether a file may be reported immediately. If so, marks it as reported.
    fn may_report(&self, file_sha256: &str) -> bool {
        let now = self.clock.now();
        let mut reported = locked(&self.reported);
        reported.retain(|_, when| now < *when + BACKOFF);
        let may = !reported.contains_key(file_sha256);
        if may {
            reported.insert(file_sha256.to_owned(), now);
        }
        may
    }

    /// Removes an accepted event. As in Santa, a sync in progress may still send it.
    fn is_taken(&self, event: &Event) {
        locked(&self.fresh).retain(|each| !is_same_file(each, event));
        if let Ok(mut santa) = self.santa.try_lock() {
            santa.events.retain(|each| !is_same_file(each, event));
        }
    }
}

/// Uploads events. Returns the bundles whose programs the server requests.
async fn upload(sender: &RequestSender<'_>, events: &[Event]) -> Result<Vec<String>, RequestError> {
    let body = request_formats::events(sender.version, sender.profile, events);
    let answer = sender.exchange(Stage::EventUpload, body, response_formats::uploaded).await?;
    Ok(answer.event_upload_bundle_binaries)
}

/// Adds an event to a list, and removes an earlier event for the same file.
fn keep(events: &mut Vec<Event>, event: Event) {
    events.retain(|each| !is_same_file(each, &event));
    events.push(event);
}

fn is_same_file(one: &Event, other: &Event) -> bool {
    !one.file_sha256.is_empty() && one.file_sha256 == other.file_sha256
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
