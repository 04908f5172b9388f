//! How many hosts have a change, and which hosts do not have it.

use indicatif::HumanCount;
use serde::Serialize;

use crate::api::{Contact, HostState, HostView};
use crate::cli::labels::host_label;
use crate::rule::{MachineId, Revision};

/// Maximum stragglers of each kind in a message.
const MOST_NAMED: usize = 5;
/// Maximum stragglers of each kind that are kept.
pub(super) const MOST_STRAGGLERS: usize = 100;

/// Where a host is on its way to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HostProgress {
    InSync,
    Behind,
    Rejecting,
    Silent,
}

impl HostProgress {
    fn of(has_change: bool, state: HostState, contact: Contact) -> Self {
        match (contact, state) {
            (Contact::Silent, _) => Self::Silent,
            (Contact::Online, _) if has_change => Self::InSync,
            (Contact::Online, HostState::Rejecting) => Self::Rejecting,
            (Contact::Online, _) => Self::Behind,
        }
    }
}

/// A host that is silent, or does not have the change yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Straggler {
    machine: MachineId,
    hostname: String,
    serial: String,
    state: HostState,
    contact: Contact,
}

impl Straggler {
    fn is(&self, progress: HostProgress) -> bool {
        HostProgress::of(false, self.state, self.contact) == progress
    }
}

impl From<HostView> for Straggler {
    fn from(host: HostView) -> Self {
        let HostView { machine, hostname, serial, state, contact, .. } = host;
        Self { machine, hostname, serial, state, contact }
    }
}

/// The hosts in the scope of a change, counted. Each host is in one of the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Online hosts that have the change.
    pub(super) in_sync: u64,
    /// Other online hosts that do not reject rules.
    pub(super) behind: u64,
    /// Online hosts that reject rules.
    pub(super) rejecting: u64,
    /// Hosts that are not online.
    pub(super) silent: u64,
    /// Hosts that the server could not count.
    pub(super) uncounted: u64,
    /// Some of the hosts that are behind, rejecting or silent.
    pub(super) stragglers: Vec<Straggler>,
}

impl Tally {
    pub(super) fn add(&mut self, has_change: bool, state: HostState, contact: Contact, hosts: u64) {
        *self.count_mut(HostProgress::of(has_change, state, contact)) += hosts;
    }

    pub(super) fn add_host(&mut self, has_change: bool, host: HostView) {
        let progress = HostProgress::of(has_change, host.state, host.contact);
        let count = self.count_mut(progress);
        *count += 1;
        if progress != HostProgress::InSync && *count <= MOST_STRAGGLERS as u64 {
            self.stragglers.push(host.into());
        }
    }

    fn count_mut(&mut self, progress: HostProgress) -> &mut u64 {
        match progress {
            HostProgress::InSync => &mut self.in_sync,
            HostProgress::Behind => &mut self.behind,
            HostProgress::Rejecting => &mut self.rejecting,
            HostProgress::Silent => &mut self.silent,
        }
    }

    pub(super) fn online(&self) -> u64 {
        self.in_sync + self.behind + self.rejecting
    }

    /// The counts, for a progress bar.
    pub(super) fn counts(&self) -> String {
        let Self { in_sync, behind, rejecting, silent, .. } = *self;
        let [in_sync, behind, rejecting, silent] =
            [in_sync, behind, rejecting, silent].map(HumanCount);
        format!("{in_sync} in sync, {behind} behind, {silent} silent, {rejecting} rejecting")
    }

    /// The result in one line, with the names of stragglers.
    pub(super) fn summary(&self, revision: Revision) -> String {
        let (part, whole) = (HumanCount(self.in_sync), HumanCount(self.online()));
        let mut parts = vec![match self.online() {
            0 => "no hosts in scope are online".to_owned(),
            1 => format!("{part} of 1 online host has revision {revision}"),
            _ => format!("{part} of {whole} online hosts have revision {revision}"),
        }];
        let kinds = [
            (HostProgress::Behind, self.behind, "behind"),
            (HostProgress::Rejecting, self.rejecting, "rejecting"),
            (HostProgress::Silent, self.silent, "silent"),
        ];
        for (progress, hosts, word) in kinds.into_iter().filter(|(_, hosts, _)| *hosts > 0) {
            parts.push(format!("{} {word}{}", HumanCount(hosts), self.names(progress, hosts)));
        }
        if let hosts @ 1.. = self.uncounted {
            parts.push(format!("{} not counted", HumanCount(hosts)));
        }
        parts.join("; ")
    }

    /// The first names of stragglers, after a colon. Empty if no names are known.
    fn names(&self, progress: HostProgress, hosts: u64) -> String {
        let stragglers = self.stragglers.iter().filter(|straggler| straggler.is(progress));
        let names = stragglers.map(|it| host_label(&it.hostname, &it.machine));
        let names: Vec<&str> = names.take(MOST_NAMED).collect();
        let named = names.join(", ");
        match (names.len() as u64, hosts.saturating_sub(names.len() as u64)) {
            (0, _) => String::new(),
            (_, 0) => format!(": {named}"),
            (_, more) => format!(": {named} and {} more", HumanCount(more)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn straggler(machine: &str, state: HostState, contact: Contact) -> Straggler {
        let machine = machine.parse().unwrap();
        Straggler { machine, hostname: String::new(), serial: String::new(), state, contact }
    }

    #[test]
    fn silent_hosts_are_not_online_whatever_their_state() {
        let mut tally = Tally::default();
        tally.add(true, HostState::InSync, Contact::Online, 10);
        tally.add(true, HostState::InSync, Contact::Silent, 2);
        tally.add(false, HostState::Behind, Contact::Silent, 1);
        tally.add(false, HostState::Syncing, Contact::Online, 3);
        tally.add(false, HostState::Rejecting, Contact::Online, 4);
        assert_eq!((tally.in_sync, tally.behind, tally.rejecting, tally.silent), (10, 3, 4, 3));
        assert_eq!(tally.online(), 17);
        assert_eq!(tally.counts(), "10 in sync, 3 behind, 3 silent, 4 rejecting");
    }

    #[test]
    fn five_stragglers_of_each_kind_are_named() {
        let behind =
            (1..=7).map(|n| straggler(&format!("M{n}"), HostState::Drifted, Contact::Online));
        let silent = straggler("S1", HostState::InSync, Contact::Silent);
        let tally = Tally {
            in_sync: 1_990,
            behind: 1_010,
            silent: 1,
            stragglers: behind.chain([silent]).collect(),
            ..Tally::default()
        };
        assert_eq!(
            tally.summary(Revision(7)),
            "1,990 of 3,000 online hosts have revision 7; \
             1,010 behind: M1, M2, M3, M4, M5 and 1,005 more; 1 silent: S1"
        );
    }

    #[test]
    fn a_summary_without_stragglers_is_short() {
        let tally = Tally { in_sync: 1, ..Tally::default() };
        assert_eq!(tally.summary(Revision(7)), "1 of 1 online host has revision 7");
        let none = Tally { silent: 2, uncounted: 1, ..Tally::default() };
        assert_eq!(
            none.summary(Revision(7)),
            "no hosts in scope are online; 2 silent; 1 not counted"
        );
    }
}
