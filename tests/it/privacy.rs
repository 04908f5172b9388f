//! What is kept about people, and how it is exported and forgotten.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use nicelist::fleet::Clock;
use nicelist::protocol::{self, EventUploadRequest, Format};
use nicelist::server::{App, Options, SyncAuth};
use rusqlite::Connection;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::events::{blocked, with};
use crate::shell::{Server, Shell};
use crate::world::{World, ask};

fn report(name: &str, user: &str, seconds: u32) -> Value {
    let more = json!({
        "executing_user": user, "logged_in_users": [user],
        "current_sessions": [format!("{user}@console")],
        "file_path": format!("/Users/{user}/bin"),
        "file_bundle_path": format!("/Users/{user}/Pinecone.app"),
        "quarantine_data_url": "https://example.com/home/",
    });
    with(blocked(name, seconds), more)
}

fn access(user: &str) -> Value {
    json!({
        "rule_name": "SSH", "rule_version": "1", "target": format!("/Users/{user}/.ssh/id"),
        "decision": "FILE_ACCESS_DECISION_DENIED", "access_time": 1_790_000_900.0,
        "process_chain": [{"pid": 7, "file_path": format!("/Users/{user}/bin/cat")}],
    })
}

/// Sends a host's request.
async fn sync(router: &Router, path: &str, content_type: &str, body: Vec<u8>) -> StatusCode {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/santa/{path}"))
        .header("content-type", content_type)
        .body(Body::from(body))
        .unwrap();
    router.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_sightings_keep_what_the_settings_allow() {
    let world = World::new().await;
    let events = json!({"events": [report("one", "zelda", 1)]}).to_string().into_bytes();
    let router = world.router();
    assert_eq!(sync(&router, "eventupload/M0", "application/json", events).await, 200);
    let first = world.get("/events/1").await;
    assert_eq!((&first["user"], &first["path"]), (&json!("zelda"), &json!("/Users/zelda/bin/one")));

    let set = json!({"keep-users": "false", "keep-paths": "home-redacted"});
    world.post("/settings", json!({"scope": "fleet", "set": set})).await;
    let two = report("two", "zelda", 2);
    let both = json!({"events": [two], "file_access_events": [access("zelda")]});
    let both = both.to_string().into_bytes();
    let as_protobuf: EventUploadRequest = protocol::read_request(Format::Json, &both).unwrap();
    let as_protobuf = protocol::write(Format::Protobuf, &as_protobuf).unwrap();
    assert_eq!(sync(&router, "eventupload/M1", "application/json", both).await, 200);
    let protobuf = "application/x-protobuf";
    assert_eq!(sync(&router, "eventupload/M2", protobuf, as_protobuf).await, 200);
    let import = json!({"reports": [{"machine": "M3", "event": report("two", "zelda", 3)}]});
    world.post("/events", import).await;

    let events = world.get("/events?limit=5000").await;
    let events = events["items"].as_array().unwrap();
    assert_eq!(events.len(), 6, "{events:?}");
    for event in events.iter().filter(|event| event["machine"] != "M0") {
        let detail = world.get(&format!("/events/{}", event["id"])).await;
        assert!(!detail.to_string().contains("zelda"), "{detail}");
        if event["kind"] == "execution" {
            assert_eq!(detail["path"], "/Users/…/bin/two");
            assert_eq!(detail["download_url"], "https://example.com/home/");
        } else {
            assert_eq!(detail["access"]["file"], "/Users/…/.ssh/id");
        }
    }
    let programs = world.get("/programs").await;
    let two = programs["items"].as_array().unwrap().iter().find(|it| it["name"] == "two").unwrap();
    let sightings = world.get(&format!("/programs/{}/sightings", two["id"])).await;
    assert!(!sightings.to_string().contains("zelda"), "{sightings}");
    assert_eq!(sightings["items"][0]["path"], "/Users/…/bin/two");
    world.end().await;
}

/// Sends a preflight and an event upload of a host whose user is zelda.
async fn report_to(server: &Server) {
    let client = reqwest::Client::new();
    let preflight = json!({"primary_user": "zelda", "serial_num": "C02ZELDA", "hostname": "mac-1"});
    let events = json!({
        "events": [report("tool", "zelda", 1), report("other", "mira", 2)],
        "file_access_events": [access("zelda")],
    });
    for (path, body) in [("preflight/M1", preflight), ("eventupload/M1", events)] {
        let url = format!("{}{path}", server.sync_base());
        let sent = client.post(url).header("content-type", "application/json");
        assert_eq!(sent.body(body.to_string()).send().await.unwrap().status(), 200);
    }
}

/// The rules that a new host of zelda downloads.
async fn rules_of_zelda(server: &Server) -> String {
    let client = reqwest::Client::new();
    let preflight = json!({"primary_user": "zelda", "serial_num": "C02TWO", "hostname": "mac-2"});
    let mut text = String::new();
    for (path, body) in [("preflight/M2", preflight), ("ruledownload/M2", json!({}))] {
        let url = format!("{}{path}", server.sync_base());
        let sent = client.post(url).header("content-type", "application/json");
        let answer = sent.body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        text = answer.text().await.unwrap();
    }
    text
}

/// The number of places at which the files of the database contain a text.
fn occurrences(shell: &Shell, text: &str) -> usize {
    let files = std::fs::read_dir(shell.path(".")).unwrap().map(Result::unwrap);
    let database =
        files.filter(|file| file.file_name().to_string_lossy().starts_with("nicelist.db"));
    let bytes = database.map(|file| std::fs::read(file.path()).unwrap());
    bytes.map(|bytes| bytes.windows(text.len()).filter(|it| *it == text.as_bytes()).count()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_person_is_in_no_byte_of_the_database() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    report_to(&server).await;
    let says = |line: &str, texts: &[&str]| {
        let transcript = shell.run(line);
        for text in texts {
            assert!(transcript.contains(text), "{text:?} is not in {transcript}");
        }
        transcript
    };
    says("rule add block teamid:AAAAAAAAAA --scope user:zelda --comment zelda", &["exit code: 0"]);
    let exported = shell.json("person export zelda");
    let kinds: Vec<&str> =
        exported.as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    for kind in ["host", "event", "sighting", "rule"] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    says("person export Zelda", &["exit code: 0", "did you mean: nicelist person export zelda"]);
    says(
        "person export Nobody",
        &["letter case matters", "nicelist host list --columns hostname,user"],
    );
    let event = exported.as_array().unwrap().iter().find(|it| it["kind"] == "event").unwrap();
    assert_eq!(event["record"]["other_fields"]["logged_in_users"], json!(["zelda"]));

    let refused = ["exit code: 6", "rule block teamid:AAAAAAAAAA in user:zelda"];
    says("person forget zelda --yes", &refused);
    says("person forget zelda --dry-run", &refused);
    says("rule remove teamid:AAAAAAAAAA --scope user:zelda", &["exit code: 0"]);
    says("person forget zelda --dry-run", &["would replace zelda in 2 events, 1 sighting, 1 host"]);
    says("person forget zelda", &["exit code: 2", "not confirmed: Permanently replace zelda"]);
    assert!(occurrences(&shell, "zelda") > 0);

    let hint = "hint: backups and logs keep the name";
    let done =
        says("person forget zelda --yes", &["exit code: 0", "replaced zelda with person-", hint]);
    assert_eq!(occurrences(&shell, "zelda"), 0);
    assert!(occurrences(&shell, "mira") > 0, "other people stay");
    let pseudonym = done.split("person-").nth(1).unwrap()[..10].to_owned();
    says("history", &[format!("forgot person-{pseudonym}").as_str()]);
    assert!(shell.json("event list").to_string().contains(&format!("person-{pseudonym}")));
    says("person forget zelda --yes", &["exit code: 0", "nothing to do"]);
    says("person export zelda", &["no stored record names this person"]);
    says("person forget local --yes", &["exit code: 2"]);

    // The person comes back, gets a rule, and is forgotten again.
    report_to(&server).await;
    says("rule add block teamid:BBBBBBBBBB --scope user:zelda", &["exit code: 0"]);
    assert!(rules_of_zelda(&server).await.contains("BBBBBBBBBB"));
    says("rule remove teamid:BBBBBBBBBB --scope user:zelda", &["exit code: 0"]);
    let again = format!("replaced zelda with person-{pseudonym}");
    says("person forget zelda --yes", &["exit code: 0", again.as_str()]);
    assert_eq!(occurrences(&shell, "zelda"), 0);

    // Opening the database again checks the checksums of the changed rows.
    server.kill();
    let server = Server::start(&shell);
    shell.use_server(&server);
    assert_eq!(shell.json("rule list"), json!([]));
    report_to(&server).await;
    assert!(occurrences(&shell, "zelda") > 0, "a Mac that still syncs reports the name again");
}

#[test]
fn unreadable_rows_with_the_name_are_counted() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    for line in [
        "rule add block teamid:AAAAAAAAAA --comment zelda",
        "rule add block teamid:BBBBBBBBBB --comment zelda",
        "rule remove teamid:AAAAAAAAAA",
        "rule remove teamid:BBBBBBBBBB",
    ] {
        let transcript = shell.run(line);
        assert!(transcript.contains("exit code: 0"), "{transcript}");
    }
    let on = Connection::open(shell.path("nicelist.db")).unwrap();
    let damaged = on.execute("UPDATE rule SET policy = 99 WHERE identifier = 'AAAAAAAAAA'", []);
    assert_eq!(damaged.unwrap(), 1);
    drop(on);
    let warning = "warning: 1 row of the database cannot be read and may contain zelda";
    for (line, done) in [
        ("person forget zelda --dry-run", "would replace zelda in 1 record of the history"),
        ("person forget zelda --yes", "replaced zelda with person-"),
        ("person forget zelda --yes", "nothing to do"),
    ] {
        let transcript = shell.run(line);
        for part in ["exit code: 0", warning, done] {
            assert!(transcript.contains(part), "{part:?} is not in {transcript}");
        }
    }
}

async fn machines(router: &Router) -> Vec<String> {
    let (_, page) = ask(router, Method::GET, "/hosts", Value::Null).await;
    let hosts = page["items"].as_array().unwrap().iter();
    hosts.map(|host| host["machine"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_hosts_are_forgotten_and_may_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
    let open = async || {
        let options = Options {
            database: format!("sqlite:{}", folder.path().join("nicelist.db").display()),
            sync_auth: SyncAuth::None,
            longest_gap: Some(SignedDuration::MAX),
            clock: clock.clone(),
            check_retention_every: Some(Duration::from_millis(20)),
            ..Options::default()
        };
        App::open(options).await.unwrap()
    };
    let preflight = async |router: &Router, machine: &str| {
        let path = format!("preflight/{machine}");
        let status = sync(router, &path, "application/json", b"{}".to_vec()).await;
        assert_eq!(status, StatusCode::OK);
    };
    let app = open().await;
    preflight(&app.router(), "OLD").await;
    let set = json!({"scope": "fleet", "set": {"host-retention": "30d"}});
    let (status, answer) = ask(&app.router(), Method::POST, "/settings", set).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    drop(app);
    clock.advance(SignedDuration::from_hours(31 * 24));

    // While the server was stopped, no host could sync.
    let app = open().await;
    let router = app.router();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(machines(&router).await, ["OLD"]);
    clock.advance(SignedDuration::from_hours(23));
    preflight(&router, "NEW").await;
    clock.advance(SignedDuration::from_hours(2));
    let deadline = Instant::now() + Duration::from_secs(20);
    while machines(&router).await != ["NEW"] {
        assert!(Instant::now() < deadline, "OLD is not forgotten");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    preflight(&router, "OLD").await;
    assert_eq!(machines(&router).await, ["NEW", "OLD"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_are_not_silent_while_the_server_sleeps() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
    let options = Options {
        database: format!("sqlite:{}", folder.path().join("nicelist.db").display()),
        sync_auth: SyncAuth::None,
        clock: clock.clone(),
        check_retention_every: Some(Duration::from_millis(20)),
        ..Options::default()
    };
    let app = App::open(options).await.unwrap();
    let router = app.router();
    let preflight = sync(&router, "preflight/M1", "application/json", b"{}".to_vec());
    assert_eq!(preflight.await, StatusCode::OK);
    let set = json!({"scope": "fleet", "set": {"host-retention": "30d"}});
    let (status, answer) = ask(&router, Method::POST, "/settings", set).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    // The checks begin before the machine falls asleep.
    tokio::time::sleep(Duration::from_millis(300)).await;
    clock.advance(SignedDuration::from_hours(31 * 24));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(machines(&router).await, ["M1"]);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !machines(&router).await.is_empty() {
        assert!(Instant::now() < deadline, "M1 is not forgotten");
        clock.advance(SignedDuration::from_hours(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
