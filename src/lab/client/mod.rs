//! A simulated client, which syncs with any Santa sync server as a real client does.
//!
//! A [`Santa`] is one host's client with its rules, settings and pending events. Each client
//! behaves like its [`Generation`], including that version's bugs, because servers must handle
//! them. A [`Daemon`] syncs a client on a schedule, as Santa's own service does.
//!
//! - `profile`, `generation`: the identity of a client, and the features of its version
//! - `santa`, `settings`, `database`, `rules_hash`: the data that a client stores between syncs
//! - `sync`, `sync_kind`, `pedro`, `report`: one sync, as Santa or as pedro, its kind and its
//!   result
//! - `request`, `transport`, `fault`: sending and repeating requests, and simulated faults
//! - `request_formats`, `response_formats`, `cel`, `identifier`: the formats and values that each
//!   version sends and accepts
//! - `daemon`, `clock`: syncs on a schedule

mod cel;
mod clock;
mod daemon;
pub(super) mod database;
mod fault;
pub(super) mod generation;
mod identifier;
mod pedro;
mod profile;
mod report;
pub(super) mod request;
pub(super) mod request_formats;
pub(super) mod response_formats;
pub(super) mod rules_hash;
mod santa;
mod settings;
mod sync;
mod sync_kind;
pub(super) mod transport;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use daemon::{Blocked, BlockedOutcome, Daemon, DaemonError, DaemonSync};
pub use database::{Database, HeldRule, RuleCounts, RuleState};
pub use fault::{Fault, FaultError, Faulty, decompressed};
pub use generation::{Generation, GenerationError, Version};
pub use profile::{Profile, ProfileError};
pub use report::{EventReport, RuleReport, StageOutcome, SyncReport, with_causes};
pub use request::{Pace, RequestError, Retry};
pub use santa::{Santa, StateError, events_in};
pub use settings::Settings;
pub use sync::{SyncError, SyncOptions};
pub use sync_kind::SyncKind;
pub use transport::{
    AddressError, Certificates, HttpResponse, HttpTransport, Transport, TransportError,
};
