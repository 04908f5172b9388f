//! §3: events.

use http::Method;
use serde_json::{Value, json};

use super::by_hand::{bytes, double, number};
use super::server::{FILE, JSON, Server};

/// §3.1: an execution that is reported twice is stored one time.
#[tokio::test]
async fn a_repeated_event_is_known() {
    let server = Server::start().await;
    let event = |pid: u32, decision: &str| {
        json!({"file_sha256": FILE, "file_name": "yes", "execution_time": 1_750_000_000.25,
               "pid": pid, "decision": decision})
    };
    let upload = |events: Vec<Value>| server.json("eventupload/M1", json!({ "events": events }));
    upload(vec![event(7, "BLOCK_UNKNOWN")]).await;
    upload(vec![event(7, "BLOCK_UNKNOWN"), event(8, "BLOCK_UNKNOWN")]).await;
    assert_eq!(server.events().await.len(), 2);
}

/// §3.2
#[tokio::test]
async fn a_batch_of_many_long_events_is_accepted() {
    let server = Server::start().await;
    let entitlements: Vec<_> = (0..64)
        .map(|at| json!({"key": format!("com.example.{at}"), "value": "x".repeat(500)}))
        .collect();
    let events: Vec<_> = (0..50)
        .map(|pid| {
            json!({"file_sha256": FILE, "file_name": "yes", "pid": pid + 1,
                   "execution_time": 1_750_000_000.0, "decision": "ALLOW_UNKNOWN",
                   "entitlementInfo": {"entitlements": entitlements}})
        })
        .collect();
    let body = json!({"machine_id": "M1", "events": events, "audit_events": []});
    assert!(body.to_string().len() > 1_500_000);
    server.json("eventupload/M1", body).await;
    assert_eq!(server.events().await.len(), 50);
}

/// §3.3: the body has the keys that clients send. `file_path` is the directory of `file_name`.
#[tokio::test]
async fn all_fields_of_an_event_are_stored() {
    let server = Server::start().await;
    let body = concat!(
        r#"{"machine_id":"M1","events":[{"#,
        r#""file_sha256":"b7c1e3fd640c5f211c89b02c2c6122f78ce322aa5c56eb0bb54bc422a8f8b670","#,
        r#""file_path":"/Applications/Yes.app/Contents/MacOS","file_name":"yes","#,
        r#""executing_user":"ann","execution_time":1750000000.25,"logged_in_users":["ann"],"#,
        r#""current_sessions":["ann@console"],"decision":"BLOCK_UNKNOWN","pid":42,"ppid":1,"#,
        r#""parent_name":"launchd","team_id":"EQHXZ8M8AV","#,
        r#""signing_id":"EQHXZ8M8AV:com.example.yes","cdhash":"ab","#,
        r#""signing_chain":[{"sha256":"7a","cn":"Developer ID","valid_from":1,"valid_until":2}],"#,
        r#""entitlementInfo":{},"csFlags":65536,"signingStatus":"SIGNING_STATUS_PRODUCTION","#,
        r#""static_rule":true,"rule_id":"9","audit_return":true}]}"#,
    );
    server.post("eventupload/M1", &[JSON], body.as_bytes()).await.json();
    let event = &server.events().await[0];
    assert_eq!(event["path"], "/Applications/Yes.app/Contents/MacOS/yes");
    assert_eq!(event["user"], "ann");
    assert_eq!(event["occurred"], "2025-06-15T15:06:40.25Z");
    assert_eq!(event["program"]["signing_id"], "EQHXZ8M8AV:com.example.yes");
    assert_eq!(event["program"]["team_id"], "EQHXZ8M8AV");
    let detail = format!("/events/{}", event["id"]);
    let detail = server.admin(Method::GET, &detail, Value::Null).await;
    let other = json!({"logged_in_users": ["ann"], "current_sessions": ["ann@console"], "ppid": 1,
        "entitlementInfo": {}, "csFlags": 65536, "static_rule": true});
    assert_eq!(detail["other_fields"], other, "each field is stored once");
    assert_eq!(detail["signing_chain"][0]["valid_until"], 2);
    assert_eq!(detail["signing_chain"][0]["common_name"], "Developer ID");
}

/// §3.3
#[tokio::test]
async fn an_event_in_protobuf_says_the_same() {
    let server = Server::start().await;
    let link = [bytes(1, "7a"), bytes(2, "Developer ID"), number(5, 1)].concat();
    let event = [
        bytes(1, FILE),
        bytes(2, "/usr/local/bin"),
        bytes(3, "yes"),
        bytes(4, "ann"),
        double(5, 1_750_000_000.25),
        bytes(6, "ann"),
        number(8, 8),
        number(18, 42),
        number(19, u64::MAX),
        bytes(21, "EQHXZ8M8AV"),
        bytes(28, link),
        bytes(29, bytes(2, [bytes(1, "com.apple.x"), bytes(2, "true")].concat())),
        number(31, 5),
        bytes(99, "later than this"),
    ];
    server.protobuf("eventupload/M1", &bytes(1, event.concat())).await;
    let event = &server.events().await[0];
    assert_eq!(event["path"], "/usr/local/bin/yes");
    assert_eq!(event["decision"], "BLOCK_UNKNOWN");
    assert_eq!(event["occurred"], "2025-06-15T15:06:40.25Z");
    let detail = format!("/events/{}", event["id"]);
    let detail = server.admin(Method::GET, &detail, Value::Null).await;
    assert_eq!(detail["program"]["signing_status"], "production");
    let other = &detail["other_fields"];
    assert_eq!(other["ppid"], -1);
    assert_eq!(other["entitlementInfo"]["entitlements"][0]["key"], "com.apple.x");
}

/// §3.4: decisions that only newer or older clients report.
#[tokio::test]
async fn an_unknown_decision_is_stored_unchanged() {
    let server = Server::start().await;
    let said = ["ALLOW_PLATFORM", "BLOCK_BINARY_MISMATCH", "BLOCK_MOONLIGHT", "16", "UNKNOWN"];
    for (pid, decision) in said.iter().enumerate() {
        let event = json!({"file_sha256": FILE, "pid": pid + 1, "decision": decision});
        server.json("eventupload/M1", json!({"events": [event]})).await;
    }
    let in_numbers = [bytes(1, FILE), number(8, 42), number(18, 9)].concat();
    server.protobuf("eventupload/M1", &bytes(1, in_numbers)).await;
    let mut kept: Vec<_> =
        server.events().await.iter().map(|event| event["decision"].clone()).collect();
    kept.reverse();
    let mut expected: Vec<_> = said.iter().map(|decision| json!(decision)).collect();
    expected[4] = json!("DECISION_UNKNOWN");
    expected.push(json!("42"));
    assert_eq!(kept, expected);
}

/// §3.5
#[tokio::test]
async fn the_response_always_has_a_list_of_bundles() {
    let server = Server::start().await;
    let answer = server.json("eventupload/M1", json!({"events": []})).await;
    assert_eq!(answer, json!({"event_upload_bundle_binaries": []}));
}

/// §3.6: members of bundles are reported without a time.
#[tokio::test]
async fn members_of_a_bundle_are_accepted() {
    let server = Server::start().await;
    let member = json!({"file_sha256": FILE, "file_name": "part", "decision": "BUNDLE_BINARY",
        "file_bundle_hash": "ab".repeat(32), "file_bundle_binary_count": "3",
        "file_bundle_hash_millis": 12.0});
    server.json("eventupload/M1", json!({"events": [member]})).await;
    assert_eq!(server.events().await[0]["decision"], "BUNDLE_BINARY");
}

/// §3.7, §3.8, §3.9
#[tokio::test]
async fn unsupported_kinds_of_events_are_ignored() {
    let server = Server::start().await;
    let body = json!({
        "events": [{"file_sha256": FILE, "decision": "ALLOW_UNKNOWN", "pid": 1}],
        "audit_events": [{"standalone_mode_rule_creation": {"decision": "ALLOWED"}}],
        "file_access_events": [{"rule_version": "v1", "rule_name": "Cookies", "target": "/c",
            "decision": "FILE_ACCESS_DECISION_DENIED", "access_time": 1_750_000_000.5,
            "process_chain": [{"pid": 7, "file_path": "/bin/cat", "cdhash": "ab"}]}],
        "usb_mount_events": [{}], "network_mount_events": [{}], "network_flow_events": [{}],
    });
    server.json("eventupload/M1", body).await;
    let executions = server.events().await;
    assert!(executions.iter().any(|event| event["decision"] == "ALLOW_UNKNOWN"));
}
