//! Simulated Santas, to test any Santa sync server.
//!
//! - [`client`]: one Santa with everything a server can observe: storage, requests, encodings,
//!   the mistakes of each version, and faults of the network
//! - [`fleet`]: up to millions of them, each reduced to a few bytes, to measure a server
//! - [`conformance`]: single requests with known correct responses, to judge a server
//!
//! This module shares no code with the server, because mistakes in shared code would not be noticed.

pub mod client;
pub mod conformance;
pub mod fleet;
mod shell;

pub use crate::protocol::{Event, Format};
pub use client::*;
