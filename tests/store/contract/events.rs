//! Events: kept once, listed from both ends, counted.

use nicelist::fleet::{Decision, Event, EventId, SigningLink};
use nicelist::rule::{Program, SigningStatus};
use nicelist::store::{EventFilter, StoredEvent};

use super::*;

/// An event of one program, named by a number, on one host.
fn event(host: &str, program: usize, decision: &str, seconds: i64) -> Event {
    Event {
        machine: machine(host),
        decision: Decision(decision.into()),
        occurred: Some(at(seconds)),
        file_name: format!("tool{program}"),
        folder: "/Applications/My Tools".to_owned(),
        program: Program {
            sha256: format!("{program:064x}"),
            team_id: "EQHXZ8M8AV".to_owned(),
            signing_id: format!("com.example.tool{program}"),
            signing_status: SigningStatus::Production,
            ..Program::default()
        },
        user: "anna".to_owned(),
        pid: 100,
        parent_name: "launchd".to_owned(),
        bundle_name: "Tools".to_owned(),
        bundle_version: "1.0".to_owned(),
        bundle_hash: "ab".repeat(32),
        download_url: "https://example.com/x?y=%20".to_owned(),
        signing_chain: vec![SigningLink {
            common_name: "Dev \"Ex\"".to_owned(),
            ..SigningLink::default()
        }],
        report: serde_json::json!({"unknown": [1, null, {"ä": true}]}),
    }
}

async fn add(store: &Db, events: &[Event]) -> usize {
    store.add_events(events, at(0)).await.unwrap()
}

async fn names(store: &Db, filter: &EventFilter) -> Vec<String> {
    let events = store.events(filter, None, usize::MAX).await.unwrap();
    events.into_iter().map(|stored| stored.event.file_name).collect()
}

pub(crate) async fn an_event_comes_back_as_it_was_added(store: Db) {
    let bare = Event { occurred: None, ..event("M1", 2, "BUNDLE_BINARY", 0) };
    let events = [event("M1", 1, "BLOCK_UNKNOWN", 1), bare];
    assert_eq!(store.add_events(&events, at(5)).await.unwrap(), 2);
    let stored = store.events_after(&EventFilter::default(), EventId(0), 9).await.unwrap();
    for (stored, event) in stored.iter().zip(&events) {
        assert_eq!((&stored.event, stored.received), (event, at(5)));
        assert_eq!(store.event(stored.id).await.unwrap().as_ref(), Some(stored));
    }
    assert_eq!(stored.len(), 2);
    assert_eq!(store.event(EventId(999)).await.unwrap(), None);
    assert_eq!(add(&store, &[]).await, 0);
}

pub(crate) async fn a_repeated_event_is_kept_once(store: Db) {
    let first = event("M1", 1, "BLOCK_UNKNOWN", 1);
    let timeless = Event { occurred: None, ..first.clone() };
    assert_eq!(add(&store, &[first.clone(), timeless.clone(), first.clone()]).await, 2);
    assert_eq!(add(&store, &[timeless.clone(), first.clone()]).await, 0);
    let others = [
        Event { machine: machine("M2"), ..first.clone() },
        Event { pid: 101, ..first.clone() },
        Event { pid: 101, ..timeless.clone() },
        event("M1", 2, "BLOCK_UNKNOWN", 1),
        event("M1", 1, "ALLOW_UNKNOWN", 1),
        event("M1", 1, "BLOCK_UNKNOWN", 2),
        // Not what tells events apart.
        Event { user: "bert".to_owned(), folder: "/tmp".to_owned(), ..first.clone() },
    ];
    assert_eq!(add(&store, &others).await, 6);
    let all = store.events(&EventFilter::default(), None, 99).await.unwrap();
    assert_eq!(all.len(), 8);
    assert!(all.iter().all(|stored| stored.event.user == "anna"), "the first report stays");
}

pub(crate) async fn events_are_listed_from_both_ends(store: Db) {
    let events: Vec<Event> = (0..25).map(|n| event("M1", n, "BLOCK_UNKNOWN", 1)).collect();
    for some in events.chunks(4) {
        add(&store, some).await;
    }
    let filter = EventFilter::default();
    for limit in [1, 3, 25, 40] {
        let (mut newest, mut oldest): (Vec<StoredEvent>, Vec<StoredEvent>) = Default::default();
        loop {
            let before = newest.last().map(|stored| stored.id);
            let page = store.events(&filter, before, limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= limit);
            newest.extend(page);
            let after = oldest.last().map_or(EventId(0), |stored| stored.id);
            oldest.extend(store.events_after(&filter, after, limit).await.unwrap());
        }
        assert!(oldest.is_sorted_by(|a, b| a.id < b.id));
        assert_eq!(
            oldest.iter().map(|stored| &stored.event).collect::<Vec<_>>(),
            events.iter().collect::<Vec<_>>()
        );
        oldest.reverse();
        assert_eq!(newest, oldest);
    }
}

pub(crate) async fn event_filters_all_have_to_hold(store: Db) {
    let quiet = Event { user: "bert".to_owned(), ..event("M2", 2, "ALLOW_UNKNOWN", 1) };
    let bare = Event { folder: "/opt/50%_off".to_owned(), ..event("M1", 3, "BLOCK_BINARY", 1) };
    for (seconds, event) in (0..).zip([event("M1", 1, "BLOCK_UNKNOWN", 1), quiet, bare]) {
        store.add_events(&[event], at(seconds)).await.unwrap();
    }
    let none = EventFilter::default;
    let cases: [(EventFilter, &[&str]); 16] = [
        (none(), &["tool3", "tool2", "tool1"]),
        (EventFilter { machine: Some(machine("M1")), ..none() }, &["tool3", "tool1"]),
        (EventFilter { machine: Some(machine("m1")), ..none() }, &[]),
        (EventFilter { user: Some("bert".to_owned()), ..none() }, &["tool2"]),
        (EventFilter { decision: Some("BLOCK_BINARY".to_owned()), ..none() }, &["tool3"]),
        (EventFilter { decision: Some("BLOCK".to_owned()), ..none() }, &[]),
        (EventFilter { blocked: true, ..none() }, &["tool3", "tool1"]),
        (EventFilter { since: Some(at(1)), ..none() }, &["tool3", "tool2"]),
        (EventFilter { text: Some("TOOL2".to_owned()), ..none() }, &["tool2"]),
        (EventFilter { text: Some("my tools/tool1".to_owned()), ..none() }, &["tool1"]),
        (EventFilter { text: Some("50%_OFF/".to_owned()), ..none() }, &["tool3"]),
        (EventFilter { text: Some("%".to_owned()), ..none() }, &["tool3"]),
        (EventFilter { text: Some("0000003".to_owned()), ..none() }, &["tool3"]),
        (
            EventFilter { text: Some("eqhxz8m8av".to_owned()), ..none() },
            &["tool3", "tool2", "tool1"],
        ),
        (EventFilter { text: Some("com.example.tool1".to_owned()), ..none() }, &["tool1"]),
        (
            EventFilter {
                machine: Some(machine("M1")),
                since: Some(at(1)),
                blocked: true,
                ..none()
            },
            &["tool3"],
        ),
    ];
    for (filter, wanted) in cases {
        assert_eq!(names(&store, &filter).await, wanted, "{filter:?}");
        let mut forth = store.events_after(&filter, EventId(0), 9).await.unwrap();
        forth.reverse();
        assert_eq!(forth, store.events(&filter, None, 9).await.unwrap());
    }
}

pub(crate) async fn programs_are_counted_with_their_newest_report(store: Db) {
    let twice = Event { pid: 7, ..event("M1", 1, "BLOCK_UNKNOWN", 1) };
    store.add_events(&[event("M1", 1, "BLOCK_UNKNOWN", 1), twice], at(1)).await.unwrap();
    let renamed = Event { file_name: "renamed".to_owned(), ..event("M2", 1, "ALLOW_BINARY", 1) };
    let others = [event("M1", 2, "BLOCK_UNKNOWN", 1), event("M2", 3, "BLOCK_UNKNOWN", 1)];
    store.add_events(&[renamed, others[0].clone(), others[1].clone()], at(2)).await.unwrap();
    let stats = store.event_stats(&EventFilter::default(), 9).await.unwrap();
    let counts: Vec<(&str, u64, u64)> =
        stats.iter().map(|stat| (&*stat.file_name, stat.events, stat.hosts)).collect();
    assert_eq!(counts, [("renamed", 3, 2), ("tool3", 1, 1), ("tool2", 1, 1)]);
    let newest = store.event(stats[0].latest).await.unwrap().unwrap();
    assert_eq!(newest.event.file_name, "renamed");
    assert_eq!((&*stats[0].decision.0, stats[0].last_received), ("ALLOW_BINARY", at(2)));
    assert_eq!(stats[0].sha256, format!("{:064x}", 1));
    assert_eq!(stats[0].signing_id, "com.example.tool1");
    assert_eq!(store.event_stats(&EventFilter::default(), 1).await.unwrap(), stats[..1]);
    let blocked = EventFilter { blocked: true, ..EventFilter::default() };
    let blocked = store.event_stats(&blocked, 9).await.unwrap();
    assert_eq!((&*blocked[0].file_name, blocked[0].events, blocked[0].hosts), ("tool1", 2, 1));
}
