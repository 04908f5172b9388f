//! The first revision whose history is kept, and the hosts that get all their rules again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use xxhash_rust::xxh3::xxh3_64;

use crate::rule::{MachineId, Revision};

#[derive(Default)]
pub(super) struct KeptHistory {
    start: AtomicU64,
    resend_before: ArcSwap<Vec<Revision>>,
}

impl KeptHistory {
    /// The first revision whose history is kept. A host that has the rules of an older revision
    /// gets a clean sync.
    pub(super) fn start(&self) -> Revision {
        Revision(self.start.load(Ordering::Relaxed))
    }

    pub(super) fn keep_from(&self, start: Revision) {
        self.start.fetch_max(start.0, Ordering::Relaxed);
    }

    pub(super) fn resend_before(&self, revisions: Vec<Revision>) {
        self.resend_before.store(Arc::new(revisions));
    }

    /// A host that hashes its rules gets all of them again if it last received all of them before
    /// this revision. The revision depends on the host, so that the hosts of a fleet do not all
    /// download at the same time.
    pub(super) fn oldest_root(&self, machine: &MachineId) -> Revision {
        let revisions = self.resend_before.load();
        let share = u64::try_from(revisions.len()).unwrap_or(1).max(1);
        let place = xxh3_64(machine.as_str().as_bytes()) % share;
        let own = usize::try_from(place).ok().and_then(|place| revisions.get(place));
        own.copied().unwrap_or_default().max(self.start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s8_hosts_get_all_rules_again_at_different_times() {
        let history = KeptHistory::default();
        let roots = |history: &KeptHistory| -> Vec<u64> {
            let machine = |number: u32| format!("M{number}").parse().unwrap();
            (0..1000).map(|number| history.oldest_root(&machine(number)).0).collect()
        };
        assert_eq!(roots(&history), [0; 1000]);
        history.resend_before((10..20).map(Revision).collect());
        let found = roots(&history);
        for revision in 10..20 {
            let hosts = found.iter().filter(|root| **root == revision).count();
            assert!((50..200).contains(&hosts), "{hosts} hosts at {revision}");
        }
        assert_eq!(roots(&history), found, "a host keeps its place");
        history.keep_from(Revision(15));
        history.keep_from(Revision(3));
        assert_eq!(roots(&history).iter().min(), Some(&15));
    }
}
