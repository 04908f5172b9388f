//! What administrators see if several Macs have the same machine ID.

use serde_json::{Value, json};

use crate::shell::{Server, Shell};

/// Syncs the Mac with this serial number. A file stores the state of the Mac between syncs.
fn sync_over_http(shell: &Shell, server: &Server, serial: &str) -> Value {
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state {serial}.json --machine-id M1 --serial {serial} --no-backoff"
    ))
}

#[test]
fn l11_a_conflict_is_shown_with_what_to_do_over_http() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("rule add allow teamid:EQHXZ8M8AV");
    let (one, other) = ("C02AAAAAAAAA", "C02BBBBBBBBB");
    for serial in [one, one, other, one, other, one] {
        sync_over_http(&shell, &server, serial);
    }
    shell.run("rule add block teamid:EQHXZ8M8AV");
    let report = sync_over_http(&shell, &server, one);
    assert_eq!(report["holds"][0]["state"], "BLOCKLIST", "{report}");
    assert_eq!(shell.json("host show M1")["state"], "behind");
    let listed = shell.run("host list");
    let warning =
        "warning: several Macs use one machine ID: M1; for details: nicelist host show M1";
    assert!(listed.contains(warning), "{listed}");
    insta::assert_snapshot!(conflict_in(&shell.run("host show M1")), @"
    Machine ID conflict
      reason  several Macs use this machine ID
      since  [TIME]
      macs  C02AAAAAAAAA (Mac15,7): in-sync, 0 pending, C02BBBBBBBBB (Mac15,7): behind, 1 pending
      to do  give each Mac its own machine ID, then: nicelist host accept M1
    ");
    assert_eq!(shell.json("host list --conflict")[0]["conflict"]["reason"], "different-macs");
    server.logs("several Macs use one machine ID");
    assert_eq!(server.log().matches("several Macs use one machine ID").count(), 1);

    let report = sync_over_http(&shell, &server, other);
    assert_eq!(report["holds"][0]["state"], "BLOCKLIST", "{report}");
    assert_eq!(shell.json("host show M1")["state"], "in-sync");
    insta::assert_snapshot!(shell.run("host accept M1 --dry-run"), @"
    $ nicelist host accept M1 --dry-run
    exit code: 0
    ----- stderr -----
    would accept C02BBBBBBBBB (Mac15,7) for M1 (lab-1.local, C02BBBBBBBBB) (dry run)
    ");
    let unknown = shell.run("host accept M1 --serial C02XXXXXXXXX --yes");
    assert!(
        unknown.contains("error: no Mac with this serial number uses the machine ID"),
        "{unknown}"
    );
    let accepted = shell.run(&format!("host accept M1 --serial {one} --yes"));
    assert!(accepted.contains("accepted C02AAAAAAAAA (Mac15,7) for M1"), "{accepted}");
    assert_eq!(shell.json("host list --conflict"), json!([]));
}

fn conflict_in(shown: &str) -> &str {
    &shown[shown.find("Machine ID conflict").unwrap()..]
}

#[test]
fn l11_a_refused_mac_is_shown_with_the_command_that_accepts_it_over_http() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("settings set machine-id-conflicts=refuse");
    sync_over_http(&shell, &server, "C02AAAAAAAAA");
    let base = server.sync_base();
    let second = "lab sync --machine-id M1 --serial C02BBBBBBBBB --no-backoff --state second.json";
    let refused = shell.run(&format!("{second} {base}"));
    assert!(refused.contains("403"), "{refused}");
    insta::assert_snapshot!(conflict_in(&shell.run("host show M1")), @"
    Machine ID conflict
      refused  C02BBBBBBBBB (Mac15,7), at [TIME]
      to do  nicelist host accept M1
    ");
    server.logs("a sync was refused");
    shell.run("host accept M1 --yes");
    let accepted = shell.run(&format!("{second} {base}"));
    assert!(accepted.contains("exit code: 0"), "{accepted}");
}

#[test]
fn l16_a_command_to_paste_runs_nothing_that_a_host_chose() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("settings set machine-id-conflicts=refuse");
    let base = server.sync_base();
    for serial in ["C02AAAAAAAAA", "C02BBBBBBBBB"] {
        shell.run(&format!(
            "lab sync --machine-id M1;reboot --serial {serial} --no-backoff --state {serial}.json {base}"
        ));
    }
    let shown = shell.run("host show M1;reboot");
    assert!(shown.contains("to do  nicelist host accept 'M1;reboot'\n"), "{shown}");
}
