//! The server: Santa's endpoints and the admin endpoints, which use one database.
//!
//! [`App`] opens a database and creates the router. The command line uses [`App`] to run a server,
//! and to work on a local database without a server. Each area (`admin`, `santa`, `readiness`,
//! `metrics`) has a function `area` for its part of the router.

mod access;
mod admin;
mod answer;
mod app;
mod backups;
mod bodies;
mod client_address;
mod compaction;
mod exceeded;
mod extract;
mod forgetting;
mod guard;
mod health;
mod host_counter;
mod listen;
pub mod maintenance;
mod metrics;
mod options;
mod pending_counter;
mod polls;
mod rate_limits;
mod readiness;
mod refusals;
mod request_id;
mod retention;
mod santa;
mod sightings;
mod silent_hosts;
mod state;
mod supervise;
mod tls;
mod tokens;
mod trusted_clock;

pub use crate::store::Durability;
pub use access::LocalOperator;
pub use app::{App, LocalWork};
pub use backups::BackupOptions;
pub use client_address::{ProxyReport, TrustedProxies};
pub use listen::ConnectionLimits;
pub use options::{Options, ServerError, SyncAuth};
pub use rate_limits::RateLimits;
pub use tls::{Tls, TlsError, TlsFileKind, TlsFiles, TlsProblem};
pub use tokens::FirstStart;
