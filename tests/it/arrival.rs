//! Commands that wait until hosts have a change.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::shell::{Server, Shell};

const DEADLINE: Duration = Duration::from_secs(30);

/// A server with the hosts `anna` and `ben`. The host `anna` has the tag `eng`.
fn fleet() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    sync(&shell, &server, "anna");
    sync(&shell, &server, "ben");
    succeed(&shell, "tag create eng");
    succeed(&shell, "host tag anna eng");
    (shell, server)
}

fn sync(shell: &Shell, server: &Server, name: &str) {
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state {name}.json --machine-id {name} --hostname {name}.local --user {name} --no-backoff"
    ));
}

fn succeed(shell: &Shell, line: &str) -> String {
    let transcript = shell.run(line);
    assert!(transcript.contains("exit code: 0\n"), "{transcript}");
    transcript
}

fn output(shell: &Shell, line: &str) -> Output {
    let words: Vec<&str> = line.split(' ').collect();
    shell.command(&words).output().unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn until(what: &str, mut is_done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < DEADLINE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_change_waits_for_the_hosts_in_its_scope() {
    let (shell, server) = fleet();
    let words =
        ["rule", "add", "block", "teamid:AAAAAAAAAA", "--scope", "tag:eng", "--wait", "-o", "json"];
    let mut command = shell.command(&words);
    let adding = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the rule exists", || shell.run("rule list").contains("AAAAAAAAAA"));
    sync(&shell, &server, "anna");

    let added = adding.wait_with_output().unwrap();

    assert_eq!(added.status.code(), Some(0));
    let answer = document(&added);
    assert_eq!(answer["outcomes"], json!(["added"]));
    assert_eq!(
        answer["wait"],
        json!({
            "outcome": "reached", "revision": answer["revision"], "percent": 100,
            "scopes": ["tag:eng"], "online": 1, "in_sync": 1, "behind": 0, "rejecting": 0,
            "silent": 0, "uncounted": 0, "stragglers": [],
        })
    );
    let stderr = String::from_utf8(added.stderr).unwrap();
    assert!(stderr.contains("1 of 1 online host has revision"), "{stderr}");
}

#[test]
fn a_wait_times_out_with_the_names_of_the_stragglers() {
    let (shell, server) = fleet();
    let line = "rule add block teamid:AAAAAAAAAA --scope tag:eng --wait --timeout 0s";
    let transcript = shell.run(line);
    for part in [
        "exit code: 8\n",
        "100% not reached within 0s: 0 of 1 online host has revision 3; 1 behind: anna.local\n",
        "hint: to continue waiting: nicelist host wait --revision 3\n",
    ] {
        assert!(transcript.contains(part), "{part} is not in {transcript}");
    }
    let late = output(&shell, "host wait --tag eng --timeout 0s -o json");
    assert_eq!(late.status.code(), Some(8));
    let late = document(&late);
    assert_eq!((&late["outcome"], &late["behind"]), (&json!("timed-out"), &json!(1)));
    let straggler = &late["stragglers"][0];
    assert_eq!(
        (&straggler["machine"], &straggler["state"], &straggler["contact"]),
        (&json!("anna"), &json!("behind"), &json!("online"))
    );

    sync(&shell, &server, "anna");
    succeed(&shell, "host wait --revision 3");
    succeed(&shell, "host wait --tag eng");
}

#[test]
fn a_change_of_the_fleet_waits_for_a_percentage() {
    let (shell, server) = fleet();
    shell.write("rules.csv", "policy,target\nblock,teamid:AAAAAAAAAA\n");
    let imported = output(&shell, "rule import rules.csv --wait=50% --timeout 0s -o json");
    assert_eq!(imported.status.code(), Some(8));
    let wait = &document(&imported)["wait"];
    assert_eq!((&wait["scopes"], &wait["percent"]), (&json!(["fleet"]), &json!(50)));
    assert_eq!((&wait["online"], &wait["behind"]), (&json!(2), &json!(2)));
    assert_eq!(wait["stragglers"].as_array().unwrap().len(), 2);

    sync(&shell, &server, "anna");
    let half = succeed(&shell, "host wait --revision 3 --percent 50%");
    let summary = "1 of 2 online hosts have revision 3; 1 behind: ben.local\n";
    assert!(half.contains(summary), "{half}");
    let all = shell.run("host wait --revision 3 --timeout 0s");
    assert!(all.contains("exit code: 8\n"), "{all}");

    let back = output(&shell, "rollback 2 --yes --wait --timeout 0s -o json");
    assert_eq!(back.status.code(), Some(8));
    let back = document(&back);
    assert_eq!((&back["revision"], &back["wait"]["outcome"]), (&json!(4), &json!("timed-out")));
}

#[test]
fn a_change_that_is_the_same_does_not_wait() {
    let (shell, _server) = fleet();
    let line = "rule add block teamid:AAAAAAAAAA --wait --timeout 0s -o json";
    assert_eq!(output(&shell, line).status.code(), Some(8));
    let again = output(&shell, line);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(document(&again)["wait"], Value::Null);
}

#[test]
fn invalid_waits_are_refused() {
    let (shell, _server) = fleet();
    for (line, code) in [
        ("rule add block teamid:AAAAAAAAAA --wait --dry-run", 2),
        ("rule add block teamid:AAAAAAAAAA --wait=0%", 2),
        ("rule add block teamid:AAAAAAAAAA --wait=101%", 2),
        ("rule add block teamid:AAAAAAAAAA --timeout 1h", 2),
        ("rollback 1 --dry-run --wait", 2),
        ("host wait", 2),
        ("host wait anna --tag eng", 2),
        ("host wait anna --percent 95%", 2),
        ("host wait --tag unknown", 1),
        ("host wait --revision 99", 1),
    ] {
        assert_eq!(output(&shell, line).status.code(), Some(code), "{line}");
    }
    assert!(!shell.run("rule list").contains("AAAAAAAAAA"));
}

/// Whether a process handles SIGINT and SIGTERM.
#[cfg(target_os = "linux")]
fn handles_signals(process: u32) -> bool {
    const BOTH: u64 = (1 << (2 - 1)) | (1 << (15 - 1));
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & BOTH == BOTH
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_stops_the_wait_and_not_the_change() {
    stops_the_wait("-INT");
    stops_the_wait("-TERM");
}

#[cfg(target_os = "linux")]
fn stops_the_wait(signal: &str) {
    let (shell, _server) = fleet();
    let words = ["rule", "add", "block", "teamid:AAAAAAAAAA", "--scope", "tag:eng", "--wait"];
    let mut command = shell.command(&words);
    let adding = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the command waits", || handles_signals(adding.id()));
    let process = adding.id().to_string();
    let kill = std::process::Command::new("kill").args([signal, &process]).status();
    assert!(kill.unwrap().success());

    let stopped = adding.wait_with_output().unwrap();

    assert_eq!(stopped.status.code(), Some(130));
    let stderr = String::from_utf8(stopped.stderr).unwrap();
    let line = "stopped waiting, but revision 3 stays active; to continue waiting: \
                nicelist host wait --revision 3\n";
    assert!(stderr.ends_with(line), "{stderr}");
    assert!(shell.run("rule list").contains("AAAAAAAAAA"));
}

#[test]
fn a_scope_without_online_hosts_is_not_reached() {
    let (mut shell, server) = fleet();
    let empty = output(&shell, "rule add block teamid:AAAAAAAAAA --scope user:carl --wait -o json");
    assert_eq!(empty.status.code(), Some(0));
    assert_eq!(document(&empty)["wait"]["outcome"], "no-hosts");
    let stderr = String::from_utf8(empty.stderr).unwrap();
    assert!(stderr.contains("the scope user:carl has no hosts\n"), "{stderr}");

    // All hosts were seen long ago.
    server.shut_down();
    server.wait();
    let database = rusqlite::Connection::open(shell.path("nicelist.db")).unwrap();
    let update = "UPDATE host SET version = version + 1, seen = 1760000000,
                  sync = json_set(sync, '$.last_seen', '2025-10-09T08:53:20Z')";
    assert_eq!(database.execute(update, []).unwrap(), 2);
    drop(database);
    let server = Server::start(&shell);
    shell.use_server(&server);
    for (team, scope, silent) in [
        ("BBBBBBBBBB", "fleet", "2 silent: anna.local, ben.local"),
        ("CCCCCCCCCC", "tag:eng", "1 silent: anna.local"),
    ] {
        let line = format!("rule add block teamid:{team} --scope {scope} --wait -o json");
        let added = output(&shell, &line);
        assert_eq!(added.status.code(), Some(8));
        let added_rule = document(&added);
        assert_eq!(added_rule["wait"]["outcome"], "no-hosts-online");
        let (stderr, revision) =
            (String::from_utf8(added.stderr).unwrap(), &added_rule["revision"]);
        for part in [
            format!("error: no hosts in scope are online; {silent}\n"),
            format!("online again: nicelist host wait --revision {revision}\n"),
        ] {
            assert!(stderr.contains(&part), "{part} is not in {stderr}");
        }
    }
}

#[test]
fn settings_and_tags_of_hosts_can_wait() {
    let (shell, server) = fleet();
    let set = output(
        &shell,
        "settings set client-mode=lockdown --scope tag:eng --wait --timeout 0s -o json",
    );
    assert_eq!(set.status.code(), Some(8));
    let set = document(&set);
    assert_eq!((&set["outcomes"], &set["wait"]["behind"]), (&json!(["added"]), &json!(1)));
    sync(&shell, &server, "anna");
    succeed(&shell, &format!("host wait --revision {} --timeout 10s", set["revision"]));
    let unset = shell.run("settings unset client-mode --scope tag:eng --wait --timeout 0s");
    assert!(unset.contains("exit code: 8\n"), "{unset}");
    assert!(
        unset
            .contains("warning: hosts sync every 10m, so some will not sync within --timeout 0s\n"),
        "{unset}"
    );

    succeed(&shell, "tag create ops");
    succeed(&shell, "rule add block teamid:AAAAAAAAAA --scope tag:ops");
    sync(&shell, &server, "ben");
    let tagged = output(&shell, "host tag ben.local ops --wait --timeout 0s -o json");
    assert_eq!(tagged.status.code(), Some(8));
    let wait = &document(&tagged)["wait"];
    assert_eq!((&wait["scopes"], &wait["behind"]), (&json!(["host:ben"]), &json!(1)));
    let stderr = String::from_utf8(tagged.stderr).unwrap();
    assert!(stderr.contains("to continue waiting: nicelist host wait ben\n"), "{stderr}");
    sync(&shell, &server, "ben");
    succeed(&shell, "host wait ben");
    let untagged = shell.run("host untag ben ops --wait=50% --timeout 0s");
    assert!(untagged.contains("exit code: 8\n"), "{untagged}");
    assert!(untagged.contains("1 behind: ben.local"), "{untagged}");
}

#[test]
fn a_percentage_without_an_equals_sign_has_a_hint() {
    let (shell, _server) = fleet();
    for line in [
        "rule add block teamid:AAAAAAAAAA --wait 90%",
        "settings set client-mode=lockdown --wait 90%",
        "settings unset client-mode --wait 90%",
    ] {
        let transcript = shell.run(line);
        let hint = "hint: a percentage needs an equals sign: --wait=90%\n";
        assert!(transcript.contains(hint), "{transcript}");
        assert!(!transcript.contains("exit code: 0\n"), "{transcript}");
    }
}
