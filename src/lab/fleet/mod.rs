//! A fleet of simulated Macs, to measure and check any Santa sync server.
//!
//! Hosts write and read messages with the code of [`lab sync`](crate::lab::Santa), but only 12
//! bytes are stored for each host, in addition to data that hosts share. All hosts run on one
//! thread, because the server often runs on the same computer and needs the other cores.
//!
//! - `options`, `error`: the options of a fleet, and the reasons why a fleet cannot run
//! - `plan`: the schedule of syncs, and random decisions; both are computed, not stored
//! - `identity`, `host`: the identity of a host, and the data that are stored about a host
//! - `client`: the data that all hosts of a version share
//! - `rule_tables`: the rules of hosts; equal sets are stored once
//! - `messages`: requests, which are written once and copied
//! - `responses`: responses; equal responses are read once
//! - `events`: the events that hosts report
//! - `connection`, `tls`: HTTP
//! - `shared`, `sync`, `run`: the state of the fleet, one sync, and all syncs over time
//! - `verify`: whether hosts have the correct rules
//! - `measure`, `usage`, `summary`: counts, times, and the use of resources
//!
//! In contrast to a real client, a host does not retry requests: failures are counted, and the host
//! syncs again after the interval. A host fetches no XSRF tokens. Of all settings, a host stores
//! only the mode.

mod client;
mod connection;
mod error;
mod events;
mod host;
mod identity;
mod measure;
mod messages;
mod options;
mod plan;
mod responses;
mod rule_tables;
mod run;
mod shared;
mod summary;
mod sync;
mod tls;
mod usage;
mod verify;

pub use client::Share;
pub use connection::Traffic;
pub use error::FleetError;
pub use identity::MOST_HOSTS;
pub use measure::{Counts, Errors, Latencies, Latency};
pub use options::{ChangeHook, FleetOptions, FleetPhase, FleetProgress, Verify};
pub use plan::Arrivals;
pub use run::ChangesMade;
pub use summary::{FleetSummary, Memory, PhaseReport};
pub use tls::Trust;
pub use verify::{Convergence, Diverged};

use std::io;
use std::rc::Rc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::LocalSet;

use client::Clients;
use connection::Address;
use plan::Plan;
use run::{Interrupted, Observer, Work, change, run};
use shared::Shared;
use summary::Meter;
use verify::verify;

/// Runs a fleet on a separate thread until the fleet is done or `stop` becomes true.
///
/// # Errors
/// When the fleet cannot start, or its thread panics. Failed requests are in the summary.
pub async fn run_fleet(
    options: FleetOptions,
    progress: watch::Sender<FleetProgress>,
    stop: watch::Receiver<bool>,
) -> Result<FleetSummary, FleetError> {
    let observer = Observer { progress, stop };
    let thread = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(FleetError::Broken)?;
        LocalSet::new().block_on(&runtime, play(options, observer))
    });
    thread.await.unwrap_or_else(|error| Err(FleetError::Broken(io::Error::other(error))))
}

async fn play(options: FleetOptions, observer: Observer) -> Result<FleetSummary, FleetError> {
    let meter = Meter::start();
    // An invalid profile or share is reported before the server is contacted.
    let clients = Clients::new(&options.shares, &options.profile)?;
    let address = Address::reach(&options.url, &options.trust, options.timeout).await?;
    let shared = Rc::new(Shared::new(&options, clients, address));
    let mut summary = FleetSummary::of(&options);
    let played = perform(&options, &shared, &observer, &mut summary).await;
    summary.interrupted = played.is_err();
    summary.memory = meter.memory(&shared);
    Ok(summary)
}

async fn perform(
    options: &FleetOptions,
    shared: &Rc<Shared>,
    observer: &Observer,
    summary: &mut FleetSummary,
) -> Result<(), Interrupted> {
    if options.warm_up {
        let meter = Meter::start();
        let work = Work::Now(Box::new(0..options.hosts));
        let ended = run(shared, observer, FleetPhase::WarmUp, work, options.hosts.into()).await;
        summary.warm_up = Some(meter.phase(shared.measured()));
        ended?;
    }
    let FleetOptions { hosts, interval, time, arrivals, .. } = *options;
    let plan = Plan { hosts, interval, time, arrivals };
    let (meter, start) = (Meter::start(), Instant::now());
    let changes = options.change.clone().map(|what| {
        let until = start + time;
        tokio::task::spawn_local(change(what, until))
    });
    let work = Work::Due { plan, start, next: 0 };
    let ended = run(shared, observer, FleetPhase::Run, work, plan.count()).await;
    let measures = shared.measured();
    summary.latency_ms = measures.latencies();
    summary.run = meter.phase(measures);
    if let Some(changes) = changes {
        summary.changes = Some(finished(changes, &ended).await);
    }
    ended?;
    if options.verify != Verify::None {
        let meter = Meter::start();
        let convergence = verify(shared, observer, options.verify).await;
        summary.check = Some(meter.phase(shared.measured()));
        summary.convergence = Some(convergence?);
    }
    Ok(())
}

/// Waits until the change hook is done. If the run was interrupted, aborts the hook instead. In
/// that case, the hook's counts may be lost.
async fn finished(
    changes: tokio::task::JoinHandle<ChangesMade>,
    ended: &Result<(), Interrupted>,
) -> ChangesMade {
    if ended.is_err() {
        changes.abort();
    }
    changes.await.unwrap_or_default()
}
