//! Faults between a Mac and its server. After the next sync without a fault, the Mac must have
//! exactly the active rules.

use std::time::Duration;

use nicelist::lab::{Fault, Faulty, Format, Generation, Pace, Profile, Santa, SyncOptions};
use serde_json::json;

use crate::world::{Mac, World};

const TEAMS: [&str; 5] = ["AAAAAAAAAA", "BBBBBBBBBB", "CCCCCCCCCC", "DDDDDDDDDD", "EEEEEEEEEE"];

/// A world with five rules on three pages.
async fn world() -> World {
    let world = World::with_rules_a_page(2.try_into().unwrap()).await;
    let rule = |team: &str| json!({"target": format!("teamid:{team}"), "policy": "block"});
    world.post("/rules", json!({"put": TEAMS.map(rule)})).await;
    world
}

fn mac(generation: &str, wire: Format) -> Mac {
    let generation: Generation = generation.parse().unwrap();
    let profile = Profile { machine_id: "M1".to_owned(), wire, ..Profile::of(generation) };
    Mac { santa: Santa::new(profile) }
}

async fn state(world: &World) -> String {
    world.get("/hosts/M1").await["state"].as_str().unwrap().to_owned()
}

/// Asserts that the Mac has exactly the active rules, and that the server reports this.
async fn agrees(world: &World, mac: &Mac, story: &str) {
    assert_eq!(mac.holds(), world.active_rules("M1").await, "{story}");
    assert_eq!(state(world).await, "in-sync", "{story}");
}

/// Up to 2026.7, Santa treats a page that is cut off as an empty last page, so rules can be missing
/// until the next sync.
#[tokio::test]
async fn w7_a_page_that_is_cut_off_is_shown_and_repaired_by_the_next_sync() {
    for generation in ["2024.6", "2025.6", "2025.7", "2026.4", "2026.7"] {
        for page in 1..=3 {
            for clean in [true, false] {
                cut(generation, page, clean).await;
            }
        }
    }
}

async fn cut(generation: &str, page: usize, clean: bool) {
    let story = format!("{generation}, page {page}, clean {clean}");
    let world = world().await;
    let mut mac = mac(generation, Format::Json);
    if !clean {
        mac.sync(&world).await;
        let rule = |team: &str| json!({"target": format!("teamid:{team}"), "policy": "allow"});
        world.post("/rules", json!({"put": TEAMS.map(rule)})).await;
    }
    let network = Faulty::new(world.network(), vec![Fault::CutPage(page)]);
    let report = mac.try_sync(&network).await.unwrap();
    assert_eq!(report.rules.received, 2 * (page as u32 - 1), "{story}: it noticed nothing");
    assert_ne!(mac.holds(), world.active_rules("M1").await, "{story}");
    assert_eq!(state(&world).await, "rejecting", "{story}");
    mac.sync(&world).await;
    agrees(&world, &mac, &story).await;
}

/// Versions after 2026.7 notice that a page was cut off and request it again.
#[tokio::test]
async fn w7_a_version_that_notices_a_cut_page_requests_it_again() {
    let world = world().await;
    let mut mac = mac("2026.8", Format::Json);
    let network = Faulty::new(world.network(), vec![Fault::CutPage(2)]);
    mac.try_sync(&network).await.unwrap();
    agrees(&world, &mac, "2026.8").await;
}

/// A proxy may remove or falsify the `Content-Encoding` header, or decompress the body.
#[tokio::test]
async fn w7_proxies_that_change_the_encoding_of_requests_do_no_harm() {
    let faults = [Fault::StripEncoding, Fault::FalsifyEncoding, Fault::Decompress];
    for fault in faults {
        for wire in [Format::Json, Format::Protobuf] {
            for encoding in ["deflate", "gzip", "identity"] {
                let story = format!("{fault} {wire:?} {encoding}");
                let world = world().await;
                let mut mac = mac("2026.7", wire);
                mac.santa.profile_mut().content_encoding = encoding.parse().unwrap();
                let network = Faulty::new(world.network(), vec![fault]);
                mac.try_sync(&network).await.unwrap();
                agrees(&world, &mac, &story).await;
                world.drop_rule("teamid:AAAAAAAAAA", "fleet").await;
                mac.try_sync(&network).await.unwrap();
                agrees(&world, &mac, &story).await;
            }
        }
    }
}

/// In one sync, the responses do not arrive in time.
#[tokio::test]
async fn w7_responses_that_come_too_late_lose_no_rule() {
    let world = world().await;
    let mut mac = mac("2026.7", Format::Json);
    mac.sync(&world).await;
    world.drop_rule("teamid:BBBBBBBBBB", "fleet").await;
    let late = Faulty::new(world.network(), vec![Fault::Delay(Duration::from_secs(3600))]);
    let pace = Pace { second: Duration::ZERO, timeout: Duration::from_millis(1) };
    let options = SyncOptions { pace, ..SyncOptions::default() };
    assert!(mac.santa.sync(&late, options).await.is_err());
    mac.sync(&world).await;
    agrees(&world, &mac, "late").await;
}

/// The `SyncBaseURL` changes to another URL of the same server. The Mac deletes its settings and,
/// in newer versions, its rules.
#[tokio::test]
async fn w7_a_changed_url_ends_with_the_right_rules_and_settings() {
    for generation in ["2026.7", "2026.8"] {
        let world = world().await;
        let set = json!({"scope": "fleet", "set": {"client-mode": "lockdown"}});
        world.post("/settings", set).await;
        let mut mac = mac(generation, Format::Json);
        mac.sync(&world).await;
        world.drop_rule("teamid:CCCCCCCCCC", "fleet").await;
        mac.santa.change_server();
        assert_eq!(mac.santa.client_mode().to_string(), "MONITOR");
        mac.sync(&world).await;
        assert_eq!(mac.santa.client_mode().to_string(), "LOCKDOWN");
        agrees(&world, &mac, generation).await;
    }
}
