//! Checks of hosts after the database is restored from a backup.

use nicelist::lab::{SyncError, SyncReport};
use nicelist::protocol::{Event, SyncType};

use super::offers::Client;
use super::reference::Reference;
use super::served::Served;

pub(super) struct Backup {
    pub(super) database: Vec<u8>,
    pub(super) reference: Reference,
}

/// A host whose row in the database may be older than the rules on the host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restored {
    hour: i64,
    /// Whether the host has completed a normal sync, which uploads its events, since the restore.
    uploaded: bool,
    /// Whether anything other than the restore may cause a clean sync.
    pub(super) is_excused: bool,
    /// The number of syncs that the host completed after its turn for a clean sync.
    syncs_since_turn: u32,
}

impl Restored {
    pub(super) fn at(hour: i64) -> Self {
        Self { hour, uploaded: false, is_excused: false, syncs_since_turn: 0 }
    }

    /// Checks a sync of the host. Returns whether the host must have the right rules from now on.
    pub(super) fn sync(
        &mut self,
        client: &Client,
        served: &Served,
        result: &Result<SyncReport, SyncError>,
        (hour, of): (i64, &str),
    ) -> bool {
        let Some(kind) = served.kind else { return false };
        let clean = kind != SyncType::Normal;
        if let Ok(report) = result {
            let is_allowed = self.uploaded || self.is_excused || client.asks_clean;
            let discarded = report.events.discarded;
            assert!(is_allowed || discarded == 0, "{of} has to discard {discarded} events");
        }
        if !clean && !client.hashes && !self.is_excused && !client.asks_clean {
            // A host that requests a clean sync is not checked, because it may have performed a
            // clean sync that was interrupted.
            assert!(served.sent.is_empty(), "{of} is sent {:?} before its turn", served.sent);
        }
        self.is_excused |= client.asks_clean;
        if !served.completed {
            return false;
        }
        self.uploaded |= !clean;
        // Clean syncs are spread over half an hour, so every host has had its turn after one hour.
        self.syncs_since_turn += u32::from(hour > self.hour);
        clean || self.syncs_since_turn >= 2
    }
}

pub(super) fn waiting_event() -> Event {
    Event {
        file_sha256: "e".repeat(64),
        file_name: "waiting".to_owned(),
        execution_time: 1_790_000_000.0,
        ..Event::default()
    }
}
