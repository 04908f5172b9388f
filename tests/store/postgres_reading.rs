//! Which databases and rows on a PostgreSQL server are read, and which are refused.

use nicelist::rule::Revision;
use nicelist::store::{self, StoreError};

use crate::cluster::Database;
use crate::contract::{active_rules, commit, put, put_tag, rule, set};
use crate::postgres_server::tables;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s7_a_database_is_read_without_a_change() {
    let database = Database::empty().await;
    let refused = store::open_to_read(&database.url()).await.err().unwrap().to_string();
    assert!(refused.ends_with("it is empty: nicelist has never used it"), "{refused}");
    assert_eq!(tables(&database).await, [""; 0]);

    commit(&database.open().await, [put(rule(1, "fleet", ""))]).await;
    let reader = store::open_to_read(&database.url()).await.unwrap();
    assert_eq!(active_rules(&reader).await.len(), 1);
    database.run_sql("UPDATE nicelist_schema SET version = version - 1").await;
    let refused = store::open_to_read(&database.url()).await.err().unwrap();
    assert!(matches!(refused, StoreError::Outdated { .. }), "{refused}");
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l8_a_row_that_something_else_has_altered_is_found_and_not_served() {
    for (sql, table) in [
        ("UPDATE rule SET policy = policy + 1", "rule"),
        ("UPDATE rule SET ended = 1", "rule"),
        ("UPDATE setting SET value = 'monitor'", "setting"),
        ("UPDATE tag SET priority = 9", "tag"),
    ] {
        let database = Database::new().await;
        let store = database.open().await;
        let edits =
            [put_tag("eng", 1), put(rule(1, "fleet", "")), set("fleet", "client-mode", "lockdown")];
        commit(&store, edits).await;
        assert_eq!(store::maintenance::check(&database.url()).await.unwrap().damage, None);
        database.run_sql(sql).await;
        let read = match table {
            "rule" => store.ledger(Revision(0), 0, 10).await.map(drop),
            _ => store.snapshot().await.map(drop),
        };
        assert!(matches!(read, Err(StoreError::Damaged(_))), "{sql}: {read:?}");
        let damage = store::maintenance::check(&database.url()).await.unwrap().damage.unwrap();
        assert!(damage.contains(&format!("the checksum of {table}")), "{damage}");
        database.drop().await;
    }
}
