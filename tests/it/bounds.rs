//! What a host reports is bounded before it is stored, with the real router and database.

use std::num::NonZeroUsize;

use axum::body::Body;
use http::{Request, StatusCode};
use nicelist::protocol::{self, EventUploadRequest, Format, PreflightRequest};
use nicelist::sync::RULES_A_PAGE;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::events::{blocked, digest, with};
use crate::shell::{Server, Shell};
use crate::world::World;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// A request of a host that must succeed.
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
    assert!(shown.contains("groups used  the first 1000 by name of 2500 reported"), "{shown}");
    assert!(shown.contains("truncated  serial_num, hostname, primary_user_groups"), "{shown}");
}
