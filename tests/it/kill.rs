//! Kills processes, and simulates a full disk, during writes. An import is stored completely or not
//! at all, and no acknowledged write is lost.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::shell::{ADMIN, ENROLLMENT, Server, Shell};

const ROWS: usize = 20_000;

fn rules_csv() -> String {
    let mut csv = String::from("rule_type,identifier,policy\n");
    for number in 0..ROWS {
        writeln!(csv, "BINARY,{number:064x},ALLOWLIST").unwrap();
    }
    csv
}

fn rules_in(shell: &Shell, database: &str) -> usize {
    let output =
        shell.command(&["rule", "list", "-o", "jsonl", "--database", database]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn a_killed_import_leaves_everything_or_nothing() {
    let shell = Shell::new();
    shell.write("rules.csv", &rules_csv());
    let import = |database: &str| {
        let mut command = shell.command(&["rule", "import", "rules.csv", "--database", database]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let start = Instant::now();
    assert!(import("sqlite:whole.db").wait().unwrap().success());
    let whole = start.elapsed();
    assert_eq!(rules_in(&shell, "sqlite:whole.db"), ROWS);
    for moment in 1..=12 {
        let database = format!("sqlite:{moment}.db");
        let mut process = import(&database);
        std::thread::sleep(whole * moment / 12);
        process.kill().unwrap();
        process.wait().unwrap();
        let rules = rules_in(&shell, &database);
        assert!(rules == 0 || rules == ROWS, "{rules} of {ROWS} rules, killed at {moment}/12");
    }
}

#[test]
fn a_server_killed_during_an_import_leaves_everything_or_nothing() {
    let mut shell = Shell::new();
    shell.write("rules.csv", &rules_csv());
    let database = format!("sqlite:{}", shell.path("nicelist.db").display());
    for moment in 1..=6 {
        let server = Server::start(&shell);
        shell.use_server(&server);
        let source = format!("import-{moment}");
        let mut import = shell
            .command(&["rule", "import", "rules.csv", "--source", &source])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60 * moment));
        server.kill();
        import.wait().unwrap();
        shell.unset_server();
        let of_this = shell
            .command(&["rule", "list", "-o", "jsonl", "--source", &source, "--database", &database])
            .output()
            .unwrap();
        let rules = of_this.stdout.iter().filter(|byte| **byte == b'\n').count();
        assert!(rules == 0 || rules == ROWS, "{rules} of {ROWS} rules, killed at {moment}");
    }
}

#[derive(Default)]
struct Acknowledged {
    rules: Vec<String>,
    tags: Vec<String>,
    hosts: Vec<String>,
    events: Vec<String>,
}

/// Adds rules, creates tags, and sends preflights and events at the same time, until the server is
/// killed. Returns the acknowledged writes.
async fn load(url: String, round: usize) -> Acknowledged {
    let client = reqwest::Client::new();
    let post = async |path: String, body: serde_json::Value| {
        let request = client.post(format!("{url}{path}")).bearer_auth(ADMIN).json(&body);
        request.send().await.map(|answer| answer.status().is_success())
    };
    let rules = async {
        let mut kept = Vec::new();
        for number in 0.. {
            let targets: Vec<String> = (0..20)
                .map(|rule| format!("binary:{:064x}", round << 32 | number << 8 | rule))
                .collect();
            let put: Vec<_> = targets
                .iter()
                .map(|target| json!({"target": target, "policy": "allow", "scope": "fleet"}))
                .collect();
            match post("/api/v1/rules".to_owned(), json!({ "put": put })).await {
                Ok(true) => kept.extend(targets),
                Ok(false) => {}
                Err(_) => break,
            }
        }
        kept
    };
    let tags = async {
        let mut kept = Vec::new();
        for number in 0.. {
            let name = format!("tag-{round}-{number}");
            match post("/api/v1/tags".to_owned(), json!({ "name": name })).await {
                Ok(true) => kept.push(name),
                Ok(false) => {}
                Err(_) => break,
            }
        }
        kept
    };
    let syncs = async {
        let (mut hosts, mut events) = (Vec::new(), Vec::new());
        for number in 0.. {
            let machine = format!("mac-{round}-{number}");
            let stage = |stage: &str| format!("/santa/{ENROLLMENT}/{stage}/{machine}");
            let preflight = json!({"serial_num": machine, "santa_version": "2026.7"});
            match post(stage("preflight"), preflight).await {
                Ok(true) => hosts.push(machine.clone()),
                Ok(false) => continue,
                Err(_) => break,
            }
            let sha256 = format!("{:064x}", round << 32 | number);
            let event = json!({"file_sha256": sha256, "file_path": "/a", "decision": "BLOCK_UNKNOWN",
                               "execution_time": 1.0, "pid": 1});
            match post(stage("eventupload"), json!({"events": [event]})).await {
                Ok(true) => events.push(sha256),
                Ok(false) => {}
                Err(_) => break,
            }
        }
        (hosts, events)
    };
    let (rules, tags, (hosts, events)) = tokio::join!(rules, tags, syncs);
    Acknowledged { rules, tags, hosts, events }
}

/// Kills a server `rounds` times under load. All acknowledged writes must be stored.
async fn kill_under_load(rounds: usize) {
    let shell = Shell::new();
    let mut all = Acknowledged::default();
    for round in 0..rounds {
        let server = Server::start(&shell);
        let loading = tokio::spawn(load(server.url.clone(), round));
        tokio::time::sleep(Duration::from_millis(150 + 37 * (round as u64 % 11))).await;
        tokio::task::spawn_blocking(move || server.kill()).await.unwrap();
        let Acknowledged { rules, tags, hosts, events } = loading.await.unwrap();
        all.rules.extend(rules);
        all.tags.extend(tags);
        all.hosts.extend(hosts);
        all.events.extend(events);
    }
    assert!(all.rules.len() > rounds && all.tags.len() > rounds && all.events.len() > rounds);
    found_again(&shell, all);
}

fn found_again(shell: &Shell, all: Acknowledged) {
    let database = format!("sqlite:{}", shell.path("nicelist.db").display());
    let check = shell.command(&["database", "check", "--database", &database]).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let database = rusqlite::Connection::open(shell.path("nicelist.db")).unwrap();
    for (sql, expected) in [
        ("SELECT 'binary:' || identifier FROM rule WHERE ended IS NULL", all.rules),
        ("SELECT name FROM tag WHERE ended IS NULL", all.tags),
        ("SELECT machine FROM host", all.hosts),
        ("SELECT sha256 FROM event", all.events),
    ] {
        let mut statement = database.prepare(sql).unwrap();
        let found: HashSet<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let lost: Vec<_> = expected.iter().filter(|it| !found.contains(*it)).collect();
        assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), expected.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l7_eight_kills_under_mixed_load_lose_nothing_that_was_acknowledged() {
    kill_under_load(8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes some minutes; run it before a release"]
async fn l7_a_hundred_kills_under_mixed_load_lose_nothing_that_was_acknowledged() {
    kill_under_load(100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l7_a_disk_that_fails_under_load_loses_nothing_that_was_acknowledged() {
    let shell = Shell::new();
    let server = Server::start_without_sigxfsz(&shell);
    let loading = tokio::spawn(load(server.url.clone(), 0));
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        server.limit_files("0");
        tokio::time::sleep(Duration::from_millis(40)).await;
        server.limit_files("unlimited");
    }
    tokio::time::sleep(Duration::from_millis(60)).await;
    tokio::task::spawn_blocking(move || server.kill()).await.unwrap();
    found_again(&shell, loading.await.unwrap());
}
