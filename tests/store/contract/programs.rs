//! Programs and sightings. Events are counted in programs and sightings when the events are stored.
//! Lists of programs can be filtered.

use nicelist::fleet::{Decision, Event, EventId, KnownProgram, ProgramId, Sighting};
use nicelist::rule::{Certificate, Program, SigningStatus};
use nicelist::store::{
    AddedEvents, EventFilter, ProgramFilter, SightingFilter, UndecidedFilter, UndecidedSighting,
};

use super::tags::members;
use super::*;

pub(crate) fn event(host: &str, program: usize, decision: &str, seconds: i64) -> Event {
    let report = serde_json::json!({
        "machine": host,
        "decision": decision,
        "occurred": at(seconds),
        "file_name": format!("tool{program}"),
        "folder": "/opt",
        "program": {
            "sha256": format!("{program:064x}"),
            "team_id": "EQHXZ8M8AV",
            "signing_id": format!("EQHXZ8M8AV:com.example.tool{program}"),
            "signing_status": "production",
        },
        "user": "anna",
        "pid": 1,
        "parent_name": "", "bundle_name": "", "bundle_version": "", "bundle_hash": "",
        "download_url": "", "signing_chain": [], "other_fields": null,
    });
    serde_json::from_value(report).unwrap()
}

async fn add(store: &Db, events: &[Event], seconds: i64) -> AddedEvents {
    store.add_events(events, at(seconds), UPLOAD).await.unwrap()
}

pub(crate) async fn programs(store: &Db, filter: &ProgramFilter) -> Vec<KnownProgram> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = store.programs(filter, after, 3).await.unwrap();
        all.extend(part.rows);
        after = part.next;
        if after.is_none() {
            return all;
        }
    }
}

async fn names(store: &Db, filter: ProgramFilter) -> Vec<String> {
    programs(store, &filter).await.into_iter().map(|program| program.name).collect()
}

/// The only stored program with this number, and its sightings.
async fn of(store: &Db, program: usize) -> (KnownProgram, Vec<Sighting>) {
    let sha256 = Some(format!("{program:064X}"));
    let found = programs(store, &ProgramFilter { sha256, ..ProgramFilter::default() }).await;
    let [only] = <[KnownProgram; 1]>::try_from(found).unwrap();
    assert_eq!(store.program(only.id).await.unwrap().as_ref(), Some(&only));
    let sightings = store.sightings(only.id, None, 100).await.unwrap();
    assert_eq!(u64::try_from(sightings.len()).unwrap(), only.hosts);
    (only, sightings.rows)
}

async fn undecided(store: &Db, filter: UndecidedFilter) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = store.undecided(&filter, after, 2).await.unwrap();
        all.extend(part.rows.into_iter().map(|UndecidedSighting { program, sighting, .. }| {
            assert_eq!(program.id, sighting.program);
            format!("{} on {}", program.name, sighting.machine)
        }));
        after = part.next;
        if after.is_none() {
            return all;
        }
    }
}

pub(crate) async fn a_sighting_counts_the_reports_of_a_host(store: Db) {
    let first = event("M1", 1, "ALLOW_UNKNOWN", 1);
    let second = Event {
        user: "bert".to_owned(),
        folder: "/tmp".to_owned(),
        file_name: "renamed".to_owned(),
        ..event("M1", 1, "BLOCK_UNKNOWN", 2)
    };
    add(&store, &[first.clone(), event("M2", 1, "BLOCK_BINARY", 1)], 10).await;
    let added = add(&store, &[first, second], 20).await;
    assert_eq!(added, AddedEvents { events: 1, programs: 0, left_out: 0 });
    let (program, sightings) = of(&store, 1).await;
    assert_eq!((program.name.as_str(), program.first_seen, program.hosts), ("tool1", at(10), 2));
    assert_eq!(
        sightings[0],
        Sighting {
            program: program.id,
            machine: machine("M1"),
            first_seen: at(10),
            last_seen: at(20),
            reports: 2,
            decision: Decision("BLOCK_UNKNOWN".into()),
            latest: EventId(sightings[0].latest.0),
            path: "/tmp/renamed".to_owned(),
            users: vec!["anna".to_owned(), "bert".to_owned()],
            more_users: false,
            paths: vec!["/opt/tool1".to_owned(), "/tmp/renamed".to_owned()],
            more_paths: false,
        }
    );
    let latest = store.event(sightings[0].latest).await.unwrap().unwrap();
    assert_eq!(latest.event.user, "bert");
    assert_eq!(store.last_seen(&[program.id]).await.unwrap(), [(program.id, at(20))]);
    let on = store.sightings_on(&machine("M1"), None, 9).await.unwrap();
    assert_eq!(on.rows, sightings[..1]);
    let after = store.sightings(program.id, Some(&machine("M1")), 9).await.unwrap();
    assert_eq!(after.rows, sightings[1..]);
    assert_eq!(store.program(ProgramId(999)).await.unwrap(), None);
    assert!(!store.has_uncounted_events().await.unwrap());
}

pub(crate) async fn other_identifiers_are_another_program(store: Db) {
    let honest = event("M1", 1, "BLOCK_UNKNOWN", 1);
    let mut lie = event("M2", 1, "BLOCK_UNKNOWN", 1);
    lie.file_name = "trusted".to_owned();
    lie.program.team_id = "ZZ9HT3RVCK".to_owned();
    let mut unsigned = event("M3", 1, "BLOCK_UNKNOWN", 1);
    unsigned.program = Program {
        sha256: unsigned.program.sha256,
        signing_status: SigningStatus::Unsigned,
        ..Program::default()
    };
    let nothing = Event { program: Program::default(), ..event("M4", 1, "BLOCK_UNKNOWN", 1) };
    let added = add(&store, &[honest.clone(), lie, unsigned, nothing], 10).await;
    assert_eq!(added, AddedEvents { events: 4, programs: 3, left_out: 0 });
    let sha256 = Some(honest.program.sha256.clone());
    let found = programs(&store, &ProgramFilter { sha256, ..ProgramFilter::default() }).await;
    assert_eq!(found.len(), 3);
    let honest = found.iter().find(|it| it.program == honest.program).unwrap();
    assert_eq!((honest.name.as_str(), honest.hosts), ("tool1", 1));
}

pub(crate) async fn an_import_counts_at_its_own_time(store: Db) {
    add(&store, &[event("M1", 1, "BLOCK_UNKNOWN", 1)], 100).await;
    let mut old = event("M1", 1, "ALLOW_BINARY", 50);
    old.file_name = "first-name".to_owned();
    let future = event("M2", 1, "ALLOW_UNKNOWN", 5_000);
    let events = [old, future];
    let added = store.add_events(&events, at(200), EventOrigin::Import).await.unwrap();
    assert_eq!(added.events, 2);
    let (program, sightings) = of(&store, 1).await;
    assert_eq!((program.name.as_str(), program.first_seen), ("first-name", at(50)));
    let times = |it: &Sighting| (it.first_seen, it.last_seen, it.decision.to_string());
    assert_eq!(times(&sightings[0]), (at(50), at(100), "BLOCK_UNKNOWN".to_owned()));
    assert_eq!(times(&sightings[1]), (at(200), at(200), "ALLOW_UNKNOWN".to_owned()));
}

pub(crate) async fn a_sighting_has_a_few_users_and_paths(store: Db) {
    let events: Vec<Event> = (0..10_000)
        .map(|number| Event {
            user: format!("user{number:05}"),
            folder: format!("/opt/{number:05}"),
            ..event("M1", 1, "ALLOW_UNKNOWN", number)
        })
        .collect();
    for some in events.chunks(1_000) {
        add(&store, some, 10).await;
    }
    let (_, sightings) = of(&store, 1).await;
    let [sighting] = <[Sighting; 1]>::try_from(sightings).unwrap();
    assert_eq!((sighting.reports, sighting.users.len(), sighting.paths.len()), (10_000, 16, 4));
    assert!(sighting.more_users && sighting.more_paths);
    assert_eq!(sighting.path, "/opt/09999/tool1", "the newest path is always known");
    let long = Event {
        user: "u\0".repeat(300_000),
        folder: "/ä".repeat(100_000),
        file_name: "n".repeat(1_000),
        ..event("M2", 1, &"D".repeat(1_000), 1)
    };
    add(&store, &[long], 20).await;
    let (_, sightings) = of(&store, 1).await;
    let Sighting { users, path, decision, .. } = &sightings[1];
    assert!(users[0].len() <= 512 && path.len() <= 4096 && decision.0.len() <= 64);
}

pub(crate) async fn a_host_may_add_a_limited_number_of_programs(store: Db) {
    add(&store, &[event("M2", 7, "BLOCK_UNKNOWN", 1)], 1).await;
    let events: Vec<Event> =
        (0..20).flat_map(|n| [0, 1].map(|s| event("M1", n, "BLOCK_UNKNOWN", s))).collect();
    let upload = EventOrigin::Upload { new_programs: 5 };
    let added = store.add_events(&events, at(2), upload).await.unwrap();
    assert_eq!(added, AddedEvents { events: 40, programs: 5, left_out: 28 });
    assert_eq!(store.sightings_on(&machine("M1"), None, 99).await.unwrap().len(), 6);
    let (known, _) = of(&store, 7).await;
    assert_eq!(known.hosts, 2, "a program that another host reported is no new one");
    let all = store.events(&EventFilter::default(), None, 99).await.unwrap();
    assert_eq!(all.len(), 41, "the events are stored");
}

/// Adds three programs on two hosts, and two tags.
async fn add_programs_to_filter(store: &Db) {
    let mut old = event("M2", 2, "ALLOW_UNKNOWN", 1);
    old.bundle_name = "Old App".to_owned();
    old.user = "x\"anna".to_owned();
    old.program = Program {
        sha256: old.program.sha256,
        cdhash: "AB".repeat(20),
        signing_id: "com.example.tool1".to_owned(),
        team_id: "EQHXZ8M8AV".to_owned(),
        signing_status: SigningStatus::Adhoc,
        certificate: Some(Certificate {
            sha256: "CD".repeat(32),
            common_name: "Developer ID: Old AB".to_owned(),
            organization: "Old AB".to_owned(),
        }),
    };
    let other = Event { user: "bert".to_owned(), ..event("M1", 3, "BLOCK_BINARY", 1) };
    for (seconds, event) in (0..).zip([event("M1", 1, "BLOCK_UNKNOWN", 1), old, other]) {
        add(store, &[event], seconds).await;
    }
    let mut host = Host::new(machine("M1"), at(0));
    host.facts.primary_user = "anna".to_owned();
    assert!(store.save_host(&host, 0).await.unwrap());
    new_host(store, "M2").await;
    let of_anna = Edit::PutTag(members("of-anna", r#"{"users":["anna"]}"#));
    commit(store, [put_tag("eng", 1), of_anna, tag_host("M2", "eng")]).await;
}

pub(crate) async fn program_filters_all_have_to_hold(store: Db) {
    add_programs_to_filter(&store).await;
    let none = ProgramFilter::default;
    let seen = |seen: SightingFilter| ProgramFilter { seen, ..none() };
    let text = |text: &str| Some(text.to_owned());
    let all = SightingFilter::default;
    let cases = [
        (none(), &["tool3", "tool2", "tool1"][..]),
        (ProgramFilter { publisher: text("eqhxz8m8av"), ..none() }, &["tool3", "tool2", "tool1"]),
        (ProgramFilter { publisher: text("old ab"), ..none() }, &["tool2"]),
        (ProgramFilter { publisher: text(&"cd".repeat(32)), ..none() }, &["tool2"]),
        (ProgramFilter { signing_status: Some(SigningStatus::Adhoc), ..none() }, &["tool2"]),
        (ProgramFilter { cdhash: text(&"aB".repeat(20)), ..none() }, &["tool2"]),
        (ProgramFilter { cdhash: text(&"cd".repeat(20)), ..none() }, &[]),
        (
            ProgramFilter { cdhash: text(&"ab".repeat(20)), publisher: text("no one"), ..none() },
            &[],
        ),
        (ProgramFilter { text: text("OLD app"), ..none() }, &["tool2"]),
        (ProgramFilter { text: text("tool3"), ..none() }, &["tool3"]),
        (ProgramFilter { since: Some(at(1)), ..none() }, &["tool3", "tool2"]),
        (
            ProgramFilter { signing_id: text("EQHXZ8M8AV:com.example.tool1"), ..none() },
            &["tool2", "tool1"],
        ),
        (seen(SightingFilter { machine: Some(machine("M1")), ..all() }), &["tool3", "tool1"]),
        (seen(SightingFilter { machine: Some(machine("M9")), ..all() }), &[]),
        (seen(SightingFilter { user: text("anna"), ..all() }), &["tool1"]),
        (seen(SightingFilter { user: text("x\"anna"), ..all() }), &["tool2"]),
        (seen(SightingFilter { blocked: true, ..all() }), &["tool3", "tool1"]),
        (seen(SightingFilter { tag: Some(tag("eng")), ..all() }), &["tool2"]),
        (seen(SightingFilter { tag: Some(tag("of-anna")), ..all() }), &["tool3", "tool1"]),
        (seen(SightingFilter { tag: Some(tag("other")), ..all() }), &[]),
        (
            seen(SightingFilter { tag: Some(tag("of-anna")), user: text("anna"), ..all() }),
            &["tool1"],
        ),
        (
            seen(SightingFilter { tag: Some(tag("eng")), machine: Some(machine("M1")), ..all() }),
            &[],
        ),
        (
            seen(SightingFilter { tag: Some(tag("eng")), machine: Some(machine("M2")), ..all() }),
            &["tool2"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(names(&store, filter.clone()).await, expected, "{filter:?}");
    }
}

/// The names of the programs in each part of a list.
async fn parts(store: &Db, filter: &ProgramFilter) -> Vec<Vec<String>> {
    let (mut parts, mut after) = (Vec::new(), None);
    loop {
        let part = store.programs(filter, after, 100).await.unwrap();
        parts.push(part.rows.into_iter().map(|program| program.name).collect());
        let Some(next) = part.next else { return parts };
        after = Some(next.to_string().parse().unwrap());
    }
}

pub(crate) async fn a_part_of_a_list_examines_some_hosts_of_a_common_program(store: Db) {
    const HOSTS: usize = 11_000;
    add(&store, &[event("M0", 1, "BLOCK_UNKNOWN", 1)], 1).await;
    let decision = |host| if host == HOSTS { "BLOCK_BINARY" } else { "ALLOW_BINARY" };
    let events: Vec<Event> =
        (1..=HOSTS).map(|host| event(&format!("M{host}"), 2, decision(host), 1)).collect();
    for some in events.chunks(1_000) {
        add(&store, some, 2).await;
    }
    add(&store, &[event("M0", 3, "ALLOW_BINARY", 1), event("M0", 4, "BLOCK_BINARY", 1)], 3).await;
    let seen = SightingFilter { blocked: true, ..SightingFilter::default() };
    let all = ProgramFilter { seen, ..ProgramFilter::default() };
    let expected: [&[&str]; 5] = [&["tool4"], &[], &[], &["tool2"], &["tool1"]];
    assert_eq!(parts(&store, &all).await, expected);
    let sha256 = Some(format!("{:064x}", 2));
    let signing_id = Some("EQHXZ8M8AV:com.example.tool2".to_owned());
    for filter in
        [ProgramFilter { sha256, ..all.clone() }, ProgramFilter { signing_id, ..all.clone() }]
    {
        let expected: [&[&str]; 4] = [&[], &[], &["tool2"], &[]];
        assert_eq!(parts(&store, &filter).await, expected, "{filter:?}");
    }
    let user = Some("nobody".to_owned());
    let seen = SightingFilter { user, ..SightingFilter::default() };
    assert_eq!(names(&store, ProgramFilter { seen, ..ProgramFilter::default() }).await, [""; 0]);
}

pub(crate) async fn undecided_sightings_are_listed_newest_first(store: Db) {
    let decisions = ["BLOCK_UNKNOWN", "ALLOW_UNKNOWN", "BLOCK_BINARY", "ALLOW_UNKNOWN"];
    for (number, decision) in decisions.into_iter().enumerate() {
        let events = ["M1", "M2"].map(|host| event(host, number, decision, 1));
        add(&store, &events, i64::try_from(number).unwrap()).await;
    }
    // The newest decision on each host counts: now a rule allows tool3 on M1, and no rule matches
    // tool2 on M2.
    add(&store, &[event("M1", 3, "ALLOW_BINARY", 2), event("M2", 2, "BLOCK_UNKNOWN", 2)], 9).await;
    let none = UndecidedFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let everything =
        ["tool2 on M2", "tool3 on M2", "tool1 on M2", "tool1 on M1", "tool0 on M2", "tool0 on M1"];
    let cases = [
        (none(), &everything[..]),
        (
            UndecidedFilter { blocked: true, ..none() },
            &["tool2 on M2", "tool0 on M2", "tool0 on M1"],
        ),
        (
            UndecidedFilter { machine: Some(machine("M1")), ..none() },
            &["tool1 on M1", "tool0 on M1"],
        ),
        (UndecidedFilter { machine: Some(machine("M9")), ..none() }, &[]),
        (UndecidedFilter { since: Some(at(3)), ..none() }, &["tool2 on M2", "tool3 on M2"]),
        (UndecidedFilter { until: Some(at(1)), ..none() }, &["tool0 on M2", "tool0 on M1"]),
        (UndecidedFilter { user: text("anna"), ..none() }, &everything),
        (UndecidedFilter { user: text("ann"), ..none() }, &[]),
        (UndecidedFilter { text: text("/OPT/tool3"), ..none() }, &["tool3 on M2"]),
        (UndecidedFilter { path: Some("/opt/tool3".parse().unwrap()), ..none() }, &["tool3 on M2"]),
        (UndecidedFilter { signer: text("com.example.tool3"), ..none() }, &["tool3 on M2"]),
        (UndecidedFilter { signer: text("EQHXZ8M8AV"), ..none() }, &everything),
        (
            UndecidedFilter {
                program: ProgramFilter { text: text("TOOL3"), ..ProgramFilter::default() },
                ..none()
            },
            &["tool3 on M2"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(undecided(&store, filter.clone()).await, expected, "{filter:?}");
    }
}
