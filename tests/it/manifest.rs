//! Policy in files: planned, applied, exported, with the real binary.

use std::fs;

use crate::shell::{Server, Shell};

fn with_server() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    (shell, server)
}

const POLICY: &str = r#"# Our policy. Ask Anna.

# Engineering gets new things first.
[tags.eng]
priority = 10
hostnames = ["eng-*"] # by name

[settings.fleet]
client-mode = "lockdown" # since March
enable-bundles = true

[settings."tag:eng"]
client_mode = "monitor"

# Whom we trust.

# Google.
[[rules]]
target = "teamid:EQHXZ8M8AV"
policy = "allow" # signed

[[rules]]
target = "signingid:EQHXZ8M8AV:com.google.Chrome"
policy = "block"
scope = "tag:eng"
expires = 2099-01-01T00:00:00Z
"#;

fn with_policy() -> (Shell, Server) {
    let (shell, server) = with_server();
    shell.write("policy.toml", POLICY);
    let told = shell.run("apply -f policy.toml --yes -m first");
    assert!(told.contains("exit code: 0"), "{told}");
    (shell, server)
}

/// Writes files into a folder.
fn folder(shell: &Shell, name: &str, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = shell.path(name).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn a_plan_is_shown_and_applied_once() {
    let (shell, server) = with_server();
    shell.write("policy.toml", POLICY);
    insta::assert_snapshot!(shell.run("plan -f policy.toml"), @"
    $ nicelist plan -f policy.toml
    exit code: 3
    ----- stdout -----
    Tags
      + eng  priority 10  host names eng-*

    Settings for fleet
      + client-mode  lockdown
      + enable-bundles  true

    Settings for tag:eng
      + client-mode  monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      + signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    Plan: 6 to add
    hint: nicelist apply -f policy.toml --base 0 applies exactly this
    ");
    let unconfirmed = shell.run("apply -f policy.toml").replace(&server.url, "[SERVER]");
    insta::assert_snapshot!(unconfirmed, @"
    $ nicelist apply -f policy.toml
    exit code: 2
    ----- stdout -----
    Tags
      + eng  priority 10  host names eng-*

    Settings for fleet
      + client-mode  lockdown
      + enable-bundles  true

    Settings for tag:eng
      + client-mode  monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      + signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    Plan: 6 to add
    error: not confirmed: apply this to [SERVER]?
    hint: pass --yes to do it without being asked
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --base 0 --yes -m first"), @"
    $ nicelist apply -f policy.toml --base 0 --yes -m first
    exit code: 0
    ----- stdout -----
    Tags
      + eng  priority 10  host names eng-*

    Settings for fleet
      + client-mode  lockdown
      + enable-bundles  true

    Settings for tag:eng
      + client-mode  monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      + signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    revision 1: 6 added
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes"), @"
    $ nicelist apply -f policy.toml --yes
    exit code: 0
    ----- stderr -----
    nothing to change (revision 1); 6 unchanged
    ");
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    nothing to change (revision 1); 6 unchanged
    ");
    insta::assert_snapshot!(shell.run("history -o csv"), @r#"
    $ nicelist history -o csv
    exit code: 0
    ----- stdout -----
    revision,at,author,changes,message,rules_added,rules_changed,rules_removed,settings_added,settings_changed,settings_removed,tags_added,tags_changed,tags_removed,hosts
    1,[TIME],admin,"rules +2, settings +3, tags +1",first,2,0,0,3,0,0,1,0,0,0
    "#);
}

#[test]
fn only_what_is_named_changes_unless_all_is_owned() {
    let (shell, _server) = with_policy();
    shell.run("rule add block teamid:AAAAAAAAAA");
    shell.write("policy.toml", &POLICY.replace("lockdown", "monitor"));
    insta::assert_snapshot!(shell.run("apply -f policy.toml --dry-run"), @"
    $ nicelist apply -f policy.toml --dry-run
    exit code: 0
    ----- stdout -----
    Settings for fleet
      ~ client-mode  lockdown → monitor
    ----- stderr -----
    Plan: 1 to change; 5 unchanged
    dry run: nothing was changed (revision 2)
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --prune --yes"), @"
    $ nicelist apply -f policy.toml --prune --yes
    exit code: 0
    ----- stdout -----
    Settings for fleet
      ~ client-mode  lockdown → monitor

    Rules for fleet
      - teamid:AAAAAAAAAA  block
    ----- stderr -----
    revision 3: 1 changed, 1 removed; 5 unchanged
    ");
}

#[test]
fn a_plan_for_ci_is_json_and_an_exit_code() {
    let (shell, _server) = with_policy();
    shell.write("policy.toml", &POLICY.replace("\"block\"", "\"silent-block\""));
    insta::assert_snapshot!(shell.run("plan -f policy.toml -o json"), @r#"
    $ nicelist plan -f policy.toml -o json
    exit code: 3
    ----- stdout -----
    {
      "revision": 1,
      "changed": false,
      "unchanged": 5,
      "changes": [
        {
          "outcome": "changed",
          "kind": "rule",
          "target": "signingid:EQHXZ8M8AV:com.google.Chrome",
          "scope": "tag:eng",
          "before": {
            "target": "signingid:EQHXZ8M8AV:com.google.Chrome",
            "policy": "block",
            "scope": "tag:eng",
            "expires": "[TIME]"
          },
          "after": {
            "target": "signingid:EQHXZ8M8AV:com.google.Chrome",
            "policy": "silent-block",
            "scope": "tag:eng",
            "expires": "[TIME]"
          }
        }
      ]
    }
    ----- stderr -----
    Plan: 1 to change; 5 unchanged
    hint: nicelist apply -f policy.toml --base 1 applies exactly this
    "#);
}

#[test]
fn a_revision_that_moved_is_refused_with_the_new_difference() {
    let (shell, _server) = with_policy();
    shell.write("policy.toml", &POLICY.replace("lockdown", "monitor"));
    shell.run("rule remove teamid:EQHXZ8M8AV");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes --base 1"), @"
    $ nicelist apply -f policy.toml --yes --base 1
    exit code: 7
    ----- stdout -----
    Settings for fleet
      ~ client-mode  lockdown → monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow
    ----- stderr -----
    Plan: 1 to add, 1 to change; 4 unchanged
    error: the rules moved on: planned on revision 1, now at 2
    hint: look at what changed, plan again, and try again
    ");
    insta::assert_snapshot!(shell.run("history -o csv --limit 1"), @"
    $ nicelist history -o csv --limit 1
    exit code: 0
    ----- stdout -----
    revision,at,author,changes,message,rules_added,rules_changed,rules_removed,settings_added,settings_changed,settings_removed,tags_added,tags_changed,tags_removed,hosts
    2,[TIME],admin,rules -1,,0,0,1,0,0,0,0,0,0,0
    ");
}

#[test]
fn an_export_plans_to_nothing_and_keeps_what_the_author_wrote() {
    let (shell, _server) = with_policy();
    insta::assert_snapshot!(shell.run("export -f policy.toml"), @"
    $ nicelist export -f policy.toml
    exit code: 0
    ----- stderr -----
    nothing to change in policy.toml: 1 tag, 3 settings, 2 rules
    ");
    assert_eq!(fs::read_to_string(shell.path("policy.toml")).unwrap(), POLICY);
    for line in [
        "rule remove teamid:EQHXZ8M8AV",
        "rule add block teamid:AAAAAAAAAA --scope tag:eng --comment why",
        "settings set client-mode=monitor",
        "tag create ops --serial C02XK0AAJG5J",
    ] {
        shell.run(line);
    }
    insta::assert_snapshot!(shell.run("export -f policy.toml"), @"
    $ nicelist export -f policy.toml
    exit code: 0
    ----- stderr -----
    wrote 1 file of policy.toml: 2 tags, 3 settings, 2 rules
    ");
    insta::assert_snapshot!(fs::read_to_string(shell.path("policy.toml")).unwrap(), @r#"
    # Our policy. Ask Anna.

    # Engineering gets new things first.
    [tags.eng]
    priority = 10
    hostnames = ["eng-*"] # by name

    [tags.ops]
    priority = 0
    serials = ["C02XK0AAJG5J"]

    [settings.fleet]
    client-mode = "monitor" # since March
    enable-bundles = true

    [settings."tag:eng"]
    client_mode = "monitor"

    # Whom we trust.

    [[rules]]
    target = "signingid:EQHXZ8M8AV:com.google.Chrome"
    policy = "block"
    scope = "tag:eng"
    expires = 2099-01-01T00:00:00Z

    [[rules]]
    target = "teamid:AAAAAAAAAA"
    policy = "block"
    scope = "tag:eng"
    comment = "why"
    "#);
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    nothing to change (revision 5); 7 unchanged
    ");
}

#[test]
fn a_new_folder_has_a_file_for_everything() {
    let (shell, _server) = with_policy();
    insta::assert_snapshot!(shell.run("export -f policy"), @"
    $ nicelist export -f policy
    exit code: 0
    ----- stderr -----
    wrote 3 files of policy: 1 tag, 3 settings, 2 rules
    ");
    let read = |name: &str| fs::read_to_string(shell.path("policy").join(name)).unwrap();
    insta::assert_snapshot!(read("tags.toml"), @r#"
    # [tags.NAME]: which tags there are, how strong, and who has them.

    [tags.eng]
    priority = 10
    hostnames = ["eng-*"]
    "#);
    insta::assert_snapshot!(read("settings.toml"), @r#"
    # [settings.fleet], [settings."tag:NAME"]: what is set for whom.

    [settings.fleet]
    client-mode = "lockdown"
    enable-bundles = true

    [settings."tag:eng"]
    client-mode = "monitor"
    "#);
    insta::assert_snapshot!(read("rules.toml"), @r#"
    # [[rules]]: what may run, for whom.

    [[rules]]
    target = "teamid:EQHXZ8M8AV"
    policy = "allow"

    [[rules]]
    target = "signingid:EQHXZ8M8AV:com.google.Chrome"
    policy = "block"
    scope = "tag:eng"
    expires = 2099-01-01T00:00:00Z
    "#);
    insta::assert_snapshot!(shell.run("plan -f policy --prune"), @"
    $ nicelist plan -f policy --prune
    exit code: 0
    ----- stderr -----
    nothing to change (revision 1); 6 unchanged
    ");
    insta::assert_snapshot!(shell.run("export -f policy/"), @"
    $ nicelist export -f policy/
    exit code: 0
    ----- stderr -----
    nothing to change in policy/: 1 tag, 3 settings, 2 rules
    ");
}

#[test]
fn after_a_rollback_an_older_export_plans_to_nothing() {
    let (shell, _server) = with_policy();
    shell.run("export -f before.toml");
    shell.run("rule add block teamid:AAAAAAAAAA");
    shell.run("rule add block teamid:EQHXZ8M8AV");
    shell.run("settings unset client-mode");
    insta::assert_snapshot!(shell.run("export -f at.toml --at 1"), @"
    $ nicelist export -f at.toml --at 1
    exit code: 0
    ----- stderr -----
    wrote 1 file of at.toml: 1 tag, 3 settings, 2 rules
    ");
    let read = |name: &str| fs::read_to_string(shell.path(name)).unwrap();
    assert_eq!(read("at.toml"), read("before.toml"));
    assert!(shell.run("plan -f before.toml --prune").contains("exit code: 3"));
    shell.run("rollback 1 --yes");
    insta::assert_snapshot!(shell.run("plan -f before.toml --prune"), @"
    $ nicelist plan -f before.toml --prune
    exit code: 0
    ----- stderr -----
    nothing to change (revision 5); 6 unchanged
    ");
}

#[test]
fn a_folder_has_rules_in_tables_and_in_rows() {
    let (shell, _server) = with_server();
    folder(
        &shell,
        "policy",
        &[
            ("README.md", "Ask Anna.\n"),
            (".git/HEAD", "ref: x\n"),
            ("tags.toml", "[tags.canary]\n"),
            (
                "canary/rules.toml",
                "scope = \"tag:canary\"\nsource = \"git\"\n[[rules]]\ntarget = \"teamid:EQHXZ8M8AV\"\npolicy = \"allow\"\n",
            ),
            (
                "vendor.csv",
                "policy,target,comment\r\nblock,teamid:AAAAAAAAAA,one\r\nblock,teamid:BBBBBBBBBB,two\r\n",
            ),
        ],
    );
    insta::assert_snapshot!(shell.run("apply -f policy --prune --yes"), @"
    $ nicelist apply -f policy --prune --yes
    exit code: 0
    ----- stdout -----
    Tags
      + canary  priority 0

    Rules for fleet
      + teamid:AAAAAAAAAA  block  comment one
      + teamid:BBBBBBBBBB  block  comment two

    Rules for tag:canary
      + teamid:EQHXZ8M8AV  allow  source git
    ----- stderr -----
    revision 1: 4 added
    ");
    insta::assert_snapshot!(shell.run("export -f policy"), @"
    $ nicelist export -f policy
    exit code: 0
    ----- stderr -----
    nothing to change in policy: 1 tag, 0 settings, 3 rules
    ");
    shell.run("rule remove teamid:AAAAAAAAAA");
    shell.run("rule add allow teamid:EQHXZ8M8AV --scope tag:canary --comment mine");
    insta::assert_snapshot!(shell.run("export -f policy"), @"
    $ nicelist export -f policy
    exit code: 0
    ----- stderr -----
    wrote 2 files of policy: 1 tag, 0 settings, 2 rules
    ");
    let read = |name: &str| fs::read_to_string(shell.path("policy").join(name)).unwrap();
    insta::assert_snapshot!(read("canary/rules.toml"), @r#"
    scope = "tag:canary"
    source = "git"
    [[rules]]
    target = "teamid:EQHXZ8M8AV"
    policy = "allow"
    comment = "mine"
    source = ""
    "#);
    insta::assert_snapshot!(read("vendor.csv"), @"
    rule_type,identifier,policy,scope,cel,message,url,button_label,app_name,bundle_hash,bundle_binary_count,comment,ticket,source,expires
    teamid,BBBBBBBBBB,block,fleet,,,,,,,,two,,,
    ");
    insta::assert_snapshot!(shell.run("plan -f policy --prune"), @"
    $ nicelist plan -f policy --prune
    exit code: 0
    ----- stderr -----
    nothing to change (revision 3); 3 unchanged
    ");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_place() {
    let (shell, _server) = with_policy();
    folder(
        &shell,
        "policy",
        &[
            (
                "a.toml",
                "[tags.eng]\nprioritty = 1\nserials = \"C02\"\n\n[settings.\"tag:eng\"]\nevent-retention = \"30d\"\nclientmode = \"monitor\"\nbatch-size = 0\n\n[settings.desk]\n",
            ),
            (
                "b.toml",
                "[tags.eng]\n\n[[rules]]\ntarget = \"teamid:short\"\npolicy = \"allow\"\n\n[[rules]]\ntarget = \"teamid:EQHXZ8M8AV\"\npolicy = \"allow\"\nexpires = \"soon\"\nidentifier = 1\n\n[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"block\"\n",
            ),
            ("c.csv", "policy,target\nblock,teamid:AAAAAAAAAA\nallow,\n"),
            ("d.toml", "[[rules]\n"),
            ("notes.txt", "hello"),
        ],
    );
    insta::assert_snapshot!(shell.run("plan -f policy"), @"
    $ nicelist plan -f policy
    exit code: 5
    ----- stderr -----
    policy/a.toml:2:1: prioritty: is no key here; did you mean priority?
    policy/a.toml:3:11: serials: expected a list of strings, found string
    policy/a.toml:6:1: event-retention: is for the fleet as a whole, not for tag:eng
    policy/a.toml:7:1: clientmode: is no setting; did you mean client-mode?
    policy/a.toml:8:14: batch-size: `0` is not taken; expected a number from 1 to 1000
    policy/a.toml:10:11: settings: `desk` is no scope; expected fleet, group:NAME, tag:NAME, user:NAME or host:MACHINE_ID
    policy/b.toml:1:7: tag eng is there already, at a.toml:1:7
    policy/b.toml:4:10: target: `short` is no teamid identifier; expected 10 letters and digits
    policy/b.toml:10:11: expires: expected a time with its offset, as in [TIME], found string
    policy/b.toml:11:1: identifier: is no key here; there are target, policy, scope, cel, message, url, button_label, app_name, bundle_hash, bundle_binary_count, comment, ticket, source, expires
    policy/c.csv:2: teamid:AAAAAAAAAA for fleet is there already, at b.toml:13:1
    policy/c.csv:3: target: is missing
    policy/d.toml:1:9: unclosed array table, expected `]`
    policy/notes.txt: is no part of a manifest; only .toml, .csv and .tsv files are
    error: 14 faults; nothing was changed
    ");
    insta::assert_snapshot!(shell.run("apply -f policy --yes"), @"
    $ nicelist apply -f policy --yes
    exit code: 5
    ----- stderr -----
    policy/a.toml:2:1: prioritty: is no key here; did you mean priority?
    policy/a.toml:3:11: serials: expected a list of strings, found string
    policy/a.toml:6:1: event-retention: is for the fleet as a whole, not for tag:eng
    policy/a.toml:7:1: clientmode: is no setting; did you mean client-mode?
    policy/a.toml:8:14: batch-size: `0` is not taken; expected a number from 1 to 1000
    policy/a.toml:10:11: settings: `desk` is no scope; expected fleet, group:NAME, tag:NAME, user:NAME or host:MACHINE_ID
    policy/b.toml:1:7: tag eng is there already, at a.toml:1:7
    policy/b.toml:4:10: target: `short` is no teamid identifier; expected 10 letters and digits
    policy/b.toml:10:11: expires: expected a time with its offset, as in [TIME], found string
    policy/b.toml:11:1: identifier: is no key here; there are target, policy, scope, cel, message, url, button_label, app_name, bundle_hash, bundle_binary_count, comment, ticket, source, expires
    policy/c.csv:2: teamid:AAAAAAAAAA for fleet is there already, at b.toml:13:1
    policy/c.csv:3: target: is missing
    policy/d.toml:1:9: unclosed array table, expected `]`
    policy/notes.txt: is no part of a manifest; only .toml, .csv and .tsv files are
    error: 14 faults; nothing was changed
    ");
    insta::assert_snapshot!(shell.run("export -f policy"), @"
    $ nicelist export -f policy
    exit code: 5
    ----- stderr -----
    policy/a.toml:2:1: prioritty: is no key here; did you mean priority?
    policy/a.toml:3:11: serials: expected a list of strings, found string
    policy/a.toml:6:1: event-retention: is for the fleet as a whole, not for tag:eng
    policy/a.toml:7:1: clientmode: is no setting; did you mean client-mode?
    policy/a.toml:8:14: batch-size: `0` is not taken; expected a number from 1 to 1000
    policy/a.toml:10:11: settings: `desk` is no scope; expected fleet, group:NAME, tag:NAME, user:NAME or host:MACHINE_ID
    policy/b.toml:1:7: tag eng is there already, at a.toml:1:7
    policy/b.toml:4:10: target: `short` is no teamid identifier; expected 10 letters and digits
    policy/b.toml:10:11: expires: expected a time with its offset, as in [TIME], found string
    policy/b.toml:11:1: identifier: is no key here; there are target, policy, scope, cel, message, url, button_label, app_name, bundle_hash, bundle_binary_count, comment, ticket, source, expires
    policy/c.csv:2: teamid:AAAAAAAAAA for fleet is there already, at b.toml:13:1
    policy/c.csv:3: target: is missing
    policy/d.toml:1:9: unclosed array table, expected `]`
    policy/notes.txt: is no part of a manifest; only .toml, .csv and .tsv files are
    error: 14 faults; nothing was changed
    hint: only a manifest without faults is written into
    ");
    insta::assert_snapshot!(shell.run("history -o csv"), @r#"
    $ nicelist history -o csv
    exit code: 0
    ----- stdout -----
    revision,at,author,changes,message,rules_added,rules_changed,rules_removed,settings_added,settings_changed,settings_removed,tags_added,tags_changed,tags_removed,hosts
    1,[TIME],admin,"rules +2, settings +3, tags +1",first,2,0,0,3,0,0,1,0,0,0
    "#);
}

#[test]
fn what_only_the_server_knows_is_told_with_its_place() {
    let (shell, _server) = with_policy();
    shell.write("more.toml", "[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\"\n\n[[rules]]\ntarget = \"teamid:BBBBBBBBBB\"\npolicy = \"allow\"\nscope = \"tag:nobody\"\n\n[settings.\"tag:none\"]\nbatch-size = 5\n");
    insta::assert_snapshot!(shell.run("plan -f more.toml"), @"
    $ nicelist plan -f more.toml
    exit code: 5
    ----- stderr -----
    error: 2 things of the policy are not taken; nothing was changed
      more.toml:11:1: scope: there is no tag `none`
      more.toml:5:1: scope: there is no tag `nobody`
    hint: name the tag among the tags too, or make it first: nicelist tag create NAME
    ");
}

#[test]
fn byte_order_marks_and_line_ends_stay() {
    let (shell, _server) = with_policy();
    let windows = format!("\u{feff}{}", POLICY.replace('\n', "\r\n"));
    shell.write("policy.toml", &windows);
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    nothing to change (revision 1); 6 unchanged
    ");
    shell.run("export -f policy.toml");
    let read = || fs::read_to_string(shell.path("policy.toml")).unwrap();
    assert_eq!(read(), windows);
    shell.run("settings set client-mode=monitor");
    shell.run("rule remove teamid:EQHXZ8M8AV");
    shell.run("export -f policy.toml");
    let google = "# Google.\r\n[[rules]]\r\ntarget = \"teamid:EQHXZ8M8AV\"\r\npolicy = \"allow\" # signed\r\n\r\n";
    assert_eq!(read(), windows.replace("lockdown", "monitor").replace(google, ""));
}

#[test]
fn most_of_a_policy_does_not_go_by_accident() {
    let (shell, _server) = with_policy();
    shell.write("empty.toml", "# Nothing yet.\n");
    insta::assert_snapshot!(shell.run("apply -f empty.toml --prune --yes"), @"
    $ nicelist apply -f empty.toml --prune --yes
    exit code: 6
    ----- stderr -----
    error: --prune would end 6 of 6 in force
    hint: nicelist plan --prune shows them; --prune-most lets it
    ");
    shell.write("cut.toml", "");
    insta::assert_snapshot!(shell.run("apply -f cut.toml --prune --yes"), @"
    $ nicelist apply -f cut.toml --prune --yes
    exit code: 5
    ----- stderr -----
    cut.toml:1:1: is empty
    error: 1 fault; nothing was changed
    ");
    insta::assert_snapshot!(shell.run("apply -f empty.toml --prune --prune-most --yes"), @"
    $ nicelist apply -f empty.toml --prune --prune-most --yes
    exit code: 0
    ----- stdout -----
    Tags
      - eng  priority 10  host names eng-*

    Settings for fleet
      - client-mode  lockdown
      - enable-bundles  true

    Settings for tag:eng
      - client-mode  monitor

    Rules for fleet
      - teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      - signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    revision 2: 6 removed
    ");
    shell.run("export -f policy.toml");
    insta::assert_snapshot!(fs::read_to_string(shell.path("policy.toml")).unwrap(), @"
    # Our policy. Ask Anna.

    # Whom we trust.
    ");
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    nothing to change (revision 2)
    ");
}

#[test]
fn what_is_no_manifest_is_not_overwritten() {
    let (shell, _server) = with_policy();
    shell.write("rules.csv", "policy,target\n");
    shell.write("Cargo.toml", "[package]\nname = \"x\"\n");
    folder(&shell, "photos", &[("a.jpg", "x")]);
    for (line, name) in
        [("rules.csv", "rules.csv"), ("Cargo.toml", "Cargo.toml"), ("photos", "photos/a.jpg")]
    {
        let before = fs::read(shell.path(name)).unwrap();
        let told = shell.run(&format!("export -f {line}"));
        assert!(!told.contains("exit code: 0"), "{told}");
        assert_eq!(fs::read(shell.path(name)).unwrap(), before);
    }
    insta::assert_snapshot!(shell.run("export -f rules.csv"), @"
    $ nicelist export -f rules.csv
    exit code: 2
    ----- stderr -----
    error: rules.csv is no manifest; nothing was written
    hint: name a .toml file or a folder; nicelist rule export writes other formats
    ");
    insta::assert_snapshot!(shell.run("export -f Cargo.toml"), @"
    $ nicelist export -f Cargo.toml
    exit code: 5
    ----- stderr -----
    Cargo.toml:1:2: package: is no key here; there are scope, source, tags, settings, rules
    error: 1 fault; nothing was changed
    hint: only a manifest without faults is written into
    ");
    insta::assert_snapshot!(shell.run("export -f photos"), @"
    $ nicelist export -f photos
    exit code: 5
    ----- stderr -----
    photos/a.jpg: is no part of a manifest; only .toml, .csv and .tsv files are
    error: 1 fault; nothing was changed
    hint: only a manifest without faults is written into
    ");
    insta::assert_snapshot!(shell.run("plan -f nowhere.toml"), @"
    $ nicelist plan -f nowhere.toml
    exit code: 1
    ----- stderr -----
    error: cannot read nowhere.toml
      No such file or directory (os error 2)
    ");
}

#[test]
fn hosts_may_be_named_as_people_name_them() {
    let (shell, server) = with_server();
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state m.json --machine-id M-1 --hostname annas-mac --no-backoff"
    ));
    shell.write("host.toml", "[[rules]]\ntarget = \"teamid:EQHXZ8M8AV\"\npolicy = \"allow\"\nscope = \"host:annas-mac\"\n\n[settings.\"host:annas-mac\"]\nbatch-size = 5\n");
    insta::assert_snapshot!(shell.run("plan -f host.toml"), @"
    $ nicelist plan -f host.toml
    exit code: 3
    ----- stdout -----
    Settings for host:M-1
      + batch-size  5

    Rules for host:M-1
      + teamid:EQHXZ8M8AV  allow
    ----- stderr -----
    Plan: 2 to add
    hint: nicelist apply -f host.toml --base 0 applies exactly this
    ");
}

#[test]
fn whoever_may_read_may_plan_and_export_but_not_apply() {
    let (mut shell, _server) = with_policy();
    let token = shell.json("token create reader --role viewer");
    shell.set("NICELIST_TOKEN", token["secret"].as_str().unwrap());
    shell.write("policy.toml", &POLICY.replace("lockdown", "monitor"));
    assert!(shell.run("plan -f policy.toml").contains("exit code: 3"));
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes"), @"
    $ nicelist apply -f policy.toml --yes
    exit code: 4
    ----- stderr -----
    error: token `reader` has role viewer; this needs editor
    ");
    insta::assert_snapshot!(shell.run("export -f policy.toml"), @"
    $ nicelist export -f policy.toml
    exit code: 0
    ----- stderr -----
    wrote 1 file of policy.toml: 1 tag, 3 settings, 2 rules
    ");
    assert_eq!(fs::read_to_string(shell.path("policy.toml")).unwrap(), POLICY);
}
