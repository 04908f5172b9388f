//! History and the way back, with the real binary.

use serde_json::json;

use crate::shell::{Server, Shell};

fn with_server() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    (shell, server)
}

/// The rules in force, without what tells when and by whom.
fn rules(shell: &Shell, line: &str) -> Vec<serde_json::Value> {
    let mut rules = shell.json(line).as_array().unwrap().clone();
    for rule in &mut rules {
        let rule = rule.as_object_mut().unwrap();
        rule.retain(|field, _| !["revision", "author", "since"].contains(&field.as_str()));
    }
    rules
}

/// Four revisions: a tag, two rules, one of them otherwise and a setting.
fn with_history() -> (Shell, Server) {
    let (shell, server) = with_server();
    for line in [
        "tag create eng --priority 3",
        "rule add block teamid:AAAAAAAAAA teamid:BBBBBBBBBB --comment first",
        "rule add allow teamid:AAAAAAAAAA -m ticket-7",
        "rule add allow teamid:CCCCCCCCCC --scope tag:eng",
        "settings set client-mode=lockdown",
        "rule remove teamid:BBBBBBBBBB",
    ] {
        let told = shell.run(line);
        assert!(told.contains("exit code: 0"), "{told}");
    }
    (shell, server)
}

#[test]
fn a_rollback_restores_what_was_in_force() {
    let (shell, _server) = with_history();
    insta::assert_snapshot!(shell.run("rollback 2"), @"
    $ nicelist rollback 2
    exit code: 2
    ----- stdout -----
    Settings for fleet
      - client-mode  lockdown

    Rules for fleet
      ~ teamid:AAAAAAAAAA  policy allow → block  comment none → first
      + teamid:BBBBBBBBBB  block  comment first

    Rules for tag:eng
      - teamid:CCCCCCCCCC  allow
    ----- stderr -----
    Plan: 1 to add, 1 to change, 2 to remove; 1 unchanged
    error: not confirmed: roll back to revision 2?
    hint: pass --yes to do it without being asked
    ");
    insta::assert_snapshot!(shell.run("rollback 2 --dry-run -o json"), @r#"
    $ nicelist rollback 2 --dry-run -o json
    exit code: 0
    ----- stdout -----
    {
      "revision": 6,
      "changed": false,
      "unchanged": 1,
      "changes": [
        {
          "outcome": "removed",
          "kind": "setting",
          "scope": "fleet",
          "key": "client-mode",
          "before": "lockdown"
        },
        {
          "outcome": "changed",
          "kind": "rule",
          "target": "teamid:AAAAAAAAAA",
          "scope": "fleet",
          "before": {
            "target": "teamid:AAAAAAAAAA",
            "policy": "allow",
            "scope": "fleet"
          },
          "after": {
            "target": "teamid:AAAAAAAAAA",
            "policy": "block",
            "scope": "fleet",
            "comment": "first"
          }
        },
        {
          "outcome": "added",
          "kind": "rule",
          "target": "teamid:BBBBBBBBBB",
          "scope": "fleet",
          "after": {
            "target": "teamid:BBBBBBBBBB",
            "policy": "block",
            "scope": "fleet",
            "comment": "first"
          }
        },
        {
          "outcome": "removed",
          "kind": "rule",
          "target": "teamid:CCCCCCCCCC",
          "scope": "tag:eng",
          "before": {
            "target": "teamid:CCCCCCCCCC",
            "policy": "allow",
            "scope": "tag:eng"
          }
        }
      ]
    }
    ----- stderr -----
    Plan: 1 to add, 1 to change, 2 to remove; 1 unchanged
    dry run: nothing was changed (revision 6)
    "#);
    insta::assert_snapshot!(shell.run("rollback 2 --yes -m oops"), @"
    $ nicelist rollback 2 --yes -m oops
    exit code: 0
    ----- stdout -----
    Settings for fleet
      - client-mode  lockdown

    Rules for fleet
      ~ teamid:AAAAAAAAAA  policy allow → block  comment none → first
      + teamid:BBBBBBBBBB  block  comment first

    Rules for tag:eng
      - teamid:CCCCCCCCCC  allow
    ----- stderr -----
    revision 7: 1 added, 1 changed, 2 removed; 1 unchanged
    ");
    let teams: Vec<_> =
        rules(&shell, "rule list").iter().map(|rule| rule["target"].clone()).collect();
    assert_eq!(teams, [json!("teamid:AAAAAAAAAA"), json!("teamid:BBBBBBBBBB")]);
    insta::assert_snapshot!(shell.run("rollback 2 --yes"), @"
    $ nicelist rollback 2 --yes
    exit code: 0
    ----- stderr -----
    nothing to change (revision 7); 3 unchanged
    ");
    insta::assert_snapshot!(shell.run("rollback 6 --yes"), @"
    $ nicelist rollback 6 --yes
    exit code: 0
    ----- stdout -----
    Settings for fleet
      + client-mode  lockdown

    Rules for fleet
      ~ teamid:AAAAAAAAAA  policy block → allow  comment first → none
      - teamid:BBBBBBBBBB  block  comment first

    Rules for tag:eng
      + teamid:CCCCCCCCCC  allow
    ----- stderr -----
    revision 8: 2 added, 1 changed, 1 removed; 1 unchanged
    ");
    insta::assert_snapshot!(shell.run("rollback 99 --yes"), @"
    $ nicelist rollback 99 --yes
    exit code: 1
    ----- stderr -----
    error: there is no revision 99; the newest is 8
    hint: nicelist history shows all revisions
    ");
    insta::assert_snapshot!(shell.run("rollback two --yes"), @"
    $ nicelist rollback two --yes
    exit code: 2
    ----- stderr -----
    error: invalid value 'two' for '<REVISION>': expected the number of a revision, as in 41

    For more information, try '--help'.
    ");
}
