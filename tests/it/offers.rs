//! A host that may be in one of several states gets the changes that it needs in any of them.

use std::num::NonZeroUsize;

use nicelist::lab::SyncKind;
use serde_json::{Value, json};

use crate::world::{Loses, Mac, World};

/// A client that reports only counts of its rules, and a client that hashes its rules.
const CLIENTS: [&str; 2] = ["2024.9", "2026.7"];
/// A small page, so that downloads have several pages.
const RULES_A_PAGE: NonZeroUsize = NonZeroUsize::new(2).unwrap();
/// The positions of requests, counted from 0, in a sync whose rules are on one page.
const FIRST_PAGE: usize = 1;
const POSTFLIGHT: usize = 2;

fn team(number: usize) -> String {
    format!("teamid:{number:010}")
}

async fn worlds() -> [World; 2] {
    [World::new().await, World::on_postgres(2, 0b0110, NonZeroUsize::new(4000).unwrap()).await]
}

async fn mac(world: &World, version: &str) -> Mac {
    let mut mac = Mac::new("M1");
    let profile = mac.santa.profile_mut();
    profile.generation = version.parse().unwrap();
    profile.santa_version = profile.generation.says();
    mac.sync(world).await;
    mac
}

async fn put(world: &World, teams: std::ops::Range<usize>) {
    let rule = |number| json!({"target": team(number), "policy": "block", "scope": "fleet"});
    let rules: Vec<Value> = teams.map(rule).collect();
    world.post("/rules", json!({"put": rules})).await;
}

async fn roll_back(world: &World, revision: u64) {
    world.post(&format!("/revisions/{revision}/rollback"), json!({})).await;
}

async fn revision(world: &World) -> u64 {
    world.get("/status").await["revision"].as_u64().unwrap()
}

async fn due(world: &World) -> u64 {
    world.get("/hosts/M1").await["rules"]["due"].as_u64().unwrap()
}

/// Starts a sync. Request `from` and all later requests are lost.
async fn sync_losing(mac: &mut Mac, world: &World, from: usize) {
    let lost = mac.try_sync(&world.network().losing(Loses::From(from))).await;
    assert!(lost.is_err() || from == POSTFLIGHT);
}

/// Syncs a Mac. The sync must be normal, and afterwards the Mac must be up to date. Returns the
/// number of received rules, which must be the number that the server reported as pending.
async fn received(mac: &mut Mac, world: &World) -> u64 {
    let expected = due(world).await;
    let report = mac.sync(world).await;
    assert_eq!(report.performed, SyncKind::Normal);
    assert_eq!(mac.holds(), world.active_rules("M1").await);
    let view = world.get("/hosts/M1").await;
    assert_eq!((&view["state"], &view["drift"]), (&json!("in-sync"), &Value::Null), "{view}");
    assert_eq!(u64::from(report.rules.received), expected, "what the server said would come");
    expected
}

#[tokio::test]
async fn l3_rules_that_were_added_and_rolled_back_between_two_syncs_send_nothing() {
    for world in worlds().await {
        put(&world, 0..3).await;
        for version in CLIENTS {
            let mut mac = mac(&world, version).await;
            let good = revision(&world).await;
            put(&world, 10..1010).await;
            assert_eq!(due(&world).await, 1000);
            roll_back(&world, good).await;
            assert_eq!((due(&world).await, received(&mut mac, &world).await), (0, 0));
        }
        world.end().await;
    }
}

#[tokio::test]
async fn l3_rules_that_a_host_may_have_are_removed() {
    for world in worlds().await {
        put(&world, 0..3).await;
        for version in CLIENTS {
            let mut mac = mac(&world, version).await;
            let good = revision(&world).await;
            put(&world, 10..13).await;
            sync_losing(&mut mac, &world, POSTFLIGHT).await;
            assert_eq!(mac.holds().len(), 6);
            roll_back(&world, good).await;
            // These rules are never sent to the Mac.
            put(&world, 20..25).await;
            roll_back(&world, good).await;
            assert_eq!(received(&mut mac, &world).await, 3);
            assert_eq!(received(&mut mac, &world).await, 0);
        }
        world.end().await;
    }
}

#[tokio::test]
async fn l3_rules_that_were_not_downloaded_are_not_an_offer() {
    for world in worlds().await {
        put(&world, 0..3).await;
        let mut mac = mac(&world, CLIENTS[0]).await;
        let good = revision(&world).await;
        put(&world, 10..13).await;
        sync_losing(&mut mac, &world, FIRST_PAGE).await;
        roll_back(&world, good).await;
        assert_eq!(received(&mut mac, &world).await, 0);
        world.end().await;
    }
}

#[tokio::test]
async fn l3_an_offer_counts_once_its_first_page_was_sent() {
    let world = World::with_rules_a_page(RULES_A_PAGE).await;
    put(&world, 0..3).await;
    let mut mac = mac(&world, CLIENTS[0]).await;
    let good = revision(&world).await;
    put(&world, 10..15).await;
    sync_losing(&mut mac, &world, FIRST_PAGE + 1).await;
    roll_back(&world, good).await;
    assert_eq!(received(&mut mac, &world).await, 5);
    world.end().await;
}

#[tokio::test]
async fn l3_rules_downloaded_without_a_sync_are_an_offer_on_every_page() {
    let world = World::with_rules_a_page(RULES_A_PAGE).await;
    put(&world, 0..3).await;
    let mut mac = mac(&world, CLIENTS[0]).await;
    let good = revision(&world).await;
    put(&world, 10..15).await;
    let report = mac.try_sync_rules(&world.network()).await.unwrap();
    assert_eq!((report.rules.received, report.rules.pages), (5, 3));
    roll_back(&world, good).await;
    assert_eq!(received(&mut mac, &world).await, 5);
    world.end().await;
}

#[tokio::test]
async fn l3_a_change_that_clients_do_not_see_is_not_sent() {
    let world = World::new().await;
    let rule = |comment: &str, policy: &str, scope: &str| {
        json!({"put": [{
            "target": team(1), "policy": policy, "scope": scope, "comment": comment,
        }]})
    };
    world.post("/rules", rule("first", "silent-block-tty", "fleet")).await;
    let mut mac = mac(&world, CLIENTS[0]).await;
    for (comment, policy, scope) in [
        ("another comment", "silent-block-tty", "fleet"),
        ("another policy, which this version does not distinguish", "block", "fleet"),
        ("another scope", "block", "host:M1"),
    ] {
        world.post("/rules", rule(comment, policy, scope)).await;
        assert_eq!(due(&world).await, 0, "{comment}");
        assert_eq!(mac.sync(&world).await.rules.received, 0, "{comment}");
        assert_eq!(mac.holds(), [format!("{} block", team(1))], "{comment}");
    }
    world.post("/rules", rule("", "allow", "host:M1")).await;
    assert_eq!(received(&mut mac, &world).await, 1);
    world.end().await;
}

/// The rules, and sometimes the tag of the host, change before each of 30 syncs. No postflight of
/// these syncs reaches the server. At the end, a normal sync gives the host the right rules.
#[tokio::test]
async fn l3_a_host_with_too_many_offers_gets_the_right_rules() {
    for world in worlds().await {
        world.post("/tags", json!({"name": "eng"})).await;
        world.put_rule("allow", &team(100), "tag:eng").await;
        for version in CLIENTS {
            put(&world, 0..3).await;
            let mut mac = mac(&world, version).await;
            let good = revision(&world).await;
            for number in 10..40 {
                let (tagged, gone) = if number % 3 == 0 { ("add", 1) } else { ("remove", 0) };
                world.post("/hosts/M1/tags", json!({tagged: ["eng"]})).await;
                world.drop_rule(&team(number - 1 - gone), "fleet").await;
                world.put_rule("block", &team(number), "fleet").await;
                // If `number` is even, the host gets the rules, but its postflight is lost. If
                // `number` is odd, the host gets no rules.
                let loses = match number % 2 {
                    0 => Loses::From(POSTFLIGHT),
                    _ => Loses::AnswersFrom(FIRST_PAGE),
                };
                drop(mac.try_sync(&world.network().losing(loses)).await);
            }
            roll_back(&world, good).await;
            let report = mac.sync(&world).await;
            assert_eq!(report.performed, SyncKind::Normal);
            assert_eq!(mac.holds(), world.active_rules("M1").await);
            assert_eq!(received(&mut mac, &world).await, 0);
            world
                .put_rule(if version == CLIENTS[0] { "allow" } else { "block" }, &team(50), "fleet")
                .await;
            assert!(received(&mut mac, &world).await >= 1, "one, or everything");
        }
        world.end().await;
    }
}

#[tokio::test]
async fn l3_an_upgrade_sends_only_rules_that_the_older_version_did_not_support() {
    let world = World::new().await;
    put(&world, 0..3).await;
    world.put_rule("block", &format!("cdhash:{}", "c0".repeat(20)), "fleet").await;
    let url = json!({"target": team(4), "policy": "block", "scope": "fleet", "url": "https://x.y"});
    world.post("/rules", json!({"put": [url]})).await;
    let mut mac = mac(&world, "2023.9").await;
    let profile = mac.santa.profile_mut();
    profile.generation = "2024.9".parse().unwrap();
    profile.santa_version = profile.generation.says();
    let report = mac.sync(&world).await;
    assert_eq!((report.performed, report.rules.received), (SyncKind::Normal, 2));
    assert_eq!(mac.holds(), world.active_rules("M1").await);
    assert_eq!(received(&mut mac, &world).await, 0);
    world.end().await;
}
