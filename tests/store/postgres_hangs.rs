//! A PostgreSQL server that accepts connections but does not respond, and a table that another
//! client locked. Requests fail soon with the reason, and succeed again when the server responds or
//! the lock is released. Abandoned queries are canceled.
#![expect(clippy::expect_used, reason = "a test stops where it fails")]

use std::time::{Duration, Instant};

use nicelist::store::{self, Durability, RuleFilter, StoreError, StoreResult};
use tokio::time::timeout;

use crate::cluster::{Cluster, Database, Disk};
use crate::contract::{active_rules, change, commit, put, rule};

/// Maximum duration of a request: much longer than a request takes on a busy machine.
const SOON: Duration = Duration::from_secs(8);

async fn soon<T>(request: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    timeout(SOON, request).await.expect("a request hangs")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_hung_server_is_reported_and_used_again_when_it_responds() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::new(Disk::Fast)).await.unwrap();
    cluster.start();
    cluster.create("rules", "TEMPLATE template0").await;
    let store = store::open(&cluster.url("rules"), Durability::Power).await.unwrap();
    commit(&store, [put(rule(1, "fleet", ""))]).await;

    let hung = cluster.suspend();
    let changed = soon(store.commit(change([put(rule(2, "fleet", ""))]))).await;
    assert!(matches!(changed, Err(StoreError::OutcomeUnknown(_))), "{changed:?}");
    // Later requests fail without waiting for the server.
    for _ in 0..100 {
        let read = soon(store.head()).await;
        assert!(matches!(read, Err(StoreError::Unreachable(_))), "{read:?}");
    }
    let changed = soon(store.commit(change([put(rule(3, "fleet", ""))]))).await;
    assert!(matches!(changed, Err(StoreError::Unreachable(_))), "never sent: {changed:?}");
    drop(hung);

    let begun = Instant::now();
    while store.head().await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it responds, and is not used");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    commit(&store, [put(rule(4, "fleet", ""))]).await;
    let rules = active_rules(&store).await;
    let has = |number| rules.contains(&rule(number, "fleet", ""));
    assert!(has(1) && has(4), "what was answered is there");
    assert!(!has(3), "what was never sent is not");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_locked_table_fails_requests_instead_of_holding_them() {
    let database = Database::new().await;
    let store = database.open().await;
    commit(&store, [put(rule(1, "fleet", ""))]).await;
    let locker = database.cluster.connect(&database.name).await;
    locker.batch_execute("BEGIN; LOCK TABLE rule, revision").await.unwrap();
    let read = soon(store.rules(&RuleFilter::default(), None, 1)).await;
    assert!(matches!(read, Err(StoreError::Overloaded)), "{read:?}");
    let changed = soon(store.commit(change([put(rule(2, "fleet", ""))]))).await;
    assert!(matches!(changed, Err(StoreError::Overloaded)), "{changed:?}");
    locker.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(active_rules(&store).await, [rule(1, "fleet", "")]);
    drop(store);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_a_query_that_no_one_waits_for_is_canceled_and_its_connection_closed() {
    let database = Database::new().await;
    let store = database.open().await;
    let watcher = database.cluster.connect(&database.name).await;
    let locker = database.cluster.connect(&database.name).await;
    locker.batch_execute("BEGIN; LOCK TABLE rule").await.unwrap();
    let backend = async || {
        let sql = "SELECT pid FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND datname = current_database()";
        watcher.query_opt(sql, &[]).await.unwrap().map(|row| row.get::<_, i32>(0))
    };
    let asked = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { store.rules(&RuleFilter::default(), None, 1).await.map(|rules| rules.len()) }
    });
    let pid = loop {
        match backend().await {
            Some(pid) => break pid,
            None => assert!(!asked.is_finished(), "the query was over before it was seen"),
        }
    };
    asked.abort();
    let begun = Instant::now();
    let alive = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
    while watcher.query_opt(alive, &[&pid]).await.unwrap().is_some() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the connection is kept");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    locker.batch_execute("ROLLBACK").await.unwrap();
    assert!(active_rules(&store).await.is_empty(), "other connections serve what follows");
    drop(store);
    database.drop().await;
}
