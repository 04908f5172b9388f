//! The errors of the sync engine.

use std::sync::Arc;

use super::compute::Stopped;
use super::pages::PageError;
use crate::store::StoreError;

#[derive(Clone, Debug, thiserror::Error)]
pub enum SyncError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot write the response: {0}")]
    Answer(Arc<PageError>),
    /// The client accepts only one page, and the host's rules do not fit on one page.
    #[error(
        "{0} rules do not fit on the one page of 10 MiB that this client accepts; give the host \
        fewer rules, or use a client that supports pages"
    )]
    TooManyRules(u32),
    #[error("the database was restored after this sync began; the host must start the sync again")]
    Outdated,
    #[error("too many new hosts in a minute")]
    TooManyNewHosts,
    /// The Mac may not use the machine ID of another Mac.
    #[error(
        "the machine ID belongs to a Mac with another serial number or model; to accept this Mac, \
        run nicelist host accept"
    )]
    AnotherMac,
    #[error("no Mac with this serial number uses the machine ID")]
    UnknownMac,
    /// Other requests kept writing the host's row while this request tried to write it.
    #[error("too many simultaneous requests from one host")]
    Contended,
}

impl From<PageError> for SyncError {
    fn from(error: PageError) -> Self {
        Self::Answer(Arc::new(error))
    }
}

impl std::convert::From<Stopped> for SyncError {
    fn from(stopped: Stopped) -> Self {
        Self::Store(stopped.into())
    }
}
