//! Rule downloads: the first download of one Mac, and one change that many Macs download.

use std::time::{Duration, Instant};

use crate::bounds::record;
use crate::mac::{Mac, in_turn};
use crate::server::Server;
use crate::{median, ms, rules, time};

const RULES: u64 = 100_000;
const RUNS: usize = 5;
const HERD: usize = 10_000;
const CONNECTIONS: usize = 64;

pub(crate) fn report() {
    println!("## Downloads\n");
    println!(
        "The first download of {RULES} rules by one Mac, JSON with gzip: median of {RUNS}, each"
    );
    println!(
        "from a server that was just started, so that every page is encoded for it. Bounds: one"
    );
    println!(
        "second, 30 pages. Then {HERD} Macs request the page of one changed rule, on {CONNECTIONS}"
    );
    println!("connections. Bound: it is encoded only once.\n");
    println!("| what | wall | server CPU | pages encoded |\n|---|---|---|---|");
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    let (mut walls, mut cpus, mut pages) = (Vec::new(), Vec::new(), 0);
    for run in 0..RUNS {
        let server = Server::start(home.path(), &database);
        let mut mac = Mac::connect(server.address, run);
        let (start, before) = (Instant::now(), server.cpu());
        pages = mac.take_all();
        walls.push(start.elapsed());
        cpus.push(server.cpu() - before);
    }
    let wall = median(walls);
    println!("| first download | {} | {} | {pages} |", ms(wall), ms(median(cpus)));
    let promise = format!("first download of {RULES} rules: 1 s, 30 pages");
    let is_met = wall <= Duration::from_secs(1) && pages <= 30;
    record(promise, format!("{}, {pages} pages", ms(wall)), is_met);
    let (wall, cpu, encoded) = herd();
    println!("| {HERD} Macs, one page | {} | {} | {encoded} |\n", ms(wall), ms(cpu));
    let promise = format!("a page that {HERD} Macs request: encoded once");
    record(promise, format!("{encoded} times"), encoded == 1);
}

fn herd() -> (Duration, Duration, u64) {
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, 10);
    let server = Server::start(home.path(), &database);
    let mut connections: Vec<Mac> =
        (0..CONNECTIONS).map(|number| Mac::connect(server.address, number)).collect();
    in_turn(&mut connections, HERD, |mac| {
        mac.take_all();
    });
    let before = server.pages_encoded();
    time(server.nicelist(home.path()).args(["rule", "add", "block", "teamid:ABCDE12345"]));
    in_turn(&mut connections, HERD, |mac| {
        mac.preflight();
    });
    let (start, cpu) = (Instant::now(), server.cpu());
    in_turn(&mut connections, HERD, |mac| {
        assert_eq!(mac.download(), (1, 1));
    });
    (start.elapsed(), server.cpu() - cpu, server.pages_encoded() - before)
}
