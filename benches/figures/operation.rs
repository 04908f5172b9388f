//! Operating a server: `/metrics` of a large fleet, and syncs during a scheduled backup.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nicelist::fleet::{Clock, Event};
use nicelist::store::{self, Durability, EventOrigin};

use crate::bounds::record;
use crate::mac::{Mac, together};
use crate::server::{Server, connect, exchange};
use crate::{counts, median, mib, ms, probe, programs, rules};

const HOSTS: u64 = 1_000_000;
const RULES: u64 = 1_000;
/// The interval between two counts of the hosts, and how long the metrics are requested.
const COUNT_EVERY: &str = "10s";
const SCRAPING: Duration = Duration::from_secs(25);
const SCRAPE_LIMIT: Duration = Duration::from_millis(50);

/// The size of the database that is backed up, unless `--gigabytes=N` sets it.
const GIGABYTES: u64 = 2;
const MACS: usize = 8;
/// The pause of a Mac between two syncs. A server limits the requests per host.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the syncs without a backup are measured.
const UNDISTURBED: Duration = Duration::from_secs(10);
const LONGEST_BACKUP: Duration = Duration::from_secs(60 * 60);
const DELAY_LIMIT: Duration = Duration::from_millis(50);

pub(crate) fn report() {
    println!("## Operation\n");
    report_metrics();
    report_backup();
}

fn report_metrics() {
    println!(
        "`/metrics` of a server over SQLite with {RULES} rules and {HOSTS} hosts, requested for {} s while the",
        SCRAPING.as_secs()
    );
    println!(
        "server counts the hosts every {COUNT_EVERY}. Bound: 50 ms for the slowest response.\n"
    );
    println!("| requests | median | slowest |\n|---|---|---|");
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    Mac::connect(Server::start(home.path(), &database).address, 0).take_all();
    counts::multiply(&home.path().join("nicelist.db"), HOSTS);
    let flags = ["--count-hosts-every".to_owned(), COUNT_EVERY.to_owned()];
    let server = Server::start_with(home.path(), &database, &flags);
    wait_for_count(server.address);
    let ((), times) = probe::during(server.address, "/metrics", || std::thread::sleep(SCRAPING));
    let (requests, slowest) = (times.len(), *times.last().unwrap());
    println!("| {requests} | {} | {} |\n", ms(median(times)), ms(slowest));
    let bound = format!("`/metrics` with {HOSTS} hosts: 50 ms");
    record(bound, ms(slowest), slowest <= SCRAPE_LIMIT);
}

/// Waits until the metrics include all hosts.
fn wait_for_count(address: SocketAddr) {
    let mut stream = connect(address);
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let (_, body) = exchange(&mut stream, "GET", "/metrics", "", "");
        let text = String::from_utf8(body).unwrap();
        let hosts = text.lines().filter(|line| line.starts_with("nicelist_hosts{"));
        let hosts: u64 =
            hosts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
        if hosts == HOSTS {
            return;
        }
        assert!(Instant::now() < deadline, "{hosts} of {HOSTS} hosts are counted");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn report_backup() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("nicelist.db");
    let database = format!("sqlite:{}", file.display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill(&database, &file, gigabytes() * 1_000_000_000));
    let size = std::fs::metadata(&file).unwrap().len();
    println!(
        "A scheduled backup of a database of {}, while {MACS} Macs sync without a rule to download. A sync has",
        mib(size)
    );
    println!(
        "three requests. Bound: no sync takes 50 ms longer than the median without a backup.\n"
    );
    println!("| backup | took | syncs | median | slowest |\n|---|---|---|---|---|");
    let server = Server::start(home.path(), &database);
    let start = Instant::now();
    let usual = sync_until(server.address, || start.elapsed() > UNDISTURBED);
    let usual = row("none", UNDISTURBED, usual);
    drop(server);

    let folder = home.path().join("backups");
    std::fs::create_dir(&folder).unwrap();
    // The folder is empty, so the server begins a backup when it starts.
    let flags = ["--backup-dir".to_owned(), folder.display().to_string()];
    let start = Instant::now();
    let server = Server::start_with(home.path(), &database, &flags);
    let times = sync_until(server.address, || {
        assert!(start.elapsed() < LONGEST_BACKUP, "the backup is not complete");
        has_backup(&folder)
    });
    let took = start.elapsed();
    let slowest = *times.last().unwrap();
    row("all the time", took, times);
    println!();
    let delay = slowest.saturating_sub(usual);
    let bound = format!("longest delay of a sync by a backup of {}: 50 ms", mib(size));
    record(bound, ms(delay), delay <= DELAY_LIMIT);
}

/// The value of `--gigabytes`.
fn gigabytes() -> u64 {
    let given = std::env::args().find_map(|it| it.strip_prefix("--gigabytes=")?.parse().ok());
    given.unwrap_or(GIGABYTES)
}

/// Adds events until the database has this number of bytes.
async fn fill(database: &str, file: &Path, bytes: u64) {
    let store = store::open(database, Durability::Process).await.unwrap();
    let now = Clock::System.now();
    programs::add_hosts(&*store).await;
    let mut first = 0;
    while std::fs::metadata(file).unwrap().len() < bytes {
        let events: Vec<Event> = (first..first + programs::A_BATCH).map(programs::event).collect();
        store.add_events(&events, now, EventOrigin::Import).await.unwrap();
        first += programs::A_BATCH;
    }
}

/// A backup gets this kind of name only after it is complete.
fn has_backup(folder: &Path) -> bool {
    let mut files = std::fs::read_dir(folder).unwrap();
    files.any(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.starts_with("nicelist-") && name.ends_with("Z.db")
    })
}

/// Syncs the Macs again and again. Returns the times of the syncs, the longest last.
fn sync_until(address: SocketAddr, is_done: impl Fn() -> bool + Sync) -> Vec<Duration> {
    let mut macs: Vec<Mac> = (0..MACS).map(|number| Mac::connect(address, number)).collect();
    let times = Mutex::new(Vec::new());
    together(&mut macs, |mac| {
        // The first sync is a clean sync.
        mac.take_all();
        while !is_done() {
            let start = Instant::now();
            mac.sync();
            times.lock().unwrap().push(start.elapsed());
            std::thread::sleep(PAUSE);
        }
    });
    let mut times = times.into_inner().unwrap();
    times.sort_unstable();
    times
}

/// Prints a row of the table. Returns the median.
fn row(backup: &str, took: Duration, times: Vec<Duration>) -> Duration {
    let (syncs, slowest) = (times.len(), *times.last().unwrap());
    let middle = median(times);
    let took = took.as_secs();
    println!("| {backup} | {took} s | {syncs} | {} | {} |", ms(middle), ms(slowest));
    middle
}
