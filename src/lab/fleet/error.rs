//! Why a fleet cannot run.

use std::io;
use std::path::PathBuf;

use crate::lab::{AddressError, Generation, ProfileError};

#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The address contains no valid host name.
    #[error("{0:?} names no host")]
    NoHost(String),
    #[error("no connection to {url}")]
    Unreachable { url: String, source: io::Error },
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A fleet of pedro is not supported, because pedro's syncs are different.
    #[error("{} can be played alone, not as a fleet", .0.name())]
    NoFleetOf(Generation),
    #[error("a fleet has up to {most} generations, and one of them at least has a share")]
    Shares { most: usize },
    #[error("the header {0} has a value that is not fit for one")]
    Header(String),
    #[error("cannot use {path}: {reason}")]
    Certificate { path: PathBuf, reason: String },
    #[error("cannot set up TLS")]
    Tls(#[source] tokio_rustls::rustls::Error),
    /// The fleet's async runtime could not be started, or its thread panicked.
    #[error("the fleet broke")]
    Broken(#[source] io::Error),
}
