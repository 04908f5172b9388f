//! `nicelist host diagnose` names planted faults and their fixes.

use nicelist::fleet::Clock;
use serde_json::{Value, json};

use crate::shell::{Server, Shell};

/// A server with one rule and a Mac that has synced.
fn with_mac(flags: &str) -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    succeeds(&shell, "rule add allow signingid:EQHXZ8M8AV:com.google.Chrome");
    let base = server.sync_base();
    let mac = "--machine-id M1 --hostname annas-mac --no-backoff -q";
    succeeds(&shell, &format!("lab sync {base} {mac}{flags}"));
    (shell, server)
}

fn succeeds(shell: &Shell, line: &str) {
    let shown = shell.run(line);
    assert!(shown.contains("exit code: 0\n"), "{shown}");
}

/// What `santactl status --json` prints on a Mac that is in sync.
fn status(shell: &Shell, server: &Server) -> Value {
    let host = shell.json("host show annas-mac");
    let now = Clock::System.now().strftime("%Y/%m/%d %H:%M:%S +0000").to_string();
    json!({
        "daemon": {"mode": "Monitor", "log_type": "filelog", "static_rules": 0},
        "cache": {"root_cache_count": 1, "non_root_cache_count": 0},
        "transitive_allowlisting": {"enabled": false, "compiler_rules": 0, "transitive_rules": 0},
        "rule_types": {
            "binary_rules": 0, "certificate_rules": 0, "teamid_rules": 0,
            "signingid_rules": host["rules"]["held"], "cdhash_rules": 0, "signal_rules": 0,
        },
        "sync": {
            "enabled": true,
            "server": server.sync_base(),
            "clean_required": false,
            "last_successful_full": now,
            "last_successful_rule": now,
            "push_notifications": "Disabled",
            "push_server": "null",
            "bundle_scanning": false,
            "events_pending_upload": 0,
            "execution_rules_hash": host["rules"]["expected_hash"],
            "full_sync_interval_seconds": host["interval"],
        },
        "watch_items": {"enabled": false},
        "metrics": {"enabled": false},
    })
}

/// Writes the status and diagnoses the host. Checks the exit code, the fault and its fix.
fn finds(shell: &Shell, status: &Value, code: i32, found: &str, fix: &str) -> String {
    shell.write("status.json", &status.to_string());
    let shown = shell.run("host diagnose annas-mac --status status.json");
    contains(&shown, code, found, fix);
    shown
}

fn contains(shown: &str, code: i32, found: &str, fix: &str) {
    for part in [format!("exit code: {code}\n"), found.to_owned(), fix.to_owned()] {
        assert!(shown.contains(&part), "{part:?} is not in\n{shown}");
    }
}

#[test]
fn a_mac_in_sync_has_no_problem() {
    let (shell, server) = with_mac("");
    let status = status(&shell, &server);
    let shown = finds(&shell, &status, 0, "in-sync with 1 rule\n", "0 problems, 0 warnings");
    assert!(!shown.contains(&server.sync_base()), "the secret is shown: {shown}");
    let text = status.to_string();
    let piped = shell.run_with("host diagnose annas-mac --status -", &text);
    contains(&piped, 0, "1 rule, as expected", "0 problems, 0 warnings");
}

#[test]
fn without_a_status_the_command_for_the_mac_is_shown() {
    let (shell, _server) = with_mac("");
    let fix = "nicelist host diagnose annas-mac --status status.json";
    contains(&shell.run("host diagnose annas-mac"), 0, "online: last seen", fix);
}

#[test]
fn a_host_that_was_never_seen_is_named() {
    let (shell, _server) = with_mac("");
    let fix = "nicelist doctor --url URL --secret-file FILE";
    let found = "the server has never seen a host `bens-imac-pro`";
    contains(&shell.run("host diagnose bens-imac-pro"), 1, found, fix);
    let found = "a host `anna-mac`; did you mean `annas-mac`?";
    let fix = "nicelist host diagnose annas-mac";
    contains(&shell.run("host diagnose anna-mac"), 1, found, fix);
}

#[test]
fn a_mac_of_another_server_is_named() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["sync"]["server"] = json!("https://other.example.com/santa/hush/");
    status["sync"]["last_successful_full"] = json!("null");
    let found = "the Mac syncs with https://other.example.com, but this server is";
    let fix = format!("set SyncBaseURL in the Mac's profile to {}/santa/", server.url);
    let shown = finds(&shell, &status, 1, found, &fix);
    assert!(!shown.contains("hush"), "{shown}");
    contains(&shown, 1, "the Mac never completed a sync", "sudo santactl sync --debug");
}

#[test]
fn another_name_of_the_same_server_is_only_a_warning() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["sync"]["server"] = json!(server.sync_base().replace("127.0.0.1", "localhost"));
    finds(&shell, &status, 0, "the Mac syncs with http://localhost", "1 warning");
}

#[test]
fn sync_that_is_disabled_is_named() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["sync"] = json!({"enabled": false});
    finds(&shell, &status, 1, "the Mac has no SyncBaseURL", "install a profile with SyncBaseURL");
}

#[test]
fn two_tools_that_manage_rules_are_named() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["daemon"]["static_rules"] = json!(3);
    finds(&shell, &status, 0, "3 static rules from a profile", "nicelist rule import FILE");
    status["daemon"]["static_rules"] = json!(0);
    status["rule_types"]["binary_rules"] = json!(40);
    status["sync"]["execution_rules_hash"] = json!("0123456789abcdef");
    let found = "the Mac has 41 rules instead of 1: another tool or a user adds rules";
    finds(&shell, &status, 1, found, "nicelist host clean-sync M1");
}

#[test]
fn a_rule_count_that_differs_is_named() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["rule_types"]["signingid_rules"] = json!(0);
    status["sync"]["execution_rules_hash"] = json!("null");
    let found = "the Mac has 0 rules instead of 1";
    finds(&shell, &status, 1, found, "nicelist host clean-sync M1");
}

#[test]
fn a_wrong_mode_is_named() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["daemon"]["mode"] = json!("Lockdown");
    let found = "the Mac is in the mode Lockdown, but its settings require monitor";
    finds(&shell, &status, 1, found, "nicelist host show M1 --settings");
}

#[test]
fn a_santa_version_that_is_too_old_for_a_rule_is_named() {
    let (shell, _server) = with_mac(" --generation 2022.4");
    let shown = shell.run("host diagnose annas-mac");
    contains(&shown, 0, "1 rule was not sent: Santa 2022.4 is too old", "update Santa");
    assert!(shown.contains("nicelist host show M1 --rules"), "{shown}");
}

#[test]
fn push_an_old_sync_and_a_wrong_machine_id_are_named() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["sync"]["push_notifications"] = json!("Connected");
    status["sync"]["last_successful_full"] = json!("2020/01/31 09:00:00 +0000");
    status["sync"]["machine_id"] = json!("M2");
    let fix = "remove FCMProject, FCMEntity, FCMAPIKey";
    let shown = finds(&shell, &status, 1, "expects push notifications (Connected)", fix);
    let found = "the Mac's last completed sync was";
    contains(&shown, 1, found, "sudo santactl sync --debug");
    let found = "the status is from the Mac with the machine ID M2, but the host has M1";
    contains(&shown, 1, found, "nicelist host diagnose M2 --status FILE");
    status["sync"]["last_successful_full"] = json!("2090/01/31 09:00:00 +0000");
    finds(&shell, &status, 1, "the Mac's last sync is in the future", "sudo sntp -sS");
}

#[test]
fn a_status_of_another_version_is_compared_as_far_as_it_is_known() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    let sections = status.as_object_mut().unwrap();
    sections.remove("daemon");
    sections.insert("sandbox".to_owned(), json!({"enabled": true}));
    let found = "(missing: daemon; unknown: sandbox)";
    let shown = finds(&shell, &status, 0, found, "update Santa on the Mac, or update nicelist");
    assert!(shown.contains("1 rule, as expected"), "{shown}");
}

#[test]
fn a_value_that_cannot_be_read_is_named_and_not_compared() {
    let (shell, server) = with_mac("");
    let mut status = status(&shell, &server);
    status["rule_types"]["signingid_rules"] = json!("zwei");
    status["sync"]["last_successful_full"] = json!("2026-11-20T09:00:00Z");
    let found = "cannot be read and are not compared: rule_types.signingid_rules, \
                 sync.last_successful_full";
    let shown = finds(&shell, &status, 0, found, "santactl status --json > status.json");
    assert!(!shown.contains("as expected") && !shown.contains("0 rules"), "{shown}");
}

#[test]
fn a_host_that_is_found_by_a_prefix_is_named_in_full() {
    let (shell, _server) = with_mac("");
    contains(&shell.run("host diagnose anna"), 0, "Server: annas-mac (M1)", "online: last seen");
}

#[test]
fn a_damaged_status_file_is_named() {
    let (shell, server) = with_mac("");
    let text = status(&shell, &server).to_string();
    let hint = "hint: write the file again on the Mac: santactl status --json > status.json";
    for (text, found) in [
        (&text[..text.len() / 2], "status.json: the status is damaged or incomplete"),
        (">>> Daemon Info\n", "status.json: the status is plain text"),
        (r#"{"santad": "2026.7"}"#, "status.json: the file is not the output of santactl status"),
    ] {
        shell.write("status.json", text);
        contains(&shell.run("host diagnose annas-mac --status status.json"), 5, found, hint);
    }
    shell.write("status.json", &" ".repeat((1 << 20) + 1));
    let shown = shell.run("host diagnose annas-mac --status status.json");
    contains(&shown, 1, "cannot read status.json", "it is larger than 1 MiB");
    let shown = shell.run("host diagnose annas-mac --status none.json");
    contains(&shown, 1, "cannot read none.json", "No such file");
}
