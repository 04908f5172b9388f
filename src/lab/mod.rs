//! Simulated clients, to test any Santa sync server.
//!
//! - [`client`]: one client with everything that a server can observe, including the bugs of each
//!   version and network faults
//! - [`fleet`]: up to millions of Macs, each stored in a few bytes, to measure a server
//! - [`conformance`]: requests and syncs with known correct results, to test a server
//! - [`probe`]: single requests, to find out why Macs cannot sync with a server
//!
//! This module does not use `server`, `sync` or `store`, so that it can find mistakes in them.
//! `conformance` does not use `protocol` either.

pub mod client;
pub mod conformance;
pub mod fleet;
pub mod probe;
mod shell;

pub use crate::protocol::{Event, Format};
pub use client::*;
