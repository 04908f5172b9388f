//! The server: Santa's endpoints and the admin endpoints over one database.
//!
//! One function opens a database and gives a router; the command line uses it both to serve and
//! to work on a local database without a server.

mod access;
mod admin;
mod answer;
mod app;
mod bodies;
mod client_address;
mod compaction;
mod exceeded;
mod guard;
mod listen;
pub mod moving;
mod polls;
mod rate_limits;
mod readiness;
mod refusals;
mod retention;
mod santa;
mod supervise;
mod tls;
mod trusted_clock;

pub use crate::store::Durability;
pub use access::{FirstStart, LocalOperator, SyncAuth};
pub use app::{App, LocalWork, Options, ServerError};
pub use client_address::{ProxyReport, TrustedProxies};
pub use listen::ConnectionLimits;
pub use rate_limits::RateLimits;
pub use tls::{Part, Tls, TlsError, TlsFiles, TlsProblem};
