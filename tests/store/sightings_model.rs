//! The stored programs and sightings equal the programs and sightings of a simple model, after any
//! sequence of uploads, imports, purges, forgotten hosts, upgrades, reopenings and copies to the
//! other kind of database.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nicelist::fleet::{Event, EventId, Sighting};
use nicelist::rule::{Certificate, Program};
use nicelist::store::maintenance::{CopiedEpoch, DatabaseCopy};
use nicelist::store::{
    EventFilter, EventOrigin, EventPurge, ProgramFilter, StoredEvent, UndecidedFilter,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::cluster::Database;
use crate::contract::programs::{event, programs};
use crate::contract::{Db, at, machine};
use crate::sqlite_file::File;

const SEQUENCES: u32 = 16;
const DECISIONS: [&str; 4] = ["BLOCK_UNKNOWN", "ALLOW_UNKNOWN", "BLOCK_BINARY", "BUNDLE_BINARY"];

/// An event in numbers: program, variant of the identifiers, decision, user, folder, time.
type Numbers = (usize, usize, usize, usize, usize, i64);

#[derive(Clone, Debug)]
enum Step {
    Upload {
        host: usize,
        events: Vec<Numbers>,
        new_programs: usize,
    },
    Import {
        host: usize,
        events: Vec<Numbers>,
    },
    /// Deletes a host's sightings, and also its events if `events` is true.
    Forget {
        host: usize,
        events: bool,
    },
    PurgeEvents {
        keep: u64,
    },
    PurgeSightings {
        age: i64,
        examined: usize,
    },
    /// Imitates an upgrade from an older version that stored events without programs and sightings.
    Upgrade,
    CountOlder {
        limit: usize,
    },
    Reopen,
    /// Copies the database to the other kind of database, and continues with the copy.
    Copy,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let numbers = (0..6_usize, 0..3_usize, 0..DECISIONS.len(), 0..20_usize, 0..7_usize, 0..60_i64);
    let events = || proptest::collection::vec(numbers.clone(), 1..12);
    let step = prop_oneof![
        8 => (0..4_usize, events(), prop_oneof![Just(usize::MAX), 0..3_usize])
            .prop_map(|(host, events, new_programs)| Step::Upload { host, events, new_programs }),
        2 => (0..4_usize, events()).prop_map(|(host, events)| Step::Import { host, events }),
        1 => (0..4_usize, any::<bool>()).prop_map(|(host, events)| Step::Forget { host, events }),
        1 => (0..30_u64).prop_map(|keep| Step::PurgeEvents { keep }),
        1 => (0..60_i64, 1..5_usize)
            .prop_map(|(age, examined)| Step::PurgeSightings { age, examined }),
        1 => Just(Step::Upgrade),
        3 => (1..10_usize).prop_map(|limit| Step::CountOlder { limit }),
        1 => Just(Step::Reopen),
        1 => Just(Step::Copy),
    ];
    proptest::collection::vec(step, 1..40)
}

fn of_numbers(host: usize, numbers: Numbers) -> Event {
    let (program, variant, decision, user, folder, seconds) = numbers;
    let mut event = event(&format!("M{host}"), program, DECISIONS[decision], seconds);
    event.user = format!("user{user:02}");
    event.folder = format!("/opt/{folder}");
    event.file_name = format!("tool{program}-{user}");
    event.bundle_name = format!("Tool {user}");
    match variant {
        0 => {}
        1 => event.program.cdhash = "C".repeat(40),
        _ => {
            event.program.certificate = Some(Certificate {
                sha256: "ab".repeat(32),
                common_name: format!("Developer {user}"),
                organization: String::new(),
            });
        }
    }
    event
}

fn identifiers(program: &Program) -> String {
    let Program { sha256, cdhash, team_id, signing_id, signing_status, certificate } = program;
    let certificate = certificate.as_ref().map(|leaf| &leaf.sha256);
    let cdhash = cdhash.to_lowercase();
    format!("{sha256} {cdhash} {team_id} {signing_id} {signing_status:?} {certificate:?}")
}

#[derive(Default)]
struct Model {
    stored: BTreeMap<i64, StoredEvent>,
    /// The time and the event of each counted report, by program and host.
    reports: BTreeMap<(String, String), Vec<(Timestamp, StoredEvent)>>,
    first: BTreeMap<String, (Timestamp, StoredEvent)>,
    /// After an upgrade, events up to this ID are not counted yet.
    uncounted: Option<i64>,
    forgotten: BTreeSet<String>,
}

impl Model {
    /// Counts events. After `new_programs` new programs, leaves out the events of further new
    /// programs.
    fn count(&mut self, events: &[(Timestamp, StoredEvent)], mut new_programs: usize) {
        let mut refused = BTreeSet::new();
        for (seen, stored) in events {
            let program = identifiers(&stored.event.program);
            if !self.first.contains_key(&program) {
                if new_programs == 0 || refused.contains(&program) {
                    refused.insert(program);
                    continue;
                }
                new_programs -= 1;
            }
            let earlier =
                |(time, first): &(Timestamp, StoredEvent)| (*seen, stored.id) < (*time, first.id);
            if self.first.get(&program).is_none_or(earlier) {
                self.first.insert(program.clone(), (*seen, stored.clone()));
            }
            let host = stored.event.machine.to_string();
            self.reports.entry((program, host)).or_default().push((*seen, stored.clone()));
        }
    }

    fn keep_reports(&mut self, keep: impl Fn(&str, &[(Timestamp, StoredEvent)]) -> bool) {
        self.reports.retain(|(_, host), reports| keep(host, reports));
        let left: BTreeSet<&String> = self.reports.keys().map(|(program, _)| program).collect();
        self.first.retain(|program, _| left.contains(program));
    }

    fn count_older(&mut self, limit: usize) {
        let Some(newest) = self.uncounted else { return };
        let older: Vec<StoredEvent> =
            self.stored.range(..=newest).rev().take(limit).map(|(_, it)| it.clone()).collect();
        self.uncounted = older.last().filter(|_| older.len() == limit).map(|it| it.id.0 - 1);
        let counted =
            older.into_iter().filter(|it| !self.forgotten.contains(it.event.machine.as_str()));
        let counted: Vec<_> = counted.map(|it| (it.received, it)).collect();
        self.count(&counted, usize::MAX);
        if self.uncounted.is_none() {
            self.forgotten.clear();
        }
    }

    fn sighting(reports: &[(Timestamp, StoredEvent)]) -> SightingParts {
        let newest = reports.iter().max_by_key(|(seen, it)| (*seen, it.id)).unwrap();
        let users: BTreeSet<String> = reports.iter().map(|(_, it)| it.event.user.clone()).collect();
        let paths: BTreeSet<String> = reports.iter().map(|(_, it)| it.event.path()).collect();
        SightingParts {
            first_seen: reports.iter().map(|(seen, _)| *seen).min().unwrap(),
            last_seen: newest.0,
            reports: reports.len() as u64,
            latest: newest.1.id,
            decision: newest.1.event.decision.to_string(),
            path: newest.1.event.path(),
            more: (users.len() > Sighting::MOST_USERS, paths.len() > Sighting::MOST_PATHS),
            users: users.into_iter().take(Sighting::MOST_USERS).collect(),
            paths: paths.into_iter().take(Sighting::MOST_PATHS).collect(),
        }
    }
}

#[derive(Debug, PartialEq)]
struct SightingParts {
    first_seen: Timestamp,
    last_seen: Timestamp,
    reports: u64,
    latest: EventId,
    decision: String,
    path: String,
    users: Vec<String>,
    paths: Vec<String>,
    more: (bool, bool),
}

/// A SQLite or PostgreSQL database, in which an older version can be imitated.
enum Place {
    File(File),
    Server(Database),
}

impl Place {
    async fn open(&self) -> Db {
        match self {
            Self::File(file) => file.open().await,
            Self::Server(database) => database.open().await,
        }
    }

    fn url(&self) -> String {
        match self {
            Self::File(file) => file.url(),
            Self::Server(database) => database.url(),
        }
    }

    async fn other(&self) -> Self {
        match self {
            Self::File(_) => Self::Server(Database::new().await),
            Self::Server(_) => Self::File(File::new()),
        }
    }

    /// Changes the database as if an older version had written its events.
    async fn upgrade(&self) {
        let clear = "DELETE FROM sighting; DELETE FROM program; DELETE FROM machine;
                     DELETE FROM meta WHERE key = 'uncounted_events'";
        let note = |sql: &'static str| &sql[sql.find("INSERT INTO meta").unwrap()..];
        match self {
            Self::File(file) => {
                let sql = include_str!("../../src/store/sqlite/migrations/0007_programs.sql");
                let on = rusqlite::Connection::open(file.path()).unwrap();
                on.execute_batch(&format!("BEGIN; {clear}; {}; COMMIT", note(sql))).unwrap();
            }
            Self::Server(database) => {
                let sql = include_str!("../../src/store/postgres/migrations/0007_programs.sql");
                database.run_sql(&format!("{clear}; {}", note(sql))).await;
            }
        }
    }

    async fn drop(self) {
        if let Self::Server(database) = self {
            database.drop().await;
        }
    }
}

async fn add(store: &Db, model: &mut Model, events: &[Event], now: Timestamp, of: EventOrigin) {
    let before = model.stored.keys().next_back().copied().unwrap_or(0);
    let added = store.add_events(events, now, of).await.unwrap();
    let new = store.events_after(&EventFilter::default(), EventId(before), 100).await.unwrap();
    assert_eq!(new.len(), added.events);
    let (known, reports) = (model.first.len(), model.reports.values().flatten().count());
    let counted: Vec<(Timestamp, StoredEvent)> = new
        .rows
        .into_iter()
        .map(|it| match of {
            EventOrigin::Upload { .. } => (now, it),
            EventOrigin::Import => (it.event.occurred.unwrap().min(now), it),
        })
        .collect();
    model.stored.extend(counted.iter().map(|(_, it)| (it.id.0, it.clone())));
    let new_programs = match of {
        EventOrigin::Upload { new_programs } => new_programs,
        EventOrigin::Import => usize::MAX,
    };
    model.count(&counted, new_programs);
    assert_eq!(added.programs, model.first.len() - known);
    let reported = model.reports.values().flatten().count() - reports;
    assert_eq!(added.left_out, added.events - reported);
}

async fn refresh_stored(store: &Db, model: &mut Model) {
    let all = store.events_after(&EventFilter::default(), EventId(0), usize::MAX).await.unwrap();
    model.stored = all.rows.into_iter().map(|it| (it.id.0, it)).collect();
}

async fn compare(store: &Db, model: &Model) {
    let listed = programs(store, &ProgramFilter::default()).await;
    let expected: BTreeSet<&String> = model.first.keys().collect();
    let found: Vec<String> = listed.iter().map(|it| identifiers(&it.program)).collect();
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(found.len(), expected.len(), "no program is listed twice");
    let mut undecided = BTreeSet::new();
    for (known, identifiers) in listed.iter().zip(found) {
        let (first_seen, first) = &model.first[&identifiers];
        let (names, expected) = (&known.program.certificate, &first.event.program.certificate);
        assert_eq!(
            names.as_ref().map(|it| &it.common_name),
            expected.as_ref().map(|it| &it.common_name)
        );
        assert_eq!(
            (&known.name, &known.bundle_name, known.first_seen),
            (&first.event.file_name, &first.event.bundle_name, *first_seen)
        );
        let sightings = store.sightings(known.id, None, 100).await.unwrap().rows;
        let of_program =
            model.reports.keys().filter(|(program, _)| *program == identifiers).count();
        assert_eq!((known.hosts, sightings.len()), (of_program as u64, of_program));
        for sighting in sightings {
            let reports = &model.reports[&(identifiers.clone(), sighting.machine.to_string())];
            let expected = Model::sighting(reports);
            if ["BLOCK_UNKNOWN", "ALLOW_UNKNOWN"].contains(&&*expected.decision) {
                undecided.insert((known.id, sighting.machine.to_string()));
            }
            let Sighting { first_seen, last_seen, reports, latest, decision, path, .. } = sighting;
            let found = SightingParts {
                first_seen,
                last_seen,
                reports,
                latest,
                decision: decision.to_string(),
                path,
                users: sighting.users,
                paths: sighting.paths,
                more: (sighting.more_users, sighting.more_paths),
            };
            assert_eq!(found, expected);
        }
    }
    let listed = store.undecided(&UndecidedFilter::default(), None, 1000).await.unwrap();
    assert!(listed.rows.is_sorted_by(|a, b| a.position > b.position));
    let listed: Vec<_> =
        listed.rows.iter().map(|it| (it.program.id, it.sighting.machine.to_string())).collect();
    assert_eq!(listed.len(), undecided.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), undecided);
    assert_eq!(store.has_uncounted_events().await.unwrap(), model.uncounted.is_some());
}

async fn forget(store: &Db, model: &mut Model, host: usize, events: bool) {
    let host = machine(&format!("M{host}"));
    while events && store.delete_events_of(&host, 7).await.unwrap() == 7 {}
    while store.delete_sightings_of(&host, 2).await.unwrap() == 2 {}
    model.keep_reports(|machine, _| machine != host.as_str());
    if model.uncounted.is_some() {
        model.forgotten.insert(host.to_string());
    }
    refresh_stored(store, model).await;
}

async fn purge_sightings(store: &Db, model: &mut Model, before: Timestamp, examined: usize) {
    let mut after = None;
    loop {
        after = store.purge_sightings(before, after, examined).await.unwrap().next;
        if after.is_none() {
            break;
        }
    }
    if model.uncounted.is_none() {
        model.keep_reports(|_, reports| reports.iter().any(|(seen, _)| *seen >= before));
    }
}

async fn play(mut place: Place, steps: Vec<Step>) {
    let mut store = place.open().await;
    let mut model = Model::default();
    for (turn, step) in steps.into_iter().enumerate() {
        let now = at(i64::try_from(turn).unwrap() * 3 + 10);
        match step {
            Step::Upload { host, events, new_programs } => {
                let events: Vec<Event> =
                    events.into_iter().map(|it| of_numbers(host, it)).collect();
                let origin = EventOrigin::Upload { new_programs };
                add(&store, &mut model, &events, now, origin).await;
            }
            Step::Import { host, events } => {
                let events: Vec<Event> =
                    events.into_iter().map(|it| of_numbers(host, it)).collect();
                add(&store, &mut model, &events, now, EventOrigin::Import).await;
            }
            Step::Forget { host, events } => forget(&store, &mut model, host, events).await,
            Step::PurgeEvents { keep } => {
                let purge = EventPurge { before: None, keep: Some(keep) };
                store.purge_events(purge, 1000).await.unwrap();
                refresh_stored(&store, &mut model).await;
            }
            Step::PurgeSightings { age, examined } => {
                let before = now - jiff::SignedDuration::from_secs(age);
                purge_sightings(&store, &mut model, before, examined).await;
            }
            Step::Upgrade => {
                place.upgrade().await;
                model.keep_reports(|_, _| false);
                model.uncounted = model.stored.keys().next_back().copied();
                model.forgotten.clear();
            }
            Step::CountOlder { limit } => {
                let more = store.count_older_events(limit).await.unwrap();
                model.count_older(limit);
                assert_eq!(more, model.uncounted.is_some());
            }
            Step::Reopen => {
                drop(store);
                store = place.open().await;
            }
            Step::Copy => {
                let other = place.other().await;
                let (from, to) = (place.url(), other.url());
                let copy = DatabaseCopy::prepare(&from, &to).await.unwrap();
                copy.run(CopiedEpoch::Kept, &|_| ()).await.unwrap();
                drop(store);
                std::mem::replace(&mut place, other).drop().await;
                store = place.open().await;
            }
        }
        compare(&store, &model).await;
    }
    drop(store);
    place.drop().await;
}

fn check(place: impl AsyncFn() -> Place) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { cases: SEQUENCES, ..Config::default() };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..config });
    let outcome = runner.run(&steps(), |steps| {
        runtime.block_on(async { play(place().await, steps).await });
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn sightings_equal_a_recount_on_sqlite() {
    check(async || Place::File(File::new()));
}

#[test]
fn sightings_equal_a_recount_on_postgres() {
    check(async || Place::Server(Database::new().await));
}
