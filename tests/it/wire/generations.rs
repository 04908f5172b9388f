//! §12: the rules and settings that each generation of clients gets.

use serde_json::{Value, json};

use super::server::{FILE, JSON, Server};

/// The version that pedro reported until January 2026, and the version that it has reported since.
const PEDROS: [&str; 2] = ["pedro-1.1.0 (rednose 0.1.0)", "pedro-1.2.0 (pedro 1.2.0)"];
const CDHASH: &str = "dddddddddddddddddddddddddddddddddddddddd";

/// A server in standalone mode, with a rule of each type, and rules with the policies that only
/// newer clients support.
async fn with_every_rule() -> Server {
    let server = Server::start().await;
    server
        .put(&[
            (&format!("binary:{FILE}"), "allow"),
            (&format!("certificate:{}", "c".repeat(64)), "silent-block"),
            (&format!("cdhash:{CDHASH}"), "allow"),
            ("signingid:platform:com.x", "block"),
            ("teamid:GUIGUIGUIG", "silent-block-gui"),
            ("teamid:TTYTTYTTYT", "silent-block-tty"),
        ])
        .await;
    let cel = |team: &str, cel: &str| json!({"target": team, "policy": "cel", "cel": cel});
    server.put_draft(cel("teamid:CELCELCEL1", "args.size() > 1")).await;
    server.put_draft(cel("teamid:CELCELCEL2", "euid == 0")).await;
    server.put_draft(cel("teamid:CELCELCEL3", "path == \"/x\"")).await;
    server.set("client-mode", "standalone").await;
    server
}

/// The rules that the server sends to a version, with `F` and `C` instead of the SHA-256 hashes.
async fn sent(server: &Server, version: &str) -> Vec<String> {
    let sync = server.sync(&version.replace(['(', ')', ' '], "_"), version).await;
    sync.lines().iter().map(|line| line.replace(FILE, "F").replace(&"c".repeat(64), "C")).collect()
}

#[tokio::test]
async fn before_1_14_hashes_and_lists_have_other_keys() {
    let server = with_every_rule().await;
    let sync = server.sync("M1", "1.13").await;
    let certificate = "c".repeat(64);
    let mut rules = sync.rules.clone();
    rules.sort_by_key(|rule| rule["rule_type"].to_string());
    assert_eq!(
        rules,
        [
            json!({"identifier": FILE, "sha256": FILE, "policy": "WHITELIST",
                   "rule_type": "BINARY"}),
            json!({"identifier": certificate, "sha256": certificate, "policy": "SILENT_BLACKLIST",
                   "rule_type": "CERTIFICATE"}),
        ]
    );
    assert_eq!(sync.settings["client_mode"], "LOCKDOWN");
    assert_eq!(server.host("M1").await["state"], "in-sync", "what is withheld is not due");
}

#[tokio::test]
async fn before_2021_8_there_are_no_teams() {
    let server = with_every_rule().await;
    let lines = sent(&server, "2021.7").await;
    assert_eq!(lines, ["BINARY F ALLOWLIST", "CERTIFICATE C SILENT_BLOCKLIST"]);
    let rules = server.download("M2", "2021.7").await.rules;
    assert!(rules.iter().all(|rule| rule["sha256"] == rule["identifier"]), "{rules:?}");
}

#[tokio::test]
async fn before_2023_5_there_are_no_signing_ids() {
    let server = with_every_rule().await;
    for version in ["2022.4", "2023.4"] {
        assert_eq!(
            sent(&server, version).await,
            [
                "BINARY F ALLOWLIST",
                "CERTIFICATE C SILENT_BLOCKLIST",
                "TEAMID GUIGUIGUIG SILENT_BLOCKLIST",
                "TEAMID TTYTTYTTYT BLOCKLIST",
            ],
            "{version}"
        );
    }
    let rules = server.download("M2", "2022.4").await.rules;
    assert!(rules.iter().all(|rule| rule.get("sha256").is_none()), "{rules:?}");
}

/// §1.9 and §5
#[tokio::test]
async fn before_2023_8_an_empty_postflight_completes_a_sync() {
    let server = with_every_rule().await;
    let sync = server.download("M1", "2023.7").await;
    assert!(sync.lines().contains(&"SIGNINGID platform:com.x BLOCKLIST".to_owned()));
    assert_eq!(server.post("postflight/M1", &[JSON], b"").await.text(), "{}");
    assert_eq!(server.host("M1").await["state"], "in-sync");
    assert!(server.download("M1", "2023.7").await.rules.is_empty());
    server.sync("M2", "2023.8").await;
    server.put(&[("teamid:AAAAAAAAAA", "block")]).await;
    assert_eq!(server.download("M2", "2023.8").await.rules.len(), 1);
    server.post("postflight/M2", &[JSON], b"").await.json();
    assert_eq!(server.host("M2").await["state"], "rejecting");
}

#[tokio::test]
async fn before_2024_3_there_are_no_code_directory_hashes() {
    let server = with_every_rule().await;
    let cdhash = format!("CDHASH {CDHASH} ALLOWLIST");
    assert!(!sent(&server, "2024.2").await.contains(&cdhash));
    assert!(sent(&server, "2024.3").await.contains(&cdhash));
}

#[tokio::test]
async fn before_2024_11_there_is_no_standalone_mode() {
    let server = with_every_rule().await;
    for (version, mode) in
        [("2024.9", "LOCKDOWN"), ("2024.10", "LOCKDOWN"), ("2024.11", "STANDALONE")]
    {
        let settings = server.download("M1", version).await.settings;
        assert_eq!(settings["client_mode"], mode, "{version}");
    }
}

#[tokio::test]
async fn cel_needs_2025_6_and_newer_names_need_newer_versions() {
    let server = with_every_rule().await;
    let cases = [
        ("2025.5", vec![]),
        ("2025.6", vec!["TEAMID CELCELCEL1 CEL"]),
        ("2025.12", vec!["TEAMID CELCELCEL1 CEL", "TEAMID CELCELCEL2 CEL"]),
        ("2026.3", vec!["TEAMID CELCELCEL1 CEL", "TEAMID CELCELCEL2 CEL", "TEAMID CELCELCEL3 CEL"]),
    ];
    for (version, expected) in cases {
        let lines = sent(&server, version).await;
        let cel: Vec<_> = lines.iter().filter(|line| line.ends_with(" CEL")).collect();
        assert_eq!(cel, expected, "{version}");
    }
}

#[tokio::test]
async fn before_2026_6_there_are_no_silent_gui_and_tty_blocks() {
    let server = with_every_rule().await;
    let lines = sent(&server, "2026.5").await;
    assert!(lines.contains(&"TEAMID GUIGUIGUIG SILENT_BLOCKLIST".to_owned()), "{lines:?}");
    assert!(lines.contains(&"TEAMID TTYTTYTTYT BLOCKLIST".to_owned()), "{lines:?}");
    let lines = sent(&server, "2026.6").await;
    assert!(lines.contains(&"TEAMID GUIGUIGUIG SILENT_GUI_BLOCKLIST".to_owned()), "{lines:?}");
    assert!(lines.contains(&"TEAMID TTYTTYTTYT SILENT_TTY_BLOCKLIST".to_owned()), "{lines:?}");
}

/// After an update, a host gets the rules that its old version did not support, without a clean
/// sync.
#[tokio::test]
async fn an_upgraded_host_gets_the_rules_that_it_now_supports() {
    let server = with_every_rule().await;
    server.sync("M1", "2022.4").await;
    let grown = server.sync("M1", "2026.7").await;
    assert_eq!(grown.settings["sync_type"], "NORMAL");
    for line in ["SIGNINGID platform:com.x BLOCKLIST", "TEAMID CELCELCEL3 CEL"] {
        assert!(grown.lines().contains(&line.to_owned()), "{line}");
    }
    assert_eq!(server.host("M1").await["rules"]["withheld"], 0);
}

/// A host with an unreadable version is treated like a host with Santa 2024.6.
#[tokio::test]
async fn an_unreadable_version_gets_what_most_versions_support() {
    let server = with_every_rule().await;
    for version in ["", "next", "v2026.7"] {
        let sync = server.download("M1", version).await;
        assert!(sync.lines().contains(&format!("CDHASH {CDHASH} ALLOWLIST")), "{version:?}");
        assert!(!sync.lines().iter().any(|line| line.ends_with(" CEL")), "{version:?}");
        assert_eq!(sync.settings["client_mode"], "LOCKDOWN", "{version:?}");
    }
}

/// If pedro cannot parse one value, it rejects the whole response.
#[tokio::test]
async fn w3_pedro_gets_only_values_that_it_can_parse() {
    for version in PEDROS {
        pedro_parses_everything(version).await;
    }
}

async fn pedro_parses_everything(version: &str) {
    let server = with_every_rule().await;
    server.set("removable-media", "remount:rdonly").await;
    let says = json!({"serial_num": "ab", "hostname": "box\0\0\0", "os_version": "6.1\0",
        "os_build": "#1 SMP\0\0", "santa_version": version, "client_mode": "LOCKDOWN",
        "machine_id": "box", "request_clean_sync": false});
    let sync = server.download_as("box", says).await;
    assert_eq!(server.host("box").await["hostname"], "box");
    assert_eq!(server.host("box").await["os_build"], "#1 SMP");
    assert_eq!(sync.settings["client_mode"], "LOCKDOWN");
    assert_eq!(sync.settings.get("remount_usb_mode"), None, "pedro expects a string");
    assert_eq!(sync.settings.get("removable_media_policy"), None, "pedro does not parse it");
    assert!(sync.lines().contains(&format!("CD_HASH {CDHASH} ALLOWLIST")), "{:?}", sync.lines());
    let known = ["ALLOWLIST", "ALLOWLIST_COMPILER", "BLOCKLIST", "SILENT_BLOCKLIST", "REMOVE"];
    for rule in &sync.rules {
        assert!(known.contains(&rule["policy"].as_str().unwrap()), "{rule}");
    }
}

/// pedro keeps no rules from one sync to the next, requests only one page and counts no rules.
#[tokio::test]
async fn pedro_gets_everything_on_one_page_at_every_sync() {
    for version in PEDROS {
        everything_is_on_one_page(version).await;
    }
}

async fn everything_is_on_one_page(version: &str) {
    let server = Server::with_rules_a_page(2).await;
    let teams = ["AAAAAAAAAA", "BBBBBBBBBB", "CCCCCCCCCC", "DDDDDDDDDD", "EEEEEEEEEE"];
    let targets = teams.map(|team| format!("teamid:{team}"));
    let rules: Vec<_> = targets.iter().map(|target| (target.as_str(), "block")).collect();
    server.put(&rules).await;
    for counts in [json!({}), json!({"rules_received": 0, "rules_processed": 0}), Value::Null] {
        let sync = server.download("box", version).await;
        assert_eq!((sync.pages.len(), sync.rules.len()), (1, 5));
        assert_eq!(sync.settings["sync_type"], "CLEAN");
        let body = if counts.is_null() { String::new() } else { counts.to_string() };
        server.post("postflight/box", &[JSON], body.as_bytes()).await.json();
        assert_eq!(server.host("box").await["state"], "in-sync", "{counts}");
    }
}

/// Santa's cookbook uses string functions, which need Santa 2025.8 or later.
#[tokio::test]
async fn w1_an_expression_with_string_functions_goes_to_versions_that_compile_it() {
    let server = Server::start().await;
    let cel = "args.join(' ').lowerAscii().contains('--remote-debugging')";
    let rule = json!({"target": "teamid:CELCELCEL1", "policy": "cel", "cel": cel});
    server.put_draft(rule).await;
    for (version, rules) in [("2025.7", 0), ("2025.8", 1), ("2025.9", 1), ("2026.7", 1)] {
        let sync = server.sync(version, version).await;
        let sent = sync.lines().iter().filter(|line| line.contains("CELCELCEL1")).count();
        assert_eq!(sent, rules, "{version}");
        assert_eq!(server.host(version).await["rules"]["withheld"], 1 - rules, "{version}");
    }
}
