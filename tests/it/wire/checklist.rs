//! §0: eighteen important points of the protocol, with a test for each.

use http::{Method, StatusCode};
use nicelist::protocol::{ContentEncoding, encode};
use serde_json::json;

use super::by_hand::{self, Field, bytes, number};
use super::server::{FILE, JSON, OCTETS, PREFLIGHT, PROTOBUF, Server};

const STAGES: [&str; 4] = ["preflight", "eventupload", "ruledownload", "postflight"];

/// §0.1: old clients fail on an empty response, and every client fails on any status except 200.
#[tokio::test]
async fn success_is_status_200_with_an_object_in_every_stage() {
    let server = Server::start().await;
    for stage in STAGES {
        for body in [&b"{}"[..], b""] {
            let answer = server.post(&format!("{stage}/M1"), &[JSON], body).await;
            assert!(answer.json().is_object(), "{stage}: {}", answer.text());
        }
        let got = server.send(Method::GET, &format!("/santa/{stage}/M1"), &[], b"").await;
        assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED, "{stage}");
        assert_eq!(got.header("allow"), "POST");
    }
}

/// §0.2
#[tokio::test]
async fn a_machine_id_is_decoded_and_stored_unchanged() {
    let server = Server::start().await;
    let odd = ["Mac%20of%20J%C3%B6rg", "aBc", "ABC", "..%2F..%2Fetc", "a%25b", "a+b"];
    for machine in odd {
        server.post(&format!("preflight/{machine}"), &[JSON], PREFLIGHT).await.json();
    }
    let mut hosts = server.hosts().await;
    hosts.sort();
    assert_eq!(hosts, ["../../etc", "ABC", "Mac of Jörg", "a%b", "a+b", "aBc"]);
}

/// §0.3
#[tokio::test]
async fn a_body_is_read_in_every_encoding_that_clients_have_used() {
    let server = Server::start().await;
    let zlib = encode(ContentEncoding::Deflate, PREFLIGHT).unwrap().into_owned();
    assert_eq!(zlib[..2], [0x78, 0x9c]);
    let raw = &zlib[2..zlib.len() - 4];
    let gzip = encode(ContentEncoding::Gzip, PREFLIGHT).unwrap();
    let cases: [(&str, Option<&str>, &[u8]); 7] = [
        ("none", None, PREFLIGHT),
        ("identity", Some("identity"), PREFLIGHT),
        ("deflate", Some("deflate"), &zlib),
        ("raw", Some("deflate"), raw),
        ("zlib", Some("zlib"), &zlib),
        ("gzip", Some("gzip"), &gzip),
        ("shout", Some("GZIP"), &gzip),
    ];
    for (machine, encoding, body) in cases {
        let headers: Vec<_> =
            encoding.iter().map(|name| ("content-encoding", *name)).chain([JSON]).collect();
        let answer = server.post(&format!("preflight/{machine}"), &headers, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{machine}: {}", answer.text());
        assert_eq!(server.host(machine).await["serial"], "C02", "{machine}");
    }
}

/// A proxy may remove the `Content-Encoding` header, keep the header on a body that the proxy
/// decompressed, or set a different encoding.
#[tokio::test]
async fn w6_a_body_is_read_as_it_is_whatever_its_header_says() {
    let server = Server::start().await;
    let protobuf = [bytes(1, "C02"), bytes(6, "2026.7")].concat();
    for (kind, plain) in [(JSON, PREFLIGHT), (PROTOBUF, &protobuf)] {
        let zlib = encode(ContentEncoding::Deflate, plain).unwrap();
        let gzip = encode(ContentEncoding::Gzip, plain).unwrap();
        for header in [None, Some("identity"), Some("deflate"), Some("zlib"), Some("gzip")] {
            for (at, body) in [plain, &zlib, &gzip].into_iter().enumerate() {
                let headers: Vec<_> =
                    header.iter().map(|name| ("content-encoding", *name)).chain([kind]).collect();
                let machine = format!("{}-{at}", header.unwrap_or("none"));
                let answer = server.post(&format!("preflight/{machine}"), &headers, body).await;
                let story = format!("{kind:?} {header:?} {at}: {}", answer.text());
                assert_eq!(answer.status, StatusCode::OK, "{story}");
                assert_eq!(server.host(&machine).await["serial"], "C02", "{story}");
            }
        }
    }
}

/// §0.4: Santa 2024.6 and 2024.7 send every body with the content type `application/octet-stream`.
#[tokio::test]
async fn the_format_is_detected_from_the_body_without_a_useful_content_type() {
    let server = Server::start().await;
    let protobuf = [bytes(1, "C02"), bytes(6, "2026.7")].concat();
    let unhelpful: [&[_]; 3] = [&[], &[OCTETS], &[("content-type", "text/plain")]];
    for headers in unhelpful {
        let answer = server.post("preflight/J", headers, PREFLIGHT).await;
        assert_eq!(answer.json()["client_mode"], "MONITOR");
        let answer = server.post("preflight/P", headers, &protobuf).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(by_hand::all(&answer.body, 1), [Field::Number(1)], "{}", answer.text());
        assert_eq!(server.host("P").await["serial"], "C02");
    }
    let lied = server.post("preflight/L", &[PROTOBUF], PREFLIGHT).await;
    assert_eq!(lied.json()["client_mode"], "MONITOR");
}

/// §0.5: a client expects the format that it is configured for, regardless of the content type.
#[tokio::test]
async fn an_answer_is_in_the_format_of_its_request() {
    let server = Server::start().await;
    server.put(&[("teamid:EQHXZ8M8AV", "allow")]).await;
    server.json("preflight/M1", json!({"santa_version": "2026.7"})).await;
    let json = server.json("ruledownload/M1", json!({})).await;
    assert_eq!(json["rules"][0]["identifier"], "EQHXZ8M8AV");
    let protobuf = server.protobuf("ruledownload/M1", &bytes(2, "M1")).await;
    let rule = [bytes(1, "EQHXZ8M8AV"), number(2, 1), number(3, 3)].concat();
    assert_eq!(protobuf, bytes(1, rule));
}

/// §0.6
#[tokio::test]
async fn requests_are_read_in_every_spelling() {
    let server = Server::start().await;
    let spellings = [
        json!({"serial_num": "C02", "santa_version": "2026.7", "binary_rule_count": 3,
               "sipStatus": 111}),
        json!({"serialNum": "C02", "santaVersion": "2026.7", "binaryRuleCount": "3",
               "sip_status": 111.0, "primary_user": null, "clientMode": "MOONLIGHT"}),
        json!({"serial_number": "C02", "santa_version": "2026.7", "binary_rule_count": 3.0,
               "client_mode": 77, "hostname": [], "later": {"than": ["we", 1, null]}}),
    ];
    for (machine, body) in ["snake", "camel", "2024.6"].into_iter().zip(spellings) {
        server.json(&format!("preflight/{machine}"), body).await;
        let host = server.host(machine).await;
        assert_eq!(host["serial"], "C02", "{machine}");
        assert_eq!(host["santa_version"], "2026.7", "{machine}");
        assert_eq!(host["rules"]["reported"]["binary"], 3, "{machine}");
    }
}

/// §0.7
#[tokio::test]
async fn answers_are_spelled_as_every_client_reads_them() {
    let server = Server::start().await;
    server.set("client-mode", "lockdown").await;
    server.set("allowed-path-regex", "^/opt/.*").await;
    let settings = server.post("preflight/M1", &[JSON], PREFLIGHT).await.text();
    assert!(settings.contains(r#""client_mode":"LOCKDOWN""#), "{settings}");
    assert!(settings.contains(r#""allowed_path_regex":"^/opt/.*""#), "{settings}");
    assert!(settings.contains(r#""full_sync_interval":600,"#), "{settings}");
    assert!(!settings.contains("null"), "{settings}");
    server.sync("M1", "2026.7").await;
    server.json("preflight/M1", json!({"santa_version": "2026.7"})).await;
    let nothing = server.post("ruledownload/M1", &[JSON], b"{}").await.text();
    assert_eq!(nothing, r#"{"rules":[]}"#);
}

/// §0.8: a client keeps the value of a setting that a response leaves out.
#[tokio::test]
async fn every_setting_is_sent_at_every_preflight_and_patterns_begin_with_a_caret() {
    let server = Server::start().await;
    let keys = |settings: &serde_json::Value| -> Vec<String> {
        settings.as_object().unwrap().keys().cloned().collect()
    };
    let first = server.sync("M1", "2026.7").await.settings;
    let second = server.sync("M1", "2026.7").await.settings;
    assert_eq!(keys(&first), keys(&second));
    server.set("blocked-path-regex", "/tmp/.*").await;
    let third = server.sync("M1", "2026.7").await.settings;
    assert_eq!(keys(&first), keys(&third));
    assert_eq!(third["blocked_path_regex"], "^/tmp/.*");
}

/// §0.9
#[tokio::test]
async fn a_clean_sync_is_sent_under_both_field_names() {
    let server = Server::start().await;
    for (version, clean, normal) in [("2026.7", "CLEAN", "NORMAL"), ("1.13", "CLEAN", "NORMAL")] {
        let first = server.sync(version, version).await.settings;
        assert_eq!((&first["sync_type"], &first["clean_sync"]), (&json!(clean), &json!(true)));
        let next = server.sync(version, version).await.settings;
        assert_eq!((&next["sync_type"], &next["clean_sync"]), (&json!(normal), &json!(false)));
    }
    let order = json!({"kind": "clean-all"});
    server.admin(Method::POST, "/hosts/2026.7/clean-sync", order).await;
    let ordered = server.download("2026.7", "2026.7").await.settings;
    assert_eq!(ordered["sync_type"], "CLEAN_ALL");
    assert_eq!(ordered["clean_sync"], true);
}

/// §0.10
#[tokio::test]
async fn a_clean_sync_without_rules_sends_one_harmless_removal() {
    let server = Server::start().await;
    let rules = server.download("M1", "2026.7").await.rules;
    let sentinel = json!({"identifier": "0".repeat(64), "policy": "REMOVE", "rule_type": "BINARY"});
    assert_eq!(rules, [sentinel]);
}

/// §0.11: a clean sync deletes the client's pending events.
#[tokio::test]
async fn a_known_host_is_not_cleaned_without_a_reason() {
    let mut server = Server::start().await;
    server.sync("M1", "2026.7").await;
    server.put(&[("teamid:EQHXZ8M8AV", "block")]).await;
    server.restart().await;
    for _ in 0..3 {
        assert_eq!(server.sync("M1", "2026.7").await.settings["sync_type"], "NORMAL");
    }
}

/// §0.12
#[tokio::test]
async fn rules_count_as_held_only_when_the_counts_agree() {
    let server = Server::start().await;
    server.sync("M1", "2026.7").await;
    server.put(&[("teamid:EQHXZ8M8AV", "block"), ("teamid:AAAAAAAAAA", "block")]).await;
    for (received, processed) in [(2, 1), (1, 1), (0, 0), (3, 3)] {
        assert_eq!(server.download("M1", "2026.7").await.rules.len(), 2);
        let counts = json!({"rules_received": received, "rules_processed": processed});
        server.json("postflight/M1", counts).await;
        assert_eq!(server.host("M1").await["state"], "rejecting", "{received} {processed}");
    }
    assert_eq!(server.sync("M1", "2026.7").await.rules.len(), 2);
    assert_eq!(server.host("M1").await["state"], "in-sync");
}

/// §0.13
#[tokio::test]
async fn a_page_can_be_requested_again_with_the_same_response() {
    let mut server = Server::with_rules_a_page(1).await;
    server.put(&[("teamid:AAAAAAAAAA", "allow"), ("teamid:BBBBBBBBBB", "allow")]).await;
    server.json("preflight/M1", json!({"santa_version": "2026.7"})).await;
    let first = server.json("ruledownload/M1", json!({})).await;
    let asks_on = json!({"cursor": first["cursor"]});
    let second = server.json("ruledownload/M1", asks_on.clone()).await;
    server.put(&[("teamid:0000000000", "block")]).await;
    server.restart().await;
    assert_eq!(server.json("ruledownload/M1", asks_on.clone()).await, second);
    assert_eq!(server.json("ruledownload/M1", json!({})).await, first);
    assert_eq!(server.json("ruledownload/M1", asks_on).await, second);
}

/// §0.14
#[tokio::test]
async fn events_may_arrive_twice_in_parallel_and_without_preflight() {
    let server = Server::start().await;
    let body = json!({"events": [{"file_sha256": FILE, "file_name": "yes", "pid": 7,
        "execution_time": 1_750_000_000.5, "decision": "BLOCK_UNKNOWN"}]});
    let upload = || server.json("eventupload/M1", body.clone());
    tokio::join!(upload(), upload(), upload());
    assert_eq!(server.events().await.len(), 1);
}

/// §0.15
#[tokio::test]
async fn a_refusal_is_never_403() {
    let server = Server::with_secret().await;
    for headers in [&[][..], &[("authorization", "Bearer guess")], &[("x-xsrf-token", "t")]] {
        for stage in STAGES {
            let answer = server.post(&format!("{stage}/M1"), headers, b"{}").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{stage}");
        }
    }
}

/// §0.16; the whole matrix is in `generations.rs`.
#[tokio::test]
async fn unsupported_rules_are_not_sent() {
    let server = Server::start().await;
    server.put(&[("signingid:platform:com.x", "block"), ("teamid:EQHXZ8M8AV", "block")]).await;
    server.set("client-mode", "standalone").await;
    let old = server.sync("old", "2023.4").await;
    assert_eq!(old.lines(), ["TEAMID EQHXZ8M8AV BLOCKLIST"]);
    assert_eq!(old.settings["client_mode"], "LOCKDOWN");
    let new = server.sync("new", "2023.5").await;
    assert_eq!(new.rules.len(), 2);
}

/// §0.17
#[tokio::test]
async fn endpoints_of_other_servers_are_not_found() {
    let server = Server::start().await;
    for stage in ["commands", "metrics", "signalupload", "xsrf", "", "Preflight", "preflight2"] {
        for body in [&b""[..], b"{}", b"\x0a\x02M1"] {
            let answer = server.post(&format!("{stage}/M1"), &[], body).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{stage}");
        }
    }
    assert!(server.hosts().await.is_empty());
}

/// §0.18
#[tokio::test]
async fn santactl_doctor_gets_a_response_and_is_not_a_host() {
    let server = Server::start().await;
    for headers in [&[][..], &[JSON], &[OCTETS]] {
        let answer = server.post("preflight/santactl-doctor-test", headers, b"").await;
        assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "{}"));
    }
    assert!(server.hosts().await.is_empty());
}
