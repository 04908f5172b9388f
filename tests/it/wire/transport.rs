//! §1: URLs, headers, encodings and formats.

use http::{Method, StatusCode};
use nicelist::protocol::{ContentEncoding, encode};
use serde_json::{Value, json};

use super::by_hand::{Field, all, bytes, number, text};
use super::server::{FILE, JSON, OCTETS, PREFLIGHT, PROTOBUF, Server};

/// §1.1: any base path is valid, and the secret may be any segment of it.
#[tokio::test]
async fn the_stages_work_under_every_base_path() {
    let open = Server::start().await;
    for base in ["", "/santa", "/v1/santa", "/a/b/c/d", "/preflight/x", "//", "/api/v1"] {
        let path = format!("{base}/preflight/M1");
        let answer = open.send(Method::POST, &path, &[JSON], PREFLIGHT).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    let closed = Server::with_secret().await;
    for base in [
        "/the-secret-of-the-tests",
        "/santa/the-secret-of-the-tests",
        "/the-secret-of-the-tests/santa",
        "/a/the-secret-of-the-tests/b",
    ] {
        let path = format!("{base}/preflight/M1");
        let answer = closed.send(Method::POST, &path, &[JSON], PREFLIGHT).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    for path in [
        "/santa/preflight/the-secret-of-the-tests",
        "/guess/preflight/M1",
        "/the-secre/preflight/M1",
    ] {
        let answer = closed.send(Method::POST, path, &[JSON], PREFLIGHT).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

/// §1.1: the server uses the machine ID in the path, and ignores the machine ID in the body.
#[tokio::test]
async fn the_machine_id_in_the_path_is_used() {
    let server = Server::start().await;
    server.json("preflight/path", json!({"machine_id": "body", "serial_num": "C02"})).await;
    server.protobuf("preflight/path2", &bytes(18, "body")).await;
    assert_eq!(server.hosts().await, ["path", "path2"]);
}

/// §1.2: the usual headers of clients are accepted, and the secret may be in a header.
#[tokio::test]
async fn the_headers_of_clients_are_accepted_with_the_secret() {
    let server = Server::with_secret().await;
    let usual = [
        ("user-agent", "santactl-sync/2026.7.700000000"),
        ("content-type", "application/json; charset=utf-8"),
        ("x-xsrf-token", "a-token-of-another-server"),
        ("accept-encoding", "gzip, deflate, br"),
        ("authorization", "Bearer the-secret-of-the-tests"),
    ];
    let answer = server.post("preflight/M1", &usual, PREFLIGHT).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let admin = [("authorization", "Bearer the-admin-of-the-tests")];
    let answer = server.post("preflight/M2", &admin, PREFLIGHT).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "an administrator is no host");
}

/// §1.3: an empty body is accepted with and without a content type and an encoding.
#[tokio::test]
async fn an_empty_body_is_an_empty_message_with_every_content_type() {
    let server = Server::start().await;
    let names: [&[_]; 5] = [
        &[],
        &[OCTETS],
        &[JSON, ("content-encoding", "deflate")],
        &[JSON, ("content-encoding", "gzip")],
        &[JSON, ("content-encoding", "zlib")],
    ];
    for headers in names {
        for stage in ["preflight", "eventupload", "ruledownload", "postflight"] {
            let answer = server.post(&format!("{stage}/M1"), headers, b"").await;
            assert!(answer.json().is_object(), "{stage} {headers:?}");
        }
    }
    for stage in ["preflight", "eventupload", "ruledownload", "postflight"] {
        server.protobuf(&format!("{stage}/M1"), b"").await;
    }
}

/// §1.3 and §1.2: compressed bodies with the content type `application/octet-stream`, which Santa
/// 2024.6 and 2024.7 send.
#[tokio::test]
async fn octet_streams_are_read_in_both_formats_after_decompression() {
    let server = Server::start().await;
    let protobuf = [bytes(1, "C02"), bytes(6, "2024.7")].concat();
    for (machine, body) in [("J", PREFLIGHT), ("P", &protobuf)] {
        let deflated = encode(ContentEncoding::Deflate, body).unwrap();
        let headers = [OCTETS, ("content-encoding", "deflate")];
        let answer = server.post(&format!("preflight/{machine}"), &headers, &deflated).await;
        assert_eq!(answer.status, StatusCode::OK, "{machine}: {}", answer.text());
        assert_eq!(server.host(machine).await["serial"], "C02");
    }
}

/// §1.4: a client that uses protobuf accepts only protobuf, in all four stages.
#[tokio::test]
async fn a_whole_sync_in_protobuf() {
    let server = Server::start().await;
    server.set("client-mode", "lockdown").await;
    server.set("removable-media", "remount:rdonly,noexec").await;
    server
        .put_draft(json!({"target": format!("binary:{FILE}"), "policy": "block",
        "message": "No.", "url": "https://x/"}))
        .await;
    let request = [
        bytes(1, "C02"),
        bytes(2, "mac"),
        bytes(6, "2026.7.700000000"),
        number(9, 1),
        number(10, 1),
        number(11, 300),
        bytes(18, "M1"),
        number(20, 111),
        bytes(21, "staff"),
        bytes(22, "99aa06d3014798d86001c324468d497f"),
        bytes(23, "a field of another protocol"),
    ];
    let settings = server.protobuf("preflight/M1", &request.concat()).await;
    assert_eq!(all(&settings, 1), [Field::Number(2)], "LOCKDOWN");
    assert_eq!(all(&settings, 2), [Field::Number(2)], "CLEAN");
    assert_eq!(all(&settings, 1007), [Field::Number(1)], "clean_sync");
    assert_eq!(all(&settings, 4), [Field::Number(0)], "what is off is said");
    assert_eq!(all(&settings, 8), [Field::Number(600)]);
    assert_eq!(all(&settings, 11), [text("")], "no pattern is said");
    assert_eq!(all(&settings, 14), [text("rdonly"), text("noexec")]);
    let remount = bytes(3, [bytes(1, "rdonly"), bytes(1, "noexec")].concat());
    assert_eq!(all(&settings, 36), [Field::Bytes(remount)]);
    let event = [bytes(1, FILE), bytes(3, "yes"), number(8, 9), number(18, 7)].concat();
    let upload = [bytes(1, event), bytes(2, "M1")].concat();
    assert!(server.protobuf("eventupload/M1", &upload).await.is_empty());
    let page = server.protobuf("ruledownload/M1", &bytes(2, "M1")).await;
    let rule =
        [bytes(1, FILE), number(2, 3), number(3, 1), bytes(4, "No."), bytes(5, "https://x/")];
    assert_eq!(page, bytes(1, rule.concat()));
    let done = [number(1, 1), number(2, 1), bytes(3, "M1"), number(4, 2)].concat();
    assert!(server.protobuf("postflight/M1", &done).await.is_empty());
    let host = server.host("M1").await;
    assert_eq!(host["state"], "in-sync");
    assert_eq!(host["groups"], json!(["staff"]));
    assert_eq!(host["mode"]["reported"], "monitor");
    assert_eq!(server.events().await[0]["decision"], "BLOCK_BINARY");
}

/// §1.4: rule responses are compressed only for clients that accept gzip.
#[tokio::test]
async fn a_page_of_rules_is_gzipped_if_the_client_accepts_gzip() {
    let server = Server::start().await;
    server.put(&[("teamid:EQHXZ8M8AV", "allow")]).await;
    server.post("preflight/M1", &[JSON], PREFLIGHT).await.json();
    let cases = [
        (None, false),
        (Some("br, deflate"), false),
        (Some("gzip;q=0"), false),
        (Some("gzip"), true),
        (Some("gzip, deflate, br"), true),
        (Some("deflate, GZIP;q=0.5"), true),
    ];
    let plain = server.post("ruledownload/M1", &[JSON], b"{}").await.body;
    for (accepted, expected) in cases {
        let headers: Vec<_> =
            accepted.iter().map(|accepted| ("accept-encoding", *accepted)).chain([JSON]).collect();
        let answer = server.post("ruledownload/M1", &headers, b"{}").await;
        assert_eq!(answer.header("content-encoding") == "gzip", expected, "{accepted:?}");
        if expected {
            assert_eq!(answer.header("vary"), "accept-encoding");
            let limit = 1 << 20;
            let body = nicelist::protocol::decode(ContentEncoding::Gzip, &answer.body, limit);
            assert_eq!(body.unwrap(), plain, "{accepted:?}");
        } else {
            assert_eq!(answer.body, plain, "{accepted:?}");
        }
    }
    let preflight =
        server.post("preflight/M1", &[JSON, ("accept-encoding", "gzip")], PREFLIGHT).await;
    assert_eq!(preflight.header("content-encoding"), "", "too short to be worth it");
}

/// §1.5: the server requires no XSRF token, so it creates none.
#[tokio::test]
async fn there_is_no_xsrf_endpoint() {
    let server = Server::with_secret().await;
    let xsrf = server.send(Method::POST, "/the-secret-of-the-tests/xsrf/M1", &[], b"").await;
    assert_eq!(xsrf.status, StatusCode::NOT_FOUND);
    assert!(!xsrf.headers.contains_key("x-xsrf-token"));
}

/// §1.6: an invalid body gets the status 400. Clients do not retry after this status.
#[tokio::test]
async fn errors_that_cannot_go_away_are_not_retried() {
    let server = Server::start().await;
    for (headers, body) in [(&[JSON][..], &b"{"[..]), (&[PROTOBUF], b"\x0a"), (&[OCTETS], b"\x07")]
    {
        for stage in ["preflight", "eventupload", "ruledownload", "postflight"] {
            let status = server.post(&format!("{stage}/M1"), headers, body).await.status;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{stage} {headers:?}");
        }
    }
}

/// §1.6: if the postflight is lost, the next sync is a normal sync.
#[tokio::test]
async fn a_lost_postflight_costs_no_clean_sync() {
    let server = Server::start().await;
    server.sync("M1", "2026.7").await;
    server.put(&[("teamid:EQHXZ8M8AV", "block")]).await;
    server.download("M1", "2026.7").await;
    let again = server.sync("M1", "2026.7").await;
    assert_eq!(again.settings["sync_type"], "NORMAL");
    assert_eq!(again.lines(), ["TEAMID EQHXZ8M8AV BLOCKLIST"]);
    assert!(server.sync("M1", "2026.7").await.rules.is_empty());
}

/// §1.7: the secret is in a header or in the path, and no cookie is set.
#[tokio::test]
async fn a_host_needs_the_enrollment_secret() {
    let server = Server::with_secret().await;
    let status = async |path: &str, token: Option<&str>| {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> =
            bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        let answer = server.post(path, &headers, PREFLIGHT).await;
        assert!(!answer.headers.contains_key("set-cookie"));
        answer.status
    };
    assert_eq!(status("preflight/M1", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status("preflight/M1", Some("guess")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status("guess/preflight/M1", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        status("preflight/M1", Some("the-admin-of-the-tests")).await,
        StatusCode::UNAUTHORIZED
    );
    assert!(server.hosts().await.is_empty());
    assert_eq!(status("preflight/M1", Some("the-secret-of-the-tests")).await, StatusCode::OK);
    assert_eq!(status("the-secret-of-the-tests/preflight/M1", None).await, StatusCode::OK);
    assert_eq!(server.hosts().await, ["M1"]);
}

/// §1.9: clients from 2021 send dictionaries with values of any type.
#[tokio::test]
async fn bodies_from_before_messages_were_defined() {
    let server = Server::start().await;
    let preflight = br#"{"serial_num":"C02","hostname":"mac.local","os_version":11.6,
        "os_build":"20G165","santa_version":"2021.7","primary_user":"","client_mode":"MONITOR",
        "binary_rule_count":2.0,"certificate_rule_count":"1","request_clean_sync":"true"}"#;
    server.post("preflight/M1", &[JSON], preflight).await.json();
    let host = server.host("M1").await;
    assert_eq!(host["os_version"], "11.6");
    assert_eq!(host["rules"]["reported"]["binary"], 2);
    assert_eq!(host["rules"]["reported"]["certificate"], 1);
    let events = br#"{"events":[{"file_sha256":"ab","file_name":"yes","pid":"7",
        "execution_time":1464201698.5,"decision":"UNKNOWN","quarantine_timestamp":0,
        "signing_chain":[{"sha256":"cd","cn":"Dev","valid_from":946684800.0}]}]}"#;
    server.post("eventupload/M1", &[JSON], events).await.json();
    assert_eq!(server.events().await[0]["occurred"], "2016-05-25T18:41:38.5Z");
    let page = server.post("ruledownload/M1", &[JSON], b"{}").await.json();
    assert!(page["rules"].is_array() && page.get("cursor").is_none());
    assert_eq!(server.post("postflight/M1", &[JSON], b"").await.text(), "{}");
    assert_eq!(server.host("M1").await["state"], "in-sync");
}

/// §1.10: `santactl doctor` gets a response and is not counted as a host.
#[tokio::test]
async fn santactl_doctor_works_under_the_base_path() {
    let server = Server::with_secret().await;
    let path = "/the-secret-of-the-tests/preflight/santactl-doctor-test";
    let answer = server.send(Method::POST, path, &[], b"").await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "{}"));
    assert_eq!(server.hosts().await, Vec::<Value>::new());
}
