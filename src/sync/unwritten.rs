//! Sessions that have begun and are not in the database.
//!
//! Most syncs have nothing to do: the host has not changed, nothing is sent, and the postflight
//! writes the row. So the session is kept only in memory at first. If several servers share the
//! database, each session is written immediately, because the other servers need it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::cursor::Span;
use crate::fleet::Host;
use crate::rule::MachineId;

/// Maximum sessions that are kept. Further sessions are written immediately.
const MOST: usize = 16 * 1024;
/// Time after which a session is written. Until then, the last-seen time in the host's row is older
/// than the session.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// A host's row as its preflight changed it, not yet written.
pub(super) struct Unwritten {
    pub(super) host: Host,
    pub(super) version: u64,
    /// The span of the session's download, which sends no rules.
    pub(super) span: Span,
    pub(super) since: Timestamp,
}

#[derive(Default)]
pub(super) struct UnwrittenSessions(Mutex<HashMap<MachineId, Unwritten>>);

impl UnwrittenSessions {
    fn all(&self) -> MutexGuard<'_, HashMap<MachineId, Unwritten>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn span(&self, machine: &MachineId) -> Option<Span> {
        self.all().get(machine).map(|unwritten| unwritten.span)
    }

    pub(super) fn take(&self, machine: &MachineId) -> Option<Unwritten> {
        self.all().remove(machine)
    }

    /// Keeps a session. Returns false, and does not keep it, if too many sessions are already kept.
    pub(super) fn keep(&self, unwritten: Unwritten) -> bool {
        let mut all = self.all();
        let room = all.len() < MOST;
        if room {
            all.insert(unwritten.host.machine.clone(), unwritten);
        }
        room
    }

    pub(super) fn due(&self, now: Timestamp, end: bool) -> Vec<Unwritten> {
        let late = |unwritten: &Unwritten| now.duration_since(unwritten.since) >= PATIENCE;
        let mut all = self.all();
        all.extract_if(|_, unwritten| end || late(unwritten)).map(|(_, due)| due).collect()
    }
}
