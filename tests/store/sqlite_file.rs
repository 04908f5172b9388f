//! Tests that concern only SQLite.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use nicelist::fleet::{EventId, EventKind, Host};
use nicelist::rule::{Counts, Revision, RevisionCounts};
use nicelist::store::{self, Durability, EventFilter, HostFilter, StoreError};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::contract::{
    Db, UPLOAD, active_rules, at, commit, machine, put, put_tag, retention, rule, set,
};

pub(crate) struct File(TempDir);

impl File {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn open(&self) -> Db {
        store::open(&self.url(), Durability::Power).await.unwrap()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("nicelist.db")
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    async fn refusal(&self) -> String {
        refusal(&self.url()).await
    }
}

async fn refusal(url: &str) -> String {
    match store::open(url, Durability::Power).await {
        Err(error @ StoreError::Open { .. }) => error.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("{url} was opened"),
    }
}

#[tokio::test]
async fn what_was_written_exists_after_reopening() {
    let file = File::new();
    {
        let store = file.open().await;
        let edits =
            [put_tag("eng", 1), put(rule(1, "tag:eng", "c")), set("fleet", "batch-size", "60")];
        commit(&store, edits).await;
        assert!(store.save_host(&Host::new(machine("M1"), at(0)), 0).await.unwrap());
    }
    let left: Vec<_> =
        fs::read_dir(file.0.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["nicelist.db"], "the log was not emptied");
    let store = file.open().await;
    assert_eq!(store.head().await.unwrap(), Revision(1));
    assert_eq!(active_rules(&store).await, [rule(1, "tag:eng", "c")]);
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!((snapshot.settings.len(), snapshot.tags.len()), (1, 1));
    assert_eq!(store.hosts(&HostFilter::default(), None, 9).await.unwrap().len(), 1);
    assert_eq!(commit(&store, [put(rule(2, "fleet", ""))]).await.head, Revision(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_write_one_file() {
    let file = File::new();
    let mut writers = JoinSet::new();
    for half in 0..2 {
        let store = file.open().await;
        writers.spawn(async move {
            for number in 0..30 {
                commit(&store, [put(rule(number * 2 + half, "fleet", ""))]).await;
                let host = Host::new(machine(&format!("M{half} {number}")), at(0));
                assert!(store.save_host(&host, 0).await.unwrap());
            }
        });
    }
    writers.join_all().await;
    let store = file.open().await;
    assert_eq!(store.head().await.unwrap(), Revision(60));
    assert_eq!(active_rules(&store).await.len(), 60);
    assert_eq!(store.hosts(&HostFilter::default(), None, 99).await.unwrap().len(), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_programs_make_one_file() {
    let file = File::new();
    let mut opened = JoinSet::new();
    for _ in 0..8 {
        let url = file.url();
        opened.spawn(async move { drop(store::open(&url, Durability::Power).await.unwrap()) });
    }
    opened.join_all().await;
    drop(file.open().await);
}

/// The test copies the files after the writes, while the database is open. A crash at this
/// time would leave the same files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confirmed_writes_survive_a_crash() {
    const HOSTS: usize = 1_500;
    let (file, crashed) = (File::new(), File::new());
    let store = file.open().await;
    let mut saves = JoinSet::new();
    for number in 0..HOSTS {
        let store = Arc::clone(&store);
        let host = Host::new(machine(&format!("M{number}")), at(0));
        // Some saves have a wrong version and save nothing. This must not affect the other saves in
        // the same commit.
        let version = u64::from(number % 100 == 0);
        saves.spawn(async move { store.save_host(&host, version).await.unwrap() });
    }
    let saved = saves.join_all().await.into_iter().filter(|saved| *saved).count();
    assert_eq!(saved, HOSTS - HOSTS / 100);
    for ending in ["", "-wal"] {
        let name = format!("nicelist.db{ending}");
        fs::copy(file.0.path().join(&name), crashed.0.path().join(&name)).unwrap();
    }
    let found = crashed.open().await.hosts(&HostFilter::default(), None, usize::MAX).await.unwrap();
    assert_eq!(found.len(), saved);
}

/// The database has the first version of the schema.
#[tokio::test]
async fn events_of_an_older_database_are_found_by_what_they_had_not() {
    let file = File::new();
    let old = Connection::open(file.path()).unwrap();
    let schema = include_str!("../../src/store/sqlite/migrations/0001_initial.sql");
    old.execute_batch(schema).unwrap();
    let id = i32::from_be_bytes(*b"nice");
    old.pragma_update(None, "application_id", id).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    for (decision, bundle) in [("BLOCK_UNKNOWN", ""), ("BUNDLE_BINARY", "ab"), ("ALLOW_BINARY", "")]
    {
        let certificate = serde_json::json!({"sha256": "cd", "common_name": "Ex AB"});
        let body = serde_json::json!({
            "machine": "M1", "decision": decision, "occurred": null, "file_name": "tool",
            "folder": "/opt", "program": {"sha256": "ef", "certificate": certificate}, "user": "",
            "pid": 0, "parent_name": "", "bundle_name": "", "bundle_version": "",
            "bundle_hash": bundle, "download_url": "", "signing_chain": [], "report": {},
        });
        let sql = "INSERT INTO event (machine, received, decision, pid, sha256, signing_id,
                       team_id, user, path, body)
                   VALUES ('M1', 5, ?, 0, 'ef', '', '', '', '/opt/tool', ?)";
        old.execute(sql, [decision, &body.to_string()]).unwrap();
    }
    drop(old);
    let store = file.open().await;
    let numbers = async |filter: EventFilter| {
        let found = store.events(&filter, None, 9).await.unwrap();
        found.iter().map(|stored| stored.id.0).collect::<Vec<_>>()
    };
    let none = EventFilter::default;
    assert_eq!(numbers(none()).await, [3, 2, 1]);
    assert_eq!(numbers(EventFilter { blocked: true, ..none() }).await, [1]);
    let members = EventFilter { kinds: vec![EventKind::BundleMember], ..none() };
    assert_eq!(numbers(members).await, [2]);
    assert_eq!(numbers(EventFilter { signer: Some("ex ab".to_owned()), ..none() }).await.len(), 3);
    assert_eq!(store.count_bundle_members("ab").await.unwrap(), 1);
    let again = store.event(EventId(1)).await.unwrap().unwrap().event;
    assert_eq!(
        store.add_events(&[again], at(9), UPLOAD).await.unwrap().events,
        0,
        "it is the same event still"
    );
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let file = File::new();
    drop(file.open().await);
    Connection::open(file.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refusal = file.refusal().await;
    assert!(
        refusal.starts_with(&format!(
            "cannot open {}: it was created by a newer nicelist",
            file.url()
        )),
        "{refusal}"
    );
    assert!(refusal.contains("upgrade"), "{refusal}");
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let file = File::new();
    let marks = ["CREATE TABLE t (x)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"];
    for mark in marks {
        let _gone = fs::remove_file(file.path());
        Connection::open(file.path()).unwrap().execute_batch(mark).unwrap();
        let before = fs::read(file.path()).unwrap();
        let refusal = file.refusal().await;
        assert!(refusal.contains("another program"), "{mark}: {refusal}");
        assert_eq!(fs::read(file.path()).unwrap(), before, "{mark}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_refused() {
    let file = File::new();
    fs::write(file.path(), "rules: none\n".repeat(100)).unwrap();
    assert!(file.refusal().await.contains("not an SQLite database"), "{}", file.refusal().await);
    let folder = format!("sqlite:{}", file.0.path().display());
    assert!(refusal(&folder).await.contains("directory"), "{}", refusal(&folder).await);
    assert!(refusal("sqlite:").await.contains("no file name"));
    assert!(refusal("mysql://x").await.contains("expected sqlite:PATH"));
}

#[tokio::test]
async fn only_the_owner_may_read_what_is_created() {
    let file = File::new();
    let nested = file.0.path().join("a/b/rules.db");
    let url = format!("sqlite:{}", nested.display());
    let store = store::open(&url, Durability::Power).await.unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(nested.clone()), 0o600);
    assert_eq!(mode(nested.with_file_name("rules.db-wal")), 0o600);
    assert_eq!(mode(file.0.path().join("a")), 0o700);
    assert_eq!(mode(file.0.path().join("a/b")), 0o700);
    drop(store);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_in_memory_are_apart() {
    let (one, other) = (
        store::open("sqlite::memory:", Durability::Power).await.unwrap(),
        store::open("sqlite::memory:", Durability::Power).await.unwrap(),
    );
    commit(&one, [put(rule(1, "fleet", ""))]).await;
    assert_eq!(one.head().await.unwrap(), Revision(1));
    assert_eq!(other.head().await.unwrap(), Revision(0));
    drop(one);
    let again = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    assert_eq!(again.head().await.unwrap(), Revision(0));
}

#[tokio::test]
async fn revisions_of_an_older_database_are_counted() {
    let file = File::new();
    let old = Connection::open(file.path()).unwrap();
    old.execute_batch(include_str!("../../src/store/sqlite/migrations/0001_initial.sql")).unwrap();
    old.execute_batch(include_str!("../../src/store/sqlite/migrations/0002_events.sql")).unwrap();
    old.pragma_update(None, "application_id", i32::from_be_bytes(*b"nice")).unwrap();
    old.pragma_update(None, "user_version", 2).unwrap();
    old.execute_batch(
        "INSERT INTO revision (id, at, author) VALUES (1, 0, 'a'), (2, 0, 'a'), (3, 0, 'a');
         INSERT INTO scope (id, kind, name) VALUES (1, 0, '');
         INSERT INTO rule (rule_type, identifier, scope, policy, made, ended) VALUES
             (4, 'AAAAAAAAAA', 1, 0, 1, 2), (4, 'BBBBBBBBBB', 1, 0, 1, 2),
             (4, 'AAAAAAAAAA', 1, 2, 2, 3), (4, 'CCCCCCCCCC', 1, 0, 2, NULL);
         INSERT INTO setting (scope, key, value, made, ended) VALUES
             (1, 'batch-size', '50', 1, 2), (1, 'batch-size', '60', 2, NULL);
         INSERT INTO tag (name, priority, made, ended) VALUES ('eng', 1, 1, 3), ('eng', 2, 3, NULL);",
    )
    .unwrap();
    drop(old);
    let store = file.open().await;
    let counts = |added, changed, removed| Counts { added, changed, removed };
    let expected = [
        (counts(2, 0, 0), counts(1, 0, 0), counts(1, 0, 0)),
        (counts(1, 1, 1), counts(0, 1, 0), counts(0, 0, 0)),
        (counts(0, 0, 1), counts(0, 0, 0), counts(0, 1, 0)),
    ];
    for (revision, (rules, settings, tags)) in (1..).zip(expected) {
        let found = store.revision(Revision(revision)).await.unwrap().unwrap().counts;
        assert_eq!(found, RevisionCounts { rules, settings, tags, hosts: 0 }, "{revision}");
    }
}

#[tokio::test]
async fn s8_deletion_of_history_continues_after_a_kill() {
    let file = File::new();
    retention::s8_deletion_goes_on_after_a_kill(async || file.open().await, &file.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_two_programs_share_the_deletion_of_history() {
    let file = File::new();
    retention::s8_two_servers_share_the_work(async || file.open().await, &file.url()).await;
}
