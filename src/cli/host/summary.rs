//! How many hosts there are in each state, in one line.

use indicatif::HumanCount;
use jiff::{SignedDuration, Timestamp};

use crate::api::{Contact, HostCounts, HostState};
use crate::cli::ui::relative;

/// Counts of at least this age are shown with their age.
const OLD: SignedDuration = SignedDuration::from_secs(5);

/// Summarizes counts, as in `5,001 hosts: 4,990 in-sync, 11 behind; 3 silent`.
pub(super) fn summary(counts: &HostCounts, now: Timestamp) -> String {
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
    let (all, states) = (HumanCount(all), states.join(", "));
    format!("{all} {noun}: {states}{silent}{}", uncounted_and_age(counts, now))
}

/// What a reader must know about the counts: the number of hosts that are in no count, and the age
/// of old counts.
pub(in crate::cli) fn uncounted_and_age(counts: &HostCounts, now: Timestamp) -> String {
    let uncounted = match counts.uncounted {
        0 => String::new(),
        hosts => format!("; {} not counted", HumanCount(hosts)),
    };
    match now.duration_since(counts.counted_at) >= OLD {
        true => format!("{uncounted} (counted {})", relative(counts.counted_at, now)),
        false => uncounted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::HostCount;

    #[test]
    fn the_summary_has_the_states_and_the_silent_hosts() {
        let count = |state, contact, hosts| HostCount { state, contact, conflict: false, hosts };
        let now = Timestamp::UNIX_EPOCH;
        let summary = |items: Vec<HostCount>| {
            summary(&HostCounts { counted_at: now, items, uncounted: 0 }, now)
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
        let old = HostCounts { counted_at: now, items: Vec::new(), uncounted: 1_200 };
        let later = now + SignedDuration::from_secs(90);
        assert_eq!(uncounted_and_age(&old, later), "; 1,200 not counted (counted 1m ago)");
    }
}
