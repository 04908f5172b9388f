//! History and rollbacks, with the real binary.

use serde_json::{Value, json};

use crate::shell::{Server, Shell};

fn with_server() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    (shell, server)
}

/// The rules that a command lists, without revisions, times and authors.
fn rules(shell: &Shell, line: &str) -> Vec<Value> {
    let mut rules = shell.json(line).as_array().unwrap().clone();
    for rule in &mut rules {
        let rule = rule.as_object_mut().unwrap();
        rule.retain(|field, _| !["revision", "author", "since"].contains(&field.as_str()));
    }
    rules
}

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
        let transcript = shell.run(line);
        assert!(transcript.contains("exit code: 0"), "{transcript}");
    }
    (shell, server)
}

#[test]
fn a_rollback_restores_the_active_policy_of_its_revision() {
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
    error: not confirmed: Roll back to revision 2?
    hint: to confirm without a prompt: nicelist rollback 2 --yes
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
    no changes (revision 7); 3 unchanged
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
    error: revision 99 not found; the newest revision is 8
    hint: nicelist history lists all revisions
    ");
    insta::assert_snapshot!(shell.run("rollback two --yes"), @"
    $ nicelist rollback two --yes
    exit code: 2
    ----- stderr -----
    error: invalid value 'two' for '<REVISION>': expected a revision number such as 41

    For more information, try '--help'.
    ");
}

#[test]
fn the_history_has_authors_and_changes() {
    let (shell, _server) = with_history();
    insta::assert_snapshot!(shell.run("history"), @"
    $ nicelist history
    exit code: 0
    ----- stdout -----
    REVISION  AT  AUTHOR  CHANGES  MESSAGE
    6  [TIME]  admin  rules -1
    5  [TIME]  admin  settings +1
    4  [TIME]  admin  rules +1
    3  [TIME]  admin  rules ~1  ticket-7
    2  [TIME]  admin  rules +2
    1  [TIME]  admin  tags +1
    ");
    insta::assert_snapshot!(shell.run("history -n 1 -o jsonl"), @r#"
    $ nicelist history -n 1 -o jsonl
    exit code: 0
    ----- stdout -----
    {"revision":6,"at":"[TIME]","author":"admin","rules":{"added":0,"changed":0,"removed":1},"settings":{"added":0,"changed":0,"removed":0},"tags":{"added":0,"changed":0,"removed":0},"hosts":0}
    "#);
    insta::assert_snapshot!(shell.run("history -n 2 -o csv"), @"
    $ nicelist history -n 2 -o csv
    exit code: 0
    ----- stdout -----
    revision,at,author,changes,message,rules_added,rules_changed,rules_removed,settings_added,settings_changed,settings_removed,tags_added,tags_changed,tags_removed,hosts
    6,[TIME],admin,rules -1,,0,0,1,0,0,0,0,0,0,0
    5,[TIME],admin,settings +1,,0,0,0,1,0,0,0,0,0,0
    ");
    insta::assert_snapshot!(shell.run("history --target teamid:AAAAAAAAAA"), @"
    $ nicelist history --target teamid:AAAAAAAAAA
    exit code: 0
    ----- stdout -----
    REVISION  AT  AUTHOR  CHANGES  MESSAGE
    3  [TIME]  admin  rules ~1  ticket-7
    2  [TIME]  admin  rules +2
    ");
    insta::assert_snapshot!(shell.run("history --scope tag:eng --since 1h --author admin"), @"
    $ nicelist history --scope tag:eng --since 1h --author admin
    exit code: 0
    ----- stdout -----
    REVISION  AT  AUTHOR  CHANGES  MESSAGE
    4  [TIME]  admin  rules +1
    ");
    insta::assert_snapshot!(shell.run("history --author nobody"), @"
    $ nicelist history --author nobody
    exit code: 0
    ----- stderr -----
    no revisions match
    ");
    insta::assert_snapshot!(shell.run("history show 3"), @"
    $ nicelist history show 3
    exit code: 0
    ----- stdout -----
    Revision 3
      at  [TIME]
      author  admin
      message  ticket-7
      changes  rules ~1

    Rules for fleet
      ~ teamid:AAAAAAAAAA  policy block → allow  comment first → none
    ");
    insta::assert_snapshot!(shell.run("history show 2 -o json"), @r#"
    $ nicelist history show 2 -o json
    exit code: 0
    ----- stdout -----
    {
      "revision": 2,
      "at": "[TIME]",
      "author": "admin",
      "rules": {
        "added": 2,
        "changed": 0,
        "removed": 0
      },
      "settings": {
        "added": 0,
        "changed": 0,
        "removed": 0
      },
      "tags": {
        "added": 0,
        "changed": 0,
        "removed": 0
      },
      "hosts": 0,
      "changes": [
        {
          "outcome": "added",
          "kind": "rule",
          "target": "teamid:AAAAAAAAAA",
          "scope": "fleet",
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
        }
      ]
    }
    "#);
    insta::assert_snapshot!(shell.run("history show 7"), @"
    $ nicelist history show 7
    exit code: 1
    ----- stderr -----
    error: revision 7 not found; the newest revision is 6
    hint: nicelist history lists all revisions
    ");
    insta::assert_snapshot!(shell.run("history show 0"), @"
    $ nicelist history show 0
    exit code: 1
    ----- stderr -----
    error: revision 0 is the empty policy before the first change
    ");
}

#[test]
fn the_rules_of_a_revision_can_be_listed_and_exported() {
    let (shell, _server) = with_history();
    let before = rules(&shell, "rule list --at 2");
    let then: Vec<_> = before.iter().map(|rule| (&rule["target"], &rule["policy"])).collect();
    assert_eq!(
        then,
        [
            (&json!("teamid:AAAAAAAAAA"), &json!("block")),
            (&json!("teamid:BBBBBBBBBB"), &json!("block")),
        ]
    );
    shell.run("rule export --at 2 -f then.csv");
    insta::assert_snapshot!(shell.run("rule list --at 7"), @"
    $ nicelist rule list --at 7
    exit code: 1
    ----- stderr -----
    error: revision 7 not found; the newest revision is 6
    hint: nicelist history lists all revisions
    ");
    shell.run("rollback 2 --yes");
    assert_eq!(rules(&shell, "rule list"), before);
    let imported = shell.run("rule import then.csv");
    assert!(imported.contains("added 0, changed 0, unchanged 2"), "{imported}");
}

#[test]
fn the_history_of_a_target_is_listed() {
    let (shell, _server) = with_history();
    for line in [
        "rule add allow teamid:BBBBBBBBBB --comment back",
        "rule add block teamid:AAAAAAAAAA --scope user:ben --ticket IT-9",
        "rule remove teamid:AAAAAAAAAA -m gone",
    ] {
        shell.run(line);
    }
    insta::assert_snapshot!(shell.run("rule show teamid:AAAAAAAAAA --history"), @"
    $ nicelist rule show teamid:AAAAAAAAAA --history
    exit code: 0
    ----- stdout -----
    teamid:AAAAAAAAAA in fleet
      - revision 9  [TIME]  admin  (gone)
      ~ revision 3  [TIME]  admin  policy block → allow  comment first → none  (ticket-7)
      + revision 2  [TIME]  admin  block  comment first

    teamid:AAAAAAAAAA in user:ben
      + revision 8  [TIME]  admin  block  ticket IT-9
    ");
    insta::assert_snapshot!(shell.run("rule show teamid:BBBBBBBBBB --history"), @"
    $ nicelist rule show teamid:BBBBBBBBBB --history
    exit code: 0
    ----- stdout -----
    teamid:BBBBBBBBBB in fleet
      + revision 7  [TIME]  admin  allow  comment back
      - revision 6  [TIME]  admin
      + revision 2  [TIME]  admin  block  comment first
    ");
    insta::assert_snapshot!(shell.run("rule show teamid:CCCCCCCCCC --history -o csv"), @"
    $ nicelist rule show teamid:CCCCCCCCCC --history -o csv
    exit code: 0
    ----- stdout -----
    target,policy,scope,cel,message,url,button_label,app_name,bundle_hash,bundle_binary_count,comment,ticket,source,expires,made_revision,made_at,made_by,made_why,ended_revision,ended_at,ended_by,ended_why
    teamid:CCCCCCCCCC,allow,tag:eng,,,,,,,,,,,,4,[TIME],admin,,,,,
    ");
    insta::assert_snapshot!(shell.run("rule show teamid:DDDDDDDDDD --history"), @"
    $ nicelist rule show teamid:DDDDDDDDDD --history
    exit code: 1
    ----- stderr -----
    error: no scope has ever had a rule for teamid:DDDDDDDDDD
    hint: nicelist rule list --text TEXT searches identifiers, comments and tickets
    ");
}

#[test]
fn a_rollback_planned_on_another_revision_changes_nothing() {
    let (shell, _server) = with_history();
    insta::assert_snapshot!(shell.run("rollback 2 --yes --base 5"), @"
    $ nicelist rollback 2 --yes --base 5
    exit code: 7
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
    error: the policy changed: this change was planned on revision 5, but the newest revision is 6
    hint: review the newer changes, then plan again: nicelist history
    ");
    assert_eq!(shell.json("history -n 1")[0]["revision"], 6);
    let made = shell.run("rollback 2 --yes --base 6");
    assert!(made.contains("exit code: 0"), "{made}");
}
