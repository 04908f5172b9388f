//! After a lost request or response, the next sync gives the Mac the right rules. Also tests clean
//! syncs that an administrator requests.

use nicelist::lab::SyncKind;

use crate::world::{Loses, Mac, World};

const TEAMS: [&str; 3] = ["teamid:AAAAAAAAAA", "teamid:BBBBBBBBBB", "teamid:CCCCCCCCCC"];

/// A Mac that was up to date. Since then, one of its rules was removed, a rule was added, and its
/// tag was removed.
async fn a_changed_world() -> (World, Mac) {
    let world = World::new().await;
    world.post("/tags", serde_json::json!({"name": "eng"})).await;
    world.put_rule("allow", TEAMS[0], "fleet").await;
    world.put_rule("allow", TEAMS[1], "tag:eng").await;
    let mut mac = Mac::new("M1");
    mac.sync(&world).await;
    world.post("/hosts/M1/tags", serde_json::json!({"add": ["eng"]})).await;
    mac.sync(&world).await;
    assert_eq!(mac.holds(), ["teamid:AAAAAAAAAA allow", "teamid:BBBBBBBBBB allow"]);
    world.drop_rule(TEAMS[0], "fleet").await;
    world.put_rule("block", TEAMS[2], "fleet").await;
    world.post("/hosts/M1/tags", serde_json::json!({"remove": ["eng"]})).await;
    (world, mac)
}

async fn put_right_after(loses: Loses) {
    let (world, mut mac) = a_changed_world().await;
    let network = world.network().losing(loses);
    // Whether this sync succeeds depends on the request or response that is lost.
    drop(mac.try_sync(&network).await);
    let report = mac.sync(&world).await;
    assert_eq!(mac.holds(), ["teamid:CCCCCCCCCC block"], "after losing {loses:?}");
    assert_eq!(report.performed, SyncKind::Normal, "after losing {loses:?}");
    let host = world.get("/hosts/M1").await;
    assert_eq!(host["state"], "in-sync", "after losing {loses:?}: {host}");
}

#[tokio::test]
async fn every_request_and_every_answer_of_a_sync_can_be_lost() {
    let (world, mut mac) = a_changed_world().await;
    let network = world.network();
    mac.try_sync(&network).await.unwrap();
    let requests = network.asked();
    assert_eq!(requests, 3, "preflight, rule download, postflight");
    for n in 0..requests {
        for loses in [Loses::Request(n), Loses::Answer(n), Loses::From(n), Loses::AnswersFrom(n)] {
            put_right_after(loses).await;
        }
    }
}

#[tokio::test]
async fn a_rule_added_and_removed_around_a_lost_postflight_is_removed() {
    let (world, mut mac) = a_changed_world().await;
    mac.sync(&world).await;
    world.put_rule("allow", TEAMS[0], "fleet").await;
    drop(mac.try_sync(&world.network().losing(Loses::From(2))).await);
    assert!(mac.holds().contains(&"teamid:AAAAAAAAAA allow".to_owned()));
    world.drop_rule(TEAMS[0], "fleet").await;
    let report = mac.sync(&world).await;
    assert_eq!(mac.holds(), ["teamid:CCCCCCCCCC block"]);
    assert_eq!(report.performed, SyncKind::Normal);
}

#[tokio::test]
async fn a_tag_added_and_removed_around_a_lost_postflight_leaves_no_rules() {
    let (world, mut mac) = a_changed_world().await;
    mac.sync(&world).await;
    world.post("/hosts/M1/tags", serde_json::json!({"add": ["eng"]})).await;
    drop(mac.try_sync(&world.network().losing(Loses::From(2))).await);
    assert!(mac.holds().contains(&"teamid:BBBBBBBBBB allow".to_owned()));
    world.post("/hosts/M1/tags", serde_json::json!({"remove": ["eng"]})).await;
    let report = mac.sync(&world).await;
    assert_eq!(mac.holds(), ["teamid:CCCCCCCCCC block"]);
    assert_eq!(report.performed, SyncKind::Normal);
}

#[tokio::test]
async fn a_first_sync_with_a_lost_postflight_is_not_repeated_as_a_clean_sync() {
    let world = World::new().await;
    world.put_rule("allow", TEAMS[0], "fleet").await;
    let mut mac = Mac::new("M1");
    drop(mac.try_sync(&world.network().losing(Loses::From(2))).await);
    assert_eq!(mac.holds(), ["teamid:AAAAAAAAAA allow"]);
    let report = mac.sync(&world).await;
    assert_eq!(report.performed, SyncKind::Normal);
    assert_eq!(world.get("/hosts/M1").await["state"], "in-sync");
}

#[tokio::test]
async fn an_ordered_clean_sync_survives_a_lost_session() {
    let (world, mut mac) = a_changed_world().await;
    world.post("/hosts/M1/clean-sync", serde_json::json!({"kind": "clean"})).await;
    drop(mac.try_sync(&world.network().losing(Loses::From(1))).await);
    let report = mac.sync(&world).await;
    assert_eq!(report.performed, SyncKind::Clean);
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Normal);
    assert_eq!(mac.holds(), ["teamid:CCCCCCCCCC block"]);
}

#[tokio::test]
async fn an_ordered_clean_sync_can_be_canceled_before_it_begins() {
    let (world, mut mac) = a_changed_world().await;
    world.post("/hosts/M1/clean-sync", serde_json::json!({"kind": "clean-all"})).await;
    world.delete("/hosts/M1/clean-sync").await;
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Normal);
    assert_eq!(mac.holds(), ["teamid:CCCCCCCCCC block"]);
}

#[tokio::test]
async fn an_order_for_all_rules_during_a_clean_sync_is_kept() {
    let (world, mut mac) = a_changed_world().await;
    world.post("/hosts/M1/clean-sync", serde_json::json!({"kind": "clean"})).await;
    drop(mac.try_sync(&world.network().losing(Loses::From(1))).await);
    world.post("/hosts/M1/clean-sync", serde_json::json!({"kind": "clean-all"})).await;
    assert_eq!(mac.sync(&world).await.performed, SyncKind::CleanAll);
    assert_eq!(mac.sync(&world).await.performed, SyncKind::Normal);
}

#[tokio::test]
async fn a_clean_sync_to_no_rules_deletes_all_rules() {
    let world = World::new().await;
    world.put_rule("allow", TEAMS[0], "fleet").await;
    let mut mac = Mac::new("M1");
    mac.sync(&world).await;
    world.drop_rule(TEAMS[0], "fleet").await;
    world.post("/hosts/M1/clean-sync", serde_json::json!({"kind": "clean-all"})).await;
    let report = mac.sync(&world).await;
    assert_eq!(report.performed, SyncKind::CleanAll);
    assert!(mac.holds().is_empty());
    assert_eq!(world.get("/hosts/M1").await["state"], "in-sync");
}

#[tokio::test]
async fn a_sync_without_changes_sends_no_rules() {
    let (world, mut mac) = a_changed_world().await;
    mac.sync(&world).await;
    let report = mac.sync(&world).await;
    assert_eq!((report.rules.received, report.rules.pages), (0, 1));
}
