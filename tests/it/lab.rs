//! `nicelist lab sync`, against a real server.

use serde_json::json;

use crate::shell::{Server, Shell};

const EMPTY_HASH: &str = "99aa06d3014798d86001c324468d497f";

#[test]
fn clients_of_every_version_sync_over_the_network() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("rule add allow teamid:EQHXZ8M8AV");
    let base = server.sync_base();
    let ways = [
        "--generation 2022.4 --encoding zlib",
        "--generation 2024.6 --wire protobuf --encoding gzip",
        "--generation 2026.7 --wire protobuf --encoding none",
        "--generation pedro",
        "--generation rednose",
    ];
    for (at, way) in ways.iter().enumerate() {
        let report = shell.json(&format!("lab sync {base} --machine-id M{at} {way}"));
        assert_eq!(report["holds"][0]["identifier"], json!("EQHXZ8M8AV"), "{way}");
        assert_ne!(report["rules_hash"], json!(EMPTY_HASH), "{way}");
    }
}

#[test]
fn a_rule_sync_changes_only_rules() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    shell.json(&format!("lab sync {base} --state mac.json"));
    shell.run("rule add allow teamid:EQHXZ8M8AV");
    let report = shell.json(&format!("lab sync {base} --state mac.json --rule-only"));
    assert_eq!(report["preflight"], json!({"outcome": "skipped"}));
    assert_eq!(report["holds"][0]["identifier"], json!("EQHXZ8M8AV"));
}

#[test]
fn each_failed_attempt_is_shown_and_the_error_leads_to_the_doctor() {
    let shell = Shell::new();
    let failed = shell.run("lab sync http://127.0.0.1:1/santa/ --no-backoff");
    for attempt in 1..5 {
        let line = format!("preflight: attempt {attempt} of 5 failed: the request failed: ");
        assert!(failed.contains(&line), "{failed}");
    }
    assert!(failed.contains("; next try now"), "{failed}");
    let hint = "hint: to find the cause: nicelist doctor --url http://127.0.0.1:1/santa/\n";
    assert!(failed.contains(hint), "{failed}");
    let unknown = shell.run("lab sync https://no-such-host.invalid/ --no-backoff");
    assert!(unknown.contains("the host name cannot be resolved"), "{unknown}");
    assert!(!unknown.contains("no response from the server"), "{unknown}");
}

#[test]
fn unsupported_options_of_old_clients_are_refused() {
    let shell = Shell::new();
    let sync = "lab sync http://127.0.0.1:1/";
    let refused = |flags: &str| {
        let transcript = shell.run(&format!("{sync} {flags}"));
        assert!(transcript.contains("exit code: 2"), "{transcript}");
        let lines = transcript.lines().skip_while(|line| !line.starts_with("error: "));
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(refused("--generation 2024.5 --wire protobuf"), @"error: Santa 2024.5 supports only JSON; protobuf was added in 2024.6");
    insta::assert_snapshot!(refused("--generation 2023.6 --secret s3cret"), @"
    error: Santa 2023.6 does not support headers in its profile; SyncExtraHeaders was added in 2023.7
    hint: put the secret into the server's address instead
    ");
    insta::assert_snapshot!(refused("--generation pedro --encoding gzip"), @"error: pedro supports only deflate, not gzip");
    insta::assert_snapshot!(refused("--generation 1.14"), @"error: invalid value '1.14' for '--generation <VERSION>': expected a Santa version since 2021.1, such as 2026.7, or pedro, or rednose for an old pedro");
    insta::assert_snapshot!(refused("--syncs 3"), @"
    error: the following required arguments were not provided:
      --daemon
    ");
}

#[test]
fn a_running_client_exits_after_its_time_and_saves_its_state() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let base = server.sync_base();
    let line = format!("lab sync {base} --state mac.json --daemon --for 0s");
    let transcript = shell.run(&line).replace(&server.url, "[URL]");
    insta::assert_snapshot!(transcript, @"
    $ nicelist lab sync [URL]/santa/the-secret-of-the-tests/ --state mac.json --daemon --for 0s
    exit code: 0
    ----- stderr -----
    the first sync is in 15 seconds; press Ctrl-C to stop
    no syncs
    ");
    assert!(shell.path("mac.json").exists());
}
