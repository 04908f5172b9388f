//! Clients of every generation, and pedro, have all rules that they support after a sync.

use nicelist::lab::{Format, Generation, Profile, Santa, SyncOptions};
use serde_json::json;

use crate::world::{Mac, World};

const CDHASH: &str = "cdhash:abababababababababababababababababababab";
const SIGNING_ID: &str = "signingid:EQHXZ8M8AV:com.google.Chrome";
const TEAMS: [&str; 3] = ["teamid:AAAAAAAAAA", "teamid:BBBBBBBBBB", "teamid:CCCCCCCCCC"];

/// Versions of Santa with different protocols, and both generations of pedro.
const GENERATIONS: [&str; 20] = [
    "2022.1", "2022.4", "2023.3", "2023.4", "2023.5", "2023.7", "2023.8", "2024.1", "2024.3",
    "2024.5", "2024.6", "2024.7", "2024.8", "2024.11", "2025.6", "2025.7", "2026.4", "2026.7",
    "pedro", "rednose",
];

fn mac(generation: &str, wire: Format) -> Mac {
    let generation: Generation = generation.parse().unwrap();
    let profile = Profile { machine_id: "M1".to_owned(), wire, ..Profile::of(generation) };
    profile.check().unwrap();
    Mac { santa: Santa::new(profile) }
}

/// The active rules that a client supports.
async fn takeable(world: &World, generation: &str) -> Vec<String> {
    let generation: Generation = generation.parse().unwrap();
    let before = |version: &str| generation < version.parse().unwrap();
    let mut rules = world.active_rules("M1").await;
    rules.retain(|rule| !(before("2023.5") && rule.starts_with("signingid:")));
    rules.retain(|rule| !(before("2024.3") && rule.starts_with("cdhash:")));
    rules
}

async fn stays_up_to_date(generation: &str, wire: Format) {
    let world = World::new().await;
    for target in [CDHASH, SIGNING_ID, TEAMS[0], TEAMS[1]] {
        world.put_rule("allow", target, "fleet").await;
    }
    let mut mac = mac(generation, wire);
    let story = format!("{generation} {wire:?}");
    for change in 0..4 {
        match change {
            0 => {}
            1 => world.put_rule("block", TEAMS[0], "fleet").await,
            2 => world.drop_rule(TEAMS[1], "fleet").await,
            _ => world.put_rule("block", TEAMS[2], "fleet").await,
        }
        let report = mac.sync(&world).await;
        assert_eq!(mac.holds(), takeable(&world, generation).await, "{story}, change {change}");
        assert_eq!(report.rules.received, report.rules.processed, "{story}: nothing in vain");
        let host = world.get("/hosts/M1").await;
        assert_eq!(host["state"], "in-sync", "{story}: {host}");
        if let Some(reported) = report.reported_rules_hash {
            assert_eq!(host["rules"]["expected_hash"], reported, "{story}, change {change}");
            assert_eq!(reported, mac.santa.database().rules_hash(), "{story}");
        }
    }
}

#[tokio::test]
async fn every_generation_stays_in_sync() {
    for generation in GENERATIONS {
        stays_up_to_date(generation, Format::Json).await;
    }
}

#[tokio::test]
async fn every_generation_with_protobuf_stays_in_sync() {
    for generation in ["2024.6", "2024.7", "2024.8", "2025.7", "2026.7"] {
        stays_up_to_date(generation, Format::Protobuf).await;
    }
}

/// The page of rules is larger than 10 MiB, but much smaller after gzip. An old pedro accepts the
/// page. A new pedro refuses the page, and the host's state is then `rejecting`.
#[tokio::test]
async fn w3_only_pages_that_pedro_refuses_are_shown() {
    let world = World::new().await;
    let message = "a long message ".repeat(500);
    let rule = |number: usize| {
        let target = format!("teamid:TEAM{number:06}");
        json!({"target": target, "policy": "block", "message": message})
    };
    let rules: Vec<_> = (0..1_500).map(rule).collect();
    world.post("/rules", json!({ "put": rules })).await;
    for (generation, accepts) in [("rednose", true), ("pedro", false)] {
        let mut mac = mac(generation, Format::Json);
        let synced = mac.try_sync(&world.network()).await;
        assert_eq!(synced.is_ok(), accepts, "{generation}");
        let state = world.get("/hosts/M1").await["state"].clone();
        assert_eq!(state, if accepts { "in-sync" } else { "rejecting" }, "{generation}");
    }
    // This pedro has the new name but the old limit.
    let profile = Profile {
        machine_id: "M1".to_owned(),
        santa_version: "pedro-1.1.9 (pedro 1.1.9)".to_owned(),
        ..Profile::of("rednose".parse().unwrap())
    };
    Mac { santa: Santa::new(profile) }.sync(&world).await;
    assert_eq!(world.get("/hosts/M1").await["state"], "in-sync");
}

#[tokio::test]
async fn rules_of_a_rule_sync_are_sent_again_in_the_next_full_sync() {
    let world = World::new().await;
    world.put_rule("allow", TEAMS[0], "fleet").await;
    let mut mac = mac("2026.7", Format::Json);
    mac.sync(&world).await;
    world.put_rule("block", TEAMS[1], "fleet").await;
    mac.santa.sync_rules(&world.network(), SyncOptions::default()).await.unwrap();
    assert_eq!(mac.holds(), world.active_rules("M1").await);
    mac.sync(&world).await;
    assert_eq!(mac.holds(), world.active_rules("M1").await);
    assert_eq!(world.get("/hosts/M1").await["state"], "in-sync");
}
