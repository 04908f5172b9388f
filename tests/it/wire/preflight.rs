//! §2: the properties that a host reports, and the settings that it gets.

use http::Method;
use serde_json::{Value, json};

use super::by_hand::{Field, all, bytes, number};
use super::server::{JSON, Server};

/// §2.1: a request as a current client sends it.
#[tokio::test]
async fn the_reported_properties_of_a_host_are_stored() {
    let server = Server::start().await;
    let body = concat!(
        r#"{"serial_num":"C02XY","hostname":"mac-7.example.com","os_version":"14.5","#,
        r#""os_build":"23F79","model_identifier":"MacBookPro18,3","#,
        r#""santa_version":"2026.7.700000000","primary_user":"ann","#,
        r#""primary_user_groups":["staff","admin"],"client_mode":"LOCKDOWN","#,
        r#""binary_rule_count":12,"cdhash_rule_count":1,"signingid_rule_count":2,"#,
        r#""transitive_rule_count":4,"machine_id":"M1","push_notification_token":"t","#,
        r#""sipStatus":111,"rulesHash":"99aa06d3014798d86001c324468d497f","#,
        r#""fileAccessRulesHash":"ff","network_flow_rule_count":3,"santanetd_version":"1"}"#,
    );
    server.post("preflight/M1", &[JSON], body.as_bytes()).await.json();
    let host = server.host("M1").await;
    for (key, value) in [
        ("serial", "C02XY"),
        ("hostname", "mac-7.example.com"),
        ("os_version", "14.5"),
        ("os_build", "23F79"),
        ("model", "MacBookPro18,3"),
        ("santa_version", "2026.7.700000000"),
        ("primary_user", "ann"),
    ] {
        assert_eq!(host[key], value, "{key}");
    }
    assert_eq!(host["groups"], json!(["staff", "admin"]));
    assert_eq!(host["mode"]["reported"], "lockdown");
    assert_eq!(
        host["rules"]["reported"],
        json!({"binary": 12, "certificate": 0, "teamid": 0, "signingid": 2, "cdhash": 1,
               "compiler": 0, "transitive": 4})
    );
}

/// §2.2: the exact keys and values.
#[tokio::test]
async fn w4_every_setting_that_no_profile_decides_is_sent_at_every_preflight() {
    let server = Server::start().await;
    let new = json!({"santa_version": "2026.7", "request_clean_sync": true});
    let answer = server.json("preflight/M1", new).await;
    insta::assert_json_snapshot!(answer, @r#"
    {
      "allowed_path_regex": "",
      "batch_size": 50,
      "blocked_path_regex": "",
      "clean_sync": true,
      "client_mode": "MONITOR",
      "disable_unknown_event_upload": false,
      "enable_all_event_upload": false,
      "enable_bundles": false,
      "enable_transitive_rules": false,
      "full_sync_interval": 600,
      "override_file_access_action": "NONE",
      "push_notification_full_sync_interval": 600,
      "sync_type": "CLEAN"
    }
    "#);
}

/// §2.2
#[tokio::test]
async fn removable_media_settings_have_the_keys_of_old_and_new_clients() {
    let server = Server::start().await;
    server.set("removable-media", "block").await;
    let settings = server.download("M1", "2026.7").await.settings;
    assert_eq!(settings["block_usb_mount"], true);
    assert_eq!(settings.get("remount_usb_mode"), None);
    assert_eq!(settings["removable_media_policy"], json!({"block": true}));
    server.set("removable-media", "remount:rdonly,noexec").await;
    let settings = server.download("M1", "2026.7").await.settings;
    assert_eq!(settings["block_usb_mount"], true);
    assert_eq!(settings["remount_usb_mode"], json!(["rdonly", "noexec"]));
    let remount = json!({"remount": {"flags": ["rdonly", "noexec"]}});
    assert_eq!(settings["removable_media_policy"], remount);
}

/// §14: the setting for removable disks also applies to encrypted disks, unless encrypted disks
/// have their own setting.
#[tokio::test]
async fn w4_encrypted_disks_are_not_allowed_unless_an_administrator_allowed_them() {
    let server = Server::start().await;
    let new = json!({"santa_version": "2026.7", "request_clean_sync": true});
    server.set("removable-media", "block").await;
    let settings = server.download_as("M1", new.clone()).await.settings;
    assert_eq!(settings["removable_media_policy"], json!({"block": true}));
    assert_eq!(settings.get("encrypted_removable_media_policy"), None);
    let shown = server.admin(Method::GET, "/hosts/M1/settings", Value::Null).await;
    let of = |key: &str| {
        let settings = shown.as_array().unwrap().iter();
        settings.clone().find(|setting| setting["key"] == key).unwrap()["value"].clone()
    };
    assert_eq!(of("encrypted-removable-media"), "block", "what the host does is shown");
    server.set("encrypted-removable-media", "allow").await;
    let settings = server.download_as("M1", new).await.settings;
    assert_eq!(settings["encrypted_removable_media_policy"], json!({"allow": true}));
    // Now the setting for encrypted disks is removed, so the setting for removable disks applies to
    // encrypted disks again.
    server.json("postflight/M1", json!({"rules_received": 1, "rules_processed": 1})).await;
    unset(&server, "encrypted-removable-media").await;
    let settings = server.download("M1", "2026.7").await.settings;
    assert_eq!(settings["encrypted_removable_media_policy"], json!({"block": true}));
}

/// §14: from 2025.12 on, Santa shows an empty label as an empty button.
#[tokio::test]
async fn w5_an_unset_label_is_replaced_by_santas_default() {
    let server = Server::start().await;
    let clean = json!({"santa_version": "2026.7", "request_clean_sync": true});
    let done = json!({"rules_received": 1, "rules_processed": 1});
    let settings = server.download_as("M1", clean).await.settings;
    assert_eq!(settings.get("event_detail_text"), None);
    assert_eq!(settings.get("event_detail_url"), None);
    server.json("postflight/M1", done).await;
    server.set("event-detail-text", "Ask us").await;
    server.set("event-detail-url", "https://example.com/").await;
    let settings = server.sync("M1", "2026.7").await.settings;
    assert_eq!(settings["event_detail_text"], "Ask us");
    unset(&server, "event-detail-text").await;
    unset(&server, "event-detail-url").await;
    for _ in 0..2 {
        let settings = server.sync("M1", "2026.7").await.settings;
        assert_eq!(settings["event_detail_text"], "Open...");
        assert_eq!(settings["event_detail_url"], "");
    }
    // Santa 2026.7 deletes its settings when a clean sync begins, so the server sends no reset.
    let clean = json!({"santa_version": "2026.7", "request_clean_sync": true});
    for _ in 0..2 {
        let settings = server.download_as("M1", clean.clone()).await.settings;
        assert_eq!(settings.get("event_detail_text"), None);
        server.json("postflight/M1", json!({"rules_received": 1, "rules_processed": 1})).await;
    }
    assert_eq!(server.sync("M1", "2026.7").await.settings.get("event_detail_text"), None);
}

/// The host still has settings from a server whose database was lost. The database of the new
/// server has no row for the host.
#[tokio::test]
async fn w5_a_host_that_has_settings_of_another_database_gets_every_default() {
    let server = Server::start().await;
    let settings = server.download("M1", "2026.3").await.settings;
    assert_eq!(settings["event_detail_text"], "Open...");
    assert_eq!(settings["block_usb_mount"], false);
    assert_eq!(settings["encrypted_removable_media_policy"], json!({"allow": true}));
}

async fn unset(server: &Server, key: &str) {
    let unset = json!({"scope": "fleet", "unset": [key]});
    server.admin(Method::POST, "/settings", unset).await;
}

/// §2.3: old clients read only the old keys.
#[tokio::test]
async fn old_clients_find_their_settings_under_the_old_keys() {
    let server = Server::start().await;
    server.set("allowed-path-regex", "^/opt/").await;
    server.set("enable-transitive-rules", "true").await;
    let oldest = server.download("M1", "1.13").await.settings;
    assert_eq!(oldest["whitelist_regex"], "^/opt/");
    assert_eq!(oldest["blacklist_regex"], "");
    assert_eq!(oldest["bundles_enabled"], false);
    assert_eq!(oldest["transitive_whitelisting_enabled"], true);
    assert_eq!(oldest["fcm_full_sync_interval"], 600);
    assert_eq!(oldest["allowed_path_regex"], "^/opt/");
    let newest = server.download("M1", "2026.7").await.settings;
    for gone in ["whitelist_regex", "bundles_enabled", "fcm_full_sync_interval"] {
        assert_eq!(newest.get(gone), None, "{gone}");
    }
}

/// §2.4: a removed setting is sent as its default, not left out.
#[tokio::test]
async fn an_unset_path_regex_is_sent_as_an_empty_text() {
    let server = Server::start().await;
    server.set("blocked-path-regex", "^/tmp/").await;
    assert_eq!(server.sync("M1", "2026.7").await.settings["blocked_path_regex"], "^/tmp/");
    let unset = json!({"scope": "fleet", "unset": ["blocked-path-regex"]});
    server.admin(Method::POST, "/settings", unset).await;
    assert_eq!(server.sync("M1", "2026.7").await.settings["blocked_path_regex"], "");
    let protobuf = server.protobuf("preflight/M1", &bytes(6, "2026.7")).await;
    assert_eq!(all(&protobuf, 12), [Field::Bytes(Vec::new())]);
}

/// §2.5: enum values are upper-case words in JSON and numbers in protobuf.
#[tokio::test]
async fn words_are_sent_in_the_case_of_the_client() {
    let server = Server::start().await;
    for (word, name, value) in
        [("monitor", "MONITOR", 1), ("lockdown", "LOCKDOWN", 2), ("standalone", "STANDALONE", 3)]
    {
        server.set("client-mode", word).await;
        assert_eq!(server.download("M1", "2026.7").await.settings["client_mode"], name);
        let protobuf = server.protobuf("preflight/M1", &bytes(6, "2026.7")).await;
        assert_eq!(all(&protobuf, 1), [Field::Number(value)]);
    }
    for (word, name) in [("audit-only", "AUDIT_ONLY"), ("disable", "DISABLE"), ("none", "NONE")] {
        server.set("override-file-access-action", word).await;
        let settings = server.download("M1", "2026.7").await.settings;
        assert_eq!(settings["override_file_access_action"], name);
    }
}

/// §2.6
#[tokio::test]
async fn a_host_that_requests_a_clean_sync_gets_everything() {
    let server = Server::start().await;
    server.put(&[("teamid:EQHXZ8M8AV", "allow"), ("teamid:AAAAAAAAAA", "block")]).await;
    server.sync("M1", "2026.7").await;
    assert!(server.sync("M1", "2026.7").await.rules.is_empty());
    let asks = |yes: Value| json!({"santa_version": "2026.7", "request_clean_sync": yes});
    for yes in [json!(true), json!("true"), json!(1)] {
        let clean = server.download_as("M1", asks(yes.clone())).await;
        assert_eq!(clean.settings["sync_type"], "CLEAN", "{yes}");
        assert_eq!(clean.rules.len(), 2, "{yes}");
        server.json("postflight/M1", json!({"rules_received": 2, "rules_processed": 2})).await;
    }
    let protobuf = [bytes(6, "2026.7"), number(10, 1)].concat();
    let settings = server.protobuf("preflight/M1", &protobuf).await;
    assert_eq!(all(&settings, 2), [Field::Number(2)]);
    server.download("M1", "2026.7").await;
    let kept = server.download_as("M1", asks(json!(false))).await;
    assert_eq!(kept.settings["sync_type"], "NORMAL");
}

/// §2.7
#[tokio::test]
async fn a_host_with_the_expected_rules_hash_is_in_sync() {
    let server = Server::start().await;
    const EMPTY: &str = "99aa06d3014798d86001c324468d497f";
    server.download("M1", "2026.7").await;
    let done = json!({"rules_received": 1, "rules_processed": 1, "syncType": "CLEAN",
        "rulesHash": EMPTY});
    server.json("postflight/M1", done).await;
    let host = server.host("M1").await;
    assert_eq!(host["state"], "in-sync");
    assert_eq!(host["rules"]["expected_hash"], EMPTY);
    let drifted = json!({"santa_version": "2026.7", "rulesHash": "0".repeat(32)});
    let settings = server.json("preflight/M1", drifted).await;
    assert_eq!(settings["sync_type"], "CLEAN");
}

/// §2.8: the response has no keys for features that nicelist does not support.
#[tokio::test]
async fn sync_v2_is_not_offered() {
    let server = Server::start().await;
    let v2 = json!({"santa_version": "2026.7", "fileAccessRulesHash": "ff",
        "file_access_rule_count": 1, "network_flow_rules_hash": "ee", "santanetd_version": "1"});
    let settings = server.json("preflight/M1", v2).await;
    for key in ["push_token", "push_issuer_token", "export_configuration", "mode_transition"] {
        assert_eq!(settings.get(key), None, "{key}");
    }
    let protobuf = server.protobuf("preflight/M1", &bytes(6, "2026.7")).await;
    for field in [16, 21, 33] {
        assert_eq!(all(&protobuf, field), [], "field {field}");
    }
}
