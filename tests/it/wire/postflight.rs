//! §5: the result of a sync.

use serde_json::{Value, json};

use super::by_hand::{bytes, number};
use super::server::{JSON, Server};

async fn with_a_rule() -> Server {
    let server = Server::start().await;
    server.put(&[("teamid:EQHXZ8M8AV", "allow")]).await;
    server
}

/// §5: the result of a sync, in every spelling.
#[tokio::test]
async fn a_sync_is_complete_after_its_postflight() {
    let bodies = [
        r#"{"rules_received":1,"rules_processed":1,"machine_id":"M1","syncType":"CLEAN"}"#,
        r#"{"rulesReceived":"1","rulesProcessed":1.0,"sync_type":"CLEAN_ALL","later":[]}"#,
        r#"{"rules_received":1,"rules_processed":1,"syncType":2}"#,
        r#"{"rules_received":1,"rules_processed":1,"syncType":"CLEAN","rulesHash":null}"#,
    ];
    for body in bodies {
        let server = with_a_rule().await;
        server.download("M1", "2026.7").await;
        assert_eq!(server.host("M1").await["state"], "syncing");
        let answer = server.post("postflight/M1", &[JSON], body.as_bytes()).await;
        assert_eq!(answer.json(), json!({}));
        assert_eq!(server.host("M1").await["state"], "in-sync", "{body}");
    }
    let server = with_a_rule().await;
    server.download("M1", "2026.7").await;
    server.protobuf("postflight/M1", &[number(1, 1), number(2, 1), bytes(3, "M1")].concat()).await;
    assert_eq!(server.host("M1").await["state"], "in-sync");
}

/// §5: the client reports a normal sync, so it did not perform the requested clean sync.
#[tokio::test]
async fn a_clean_sync_that_did_not_happen_is_requested_again() {
    let server = with_a_rule().await;
    server.download("M1", "2026.7").await;
    let normal = json!({"rules_received": 1, "rules_processed": 1, "syncType": "NORMAL"});
    server.json("postflight/M1", normal).await;
    assert_eq!(server.download("M1", "2026.7").await.settings["sync_type"], "CLEAN");
}

/// §5: clients leave out counts that are zero.
#[tokio::test]
async fn a_postflight_without_counts_reports_zero_rules() {
    let server = with_a_rule().await;
    server.sync("M1", "2026.7").await;
    server.download("M1", "2026.7").await;
    server.json("postflight/M1", json!({"machine_id": "M1", "syncType": "NORMAL"})).await;
    assert_eq!(server.host("M1").await["state"], "in-sync");
    server.put(&[("teamid:AAAAAAAAAA", "block")]).await;
    server.download("M1", "2026.7").await;
    server.json("postflight/M1", json!({"machine_id": "M1"})).await;
    assert_eq!(server.host("M1").await["state"], "rejecting");
}

/// §5: a postflight without a sync changes nothing and enrolls no host.
#[tokio::test]
async fn a_postflight_without_a_sync_is_ignored() {
    let server = with_a_rule().await;
    let counts = json!({"rules_received": 1, "rules_processed": 1});
    assert_eq!(server.json("postflight/M9", counts.clone()).await, json!({}));
    assert_eq!(server.hosts().await, Vec::<Value>::new());
    server.json("preflight/M1", json!({"santa_version": "2026.7"})).await;
    server.json("postflight/M1", counts.clone()).await;
    let sync = server.download("M1", "2026.7").await;
    assert_eq!(sync.rules.len(), 1, "nothing had been downloaded");
    server.json("postflight/M1", counts.clone()).await;
    server.json("postflight/M1", counts).await;
    assert_eq!(server.host("M1").await["state"], "in-sync");
    assert!(server.sync("M1", "2026.7").await.rules.is_empty());
}

/// §5: a host with wrong counts gets its rules again, and no other host does.
#[tokio::test]
async fn false_reports_of_a_host_affect_only_that_host() {
    let server = with_a_rule().await;
    server.sync("honest", "2026.7").await;
    server.sync("liar", "2026.7").await;
    server
        .download_as("liar", json!({"santa_version": "2026.7", "request_clean_sync": true}))
        .await;
    let lie = json!({"rules_received": u32::MAX, "rules_processed": -1, "syncType": "CLEAN",
        "rulesHash": "not a hash", "machine_id": "honest"});
    server.json("postflight/liar", lie).await;
    assert_eq!(server.host("liar").await["state"], "rejecting");
    assert_eq!(server.host("honest").await["state"], "in-sync");
    for version in ["9999.99", "-1", "pedro-1.1.0 (rednose 0.1.0)", "1.0", ""] {
        server.download("liar", version).await;
    }
    assert!(server.sync("honest", "2026.7").await.rules.is_empty());
    let repaired = server.sync("liar", "2026.7").await;
    assert_eq!(repaired.lines(), ["TEAMID EQHXZ8M8AV ALLOWLIST"]);
    assert_eq!(server.host("liar").await["state"], "in-sync");
}
