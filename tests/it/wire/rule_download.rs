//! §4: pages of rules.

use serde_json::{Value, json};

use super::by_hand::{Field, all, bytes, number};
use super::server::{FILE, JSON, Server};

const TEAMS: [&str; 5] = ["AAAAAAAAAA", "BBBBBBBBBB", "CCCCCCCCCC", "DDDDDDDDDD", "EEEEEEEEEE"];

/// A server with five rules, two per page, and a host after its preflight.
async fn paged() -> Server {
    let server = Server::with_rules_a_page(2).await;
    let targets = TEAMS.map(|team| format!("teamid:{team}"));
    let rules: Vec<_> = targets.iter().map(|target| (target.as_str(), "allow")).collect();
    server.put(&rules).await;
    server.json("preflight/M1", json!({"santa_version": "2026.7"})).await;
    server
}

async fn page(server: &Server, machine: &str, cursor: Value) -> Value {
    server.json(&format!("ruledownload/{machine}"), json!({ "cursor": cursor })).await
}

/// §4.1
#[tokio::test]
async fn pages_follow_each_other_until_there_is_no_cursor() {
    let server = paged().await;
    let sync = server.download("M1", "2026.7").await;
    assert_eq!(sync.pages.len(), 3);
    for page in &sync.pages[..2] {
        assert_eq!(page["rules"].as_array().unwrap().len(), 2);
        assert!(!page["cursor"].as_str().unwrap().is_empty());
    }
    let last = sync.pages[2].as_object().unwrap();
    assert_eq!(last.keys().collect::<Vec<_>>(), ["rules"], "no cursor, not even an empty one");
    let mut got: Vec<_> = sync.rules.iter().map(|rule| &rule["identifier"]).collect();
    got.dedup();
    assert_eq!(got, TEAMS);
}

/// §4.1: the same pages in protobuf. A cursor is valid in both formats.
#[tokio::test]
async fn pages_follow_each_other_in_protobuf() {
    let server = paged().await;
    let (mut pages, mut rules, mut request) = (0, 0, bytes(2, "M1"));
    let mut cursors = Vec::new();
    loop {
        let page = server.protobuf("ruledownload/M1", &request).await;
        (pages, rules) = (pages + 1, rules + all(&page, 1).len());
        let Some(Field::Bytes(cursor)) = all(&page, 2).pop() else { break };
        request = [bytes(1, &cursor), bytes(2, "M1")].concat();
        cursors.push(String::from_utf8(cursor).unwrap());
    }
    assert_eq!((pages, rules), (3, 5));
    let second = page(&server, "M1", json!(cursors[0])).await;
    assert_eq!(second["rules"][0]["identifier"], TEAMS[2]);
    assert_eq!(second["cursor"], json!(cursors[1]));
}

/// §4.1: a cursor that is malformed, forged, or from another server or host gets the first page.
#[tokio::test]
async fn a_cursor_that_is_not_of_this_download_gets_its_first_page() {
    let server = paged().await;
    let first = page(&server, "M1", Value::Null).await;
    let good = first["cursor"].as_str().unwrap().to_owned();
    let server_of_another = paged().await;
    let foreign = page(&server_of_another, "M1", Value::Null).await["cursor"].take();
    server.json("preflight/M2", json!({"santa_version": "2023.4"})).await;
    let of_another_host = page(&server, "M2", Value::Null).await["cursor"].take();
    let mut forged = good.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    let wrong = [
        json!(""),
        json!("c1"),
        json!("' OR 1=1 --"),
        json!("x".repeat(100_000)),
        json!(good[..good.len() - 1]),
        json!(format!("{good}A")),
        json!(format!(" {good}")),
        json!(String::from_utf8(forged).unwrap()),
        json!(7),
        json!(true),
        json!(["c1"]),
        json!({"page": 1}),
        foreign,
        of_another_host,
    ];
    for cursor in wrong {
        assert_eq!(page(&server, "M1", cursor.clone()).await, first, "{cursor}");
    }
    let second = page(&server, "M1", json!(good)).await;
    assert_eq!(second["rules"][0]["identifier"], TEAMS[2]);
}

/// §4.1: a cursor from before the last completed sync gets the first page of the current sync.
#[tokio::test]
async fn a_cursor_of_an_earlier_sync_begins_the_new_one() {
    let server = paged().await;
    let old = page(&server, "M1", Value::Null).await["cursor"].take();
    server.sync("M1", "2026.7").await;
    server.put(&[("teamid:FFFFFFFFFF", "block")]).await;
    server.json("preflight/M1", json!({"santa_version": "2026.7"})).await;
    let answer = page(&server, "M1", old).await;
    let new = json!({"identifier": "FFFFFFFFFF", "policy": "BLOCKLIST", "rule_type": "TEAMID"});
    assert_eq!(answer, json!({ "rules": [new] }));
}

/// §4.1: after a push notification, a client requests rules without the other stages.
#[tokio::test]
async fn rules_may_be_requested_without_preflight() {
    let server = paged().await;
    server.sync("M1", "2026.7").await;
    server.put(&[("teamid:FFFFFFFFFF", "block")]).await;
    for _ in 0..2 {
        let answer = page(&server, "M1", Value::Null).await;
        assert_eq!(answer["rules"][0]["identifier"], "FFFFFFFFFF");
        assert_eq!(answer["rules"].as_array().unwrap().len(), 1);
    }
    let next = server.sync("M1", "2026.7").await;
    assert!(
        next.lines().contains(&"TEAMID FFFFFFFFFF BLOCKLIST".to_owned()),
        "nobody said it came"
    );
}

/// §4.1: an unknown host gets a response and is not stored.
#[tokio::test]
async fn an_unknown_host_may_request_rules() {
    let server = paged().await;
    let answer = page(&server, "M9", Value::Null).await;
    assert_eq!(answer["rules"].as_array().unwrap().len(), 2);
    assert_eq!(server.hosts().await, ["M1"]);
}

/// §4.2: the exact keys of a rule in JSON, and the field numbers in protobuf.
#[tokio::test]
async fn a_rule_on_the_wire_has_only_the_fields_that_are_set() {
    let server = Server::start().await;
    server
        .put_draft(json!({"target": format!("binary:{FILE}"), "policy": "silent-block",
        "message": "No.", "url": "https://x/%file_sha%", "button_label": "Why?",
        "app_name": "Yes", "comment": "not for clients", "ticket": "T-1"}))
        .await;
    server
        .put_draft(json!({"target": "teamid:EQHXZ8M8AV", "policy": "cel", "cel": "euid == 0"}))
        .await;
    server.json("preflight/M1", json!({"santa_version": "2026.7"})).await;
    let answer = server.post("ruledownload/M1", &[JSON], b"{}").await.text();
    let binary = format!(
        concat!(
            r#"{{"identifier":"{}","policy":"SILENT_BLOCKLIST","rule_type":"BINARY","#,
            r#""custom_msg":"No.","custom_url":"https://x/%file_sha%","#,
            r#""event_detail_button_label":"Why?","notification_app_name":"Yes"}}"#,
        ),
        FILE
    );
    let team = concat!(
        r#"{"identifier":"EQHXZ8M8AV","policy":"CEL","rule_type":"TEAMID","#,
        r#""cel_expr":"euid == 0"}"#,
    );
    let either =
        [format!(r#"{{"rules":[{binary},{team}]}}"#), format!(r#"{{"rules":[{team},{binary}]}}"#)];
    assert!(either.contains(&answer), "{answer}");
    let page = server.protobuf("ruledownload/M1", b"").await;
    let team = [bytes(1, "EQHXZ8M8AV"), number(2, 6), number(3, 3), bytes(9, "euid == 0")];
    assert!(all(&page, 1).contains(&Field::Bytes(team.concat())), "{:?}", all(&page, 1));
}

/// §4.2: policies and types are words in JSON and numbers in protobuf.
#[tokio::test]
async fn policies_and_types_have_santas_spelling() {
    let server = Server::start().await;
    let hash = |digit: &str, length| digit.repeat(length);
    let rules = [
        (format!("binary:{}", hash("a", 64)), "allow", "BINARY", "ALLOWLIST", (1, 1)),
        (
            format!("binary:{}", hash("b", 64)),
            "allow-compiler",
            "BINARY",
            "ALLOWLIST_COMPILER",
            (1, 2),
        ),
        (format!("certificate:{}", hash("c", 64)), "block", "CERTIFICATE", "BLOCKLIST", (2, 3)),
        (format!("cdhash:{}", hash("d", 40)), "silent-block", "CDHASH", "SILENT_BLOCKLIST", (5, 4)),
        (
            "signingid:platform:com.x".to_owned(),
            "silent-block-gui",
            "SIGNINGID",
            "SILENT_GUI_BLOCKLIST",
            (4, 8),
        ),
        (
            "teamid:EQHXZ8M8AV".to_owned(),
            "silent-block-tty",
            "TEAMID",
            "SILENT_TTY_BLOCKLIST",
            (3, 9),
        ),
        ("teamid:AAAAAAAAAA".to_owned(), "remove", "TEAMID", "REMOVE", (3, 5)),
    ];
    let put: Vec<_> = rules.iter().map(|(target, policy, ..)| (target.as_str(), *policy)).collect();
    server.put(&put).await;
    let lines = server.download("M1", "2026.7").await.lines();
    let page = server.protobuf("ruledownload/M1", b"").await;
    for (target, policy, rule_type, name, (type_number, policy_number)) in &rules {
        let identifier = target.split_once(':').unwrap().1;
        // A clean sync does not send rules with the policy `remove`.
        let sent = *policy != "remove";
        assert_eq!(lines.contains(&format!("{rule_type} {identifier} {name}")), sent, "{lines:#?}");
        let rule =
            [bytes(1, identifier), number(2, *policy_number), number(3, *type_number)].concat();
        assert_eq!(all(&page, 1).contains(&Field::Bytes(rule)), sent, "{target}");
    }
}

/// §4.3: identifiers are sent in the form in which clients store them, so that counts and hashes
/// agree.
#[tokio::test]
async fn identifiers_are_sent_in_the_form_that_clients_store() {
    let server = Server::start().await;
    server
        .put(&[
            (&format!("binary:{}", FILE.to_uppercase()), "block"),
            ("teamid:eqhxz8m8av", "block"),
            ("signingid:eqhxz8m8av:com.Example:Yes", "block"),
            ("signingid:PLATFORM:com.apple.yes", "block"),
        ])
        .await;
    let lines = server.download("M1", "2026.7").await.lines();
    assert_eq!(
        lines,
        [
            format!("BINARY {FILE} BLOCKLIST"),
            "SIGNINGID EQHXZ8M8AV:com.Example:Yes BLOCKLIST".to_owned(),
            "SIGNINGID platform:com.apple.yes BLOCKLIST".to_owned(),
            "TEAMID EQHXZ8M8AV BLOCKLIST".to_owned(),
        ]
    );
}

/// §4.4: a deleted rule is sent as a removal only once, and an unchanged rule is not sent again.
#[tokio::test]
async fn only_what_changed_is_sent() {
    let server = paged().await;
    server.sync("M1", "2026.7").await;
    server.put(&[("teamid:AAAAAAAAAA", "block")]).await;
    let drop = json!({"drop": [{"target": "teamid:BBBBBBBBBB", "scope": "fleet"}]});
    server.admin(http::Method::POST, "/rules", drop).await;
    let lines = server.sync("M1", "2026.7").await.lines();
    assert_eq!(lines, ["TEAMID AAAAAAAAAA BLOCKLIST", "TEAMID BBBBBBBBBB REMOVE"]);
    assert!(server.sync("M1", "2026.7").await.rules.is_empty());
}

/// §4.6: the client replaces the placeholders in URLs.
#[tokio::test]
async fn placeholders_are_sent_unchanged() {
    let server = Server::start().await;
    let address = "https://x/?f=%file_identifier%&u=%username%&m=%machine_id%&t=%team_id%";
    server.set("event-detail-url", address).await;
    server
        .put_draft(json!({"target": "teamid:EQHXZ8M8AV", "policy": "block", "url": address}))
        .await;
    server
        .put_draft(json!({"target": "teamid:AAAAAAAAAA", "policy": "block", "url": "null"}))
        .await;
    let sync = server.download("M1", "2026.7").await;
    assert_eq!(sync.settings["event_detail_url"], address);
    let urls: Vec<_> = sync.rules.iter().map(|rule| rule["custom_url"].clone()).collect();
    assert!(urls.contains(&json!(address)) && urls.contains(&json!("null")), "{urls:?}");
}
