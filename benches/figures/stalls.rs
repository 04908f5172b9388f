//! Response times of small requests while the server does expensive work.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bounds::record;
use crate::mac::{Mac, together};
use crate::server::{Server, connect, exchange, post};
use crate::{median, ms, nicelist, probe, rules, time};

const RULES: u64 = 1_000_000;
/// Macs, each with its own tag.
const MACS: usize = 40;
const PAGES: usize = 20;
const RUNS: usize = 5;
const ADD_AFTER: Duration = Duration::from_millis(300);

pub(crate) fn report() {
    println!("## Small requests during large work\n");
    println!(
        "A server over SQLite with {RULES} rules and {MACS} groups. {MACS} Macs, each in another"
    );
    println!(
        "group, begin a clean sync at the same time and download {PAGES} pages each. Then a rule is"
    );
    println!(
        "added. A client requests /healthz all the time. {RUNS} runs, each with a server that was \
        just"
    );
    println!(
        "started. A poll is one turn of a task on a thread that handles requests. Then a Mac with"
    );
    println!("pedro requests all rules on one page, which is refused.\n");
    println!("| run | worst /healthz | longest poll | adding the rule |\n|---|---|---|---|");
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    add_groups(home.path(), &database);
    let runs: Vec<Run> = (0..RUNS)
        .map(|number| {
            let run = clean_syncs(home.path(), &database, number);
            let Run { worst, poll, add } = run;
            println!("| {} | {} | {} | {} |", number + 1, ms(worst), ms(poll), ms(add));
            run
        })
        .collect();
    let middle = |part: fn(&Run) -> Duration| median(runs.iter().map(part).collect());
    let (worst, add) = (middle(|run| run.worst), middle(|run| run.add));
    let poll = runs.iter().map(|run| run.poll).max().unwrap();
    let alone = lone_page(home.path(), &database);
    println!("| pedro | {} | | |\n", ms(alone));
    let promise = |what: &str, measured: Duration, most: u64| {
        let most = Duration::from_millis(most);
        record(format!("{what}: {most:?}"), ms(measured), measured <= most);
    };
    promise("worst /healthz during clean syncs, median run", worst, 100);
    promise("longest poll of a request thread", poll, 20);
    promise("adding a rule during clean syncs, median run", add, 250);
    promise("worst /healthz during a sync of pedro", alone, 50);
}

struct Run {
    worst: Duration,
    poll: Duration,
    add: Duration,
}

/// Creates a tag for each Mac, and a rule for each tag.
fn add_groups(home: &Path, database: &str) {
    let mut manifest = String::new();
    for number in 0..MACS {
        let _ = writeln!(manifest, "[tags.group-{number}]\nhostnames = [\"mac-{number}\"]\n");
    }
    for number in 0..MACS {
        let _ = writeln!(
            manifest,
            "[[rules]]\ntarget = \"teamid:GROUP{number:05}\"\npolicy = \"block\"\nscope = \"tag:group-{number}\"\n"
        );
    }
    let file = home.join("groups.toml");
    std::fs::write(&file, manifest).unwrap();
    time(nicelist(home).args(["apply", "--yes", "--database", database, "-f"]).arg(file));
}

fn clean_syncs(home: &Path, database: &str, number: usize) -> Run {
    let server = Server::start(home, database);
    let address = server.address;
    // No Mac completes a sync, so each run begins with clean syncs.
    let mut macs: Vec<Mac> = (0..MACS).map(|group| Mac::connect(address, group)).collect();
    let (add, times) = probe::during(address, "/healthz", || {
        std::thread::scope(|threads| {
            let add = threads.spawn(|| {
                std::thread::sleep(ADD_AFTER);
                let rule = format!(r#"{{"target":"teamid:ADDED{number:05}","policy":"block"}}"#);
                let start = Instant::now();
                post(&mut connect(address), "/api/v1/rules", &format!(r#"{{"put":[{rule}]}}"#));
                start.elapsed()
            });
            together(&mut macs, |mac| {
                mac.preflight();
                mac.download_at_most(PAGES);
            });
            add.join().unwrap()
        })
    });
    let poll = longest_poll(&server);
    Run { worst: *times.last().unwrap(), poll, add }
}

/// The longest poll of a task on a server's request threads since the server started.
fn longest_poll(server: &Server) -> Duration {
    let (_, status) = exchange(&mut connect(server.address), "GET", "/api/v1/status", "", "");
    let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
    Duration::from_micros(status["longest_poll_micros"].as_u64().unwrap())
}

/// The longest response time of `/healthz` while a host with pedro syncs. pedro needs all rules on
/// one page. The server refuses the sync, because there are too many rules.
fn lone_page(home: &Path, database: &str) -> Duration {
    let server = Server::start(home, database);
    let mut sync = nicelist(home);
    sync.args(["lab", "sync", &format!("http://{}/santa/", server.address)]);
    sync.args(["--generation", "pedro"]);
    let (output, times) = probe::during(server.address, "/healthz", || sync.output().unwrap());
    assert!(!output.status.success(), "too many rules for pedro are refused");
    let (_, host) =
        exchange(&mut connect(server.address), "GET", "/api/v1/hosts?limit=100", "", "");
    let hosts: serde_json::Value = serde_json::from_slice(&host).unwrap();
    let hosts = hosts["items"].as_array().unwrap();
    let pedro = hosts.iter().find(|host| !host["rules"]["most"].is_null()).unwrap();
    assert_eq!(pedro["state"], "rejecting", "an administrator sees why: {}", pedro["rules"]);
    *times.last().unwrap()
}
