//! What is kept of a host from one sync to the next.

use super::shelf::TableId;
use crate::lab::SyncKind;
use crate::protocol::ClientMode;

/// One host. Everything else follows from its number and the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Host {
    /// The rules that it holds.
    pub(super) table: TableId,
    /// How many syncs it has begun.
    pub(super) turns: u32,
    /// Which of the run's clients it is.
    pub(super) client: u8,
    /// The mode that the server set.
    pub(super) mode: Option<ClientMode>,
    /// The kind of sync that it wants next.
    pub(super) wants: SyncKind,
    /// What its last sync did.
    pub(super) last: Last,
}

/// The bound that the project set is 200 bytes, all told.
const _: () = assert!(size_of::<Host>() <= 16);

/// How a host's last sync ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// There was none.
    Never,
    /// It is not over.
    Open,
    /// It came to its end and kept the rules that were there.
    Done,
    /// It came to its end and forgot them first.
    Cleaned,
    Failed,
}

impl Last {
    /// Whether the host has what a server gave it.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cleaned)
    }
}

impl Host {
    /// A host that has never synced, and therefore wants to be cleaned of everything.
    pub(super) fn new(client: u8) -> Self {
        let (turns, mode, last) = (0, None, Last::Never);
        Self { table: TableId::EMPTY, turns, client, mode, wants: SyncKind::CleanAll, last }
    }
}
