//! A fleet of Macs that do not exist, against any Santa sync server.
//!
//! What is sent and read is what [`lab sync`](super::Santa) sends and reads, by the same code;
//! what differs is that a host is 12 bytes here. Everything runs on one thread, because the
//! fleet shares a machine with the server that it drives as often as not.
//!
//! - `plan`: which host is due when, and what is left to chance; both follow from numbers
//! - `identity`, `host`: who a host is, and what is kept of it
//! - `client`: a generation of hosts, with what is the same for all of them
//! - `shelf`: the rules that hosts hold, each set of them kept once
//! - `letter`: what hosts send, written once and copied
//! - `pages`: what servers answer, read once
//! - `events`: what hosts report
//! - `wire`, `tls`: connections
//! - `world`, `sync`, `run`: one sync, and many of them in time
//! - `verify`: whether hosts hold what they should
//! - `measure`, `usage`, `summary`: what is counted and timed, and what it cost
//!
//! Unlike a real client, a host does not try a request again: what fails is counted, and the
//! host comes again when it is due. It does not ask for tokens against forged requests, and of
//! the settings it keeps the mode alone.

mod client;
mod events;
mod host;
mod identity;
mod letter;
mod measure;
mod pages;
mod plan;
mod run;
mod shelf;
mod summary;
mod sync;
mod tls;
mod usage;
mod verify;
mod wire;
mod world;

pub use client::Share;
pub use identity::MOST_HOSTS;
pub use measure::{Counts, Errors, Latencies, Latency};
pub use plan::Arrivals;
pub use summary::{ChangesMade, FleetSummary, Memory, PartReport};
pub use tls::Trust;
pub use verify::{Convergence, Diverged};

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::LocalSet;

use super::{AddressError, Generation, Profile, ProfileError};
use client::Clients;
use plan::Plan;
use run::{Changes, Interrupted, Watcher, Work, change, run};
use summary::Meter;
use verify::verify;
use wire::Address;
use world::World;

/// What a fleet is, and what it is to do.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// The server's address.
    pub url: String,
    /// How many hosts there are.
    pub hosts: u32,
    /// What identities and chance come from.
    pub seed: u64,
    /// Which clients they are.
    pub shares: Vec<Share>,
    /// How they are configured. Who they are is not taken from it.
    pub profile: Profile,
    /// Whether every host syncs once before the run, as fast as the server answers.
    pub warm_up: bool,
    /// How often each host syncs.
    pub interval: Duration,
    /// How long hosts go on coming.
    pub time: Duration,
    /// How they are spread over the interval.
    pub arrivals: Arrivals,
    /// The share of syncs in which a host wants a clean one.
    pub clean: f64,
    /// How many events a sync reports on average.
    pub events: f64,
    /// How many events go into a request where the server does not say.
    pub batch: u32,
    /// How many syncs may be under way, each on a connection.
    pub connections: usize,
    /// Whether hosts take over each other's connections.
    pub keep_alive: bool,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Whom hosts trust, and what they show of themselves.
    pub trust: Trust,
    /// What changes while hosts sync.
    pub change: Option<Change>,
    /// Which hosts are checked at the end.
    pub verify: Verify,
    /// The present time, in seconds since 1970.
    pub now: f64,
}

/// A command that changes something on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The command, for a shell.
    pub command: String,
    /// How often it is run.
    pub every: Duration,
}

/// Which hosts are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// So many of those that have synced.
    Sample(u32),
    /// All that have synced.
    All,
    None,
}

/// A part of what a fleet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// Every host syncs once.
    #[default]
    WarmUp,
    /// Hosts come when they are due.
    Run,
    /// Hosts are checked.
    Check,
}

/// How things go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Glimpse {
    /// What is being done.
    pub part: Part,
    /// How many syncs are over.
    pub done: u64,
    /// Of so many.
    pub total: u64,
    /// How many are under way.
    pub under_way: u32,
    /// How many requests failed.
    pub errors: u64,
    /// The time within which 99 of 100 syncs were done.
    pub p99: Duration,
    /// Since the part began.
    pub elapsed: Duration,
}

/// Why a fleet does nothing.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The address can't be a server's.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The address names no host that could be looked up.
    #[error("{0:?} names no host")]
    NoHost(String),
    /// The server can't be connected to.
    #[error("no connection to {url}")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// The client can't do what it is configured to do.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// It syncs in a way of its own.
    #[error("{} can be played alone, not as a fleet", .0.name())]
    NoFleetOf(Generation),
    /// Nobody has a share.
    #[error("a fleet has up to {most} generations, and one of them at least has a share")]
    Shares {
        /// How many there may be.
        most: usize,
    },
    /// It can't stand in a request.
    #[error("the header {0} has a value that is not fit for one")]
    Header(String),
    /// A file of certificates or a key is of no use.
    #[error("cannot use {path}: {reason}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// TLS can't be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] tokio_rustls::rustls::Error),
    /// The thread that it runs on could not be started, or broke.
    #[error("the fleet broke")]
    Broken(#[source] io::Error),
}

/// Lets a fleet sync, on a thread of its own, until it is done or told to stop.
///
/// # Errors
/// When it can't begin. What fails later is in the summary.
pub async fn run_fleet(
    options: FleetOptions,
    glimpses: watch::Sender<Glimpse>,
    stop: watch::Receiver<bool>,
) -> Result<FleetSummary, FleetError> {
    let watcher = Watcher { glimpses, stop };
    let thread = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(FleetError::Broken)?;
        LocalSet::new().block_on(&runtime, play(options, watcher))
    });
    thread.await.unwrap_or_else(|error| Err(FleetError::Broken(io::Error::other(error))))
}

async fn play(options: FleetOptions, watcher: Watcher) -> Result<FleetSummary, FleetError> {
    let meter = Meter::start();
    // What is wrong with the command is told before what is wrong with the server.
    let clients = Clients::new(&options.shares, &options.profile)?;
    let address = Address::reach(&options.url, &options.trust, options.timeout).await?;
    let world = Rc::new(World::new(&options, clients, address));
    let mut summary = FleetSummary::of(&options);
    let played = perform(&options, &world, &watcher, &mut summary).await;
    summary.interrupted = played.is_err();
    summary.memory = meter.memory(&world);
    Ok(summary)
}

/// All parts, one after the other, up to where somebody ends them.
async fn perform(
    options: &FleetOptions,
    world: &Rc<World>,
    watcher: &Watcher,
    summary: &mut FleetSummary,
) -> Result<(), Interrupted> {
    if options.warm_up {
        let meter = Meter::start();
        let work = Work::Now(Box::new(0..options.hosts));
        let ended = run(world, watcher, Part::WarmUp, work, options.hosts.into()).await;
        summary.warm_up = Some(meter.part(world.measured()));
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
    let ended = run(world, watcher, Part::Run, work, plan.count()).await;
    let measures = world.measured();
    summary.latency_ms = measures.latencies();
    summary.run = meter.part(measures);
    if let Some(changes) = changes {
        summary.changes = Some(finished(changes, &ended).await.into());
    }
    ended?;
    if options.verify != Verify::None {
        let meter = Meter::start();
        let convergence = verify(world, watcher, options.verify).await;
        summary.check = Some(meter.part(world.measured()));
        summary.convergence = Some(convergence?);
    }
    Ok(())
}

/// What became of the changes. One that is being made is waited for, unless the run was ended.
async fn finished(
    changes: tokio::task::JoinHandle<Changes>,
    ended: &Result<(), Interrupted>,
) -> Changes {
    if ended.is_err() {
        changes.abort();
    }
    changes.await.unwrap_or_default()
}
