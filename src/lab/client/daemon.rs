//! A client that runs for days, on Santa's schedule and a clock that can be turned.
//!
//! The first sync comes 15 seconds after the start, and each next one an interval after the
//! last, whoever wanted that one. What is blocked meanwhile is reported at once and alone,
//! beside a sync that may be in progress (Santa's SNTSyncManager and SNTSyncdQueue).

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::request::{Line, Stage, XsrfToken};
use super::{
    Clock, Generation, Profile, RequestError, Santa, SyncError, SyncOptions, SyncReport, Transport,
    reading, writing,
};
use crate::protocol::{Decision, Event};

/// How long after its start a client syncs first.
const FIRST_SYNC: Duration = Duration::from_secs(15);

/// How long a blocked file is not reported at once again.
const BACKOFF: Duration = Duration::from_secs(600);

/// How many syncs that somebody asked for may be unfinished.
const MOST_ASKED_FOR: usize = 2;

/// How many programs of a bundle go into a request.
const MEMBERS_AT_ONCE: usize = 50;

/// Something that was just blocked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Blocked {
    /// What happened.
    pub event: Event,
    /// The programs of the bundle that it is a part of, to be reported if the server wants them.
    pub members: Vec<Event>,
}

/// What became of a blocked execution's report.
#[derive(Debug)]
pub enum BlockedOutcome {
    /// The server took it, and so many programs of its bundle, for which it asked.
    Sent {
        /// How many those are.
        members: usize,
    },
    /// The file was reported a moment ago: it waits for the next sync.
    Waiting,
    /// It was not taken, or its bundle was not: that waits for the next sync.
    Failed(RequestError),
    /// The client reports nothing.
    Unreported,
}

/// Why somebody who asked for a sync got none.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// One is in progress and one waits.
    #[error("too many syncs in progress")]
    TooMany,
    /// It failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
}

/// One sync of a client that goes on running.
#[derive(Debug)]
pub struct Turn {
    /// What the sync did, or why it ended early.
    pub result: Result<SyncReport, SyncError>,
    /// How many rules the client holds now.
    pub holds: usize,
    /// How long until the next.
    pub next: Duration,
}

/// A client that runs.
pub struct Daemon {
    santa: tokio::sync::Mutex<Santa>,
    /// What was blocked since the client was last looked at.
    fresh: Mutex<Vec<Event>>,
    /// When each file was last reported at once.
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
    /// Starts a client.
    #[must_use]
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

    /// The client, as it is between two syncs.
    pub async fn santa(&self) -> impl std::ops::DerefMut<Target = Santa> + '_ {
        let mut santa = self.santa.lock().await;
        for event in mem::take(&mut *locked(&self.fresh)) {
            keep(&mut santa.events, event);
        }
        santa
    }

    /// Waits for the next sync that is due, and does it. Nothing is lost if it is no longer
    /// waited for, but a sync in progress ends where it is.
    pub async fn next(&self) -> Turn {
        let mut due = self.due.subscribe();
        loop {
            let then = *due.borrow_and_update();
            tokio::select! {
                // The sender is ours, so the schedule is never gone.
                _ = due.changed() => continue,
                () = self.clock.sleep_until(then) => {}
            }
            let mut santa = self.santa().await;
            // A sync that somebody asked for may have come between.
            if *self.due.borrow() <= self.clock.now() {
                return self.sync_now(&mut santa).await;
            }
        }
    }

    /// Syncs because somebody asks for it, after a sync that is in progress.
    ///
    /// # Errors
    /// When two that were asked for are not finished.
    pub async fn sync(&self) -> Result<Turn, DaemonError> {
        let _slot = self.asked_for.try_acquire().map_err(|_| DaemonError::TooMany)?;
        let mut santa = self.santa().await;
        Ok(self.sync_now(&mut santa).await)
    }

    /// Downloads rules because a push asks for it, after a sync that is in progress.
    ///
    /// # Errors
    /// When two syncs that were asked for are not finished, or when this one failed.
    pub async fn sync_rules(&self) -> Result<SyncReport, DaemonError> {
        let _slot = self.asked_for.try_acquire().map_err(|_| DaemonError::TooMany)?;
        let mut santa = self.santa().await;
        Ok(santa.sync_rules_by(&self.clock, &*self.transport, self.options).await?)
    }

    async fn sync_now(&self, santa: &mut Santa) -> Turn {
        let result = santa.sync_by(&self.clock, &*self.transport, self.options).await;
        let reports_bundles = santa.settings.enable_bundles == Some(true);
        self.reports_bundles.store(reports_bundles, Ordering::Relaxed);
        let next = Duration::from_secs(u64::from(santa.settings.sync_interval()));
        self.due.send_replace(self.clock.now() + next);
        Turn { result, holds: santa.database.rules().len(), next }
    }

    /// Reports what was blocked at once, unless the same file was reported less than ten
    /// minutes ago. Until the server has taken it, it also waits for the next sync.
    pub async fn block(&self, blocked: Blocked) -> BlockedOutcome {
        let Blocked { mut event, mut members } = blocked;
        let Generation::Santa(version) = self.profile.generation else {
            return BlockedOutcome::Unreported;
        };
        if !self.reports_bundles.load(Ordering::Relaxed) {
            // Nobody has looked at the bundle then.
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
        let line = Line { transport, profile, version, token, clock, pace };
        let wanted = match upload(&line, std::slice::from_ref(&event)).await {
            Ok(wanted) => wanted,
            Err(error) => return BlockedOutcome::Failed(error),
        };
        self.is_taken(&event);
        if event.file_bundle_hash.is_empty() || !wanted.contains(&event.file_bundle_hash) {
            members.clear();
        }
        self.report_members(&line, &event, members).await
    }

    async fn report_members(
        &self,
        line: &Line<'_>,
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
            if let Err(error) = upload(line, batch).await {
                let left = members.drain(at * MEMBERS_AT_ONCE..);
                let mut fresh = locked(&self.fresh);
                left.for_each(|member| keep(&mut fresh, member));
                return BlockedOutcome::Failed(error);
            }
        }
        BlockedOutcome::Sent { members: members.len() }
    }

    /// Whether a file may be reported at once; if so, it is taken for reported.
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

    /// Lets an event wait no longer. A sync in progress may still send it, as Santa's does.
    fn is_taken(&self, event: &Event) {
        locked(&self.fresh).retain(|each| !is_same_file(each, event));
        if let Ok(mut santa) = self.santa.try_lock() {
            santa.events.retain(|each| !is_same_file(each, event));
        }
    }
}

/// Sends these events alone, and tells of which bundles the server wants every program.
async fn upload(line: &Line<'_>, events: &[Event]) -> Result<Vec<String>, RequestError> {
    let body = writing::events(line.version, line.profile, events);
    let answer = line.exchange(Stage::EventUpload, body, reading::uploaded).await?;
    Ok(answer.event_upload_bundle_binaries)
}

/// Keeps an event for later, in place of an earlier one of the same file.
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
