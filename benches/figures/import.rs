//! An import from end to end, compared with a raw bulk insert of the same rows.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::bounds::record;
use crate::postgres::Cluster;
use crate::{median, ms, nicelist, rules, time};

const SCHEMA: &str = include_str!("../../src/store/sqlite/migrations/0001_initial.sql");
/// Numbers of rows, each with the number of runs.
const IMPORTS: [(u64, usize); 4] = [(1_000, 7), (10_000, 7), (100_000, 7), (1_000_000, 3)];

const ON_POSTGRES: (u64, usize) = (1_000_000, 3);
/// The bound applies to imports of at least this number of rows. With fewer rows, the start of the
/// process would distort the ratio.
const BOUND_FROM: u64 = 100_000;

pub(crate) fn report() {
    println!("## Import\n");
    println!(
        "`rule import` of a CSV file into SQLite: the whole process, one revision. The limit is"
    );
    println!(
        "one transaction of prepared inserts of the same rows, in the order of the index, into"
    );
    println!(
        "the same table, with the same durability. Bound, from 100,000 rows on: three times the limit.\n"
    );
    println!(
        "| rows | import | raw insert | ratio | import again, unchanged |\n|---|---|---|---|---|"
    );
    for (rows, runs) in IMPORTS {
        let (mut first, mut again, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            let (import, unchanged) = import(rows);
            first.push(import);
            again.push(unchanged);
            raw.push(raw_insert(rows));
        }
        let (first, again, raw) = (median(first), median(again), median(raw));
        let ratio = first.as_secs_f64() / raw.as_secs_f64();
        println!("| {rows} | {} | {} | {ratio:.1} | {} |", ms(first), ms(raw), ms(again));
        if rows >= BOUND_FROM {
            let promise = format!("import of {rows} rows: 3 times raw insert");
            record(promise, format!("{ratio:.1} times"), ratio <= 3.0);
        }
    }
    println!();
    on_postgres();
}

fn on_postgres() {
    let (rows, runs) = ON_POSTGRES;
    println!(
        "The same into PostgreSQL. The limit is a raw `COPY` of the same rows and one upsert, in one"
    );
    println!("transaction, into the same table. Bound: twice the limit.\n");
    println!(
        "| rows | import | raw COPY and upsert | ratio | import again, unchanged |\n|---|---|---|---|---|"
    );
    let cluster = Cluster::start();
    let (mut first, mut again, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        let (import, unchanged) = import_into(&cluster.database(&format!("import_{run}")), rows);
        first.push(import);
        again.push(unchanged);
        raw.push(cluster.raw_copy(&format!("raw_{run}"), rows));
    }
    let (first, again, raw) = (median(first), median(again), median(raw));
    let ratio = first.as_secs_f64() / raw.as_secs_f64();
    println!("| {rows} | {} | {} | {ratio:.1} | {} |\n", ms(first), ms(raw), ms(again));
    let promise = format!("import of {rows} rows into PostgreSQL: twice raw COPY and upsert");
    record(promise, format!("{ratio:.1} times"), ratio <= 2.0);
}

/// A hash that looks random but is the same in every run.
pub(crate) fn hash(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0;
    let mut text = String::with_capacity(64);
    for _ in 0..4 {
        state ^= state >> 31;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 27;
        let _ = write!(text, "{state:016x}");
    }
    text
}

fn import(rows: u64) -> (Duration, Duration) {
    let home = tempfile::tempdir().unwrap();
    import_into(&format!("sqlite:{}", home.path().join("nicelist.db").display()), rows)
}

fn import_into(database: &str, rows: u64) -> (Duration, Duration) {
    let home = tempfile::tempdir().unwrap();
    let file = rules::csv(home.path(), rows);
    let run = || {
        let mut command = nicelist(home.path());
        command.args(["rule", "import", "--database", database]).arg(&file);
        time(&mut command)
    };
    (run(), run())
}

fn raw_insert(rows: u64) -> Duration {
    let home = tempfile::tempdir().unwrap();
    let mut db = open(&home.path().join("raw.db"));
    let mut hashes: Vec<(String, String)> =
        (0..rows).map(|number| (hash(number), format!("package {number}"))).collect();
    let start = Instant::now();
    hashes.sort_unstable();
    let tx = db.transaction().unwrap();
    {
        let mut insert = tx
            .prepare(
                "INSERT INTO rule (scope, rule_type, identifier, policy, comment, made) \
                 VALUES (1, 1, ?1, 0, ?2, 1)",
            )
            .unwrap();
        for (hash, comment) in &hashes {
            insert.execute(params![hash, comment]).unwrap();
        }
    }
    tx.commit().unwrap();
    start.elapsed()
}

fn open(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.pragma_update(None, "cache_size", -64 * 1024).unwrap();
    db.execute_batch(SCHEMA).unwrap();
    db.execute("INSERT INTO revision (id, at, author) VALUES (1, 0, 'raw')", []).unwrap();
    db.execute("INSERT INTO scope (id, kind, name) VALUES (1, 0, '')", []).unwrap();
    db
}
