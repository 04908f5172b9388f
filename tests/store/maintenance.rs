//! A copy of a database includes all tables and columns with data.

use nicelist::store::maintenance::TABLES;

use crate::cluster::Database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_kept_is_moved() {
    let database = Database::new().await;
    let on = database.cluster.connect(&database.name).await;
    // The query leaves out tables that describe the database itself (`nicelist_schema` and
    // `epoch`), `event_once`, which is computed from events, and partitions, which are part of
    // their tables.
    let sql = "SELECT c.table_name || '.' || c.column_name FROM information_schema.columns AS c
               JOIN pg_class AS t ON t.relname = c.table_name AND NOT t.relispartition
               WHERE c.table_schema = 'public'
                 AND c.table_name NOT IN ('nicelist_schema', 'event_once', 'epoch')";
    let rows = on.query(sql, &[]).await.unwrap();
    let mut kept: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut moved: Vec<String> =
        ["id", "received", "body"].map(|column| format!("event_body.{column}")).into();
    for table in TABLES {
        let sql = "SELECT pg_get_serial_sequence($1, $2) IS NOT NULL";
        let key = table.columns[0].name;
        let numbered: bool = on.query_one(sql, &[&table.name, &key]).await.unwrap().get(0);
        assert_eq!(numbered, table.numbered, "{}", table.name);
        let own = &table.columns[..table.columns.len() - usize::from(table.parted)];
        moved.extend(own.iter().map(|column| format!("{}.{}", table.name, column.name)));
    }
    kept.sort();
    moved.sort();
    assert_eq!(moved, kept);
    drop(on);
    database.drop().await;
}
