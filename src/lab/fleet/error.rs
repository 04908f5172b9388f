//! Why a fleet cannot run.

use std::io;
use std::path::PathBuf;

use crate::lab::{AddressError, Generation, ProfileError};

#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The address contains no valid host name.
    #[error("{0:?} has no valid host name")]
    NoHost(String),
    #[error("no connection to {url}")]
    Unreachable { url: String, source: io::Error },
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A fleet of pedro is not supported, because pedro's syncs are different.
    #[error("{} can only be simulated alone, not as a fleet", .0.name())]
    NoFleetOf(Generation),
    #[error("a fleet has at most {most} generations, and at least one needs a share above 0")]
    Shares { most: usize },
    #[error("invalid value for the header {0}")]
    Header(String),
    #[error("cannot use {path}: {reason}")]
    Certificate { path: PathBuf, reason: String },
    #[error("cannot set up TLS")]
    Tls(#[source] tokio_rustls::rustls::Error),
    /// The fleet's async runtime could not be started, or its thread panicked.
    #[error("the fleet failed")]
    Broken(#[source] io::Error),
}
