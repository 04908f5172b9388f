//! Rules that old clients do not support, and the repair of Macs with wrong rules.

use serde_json::{Value, json};

use crate::shell::{Server, Shell};

const CDHASH: &str = "cdhash:00000000000000000000000000000000000000bb";

/// Syncs a simulated Mac, whose state is kept in a file.
fn sync(shell: &Shell, server: &Server, name: &str, more: &str) -> Value {
    let base = server.sync_base();
    let line = format!(
        "lab sync {base} --state {name}.json --machine-id {name} --hostname {name} --no-backoff"
    );
    shell.json(format!("{line} {more}").trim_end())
}

/// Deletes the first rule in a Mac's state, so that the Mac has drifted.
fn tamper(shell: &Shell, name: &str) {
    let file = format!("{name}.json");
    let text = std::fs::read_to_string(shell.path(&file)).unwrap();
    let mut santa: Value = serde_json::from_str(&text).unwrap();
    santa["database"]["rules"].as_array_mut().unwrap().remove(0);
    shell.write(&file, &santa.to_string());
}

fn with_server(rules: &[&str]) -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    for rule in rules {
        let transcript = shell.run(rule);
        assert!(transcript.contains("exit code: 0"), "{transcript}");
    }
    (shell, server)
}

#[test]
fn unsupported_rules_are_not_sent_and_are_explained() {
    let (shell, server) = with_server(&[
        "rule add allow teamid:EQHXZ8M8AV --comment Google",
        "rule add block teamid:EQHXZ8M8AV --scope host:old --ticket IT-7",
        &format!("rule add block {CDHASH}"),
        "rule add cel signingid:platform:com.apple.nc --cel euid!=0",
        "rule add silent-block-gui teamid:AAAAAAAAAA",
    ]);
    sync(&shell, &server, "old", "--generation 2024.2");
    sync(&shell, &server, "new", "--generation 2026.7");

    let view = shell.json("host show old");
    assert_eq!((&view["state"], &view["rules"]["due"]), (&json!("in-sync"), &json!(0)), "{view}");
    assert_eq!(view["rules"]["withheld"], 2);
    let rule = &shell.json("rule list --type cdhash")[0];
    assert_eq!((&rule["needs"], &rule["withheld"]), (&json!("2024.3"), &json!(1)), "{rule}");
    let listed = shell.run("rule list --type cdhash");
    assert!(listed.contains("1 host (requires Santa 2024.3)"), "{listed}");
    insta::assert_snapshot!(shell.run(&format!("rule explain {CDHASH} --host old")), @"
    $ nicelist rule explain cdhash:00000000000000000000000000000000000000bb --host old
    exit code: 0
    ----- stdout -----
    cdhash:00000000000000000000000000000000000000bb on old
      outcome  no rule: block requires Santa 2024.3
      santa version  2024.2

    block in fleet
      part  decides
      author  admin
      since  [TIME]
      revision  3
    ");
    insta::assert_snapshot!(shell.run("rule explain teamid:EQHXZ8M8AV --host old"), @"
    $ nicelist rule explain teamid:EQHXZ8M8AV --host old
    exit code: 0
    ----- stdout -----
    teamid:EQHXZ8M8AV on old
      outcome  block
      santa version  2024.2

    block in host:old
      part  decides
      ticket  IT-7
      author  admin
      since  [TIME]
      revision  2

    allow in fleet
      part  outranked
      comment  Google
      author  admin
      since  [TIME]
      revision  1
    ");
    insta::assert_snapshot!(shell.run("rule explain teamid:AAAAAAAAAA --host old"), @"
    $ nicelist rule explain teamid:AAAAAAAAAA --host old
    exit code: 0
    ----- stdout -----
    teamid:AAAAAAAAAA on old
      outcome  silent-block, because its Santa does not support silent-block-gui
      santa version  2024.2

    silent-block-gui in fleet
      part  decides
      author  admin
      since  [TIME]
      revision  5
    ");
    insta::assert_snapshot!(shell.run("rule explain teamid:BBBBBBBBBB --host new"), @"
    $ nicelist rule explain teamid:BBBBBBBBBB --host new
    exit code: 0
    ----- stdout -----
    teamid:BBBBBBBBBB on new
      outcome  no rule: no scope of the host has a rule for this target
      santa version  2026.7
    ");
    insta::assert_snapshot!(shell.run("rule explain teamid:BBBBBBBBBB --host nobody"), @"
    $ nicelist rule explain teamid:BBBBBBBBBB --host nobody
    exit code: 1
    ----- stderr -----
    error: host `nobody` not found
    hint: nicelist host list lists all hosts
    ");

    sync(&shell, &server, "old", "--generation 2026.7");
    let view = shell.json("host show old");
    assert_eq!((&view["state"], &view["rules"]["withheld"]), (&json!("in-sync"), &json!(0)));
    assert_eq!(view["rules"]["held"], 4, "an update brings what was withheld");
}

#[test]
fn a_drifted_mac_is_shown_and_repaired_if_settings_allow() {
    let (shell, server) = with_server(&[
        "rule add allow teamid:EQHXZ8M8AV",
        "rule add block teamid:AAAAAAAAAA",
        "settings set drift-repair=off",
    ]);
    sync(&shell, &server, "mira", "");
    assert_eq!(shell.json("host list --state drifted"), json!([]));
    tamper(&shell, "mira");

    let report = sync(&shell, &server, "mira", "");
    assert_eq!(report["performed"], "NORMAL", "{report}");
    insta::assert_snapshot!(shell.run("host list --state drifted"), @"
    $ nicelist host list --state drifted
    exit code: 0
    ----- stdout -----
    HOSTNAME  STATE  CONTACT  MODE  REPORTED  PENDING  LAST SEEN  SANTA  USER  TAGS
    mira  drifted  online  monitor  monitor  0  [TIME]  2026.7
    ");
    insta::assert_snapshot!(shell.run("host show mira"), @"
    $ nicelist host show mira
    exit code: 0
    ----- stdout -----
    mira
      machine  mira
      hostname  mira
      serial  LAB000000001
      model  Mac15,7
      os  15.6 (24G84)
      santa version  2026.7

    Sync
      state  drifted
      contact  online
      last seen  [TIME]
      last sync  [TIME]
      first seen  [TIME]
      interval  10m

    Rules and settings
      mode  monitor
      rules on host  2
      pending rules  0
      rules not sent  0
      revision  3
      rules hash  83747dba8b7dbbd9b5b9350d6426f6a3
      settings  up to date

    Drift
      found  [TIME]
      counts  teamid: 1 instead of 2
      hash expected  83747dba8b7dbbd9b5b9350d6426f6a3
      hash reported  82e313b36a06d3a86d29e777daf1f9fc
      repair  a clean sync, if drift-repair allows it
    ");

    shell.run("settings set drift-repair=clean");
    let report = sync(&shell, &server, "mira", "");
    assert_eq!(report["performed"], "CLEAN", "{report}");
    assert_eq!(report["holds"].as_array().unwrap().len(), 2);
    assert_eq!(shell.json("host show mira")["state"], "in-sync");
}

/// The Mac reports Santa 2026.7 but runs 2025.7, which cannot compile the CEL expression.
#[test]
fn a_repair_that_does_not_help_is_not_repeated() {
    let (shell, server) = with_server(&[
        "rule add allow teamid:EQHXZ8M8AV",
        "rule add cel signingid:platform:com.apple.nc --cel path!='/usr/bin/nc'",
    ]);
    let liar = "--generation 2025.7 --santa-version 2026.7";
    assert_eq!(sync(&shell, &server, "liar", liar)["performed"], "CLEAN_ALL");
    for _ in 0..3 {
        assert_eq!(sync(&shell, &server, "liar", liar)["performed"], "NORMAL");
        assert_eq!(shell.json("host show liar")["state"], "drifted");
    }
    assert_eq!(shell.json("host show liar")["drift"]["repairable"], false);
    shell.run("rule remove signingid:platform:com.apple.nc");
    sync(&shell, &server, "liar", liar);
    assert_eq!(shell.json("host show liar")["state"], "in-sync");
}

/// The Mac runs a version before 2025.7, which reports the counts of its rules but not their hash.
#[test]
fn l10_a_mac_that_lost_all_rules_gets_them_again() {
    let (shell, server) =
        with_server(&["rule add allow teamid:EQHXZ8M8AV", "rule add block teamid:AAAAAAAAAA"]);
    let old = "--generation 2024.9";
    sync(&shell, &server, "mira", old);
    sync(&shell, &server, "mira", old);
    tamper(&shell, "mira");
    tamper(&shell, "mira");

    let report = sync(&shell, &server, "mira", old);
    assert_eq!(report["performed"], "CLEAN", "{report}");
    assert_eq!(report["holds"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(sync(&shell, &server, "mira", old)["performed"], "NORMAL");
    assert_eq!(shell.json("host show mira")["state"], "in-sync");
}
