//! `nicelist lab sync --daemon`: the same Mac syncs repeatedly.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use super::errors::failed_stage;
use super::view::DaemonSyncRow;
use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::cli::ui::{List, Ui};
use crate::lab::{Blocked, BlockedOutcome, Clock, Daemon, Event, Santa, SyncOptions, Transport};

pub(super) struct Run {
    pub(super) clock: Clock,
    pub(super) options: SyncOptions,
    /// The file for the client's state.
    pub(super) state: Option<PathBuf>,
    /// Stop after this time.
    pub(super) time: Option<Duration>,
    /// Stop after this number of syncs.
    pub(super) syncs: Option<u64>,
}

/// Runs a client until Ctrl-C, or until the time or the number of syncs is reached.
pub(super) async fn run(
    ui: &Ui,
    santa: Santa,
    transport: impl Transport + 'static,
    events: Vec<Event>,
    run: Run,
) -> Result<(), CliError> {
    follow(ui, santa, Box::new(transport), events, run, tokio::signal::ctrl_c()).await
}

async fn follow(
    ui: &Ui,
    mut santa: Santa,
    transport: Box<dyn Transport>,
    events: Vec<Event>,
    run: Run,
    interrupted: impl Future<Output = std::io::Result<()>>,
) -> Result<(), CliError> {
    let Run { clock, options, state, time, syncs } = run;
    let blocked = sort(&mut santa, events);
    let daemon = Daemon::new(santa, transport, clock.clone(), options);
    let mut list = ui.list::<DaemonSyncRow>("no syncs");
    let ended = async {
        match time {
            Some(time) => clock.sleep(time).await,
            None => std::future::pending().await,
        }
    };
    {
        let working = work(ui, &daemon, blocked, syncs, state.as_ref(), &mut list);
        tokio::select! {
            biased;
            interrupted = interrupted => interrupted?,
            result = working => result?,
            () = ended => {}
        }
    }
    save(&daemon, state.as_ref()).await?;
    list.finish()
}

/// Reports blocked executions, then syncs on schedule.
async fn work(
    ui: &Ui,
    daemon: &Daemon,
    blocked: Vec<Blocked>,
    syncs: Option<u64>,
    state: Option<&PathBuf>,
    list: &mut List<'_, DaemonSyncRow>,
) -> Result<(), CliError> {
    ui.status("the first sync is in 15 seconds; press Ctrl-C to stop");
    report(ui, daemon, blocked).await;
    let mut done = 0;
    while syncs.is_none_or(|syncs| done < syncs) {
        let turn = daemon.next().await;
        done += 1;
        list.push(&DaemonSyncRow::new(ui.now(), &turn))?;
        list.flush()?;
        if let Ok(report) = &turn.result
            && let Err(error) = failed_stage(report)
        {
            ui.warn(format!("{}: {}", error.message, error.causes.join(": ")));
        }
        save(daemon, state).await?;
    }
    Ok(())
}

async fn save(daemon: &Daemon, state: Option<&PathBuf>) -> Result<(), CliError> {
    if let Some(state) = state {
        daemon.santa().await.save(state)?;
    }
    Ok(())
}

/// Adds events for the next sync. Returns the blocked executions, which are reported immediately,
/// each with the events about programs of its bundle.
fn sort(santa: &mut Santa, events: Vec<Event>) -> Vec<Blocked> {
    let (blocked, others): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| event.decision.as_str().starts_with("BLOCK_"));
    let mut members: HashMap<String, Vec<Event>> = HashMap::new();
    for event in others {
        match event.decision.as_str() {
            "BUNDLE_BINARY" if !event.file_bundle_hash.is_empty() => {
                members.entry(event.file_bundle_hash.clone()).or_default().push(event);
            }
            _ => santa.add_event(event),
        }
    }
    let with_members = |event: Event| Blocked {
        members: members.get(&event.file_bundle_hash).cloned().unwrap_or_default(),
        event,
    };
    blocked.into_iter().map(with_members).collect()
}

async fn report(ui: &Ui, daemon: &Daemon, blocked: Vec<Blocked>) {
    for blocked in blocked {
        let name = blocked.event.file_name.clone();
        match daemon.block(blocked).await {
            BlockedOutcome::Sent { members: 0 } => ui.status(format!("{name}: reported")),
            BlockedOutcome::Sent { members } => {
                let programs = counted(members, "program");
                ui.status(format!("{name}: reported with {programs} of its bundle"));
            }
            BlockedOutcome::Waiting => ui.status(format!(
                "{name}: will be reported at the next \
                sync"
            )),
            BlockedOutcome::Failed(error) => {
                ui.warn(format!(
                    "{name}: cannot be reported now: {error}; the next sync reports it"
                ));
            }
            BlockedOutcome::Unreported => ui.status(format!(
                "{name}: this client does not report \
                events"
            )),
        }
    }
}

#[cfg(test)]
mod tests;
