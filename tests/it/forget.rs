//! Many hosts are forgotten with one command, and one host cannot fill the database.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::events::blocked;
use crate::shell::{Server, Shell};
use crate::world::{Loses, Mac, World};

async fn machines(world: &World) -> Vec<String> {
    let page = world.get("/hosts").await;
    let hosts = page["items"].as_array().unwrap().iter();
    hosts.map(|host| host["machine"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b4_silent_hosts_are_forgotten_together() {
    let mut world = World::new().await;
    Mac::new("OLD").sync(&world).await;
    // Only the preflight of this host arrives, so the host never completes a sync.
    let half = world.network().losing(Loses::From(1));
    assert!(Mac::new("HALF-OLD").try_sync(&half).await.is_err());
    world.pass(SignedDuration::from_hours(100 * 24)).await;
    Mac::new("NEW").sync(&world).await;
    let half = world.network().losing(Loses::From(1));
    assert!(Mac::new("HALF-NEW").try_sync(&half).await.is_err());
    assert_eq!(machines(&world).await, ["HALF-NEW", "HALF-OLD", "NEW", "OLD"]);

    let since = world.now() - SignedDuration::from_hours(90 * 24);
    let both = json!({"not_seen_since": since, "never_synced": true, "dry_run": true});
    let answer = world.post("/forget-hosts", both).await;
    assert_eq!(
        (&answer["matched"], &answer["samples"][0]["machine"]),
        (&json!(1), &json!("HALF-OLD"))
    );
    assert_eq!(machines(&world).await.len(), 4, "a dry run forgets nothing");

    let (status, _) = world.ask(Method::POST, "/forget-hosts", json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "without a condition");

    world.post("/forget-hosts", json!({"not_seen_since": since})).await;
    assert_eq!(machines(&world).await, ["HALF-NEW", "NEW"]);
    world.post("/forget-hosts", json!({"never_synced": true})).await;
    assert_eq!(machines(&world).await, ["NEW"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b4_the_command_shows_what_it_would_forget() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    for number in 0..250 {
        let url = format!("{}preflight/FLOOD-{number:03}", server.sync_base());
        let response = reqwest::Client::new().post(url).body("{}").send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
    let says = |line: &str, text: &str| {
        let transcript = shell.run(line);
        assert!(transcript.contains(text), "{transcript}");
    };
    let named = "FLOOD-008, FLOOD-009, …";
    says("host forget --never-synced --dry-run", "would forget 250 hosts: FLOOD-000,");
    says("host forget --never-synced --dry-run", named);
    says("host forget --never-synced", "not confirmed: Forget 250 hosts and their tags?");
    says("host forget --never-synced --yes", "exit code: 0");
    says("host forget --never-synced --dry-run", "no hosts match");
    says("host forget --silent-for 1d --yes", "no hosts match");
    says("host forget FLOOD-001 --dry-run", "exit code: 2");
    says("host forget", "exit code: 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b4_a_host_over_its_limit_is_answered_and_its_events_are_dropped() {
    let world = World::with_events_per_day(70).await;
    Mac::new("LOUD").sync(&world).await;
    for batch in 0..3 {
        let events: Vec<Value> =
            (0..30).map(|event| blocked(&format!("tool {batch} {event}"), event)).collect();
        let body = json!({ "events": events }).to_string();
        assert_eq!(world.upload("LOUD", body).await, StatusCode::OK);
    }
    let kept = world.get("/events?limit=5000").await;
    assert_eq!(kept["items"].as_array().unwrap().len(), 70);
    assert_eq!(world.get("/hosts/LOUD").await["events_dropped"], 20);
    assert_eq!(world.get("/status").await["events_dropped"], 20);
    world.end().await;
}
