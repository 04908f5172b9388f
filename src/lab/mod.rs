//! Simulated Santas, to test any Santa sync server.
//!
//! - [`client`]: one Santa with everything a server can observe: storage, requests, encodings,
//!   the mistakes of each version, and faults of the network
//! - [`fleet`]: up to millions of Santas, each reduced to a few bytes, to measure a server
//! - [`conformance`]: requests and syncs with known correct results, to judge a server
//!
//! This module uses no code of the server, so that it can find mistakes in that code. The server
//! and this module both use `protocol`, but `conformance` does not.

pub mod client;
pub mod conformance;
pub mod fleet;
mod shell;

pub use crate::protocol::{Event, Format};
pub use client::*;
