//! Databases from older versions of nicelist can be opened, and the hosts sync without drift.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use nicelist::lab::{HeldRule, RuleState, Santa, SyncKind};
use serde_json::{Value, json};

use crate::world::{Mac, World};

pub(crate) const DATABASE: &[u8] = include_bytes!("../fixtures/version-0.1.0/nicelist.db.gz");
const MACS: &[u8] = include_bytes!("../fixtures/version-0.1.0/macs.json.gz");
/// A database with Macs in the middle of syncs, described by the README in the same folder.
const MIDDLE: &[u8] = include_bytes!("../fixtures/union-of-offers/nicelist.db.gz");
const MACS_OF_MIDDLE: &[u8] = include_bytes!("../fixtures/union-of-offers/macs.json.gz");
/// An hour after [`MIDDLE`] was written.
const AFTER_MIDDLE: &str = "2026-11-29T15:45:00Z";
/// An hour after [`DATABASE`] was written.
const LATER: &str = "2026-11-29T08:07:42Z";
/// The server does not know whether these Macs have the rules of their last download, as the
/// fixture's README describes. The last postflight of `mac-12` was lost, too, but the hash of its
/// rules proves that `mac-12` has all rules of that sync.
const UNFINISHED: [&str; 4] = ["mac-02", "mac-04", "mac-08", "mac-11"];
/// Version 0.1.0 stored 11 rules for the serial number of this Mac, and never sent them.
const NAMED_BY_SERIAL: &str = "mac-12";
/// pedro keeps no rules from one sync to the next, so each sync sends it all rules.
const PEDRO: &str = "mac-14";

pub(crate) fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut unpacked).unwrap();
    unpacked
}

fn macs(bytes: &[u8]) -> BTreeMap<String, Mac> {
    let states: BTreeMap<String, Santa> = serde_json::from_slice(&unpacked(bytes)).unwrap();
    states.into_iter().map(|(name, santa)| (name, Mac { santa })).collect()
}

fn policy(rule: &HeldRule) -> &'static str {
    match rule.state {
        RuleState::Allowlist => "allow",
        RuleState::AllowlistCompiler => "allow-compiler",
        RuleState::Blocklist => "block",
        RuleState::SilentBlocklist => "silent-block",
        RuleState::SilentGuiBlocklist => "silent-block-gui",
        RuleState::SilentTtyBlocklist => "silent-block-tty",
        RuleState::Cel => "cel",
    }
}

/// Checks that a Mac has all active rules that its version supports, and that the server reports
/// this.
async fn assert_up_to_date(world: &World, name: &str, mac: &Mac) {
    let on_mac: BTreeMap<String, String> = mac
        .santa
        .rules()
        .into_iter()
        .map(|rule| {
            let rule_type = rule.rule_type.to_string().to_lowercase();
            (format!("{rule_type}:{}", rule.identifier), policy(rule).to_owned())
        })
        .collect();
    let page = world.get(&format!("/hosts/{name}/rules?limit=5000")).await;
    let active = page["items"].as_array().unwrap().iter().filter(|rule| rule["withheld"].is_null());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let active: BTreeMap<String, String> =
        active.map(|rule| (text(&rule["target"]), text(&rule["policy"]))).collect();
    assert_eq!(on_mac, active, "{name}");
    let host = world.get(&format!("/hosts/{name}")).await;
    assert_eq!(host["state"], "in-sync", "{host}");
    assert!(host["drift"].is_null(), "{host}");
    assert_eq!(host["rules"]["due"], 0, "{host}");
    if let Some(expected) = host["rules"]["expected_hash"].as_str() {
        assert_eq!(expected, mac.santa.database().rules_hash(), "{name}");
    }
}

#[tokio::test]
async fn a_database_of_version_0_1_0_opens_and_its_hosts_sync_without_drift() {
    its_hosts_sync_without_drift(World::on_file(&unpacked(DATABASE), LATER.parse().unwrap()).await)
        .await;
}

#[tokio::test]
async fn l3_hosts_of_version_0_1_0_sync_without_drift_on_postgres() {
    let now = LATER.parse().unwrap();
    its_hosts_sync_without_drift(World::on_postgres_copy(&unpacked(DATABASE), now).await).await;
}

async fn its_hosts_sync_without_drift(world: World) {
    let mut macs = macs(MACS);
    assert_eq!(world.get("/status").await["revision"], 31);
    assert_eq!(world.get("/tags").await["items"].as_array().unwrap().len(), 3);
    assert_eq!(world.get("/tokens").await.as_array().unwrap().len(), 3);
    let events = world.get("/events").await["items"].take();
    let event = world.get(&format!("/events/{}", events[0]["id"])).await;
    assert_eq!(event["other_fields"]["file_sha256"], event["program"]["sha256"], "{event}");

    // The policy has not changed, so only pedro and the Macs that may lack rules get rules.
    for (name, mac) in &mut macs {
        let report = mac.sync(&world).await;
        if name != PEDRO {
            assert_eq!(report.performed, SyncKind::Normal, "{name}");
            let brings = UNFINISHED.contains(&name.as_str()) || name == NAMED_BY_SERIAL;
            assert_eq!(report.rules.received > 0, brings, "{name}: {:?}", report.rules);
        }
        assert_up_to_date(&world, name, mac).await;
    }

    // After a rule is added, each host except pedro gets only the new rule.
    world.put_rule("block", &format!("binary:{}", "e0".repeat(32)), "fleet").await;
    for (name, mac) in &mut macs {
        let report = mac.sync(&world).await;
        if name != PEDRO {
            assert_eq!(report.performed, SyncKind::Normal, "{name}");
            assert_eq!(report.rules.received, 1, "{name}");
        }
        assert_up_to_date(&world, name, mac).await;
    }

    // A dry run of a rollback shows only the last change.
    let dry_run = json!({"dry_run": true});
    let rolled = world.post("/revisions/31/rollback", dry_run).await;
    assert_eq!(rolled["changes"].as_array().unwrap().len(), 1, "{rolled}");
    assert_eq!(rolled["changes"][0]["outcome"], "removed", "{rolled}");
    world.end().await;
}

#[tokio::test]
async fn l3_hosts_in_the_middle_of_syncs_with_an_older_version_need_no_clean_sync() {
    let now = AFTER_MIDDLE.parse().unwrap();
    for world in [
        World::on_file(&unpacked(MIDDLE), now).await,
        World::on_postgres_copy(&unpacked(MIDDLE), now).await,
    ] {
        let mut macs = macs(MACS_OF_MIDDLE);
        assert_eq!(macs.len(), 18);
        for (name, mac) in &mut macs {
            let report = mac.sync(&world).await;
            // The clean sync that was ordered for this Mac is still pending. The server never got
            // the postflight, and the reported counts do not prove that the Mac did a clean sync.
            let is_ordered = name == "cleaned-counts";
            let kind = if is_ordered { SyncKind::Clean } else { SyncKind::Normal };
            assert_eq!(report.performed, kind, "{name}");
            if name.starts_with("in-step") {
                assert_eq!(report.rules.received, 0, "{name}");
            }
            assert_up_to_date(&world, name, mac).await;
        }
        for received in [0, 1] {
            for (name, mac) in &mut macs {
                let report = mac.sync(&world).await;
                assert_eq!(report.performed, SyncKind::Normal, "{name}");
                assert_eq!(report.rules.received, received, "{name}");
                assert_up_to_date(&world, name, mac).await;
            }
            world.put_rule("block", &format!("binary:{}", "e0".repeat(32)), "fleet").await;
        }
        world.end().await;
    }
}
