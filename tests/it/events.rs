//! Tests events from upload to decision with the real binary. Also tests the automatic deletion of
//! events.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::shell::{ENROLLMENT, Server, Shell};
use crate::world::World;

async fn upload(server: &Server, machine: &str, body: Value) -> Value {
    let url = format!("{}/santa/{ENROLLMENT}/eventupload/{machine}", server.url);
    let response = reqwest::Client::new().post(url).body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

pub(crate) fn digest(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text))
}

pub(crate) fn blocked(name: &str, seconds: u32) -> Value {
    json!({
        "file_sha256": digest(name), "file_path": "/Applications/Pinecone.app/Contents/MacOS",
        "file_name": name, "executing_user": "mira", "decision": "BLOCK_UNKNOWN",
        "execution_time": 1_790_000_000 + seconds, "pid": 400, "parent_name": "launchd",
        "team_id": "H3ZC9YV6RK", "signing_id": format!("H3ZC9YV6RK:example.{name}"),
        "signing_chain": [{"sha256": digest("leaf"), "cn": "Developer ID Application: Pinecone AB"}],
    })
}

pub(crate) fn with(mut event: Value, more: Value) -> Value {
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

fn file_access() -> Value {
    json!({
        "rule_name": "BrowserCookies", "rule_version": "v7",
        "target": "/Users/mira/Library/Cookies/Cookies.binarycookies",
        "decision": "FILE_ACCESS_DECISION_DENIED", "access_time": 1_790_000_100.25,
        "process_chain": [
            {"pid": 501, "file_path": "/opt/grab/bin/grab", "file_sha256": digest("grab"),
             "signing_id": "example.grab"},
            {"pid": 500, "file_path": "/bin/zsh", "signing_id": "platform:com.apple.zsh"},
            {"pid": 1, "file_path": "/sbin/launchd", "signing_id": "platform:com.apple.launchd"},
        ],
    })
}

/// The IDs of the first `count` events that `event tail` shows.
fn tailed(shell: &Shell, filters: &[&str], count: usize) -> Vec<u64> {
    let mut command = shell.command(&[&["event", "tail", "-o", "jsonl"], filters].concat());
    let mut tail = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(tail.stdout.take().unwrap()).lines().take(count);
    let event = |line: String| serde_json::from_str::<Value>(&line).unwrap();
    let shown = lines.map(|line| event(line.unwrap())["id"].as_u64().unwrap()).collect();
    tail.kill().unwrap();
    tail.wait().unwrap();
    shown
}

/// The hashes of the programs in a bundle, and the bundle hash that Santa computes from them.
fn bundle(names: &[&str]) -> (BTreeSet<String>, String) {
    let members: BTreeSet<String> = names.iter().map(|name| digest(name)).collect();
    let hash = digest(&members.iter().map(String::as_str).collect::<String>());
    (members, hash)
}

fn member(sha256: &str, hash: &str, count: usize) -> Value {
    json!({
        "file_sha256": sha256, "file_path": "/Applications/Pinecone.app/Contents/MacOS",
        "file_name": "helper", "decision": "BUNDLE_BINARY", "file_bundle_name": "Pinecone",
        "file_bundle_hash": hash, "file_bundle_binary_count": count,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_accesses_are_listed_shown_and_counted() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let body = json!({
        "events": [blocked("Pinecone", 0)],
        "file_access_events": [file_access(), file_access()],
        "audit_events": [{"standalone_mode_rule_creation": {"decision": "ALLOW_BINARY"}}],
    });
    assert_eq!(
        upload(&server, "mira", body.clone()).await,
        json!({"event_upload_bundle_binaries": []})
    );
    upload(&server, "mira", body).await;
    insta::assert_snapshot!(shell.run("event list"), @"
    $ nicelist event list
    exit code: 0
    ----- stdout -----
    ID  RECEIVED  HOST  USER  NAME  DECISION  PATH  ACCESSED
    2  [TIME]  mira  grab  FILE_ACCESS_DECISION_DENIED  /opt/grab/bin/grab  /Users/mira/Library/Cookies/Cookies.binarycookies
    1  [TIME]  mira  mira  Pinecone  BLOCK_UNKNOWN  /Applications/Pinecone.app/Contents/MacOS/Pinecone
    ");
    insta::assert_snapshot!(shell.run("event list --kind file-access -o csv"), @"
    $ nicelist event list --kind file-access -o csv
    exit code: 0
    ----- stdout -----
    id,received,occurred,host,machine,user,name,decision,path,accessed,kind,rule,sha256,cdhash,team_id,signing_id,signing_status
    2,[TIME],[TIME],mira,mira,,grab,FILE_ACCESS_DECISION_DENIED,/opt/grab/bin/grab,/Users/mira/Library/Cookies/Cookies.binarycookies,file-access,BrowserCookies,234afbd5f044f3636494f368fb8dc1139c181caad86b15cdbc3cf16550acdcd0,,,example.grab,unknown
    ");
    insta::assert_snapshot!(shell.run("event show 2"), @"
    $ nicelist event show 2
    exit code: 0
    ----- stdout -----
    Event 2
      kind  file-access
      decision  FILE_ACCESS_DECISION_DENIED
      received  [TIME]
      occurred  [TIME]
      host  mira
      machine  mira
      parent  zsh
      pid  501

    File access
      accessed  /Users/mira/Library/Cookies/Cookies.binarycookies
      rule  BrowserCookies
      rule version  v7
      started by  /bin/zsh (500), /sbin/launchd (1)

    Program
      path  /opt/grab/bin/grab
      signed  unknown
      signing id  example.grab
      sha256  234afbd5f044f3636494f368fb8dc1139c181caad86b15cdbc3cf16550acdcd0

    Rules that could block the program, best first
      binary  234afbd5f044f3636494f368fb8dc1139c181caad86b15cdbc3cf16550acdcd0  this exact file only

      why the first is best  no usable signing ID was reported; an update needs a new rule
    ");
    insta::assert_snapshot!(shell.run("event stats --blocked"), @"
    $ nicelist event stats --blocked
    exit code: 0
    ----- stdout -----
    HOSTS  EVENTS  DECISION  FILE NAME  SIGNING ID  RULE  LATEST  LAST RECEIVED
    1  1  FILE_ACCESS_DECISION_DENIED  grab  example.grab  BrowserCookies  2  [TIME]
    1  1  BLOCK_UNKNOWN  Pinecone  H3ZC9YV6RK:example.Pinecone  1  [TIME]
    ");
    insta::assert_snapshot!(shell.run("event approve 2 --yes"), @"
    $ nicelist event approve 2 --yes
    exit code: 5
    ----- stderr -----
    event 2: grab on mira
    error: event 2 is a file access; the server's rules cannot allow it
    hint: change the file-access rule `BrowserCookies` in the Mac's configuration profile
    ");
    insta::assert_snapshot!(shell.run("event block 2 --yes"), @"
    $ nicelist event block 2 --yes
    exit code: 0
    ----- stdout -----
    added  block binary:234afbd5f044f3636494f368fb8dc1139c181caad86b15cdbc3cf16550acdcd0 in host:mira
    ----- stderr -----
    event 2: grab on mira
    revision 1
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_found_by_their_fields() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let odd = with(blocked("Oddity", 1), json!({"decision": "BLOCK_MOONLIGHT"}));
    let number = with(blocked("Number", 2), json!({"decision": 16}));
    let other = json!({"file_name": "quiet", "file_path": "/opt/tools", "decision": "ALLOW_UNKNOWN",
        "file_sha256": digest("quiet"), "executing_user": "ben", "execution_time": 1_790_000_003});
    upload(&server, "mira", json!({"events": [blocked("Pinecone", 0), odd, number]})).await;
    upload(&server, "ben", json!({"events": [other], "file_access_events": [file_access()]})).await;
    shell.json(&format!("lab sync {} --machine-id ben --no-backoff", server.sync_base()));
    let found = |filters: &str| {
        let list = shell.json(&format!("event list {filters}"));
        let numbers = list.as_array().unwrap().iter().map(|event| event["id"].to_string());
        numbers.collect::<Vec<_>>().join(" ")
    };
    for (filters, expected) in [
        ("--limit 9", "5 4 3 2 1"),
        ("--decision BLOCK_UNKNOWN", "1"),
        ("--decision block_moonlight,16", "3 2"),
        ("--decision BLOCK_MOONLIGHT --decision ALLOW_UNKNOWN", "4 2"),
        ("--kind execution --blocked", "2 1"),
        ("--kind file-access,bundle-member", "5"),
        ("--host ben", "5 4"),
        ("--user ben", "4"),
        ("--path /Applications/", "3 2 1"),
        ("--path */Cookies/*", "5"),
        ("--path /opt/*s/quiet", "4"),
        ("--signer h3zc9yv6rk", "3 2 1"),
        ("--signer example.Oddity", "2"),
        ("--signer pinecone", "3 2 1"),
        ("--signer EQHXZ8M8AV", ""),
        ("--since 1h", "5 4 3 2 1"),
        ("--since 2w --until 1h", ""),
        ("--text BrowserCookies", "5"),
    ] {
        assert_eq!(found(filters), expected, "{filters}");
    }
    let stats = shell.json("event stats --path /opt/tools --until 2999-01-01T00:00:00Z");
    assert_eq!((stats.as_array().unwrap().len(), &stats[0]["latest"]), (1, &json!(4)));
    assert_eq!(tailed(&shell, &["--since", "1h", "--signer", "H3ZC9YV6RK"], 3), [1, 2, 3]);
    assert_eq!(tailed(&shell, &["-n", "2", "--kind", "execution"], 2), [3, 4]);
    insta::assert_snapshot!(shell.run("event list --kind usb"), @"
    $ nicelist event list --kind usb
    exit code: 2
    ----- stderr -----
    error: invalid value 'usb' for '--kind <KIND>': invalid event kind `usb`: expected execution, bundle-member or file-access

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shell.run("event list --path Downloads"), @"
    $ nicelist event list --path Downloads
    exit code: 2
    ----- stderr -----
    error: invalid value 'Downloads' for '--path <PATH>': invalid path pattern `Downloads`: expected a pattern that begins with / or *

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shell.run("event list --since 24h --until 7d"), @"
    $ nicelist event list --since 24h --until 7d
    exit code: 2
    ----- stderr -----
    error: --until must be later than --since
    hint: for example, --since 7d --until 24h is the last week without its last day
    ");
    insta::assert_snapshot!(shell.run("event stats --until soon"), @"
    $ nicelist event stats --until soon
    exit code: 2
    ----- stderr -----
    error: invalid value 'soon' for '--until <WHEN>': expected a duration such as 24h or 7d, yesterday, a date such as 2026-11-20, or a time such as 2026-11-20T18:00 or [TIME]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shell.run("event list --host nobody"), @"
    $ nicelist event list --host nobody
    exit code: 1
    ----- stderr -----
    error: host `nobody` not found
    hint: nicelist host list lists all hosts
    ");
    insta::assert_snapshot!(shell.run("event tail --until 1h"), @"
    $ nicelist event tail --until 1h
    exit code: 2
    ----- stderr -----
    error: unexpected argument '--until' found

    Usage: nicelist event tail [OPTIONS]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shell.run("event show 99"), @"
    $ nicelist event show 99
    exit code: 1
    ----- stderr -----
    error: event 99 not found
    hint: nicelist event list lists the newest events
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_approved_when_all_its_programs_are_known() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let (members, hash) = bundle(&["Pinecone", "helper", "updater"]);
    let members: Vec<&String> = members.iter().collect();
    let about = json!({
        "file_bundle_name": "Pinecone", "file_bundle_version_string": "3.8.2",
        "file_bundle_hash": hash, "file_bundle_binary_count": 3,
    });
    let hashed = with(blocked("Pinecone", 0), about.clone());
    let asked = async |machine: &str, events: Vec<Value>| {
        let answer = upload(&server, machine, json!({"events": events})).await;
        answer["event_upload_bundle_binaries"].clone()
    };
    assert_eq!(asked("mira", vec![blocked("Pinecone", 0)]).await, json!([]));
    assert_eq!(asked("mira", vec![hashed.clone()]).await, json!([]), "bundles are off");
    shell.run("settings set enable-bundles=true --scope host:mira");
    assert_eq!(asked("mira", vec![hashed.clone(), hashed.clone()]).await, json!([hash]));
    assert_eq!(asked("ben", vec![hashed.clone()]).await, json!([]), "they are off for ben");
    let two = vec![member(members[0], &hash, 3), member(members[1], &hash, 3)];
    assert_eq!(asked("mira", two).await, json!([hash]));
    insta::assert_snapshot!(shell.run("event approve 1 --bundle --yes").replace(&hash, "[BUNDLE]"), @"
    $ nicelist event approve 1 --bundle --yes
    exit code: 6
    ----- stderr -----
    event 1: Pinecone on mira for mira
    error: only 2 of 3 programs of the bundle Pinecone of event 1 are known
    hint: a Mac with enable-bundles reports the others when it blocks a program of the bundle again
    hint: to approve only the program itself, leave out --bundle
    ");
    let shown = shell.run("event show 1");
    assert!(shown.contains("bundle members  2 of 3 reported"), "{shown}");

    // Another Mac reports the third program.
    assert_eq!(asked("ben", vec![member(members[2], &hash, 3)]).await, json!([]));
    assert_eq!(asked("mira", vec![hashed]).await, json!([]));
    let shown = shell.run("event show 1");
    assert!(shown.contains("bundle members  3 of 3 reported"), "{shown}");
    insta::assert_snapshot!(shell.run("event approve 1 --bundle"), @"
    $ nicelist event approve 1 --bundle
    exit code: 2
    ----- stderr -----
    error: choose a scope for all programs of Pinecone (3)
    hint: to choose a scope: nicelist event approve 1 --bundle --scope SCOPE
    hint: to allow them in host:mira: nicelist event approve 1 --bundle --yes
    ");
    insta::assert_snapshot!(shell.run("event approve 1 --bundle --scope fleet --dry-run"), @"
    $ nicelist event approve 1 --bundle --scope fleet --dry-run
    exit code: 0
    ----- stdout -----
    added  allow binary:196c23750e800642e7c008dc0416536449f295069c8161c23283c86334f8d251 in fleet
    added  allow binary:b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e in fleet
    added  allow binary:e81d3b0e9d82feaaf5f6e55bdff24731d7eee08632ffa63801e6397290c5d20a in fleet
    ----- stderr -----
    event 1: Pinecone on mira for mira
    rules for programs of Pinecone 3.8.2: 3
    dry run: nothing was changed (revision 1)
    ");
    insta::assert_snapshot!(shell.run("event approve 1 --bundle --scope fleet --ticket IT-9"), @"
    $ nicelist event approve 1 --bundle --scope fleet --ticket IT-9
    exit code: 0
    ----- stdout -----
    added  allow binary:196c23750e800642e7c008dc0416536449f295069c8161c23283c86334f8d251 in fleet
    added  allow binary:b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e in fleet
    added  allow binary:e81d3b0e9d82feaaf5f6e55bdff24731d7eee08632ffa63801e6397290c5d20a in fleet
    ----- stderr -----
    event 1: Pinecone on mira for mira
    rules for programs of Pinecone 3.8.2: 3
    revision 2
    ");
    let again = shell.run("event approve 1 --bundle --scope fleet --ticket IT-9");
    assert!(again.ends_with("no changes (revision 2)\n"), "{again}");
    let rules = shell.json("rule list");
    assert_eq!(rules.as_array().unwrap().len(), 3);
    for (rule, member) in rules.as_array().unwrap().iter().zip(&members) {
        assert_eq!(rule["target"], format!("binary:{member}"));
        assert_eq!(rule["policy"], "allow");
        assert_eq!((&rule["app_name"], &rule["bundle_hash"]), (&json!("Pinecone"), &json!(hash)));
        assert_eq!((&rule["bundle_binary_count"], &rule["revision"]), (&json!(3), &json!(2)));
    }
    let transcript = shell.run("event approve 1 --bundle --yes --for 7d");
    assert!(transcript.contains("the rules expire at [TIME]"), "{transcript}");
    assert_eq!(shell.json("rule list --scope host:mira").as_array().unwrap().len(), 3);
    insta::assert_snapshot!(shell.run("event approve 1 --bundle --as teamid"), @"
    $ nicelist event approve 1 --bundle --as teamid
    exit code: 2
    ----- stderr -----
    error: the argument '--bundle' cannot be used with '--as <TYPE>'

    Usage: nicelist event approve --bundle <ID>

    For more information, try '--help'.
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incomplete_or_wrong_bundle_is_not_approved() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("settings set enable-bundles=true");
    let (_, hash) = bundle(&["Pinecone", "helper"]);
    let about = json!({"file_bundle_name": "Pinecone", "file_bundle_hash": hash,
        "file_bundle_binary_count": 2});
    let lies = vec![
        blocked("lonely", 0),
        with(blocked("Pinecone", 0), about),
        member(&digest("Pinecone"), &hash, 2),
        member(&digest("a program that is none of Pinecone's"), &hash, 2),
    ];
    upload(&server, "mira", json!({"events": lies, "file_access_events": [file_access()]})).await;
    insta::assert_snapshot!(shell.run("event approve 1 --bundle --yes"), @"
    $ nicelist event approve 1 --bundle --yes
    exit code: 5
    ----- stderr -----
    event 1: lonely on mira for mira
    error: event 1 has no bundle hash from Santa
    hint: to approve only the program itself, leave out --bundle
    hint: to have Macs hash the bundles of blocked programs: nicelist settings set enable-bundles=true
    ");
    insta::assert_snapshot!(shell.run("event approve 2 --bundle --yes"), @"
    $ nicelist event approve 2 --bundle --yes
    exit code: 6
    ----- stderr -----
    event 2: Pinecone on mira for mira
    error: the 2 reported programs of the bundle Pinecone of event 2 do not match the bundle's hash
    hint: a host may have reported a wrong program; nicelist event list --kind bundle-member lists the reports
    ");
    let shown = shell.run("event show 2");
    assert!(
        shown.contains("2 of 2 reported, but the programs do not match the bundle's hash"),
        "{shown}"
    );
    insta::assert_snapshot!(shell.run("event approve 5 --bundle --yes"), @"
    $ nicelist event approve 5 --bundle --yes
    exit code: 5
    ----- stderr -----
    event 5: grab on mira
    error: event 5 has no bundle hash from Santa
    hint: to approve only the program itself, leave out --bundle
    hint: to have Macs hash the bundles of blocked programs: nicelist settings set enable-bundles=true
    ");
    let missing = shell.run("event approve 99 --bundle --yes");
    assert!(missing.contains("error: event 99 not found"), "{missing}");
    assert_eq!(shell.json("rule list"), json!([]));
}

#[test]
fn retention_is_the_fleets() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:fleet.db");
    insta::assert_snapshot!(shell.run("settings set event-retention=30d event-retention-count=2000000"), @"
    $ nicelist settings set event-retention=30d event-retention-count=2000000
    exit code: 0
    ----- stdout -----
    added  event-retention=30d in fleet
    added  event-retention-count=2000000 in fleet
    ----- stderr -----
    created the local database sqlite:fleet.db
    revision 1
    ");
    insta::assert_snapshot!(shell.run("settings set event-retention=30d --scope tag:eng"), @"
    $ nicelist settings set event-retention=30d --scope tag:eng
    exit code: 5
    ----- stderr -----
    error: event-retention: can only be set for the fleet, not for tag:eng
    ");
    insta::assert_snapshot!(shell.run("settings set event-retention=5m"), @"
    $ nicelist settings set event-retention=5m
    exit code: 5
    ----- stderr -----
    error: event-retention: invalid value `5m`: expected an age of at least 1h such as 90d, or never
    ");
    insta::assert_snapshot!(shell.run("settings set event-retention-count=90"), @"
    $ nicelist settings set event-retention-count=90
    exit code: 5
    ----- stderr -----
    error: event-retention-count: invalid value `90`: expected a number of events (at least 1000), or off
    ");
    insta::assert_snapshot!(shell.run("settings set event-retention=never event-retention-count=off"), @"
    $ nicelist settings set event-retention=never event-retention-count=off
    exit code: 0
    ----- stdout -----
    changed  event-retention=never in fleet
               value 30d → never
    changed  event-retention-count=off in fleet
               value 2000000 → off
    ----- stderr -----
    revision 2
    ");
}

async fn left(world: &World) -> usize {
    let page = world.get("/events?limit=5000").await;
    page["items"].as_array().unwrap().len()
}

async fn report(world: &World, names: impl Iterator<Item = usize>) {
    let events: Vec<Value> = names.map(|number| blocked(&format!("tool{number}"), 0)).collect();
    let body = json!({"events": events}).to_string();
    let request = Request::builder().method(Method::POST).uri("/santa/eventupload/M1");
    let request = request.body(Body::from(body)).unwrap();
    let response = world.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn events_are_deleted_automatically_by_age_and_count() {
    let mut world = World::new().await;
    report(&world, 0..3).await;
    world.pass(SignedDuration::from_hours(24 * 60)).await;
    report(&world, 3..5).await;
    world.pass(SignedDuration::from_hours(24 * 29)).await;
    assert_eq!(left(&world).await, 5, "90 days are not over");
    world.pass(SignedDuration::from_hours(25)).await;
    assert_eq!(left(&world).await, 2);
    let never = json!({"event-retention": "never", "event-retention-count": "1000"});
    world.post("/settings", json!({"scope": "fleet", "set": never})).await;
    world.pass(SignedDuration::from_hours(24 * 400)).await;
    assert_eq!(left(&world).await, 2);
    report(&world, 5..1_010).await;
    world.pass(SignedDuration::from_mins(1)).await;
    assert_eq!(left(&world).await, 1_000);
    let newest = world.get("/events?limit=1").await["items"][0]["id"].clone();
    assert_eq!(newest, 1_010);
}
