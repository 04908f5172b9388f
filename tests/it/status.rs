//! `nicelist status`: whether a server, its database and its hosts are healthy.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::shell::{ENROLLMENT, Server, Shell};

/// A server with two rules, a host that is up to date, and a host that never completed a sync.
async fn with_hosts(shell: &mut Shell, flags: &[&str]) -> Server {
    let server = Server::start_with(shell, flags);
    shell.use_server(&server);
    for line in ["rule add allow teamid:AAAAAAAAAA", "rule add block teamid:BBBBBBBBBB"] {
        assert!(shell.run(line).contains("exit code: 0"));
    }
    preflight(&server, "mac-2").await;
    preflight(&server, "mac-1").await;
    let client = reqwest::Client::new();
    let counts = json!({"rules_received": 2, "rules_processed": 2});
    for (stage, body) in [("ruledownload", json!({})), ("postflight", counts)] {
        let url = format!("{}/santa/{ENROLLMENT}/{stage}/mac-1", server.url);
        assert!(client.post(url).json(&body).send().await.unwrap().status().is_success());
    }
    server
}

async fn preflight(server: &Server, machine: &str) -> u16 {
    let url = format!("{}/santa/{ENROLLMENT}/preflight/{machine}", server.url);
    let body = json!({"serial_num": machine, "santa_version": "2026.7"});
    reqwest::Client::new().post(url).json(&body).send().await.unwrap().status().as_u16()
}

fn status(shell: &Shell, flags: &[&str]) -> (Value, i32) {
    let output = shell.command(&[&["status", "-o", "json"], flags].concat()).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let value = serde_json::from_str(&shown).unwrap_or_else(|_| panic!("{shown}{error}"));
    (value, output.status.code().unwrap())
}

/// The transcript without the lines that differ from run to run.
fn steady(transcript: &str) -> String {
    let varies = |line: &&str| ["address", "clock", "database"].contains(&&*first_word(line));
    transcript.lines().filter(|line| !varies(line)).collect::<Vec<_>>().join("\n")
}

fn first_word(line: &str) -> String {
    line.trim_start().split([' ', ':']).next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn status_shows_hosts_and_what_was_refused() {
    let mut shell = Shell::new();
    let server = with_hosts(&mut shell, &["--new-hosts-per-minute", "2"]).await;
    assert_eq!(preflight(&server, "mac-3").await, 429);
    insta::assert_snapshot!(steady(&shell.run("status")), @"
    $ nicelist status
    exit code: 0
    ----- stdout -----
    Server
       ready  yes
       version  0.1.0
       rules  2 (revision 2)
       hosts  2: 1 in-sync, 1 syncing
       contact  2 online, 0 silent
       over limits  1 request

    Limits exceeded
    ");

    let (shown, code) = status(&shell, &[]);
    assert_eq!((code, &shown["readiness"]["ready"]), (0, &json!(true)), "{shown}");
    assert_eq!(shown["rules"], 2);
    assert!(shown["database"]["bytes"].as_u64().unwrap() > 4096, "{shown}");
    assert_eq!(shown["hosts"]["total"], 2);
    let states = json!({
        "in-sync": 1, "behind": 0, "syncing": 1, "drifted": 0, "rejecting": 0, "never-synced": 0,
    });
    assert_eq!(shown["hosts"]["states"], states);
    assert_eq!(shown["hosts"]["contact"], json!({"online": 2, "silent": 0}));
    assert_eq!(shown["exceeded_limits"][0]["limit"], "new-hosts-per-minute");

    // The API has the same counts.
    let client = reqwest::Client::new();
    let url = format!("{}/api/v1/host-counts", server.url);
    let request = client.get(url).bearer_auth("the-admin-of-the-tests");
    let counts: Value = request.send().await.unwrap().json().await.unwrap();
    let one = |state| json!({"state": state, "contact": "online", "conflict": false, "hosts": 1});
    assert_eq!(counts["items"], json!([one("in-sync"), one("syncing")]));
    assert!(counts["counted_at"].as_str().unwrap().ends_with('Z'), "{counts}");
}

#[tokio::test]
async fn l7_status_fails_with_the_reason_while_a_server_is_not_ready() {
    let mut shell = Shell::new();
    let _server = with_hosts(&mut shell, &[]).await;
    let path = shell.path("nicelist.db");
    std::fs::rename(&path, shell.path("aside.db")).unwrap();
    let (shown, code) = status(&shell, &[]);
    assert_eq!(code, 1);
    assert_eq!(shown["readiness"]["reasons"][0]["code"], "database-file-missing", "{shown}");
    let transcript = shell.run("status");
    assert!(transcript.contains("error: not ready: database-file-missing"), "{transcript}");
    assert!(transcript.contains("ready  no"), "{transcript}");
    std::fs::rename(shell.path("aside.db"), &path).unwrap();
    let start = Instant::now();
    while status(&shell, &[]).1 != 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", shell.run("status"));
    }
}

#[test]
fn version_shows_the_versions_of_the_client_and_the_server() {
    let mut shell = Shell::new();
    let client = env!("CARGO_PKG_VERSION");
    assert_eq!(shell.json("version"), json!({"client": client, "server": null}));
    let server = Server::start(&shell);
    shell.use_server(&server);
    assert_eq!(shell.json("version"), json!({"client": client, "server": client}));

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    shell.set("NICELIST_SERVER", &format!("http://{}", silent.local_addr().unwrap()));
    insta::assert_snapshot!(shell.run("version"), @r"
    $ nicelist version
    exit code: 0
    ----- stdout -----
      client  0.1.0
    ----- stderr -----
    warning: the version of the server is unknown: it did not respond within 2 seconds
    ");
}
