//! Counting a million hosts by state, and listing the few hosts in one state.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::bounds::record;
use crate::mac::Mac;
use crate::server::{Server, connect, exchange, post};
use crate::{median, ms, rules, time};

const HOSTS: u64 = 1_000_000;
const BEHIND: u64 = 10;
const RULES: u64 = 1_000;
const RUNS: usize = 21;
const LIST_LIMIT: Duration = Duration::from_millis(20);
const COUNT_LIMIT: Duration = Duration::from_secs(1);
/// The interval between two counts, in seconds.
const EVERY: u32 = 10;
/// The number of measured counts.
const COUNTS: u32 = 6;

pub(crate) fn report() {
    println!("## Hosts by state\n");
    println!(
        "A server over SQLite with {RULES} rules and {HOSTS} hosts, which are up to date except {BEHIND}. The list"
    );
    println!(
        "is `host list --state behind`. CPU of a count is the server's, above that of a server that does"
    );
    println!("not count. Bounds: 20 ms for the list, 1 s of CPU for a count.\n");
    println!("| what | measured |\n|---|---|");
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    Mac::connect(Server::start(home.path(), &database).address, 0).take_all();
    multiply(&home.path().join("nicelist.db"), HOSTS);

    let idle = cpu_of(home.path(), &database, "1h");
    let server = Server::start(home.path(), &database);
    put_behind(server.address);
    list(home.path(), &server);
    drop(server);

    let counting = cpu_of(home.path(), &database, &format!("{EVERY}s"));
    let count = counting.saturating_sub(idle) / COUNTS;
    println!("| CPU of a count | {} |\n", ms(count));
    record(format!("a count of {HOSTS} hosts: 1 s of CPU"), ms(count), count <= COUNT_LIMIT);
}

/// Copies the only host in the database until the database has this number of hosts. Spreads the
/// hosts' last-seen times over ten minutes.
pub(crate) fn multiply(database: &Path, hosts: u64) {
    let database = Connection::open(database).unwrap();
    let copied = database
        .execute(
            "INSERT INTO host (machine, version, serial, hostname, primary_user, tags, first_seen,
                               sync, facts, state_key, tags_key, syncing, seen)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
             SELECT format('HOST%08d', i), version, 'C' || i, 'mac-' || i, 'user' || i, tags,
                    first_seen,
                    json_set(sync, '$.last_seen',
                             strftime('%Y-%m-%dT%H:%M:%SZ', seen - i % 600, 'unixepoch')),
                    json_set(facts, '$.serial', 'C' || i, '$.hostname', 'mac-' || i,
                             '$.primary_user', 'user' || i),
                    state_key, tags_key, syncing, seen - i % 600
             FROM n, host",
            [i64::try_from(hosts).unwrap()],
        )
        .unwrap();
    assert_eq!(copied as u64, hosts - 1);
}

/// Tags a few hosts and adds a rule for the tag, so that the hosts are behind.
fn put_behind(address: SocketAddr) {
    let mut stream = connect(address);
    let mut send = |path: &str, body: Value| {
        post(&mut stream, &format!("/api/v1{path}"), &body.to_string());
    };
    send("/tags", json!({"name": "few"}));
    for number in 0..BEHIND {
        let machine = format!("HOST{:08}", 1 + number * (HOSTS / BEHIND - 1));
        send(&format!("/hosts/{machine}/tags"), json!({"add": ["few"]}));
    }
    let rule = json!({"target": "teamid:ABCDE12345", "policy": "block", "scope": "tag:few"});
    send("/rules", json!({"put": [rule]}));
}

fn list(home: &Path, server: &Server) {
    let (mut stream, mut requests) = (connect(server.address), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        let (_, body) = exchange(&mut stream, "GET", "/api/v1/hosts?state=behind", "", "");
        requests.push(start.elapsed());
        let page: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(page["items"].as_array().unwrap().len() as u64, BEHIND);
    }
    let request = median(requests);
    println!("| the list: the request, median of {RUNS} | {} |", ms(request));
    let command = || {
        let mut command = server.nicelist(home);
        time(command.args(["host", "list", "--state", "behind"]))
    };
    let command = median((0..RUNS).map(|_| command()).collect());
    println!("| the list: the whole command, median of {RUNS} | {} |", ms(command));
    let promise = format!("`host list --state behind` of {HOSTS} hosts, {BEHIND} behind: 20 ms");
    record(promise, ms(command), command <= LIST_LIMIT);
}

/// The CPU time that a server without requests uses in [`COUNTS`] × [`EVERY`] seconds after its
/// first count. `every` is the interval at which the server counts the hosts.
fn cpu_of(home: &Path, database: &str, every: &str) -> Duration {
    let flags = ["--count-hosts-every".to_owned(), every.to_owned()];
    let server = Server::start_with(home, database, &flags);
    // Waits for the first count, which also fills a cache that later counts use.
    std::thread::sleep(Duration::from_secs(5));
    let before = server.cpu();
    std::thread::sleep(Duration::from_secs(u64::from(EVERY * COUNTS)));
    server.cpu() - before
}
