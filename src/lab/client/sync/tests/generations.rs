//! Tests of differences between client versions, of protobuf, and of rule-only syncs.

use super::*;

fn of(version: &str) -> Santa {
    let generation = version.parse().unwrap();
    Santa::new(Profile { machine_id: "M1".to_owned(), ..Profile::of(generation) })
}

#[tokio::test]
async fn before_2024_6_an_empty_cursor_never_ends() {
    let page = || ok(json!({"rules": [allow(TEAM)], "cursor": ""}));
    let server = Script::new([ok(json!({})), page(), page(), page()]);
    let options = SyncOptions { page_limit: 3, ..options() };
    let error = of("2024.5").sync(&server, options).await.unwrap_err();
    assert!(matches!(error, SyncError::EndlessRules { pages: 3 }), "{error:?}");
    let asked = server.sent_to("ruledownload");
    assert_eq!(asked, [json!({}), json!({"cursor": ""}), json!({"cursor": ""})]);
}

#[tokio::test]
async fn before_2024_6_a_page_without_rules_fails() {
    let server = Script::new([ok(json!({})), ok(json!({}))]);
    let error = of("2024.5").sync(&server, options()).await.unwrap_err();
    assert!(matches!(error, SyncError::RuleDownload(RequestError::Unreadable(_))), "{error:?}");
}

#[tokio::test]
async fn unsupported_rules_are_received_but_not_processed() {
    let rules = || {
        json!([
            allow(TEAM),
            {"identifier": "cd".repeat(20), "policy": "ALLOWLIST", "rule_type": "CDHASH"},
            {"identifier": TEAM, "policy": "CEL", "rule_type": "TEAMID", "cel_expr": "euid == 0"},
        ])
    };
    for (version, processed, held) in
        [("2022.4", 1, 1), ("2024.3", 2, 2), ("2025.6", 3, 2), ("2025.12", 3, 2)]
    {
        let mut santa = of(version);
        let report = santa.sync(&script(json!({}), rules()), options()).await.unwrap();
        assert_eq!((report.rules.received, report.rules.processed), (3, processed), "{version}");
        assert_eq!(santa.rules().len(), held, "{version}");
    }
}

#[tokio::test]
async fn the_rules_hash_is_sent_twice_from_2025_7_on() {
    let empty = "99aa06d3014798d86001c324468d497f";
    let mut santa = of("2025.7");
    let server = script(json!({}), json!([allow(TEAM)]));
    let report = santa.sync(&server, options()).await.unwrap();
    let hash = santa.database().rules_hash();
    assert_ne!(hash, empty);
    assert_eq!(server.sent_to("preflight")[0]["rulesHash"], json!(empty));
    assert_eq!(server.sent_to("postflight")[0]["rulesHash"], json!(hash));
    assert_eq!(report.reported_rules_hash, Some(hash));

    let server = script(json!({}), json!([allow(TEAM)]));
    let report = of("2025.6").sync(&server, options()).await.unwrap();
    assert_eq!(server.sent_to("preflight")[0].get("rulesHash"), None);
    assert_eq!(report.reported_rules_hash, None);
}

#[tokio::test]
async fn before_2024_1_clean_sync_alone_cleans_and_cleans_everything() {
    for (version, answer, transitive) in [
        ("2023.9", json!({"sync_type": "CLEAN"}), 2),
        ("2023.9", json!({"clean_sync": true}), 0),
        ("2024.1", json!({"clean_sync": true}), 2),
    ] {
        let mut santa = of(version);
        santa.required = SyncKind::Normal;
        santa.add_transitive_rules(2);
        santa.sync(&script(answer, json!([allow(TEAM)])), options()).await.unwrap();
        assert_eq!(santa.database().counts().transitive, transitive, "{version}");
    }
}

#[tokio::test]
async fn protobuf_is_used_at_every_stage() {
    use crate::protocol::{
        Format, PostflightRequest, PreflightResponse, Rule, RuleDownloadResponse, RuleType,
        read_request, write,
    };

    let preflight = PreflightResponse { batch_size: Some(7), ..PreflightResponse::default() };
    let rule = Rule {
        identifier: TEAM.into(),
        policy: Some(crate::protocol::PolicyName::Allowlist),
        rule_type: Some(RuleType::TeamId),
        ..Rule::default()
    };
    let page = RuleDownloadResponse { rules: vec![rule], cursor: None };
    let server = Script::new([
        Step::body(write(Format::Protobuf, &preflight).unwrap()),
        Step::body(write(Format::Protobuf, &page).unwrap()),
        Step::status(200),
    ]);
    let mut santa = of("2024.8");
    santa.profile_mut().wire = Format::Protobuf;
    santa.sync(&server, options()).await.unwrap();
    assert_eq!(teams(&santa), [TEAM]);
    let requests = server.requests();
    for request in &requests {
        assert_eq!(request.header("Content-Type"), Some("application/x-protobuf"));
    }
    let postflight: PostflightRequest = read_request(Format::Protobuf, &requests[2].bytes).unwrap();
    assert_eq!((postflight.rules_received, &*postflight.machine_id), (1, "M1"));
}

#[tokio::test]
async fn a_rule_only_sync_requests_only_rules() {
    let mut santa = settled(&["AAAAAAAAAA"]).await;
    santa.require(SyncKind::Clean);
    santa.add_event(event("a"));
    let server = Script::new([ok(json!({"rules": [allow("BBBBBBBBBB")]}))]);
    let report = santa.sync_rules(&server, options()).await.unwrap();
    assert_eq!(server.paths(), ["ruledownload/M1"]);
    assert_eq!(report.preflight, StageOutcome::Skipped);
    assert_eq!(teams(&santa), ["AAAAAAAAAA", "BBBBBBBBBB"]);
    assert_eq!((santa.required(), santa.pending_events().len()), (SyncKind::Clean, 1));
}
