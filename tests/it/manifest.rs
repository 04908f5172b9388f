//! A policy in files: plan, apply, export and rollback.

use crate::shell::Shell;

const POLICY: &str = r#"# Owned by the client platform team.
[tags.canary]
priority = 10
hostnames = ["lab-*"]

[settings.fleet]
client-mode = "monitor"

[settings."tag:canary"]
client-mode = "lockdown"

[[rules]]
target = "teamid:EQHXZ8M8AV"   # Google
policy = "allow"

[[rules]]
target = "signingid:platform:com.apple.osascript"
policy = "block"
scope = "tag:canary"
message = "Ask the help desk"
"#;

fn shell() -> Shell {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.run("tag create other");
    shell.run("rule add block teamid:OOOOOOOOOO --scope tag:other");
    shell.write("policy.toml", POLICY);
    shell
}

fn read(shell: &Shell, name: &str) -> String {
    std::fs::read_to_string(shell.path(name)).unwrap()
}

#[test]
fn a_policy_is_planned_applied_and_then_unchanged() {
    let shell = shell();
    insta::assert_snapshot!(shell.run("plan -f policy.toml"), @"
    $ nicelist plan -f policy.toml
    exit code: 3
    ----- stdout -----
    Tags
      + canary  priority 10  host names lab-*

    Settings for fleet
      + client-mode  monitor

    Settings for tag:canary
      + client-mode  lockdown

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:canary
      + signingid:platform:com.apple.osascript  block  message Ask the help desk
    ----- stderr -----
    Plan: 5 to add
    hint: to apply exactly this plan: nicelist apply -f policy.toml --base 2 --yes
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml"), @"
    $ nicelist apply -f policy.toml
    exit code: 2
    ----- stdout -----
    Tags
      + canary  priority 10  host names lab-*

    Settings for fleet
      + client-mode  monitor

    Settings for tag:canary
      + client-mode  lockdown

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:canary
      + signingid:platform:com.apple.osascript  block  message Ask the help desk
    ----- stderr -----
    Plan: 5 to add
    error: not confirmed: Apply these changes to sqlite:a.db?
    hint: to confirm without a prompt: nicelist apply -f policy.toml --yes
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes -m first"), @"
    $ nicelist apply -f policy.toml --yes -m first
    exit code: 0
    ----- stdout -----
    Tags
      + canary  priority 10  host names lab-*

    Settings for fleet
      + client-mode  monitor

    Settings for tag:canary
      + client-mode  lockdown

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:canary
      + signingid:platform:com.apple.osascript  block  message Ask the help desk
    ----- stderr -----
    revision 3: 5 added
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes"), @"
    $ nicelist apply -f policy.toml --yes
    exit code: 0
    ----- stderr -----
    no changes (revision 3); 5 unchanged
    ");
    insta::assert_snapshot!(shell.run("plan -f policy.toml"), @"
    $ nicelist plan -f policy.toml
    exit code: 0
    ----- stderr -----
    no changes (revision 3); 5 unchanged
    ");
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 3
    ----- stdout -----
    Tags
      - other  priority 0

    Rules for tag:other
      - teamid:OOOOOOOOOO  block
    ----- stderr -----
    Plan: 2 to remove; 5 unchanged
    hint: to apply exactly this plan: nicelist apply -f policy.toml --prune --base 3 --yes
    ");
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune -o json"), @r#"
    $ nicelist plan -f policy.toml --prune -o json
    exit code: 3
    ----- stdout -----
    {
      "revision": 3,
      "changed": false,
      "unchanged": 5,
      "changes": [
        {
          "outcome": "removed",
          "kind": "tag",
          "name": "other",
          "before": {
            "name": "other",
            "priority": 0
          }
        },
        {
          "outcome": "removed",
          "kind": "rule",
          "target": "teamid:OOOOOOOOOO",
          "scope": "tag:other",
          "before": {
            "target": "teamid:OOOOOOOOOO",
            "policy": "block",
            "scope": "tag:other"
          }
        }
      ]
    }
    ----- stderr -----
    Plan: 2 to remove; 5 unchanged
    hint: to apply exactly this plan: nicelist apply -f policy.toml --prune --base 3 --yes
    "#);
    insta::assert_snapshot!(shell.run("apply -f policy.toml --prune --dry-run"), @"
    $ nicelist apply -f policy.toml --prune --dry-run
    exit code: 0
    ----- stdout -----
    Tags
      - other  priority 0

    Rules for tag:other
      - teamid:OOOOOOOOOO  block
    ----- stderr -----
    Plan: 2 to remove; 5 unchanged
    dry run: nothing was changed (revision 3)
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --prune --yes"), @"
    $ nicelist apply -f policy.toml --prune --yes
    exit code: 0
    ----- stdout -----
    Tags
      - other  priority 0

    Rules for tag:other
      - teamid:OOOOOOOOOO  block
    ----- stderr -----
    revision 4: 2 removed; 5 unchanged
    ");
}

#[test]
fn an_exported_manifest_plans_to_no_changes_and_keeps_comments() {
    let shell = shell();
    shell.run("apply -f policy.toml --yes");
    insta::assert_snapshot!(shell.run("export -f folder"), @"
    $ nicelist export -f folder
    exit code: 0
    ----- stderr -----
    wrote 3 files of folder: 2 tags, 2 settings, 3 rules
    ");
    insta::assert_snapshot!(read(&shell, "folder/rules.toml"), @r#"
    # [[rules]]: the rules.

    [[rules]]
    target = "teamid:EQHXZ8M8AV"
    policy = "allow"

    [[rules]]
    target = "signingid:platform:com.apple.osascript"
    policy = "block"
    scope = "tag:canary"
    message = "Ask the help desk"

    [[rules]]
    target = "teamid:OOOOOOOOOO"
    policy = "block"
    scope = "tag:other"
    "#);
    insta::assert_snapshot!(shell.run("plan -f folder --prune"), @"
    $ nicelist plan -f folder --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 3); 7 unchanged
    ");
    shell.run("export -f whole.toml");
    shell.run("rule export -f rules.csv");
    for path in ["folder", "whole.toml", "rules.csv"] {
        let planned = shell.run(&format!("plan -f {path}"));
        assert!(planned.contains("exit code: 0"), "{planned}");
    }

    shell.run("rule remove teamid:OOOOOOOOOO --scope tag:other");
    shell.run("tag delete other");
    insta::assert_snapshot!(shell.run("export -f policy.toml"), @"
    $ nicelist export -f policy.toml
    exit code: 0
    ----- stderr -----
    no changes to policy.toml: 1 tag, 2 settings, 2 rules
    ");
    assert_eq!(read(&shell, "policy.toml"), POLICY);
    shell.run("rule add allow teamid:EQHXZ8M8AV --ticket IT-9");
    shell.run("export -f policy.toml");
    assert!(
        read(&shell, "policy.toml")
            .contains("\"teamid:EQHXZ8M8AV\"   # Google\npolicy = \"allow\"\nticket = \"IT-9\"\n")
    );
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 6); 5 unchanged
    ");
}

#[test]
fn a_rollback_brings_back_what_was_exported_before() {
    let shell = shell();
    shell.run("apply -f policy.toml --yes");
    let before = shell.json("history")[0]["revision"].as_u64().unwrap();
    shell.run("export -f before");
    shell.run("rule remove teamid:EQHXZ8M8AV");
    shell.run("settings set client-mode=lockdown");
    shell.run("tag create canary --priority 3 --no-members");
    insta::assert_snapshot!(shell.run("plan -f before --prune"), @"
    $ nicelist plan -f before --prune
    exit code: 3
    ----- stdout -----
    Tags
      ~ canary  priority 3 → 10  host names + lab-*

    Settings for fleet
      ~ client-mode  lockdown → monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow
    ----- stderr -----
    Plan: 1 to add, 2 to change; 4 unchanged
    hint: to apply exactly this plan: nicelist apply -f before --prune --base 6 --yes
    ");
    shell.run(&format!("rollback {before} --yes"));
    insta::assert_snapshot!(shell.run("plan -f before --prune"), @"
    $ nicelist plan -f before --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 7); 7 unchanged
    ");
}

#[test]
fn an_outdated_plan_is_refused_with_the_difference() {
    let shell = shell();
    let planned = shell.json("history")[0]["revision"].as_u64().unwrap();
    shell.run("rule add allow teamid:EQHXZ8M8AV");
    let base = format!("apply -f policy.toml --yes --base {planned}");
    insta::assert_snapshot!(shell.run(&base), @"
    $ nicelist apply -f policy.toml --yes --base 2
    exit code: 7
    ----- stdout -----
    Tags
      + canary  priority 10  host names lab-*

    Settings for fleet
      + client-mode  monitor

    Settings for tag:canary
      + client-mode  lockdown

    Rules for tag:canary
      + signingid:platform:com.apple.osascript  block  message Ask the help desk
    ----- stderr -----
    Plan: 4 to add; 1 unchanged
    error: the policy changed: this change was planned on revision 2, but the newest revision is 3
    hint: review the newer changes, then plan again: nicelist history
    ");
}

#[test]
fn files_with_faults_change_nothing_and_are_reported_with_lines() {
    let shell = shell();
    std::fs::create_dir(shell.path("folder")).unwrap();
    shell.write(
        "folder/a.toml",
        "\u{feff}[[rules]]\r\ntarget = \"teamid:SHORT\"\r\npolicy = \"allow\"\r\n",
    );
    shell.write("folder/b.toml", "[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\"\n[[rules]]\ntarget = \"teamid:aaaaaaaaaa\"\npolicy = \"block\"\n");
    shell.write("folder/c.csv", "target,policy\nteamid:AAAAAAAAAA,block\n");
    shell.write("folder/rules.csv.bak", "x");
    shell.write("folder/README.md", "x");
    insta::assert_snapshot!(shell.run("plan -f folder"), @"
    $ nicelist plan -f folder
    exit code: 5
    ----- stderr -----
    folder/a.toml:2:10: target: invalid teamid identifier `SHORT`: expected 10 letters and digits
    folder/b.toml:4:1: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at b.toml:1:1
    folder/c.csv:2: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at b.toml:1:1
    folder/rules.csv.bak: is not part of a manifest; only .toml, .csv and .tsv files are allowed
    error: found 4 errors; nothing was changed
    ");
    insta::assert_snapshot!(shell.run("apply -f folder --yes"), @"
    $ nicelist apply -f folder --yes
    exit code: 5
    ----- stderr -----
    folder/a.toml:2:10: target: invalid teamid identifier `SHORT`: expected 10 letters and digits
    folder/b.toml:4:1: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at b.toml:1:1
    folder/c.csv:2: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at b.toml:1:1
    folder/rules.csv.bak: is not part of a manifest; only .toml, .csv and .tsv files are allowed
    error: found 4 errors; nothing was changed
    ");
    insta::assert_snapshot!(shell.run("export -f folder"), @"
    $ nicelist export -f folder
    exit code: 5
    ----- stderr -----
    folder/a.toml:2:10: target: invalid teamid identifier `SHORT`: expected 10 letters and digits
    folder/b.toml:4:1: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at b.toml:1:1
    folder/c.csv:2: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at b.toml:1:1
    folder/rules.csv.bak: is not part of a manifest; only .toml, .csv and .tsv files are allowed
    error: found 4 errors; nothing was changed
    hint: fix the manifest first; export updates only valid manifests
    ");
    shell.write("tagless.toml", "[settings.\"tag:nowhere\"]\nclient-mode = \"lockdown\"\n[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\"\nscope = \"tag:cannary\"\n");
    insta::assert_snapshot!(shell.run("plan -f tagless.toml"), @"
    $ nicelist plan -f tagless.toml
    exit code: 5
    ----- stderr -----
    error: 2 items of the policy are invalid; nothing was changed
      tagless.toml:2:1: scope: tag `nowhere` not found
      tagless.toml:3:1: scope: tag `cannary` not found
    hint: add the tag to the policy, or create it first: nicelist tag create nowhere
    ");
    insta::assert_snapshot!(shell.run("plan -f nothing.toml"), @"
    $ nicelist plan -f nothing.toml
    exit code: 1
    ----- stderr -----
    error: cannot read nothing.toml
      No such file or directory (os error 2)
    ");
    assert_eq!(shell.json("history").as_array().unwrap().len(), 2);
}

#[test]
fn an_empty_manifest_deletes_everything_only_with_a_flag() {
    let shell = shell();
    shell.run("apply -f policy.toml --yes");
    shell.write("empty.toml", "rules = []\n");
    insta::assert_snapshot!(shell.run("apply -f empty.toml --prune --yes"), @"
    $ nicelist apply -f empty.toml --prune --yes
    exit code: 6
    ----- stderr -----
    error: --prune would remove 7 of 7 active items
    hint: to list them: nicelist plan -f empty.toml --prune
    hint: to remove them: nicelist apply -f empty.toml --prune --prune-most --yes
    ");
    insta::assert_snapshot!(shell.run("apply -f empty.toml --prune --prune-most --yes"), @"
    $ nicelist apply -f empty.toml --prune --prune-most --yes
    exit code: 0
    ----- stdout -----
    Tags
      - canary  priority 10  host names lab-*
      - other  priority 0

    Settings for fleet
      - client-mode  monitor

    Settings for tag:canary
      - client-mode  lockdown

    Rules for fleet
      - teamid:EQHXZ8M8AV  allow

    Rules for tag:canary
      - signingid:platform:com.apple.osascript  block  message Ask the help desk

    Rules for tag:other
      - teamid:OOOOOOOOOO  block
    ----- stderr -----
    revision 4: 7 removed
    ");
}

#[test]
fn a_folder_of_moroz_is_a_policy() {
    let shell = Shell::new();
    std::fs::create_dir(shell.path("moroz")).unwrap();
    shell.write("moroz/global.toml", "client_mode = \"LOCKDOWN\"\n[[rules]]\nrule_type = \"TEAMID\"\npolicy = \"ALLOWLIST\"\nidentifier = \"AAAAAAAAAA\"\n");
    insta::assert_snapshot!(shell.run("rule convert moroz policy.toml"), @"
    $ nicelist rule convert moroz policy.toml
    exit code: 0
    ----- stderr -----
    wrote 1 rule to policy.toml (moroz to toml)
    ");
    insta::assert_snapshot!(read(&shell, "policy.toml"), @r#"
    [settings.fleet]
    client-mode = "lockdown"

    [[rules]]
    target = "teamid:AAAAAAAAAA"
    policy = "allow"
    "#);
    insta::assert_snapshot!(shell.run("plan -f moroz --database sqlite:a.db"), @"
    $ nicelist plan -f moroz --database sqlite:a.db
    exit code: 3
    ----- stdout -----
    Settings for fleet
      + client-mode  lockdown

    Rules for fleet
      + teamid:AAAAAAAAAA  allow
    ----- stderr -----
    Plan: 2 to add
    hint: to apply exactly this plan: nicelist apply -f moroz --base 0 --yes
    ");
}
