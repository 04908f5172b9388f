use serde_json::{Value, json};

use super::super::tests::scripted_server::{Script, Step};
use super::super::{SyncKind, SyncOptions};
use super::*;
use crate::protocol::encode;

const TEAM: &str = "EQHXZ8M8AV";

fn pedro() -> Santa {
    pedro_of(Generation::Pedro)
}

fn pedro_of(generation: Generation) -> Santa {
    let profile = Profile {
        machine_id: "M1".to_owned(),
        os_build: "#1 SMP".to_owned(),
        ..Profile::of(generation)
    };
    Santa::new(profile)
}

fn rule(rule_type: &str, identifier: &str) -> Value {
    json!({"rule_type": rule_type, "identifier": identifier, "policy": "BLOCKLIST"})
}

fn script(preflight: Value, page: Value) -> Script {
    Script::new([Step::ok(preflight), Step::ok(page), Step::status(200)])
}

async fn synced(pedro: &mut Santa, script: &Script) -> Result<SyncReport, SyncError> {
    pedro.sync(script, SyncOptions::default()).await
}

fn identifiers(pedro: &Santa) -> Vec<&str> {
    pedro.database().rules().map(|rule| &*rule.identifier).collect()
}

#[tokio::test]
async fn it_says_what_rednose_says() {
    let server = script(json!({}), json!({}));
    synced(&mut pedro(), &server).await.unwrap();
    let [preflight, download, postflight] = &server.requests()[..] else { panic!("three stages") };
    assert_eq!(preflight.path, "preflight/M1");
    let build = preflight.body["os_build"].as_str().unwrap();
    assert_eq!((build.len(), build.trim_end_matches('\0')), (65, "#1 SMP"));
    assert!(String::from_utf8_lossy(&preflight.bytes).contains(r"SMP\u0000\u0000"));
    assert_eq!(preflight.body["santa_version"], json!("pedro-1.2.0 (pedro 1.2.0)"));
    assert_eq!(preflight.body["request_clean_sync"], json!(null));
    assert!(preflight.body.as_object().unwrap().contains_key("teamid_rule_count"));
    assert_eq!(preflight.body.get("machine_id"), None);
    assert_eq!(preflight.header("Content-Encoding"), Some("deflate"));
    assert_eq!(preflight.header("Accept-Encoding"), Some("gzip"));
    assert_eq!(download.body, json!({"cursor": null}));
    let outcome = json!({"machine_id": "M1", "sync_type": "NORMAL", "rules_processed": 0,
        "rules_received": 0});
    assert_eq!(postflight.body, outcome);
}

#[tokio::test]
async fn pedro_replaces_all_rules_with_each_page() {
    let mut pedro = pedro();
    let two = json!({"rules": [rule("TEAMID", TEAM), rule("CD_HASH", "ab")]});
    synced(&mut pedro, &script(json!({}), two)).await.unwrap();
    assert_eq!(identifiers(&pedro), [TEAM, "ab"]);
    let one = json!({"rules": [rule("SIGNINGID", "platform:x")]});
    synced(&mut pedro, &script(json!({}), one)).await.unwrap();
    assert_eq!(identifiers(&pedro), ["platform:x"]);
    synced(&mut pedro, &script(json!({}), json!({"rules": null}))).await.unwrap();
    assert_eq!(identifiers(&pedro), [""; 0]);
}

#[tokio::test]
async fn it_takes_one_page_and_goes_on_from_its_cursor_next_time() {
    let mut pedro = pedro();
    let page = json!({"rules": [rule("TEAMID", TEAM)], "cursor": "c1"});
    let report = synced(&mut pedro, &script(json!({}), page)).await.unwrap();
    assert_eq!(report.rules.pages, 1);
    let server = script(json!({}), json!({}));
    synced(&mut pedro, &server).await.unwrap();
    assert_eq!(server.sent_to("ruledownload"), [json!({"cursor": "c1"})]);
    let server = script(json!({}), json!({}));
    synced(&mut pedro, &server).await.unwrap();
    assert_eq!(server.sent_to("ruledownload"), [json!({"cursor": null})]);
}

#[tokio::test]
async fn one_unknown_word_makes_the_response_invalid() {
    let settings = [
        json!({"client_mode": "STANDALONE"}),
        json!({"sync_type": "normal"}),
        json!({"override_file_access_action": "AuditOnly"}),
        json!({"remount_usb_mode": ["rdonly"]}),
        json!({"batch_size": "50"}),
    ];
    for settings in settings {
        let mut pedro = pedro();
        let error = synced(&mut pedro, &Script::new([Step::ok(settings)])).await.unwrap_err();
        assert!(matches!(error, SyncError::Preflight(RequestError::Unreadable(_))), "{error:?}");
    }
    let rules = [
        rule("CDHASH", "ab"),
        json!({"rule_type": "TEAMID", "identifier": TEAM, "policy": "CEL"}),
        json!({"rule_type": "TEAMID", "policy": "BLOCKLIST"}),
    ];
    for rule in rules {
        let page = Step::ok(json!({"rules": [rule]}));
        let server = Script::new([Step::ok(json!({})), page]);
        let error = synced(&mut pedro(), &server).await.unwrap_err();
        assert!(matches!(error, SyncError::RuleDownload(RequestError::Unreadable(_))), "{error:?}");
    }
}

#[tokio::test]
async fn pedro_applies_only_the_mode_and_ignores_unknown_keys() {
    let mut pedro = pedro();
    let settings = json!({"client_mode": "LOCKDOWN", "full_sync_interval": 60, "new": [1],
        "sync_type": "CLEAN_ALL", "remount_usb_mode": "rdonly"});
    let report = synced(&mut pedro, &script(settings, json!({}))).await.unwrap();
    assert_eq!(pedro.client_mode(), ClientMode::Lockdown);
    assert_eq!(report.settings.full_sync_interval, None);
    assert_eq!(report.performed, SyncKind::Normal);
}

#[tokio::test]
async fn pedro_does_not_retry_and_a_failure_changes_nothing() {
    let mut pedro = pedro();
    let held = json!({"rules": [rule("TEAMID", TEAM)], "cursor": "c1"});
    synced(&mut pedro, &script(json!({}), held)).await.unwrap();
    let before = pedro.clone();
    let lost = [
        vec![Step::Lost],
        vec![Step::ok(json!({"client_mode": "LOCKDOWN"})), Step::status(503)],
        vec![Step::ok(json!({"client_mode": "LOCKDOWN"})), Step::ok(json!({})), Step::status(500)],
    ];
    for steps in lost {
        let count = steps.len();
        let server = Script::new(steps);
        assert!(synced(&mut pedro, &server).await.is_err());
        assert_eq!((server.paths().len(), &pedro), (count, &before));
    }
}

#[tokio::test]
async fn w3_a_body_over_ten_mebibytes_is_refused_as_each_release_counts() {
    let long = |length| json!({"rules": [], "x": "x".repeat(length)}).to_string().into_bytes();
    let packed = encode(ContentEncoding::Gzip, &long(11 << 20)).unwrap().into_owned();
    for (generation, accepts_packed) in [(Generation::Rednose, true), (Generation::Pedro, false)] {
        let plain = Script::new([Step::ok(json!({})), Step::body(long(10 << 20))]);
        let error = synced(&mut pedro_of(generation), &plain).await.unwrap_err();
        let is_refused = matches!(error, SyncError::RuleDownload(RequestError::Unanswered { .. }));
        assert!(is_refused, "{error:?}");
        let packed = Step::body(packed.clone()).with("content-encoding", "gzip");
        let server = Script::new([Step::ok(json!({})), packed, Step::status(200)]);
        let accepted = synced(&mut pedro_of(generation), &server).await.is_ok();
        assert_eq!(accepted, accepts_packed, "{generation}");
    }
}

#[tokio::test]
async fn w3_an_old_pedro_reports_the_library_that_it_was_made_with() {
    let server = script(json!({}), json!({}));
    synced(&mut pedro_of(Generation::Rednose), &server).await.unwrap();
    assert_eq!(server.requests()[0].body["santa_version"], json!("pedro-1.1.0 (rednose 0.1.0)"));
}

#[tokio::test]
async fn pedro_has_no_rule_only_sync() {
    let error = pedro().sync_rules(&Script::new([]), SyncOptions::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "pedro does not support rules-only syncs");
}
