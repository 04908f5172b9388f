use serde_json::{Value, json};

use super::super::tests::scripted_server::{Script, Step};
use super::super::{Profile, RuleState};
use super::*;
use crate::protocol::{ClientMode, Event};

mod generations;

const TEAM: &str = "EQHXZ8M8AV";

fn options() -> SyncOptions {
    SyncOptions { pace: Pace::WITHOUT_BACKOFF, ..SyncOptions::default() }
}

fn ok(body: Value) -> Step {
    Step::ok(body)
}

fn given_up() -> impl Iterator<Item = Step> {
    std::iter::repeat_with(|| Step::Lost).take(5)
}

fn allow(identifier: &str) -> Value {
    json!({"identifier": identifier, "policy": "ALLOWLIST", "rule_type": "TEAMID"})
}

fn remove(identifier: &str) -> Value {
    json!({"identifier": identifier, "policy": "REMOVE", "rule_type": "TEAMID"})
}

fn script(preflight: Value, rules: Value) -> Script {
    Script::new([ok(preflight), ok(json!({"rules": rules})), ok(json!({}))])
}

/// A client that has synced before and has rules for these teams.
async fn settled(teams: &[&str]) -> Santa {
    let mut santa = Santa::new(Profile { machine_id: "M1".to_owned(), ..Profile::default() });
    let rules = teams.iter().map(|team| allow(team)).collect();
    let first = script(json!({"sync_type": "CLEAN_ALL"}), Value::Array(rules));
    santa.sync(&first, options()).await.unwrap();
    santa
}

fn teams(santa: &Santa) -> Vec<&str> {
    santa.rules().iter().map(|rule| &*rule.identifier).collect()
}

fn event(name: &str) -> Event {
    Event { file_name: name.to_owned(), ..Event::default() }
}

fn names(request: &Value) -> Vec<&str> {
    let events = request["events"].as_array().unwrap();
    events.iter().map(|event| event["file_name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn only_the_first_sync_requests_a_clean_sync() {
    let mut santa = Santa::new(Profile::default());
    let server = script(json!({"sync_type": "CLEAN"}), json!([allow(TEAM)]));
    let report = santa.sync(&server, options()).await.unwrap();
    assert_eq!(server.sent_to("preflight")[0]["request_clean_sync"], json!(true));
    assert_eq!((report.wanted, report.performed), (SyncKind::CleanAll, SyncKind::CleanAll));
    assert_eq!(server.sent_to("postflight")[0]["syncType"], json!("CLEAN_ALL"));

    let server = script(json!({}), json!([]));
    let report = santa.sync(&server, options()).await.unwrap();
    assert!(server.sent_to("preflight")[0].get("request_clean_sync").is_none());
    assert_eq!(report.performed, SyncKind::Normal);
}

#[tokio::test]
async fn a_clean_sync_is_required_until_it_happens() {
    let mut santa = Santa::new(Profile::default());
    let server = script(json!({"sync_type": "NORMAL"}), json!([allow(TEAM)]));
    let report = santa.sync(&server, options()).await.unwrap();
    assert_eq!(report.performed, SyncKind::Normal);
    assert_eq!(santa.required(), SyncKind::CleanAll);
}

#[tokio::test]
async fn the_stages_come_in_order_and_go_to_the_machine() {
    let mut santa = settled(&[]).await;
    santa.add_event(event("yes"));
    let server = Script::new([ok(json!({})), ok(json!({})), ok(json!({})), ok(json!({}))]);
    let report = santa.sync(&server, options()).await.unwrap();
    let stages = ["preflight/M1", "eventupload/M1", "ruledownload/M1", "postflight/M1"];
    assert_eq!(server.paths(), stages);
    for request in server.requests() {
        assert_eq!(request.body["machine_id"], json!("M1"), "{}", request.path);
    }
    let done = StageOutcome::Done;
    assert_eq!(
        [report.preflight, report.event_upload, report.rule_download, report.postflight],
        [done.clone(), done.clone(), done.clone(), done]
    );
}

#[tokio::test]
async fn preflight_reports_what_the_client_holds() {
    let mut santa = settled(&[TEAM]).await;
    santa.add_transitive_rules(2);
    let server = script(json!({}), json!([]));
    santa.sync(&server, options()).await.unwrap();
    let request = &server.sent_to("preflight")[0];
    assert_eq!(request["teamid_rule_count"], json!(1));
    assert_eq!(request["binary_rule_count"], json!(2));
    assert_eq!(request["transitive_rule_count"], json!(2));
    assert_eq!(request["client_mode"], json!("MONITOR"));
}

#[tokio::test]
async fn without_events_nothing_is_uploaded() {
    let mut santa = settled(&[]).await;
    let server = script(json!({}), json!([]));
    let report = santa.sync(&server, options()).await.unwrap();
    assert!(server.sent_to("eventupload").is_empty());
    assert_eq!(report.event_upload, StageOutcome::Skipped);
}

#[tokio::test]
async fn events_go_in_batches_of_the_size_that_the_server_asks_for() {
    let mut santa = settled(&[]).await;
    for name in ["a", "b", "c", "d", "e"] {
        santa.add_event(event(name));
    }
    let bundles = json!({"event_upload_bundle_binaries": ["ff"]});
    let server = Script::new([
        ok(json!({"batch_size": 2})),
        ok(json!({})),
        ok(bundles),
        ok(json!({})),
        ok(json!({"rules": []})),
        ok(json!({})),
    ]);
    let report = santa.sync(&server, options()).await.unwrap();
    let uploads = server.sent_to("eventupload");
    let batches: Vec<_> = uploads.iter().map(names).collect();
    assert_eq!(batches, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    let expected =
        EventReport { sent: 5, wanted_bundles: vec!["ff".to_owned()], ..EventReport::default() };
    assert_eq!(report.events, expected);
    assert!(santa.pending_events().is_empty());
}

#[tokio::test]
async fn a_batch_size_of_zero_is_fifty() {
    let mut santa = settled(&[]).await;
    for _ in 0..51 {
        santa.add_event(event("a"));
    }
    let answers = [json!({"batch_size": 0}), json!({}), json!({}), json!({}), json!({})];
    let server = Script::new(answers.map(ok));
    santa.sync(&server, options()).await.unwrap();
    let sizes: Vec<_> = server.sent_to("eventupload").iter().map(|r| names(r).len()).collect();
    assert_eq!(sizes, [50, 1]);
}

#[tokio::test]
async fn an_upload_that_fails_keeps_its_events_and_the_sync_goes_on() {
    let mut santa = settled(&[]).await;
    for name in ["a", "b", "c"] {
        santa.add_event(event(name));
    }
    let server = Script::new([
        ok(json!({"batch_size": 1})),
        ok(json!({})),
        Step::status(404),
        ok(json!({"rules": [allow(TEAM)]})),
        ok(json!({})),
    ]);
    let report = santa.sync(&server, options()).await.unwrap();
    assert_eq!(report.events, EventReport { sent: 1, kept: 2, ..EventReport::default() });
    let reason = "the server responded with 404 (attempt 1)".to_owned();
    assert_eq!(report.event_upload, StageOutcome::Failed { reason });
    assert_eq!(teams(&santa), [TEAM]);
    assert_eq!(santa.pending_events(), [event("b"), event("c")]);
}

#[tokio::test]
async fn a_clean_sync_throws_events_away_unsent() {
    for kind in ["CLEAN", "CLEAN_ALL"] {
        let mut santa = settled(&[]).await;
        santa.add_event(event("a"));
        let server = script(json!({"sync_type": kind}), json!([allow(TEAM)]));
        let report = santa.sync(&server, options()).await.unwrap();
        assert_eq!(report.events, EventReport { discarded: 1, ..EventReport::default() });
        assert!(santa.pending_events().is_empty());
    }
}

#[tokio::test]
async fn rules_are_downloaded_to_the_end_of_the_cursor() {
    let mut santa = settled(&[]).await;
    let server = Script::new([
        ok(json!({})),
        ok(json!({"rules": [allow("AAAAAAAAAA")], "cursor": "c1"})),
        ok(json!({"rules": [], "cursor": "c2"})),
        ok(json!({"rules": [allow("BBBBBBBBBB")], "cursor": ""})),
        ok(json!({})),
    ]);
    let report = santa.sync(&server, options()).await.unwrap();
    let requests = server.sent_to("ruledownload");
    let cursors: Vec<_> = requests.iter().map(|request| request.get("cursor")).collect();
    assert_eq!(cursors, [None, Some(&json!("c1")), Some(&json!("c2"))]);
    assert_eq!(report.rules, RuleReport { pages: 3, received: 2, processed: 2 });
    assert_eq!(teams(&santa), ["AAAAAAAAAA", "BBBBBBBBBB"]);
}

#[tokio::test]
async fn later_rules_win_over_earlier_ones_across_pages() {
    let mut santa = settled(&["CCCCCCCCCC"]).await;
    let block = json!({"identifier": "AAAAAAAAAA", "policy": "BLOCKLIST", "rule_type": "TEAMID"});
    let server = Script::new([
        ok(json!({})),
        ok(json!({"rules": [allow("AAAAAAAAAA"), allow("BBBBBBBBBB")], "cursor": "c1"})),
        ok(json!({"rules": [block, remove("BBBBBBBBBB"), remove("CCCCCCCCCC")]})),
        ok(json!({})),
    ]);
    santa.sync(&server, options()).await.unwrap();
    let rules = santa.rules();
    assert_eq!(rules.len(), 1);
    assert_eq!((&*rules[0].identifier, rules[0].state), ("AAAAAAAAAA", RuleState::Blocklist));
}

#[tokio::test]
async fn a_lost_page_changes_nothing() {
    let mut santa = settled(&[TEAM]).await;
    santa.require(SyncKind::Clean);
    let before = santa.clone();
    let pages = [
        ok(json!({"sync_type": "CLEAN", "client_mode": "LOCKDOWN"})),
        ok(json!({"rules": [allow("AAAAAAAAAA")], "cursor": "c1"})),
    ];
    let server = Script::new(pages.into_iter().chain(given_up()));
    let error = santa.sync(&server, options()).await.unwrap_err();
    assert!(matches!(error, SyncError::RuleDownload(_)), "{error:?}");
    assert_eq!(santa, before);
    assert!(server.sent_to("postflight").is_empty());
}

#[tokio::test]
async fn a_lost_page_is_requested_again_with_the_same_cursor() {
    let mut santa = settled(&[]).await;
    let server = Script::new([
        ok(json!({})),
        ok(json!({"rules": [allow("AAAAAAAAAA")], "cursor": "c1"})),
        Step::Lost,
        ok(json!({"rules": [allow("BBBBBBBBBB")]})),
        ok(json!({})),
    ]);
    santa.sync(&server, options()).await.unwrap();
    let requests = server.sent_to("ruledownload");
    assert_eq!((&requests[1], &requests[1]["cursor"]), (&requests[2], &json!("c1")));
    assert_eq!(teams(&santa), ["AAAAAAAAAA", "BBBBBBBBBB"]);
}

#[tokio::test]
async fn a_download_without_end_is_given_up() {
    let mut santa = settled(&[TEAM]).await;
    let page = || ok(json!({"rules": [allow("AAAAAAAAAA")], "cursor": "same"}));
    let server = Script::new([ok(json!({})), page(), page(), page()]);
    let options = SyncOptions { page_limit: 3, ..options() };
    let error = santa.sync(&server, options).await.unwrap_err();
    assert!(matches!(error, SyncError::EndlessRules { pages: 3 }), "{error:?}");
    assert_eq!(teams(&santa), [TEAM]);
}

#[tokio::test]
async fn rules_that_are_not_understood_are_received_but_not_processed() {
    let mut santa = settled(&[]).await;
    let rules = json!([
        allow("eqhxz8m8av"),
        allow("too short"),
        {"identifier": TEAM, "policy": "SEATBELT", "rule_type": "TEAMID"},
        {"identifier": TEAM, "policy": "ALLOWLIST", "rule_type": "BUNDLE"},
    ]);
    let server = script(json!({}), rules);
    let report = santa.sync(&server, options()).await.unwrap();
    assert_eq!(report.rules, RuleReport { pages: 1, received: 4, processed: 1 });
    let postflight = &server.sent_to("postflight")[0];
    assert_eq!(postflight["rules_received"], json!(4));
    assert_eq!(postflight["rules_processed"], json!(1));
    assert_eq!(teams(&santa), [TEAM]);
}

#[tokio::test]
async fn compiler_and_cel_rules_are_stored() {
    let mut santa = settled(&[]).await;
    let rules = json!([
        {"identifier": "ab".repeat(32), "policy": "ALLOWLIST_COMPILER", "rule_type": "BINARY"},
        {"identifier": "platform:com.apple.yes", "policy": "CEL", "rule_type": "SIGNINGID",
         "cel_expr": "euid == 0"},
    ]);
    santa.sync(&script(json!({}), rules), options()).await.unwrap();
    let rules = santa.rules();
    assert_eq!(rules[0].state, RuleState::AllowlistCompiler);
    assert_eq!((rules[1].state, &*rules[1].cel_expr), (RuleState::Cel, "euid == 0"));
}

#[tokio::test]
async fn a_clean_sync_replaces_all_rules() {
    let mut santa = settled(&["AAAAAAAAAA", "BBBBBBBBBB"]).await;
    santa.add_transitive_rules(2);
    let server = script(json!({"clean_sync": true}), json!([allow("CCCCCCCCCC")]));
    let report = santa.sync(&server, options()).await.unwrap();
    assert_eq!(report.performed, SyncKind::Clean);
    assert_eq!(teams(&santa), ["CCCCCCCCCC"]);
    assert_eq!(santa.database().counts().transitive, 2);
}

#[tokio::test]
async fn a_clean_sync_without_rules_cleans_nothing_and_still_counts_as_done() {
    let mut santa = settled(&[TEAM]).await;
    santa.require(SyncKind::Clean);
    let server = script(json!({"sync_type": "CLEAN"}), json!([allow("not understood")]));
    santa.sync(&server, options()).await.unwrap();
    assert_eq!(teams(&santa), [TEAM]);
    assert_eq!(santa.required(), SyncKind::Normal);
}

#[tokio::test]
async fn a_preflight_that_fails_ends_the_sync() {
    let mut santa = settled(&[TEAM]).await;
    santa.add_event(event("a"));
    let before = santa.clone();
    let error = santa.sync(&Script::new(given_up()), options()).await.unwrap_err();
    assert!(matches!(error, SyncError::Preflight(_)), "{error:?}");
    assert_eq!(santa, before);
}

#[tokio::test]
async fn an_invalid_response_stops_the_sync() {
    let mut santa = settled(&[TEAM]).await;
    let server = Script::new([ok(json!({"batch_size": -1}))]);
    let error = santa.sync(&server, options()).await.unwrap_err();
    assert!(matches!(error, SyncError::Preflight(RequestError::Unreadable(_))), "{error:?}");
}

#[tokio::test]
async fn empty_responses_are_valid() {
    let mut santa = settled(&[TEAM]).await;
    let server = Script::new([200, 200, 200].map(Step::status));
    let report = santa.sync(&server, options()).await.unwrap();
    assert_eq!(report.rules, RuleReport { pages: 1, ..RuleReport::default() });
}

#[tokio::test]
async fn settings_apply_at_the_end_even_if_postflight_is_lost() {
    let mut santa = settled(&[]).await;
    santa.require(SyncKind::Clean);
    let answers = [
        ok(json!({"client_mode": "LOCKDOWN", "sync_type": "CLEAN"})),
        ok(json!({"rules": [allow(TEAM)]})),
    ];
    let server = Script::new(answers.into_iter().chain(given_up()));
    let report = santa.sync(&server, options()).await.unwrap();
    assert_eq!(report.settings.client_mode, Some(ClientMode::Lockdown));
    assert_eq!(santa.required(), SyncKind::Normal);
    let reason = "no response from the server (attempt 5): the request failed: connection lost";
    assert_eq!(report.postflight, StageOutcome::Failed { reason: reason.to_owned() });
}

#[tokio::test]
async fn settings_are_kept_until_a_clean_sync() {
    let mut santa = settled(&[]).await;
    let locked = script(json!({"client_mode": "LOCKDOWN"}), json!([]));
    santa.sync(&locked, options()).await.unwrap();
    let silent = script(json!({}), json!([]));
    santa.sync(&silent, options()).await.unwrap();
    assert_eq!(santa.client_mode(), ClientMode::Lockdown);
    let clean = script(json!({"sync_type": "CLEAN"}), json!([]));
    santa.sync(&clean, options()).await.unwrap();
    assert_eq!(santa.client_mode(), ClientMode::Monitor);
    assert_eq!(clean.sent_to("preflight")[0]["client_mode"], json!("LOCKDOWN"));
}

#[tokio::test]
async fn requests_are_compressed_as_the_profile_says() {
    use crate::protocol::ContentEncoding;

    for encoding in [ContentEncoding::Identity, ContentEncoding::Deflate, ContentEncoding::Gzip] {
        let mut santa = settled(&[]).await;
        santa.profile_mut().content_encoding = encoding;
        let server = script(json!({}), json!([]));
        santa.sync(&server, options()).await.unwrap();
        assert!(server.requests().iter().all(|request| request.encoding == encoding));
    }
}

#[tokio::test]
async fn a_report_is_json_that_scripts_can_read() {
    let mut santa = settled(&[]).await;
    let report = santa.sync(&script(json!({}), json!([allow(TEAM)])), options()).await.unwrap();
    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["performed"], json!("NORMAL"));
    assert_eq!(report["event_upload"], json!({"outcome": "skipped"}));
    assert_eq!(report["rules"], json!({"pages": 1, "received": 1, "processed": 1}));
    let rule = json!({"rule_type": "TEAMID", "identifier": TEAM, "state": "ALLOWLIST"});
    assert_eq!(serde_json::to_value(santa.rules()).unwrap(), json!([rule]));
}
