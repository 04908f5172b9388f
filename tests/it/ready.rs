//! Tests `/readyz` and acknowledged writes while the database has problems.

use std::process::Command;
use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Disk};
use crate::shell::{ADMIN, Server, Shell};

/// `/readyz` must report a change within this time.
const SOON: Duration = Duration::from_secs(2);

struct Observer<'a> {
    server: &'a Server,
    client: reqwest::Client,
}

impl<'a> Observer<'a> {
    fn new(server: &'a Server) -> Self {
        Self { server, client: reqwest::Client::new() }
    }

    async fn readyz(&self) -> (StatusCode, Value) {
        let url = format!("{}/readyz", self.server.url);
        let answer = self.client.get(url).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (answer.status(), answer.json().await.unwrap())
    }

    /// Polls `/readyz` until it returns exactly these reasons. Fails after two seconds.
    async fn soon(&self, reasons: &[&str]) {
        self.soon_one_of(&[reasons]).await;
    }

    /// Like [`Observer::soon`], but with several possible lists of reasons.
    async fn soon_one_of(&self, wanted: &[&[&str]]) {
        let start = Instant::now();
        loop {
            let (status, found) = self.readyz().await;
            let codes: Vec<&str> = found["reasons"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["code"].as_str().unwrap())
                .collect();
            assert_eq!(status == StatusCode::OK, codes.is_empty(), "{found}");
            assert_eq!(found["ready"], codes.is_empty());
            if wanted.contains(&codes.as_slice()) {
                break;
            }
            assert!(
                start.elapsed() < SOON,
                "{wanted:?} wanted, after {:?}: {found}",
                start.elapsed()
            );
        }
    }

    /// Adds a rule. Returns the status, and whether `Retry-After` was sent.
    async fn add_rule(&self, team: &str) -> (StatusCode, bool) {
        let rule = json!({"target": format!("teamid:{team}"), "policy": "allow", "scope": "fleet"});
        let url = format!("{}/api/v1/rules", self.server.url);
        let body = json!({"put": [rule]});
        let answer = self.client.post(url).bearer_auth(ADMIN).json(&body).send().await.unwrap();
        (answer.status(), answer.headers().contains_key("retry-after"))
    }

    async fn stage(&self, stage: &str, body: Value) -> (StatusCode, bool) {
        let url = format!("{}{stage}/mac-1", self.server.sync_base());
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        (answer.status(), answer.headers().contains_key("retry-after"))
    }

    async fn sync(&self) {
        let preflight = json!({"serial_num": "C02", "santa_version": "2026.7"});
        for (stage, body) in [
            ("preflight", preflight),
            ("ruledownload", json!({})),
            ("postflight", json!({"rules_received": 1, "rules_processed": 1})),
        ] {
            assert_eq!(self.stage(stage, body).await.0, StatusCode::OK, "{stage}");
        }
    }

    /// Checks that preflight and rule download succeed, and that postflight and a new rule get 503
    /// and a `Retry-After` header.
    async fn only_reads_work(&self) {
        let preflight = json!({"serial_num": "C02", "santa_version": "2026.7"});
        assert_eq!(
            self.stage("preflight", preflight).await.0,
            StatusCode::OK,
            "{}",
            self.server.log()
        );
        assert_eq!(
            self.stage("ruledownload", json!({})).await.0,
            StatusCode::OK,
            "{}",
            self.server.log()
        );
        let refused = (StatusCode::SERVICE_UNAVAILABLE, true);
        assert_eq!(self.stage("postflight", json!({})).await, refused);
        assert_eq!(self.add_rule("BBBBBBBBBB").await, refused);
    }

    fn count(&self, line: &str) -> usize {
        self.server.log().lines().filter(|logged| logged.contains(line)).count()
    }
}

#[tokio::test]
async fn l7_nothing_is_acknowledged_while_the_file_is_deleted_or_replaced() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let observer = Observer::new(&server);
    observer.soon(&[]).await;
    assert_eq!(observer.add_rule("AAAAAAAAAA").await.0, StatusCode::OK);
    observer.sync().await;

    let (path, aside) = (shell.path("nicelist.db"), shell.path("aside.db"));
    std::fs::rename(&path, &aside).unwrap();
    observer.soon(&["database-file-missing"]).await;
    observer.only_reads_work().await;
    // A copy at the same path is not accepted as the server's own file.
    std::fs::copy(&aside, &path).unwrap();
    observer.soon(&["database-file-replaced"]).await;
    observer.only_reads_work().await;
    std::fs::rename(&aside, &path).unwrap();
    observer.soon(&[]).await;
    assert_eq!(observer.add_rule("CCCCCCCCCC").await.0, StatusCode::OK);

    observer.sync().await;
    std::fs::remove_file(shell.path("nicelist.db-wal")).unwrap();
    observer.soon(&["database-log-missing"]).await;
    observer.only_reads_work().await;
    let log = server.log();
    for code in ["database-file-missing", "database-file-replaced", "database-log-missing"] {
        assert_eq!(observer.count(&format!("not ready reasons={code}")), 1, "{log}");
    }
    assert_eq!(observer.count("ready again"), 1, "{log}");
}

#[tokio::test]
async fn l7_a_full_disk_is_reported_until_it_has_room() {
    let shell = Shell::new();
    let server = Server::start_without_sigxfsz(&shell);
    let observer = Observer::new(&server);
    observer.soon(&[]).await;
    assert_eq!(observer.add_rule("AAAAAAAAAA").await.0, StatusCode::OK);
    observer.sync().await;
    server.limit_files("0");
    observer.soon(&["disk-failed"]).await;
    observer.only_reads_work().await;
    server.limit_files("unlimited");
    observer.soon(&[]).await;
    assert_eq!(observer.add_rule("CCCCCCCCCC").await.0, StatusCode::OK);
    observer.sync().await;
}

/// The processes of a cluster, suspended with SIGSTOP until this value is dropped. Queries wait.
struct Hung(Vec<String>);

impl Hung {
    async fn new(cluster: &Cluster) -> Self {
        let client = cluster.connect("postgres").await;
        let folder: String = client.query_one("SHOW data_directory", &[]).await.unwrap().get(0);
        let file = std::fs::read_to_string(format!("{folder}/postmaster.pid")).unwrap();
        let postmaster = file.lines().next().unwrap().to_owned();
        let children = Command::new("pgrep").args(["-P", &postmaster]).output().unwrap().stdout;
        let mut processes = vec![postmaster];
        processes.extend(String::from_utf8(children).unwrap().lines().map(str::to_owned));
        let hung = Self(processes);
        hung.signal("-STOP");
        hung
    }

    /// Sends a signal to all processes. The exit status of `kill` is ignored, because some of the
    /// processes may have exited.
    fn signal(&self, signal: &str) {
        Command::new("kill").arg(signal).args(&self.0).status().unwrap();
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l7_a_hung_postgresql_is_reported_in_time() {
    let (cluster, server) = tokio::task::spawn_blocking(|| {
        let cluster = Cluster::new(Disk::Fast);
        cluster.start();
        let server = Server::over(&Shell::new(), &cluster.url("postgres"), &[]);
        (cluster, server)
    })
    .await
    .unwrap();
    let observer = Observer::new(&server);
    observer.soon(&[]).await;
    let hung = Hung::new(&cluster).await;
    // Either the request's time limit is reached first, or the connection that watches PostgreSQL
    // fails first.
    observer.soon_one_of(&[&["database-timeout"], &["database-unreachable"]]).await;
    let asked = Instant::now();
    observer.readyz().await;
    assert!(asked.elapsed() < SOON, "it has a time limit of its own");
    let mut shell = Shell::new();
    shell.use_server(&server);
    let transcript = shell.run("status");
    assert!(
        transcript.contains("exit code: 1") && transcript.contains("error: not ready: database-"),
        "{transcript}"
    );
    drop(hung);
    observer.soon(&[]).await;
    assert_eq!(observer.add_rule("AAAAAAAAAA").await.0, StatusCode::OK);
}

#[tokio::test]
async fn l7_readiness_checks_cause_no_load() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let observer = Observer::new(&server);
    let log = shell.path("nicelist.db-wal");
    let written = || std::fs::metadata(&log).unwrap().len();
    observer.soon(&[]).await;
    let (before, start) = (written(), Instant::now());
    for _ in 0..500 {
        assert_eq!(observer.readyz().await.0, StatusCode::OK);
    }
    // About once a second, the server writes a page and its frame header to the write-ahead log.
    // The limit below is several times that amount.
    let most = 2 + 2 * start.elapsed().as_secs();
    assert!(written() - before <= most * 2 * 4200, "{} bytes", written() - before);
}
