//! Syncs after the database was restored from a backup. The restored records of hosts may be
//! outdated.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use nicelist::lab::{Profile, Santa, SyncKind};
use nicelist::protocol::Event;
use nicelist::sync::RULES_A_PAGE;
use serde_json::{Value, json};

use crate::world::{Mac, World};

/// Versions of Santa that do not hash their rules.
const OLD: [&str; 6] = ["2021.8", "2022.4", "2023.7", "2024.2", "2024.9", "2025.6"];
const BEFORE: &str = "teamid:AAAAAAAAAA";
const SINCE: &str = "teamid:BBBBBBBBBB";
const LATER: &str = "teamid:CCCCCCCCCC";

fn mac(machine: &str, generation: &str) -> Mac {
    let profile = Profile::of(generation.parse().unwrap());
    Mac { santa: Santa::new(Profile { machine_id: machine.to_owned(), ..profile }) }
}

fn add_event(mac: &mut Mac, name: &str) {
    mac.santa.add_event(Event {
        file_sha256: "e".repeat(64),
        file_name: name.to_owned(),
        execution_time: 1_790_000_000.0,
        ..Event::default()
    });
}

async fn state(world: &World, machine: &str) -> (Value, Value) {
    let view = world.get(&format!("/hosts/{machine}")).await;
    (view["state"].clone(), view["reason"].clone())
}

fn waiting() -> (Value, Value) {
    (json!("behind"), json!("restored"))
}

fn in_sync() -> (Value, Value) {
    (json!("in-sync"), Value::Null)
}

async fn uploaded(world: &World) -> Vec<String> {
    let page = world.get("/events").await;
    let name = |event: &Value| event["path"].as_str().unwrap().trim_start_matches('/').to_owned();
    page["items"].as_array().unwrap().iter().map(name).collect()
}

/// A world that was restored from a backup. Between the backup and the restore, its Macs lost one
/// rule and got another. After the restore, a third rule was added.
async fn restored(macs: &mut [Mac]) -> World {
    let mut world = World::new().await;
    world.put_rule("block", BEFORE, "fleet").await;
    for mac in &mut *macs {
        mac.sync(&world).await;
    }
    let backup = world.back_up();
    world.drop_rule(BEFORE, "fleet").await;
    world.put_rule("allow", SINCE, "fleet").await;
    for mac in &mut *macs {
        mac.sync(&world).await;
        assert_eq!(mac.holds(), [format!("{SINCE} allow")]);
    }
    world.restore(&backup).await;
    world.put_rule("allow", LATER, "fleet").await;
    world
}

#[tokio::test]
async fn l9_old_macs_with_unknown_rules_are_right_after_their_clean_sync() {
    let mut macs = OLD.map(|generation| mac(&format!("M-{generation}"), generation));
    let mut world = restored(&mut macs).await;
    for (mac, generation) in macs.iter_mut().zip(OLD) {
        let machine = format!("M-{generation}");
        assert_eq!(state(&world, &machine).await, waiting(), "{generation}");
        add_event(mac, generation);
        let report = mac.sync(&world).await;
        assert_eq!((report.performed, report.rules.received), (SyncKind::Normal, 0));
        assert_eq!((report.events.sent, report.events.discarded), (1, 0), "{generation}");
        // Until its turn for a clean sync, the Mac keeps its rules.
        assert_eq!(mac.holds(), [format!("{SINCE} allow")], "{generation}");
        assert_eq!(state(&world, &machine).await, waiting(), "{generation}");
    }
    assert_eq!(uploaded(&world).await.len(), OLD.len());

    world.pass(SignedDuration::from_mins(31)).await;
    for (mac, generation) in macs.iter_mut().zip(OLD) {
        let report = mac.sync(&world).await;
        assert_ne!(report.performed, SyncKind::Normal, "{generation}");
        assert_eq!(mac.holds(), [format!("{BEFORE} block"), format!("{LATER} allow")]);
        assert_eq!(state(&world, &format!("M-{generation}")).await, in_sync(), "{generation}");
        assert_eq!(mac.sync(&world).await.performed, SyncKind::Normal, "only once");
    }
}

#[tokio::test]
async fn l9_a_late_mac_uploads_its_events_before_its_clean_sync() {
    let mut macs = [mac("M1", "2024.9")];
    let mut world = restored(&mut macs).await;
    world.pass(SignedDuration::from_hours(20)).await;
    let [mac] = &mut macs;
    add_event(mac, "waiting");
    let report = mac.sync(&world).await;
    assert_eq!((report.performed, report.events.sent), (SyncKind::Normal, 1));
    assert_eq!(state(&world, "M1").await, waiting());
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Clean);
    assert_eq!(mac.holds(), [format!("{BEFORE} block"), format!("{LATER} allow")]);
    assert_eq!(
        (state(&world, "M1").await, uploaded(&world).await),
        (in_sync(), vec!["waiting".into()])
    );
}

#[tokio::test]
async fn l9_a_hash_proves_what_a_mac_has() {
    let mut world = World::new().await;
    world.put_rule("block", BEFORE, "fleet").await;
    let mut macs = [mac("M1", "2025.7"), mac("M2", "2026.7")];
    for mac in &mut macs {
        mac.sync(&world).await;
    }
    let backup = world.back_up();
    // The hash does not include messages.
    let rule = json!({"target": BEFORE, "policy": "block", "scope": "fleet", "message": "Since"});
    world.post("/rules", json!({"put": [rule]})).await;
    macs[0].sync(&world).await;
    world.restore(&backup).await;
    world.put_rule("allow", LATER, "fleet").await;

    for mac in &mut macs {
        add_event(mac, "waiting");
        let report = mac.sync(&world).await;
        assert_eq!((report.performed, report.events.discarded), (SyncKind::Normal, 0));
        assert_eq!(mac.holds(), [format!("{BEFORE} block"), format!("{LATER} allow")]);
    }
    for machine in ["M1", "M2"] {
        assert_eq!(state(&world, machine).await, in_sync());
    }
    // After the restore, each host has a turn, at which it gets all its rules again in a normal
    // sync. The sync removes the message.
    world.pass(SignedDuration::from_mins(31)).await;
    for mac in &mut macs {
        let report = mac.sync(&world).await;
        assert_eq!((report.performed, report.rules.received), (SyncKind::Normal, 2));
        assert!(mac.santa.rules().iter().all(|rule| rule.custom_msg.is_empty()));
        assert_eq!(mac.sync(&world).await.rules.received, 0);
    }
}

#[tokio::test]
async fn l9_a_host_with_an_unknown_hash_waits_for_its_clean_sync() {
    let mut macs = [mac("M1", "2026.7")];
    let mut world = restored(&mut macs).await;
    let [mac] = &mut macs;
    assert_eq!(mac.sync(&world).await.rules.received, 0);
    assert_eq!(state(&world, "M1").await, waiting());
    world.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Clean);
    assert_eq!(state(&world, "M1").await, in_sync());
}

#[tokio::test]
async fn l9_a_mac_that_enrolled_after_the_backup_uploads_its_events_first() {
    let mut world = World::new().await;
    world.put_rule("block", BEFORE, "fleet").await;
    let backup = world.back_up();
    let mut mac = mac("M1", "2024.9");
    mac.sync(&world).await;
    world.restore(&backup).await;
    world.pass(SignedDuration::from_mins(31)).await;
    add_event(&mut mac, "waiting");
    let report = mac.sync(&world).await;
    assert_eq!((report.performed, report.events.sent), (SyncKind::Normal, 1));
    assert_eq!(state(&world, "M1").await, waiting());
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Clean);
    assert_eq!(state(&world, "M1").await, in_sync());
}

#[tokio::test]
async fn l9_the_rules_of_a_waiting_mac_are_shown_as_unknown() {
    let mut macs = [mac("M1", "2024.9")];
    let mut world = restored(&mut macs).await;
    macs[0].sync(&world).await;
    let explained = world.get(&format!("/hosts/M1/explain?target={BEFORE}")).await;
    assert_eq!(
        (&explained["held"], &explained["next_sync"]["restored"]),
        (&Value::Null, &json!(true))
    );
    world.pass(SignedDuration::from_mins(31)).await;
    macs[0].sync(&world).await;
    let explained = world.get(&format!("/hosts/M1/explain?target={BEFORE}")).await;
    assert_eq!((&explained["held"], &explained["next_sync"]), (&json!("block"), &Value::Null));
}

#[tokio::test]
async fn l9_an_order_for_a_clean_sync_ends_the_wait() {
    let mut macs = [mac("M1", "2024.9")];
    let mut world = restored(&mut macs).await;
    world.pass(SignedDuration::from_mins(1)).await;
    world.post("/hosts/M1/clean-sync", json!({"kind": "clean"})).await;
    assert_eq!(macs[0].sync(&world).await.performed, SyncKind::Clean);
    assert_eq!(state(&world, "M1").await, in_sync());
}

#[tokio::test]
async fn l9_a_restored_order_for_a_clean_sync_waits_for_events() {
    let mut world = World::new().await;
    world.put_rule("block", BEFORE, "fleet").await;
    let mut mac = mac("M1", "2026.7");
    mac.sync(&world).await;
    world.post("/hosts/M1/clean-sync", json!({"kind": "clean"})).await;
    let backup = world.back_up();
    world.pass(SignedDuration::from_mins(1)).await;
    world.restore(&backup).await;
    add_event(&mut mac, "waiting");
    let report = mac.sync(&world).await;
    assert_eq!((report.performed, report.events.sent), (SyncKind::Normal, 1));
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Clean);
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Normal, "only once");
    assert_eq!((state(&world, "M1").await, uploaded(&world).await.len()), (in_sync(), 1));
}

async fn post(world: &World, stage: &str, body: Value) -> StatusCode {
    let request = Request::builder().method(Method::POST).uri(format!("/santa/{stage}/M1"));
    let request = request.body(Body::from(body.to_string())).unwrap();
    tower::ServiceExt::oneshot(world.router(), request).await.unwrap().status()
}

#[tokio::test]
async fn l9_a_restore_ends_syncs_in_progress() {
    let mut world = World::new().await;
    world.put_rule("block", BEFORE, "fleet").await;
    let mut mac = mac("M1", "2024.9");
    mac.sync(&world).await;
    let backup = world.back_up();
    // The Mac begins a clean sync before the restore. If it got an empty page of rules after the
    // restore, it would delete all its rules.
    let introduction = json!({"santa_version": "2024.9", "request_clean_sync": true});
    assert_eq!(post(&world, "preflight", introduction).await, StatusCode::OK);
    world.restore(&backup).await;
    let refused = post(&world, "ruledownload", json!({})).await;
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(post(&world, "postflight", json!({"rules_received": 1})).await, StatusCode::OK);
    assert_eq!(state(&world, "M1").await, waiting(), "its report proves nothing");
    mac.sync(&world).await;
    assert_eq!(state(&world, "M1").await, waiting());
    world.pass(SignedDuration::from_mins(31)).await;
    mac.sync(&world).await;
    assert_eq!(state(&world, "M1").await, in_sync());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l9_a_new_epoch_on_postgres_reaches_all_servers() {
    let mut world = World::on_postgres(2, 0x5a5a, RULES_A_PAGE).await;
    world.put_rule("block", BEFORE, "fleet").await;
    let (mut old, mut new) = (mac("M1", "2024.9"), mac("M2", "2026.7"));
    for mac in [&mut old, &mut new] {
        mac.sync(&world).await;
    }
    world.post("/epoch", json!({})).await;
    add_event(&mut old, "waiting");
    world.restart().await;
    assert_eq!(state(&world, "M1").await, waiting());
    let report = old.sync(&world).await;
    assert_eq!((report.performed, report.rules.received), (SyncKind::Normal, 0));
    assert_eq!(new.sync(&world).await.performed, SyncKind::Normal);
    assert_eq!(state(&world, "M2").await, in_sync(), "its hash is a proof");
    world.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(old.sync(&world).await.performed, SyncKind::Clean);
    assert_eq!((state(&world, "M1").await, uploaded(&world).await.len()), (in_sync(), 1));
    world.end().await;
}
