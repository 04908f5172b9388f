//! Mistakes in the commands of a rollout script.

use serde_json::json;

use crate::desk::with_two_macs;
use crate::shell::{Server, Shell};

const TEAM: &str = "teamid:EQHXZ8M8AV";

/// A server with the tag `pilot`, which the host joe has, and a rule for it.
fn with_pilot() -> (Shell, Server) {
    let (shell, server) = with_two_macs();
    shell.run("tag create pilot --priority 50 --description First");
    shell.run("host tag joe pilot");
    shell.run(&format!("rule add allow {TEAM} --scope tag:pilot"));
    (shell, server)
}

#[test]
fn a_rule_of_another_scope_is_not_removed_from_fleet() {
    let (shell, _server) = with_pilot();
    for line in ["rule remove", "rule remove --dry-run"] {
        let refused = shell.run(&format!("{line} {TEAM} {TEAM}"));
        assert!(refused.contains("exit code: 1"), "{refused}");
    }
    let refused = shell.run(&format!("rule remove {TEAM}"));
    let error = format!("error: no rule for {TEAM} in fleet; it has rules in tag:pilot\n");
    let hint = format!("hint: nicelist rule remove {TEAM} --scope tag:pilot\n");
    assert!(refused.contains(&error) && refused.contains(&hint), "{refused}");

    shell.run(&format!("rule add block {TEAM}"));
    let removed = shell.run(&format!("rule remove {TEAM} {TEAM}"));
    assert!(removed.contains("exit code: 0"), "{removed}");
    let note = format!("{TEAM} still has rules in tag:pilot\n");
    assert_eq!(removed.matches(&note).count(), 1, "{removed}");
    assert_eq!(shell.json(&format!("rule list --target {TEAM}")).as_array().unwrap().len(), 1);
}

#[test]
fn removing_a_rule_that_exists_nowhere_changes_nothing() {
    let (shell, _server) = with_pilot();
    for line in ["rule remove teamid:AAAAAAAAAA", "rule remove teamid:EQHXZ8M8AV --scope fleet"] {
        let shown = shell.run(line);
        assert!(shown.contains("exit code: 0") && shown.contains("unchanged"), "{shown}");
    }
}

#[test]
fn fields_of_a_tag_that_are_not_given_are_kept() {
    let (shell, _server) = with_pilot();
    let shown = shell.run("tag create pilot");
    assert!(shown.contains("unchanged  tag pilot"), "{shown}");
    let shown = shell.run("tag create pilot --priority 0 --dry-run");
    assert!(shown.contains("changed  tag pilot\n") && shown.contains("priority 50 → 0"), "{shown}");
    let shown = shell.run("tag create pilot --user anna --description=");
    assert!(shown.contains("description First → none"), "{shown}");
    assert!(shown.contains("users none → anna"), "{shown}");
    let tags = shell.json("tag list");
    let pilot = tags.as_array().unwrap().iter().find(|tag| tag["name"] == "pilot").unwrap();
    let expected = json!({"name": "pilot", "priority": 50, "membership": {"users": ["anna"]}});
    assert_eq!(*pilot, expected);
}

#[test]
fn a_plan_that_deletes_a_tag_counts_the_hosts_that_lose_it() {
    let (shell, _server) = with_pilot();
    let base = shell.json("history")[0]["revision"].as_u64().unwrap();
    let before_tag = base - 3;
    let shown = shell.run(&format!("rollback {before_tag}"));
    let lost = "(1 host loses it; a later rollback does not restore this)";
    let item = format!("- pilot  priority 50  description First  {lost}\n");
    assert!(shown.contains(&item), "{shown}");
    let question = format!(
        "Roll back to revision {before_tag}? 1 host loses the tag pilot, and a later rollback does \
         not restore this."
    );
    assert!(shown.contains(&question), "{shown}");
    shell.write("empty.toml", "# Nothing.\n");
    let shown = shell.run("plan -f empty.toml --prune");
    assert!(shown.contains(lost), "{shown}");
    let plan = shell.run("plan -f empty.toml --prune -o json");
    assert!(plan.contains("\"hosts\": 1"), "{plan}");
}

#[test]
fn an_unknown_tag_in_a_filter_is_an_error() {
    let (shell, _server) = with_pilot();
    for line in [
        "host list --tag pilott",
        "rule list --scope tag:pilott",
        "rule export --scope tag:pilott",
        "program list --tag pilott",
    ] {
        let shown = shell.run(line);
        assert!(shown.contains("exit code: 1"), "{shown}");
        assert!(shown.contains("error: tag `pilott` not found\n"), "{shown}");
        assert!(shown.contains("hint: did you mean `pilot`?\n"), "{shown}");
    }
    let revision = shell.json("history")[0]["revision"].as_u64().unwrap();
    shell.run("tag delete pilot --force --yes");
    let shown = shell.run(&format!("rule list --scope tag:pilot --at {revision}"));
    assert!(shown.contains("exit code: 0") && shown.contains(TEAM), "{shown}");
    assert_eq!(shell.json("rule list --scope host:nobody"), json!([]));
}

#[test]
fn an_unknown_tag_in_a_manifest_is_reported_with_its_place() {
    let (shell, _server) = with_pilot();
    let rule = "[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\"\n";
    shell.write("ring.toml", &format!("{rule}scope = \"tag:ring1\"\n"));
    insta::assert_snapshot!(shell.run("plan -f ring.toml"), @"
    $ nicelist plan -f ring.toml
    exit code: 5
    ----- stderr -----
    error: the policy is invalid: ring.toml:1:1: scope: tag `ring1` not found
    hint: add the tag to the policy, or create it first: nicelist tag create ring1
    ");
}

#[test]
fn columns_have_the_names_in_the_headings_of_the_table() {
    let (shell, _server) = with_pilot();
    let table = |line: &str| shell.run(line).split_once("----- stdout -----").unwrap().1.to_owned();
    for (named, headed) in [
        (
            "host list --columns machine,due --sort due",
            "host list --columns MACHINE,PENDING --sort pending",
        ),
        ("event list --waiting --columns latest", "event list --waiting --columns Event"),
    ] {
        assert_eq!(table(named), table(headed));
    }
}

#[test]
fn an_export_is_not_filtered() {
    let (shell, _server) = with_pilot();
    let shown = shell.run("export -f - --jq .rules");
    assert!(shown.contains("exit code: 2"), "{shown}");
    assert!(shown.contains("error: --jq requires JSON output, but export writes TOML"), "{shown}");
}
