//! Several Macs with one machine ID: which rules each Mac gets, and what the server reports.

mod shown;

use http::{Method, StatusCode};
use jiff::SignedDuration;
use nicelist::lab::SyncKind;
use serde_json::{Value, json};

use crate::interrupted::Interrupted;
use crate::world::{Loses, Mac, World};

const CLIENTS: [&str; 8] =
    ["2021.7", "2022.4", "2023.7", "2024.2", "2024.6", "2024.9", "2025.7", "2026.7"];
const HASHING: [&str; 2] = ["2025.7", "2026.7"];
const FIRST: &str = "binary:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SECOND: &str = "binary:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn mac(version: &str, serial: &str) -> Mac {
    let mut mac = Mac::new("M1");
    let profile = mac.santa.profile_mut();
    profile.generation = version.parse().unwrap();
    profile.santa_version = profile.generation.says();
    profile.serial = serial.to_owned();
    mac
}

fn clone(mac: &Mac) -> Mac {
    Mac { santa: mac.santa.clone() }
}

async fn world() -> World {
    let world = World::new().await;
    world.put_rule("allow", FIRST, "fleet").await;
    world.put_rule("allow", SECOND, "fleet").await;
    world
}

async fn host(world: &World) -> Value {
    world.get("/hosts/M1").await
}

fn pass(world: &World, minutes: i64) {
    world.wait(SignedDuration::from_mins(minutes));
}

/// Waits ten minutes and syncs a Mac. The sync must be normal, and the Mac must have the active
/// rules afterwards. Returns the number of received rules.
async fn sync(world: &World, mac: &mut Mac) -> u32 {
    pass(world, 10);
    let report = mac.sync(world).await;
    assert_eq!(report.performed, SyncKind::Normal);
    assert_eq!(mac.holds(), world.active_rules("M1").await);
    report.rules.received
}

/// Returns two Macs that have the same machine ID and have synced alternately.
async fn conflict(world: &World, version: &str) -> [Mac; 2] {
    let [mut one, mut other] = ["C02AAAAAAAAA", "C02BBBBBBBBB"].map(|serial| mac(version, serial));
    one.sync(world).await;
    sync(world, &mut one).await;
    pass(world, 10);
    other.sync(world).await;
    for _ in 0..2 {
        sync(world, &mut one).await;
        sync(world, &mut other).await;
    }
    [one, other]
}

#[tokio::test]
async fn l11_two_macs_with_one_machine_id_get_every_change_and_are_shown() {
    for version in CLIENTS {
        let world = world().await;
        let [mut one, mut other] = conflict(&world, version).await;
        let shown = host(&world).await;
        assert_eq!(shown["conflict"]["reason"], "different-macs", "{version}: {shown}");
        assert_eq!(shown["state"], "in-sync", "{version}: {shown}");

        world.put_rule("block", SECOND, "fleet").await;
        assert_eq!(sync(&world, &mut one).await, 1, "{version}");
        let shown = host(&world).await;
        assert_eq!(shown["state"], "behind", "the other one has not got it ({version}): {shown}");
        let macs = &shown["conflict"]["macs"];
        assert_eq!(
            (&macs[0]["state"], &macs[0]["serial"]),
            (&json!("in-sync"), &json!("C02AAAAAAAAA"))
        );
        assert_eq!((&macs[1]["state"], &macs[1]["due"]), (&json!("behind"), &json!(1)), "{shown}");

        assert_eq!(sync(&world, &mut other).await, 1, "{version}");
        assert_eq!(host(&world).await["state"], "in-sync", "{version}");
        for mac in [&mut one, &mut other] {
            assert_eq!(sync(&world, mac).await, 0, "what it has is not sent again ({version})");
        }
        let hosts = world.get("/hosts?conflict=true").await;
        assert_eq!(hosts["items"].as_array().unwrap().len(), 1);
        world.end().await;
    }
}

#[tokio::test]
async fn l11_a_mac_that_replaced_another_gets_everything_without_an_alarm() {
    for version in CLIENTS {
        let world = world().await;
        let [mut old, mut new] = ["C02AAAAAAAAA", "C02BBBBBBBBB"].map(|it| mac(version, it));
        old.sync(&world).await;
        sync(&world, &mut old).await;
        pass(&world, 10);
        let report = new.sync(&world).await;
        assert_ne!(report.performed, SyncKind::Normal);
        for _ in 0..5 {
            sync(&world, &mut new).await;
        }
        let shown = host(&world).await;
        assert_eq!((&shown["state"], &shown["conflict"]), (&json!("in-sync"), &Value::Null));
        assert_eq!(shown["replaced"]["serial"], "C02AAAAAAAAA", "{version}: {shown}");
        world.end().await;
    }
}

/// The new board has a different serial number, but the disk is the same, so Santa does not request
/// a clean sync.
#[tokio::test]
async fn l11_a_replaced_logic_board_is_not_a_conflict_and_has_the_right_rules() {
    for version in CLIENTS {
        let world = world().await;
        let mut mac = mac(version, "C02AAAAAAAAA");
        mac.sync(&world).await;
        sync(&world, &mut mac).await;
        world.put_rule("block", SECOND, "fleet").await;
        world.drop_rule(FIRST, "fleet").await;
        mac.santa.profile_mut().serial = "C02BBBBBBBBB".into();
        pass(&world, 10);
        let report = mac.sync(&world).await;
        assert_ne!(report.performed, SyncKind::Normal, "the server knows nothing of this Mac");
        assert_eq!(mac.holds(), world.active_rules("M1").await, "{version}");
        for _ in 0..3 {
            assert_eq!(sync(&world, &mut mac).await, 0);
        }
        let shown = host(&world).await;
        assert_eq!((&shown["conflict"], &shown["drift"]), (&Value::Null, &Value::Null));
        assert_eq!(shown["replaced"]["serial"], "C02AAAAAAAAA", "{shown}");
        world.end().await;
    }
}

#[tokio::test]
async fn l11_a_wiped_mac_is_not_a_conflict_and_has_the_right_rules() {
    for version in CLIENTS {
        let world = world().await;
        let mut used = mac(version, "C02AAAAAAAAA");
        used.sync(&world).await;
        sync(&world, &mut used).await;
        for _ in 0..3 {
            let mut wiped = mac(version, "C02AAAAAAAAA");
            pass(&world, 10);
            wiped.sync(&world).await;
            world.put_rule("block", SECOND, "fleet").await;
            assert_eq!(sync(&world, &mut wiped).await, 1);
            world.put_rule("allow", SECOND, "fleet").await;
            assert_eq!(sync(&world, &mut wiped).await, 1);
        }
        let shown = host(&world).await;
        let known = [&shown["conflict"], &shown["replaced"], &shown["drift"]];
        assert_eq!(known, [&Value::Null; 3], "{version}: {shown}");
        world.end().await;
    }
}

#[tokio::test]
async fn l11_a_mac_restored_from_a_backup_gets_the_difference_without_a_clean_sync() {
    for version in HASHING {
        let world = world().await;
        let mut mac = mac(version, "C02AAAAAAAAA");
        mac.sync(&world).await;
        sync(&world, &mut mac).await;
        let backup = clone(&mac);
        world.put_rule("block", SECOND, "fleet").await;
        sync(&world, &mut mac).await;
        sync(&world, &mut mac).await;

        let mut restored = backup;
        assert_eq!(sync(&world, &mut restored).await, 1, "what the backup did not contain");
        for _ in 0..3 {
            assert_eq!(sync(&world, &mut restored).await, 0);
        }
        let shown = host(&world).await;
        assert_eq!(shown["state"], "in-sync", "{shown}");
        assert_eq!([&shown["conflict"], &shown["drift"]], [&Value::Null; 2], "{version}: {shown}");
        world.end().await;
    }
}

/// A cloned virtual machine has the serial number and the model of the original.
#[tokio::test]
async fn l11_a_cloned_vm_with_a_rules_hash_gets_every_change_and_is_shown() {
    for version in HASHING {
        let world = world().await;
        let mut one = mac(version, "VM-1");
        one.sync(&world).await;
        sync(&world, &mut one).await;
        let mut other = clone(&one);
        for policy in ["block", "allow", "block"] {
            world.put_rule(policy, SECOND, "fleet").await;
            for _ in 0..2 {
                sync(&world, &mut one).await;
                sync(&world, &mut other).await;
            }
        }
        let shown = host(&world).await;
        assert_eq!(shown["conflict"]["reason"], "clones", "{version}: {shown}");
        assert_eq!(shown["state"], "in-sync", "{version}: {shown}");

        world.put_rule("allow", SECOND, "fleet").await;
        assert_eq!(sync(&world, &mut one).await, 1);
        let shown = host(&world).await;
        assert_eq!(shown["state"], "behind", "its clone may not have it ({version}): {shown}");
        assert_eq!(sync(&world, &mut other).await, 1);
        assert_eq!(sync(&world, &mut one).await, 0);
        assert_eq!(host(&world).await["state"], "in-sync", "{version}");
        world.end().await;
    }
}

/// Clients before 2025.7 report only the counts of their rules, which do not show every difference.
#[tokio::test]
async fn l11_a_cloned_vm_without_a_rules_hash_gets_a_new_block() {
    for version in ["2021.7", "2023.7", "2024.9"] {
        let world = world().await;
        let mut one = mac(version, "VM-1");
        one.sync(&world).await;
        sync(&world, &mut one).await;
        let mut other = clone(&one);
        for digit in ["c", "d", "e"] {
            world.put_rule("block", &format!("binary:{}", digit.repeat(64)), "fleet").await;
            for _ in 0..2 {
                for mac in [&mut one, &mut other] {
                    pass(&world, 10);
                    mac.sync(&world).await;
                }
            }
        }
        let shown = host(&world).await;
        assert_eq!(shown["conflict"]["reason"], "clones", "{version}: {shown}");

        world.put_rule("block", SECOND, "fleet").await;
        sync(&world, &mut one).await;
        assert_eq!(host(&world).await["state"], "behind", "{version}");
        sync(&world, &mut other).await;
        sync(&world, &mut one).await;

        pass(&world, 25 * 60);
        for _ in 0..2 {
            sync(&world, &mut one).await;
            sync(&world, &mut other).await;
        }
        assert_eq!(sync(&world, &mut one).await, 0, "it is not sent for ever ({version})");
        assert_eq!(host(&world).await["state"], "in-sync", "{version}");
        world.end().await;
    }
}

/// After rules have changed, one Mac's sync is paused before its second or third request. During
/// the pause, the other Mac syncs, and the postflight of that sync arrives or is lost.
#[tokio::test]
async fn l11_overlapping_syncs_prove_nothing_and_lose_no_rule() {
    for version in CLIENTS {
        for before in 1..=2 {
            for lost in [Loses::Nothing, Loses::From(2)] {
                let world = world().await;
                let [mut one, mut other] = conflict(&world, version).await;
                world.put_rule("block", SECOND, "fleet").await;
                world.drop_rule(FIRST, "fleet").await;
                pass(&world, 10);

                let (network, is_reached, go_on) = Interrupted::new(world.network(), before);
                let others = async {
                    is_reached.await.unwrap();
                    drop(other.try_sync(&world.network().losing(lost)).await);
                    go_on.send(()).unwrap();
                };
                let (first, ()) = tokio::join!(one.try_sync(&network), others);
                first.unwrap();
                let shown = host(&world).await;
                let wanted = world.active_rules("M1").await;
                let both = [&one, &other].into_iter().all(|mac| mac.holds() == wanted);
                assert!(both || shown["state"] != "in-sync", "{version} {before}: {shown}");

                world.put_rule("block", FIRST, "fleet").await;
                sync(&world, &mut one).await;
                sync(&world, &mut other).await;
                for mac in [&mut one, &mut other] {
                    assert_eq!(sync(&world, mac).await, 0);
                }
                assert_eq!(host(&world).await["state"], "in-sync");
                world.end().await;
            }
        }
    }
}

/// The preflight of `other` finds no changes, so its session is not yet in the database when `one`
/// begins a sync.
#[tokio::test]
async fn l11_an_idle_sync_that_overlaps_does_not_prove_the_rules_of_the_other() {
    for version in CLIENTS {
        let world = world().await;
        let [mut one, mut other] = conflict(&world, version).await;
        sync(&world, &mut other).await;
        pass(&world, 10);
        let (network, is_reached, go_on) = Interrupted::new(world.network(), 1);
        let others = async {
            is_reached.await.unwrap();
            world.put_rule("block", SECOND, "fleet").await;
            // The preflight of `one` reaches the server, but its rule download does not.
            drop(one.try_sync(&world.network().losing(Loses::From(1))).await);
            go_on.send(()).unwrap();
        };
        let (first, ()) = tokio::join!(other.try_sync(&network), others);
        first.unwrap();
        let shown = host(&world).await;
        assert_ne!(shown["state"], "in-sync", "one of them has not got it ({version}): {shown}");
        sync(&world, &mut one).await;
        sync(&world, &mut other).await;
        assert_eq!(host(&world).await["state"], "in-sync");
        world.end().await;
    }
}

#[tokio::test]
async fn l11_upgrades_and_missing_serial_numbers_are_not_a_second_mac() {
    let world = world().await;
    let mut mac = mac("2021.7", "C02AAAAAAAAA");
    mac.sync(&world).await;
    for (version, os) in [("2022.4", "12.1"), ("2024.9", "14.6"), ("2026.7", "26.1")] {
        for serial in ["C02AAAAAAAAA", "", "c02aaaaaaaaa", "0", "System Serial Number"] {
            let profile = mac.santa.profile_mut();
            profile.generation = version.parse().unwrap();
            profile.santa_version = profile.generation.says();
            (profile.os_version, profile.serial) = (os.into(), serial.into());
            sync(&world, &mut mac).await;
        }
    }
    let shown = host(&world).await;
    assert_eq!([&shown["conflict"], &shown["replaced"]], [&Value::Null; 2], "{shown}");

    // The last sync reported only a placeholder, but the server still knows the serial number.
    mac.santa.profile_mut().serial = "C02BBBBBBBBB".into();
    pass(&world, 10);
    mac.sync(&world).await;
    assert_eq!(host(&world).await["replaced"]["serial"], "C02AAAAAAAAA");
    world.end().await;
}

#[tokio::test]
async fn l11_a_conflict_ends_when_one_mac_is_accepted_or_the_other_is_gone() {
    let world = world().await;
    let [mut one, mut other] = conflict(&world, "2024.9").await;
    let (status, refused) =
        world.ask(Method::POST, "/hosts/M1/accept", json!({"serial": "C02CCCCCCCCC"})).await;
    assert_eq!((status, &refused["code"]), (StatusCode::NOT_FOUND, &json!("not-found")));
    let shown = world.post("/hosts/M1/accept", json!({"serial": "C02AAAAAAAAA"})).await;
    assert_eq!(
        (&shown["conflict"], &shown["accepted"]["serial"]),
        (&Value::Null, &json!("C02AAAAAAAAA"))
    );
    for _ in 0..3 {
        sync(&world, &mut one).await;
    }
    assert_eq!(host(&world).await["conflict"], Value::Null);

    // Because a Mac was accepted, a single sync of another Mac causes a conflict.
    sync(&world, &mut other).await;
    assert_eq!(host(&world).await["conflict"]["reason"], "different-macs");
    world.post("/hosts/M1/accept", json!({})).await;
    sync(&world, &mut other).await;
    let shown = host(&world).await;
    assert_eq!(
        (&shown["conflict"], &shown["accepted"]["serial"]),
        (&Value::Null, &json!("C02BBBBBBBBB"))
    );

    // The conflict ends after a week without a sync of the other Mac.
    sync(&world, &mut one).await;
    assert_eq!(host(&world).await["conflict"]["reason"], "different-macs");
    pass(&world, 8 * 24 * 60);
    sync(&world, &mut one).await;
    assert_eq!(host(&world).await["conflict"], Value::Null);
    world.end().await;
}

#[tokio::test]
async fn l11_with_the_setting_a_second_mac_is_refused_until_it_is_accepted() {
    let world = world().await;
    let refuse = json!({"scope": "fleet", "set": {"machine-id-conflicts": "refuse"}});
    world.post("/settings", refuse).await;
    let [mut one, mut other] = ["C02AAAAAAAAA", "C02BBBBBBBBB"].map(|it| mac("2024.9", it));
    one.sync(&world).await;
    sync(&world, &mut one).await;

    world.put_rule("block", SECOND, "fleet").await;
    let network = world.network();
    let served = network.served();
    other.try_sync(&network).await.unwrap_err();
    assert_eq!(served.lock().unwrap()[0].answer.status, 403);
    let shown = host(&world).await;
    assert_eq!(shown["refused"]["serial"], "C02BBBBBBBBB", "{shown}");
    assert_eq!((&shown["state"], &shown["serial"]), (&json!("behind"), &json!("C02AAAAAAAAA")));
    assert_eq!(sync(&world, &mut one).await, 1);

    world.post("/hosts/M1/accept", json!({})).await;
    pass(&world, 10);
    other.sync(&world).await;
    assert_eq!(other.holds(), world.active_rules("M1").await);
    one.try_sync(&world.network()).await.unwrap_err();
    assert_eq!(sync(&world, &mut other).await, 0);
    let shown = host(&world).await;
    assert_eq!(
        (&shown["state"], &shown["refused"]["serial"]),
        (&json!("in-sync"), &json!("C02AAAAAAAAA"))
    );
    world.end().await;
}
