//! How many hosts there are in each state, in one line.

use indicatif::HumanCount;

use crate::api::{Contact, HostCounts, HostState};

/// Summarizes counts, as in `5,001 hosts: 4,990 in-sync, 11 behind; 3 silent`.
pub(super) fn summary(counts: &HostCounts) -> String {
    let total = |matches: &dyn Fn(HostState, Contact) -> bool| -> u64 {
        let counts = counts.items.iter().filter(|it| matches(it.state, it.contact));
        counts.map(|it| it.hosts).sum()
    };
    let all = total(&|_, _| true);
    let states = HostState::ALL.map(|state| (total(&|its, _| its == state), state.word()));
    let states = states.into_iter().filter(|(hosts, _)| *hosts > 0);
    let states: Vec<String> =
        states.map(|(hosts, word)| format!("{} {word}", HumanCount(hosts))).collect();
    let noun = if all == 1 { "host" } else { "hosts" };
    let silent = match total(&|_, contact| contact == Contact::Silent) {
        0 => String::new(),
        hosts => format!("; {} silent", HumanCount(hosts)),
    };
    format!("{} {noun}: {}{silent}", HumanCount(all), states.join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::api::HostCount;

    #[test]
    fn the_summary_has_the_states_and_the_silent_hosts() {
        let count = |state, contact, hosts| HostCount { state, contact, conflict: false, hosts };
        let summary = |items: Vec<HostCount>| {
            summary(&HostCounts { counted_at: Timestamp::UNIX_EPOCH, items })
        };
        let of_many = summary(vec![
            count(HostState::InSync, Contact::Online, 4_988),
            count(HostState::InSync, Contact::Silent, 2),
            count(HostState::Behind, Contact::Online, 10),
            count(HostState::Behind, Contact::Silent, 1),
        ]);
        assert_eq!(of_many, "5,001 hosts: 4,990 in-sync, 11 behind; 3 silent");
        let of_one = summary(vec![count(HostState::Syncing, Contact::Online, 1)]);
        assert_eq!(of_one, "1 host: 1 syncing");
    }
}
