//! Tests that concern only PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nicelist::fleet::{Event, EventId, Host};
use nicelist::rule::Revision;
use nicelist::store::{
    self, AddedEvents, Durability, EventFilter, EventPurge, HostFilter, StoreError,
};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::cluster::{Cluster, Database, Disk};
use crate::contract::{
    Db, UPLOAD, active_rules, at, change, commit, machine, put, retention, rule, upload,
};

async fn refusal(url: &str) -> String {
    match store::open(url, Durability::Power).await {
        Err(error @ StoreError::Open { .. }) => error.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("{url} was opened"),
    }
}

pub(crate) async fn tables(database: &Database) -> Vec<String> {
    let client = database.cluster.connect(&database.name).await;
    let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_database_is_refused() {
    let database = Database::new().await;
    database.run_sql("UPDATE nicelist_schema SET version = 99").await;
    let refusal = refusal(&database.url()).await;
    let begins = format!("cannot open {}: it was created by a newer nicelist", database.url());
    assert!(refusal.starts_with(&begins) && refusal.contains("upgrade nicelist"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    for theirs in ["CREATE TABLE t (x int)", "CREATE TABLE nicelist_schema (program text)"] {
        let database = Database::empty().await;
        database.run_sql(theirs).await;
        let before = tables(&database).await;
        let client = database.cluster.connect(&database.name).await;
        if theirs.contains("program") {
            client.batch_execute("ALTER TABLE nicelist_schema ADD version bigint").await.unwrap();
        }
        let refusal = refusal(&database.url()).await;
        assert!(refusal.contains("belongs to another program"), "{refusal}");
        assert_eq!(tables(&database).await, before);
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_is_refused_and_left_alone() {
    let database = Database::empty().await;
    let name = &database.name;
    let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    database.cluster.run_sql("postgres", &sql).await;
    let refused = refusal(&database.url()).await;
    assert!(refused.contains("read-only (default_transaction_read_only)"), "{refused}");
    let sql = format!(
        "ALTER DATABASE {name} RESET default_transaction_read_only;
         CREATE ROLE guest_{name} LOGIN"
    );
    database.cluster.run_sql("postgres", &sql).await;
    database.run_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    let refused = refusal(&database.cluster.url_of(&format!("guest_{name}"), name)).await;
    assert!(refused.contains("may not create tables in its schema `public`"), "{refused}");
    assert!(refused.contains("owner"), "{refused}");
    let sql = format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC");
    database.run_sql(&format!("GRANT ALL ON SCHEMA public TO guest_{name}; {sql}")).await;
    let refused = refusal(&database.cluster.url_of(&format!("guest_{name}"), name)).await;
    assert!(refused.contains("may not create temporary tables"), "{refused}");
    assert!(tables(&database).await.is_empty());
    drop(database.open().await);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let cluster = Cluster::shared();
    let absent = refusal(&cluster.url("no_such_database")).await;
    assert!(absent.contains("does not exist") && absent.contains("createdb"), "{absent}");
    let unknown = refusal(&cluster.url_of("nobody", "postgres")).await;
    assert!(unknown.contains("check the user"), "{unknown}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let closed = refusal(&format!("postgres://anna:secret@127.0.0.1:{free}/rules")).await;
    let begins = format!("cannot open postgres://anna@127.0.0.1:{free}/rules: ");
    assert!(
        closed.starts_with(&begins) && closed.contains("check that PostgreSQL is running"),
        "{closed}"
    );
    // The listener accepts the connection and sends nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let mute = refusal(&format!("postgres://anna:secret@127.0.0.1:{port}/rules")).await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(mute.contains("check that PostgreSQL is running"), "{mute}");
    for url in
        ["postgres://anna:secret@", "postgres://anna:secret@h/r?sslmode=odd", "mysql://a:secret@h"]
    {
        let message = refusal(url).await;
        assert!(!message.contains("secret"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_encoding_is_refused() {
    let how = "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'";
    let database = Database::with(how).await;
    let refusal = refusal(&database.url()).await;
    assert!(refusal.contains("its encoding is SQL_ASCII"), "{refusal}");
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_programs_make_one_schema() {
    let database = Database::empty().await;
    let mut opened = JoinSet::new();
    for _ in 0..8 {
        let url = database.url();
        opened.spawn(async move { store::open(&url, Durability::Power).await.unwrap() });
    }
    let stores = opened.join_all().await;
    commit(&stores[0], [put(rule(1, "fleet", ""))]).await;
    assert_eq!(active_rules(&stores[7]).await.len(), 1);
    drop(stores);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_fails_leaves_nothing() {
    let database = Database::empty().await;
    // The second migration fails because it creates a sequence with the same name.
    database.run_sql("CREATE SEQUENCE event_id").await;
    let refusal = refusal(&database.url()).await;
    assert!(refusal.contains("cannot update its schema"), "{refusal}");
    assert!(tables(&database).await.is_empty());
    database.run_sql("DROP SEQUENCE event_id").await;
    drop(database.open().await);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_see_and_hear_of_each_others_changes() {
    let database = Database::new().await;
    let (one, other) = (database.open().await, database.open().await);
    let heard = async |store: &Db| timeout(Duration::from_secs(5), store.changed_elsewhere()).await;
    // Each store wakes one time when it begins to listen.
    heard(&other).await.unwrap();
    heard(&one).await.unwrap();
    let quiet = timeout(Duration::from_millis(200), other.changed_elsewhere()).await;
    assert!(quiet.is_err(), "woke for nothing");
    commit(&one, [put(rule(1, "fleet", "a"))]).await;
    heard(&other).await.unwrap();
    assert_eq!(other.head().await.unwrap(), Revision(1));
    // A notification is not missed, even if it arrives while nothing waits for it.
    let mut expiring = rule(2, "fleet", "");
    expiring.expires = Some(at(5));
    commit(&one, [put(expiring)]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    heard(&other).await.unwrap();
    assert_eq!(one.expire(at(6)).await.unwrap(), Some(Revision(3)));
    heard(&other).await.unwrap();
    assert_eq!(other.expire(at(6)).await.unwrap(), None);
    let host = Host::new(machine("M1"), at(0));
    assert!(one.save_host(&host, 0).await.unwrap());
    assert!(!other.save_host(&host, 0).await.unwrap());
    drop((one, other));
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_change_policy_concurrently_take_turns() {
    let database = Database::new().await;
    let mut changes = JoinSet::new();
    for server in 0..3 {
        let store = database.open().await;
        changes.spawn(async move {
            for number in 0..20 {
                commit(&store, [put(rule(number * 3 + server, "fleet", ""))]).await;
            }
        });
    }
    changes.join_all().await;
    let store = database.open().await;
    assert_eq!(store.head().await.unwrap(), Revision(60));
    let ledger = crate::contract::ledger(&store).await;
    assert!(ledger.is_sorted_by_key(|row| row.made) && ledger.len() == 60);
    drop(store);
    database.drop().await;
}

fn event(host: &str, program: usize) -> Event {
    let report = serde_json::json!({
        "machine": host, "decision": "BLOCK_UNKNOWN", "occurred": null, "file_name": "x",
        "folder": "/", "program": {"sha256": format!("{program:064x}")}, "user": "", "pid": 1,
        "parent_name": "", "bundle_name": "", "bundle_version": "", "bundle_hash": "",
        "download_url": "", "signing_chain": [], "report": null,
    });
    serde_json::from_value(report).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_that_comes_to_several_servers_is_kept_once() {
    let database = Database::new().await;
    let mut adding = JoinSet::new();
    for turn in 0..40_usize {
        // The events are received in two different weeks, which have different partitions.
        let (store, received) = (database.open().await, at(i64::from(turn % 2 == 0) * 700_000));
        let events: Vec<Event> = (turn..turn + 20).map(|program| event("M1", program)).collect();
        adding.spawn(async move { upload(&store, &events, received).await });
    }
    assert_eq!(adding.join_all().await.iter().sum::<usize>(), 59);
    let store = database.open().await;
    let all = store.events_after(&EventFilter::default(), EventId(0), 99).await.unwrap();
    let programs: BTreeSet<&str> = all.iter().map(|it| &*it.event.program.sha256).collect();
    assert_eq!((all.len(), programs.len()), (59, 59));
    drop(store);
    database.drop().await;
}

const WEEK: i64 = 7 * 24 * 3600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weeks_that_are_too_old_go_whole() {
    let database = Database::new().await;
    let store = database.open().await;
    for week in 0..4 {
        let events: Vec<Event> =
            (0..10).map(|program| event(&format!("M{week}"), program)).collect();
        assert_eq!(upload(&store, &events, at(week * WEEK)).await, 10);
    }
    let weeks = async || {
        let tables = tables(&database).await;
        tables.into_iter().filter(|table| table.contains("_w")).collect::<Vec<_>>()
    };
    assert_eq!(weeks().await.len(), 8);
    let purge = EventPurge { before: Some(at(WEEK + 10)), keep: None };
    // A partition that contains only old events is deleted as a whole, even if it has more events
    // than the limit. Old events in other partitions are deleted up to the limit.
    assert_eq!(store.purge_events(purge, 3).await.unwrap(), 10);
    assert_eq!(weeks().await.len(), 6);
    assert_eq!(store.purge_events(purge, 3).await.unwrap(), 3, "a part of a week");
    assert_eq!(store.purge_events(purge, 99).await.unwrap(), 7);
    assert_eq!(store.purge_events(purge, 99).await.unwrap(), 0);
    let left = store.events_after(&EventFilter::default(), EventId(0), 99).await.unwrap();
    assert_eq!(left.iter().map(|it| it.id.0).collect::<Vec<_>>(), (21..=40).collect::<Vec<_>>());
    // Deleted events count as new if they are uploaded again.
    assert_eq!(store.count_new_events(&[event("M0", 1), event("M3", 1)]).await.unwrap(), 1);
    let again = [event("M0", 1), event("M1", 1), event("M3", 1)];
    assert_eq!(upload(&store, &again, at(3 * WEEK)).await, 2);
    drop(store);
    database.drop().await;
}

/// Hosts may report NULs, which PostgreSQL cannot store in texts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nuls_that_hosts_report_spoil_nothing() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut odd = Host::new(machine("M1"), at(0));
    odd.facts.hostname = "a\0b\\u0000".to_owned();
    odd.facts.groups = vec!["g\0".to_owned(), "staff".to_owned()];
    odd.facts.santa_version = "2026.7".to_owned();
    let plain = Host::new(machine("M2"), at(0));
    let (one, other) = tokio::join!(store.save_host(&odd, 0), store.save_host(&plain, 0));
    assert!(one.unwrap() && other.unwrap());
    let back = store.host(&machine("M1")).await.unwrap().unwrap().host;
    assert_eq!(back.facts.hostname, "a\u{fffd}b\\u0000");
    let group = "group:staff".parse().unwrap();
    assert_eq!(store.santa_versions(&group).await.unwrap(), [("2026.7".to_owned(), 1)]);
    let reported = Event { user: "a\0".to_owned(), folder: "/\0".to_owned(), ..event("M1", 1) };
    assert_eq!(upload(&store, std::slice::from_ref(&reported), at(0)).await, 1);
    assert_eq!(upload(&store, std::slice::from_ref(&reported), at(0)).await, 0);
    let filter = EventFilter { user: Some("a\0".to_owned()), ..EventFilter::default() };
    assert_eq!(store.events(&filter, None, 9).await.unwrap()[0].event, reported);
    drop(store);
    database.drop().await;
}

/// If the database refuses a job, the other jobs in the same commit succeed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_job_fails_alone() {
    let database = Database::new().await;
    let sql = "ALTER TABLE host ADD CONSTRAINT no_thirteen CHECK (serial <> '13')";
    database.run_sql(sql).await;
    let store = database.open().await;
    let mut saves = JoinSet::new();
    for number in 0..200 {
        let mut host = Host::new(machine(&format!("M{number}")), at(0));
        host.facts.serial = number.to_string();
        let store = Arc::clone(&store);
        saves.spawn(async move { (number, store.save_host(&host, 0).await) });
    }
    for (number, saved) in saves.join_all().await {
        match saved {
            Ok(saved) => assert!(saved && number != 13),
            Err(error) => assert!(number == 13 && error.to_string().contains("no_thirteen")),
        }
    }
    assert_eq!(store.hosts(&HostFilter::default(), None, 999).await.unwrap().len(), 199);
    drop(store);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_protected_as_the_url_says() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::new(Disk::Fast)).await.unwrap();
    cluster.start_with_tls();
    let roots = |name: &str| {
        format!("{}/tests/postgres/tls/{name}.pem", env!("CARGO_MANIFEST_DIR")).replace('/', "%2F")
    };
    let (ours, others) = (roots("authority"), roots("stranger"));
    let numbered = cluster.url("postgres");
    let named = numbered.replace("127.0.0.1", "localhost");
    let encrypted = async || {
        let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                   WHERE application_name = 'nicelist'";
        let client = cluster.connect("postgres").await;
        client.query_one(sql, &[]).await.unwrap().get::<_, Option<bool>>(0)
    };
    for (url, mode, ends) in [
        (&numbered, String::new(), Ok(true)),
        (&numbered, "sslmode=disable".to_owned(), Ok(false)),
        (&numbered, "sslmode=require".to_owned(), Ok(true)),
        (&numbered, format!("sslmode=require&sslrootcert={others}"), Err("UnknownIssuer")),
        (&numbered, format!("sslmode=verify-ca&sslrootcert={ours}"), Ok(true)),
        (&numbered, format!("sslmode=verify-ca&sslrootcert={others}"), Err("UnknownIssuer")),
        (&numbered, format!("sslmode=verify-full&sslrootcert={ours}"), Err("not valid for")),
        (&named, format!("sslmode=verify-full&sslrootcert={ours}"), Ok(true)),
        (&named, format!("sslmode=verify-full&sslrootcert={others}"), Err("UnknownIssuer")),
        (&named, "sslmode=verify-full".to_owned(), Err("certificate")),
    ] {
        let url = format!("{url}?{mode}");
        match ends {
            Ok(wanted) => {
                let store = store::open(&url, Durability::Power).await.unwrap();
                assert_eq!(store.head().await.unwrap(), Revision(0));
                assert_eq!(encrypted().await, Some(wanted), "{url}");
                drop(store);
                while encrypted().await.is_some() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Err(reason) => {
                let refusal = refusal(&url).await;
                assert!(refusal.contains(reason), "{url}: {refusal}");
            }
        }
    }
    let plain = format!("{}?sslmode=require", Cluster::shared().url("postgres"));
    assert!(refusal(&plain).await.contains("TLS"), "{}", refusal(&plain).await);
}

#[derive(Default)]
struct Answered {
    hosts: BTreeSet<String>,
    events: BTreeSet<String>,
    rules: BTreeSet<usize>,
}

/// Writes until `ended` is set, even during outages. Returns the confirmed writes.
async fn load(store: Db, writer: usize, ended: Arc<AtomicBool>) -> Answered {
    let mut answered = Answered::default();
    for number in 0.. {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("M{writer}-{number}");
        let host = Host::new(machine(&name), at(0));
        match store.save_host(&host, 0).await {
            Ok(true) => drop(answered.hosts.insert(name.clone())),
            Ok(false) => panic!("{name} was there before"),
            Err(StoreError::Unreachable(_) | StoreError::Overloaded) => {}
            Err(error) => panic!("another error: {error}"),
        }
        match store.add_events(&[event(&name, number)], at(0), UPLOAD).await {
            Ok(AddedEvents { events: 1, .. }) => drop(answered.events.insert(name)),
            Ok(other) => panic!("not one was new: {other:?}"),
            Err(StoreError::Unreachable(_) | StoreError::Overloaded) => {}
            Err(error) => panic!("another error: {error}"),
        }
        let rule_number = number * 100 + writer;
        match store.commit(change([put(rule(rule_number, "fleet", ""))])).await {
            Ok(_) => drop(answered.rules.insert(rule_number)),
            Err(
                StoreError::OutcomeUnknown(_) | StoreError::Unreachable(_) | StoreError::Overloaded,
            ) => {}
            Err(error) => panic!("another error: {error}"),
        }
    }
    answered
}

/// Waits until all stores work again after an outage. Fails after some seconds.
async fn all_is_well_within_seconds(stores: &[Db]) {
    let back = Instant::now();
    let wait = async |error| {
        assert!(back.elapsed() < Duration::from_secs(5), "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for store in stores {
        while let Err(error) = store.save_host(&Host::new(machine("probe"), at(0)), 7).await {
            wait(error).await;
        }
        while let Err(error) = store.head().await {
            wait(error).await;
        }
        let heard = timeout(Duration::from_secs(5), store.changed_elsewhere()).await;
        heard.unwrap_or_else(|_| panic!("deaf"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn confirmed_writes_survive_a_crash_and_restart_of_the_server() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::new(Disk::Durable)).await.unwrap();
    cluster.start();
    cluster.create("rules", "TEMPLATE template0").await;
    let url = cluster.url("rules");
    let stores = [
        store::open(&url, Durability::Power).await.unwrap(),
        store::open(&url, Durability::Power).await.unwrap(),
    ];
    let ended = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let store = Arc::clone(&stores[writer % 2]);
        writers.spawn(load(store, writer, Arc::clone(&ended)));
    }
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        cluster.crash();
        // A request to a stopped server fails within a second.
        let asked = Instant::now();
        let error = stores[0].head().await.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        cluster.start();
        all_is_well_within_seconds(&stores).await;
    }
    ended.store(true, Ordering::Relaxed);
    let answered = writers.join_all().await;
    let store = &stores[0];
    let hosts: BTreeSet<String> = store
        .hosts(&HostFilter::default(), None, usize::MAX)
        .await
        .unwrap()
        .iter()
        .map(|host| host.machine.to_string())
        .collect();
    let events = store.events(&EventFilter::default(), None, usize::MAX).await.unwrap();
    let events: BTreeSet<String> = events.iter().map(|it| it.event.machine.to_string()).collect();
    let rules: BTreeSet<String> =
        active_rules(store).await.iter().map(|rule| rule.target().to_string()).collect();
    for Answered { hosts: some, events: seen, rules: made } in &answered {
        assert!(some.is_subset(&hosts), "hosts are lost: {:?}", some - &hosts);
        assert!(seen.is_subset(&events), "events are lost: {:?}", seen - &events);
        let made: BTreeSet<String> =
            made.iter().map(|number| crate::contract::team(*number).to_string()).collect();
        assert!(made.is_subset(&rules), "rules are lost: {:?}", &made - &rules);
        assert!(!some.is_empty() && !seen.is_empty() && !made.is_empty());
    }
    let head = store.head().await.unwrap();
    let revisions = store.revisions(&Default::default(), None, usize::MAX).await.unwrap();
    assert_eq!(revisions.len() as u64, head.0, "a revision is missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_deletion_of_history_continues_after_a_kill() {
    let database = Database::new().await;
    retention::s8_deletion_goes_on_after_a_kill(async || database.open().await, &database.url())
        .await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_two_servers_share_the_deletion_of_history() {
    let database = Database::new().await;
    let open = async || database.open().await;
    retention::s8_two_servers_share_the_work(open, &database.url()).await;
    database.drop().await;
}
