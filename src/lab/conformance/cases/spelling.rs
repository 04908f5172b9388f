//! The spellings of keys and values that clients have used.

use serde_json::{Value, json};

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::request::{OCTETS, Request};
use crate::lab::conformance::rule::{V2022_4, V2024_6, V2026_7, random_sha256};
use crate::lab::conformance::stop::CaseResult;

pub(super) const CASES: [Case; 6] = [
    must(
        "spelling-newest",
        "Keys are accepted in both spellings of the newest client.",
        "Newer keys are in camel case: sipStatus, rulesHash, syncType, entitlementInfo.",
        |run| Box::pin(newest(run)),
    ),
    must(
        "spelling-2024.6",
        "The key serial_number is accepted, and so are counters in quotes.",
        "2024.6 has its own key for the serial number; 2024.6 and 2024.7 quote 64-bit numbers.",
        |run| Box::pin(first_protobuf_client(run)),
    ),
    should(
        "spelling-dictionary",
        "Times with fractions and the decision UNKNOWN are accepted.",
        "Clients before 2024.6 send times with fractions of a second, and may send UNKNOWN.",
        |run| Box::pin(dictionary(run)),
    ),
    must(
        "spelling-missing",
        "Every key may be missing.",
        "Clients leave out what is zero, empty or unknown to them.",
        |run| Box::pin(missing(run)),
    ),
    must(
        "spelling-unknown",
        "Unknown keys and unknown values are ignored.",
        "Clients are updated before servers are.",
        |run| Box::pin(unknown(run)),
    ),
    should(
        "spelling-null",
        "A null is treated as a missing key.",
        "JSON writers other than Santa's own write nulls.",
        |run| Box::pin(nulls(run)),
    ),
];

async fn newest(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let mut preflight = mac.preflight_request();
    preflight["sipStatus"] = 127.into();
    preflight["primary_user_groups"] = json!(["admin", "staff"]);
    preflight["push_notification_sync"] = true.into();
    let event = json!({
        "file_sha256": random_sha256(), "file_path": "/Applications/Example.app/Contents/MacOS",
        "file_name": "Example", "executing_user": "conformance", "execution_time": 1.7e9,
        "decision": "ALLOW_UNKNOWN", "pid": 412, "ppid": 1, "entitlementInfo": {
            "entitlementsFiltered": true,
            "entitlements": [{"key": "com.apple.security.app-sandbox", "value": "true"}],
        },
        "csFlags": 570_503_953, "signingStatus": "SIGNING_STATUS_PRODUCTION",
        "secureSigningTime": 1_700_000_000, "signingTime": 1_700_000_000, "static_rule": false,
    });
    let stages = [
        ("preflight", preflight),
        ("eventupload", json!({"machine_id": mac.id, "events": [event]})),
        ("ruledownload", json!({"machine_id": mac.id})),
        ("postflight", json!({"machine_id": mac.id, "syncType": "NORMAL"})),
    ];
    all_taken(run, stages.map(|(stage, body)| mac.json(stage, &body))).await
}

async fn first_protobuf_client(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2024_6);
    let mut preflight = mac.preflight_request();
    preflight["serial_number"] = preflight["serial_num"].take();
    if let Some(keys) = preflight.as_object_mut() {
        keys.remove("serial_num");
    }
    let event = json!({
        "file_sha256": random_sha256(), "file_name": "example", "decision": "BLOCK_UNKNOWN",
        "file_bundle_hash": random_sha256(), "file_bundle_hash_millis": "12",
        "file_bundle_binary_count": "3",
    });
    let counts = json!({"rules_received": "1", "rules_processed": "1", "machine_id": mac.id});
    let stages = [
        ("preflight", preflight),
        ("eventupload", json!({"machine_id": mac.id, "events": [event]})),
        ("ruledownload", json!({"machine_id": mac.id})),
        ("postflight", counts),
    ];
    let request = |(stage, body): (&'static str, Value)| mac.json(stage, &body).typed(Some(OCTETS));
    all_taken(run, stages.map(request)).await
}

async fn dictionary(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2022_4);
    let event = json!({
        "file_sha256": random_sha256(), "file_path": "/usr/local/bin", "file_name": "example",
        "executing_user": "conformance", "execution_time": 1_464_201_698.537_635,
        "decision": "UNKNOWN", "logged_in_users": ["conformance"],
        "current_sessions": ["conformance@console"], "quarantine_timestamp": 0,
        "pid": 412, "ppid": 1,
        "signing_chain": [{
            "sha256": random_sha256(), "cn": "Example", "org": "Example", "ou": "ABCDEFGHIJ",
            "valid_from": 1_396_979_478.0, "valid_until": 1_523_123_478,
        }],
    });
    let body = json!({"events": [event]});
    all_taken(run, [mac.json("eventupload", &body)]).await
}

async fn missing(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    let stages = ["preflight", "eventupload", "ruledownload", "postflight"];
    all_taken(run, stages.map(|stage| mac.json(stage, &json!({})))).await
}

async fn unknown(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let mut preflight = mac.preflight_request();
    preflight["client_mode"] = "A_MODE_OF_TOMORROW".into();
    preflight["a_key_of_tomorrow"] = json!({"deep": [1, null]});
    let event = json!({
        "file_sha256": random_sha256(), "file_name": "example", "decision": "BLOCK_TOMORROW",
        "signingStatus": "SIGNING_STATUS_TOMORROW", "a_key_of_tomorrow": 1,
    });
    let events = json!({"machine_id": mac.id, "events": [event], "events_of_tomorrow": [{}]});
    let postflight = json!({"machine_id": mac.id, "syncType": "A_SYNC_OF_TOMORROW"});
    let stages = [
        ("preflight", preflight),
        ("eventupload", events),
        ("ruledownload", json!({"machine_id": mac.id, "a_key_of_tomorrow": true})),
        ("postflight", postflight),
    ];
    all_taken(run, stages.map(|(stage, body)| mac.json(stage, &body))).await
}

async fn nulls(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let preflight = json!({
        "serial_num": null, "hostname": null, "santa_version": mac.client.text,
        "client_mode": null, "request_clean_sync": null, "binary_rule_count": null,
        "primary_user_groups": null,
    });
    let event = json!({
        "file_sha256": random_sha256(), "execution_time": null, "decision": "ALLOW_UNKNOWN",
        "signing_chain": null, "logged_in_users": null, "entitlementInfo": null, "pid": null,
    });
    let stages = [
        ("preflight", preflight),
        ("eventupload", json!({"events": [event], "audit_events": null})),
        ("ruledownload", json!({"cursor": null})),
        ("postflight", json!({"rules_received": null, "rules_processed": null, "syncType": null})),
    ];
    all_taken(run, stages.map(|(stage, body)| mac.json(stage, &body))).await
}

async fn all_taken(
    run: &CaseRun<'_>,
    requests: impl IntoIterator<Item = Request, IntoIter: Send>,
) -> CaseResult {
    let mut count = 0;
    for request in requests {
        run.post(request).await?.object()?;
        count += 1;
    }
    Ok(format!("200 for {count} {}", if count == 1 { "request" } else { "requests" }))
}
