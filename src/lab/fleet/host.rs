//! The data that are stored about a host between syncs.

use super::rule_tables::TableId;
use crate::lab::SyncKind;
use crate::protocol::ClientMode;

/// The stored data about a host. The host's identity is not stored, but computed from the host's
/// number and the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Host {
    pub(super) table: TableId,
    /// The number of syncs that the host has begun.
    pub(super) turns: u32,
    /// The index of the host's client.
    pub(super) client: u8,
    /// The mode that the server set.
    pub(super) mode: Option<ClientMode>,
    /// The kind of sync that the host requests. A random decision can change `Normal` to `Clean`.
    pub(super) wants: SyncKind,
    pub(super) last: LastSync,
}

/// The documented limit is 200 bytes per host, including the host's share of all other memory.
const _: () = assert!(size_of::<Host>() <= 16);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastSync {
    Never,
    Open,
    /// The sync completed, and was not clean.
    Done,
    /// The sync completed, and was clean.
    Cleaned,
    Failed,
}

impl LastSync {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cleaned)
    }
}

impl Host {
    /// A host that has never synced, and therefore requests a clean sync.
    pub(super) fn new(client: u8) -> Self {
        let (turns, mode, last) = (0, None, LastSync::Never);
        Self { table: TableId::EMPTY, turns, client, mode, wants: SyncKind::CleanAll, last }
    }
}
