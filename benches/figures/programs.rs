//! Response times of requests that list programs or return the details of a program.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nicelist::fleet::{Clock, Event, Host};
use nicelist::store::{self, Durability, EventOrigin, Store};
use serde_json::{Value, json};

use crate::bounds::record;
use crate::import::hash;
use crate::server::{Server, connect, exchange};
use crate::{median, ms, time};

const EVENTS: u64 = 1_000_000;
const PROGRAMS: u64 = 100_000;
const HOSTS: u64 = 1_000;
const GROUPS: u64 = 100;
pub(crate) const A_BATCH: u64 = 10_000;

/// The maximum number of pages that are read from a list.
const MOST_PAGES: usize = 200;
const LIMIT: Duration = Duration::from_millis(50);
/// The number of programs whose details are read.
const SHOWN: u64 = 200;
const SHOW_LIMIT: Duration = Duration::from_millis(10);

pub(crate) fn report() {
    println!("## Programs that are pending approval\n");
    println!(
        "{EVENTS} events of {HOSTS} hosts in {GROUPS} groups, which blocked {PROGRAMS} programs of 100 teams. SQLite."
    );
    println!(
        "At most {MOST_PAGES} pages of the list are read, one after the other. Bound: 50 ms for each page.\n"
    );
    println!(
        "| rules | page size | pages | programs | median | slowest |\n|---|---|---|---|---|---|"
    );
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill(&database));
    let server = Server::start(home.path(), &database);
    measure(&server, "none", 500);
    measure(&server, "none", 50);
    add_rules(home.path(), &server, 0..99);
    measure(&server, "for 99 of 100 teams in every group", 500);
    add_rules(home.path(), &server, 99..100);
    measure(&server, "for all teams in every group", 500);
    println!();
    report_programs(server.address);
}

/// Measures a list of programs with a filter that no index supports, and the details of programs.
fn report_programs(address: SocketAddr) {
    println!("The same programs, with rules for all teams in every group:\n");
    println!("| request | requests | programs | median | slowest |\n|---|---|---|---|---|");
    let (pages, programs) = read_pages(address, "programs?user=user7");
    let bound = "a page of the programs of a user: 50 ms";
    row("`GET /programs?user=user7`, all pages", pages, programs, (bound, LIMIT));
    let ids = (1..=PROGRAMS).step_by(usize::try_from(PROGRAMS / SHOWN).unwrap());
    let times: Vec<Duration> = ids.map(|id| read(address, &format!("programs/{id}")).0).collect();
    let shown = times.len();
    row("`GET /programs/ID`", times, shown, ("program show: 10 ms", SHOW_LIMIT));
    println!();
}

/// Prints a row of a table, and records whether the slowest request was within `limit`. `first`
/// contains the first cells.
fn row(first: &str, times: Vec<Duration>, programs: usize, (bound, limit): (&str, Duration)) {
    let slowest = *times.iter().max().unwrap();
    let (count, middle) = (times.len(), median(times));
    println!("| {first} | {count} | {programs} | {} | {} |", ms(middle), ms(slowest));
    record(bound, ms(slowest), slowest <= limit);
}

/// Adds the hosts and events. Ten hosts report each program. Consecutive events are about programs
/// of different teams.
async fn fill(database: &str) {
    let store = store::open(database, Durability::Process).await.unwrap();
    let now = Clock::System.now();
    add_hosts(&*store).await;
    for first in (0..EVENTS).step_by(usize::try_from(A_BATCH).unwrap()) {
        let events: Vec<Event> = (first..first + A_BATCH).map(event).collect();
        store.add_events(&events, now, EventOrigin::Import).await.unwrap();
    }
}

/// Adds the hosts that the events are from.
pub(crate) async fn add_hosts(store: &dyn Store) {
    let now = Clock::System.now();
    for number in 0..HOSTS {
        let mut host = Host::new(machine(number).parse().unwrap(), now);
        host.facts.groups = vec![format!("group-{}", number % GROUPS)];
        host.facts.santa_version = "2026.7".to_owned();
        assert!(store.save_host(&host, 0).await.unwrap());
    }
}

fn machine(number: u64) -> String {
    format!("HOST{number:06}")
}

pub(crate) fn event(number: u64) -> Event {
    let program = number % PROGRAMS;
    let host = (program + number / PROGRAMS * 37) % HOSTS;
    let team = format!("TEAM{:06}", program % 100);
    let occurred = 1_780_000_000 + i64::try_from(number).unwrap();
    serde_json::from_value(json!({
        "machine": machine(host), "decision": "BLOCK_UNKNOWN",
        "occurred": Timestamp::from_second(occurred).unwrap(),
        "file_name": format!("Tool {program}"),
        "folder": format!("/Applications/Tool {program}.app/Contents/MacOS"),
        "user": format!("user{host}"), "pid": 1, "parent_name": "", "bundle_name": "",
        "bundle_version": "", "bundle_hash": "", "download_url": "", "signing_chain": [],
        "other_fields": null,
        "program": {
            "sha256": hash(program), "team_id": team, "signing_status": "production",
            "signing_id": format!("{team}:com.example.tool{program}"),
            "cdhash": hash(program + PROGRAMS)[..40],
        },
    }))
    .unwrap()
}

fn add_rules(home: &Path, server: &Server, teams: std::ops::Range<u64>) {
    let mut csv = String::from("rule_type,identifier,policy,scope\n");
    for team in teams {
        for group in 0..GROUPS {
            csv.push_str(&format!("TEAMID,TEAM{team:06},ALLOWLIST,group:group-{group}\n"));
        }
    }
    let file = home.join("teams.csv");
    std::fs::write(&file, csv).unwrap();
    time(server.nicelist(home).args(["rule", "import", "-q"]).arg(file));
}

fn measure(server: &Server, rules: &str, limit: usize) {
    let (pages, programs) = read_pages(server.address, &format!("events/waiting?limit={limit}"));
    let bound = format!("a page of {limit} pending programs, rules: {rules}: 50 ms");
    row(&format!("{rules} | {limit}"), pages, programs, (bound.as_str(), LIMIT));
}

/// Reads up to [`MOST_PAGES`] pages of a list. Returns the time of each page, and the number of
/// items.
fn read_pages(address: SocketAddr, path: &str) -> (Vec<Duration>, usize) {
    let (mut pages, mut items, mut cursor) = (Vec::new(), 0, String::new());
    while pages.len() < MOST_PAGES {
        let (took, page) = read(address, &format!("{path}{cursor}"));
        pages.push(took);
        items += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    (pages, items)
}

fn read(address: SocketAddr, path: &str) -> (Duration, Value) {
    let (mut stream, start) = (connect(address), Instant::now());
    let (_, body) = exchange(&mut stream, "GET", &format!("/api/v1/{path}"), "", "");
    let took = start.elapsed();
    (took, serde_json::from_slice(&body).unwrap())
}
