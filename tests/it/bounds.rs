//! Limits on the sizes of reports, of pages of lists, and of texts in changes.

use std::num::NonZeroUsize;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use nicelist::fleet::{Clock, Decision, Event, Host};
use nicelist::protocol::{self, EventUploadRequest, Format, PreflightRequest};
use nicelist::rule::Program;
use nicelist::store::{self, Durability, EventOrigin};
use nicelist::sync::RULES_A_PAGE;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::events::{blocked, digest, with};
use crate::shell::{ADMIN, Server, Shell};
use crate::world::World;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Sends a host's request, which must succeed.
async fn sync(world: &World, path: &str, content_type: &str, body: Vec<u8>) {
    let request = Request::builder()
        .method("POST")
        .uri(format!("/santa/{path}"))
        .header("content-type", content_type)
        .body(Body::from(body))
        .unwrap();
    let response = world.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
}

fn huge_preflight() -> Value {
    let groups: Vec<String> = (0..2500).rev().map(|number| format!("group {number:04}")).collect();
    json!({
        "serial_num": "S".repeat(3_000_000), "hostname": "ö".repeat(2_000_000),
        "primary_user": "mira", "santa_version": "2026.7", "os_version": "15.1",
        "primary_user_groups": groups,
    })
}

fn huge_event() -> Value {
    let users: Vec<String> = (0..5000).map(|number| format!("user {number}")).collect();
    let more = json!({
        "file_path": "p".repeat(1_000_000), "executing_user": "u".repeat(1_000_000),
        "cdhash": "c".repeat(1_000_000), "logged_in_users": users,
    });
    with(blocked("Pinecone", 0), more)
}

async fn reports_are_bounded(world: &World) {
    let preflight = huge_preflight().to_string().into_bytes();
    let upload = json!({"events": [huge_event()]}).to_string().into_bytes();
    let as_protobuf: PreflightRequest = protocol::read_request(Format::Json, &preflight).unwrap();
    let as_protobuf = protocol::write(Format::Protobuf, &as_protobuf).unwrap();
    let events_as_protobuf: EventUploadRequest =
        protocol::read_request(Format::Json, &upload).unwrap();
    let events_as_protobuf = protocol::write(Format::Protobuf, &events_as_protobuf).unwrap();
    sync(world, "preflight/JSON", JSON, preflight).await;
    sync(world, "preflight/PROTOBUF", PROTOBUF, as_protobuf).await;
    sync(world, "eventupload/JSON", JSON, upload).await;
    sync(world, "eventupload/PROTOBUF", PROTOBUF, events_as_protobuf).await;

    for machine in ["JSON", "PROTOBUF"] {
        let host = world.get(&format!("/hosts/{machine}")).await;
        assert_eq!(host["truncated"], json!(["serial_num", "hostname", "primary_user_groups"]));
        assert_eq!(host["groups_reported"], 2500);
        assert_eq!(host["groups"].as_array().unwrap().len(), 1000);
        assert_eq!(host["groups"][999], "group 0999");
        let hostname = host["hostname"].as_str().unwrap();
        assert!(hostname.len() <= 255 && hostname.ends_with("ö…"), "{hostname}");
        assert_eq!((&host["primary_user"], &host["os_version"]), (&json!("mira"), &json!("15.1")));

        let events = world.get(&format!("/events?host={machine}")).await;
        let event = &events["items"][0];
        assert_eq!(event["program"]["sha256"], json!(digest("Pinecone")));
        assert_eq!(event["program"].get("cdhash"), None, "a part of a hash is another hash");
        assert!(event["user"].as_str().unwrap().len() <= 255);
        let detail = world.get(&format!("/events/{}", event["id"])).await;
        let truncated = json!(["file_path", "executing_user", "logged_in_users", "cdhash"]);
        assert_eq!(detail["truncated"], truncated);
        assert!(detail.to_string().len() < 64 * 1024, "the report is bounded too");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_reports_are_bounded_before_they_are_stored() {
    let world = World::new().await;
    reports_are_bounded(&world).await;
    world.end().await;
    let page: NonZeroUsize = RULES_A_PAGE;
    let world = World::on_postgres(1, 0, page).await;
    reports_are_bounded(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_imported_events_have_the_same_bounds() {
    let world = World::new().await;
    let reports = json!({"reports": [{"machine": "OLD", "event": huge_event()}]});
    world.post("/events", reports).await;
    let detail = world.get("/events/1").await;
    assert!(detail.to_string().len() < 64 * 1024);
    assert_eq!(detail["truncated"][0], "file_path");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_host_show_says_what_was_shortened() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let url = format!("{}preflight/MIRA", server.sync_base());
    let body = huge_preflight().to_string();
    let response = reqwest::Client::new().post(url).body(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let shown = shell.run("host show MIRA");
    assert!(shown.contains("groups used  the first 1000 by name, of 2500 reported"), "{shown}");
    assert!(shown.contains("truncated  serial_num, hostname, primary_user_groups"), "{shown}");
}

/// Maximum growth of a server's memory, in MiB.
const MOST_MEMORY: u64 = 128;

fn huge_event_of(host: &Host, number: u32) -> Event {
    Event {
        machine: host.machine.clone(),
        decision: Decision("BLOCK_UNKNOWN".into()),
        occurred: Some(Timestamp::UNIX_EPOCH),
        file_name: "tool".to_owned(),
        folder: "/opt".to_owned(),
        program: Program { sha256: format!("{number:064x}"), ..Program::default() },
        user: "mira".to_owned(),
        pid: 7,
        parent_name: "launchd".to_owned(),
        bundle_name: String::new(),
        bundle_version: String::new(),
        bundle_hash: String::new(),
        bundle_binary_count: 0,
        download_url: "u".repeat(if number.is_multiple_of(5) { 2_000_000 } else { 100_000 }),
        signing_chain: Vec::new(),
        access: None,
        other_fields: serde_json::Map::new(),
        truncated: Vec::new(),
    }
}

/// Stores data like that of a version without limits: hosts with hostnames of 16 MB, and events of
/// up to 2 MB.
async fn fill_without_bounds(database: &str) {
    let store = store::open(database, Durability::Process).await.unwrap();
    for number in 0..3 {
        let mut host = Host::new(format!("HUGE-{number}").parse().unwrap(), Timestamp::UNIX_EPOCH);
        host.facts.hostname = "h".repeat(16_000_000);
        assert!(store.save_host(&host, 0).await.unwrap());
        let events: Vec<Event> = (0..60).map(|event| huge_event_of(&host, event)).collect();
        assert_eq!(
            store
                .add_events(&events, Clock::default().now(), EventOrigin::Import)
                .await
                .unwrap()
                .events,
            60
        );
    }
}

/// Reads all pages of a list. Returns the bytes of the largest page and the number of items.
async fn read_all(server: &Server, path: &str) -> (usize, usize) {
    let client = reqwest::Client::new();
    let (mut largest, mut items, mut cursor) = (0, 0, String::new());
    loop {
        let url = format!("{}/api/v1{path}limit=5000{cursor}", server.url);
        let response = client.get(url).bearer_auth(ADMIN).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = response.bytes().await.unwrap();
        let page: Value = serde_json::from_slice(&body).unwrap();
        largest = largest.max(body.len());
        items += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (largest, items),
        }
    }
}

async fn lists_stay_small(server: &Server, idle: u64, hosts: usize, events: usize) {
    let lists = [("/events?", events), ("/events?blocked=true&", events), ("/hosts?", hosts)];
    for (list, expected) in lists {
        let (largest, items) = read_all(server, list).await;
        assert_eq!(items, expected, "{list}");
        assert!(largest <= 8 << 20, "{list}: a page of {largest} bytes");
    }
    let (largest, _) = read_all(server, "/events/waiting?").await;
    assert!(largest <= 8 << 20, "a page of {largest} bytes waits");
    let more = server.memory("VmHWM").saturating_sub(idle);
    eprintln!("{more} MiB more than {idle} MiB");
    assert!(more <= MOST_MEMORY, "{more} MiB more than {idle} MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_rows_without_bounds_are_served_in_little_memory() {
    let shell = Shell::new();
    let database = format!("sqlite:{}", shell.path("nicelist.db").display());
    fill_without_bounds(&database).await;
    for _ in 0..2 {
        let server = Server::start(&shell);
        lists_stay_small(&server, server.memory("VmRSS"), 3, 180).await;
        server.kill();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_the_attack_costs_little_memory() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let idle = server.memory("VmRSS");
    let client = reqwest::Client::new();
    let post = async |path: &str, body: &[u8]| {
        let body = protocol::encode(protocol::ContentEncoding::Gzip, body).unwrap();
        let url = format!("{}{path}/MIRA", server.sync_base());
        let request = client.request(Method::POST, url).header("content-encoding", "gzip");
        assert_eq!(request.body(body.into_owned()).send().await.unwrap().status(), 200, "{path}");
    };
    let name = json!({"hostname": "h".repeat(16_000_000)}).to_string();
    post("preflight", name.as_bytes()).await;
    for batch in 0..10 {
        let of_batch = (0..50).map(|event| blocked(&format!("tool {batch} {event}"), event));
        let events: Vec<Value> = of_batch.collect();
        post("eventupload", json!({ "events": events }).to_string().as_bytes()).await;
    }
    lists_stay_small(&server, idle, 1, 500).await;
    server.kill();
    let server = Server::start(&shell);
    lists_stay_small(&server, server.memory("VmRSS"), 1, 500).await;
}

/// Returns all items of a list, the number of its pages, and the bytes of the largest page.
async fn pages(world: &World, path: &str) -> (Vec<Value>, usize, usize) {
    let (mut items, mut pages, mut largest) = (Vec::new(), 0, 0);
    let mut cursor = String::new();
    loop {
        let page = world.get(&format!("{path}limit=5000{cursor}")).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        (pages, largest) = (pages + 1, largest.max(page.to_string().len()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, pages, largest),
        }
    }
}

#[tokio::test]
async fn b1_pages_of_rules_are_limited_in_bytes() {
    let world = World::new().await;
    let comment = "c".repeat(8 * 1024);
    let rule = |number: usize| {
        let target = format!("binary:{}", digest(&number.to_string()));
        json!({"target": target, "policy": "block", "comment": comment})
    };
    let rules: Vec<Value> = (0..1_000).map(rule).collect();
    world.post("/rules", json!({"put": rules})).await;
    sync(&world, "preflight/M1", JSON, br#"{"serial_num":"C02"}"#.to_vec()).await;
    for path in ["/rules?", "/hosts/M1/rules?", "/revisions/1/changes?"] {
        let (items, pages, largest) = pages(&world, path).await;
        let target = |item: &Value| item["target"].as_str().unwrap().to_owned();
        let targets: std::collections::HashSet<String> = items.iter().map(target).collect();
        assert_eq!((items.len(), targets.len()), (1_000, 1_000), "{path}");
        assert!(pages >= 2 && largest < 5 << 20, "{path}: {pages} pages, {largest} bytes");
    }
}

#[tokio::test]
async fn b1_pages_of_history_are_limited_in_bytes() {
    let world = World::new().await;
    let message = "m".repeat(4096);
    let mut turns = ["allow", "block"].into_iter().cycle();
    for turn in 0..1_100 {
        let rule =
            json!({"target": "teamid:EQHXZ8M8AV", "policy": turns.next(), "comment": message});
        let change = json!({"message": format!("{turn}{}", &message[5..]), "put": [rule]});
        world.post("/rules", change).await;
    }
    for path in ["/revisions?", "/rules/history?target=teamid:EQHXZ8M8AV&"] {
        let (items, pages, largest) = pages(&world, path).await;
        assert_eq!(items.len(), 1_100, "{path}");
        assert!(pages >= 2 && largest < 5 << 20, "{path}: {pages} pages, {largest} bytes");
    }
}

#[tokio::test]
async fn b1_texts_of_changes_are_refused_if_they_are_too_long() {
    let world = World::new().await;
    let refused = async |path: &str, body: Value| {
        let (status, problem) = world.ask(Method::POST, path, body).await;
        let refused = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&status);
        assert!(refused, "{path}: {status} {problem}");
        problem.to_string()
    };
    let long = "ö".repeat(2_049);
    let message = "the message of a change has 4098 bytes; the maximum is 4096";
    for path in ["/rules", "/policy", "/revisions/0/rollback"] {
        let problem = refused(path, json!({"message": long})).await;
        assert!(problem.contains(message), "{problem}");
    }
    let description = "the description of a tag has 4098 bytes; the maximum is 1024";
    let problem = refused("/tags", json!({"name": "eng", "description": long})).await;
    assert!(problem.contains(description), "{problem}");
    let tag = json!({"name": "eng", "priority": 0, "description": long});
    let problem = refused("/policy", json!({"tags": [tag]})).await;
    assert!(problem.contains(description), "{problem}");
    let serials: Vec<String> = (0..100_001).map(|number| format!("C{number}")).collect();
    let membership = json!({"serials": serials});
    let problem = refused("/tags", json!({"name": "eng", "membership": membership})).await;
    assert!(problem.contains("has 100001 entries; the maximum is 100000"), "{problem}");
    assert_eq!(world.get("/tags").await["items"], json!([]));
}
