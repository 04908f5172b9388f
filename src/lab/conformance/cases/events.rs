//! Uploads of events.

use serde_json::{Value, json};

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::hook::Hook;
use crate::lab::conformance::mac::Mac;
use crate::lab::conformance::rule::{V2026_7, random_sha256};
use crate::lab::conformance::settings::shortened;
use crate::lab::conformance::stop::{CaseResult, Stop};

pub(super) const CASES: [Case; 10] = [
    must(
        "events-batch",
        "A batch of events is accepted.",
        "A client keeps events until they are accepted, and sends none after a refusal.",
        |run| Box::pin(batch(run)),
    ),
    must(
        "events-repeated",
        "The same batch can be sent twice.",
        "A blocked event is sent immediately and again at the next sync.",
        |run| Box::pin(repeated(run)),
    ),
    must(
        "events-alone",
        "Events are accepted without a preflight.",
        "A blocked event is sent immediately, outside of any sync.",
        |run| Box::pin(alone(run)),
    ),
    must(
        "events-within",
        "Events between two pages do not disturb a download.",
        "A program can be blocked at any moment of a sync.",
        |run| Box::pin(within(run)),
    ),
    should(
        "events-none",
        "An upload without events is accepted.",
        "Other clients of the protocol send one at every sync.",
        |run| Box::pin(none(run)),
    ),
    must(
        "events-decisions",
        "Every decision that Santa sends is accepted.",
        "One unknown decision would block all events after it.",
        |run| Box::pin(decisions(run, &DECISIONS)),
    ),
    should(
        "events-decisions-new",
        "A decision that the server does not know is accepted.",
        "Clients are updated before servers are, and keep events that are refused.",
        |run| Box::pin(decisions(run, &["A_DECISION_OF_TOMORROW"])),
    ),
    must(
        "events-kinds",
        "File-access events and audit events are accepted.",
        "Clients from 2025.9 on upload them in the same batch.",
        |run| Box::pin(kinds(run)),
    ),
    must(
        "events-large",
        "A batch of 1 MiB is accepted.",
        "Fifty events with long signing chains and many entitlements can be that large.",
        |run| Box::pin(large(run)),
    ),
    must(
        "events-bundle",
        "With bundles on, the programs of an unknown bundle are requested.",
        "A bundle can be allowed only when its programs are known.",
        |run| Box::pin(bundle(run)),
    )
    .needs(&[Hook::EnableBundles]),
];

fn event(decision: &str) -> Value {
    json!({
        "file_sha256": random_sha256(),
        "file_path": "/Applications/Example.app/Contents/MacOS",
        "file_name": "Example",
        "executing_user": "conformance",
        "execution_time": 1_763_000_000.25,
        "logged_in_users": ["conformance"],
        "current_sessions": ["conformance@console"],
        "decision": decision,
        "pid": 412,
        "ppid": 1,
        "parent_name": "launchd",
        "team_id": "ABCDEFGHIJ",
        "signing_id": "ABCDEFGHIJ:com.example.conformance",
        "signing_chain": [
            {"sha256": random_sha256(), "cn": "Developer ID Application: Example (ABCDEFGHIJ)",
             "org": "Example", "ou": "ABCDEFGHIJ", "valid_from": 1_700_000_000,
             "valid_until": 1_900_000_000},
            {"sha256": random_sha256(), "cn": "Developer ID Certification Authority", "org": "Apple Inc.",
             "ou": "Apple Certification Authority", "valid_from": 1_300_000_000,
             "valid_until": 1_900_000_000},
        ],
        "entitlementInfo": {},
        "signingStatus": "SIGNING_STATUS_PRODUCTION",
    })
}

/// Uploads events. Returns the bundles whose programs the server requests.
async fn upload(mac: &Mac<'_>, events: &[Value]) -> Result<Vec<String>, Stop> {
    let body = json!({"machine_id": mac.id, "events": events});
    let answer = mac.ask("eventupload", &body).await?;
    match answer.get("event_upload_bundle_binaries") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(bundles)) if bundles.iter().all(Value::is_string) => {
            Ok(bundles.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Some(other) => {
            Err(Stop::fails(format!("event_upload_bundle_binaries is {}", shortened(other))))
        }
    }
}

async fn batch(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    mac.preflight().await?;
    upload(&mac, &[event("BLOCK_UNKNOWN"), event("ALLOW_UNKNOWN")]).await?;
    Ok("200".to_owned())
}

async fn repeated(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let events = [event("BLOCK_UNKNOWN")];
    upload(&mac, &events).await?;
    upload(&mac, &events).await?;
    Ok("200 both times".to_owned())
}

async fn alone(run: &CaseRun<'_>) -> CaseResult {
    upload(&run.known_mac().await?, &[event("BLOCK_BINARY")]).await?;
    upload(&run.mac(V2026_7), &[event("BLOCK_BINARY")]).await?;
    Ok("200, also for a host that the server had never seen".to_owned())
}

async fn within(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    mac.preflight().await?;
    let whole = mac.download().await?;
    let first = mac.page(None).await?;
    upload(&mac, &[event("BLOCK_UNKNOWN")]).await?;
    let mut rules = first.rules;
    if let Some(cursor) = first.cursor {
        let rest = mac.pages(Some(&cursor)).await?;
        rules.extend(rest.into_iter().flat_map(|page| page.rules));
    }
    if rules != whole {
        return Err(Stop::fails("the download differs if events are uploaded in between"));
    }
    Ok("the download is complete".to_owned())
}

async fn none(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    upload(&mac, &[]).await?;
    mac.ask("eventupload", &json!({})).await?;
    Ok("200".to_owned())
}

/// Decisions that Santa sends in events, as words and not as numbers.
const DECISIONS: [&str; 17] = [
    "ALLOW_UNKNOWN",
    "ALLOW_BINARY",
    "ALLOW_CERTIFICATE",
    "ALLOW_SCOPE",
    "ALLOW_TEAMID",
    "ALLOW_SIGNINGID",
    "ALLOW_CDHASH",
    "ALLOW_PLATFORM",
    "BLOCK_UNKNOWN",
    "BLOCK_BINARY",
    "BLOCK_CERTIFICATE",
    "BLOCK_SCOPE",
    "BLOCK_TEAMID",
    "BLOCK_SIGNINGID",
    "BLOCK_CDHASH",
    "BLOCK_BINARY_MISMATCH",
    "BUNDLE_BINARY",
];

async fn decisions(run: &CaseRun<'_>, words: &[&str]) -> CaseResult {
    let mac = run.known_mac().await?;
    let events: Vec<Value> = words.iter().map(|word| event(word)).collect();
    upload(&mac, &events).await?;
    Ok(format!("200 for {} events", events.len()))
}

async fn kinds(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let process = json!({
        "file_path": "/usr/bin/example", "cdhash": "ab".repeat(20), "file_sha256": random_sha256(),
        "signing_id": "platform:com.example", "pid": 7, "signing_chain": [],
    });
    let file_access = json!({
        "rule_version": "v1", "rule_name": "Cookies", "target": "/Users/x/Cookies",
        "process_chain": [process], "access_time": 1_763_000_000.5,
        "decision": "FILE_ACCESS_DECISION_DENIED",
    });
    let audit = json!({"standalone_mode_rule_creation": {
        "decision": "ALLOW_SIGNINGID", "identifier": "ABCDEFGHIJ:com.example",
        "timestamp": 1_763_000_000,
    }});
    let body = json!({
        "machine_id": mac.id, "events": [event("ALLOW_UNKNOWN")],
        "file_access_events": [file_access], "audit_events": [audit],
    });
    mac.ask("eventupload", &body).await?;
    Ok("200".to_owned())
}

async fn large(run: &CaseRun<'_>) -> CaseResult {
    const EVENTS: usize = 50;
    const ENTITLEMENTS: usize = 64;
    let mac = run.known_mac().await?;
    let entitlement = |number| {
        let key = format!("com.example.entitlement.{number}");
        json!({"key": key, "value": format!("[\"{}\"]", "x".repeat(260))})
    };
    let entitlements: Vec<Value> = (0..ENTITLEMENTS).map(entitlement).collect();
    let with_entitlements = |_| {
        let mut event = event("BLOCK_UNKNOWN");
        event["entitlementInfo"] = json!({"entitlements": entitlements});
        event
    };
    let events: Vec<Value> = (0..EVENTS).map(with_entitlements).collect();
    let body = json!({"machine_id": mac.id, "events": events});
    let size = body.to_string().len();
    run.post(mac.json("eventupload", &body)).await?.object()?;
    Ok(format!("200 for {} KiB", size / 1024))
}

async fn bundle(run: &CaseRun<'_>) -> CaseResult {
    const PROGRAMS: usize = 2;
    let mac = run.known_mac().await?;
    run.administer(Hook::EnableBundles, &mac, None).await?;
    let settings = mac.preflight().await?;
    if settings.get("enable_bundles") != Some(&Value::Bool(true)) {
        return Err(Stop::fails("preflight: enable_bundles is not true"));
    }
    let bundle = random_sha256();
    let of_bundle = |decision| {
        let mut event = event(decision);
        event["file_bundle_hash"] = bundle.clone().into();
        event["file_bundle_hash_millis"] = 12.into();
        event["file_bundle_binary_count"] = PROGRAMS.into();
        event["file_bundle_name"] = "Example".into();
        event
    };
    if !upload(&mac, &[of_bundle("BLOCK_UNKNOWN")]).await?.contains(&bundle) {
        return Err(Stop::fails("the server does not request the programs of the bundle"));
    }
    let members: Vec<Value> = (0..PROGRAMS).map(|_| of_bundle("BUNDLE_BINARY")).collect();
    upload(&mac, &members).await?;
    let again = upload(&mac, &[of_bundle("BLOCK_UNKNOWN")]).await?.contains(&bundle);
    let later = match again {
        true => "and again after the bundle's programs are known",
        false => "and not again",
    };
    Ok(format!("requested, {later}"))
}
