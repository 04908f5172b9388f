//! Runs the syncs of a phase. The number of syncs at a time is limited, and each sync uses one
//! connection.
//!
//! In the run itself, hosts sync on schedule, whether or not earlier syncs are done (an open loop).
//! If no connection is free, the sync begins late, but is timed from its scheduled time. A slow
//! server therefore also affects the times of the syncs that it delays. If a connection is free,
//! the sync is timed from its real start, because the timer, which has a resolution of a
//! millisecond, may start it late. A sync is skipped if it is more than an interval late, or if the
//! host's last sync is still in progress.

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::Connection;
use super::host::LastSync;
use super::options::{ChangeHook, FleetPhase, FleetProgress};
use super::plan::Plan;
use super::shared::Shared;
use super::sync::sync;
use crate::lab::shell::{ShellError, shell};

const TICK: Duration = Duration::from_millis(250);

/// The timeout of the change hook.
const PATIENCE: Duration = Duration::from_secs(60);

/// The hosts that sync, and their schedule.
pub(super) enum Work {
    /// The hosts sync as fast as the server responds.
    Now(Box<dyn Iterator<Item = u32>>),
    /// The hosts sync on schedule.
    Due { plan: Plan, start: Instant, next: u64 },
}

impl Work {
    fn next(&mut self) -> Option<(u32, Option<Instant>)> {
        match self {
            Self::Now(hosts) => hosts.next().map(|host| (host, None)),
            Self::Due { plan, start, next } => {
                let arrival = plan.arrival(*next)?;
                *next += 1;
                Some((arrival.host, Some(*start + arrival.after)))
            }
        }
    }

    /// The maximum delay of a sync. After a longer delay, the sync is skipped.
    fn patience(&self) -> Duration {
        match self {
            Self::Now(_) => Duration::MAX,
            Self::Due { plan, .. } => plan.interval,
        }
    }
}

/// Receives the progress of a run, and can stop the run.
pub(super) struct Observer {
    pub(super) progress: watch::Sender<FleetProgress>,
    pub(super) stop: watch::Receiver<bool>,
}

pub(super) struct Interrupted;

pub(super) async fn run(
    shared: &Rc<Shared>,
    observer: &Observer,
    phase: FleetPhase,
    work: Work,
    total: u64,
) -> Result<(), Interrupted> {
    let work = Rc::new(RefCell::new(work));
    let mut workers = JoinSet::new();
    for _ in 0..shared.options.connections {
        workers.spawn_local(worker(Rc::clone(shared), Rc::clone(&work), phase));
    }
    let (start, before) = (Instant::now(), done(shared));
    let mut ticks = tokio::time::interval(TICK);
    let mut stop = observer.stop.clone();
    loop {
        tokio::select! {
            ended = workers.join_next() => match ended {
                None => break,
                Some(Ok(())) => {}
                Some(Err(error)) => resume_unwind(error.into_panic()),
            },
            () = wanted(&mut stop) => return Err(Interrupted),
            _ = ticks.tick() => observer.report(shared, (phase, before), total, start.elapsed()),
        }
    }
    observer.report(shared, (phase, before), total, start.elapsed());
    Ok(())
}

fn done(shared: &Shared) -> u64 {
    let counts = shared.state().measures.counts;
    counts.syncs + counts.failed_syncs + counts.missed_syncs
}

/// Waits until the run must stop, or forever if no one can stop it.
async fn wanted(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Observer {
    fn report(
        &self,
        shared: &Shared,
        (phase, before): (FleetPhase, u64),
        total: u64,
        elapsed: Duration,
    ) {
        let done = done(shared) - before;
        let state = shared.state();
        let (errors, p99) = (state.measures.error_count(), state.measures.p99());
        let in_progress = state.in_progress;
        self.progress.send_replace(FleetProgress {
            phase,
            done,
            total,
            in_progress,
            errors,
            p99,
            elapsed,
        });
    }
}

async fn worker(shared: Rc<Shared>, work: Rc<RefCell<Work>>, phase: FleetPhase) {
    let patience = work.borrow().patience();
    let mut connection = Connection::new(Rc::clone(&shared.address));
    loop {
        let next = work.borrow_mut().next();
        let Some((host, due)) = next else { break };
        let Some(begun) = begin(&shared, host, due, patience).await else { continue };
        sync(&shared, &mut connection, host, begun, phase == FleetPhase::Run).await;
        if !shared.options.keep_alive {
            connection.close();
        }
    }
}

/// Waits until the scheduled time. Returns the time from which the sync is measured, or `None` if
/// the sync is skipped.
async fn begin(
    shared: &Shared,
    host: u32,
    due: Option<Instant>,
    patience: Duration,
) -> Option<Instant> {
    let Some(due) = due else { return Some(Instant::now()) };
    let was_free = Instant::now() < due;
    if was_free {
        tokio::time::sleep_until(due.into()).await;
    }
    let (now, mut state) = (Instant::now(), shared.state());
    let late = now.saturating_duration_since(due);
    state.measures.began(late);
    if late > patience || state.host(host).last == LastSync::Open {
        state.measures.counts.missed_syncs += 1;
        state.measures.synced(late);
        return None;
    }
    Some(if was_free { now } else { due })
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangesMade {
    pub made: u64,
    pub failed: u64,
    /// The reason for the last failure.
    pub reason: Option<String>,
}

/// Runs the command at intervals of `change.every` until the time `until`. The first run is after
/// one interval. If the command takes longer than an interval, the next run is delayed.
pub(super) async fn change(change: ChangeHook, until: Instant) -> ChangesMade {
    let mut changes = ChangesMade::default();
    let mut next = Instant::now() + change.every;
    while next < until {
        tokio::time::sleep_until(next.into()).await;
        let number = (changes.made + changes.failed + 1).to_string();
        match shell(&change.command, [("NICELIST_CHANGE", &*number)], PATIENCE).await {
            Ok(()) => changes.made += 1,
            Err(ShellError::Failed(reason) | ShellError::NotSupported(reason)) => {
                changes.failed += 1;
                changes.reason = Some(reason);
            }
        }
        next = (next + change.every).max(Instant::now());
    }
    changes
}
