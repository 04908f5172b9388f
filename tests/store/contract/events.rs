//! Events: stored only once, listed from both ends, filtered, counted and deleted.

use nicelist::fleet::{
    Ancestor, Decision, Event, EventId, EventKind, FileAccess, PathPattern, SigningLink,
};
use nicelist::rule::{Certificate, Program, SigningStatus};
use nicelist::store::{EventFilter, EventPurge, StoredEvent};

use super::*;

fn fields(json: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    json.as_object().unwrap().clone()
}

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
        bundle_binary_count: 3,
        download_url: "https://example.com/x?y=%20".to_owned(),
        signing_chain: vec![SigningLink {
            common_name: "Dev \"Ex\"".to_owned(),
            ..SigningLink::default()
        }],
        access: None,
        other_fields: fields(serde_json::json!({"unknown": [1, null, {"ä": true}]})),
        truncated: vec!["file_path".to_owned()],
    }
}

fn file_access(host: &str, program: usize, rule: &str, file: &str, seconds: i64) -> Event {
    let parent = Ancestor { pid: 7, path: "/bin/zsh".to_owned(), ..Ancestor::default() };
    Event {
        user: String::new(),
        bundle_hash: String::new(),
        bundle_binary_count: 0,
        access: Some(FileAccess {
            rule: rule.to_owned(),
            rule_version: "v3".to_owned(),
            file: file.to_owned(),
            ancestors: vec![parent],
        }),
        ..event(host, program, "FILE_ACCESS_DECISION_DENIED", seconds)
    }
}

/// A report of a member of a bundle. The member was not run, so the report has no time and no PID.
fn member(host: &str, program: usize, bundle: &str) -> Event {
    Event {
        occurred: None,
        pid: 0,
        bundle_hash: bundle.to_owned(),
        ..event(host, program, "BUNDLE_BINARY", 0)
    }
}

async fn add(store: &Db, events: &[Event]) -> usize {
    store.add_events(events, at(0), UPLOAD).await.unwrap().events
}

async fn names(store: &Db, filter: &EventFilter) -> Vec<String> {
    let events = store.events(filter, None, usize::MAX).await.unwrap();
    events.into_iter().map(|stored| stored.event.file_name).collect()
}

pub(crate) async fn an_event_comes_back_as_it_was_added(store: Db) {
    let bare = Event { occurred: None, ..event("M1", 2, "BUNDLE_BINARY", 0) };
    let access = file_access("M1", 3, "Cookies", "/Users/anna/Cookies", 2);
    let odd = event("M1", 4, "16", 3);
    let events = [event("M1", 1, "BLOCK_UNKNOWN", 1), bare, access, odd];
    assert_eq!(store.add_events(&events, at(5), UPLOAD).await.unwrap().events, 4);
    let stored = store.events_after(&EventFilter::default(), EventId(0), 9).await.unwrap();
    for (stored, event) in stored.iter().zip(&events) {
        assert_eq!((&stored.event, stored.received), (event, at(5)));
        assert_eq!(store.event(stored.id).await.unwrap().as_ref(), Some(stored));
    }
    assert_eq!(stored.len(), 4);
    assert_eq!(store.event(EventId(999)).await.unwrap(), None);
    assert_eq!(add(&store, &[]).await, 0);
}

pub(crate) async fn b1_a_huge_event_is_read_shortened(store: Db) {
    let huge = |of: Event| {
        let mut event = Event { folder: "/f".repeat(1_000_000), ..of };
        event.program.cdhash = "c".repeat(1_000_000);
        event.user = "u".repeat(1_000_000);
        event
    };
    let execution = huge(event("M1", 1, "BLOCK_UNKNOWN", 1));
    let mut access = huge(file_access("M1", 2, "Cookies", "/Users/anna/Cookies", 2));
    access.program.sha256 = "a".repeat(1_000_000);
    let small = event("M1", 3, "BLOCK_UNKNOWN", 3);
    // Each event is added in a separate call, to show that each event is accepted.
    for event in [&execution, &access, &small] {
        assert_eq!(
            store.add_events(std::slice::from_ref(event), at(5), UPLOAD).await.unwrap().events,
            1
        );
    }
    let events = store.events_after(&EventFilter::default(), EventId(0), 9).await.unwrap();
    assert_eq!((events.len(), events.more), (3, false));
    assert_eq!(events[2].event, small);
    let read = &events[0].event;
    assert!(read.path().len() <= 4096 && read.user.len() <= 255);
    assert_eq!((&read.machine, read.occurred, read.pid), (&machine("M1"), Some(at(1)), 100));
    assert_eq!(read.program.sha256, execution.program.sha256);
    assert_eq!(
        (read.program.cdhash.as_str(), &read.truncated[..]),
        ("", &["report".to_owned()][..])
    );
    let read = &events[1].event;
    assert_eq!((read.kind(), read.program.sha256.as_str()), (EventKind::FileAccess, ""));
    assert_eq!(read.access.as_ref().unwrap().file, "/Users/anna/Cookies");
    assert_eq!(store.event(events[1].id).await.unwrap().as_ref(), Some(&events[1]));
    // The huge execution event is recognized when it is added again.
    assert_eq!(add(&store, std::slice::from_ref(&execution)).await, 0);
    let stats = store.event_stats(&EventFilter::default(), 9).await.unwrap();
    assert_eq!(stats.len(), 3);
    assert!(stats.iter().all(|stat| stat.file_name.len() <= 4096 && stat.sha256.len() <= 64));
}

pub(crate) async fn b1_a_list_of_large_events_ends_early(store: Db) {
    let large = |number: usize| Event {
        other_fields: fields(serde_json::json!({"x": "x".repeat(400_000)})),
        ..event("M1", number, "BLOCK_UNKNOWN", 1)
    };
    let events: Vec<Event> = (0..25).map(large).collect();
    assert_eq!(add(&store, &events).await, 25);
    let (mut newest, mut before) = (Vec::new(), None);
    loop {
        let part = store.events(&EventFilter::default(), before, 100).await.unwrap();
        assert!(part.len() <= 11, "{} events of 0.4 MB at once", part.len());
        before = part.last().map(|stored| stored.id);
        let more = part.more;
        newest.extend(part.into_iter().map(|stored| stored.event));
        if !more {
            break;
        }
    }
    newest.reverse();
    assert_eq!(newest, events);
    let first = store.events_after(&EventFilter::default(), EventId(0), 100).await.unwrap();
    assert!((10..=11).contains(&first.len()) && first.more);
}

pub(crate) async fn a_repeated_event_is_kept_once(store: Db) {
    let first = event("M1", 1, "BLOCK_UNKNOWN", 1);
    let timeless = Event { occurred: None, ..first.clone() };
    assert_eq!(add(&store, &[first.clone(), timeless.clone(), first.clone()]).await, 2);
    assert_eq!(add(&store, &[timeless.clone(), first.clone()]).await, 0);
    let access = file_access("M1", 1, "Cookies", "/c", 1);
    assert_eq!(add(&store, &[access.clone(), access.clone()]).await, 1);
    let accesses = [
        file_access("M2", 1, "Cookies", "/c", 1),
        file_access("M1", 1, "Keys", "/c", 1),
        file_access("M1", 1, "Cookies", "/d", 1),
        file_access("M1", 1, "Cookies", "/c", 2),
        Event { pid: 101, ..access.clone() },
    ];
    assert_eq!(add(&store, &accesses).await, 5);
    let others = [
        Event { machine: machine("M2"), ..first.clone() },
        Event { pid: 101, ..first.clone() },
        Event { pid: 101, ..timeless.clone() },
        event("M1", 2, "BLOCK_UNKNOWN", 1),
        event("M1", 1, "ALLOW_UNKNOWN", 1),
        event("M1", 1, "BLOCK_UNKNOWN", 2),
        // The user and the folder do not make an event unique, so this event is a repetition.
        Event { user: "bert".to_owned(), folder: "/tmp".to_owned(), ..first.clone() },
    ];
    assert_eq!(add(&store, &others).await, 6);
    let executions = EventFilter { kinds: vec![EventKind::Execution], ..EventFilter::default() };
    let all = store.events(&executions, None, 99).await.unwrap();
    assert_eq!(all.len(), 8);
    assert!(all.iter().all(|stored| stored.event.user == "anna"), "the first report stays");
}

pub(crate) async fn new_events_are_counted_and_not_kept(store: Db) {
    let known = event("M1", 1, "BLOCK_UNKNOWN", 1);
    add(&store, std::slice::from_ref(&known)).await;
    let new = event("M1", 2, "BLOCK_UNKNOWN", 1);
    let events = [known, new.clone(), new.clone(), event("M2", 1, "BLOCK_UNKNOWN", 1)];
    for _ in 0..2 {
        assert_eq!(store.count_new_events(&events).await.unwrap(), 2);
    }
    assert_eq!(names(&store, &EventFilter::default()).await, ["tool1"]);
    assert_eq!(add(&store, &events).await, 2);
    assert_eq!(store.count_new_events(&events).await.unwrap(), 0);
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
    let certificate = Certificate {
        sha256: "cd".repeat(32),
        common_name: "Developer ID Application: Ex AB (ZZ9HT3RVCK)".to_owned(),
        ..Certificate::default()
    };
    let old = Program {
        team_id: "ZZ9HT3RVCK".to_owned(),
        signing_id: "org.ex.old".to_owned(),
        certificate: Some(certificate),
        ..event("M2", 2, "", 0).program
    };
    let quiet =
        Event { user: "bert".to_owned(), program: old, ..event("M2", 2, "ALLOW_UNKNOWN", 1) };
    let bare = Event { folder: "/opt/50%_off[1]".to_owned(), ..event("M1", 3, "BLOCK_BINARY", 1) };
    let access = file_access("M2", 4, "Cookies", "/Users/anna/Library/Cookies", 1);
    let odd = event("M3", 5, "Shrug_17", 1);
    let all = [event("M1", 1, "BLOCK_UNKNOWN", 1), quiet, bare, access, odd];
    for (seconds, event) in (0..).zip(all) {
        store.add_events(&[event], at(seconds), UPLOAD).await.unwrap();
    }
    let none = EventFilter::default;
    let path = |pattern: &str| -> Option<PathPattern> { Some(pattern.parse().unwrap()) };
    let some = |text: &str| Some(text.to_owned());
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let cases: Vec<(EventFilter, &[usize])> = vec![
        (none(), &[5, 4, 3, 2, 1]),
        (EventFilter { kinds: vec![EventKind::FileAccess], ..none() }, &[4]),
        (EventFilter { kinds: vec![EventKind::BundleMember], ..none() }, &[]),
        (EventFilter { machine: Some(machine("M1")), ..none() }, &[3, 1]),
        (EventFilter { machine: Some(machine("m1")), ..none() }, &[]),
        (EventFilter { user: some("bert"), ..none() }, &[2]),
        (EventFilter { decisions: words(&["BLOCK_BINARY"]), ..none() }, &[3]),
        (EventFilter { decisions: words(&["block_binary", "SHRUG_17"]), ..none() }, &[5, 3]),
        (EventFilter { decisions: words(&["BLOCK"]), ..none() }, &[]),
        (EventFilter { blocked: true, ..none() }, &[4, 3, 1]),
        (EventFilter { since: Some(at(1)), ..none() }, &[5, 4, 3, 2]),
        (EventFilter { until: Some(at(1)), ..none() }, &[1]),
        (EventFilter { since: Some(at(1)), until: Some(at(3)), ..none() }, &[3, 2]),
        (EventFilter { since: Some(at(3)), until: Some(at(1)), ..none() }, &[]),
        (EventFilter { path: path("/Applications/My Tools/tool1"), ..none() }, &[1]),
        (EventFilter { path: path("/applications/"), ..none() }, &[]),
        (EventFilter { path: path("/opt/50%_off[1]"), ..none() }, &[3]),
        (EventFilter { path: path("/opt/*[1]*"), ..none() }, &[3]),
        (EventFilter { path: path("*/tool?"), ..none() }, &[5, 4, 3, 2, 1]),
        (EventFilter { path: path("/opt/*/tool"), ..none() }, &[]),
        (EventFilter { path: path("/Users/anna/"), ..none() }, &[4]),
        (EventFilter { signer: some("zz9ht3rvck"), ..none() }, &[2]),
        (EventFilter { signer: some("org.ex.old"), ..none() }, &[2]),
        (EventFilter { signer: some("ZZ9HT3RVCK:org.ex.old"), ..none() }, &[2]),
        (EventFilter { signer: some(&"CD".repeat(32)), ..none() }, &[2]),
        (EventFilter { signer: some("ex ab"), ..none() }, &[2]),
        (EventFilter { signer: some("com.example.tool"), ..none() }, &[]),
        (EventFilter { text: some("TOOL2"), ..none() }, &[2]),
        (EventFilter { text: some("my tools/tool1"), ..none() }, &[1]),
        (EventFilter { text: some("50%_OFF["), ..none() }, &[3]),
        (EventFilter { text: some("%"), ..none() }, &[3]),
        (EventFilter { text: some("0000003"), ..none() }, &[3]),
        (EventFilter { text: some("eqhxz8m8av"), ..none() }, &[5, 4, 3, 1]),
        (EventFilter { text: some("com.example.tool1"), ..none() }, &[1]),
        (EventFilter { text: some("library/cookies"), ..none() }, &[4]),
        (
            EventFilter {
                machine: Some(machine("M1")),
                since: Some(at(1)),
                blocked: true,
                ..none()
            },
            &[3],
        ),
    ];
    for (filter, wanted) in cases {
        let wanted: Vec<_> = wanted.iter().map(|number| format!("tool{number}")).collect();
        assert_eq!(names(&store, &filter).await, wanted, "{filter:?}");
        let mut forth = store.events_after(&filter, EventId(0), 9).await.unwrap();
        forth.reverse();
        assert_eq!(forth, store.events(&filter, None, 9).await.unwrap());
        let counted = store.event_stats(&filter, 9).await.unwrap();
        assert_eq!(counted.len(), wanted.len(), "{filter:?}");
    }
}

/// Santa reports a blocked program immediately, then hashes the program's bundle, and reports
/// the program again.
pub(crate) async fn a_report_learns_its_bundle_later(store: Db) {
    let hashed = event("M1", 1, "BLOCK_UNKNOWN", 1);
    let at_once = Event { bundle_hash: String::new(), bundle_binary_count: 0, ..hashed.clone() };
    assert_eq!(add(&store, std::slice::from_ref(&at_once)).await, 1);
    assert_eq!(add(&store, std::slice::from_ref(&hashed)).await, 0);
    let only = store.events(&EventFilter::default(), None, 9).await.unwrap().remove(0);
    assert_eq!(only.event, hashed);
    let other = Event { bundle_hash: "cd".repeat(32), ..hashed.clone() };
    assert_eq!(add(&store, &[at_once, other]).await, 0);
    let only = store.event(only.id).await.unwrap().unwrap();
    assert_eq!(only.event, hashed, "what was learnt first stays");
}

pub(crate) async fn members_of_bundles_are_counted_over_all_hosts(store: Db) {
    let (one, other) = ("aa".repeat(32), "bb".repeat(32));
    let reports = [
        member("M1", 1, &one),
        member("M1", 1, &one),
        member("M1", 2, &one),
        // The same file is reported in another bundle, and without a bundle.
        member("M1", 1, &other),
        member("M1", 1, ""),
        member("M2", 2, &one),
        member("M2", 3, &one),
        // This event is not counted as a member of the bundle, because it reports an execution.
        Event { bundle_hash: one.clone(), ..event("M2", 9, "BLOCK_UNKNOWN", 1) },
    ];
    assert_eq!(add(&store, &reports).await, 7);
    assert_eq!(store.count_bundle_members(&one).await.unwrap(), 3);
    assert_eq!(store.count_bundle_members(&other).await.unwrap(), 1);
    for unknown in ["", "cc"] {
        assert_eq!(store.count_bundle_members(unknown).await.unwrap(), 0);
        assert_eq!(store.bundle_members(unknown).await.unwrap(), []);
    }
    let mut members = store.bundle_members(&one).await.unwrap();
    members.sort();
    let seen = |host: &str, program: usize| (machine(host), format!("{program:064x}"));
    assert_eq!(members, [seen("M1", 1), seen("M1", 2), seen("M2", 2), seen("M2", 3)]);
    store.delete_events_of(&machine("M2"), 99).await.unwrap();
    assert_eq!(store.count_bundle_members(&one).await.unwrap(), 2);
}

pub(crate) async fn the_oldest_events_go_a_few_at_a_time(store: Db) {
    for number in 0..10 {
        let event = match number % 2 {
            0 => event("M1", number, "BLOCK_UNKNOWN", 1),
            _ => file_access("M1", number, "Cookies", "/c", 1),
        };
        store.add_events(&[event], at(i64::try_from(number).unwrap()), UPLOAD).await.unwrap();
    }
    let left = async || {
        let stored = store.events_after(&EventFilter::default(), EventId(0), 99).await.unwrap();
        stored.iter().map(|stored| stored.id.0).collect::<Vec<_>>()
    };
    let purge = async |purge: EventPurge, limit| store.purge_events(purge, limit).await.unwrap();
    assert_eq!(purge(EventPurge::default(), 99).await, 0);
    let old = EventPurge { before: Some(at(5)), keep: None };
    assert_eq!(purge(old, 2).await, 2);
    assert_eq!(left().await, [3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(purge(old, 99).await, 3);
    assert_eq!(purge(old, 99).await, 0);
    assert_eq!(left().await, [6, 7, 8, 9, 10]);
    let few = EventPurge { before: None, keep: Some(3) };
    assert_eq!(purge(few, 1).await, 1);
    assert_eq!(purge(few, 99).await, 1);
    assert_eq!(purge(few, 99).await, 0);
    assert_eq!(left().await, [8, 9, 10]);
    let both = EventPurge { before: Some(at(8)), keep: Some(1) };
    assert_eq!(purge(both, 99).await, 2);
    assert_eq!(left().await, [10]);
    assert_eq!(purge(EventPurge { before: None, keep: Some(0) }, 99).await, 1);
    add(&store, &[event("M1", 99, "BLOCK_UNKNOWN", 1)]).await;
    assert_eq!(left().await, [11], "numbers are not used twice");
}

pub(crate) async fn programs_are_counted_with_their_newest_report(store: Db) {
    let twice = Event { pid: 7, ..event("M1", 1, "BLOCK_UNKNOWN", 1) };
    store.add_events(&[event("M1", 1, "BLOCK_UNKNOWN", 1), twice], at(1), UPLOAD).await.unwrap();
    let renamed = Event { file_name: "renamed".to_owned(), ..event("M2", 1, "ALLOW_BINARY", 1) };
    let others = [event("M1", 2, "BLOCK_UNKNOWN", 1), event("M2", 3, "BLOCK_UNKNOWN", 1)];
    store
        .add_events(&[renamed, others[0].clone(), others[1].clone()], at(2), UPLOAD)
        .await
        .unwrap();
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

pub(crate) async fn file_accesses_are_counted_by_rule(store: Db) {
    let accesses = [
        file_access("M1", 1, "Cookies", "/c", 1),
        file_access("M2", 1, "Cookies", "/d", 1),
        file_access("M1", 1, "Keys", "/k", 1),
        event("M1", 1, "BLOCK_UNKNOWN", 1),
    ];
    add(&store, &accesses).await;
    let stats = store.event_stats(&EventFilter::default(), 9).await.unwrap();
    let counts: Vec<_> =
        stats.iter().map(|stat| (stat.kind.word(), &*stat.rule, stat.events, stat.hosts)).collect();
    assert_eq!(
        counts,
        [("file-access", "Cookies", 2, 2), ("execution", "", 1, 1), ("file-access", "Keys", 1, 1)]
    );
}
