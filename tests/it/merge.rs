//! Changes of a rule: which fields are kept or reset, and how the differences are shown.

use serde_json::{Value, json};

use crate::shell::{Server, Shell};
use crate::world::World;

const TEAM: &str = "teamid:H3ZC9YV6RK";

fn served() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    (shell, server)
}

fn rules(shell: &Shell) -> Value {
    let mut rules = shell.json("rule list");
    for rule in rules.as_array_mut().unwrap() {
        let rule = rule.as_object_mut().unwrap();
        rule.retain(|key, _| !["revision", "author", "since", "needs"].contains(&key.as_str()));
    }
    rules
}

#[test]
fn m3_flags_that_are_omitted_keep_the_current_values() {
    let (shell, _server) = served();
    let first = format!(
        "rule add block {TEAM} --comment why --ticket IT-1 --source desk --expires 2099-01-31T00:00:00Z"
    );
    shell.run(&first);
    let before = rules(&shell);
    insta::assert_snapshot!(shell.run(&format!("rule add block {TEAM}")), @"
    $ nicelist rule add block teamid:H3ZC9YV6RK
    exit code: 0
    ----- stdout -----
    unchanged  block teamid:H3ZC9YV6RK in fleet
    ----- stderr -----
    no changes (revision 1)
    ");
    assert_eq!(rules(&shell), before);

    insta::assert_snapshot!(shell.run(&format!("rule add block {TEAM} --ticket IT-2 --dry-run")), @"
    $ nicelist rule add block teamid:H3ZC9YV6RK --ticket IT-2 --dry-run
    exit code: 0
    ----- stdout -----
    changed  block teamid:H3ZC9YV6RK in fleet
               ticket IT-1 → IT-2
    ----- stderr -----
    dry run: nothing was changed (revision 1)
    ");
    assert_eq!(rules(&shell), before, "a dry run changes nothing");
    let change = format!("rule add block {TEAM} --ticket IT-2 --comment= --expires never");
    insta::assert_snapshot!(shell.run(&change), @"
    $ nicelist rule add block teamid:H3ZC9YV6RK --ticket IT-2 --comment= --expires never
    exit code: 0
    ----- stdout -----
    changed  block teamid:H3ZC9YV6RK in fleet
               expires [TIME] → none
               comment why → none
               ticket IT-1 → IT-2
    ----- stderr -----
    revision 2
    ");
    insta::assert_snapshot!(shell.run(&change), @"
    $ nicelist rule add block teamid:H3ZC9YV6RK --ticket IT-2 --comment= --expires never
    exit code: 0
    ----- stdout -----
    unchanged  block teamid:H3ZC9YV6RK in fleet
    ----- stderr -----
    no changes (revision 2)
    ");
    assert_eq!(
        rules(&shell)[0],
        json!({"target": TEAM, "policy": "block", "scope": "fleet", "ticket": "IT-2", "source": "desk"})
    );
}

#[test]
fn m3_another_policy_and_replace_reset_the_other_fields() {
    let (shell, _server) = served();
    let first =
        format!("rule add block {TEAM} --comment why --ticket IT-1 --expires 2099-01-31T00:00:00Z");
    shell.run(&first);
    insta::assert_snapshot!(shell.run(&format!("rule add allow {TEAM}")), @"
    $ nicelist rule add allow teamid:H3ZC9YV6RK
    exit code: 0
    ----- stdout -----
    changed  allow teamid:H3ZC9YV6RK in fleet
               policy block → allow
               expires [TIME] → none
               comment why → none
               ticket IT-1 → none
    ----- stderr -----
    revision 2
    ");
    shell.run(&first);
    insta::assert_snapshot!(shell.run(&format!("rule add block {TEAM} --ticket IT-1 --replace")), @"
    $ nicelist rule add block teamid:H3ZC9YV6RK --ticket IT-1 --replace
    exit code: 0
    ----- stdout -----
    changed  block teamid:H3ZC9YV6RK in fleet
               expires [TIME] → none
               comment why → none
    ----- stderr -----
    revision 4
    ");
    let answer = shell.json(&format!("rule add block {TEAM} --ticket IT-3"));
    assert_eq!(
        answer["differences"],
        json!([{"edit": 0, "fields": [{"field": "ticket", "before": "IT-1", "after": "IT-3"}]}])
    );
    insta::assert_snapshot!(shell.run(&format!("rule add block {TEAM} --ticket IT-4 -o csv")), @"
    $ nicelist rule add block teamid:H3ZC9YV6RK --ticket IT-4 -o csv
    exit code: 0
    ----- stdout -----
    outcome,change,fields
    changed,block teamid:H3ZC9YV6RK in fleet,ticket: IT-3 → IT-4
    ----- stderr -----
    revision 6
    ");
    insta::assert_snapshot!(shell.run(&format!("rule remove {TEAM}")), @"
    $ nicelist rule remove teamid:H3ZC9YV6RK
    exit code: 0
    ----- stdout -----
    removed  teamid:H3ZC9YV6RK in fleet
               policy block
               ticket IT-4
    ----- stderr -----
    revision 7
    ");
    insta::assert_snapshot!(shell.run(&format!("rule remove {TEAM}")), @"
    $ nicelist rule remove teamid:H3ZC9YV6RK
    exit code: 0
    ----- stdout -----
    unchanged  teamid:H3ZC9YV6RK in fleet
    ----- stderr -----
    no changes (revision 7)
    ");
}

#[test]
fn m3_a_duration_given_twice_changes_nothing() {
    let (shell, _server) = served();
    let line = format!("rule add allow {TEAM} --expires 24h");
    shell.run(&line);
    insta::assert_snapshot!(shell.run(&line), @"
    $ nicelist rule add allow teamid:H3ZC9YV6RK --expires 24h
    exit code: 0
    ----- stdout -----
    unchanged  allow teamid:H3ZC9YV6RK in fleet
    ----- stderr -----
    no changes (revision 1)
    ");
    let longer = shell.json(&format!("rule add allow {TEAM} --expires 7d"));
    assert_eq!(longer["outcomes"], json!(["changed"]));
}

#[test]
fn m3_in_csv_a_missing_column_keeps_and_an_empty_cell_erases() {
    let (shell, _server) = served();
    shell.run(&format!("rule add block {TEAM} --comment why --ticket IT-1"));
    shell.run("rule add block teamid:AAAAAAAAAA --comment why");
    let rows = format!(
        "target,policy,ticket\n{TEAM},block,\nteamid:AAAAAAAAAA,block,IT-9\nteamid:BBBBBBBBBB,allow,\n"
    );
    shell.write("rules.csv", &rows);
    insta::assert_snapshot!(shell.run("rule import rules.csv --dry-run"), @"
    $ nicelist rule import rules.csv --dry-run
    exit code: 0
    ----- stdout -----
    Rules for fleet
      ~ teamid:H3ZC9YV6RK  ticket IT-1 → none
      ~ teamid:AAAAAAAAAA  ticket none → IT-9
      + teamid:BBBBBBBBBB  policy allow
    ----- stderr -----
    dry run: added 1, changed 2, unchanged 0 (revision 2)
    ");
    insta::assert_snapshot!(shell.run("rule import rules.csv"), @"
    $ nicelist rule import rules.csv
    exit code: 0
    ----- stdout -----
    Rules for fleet
      ~ teamid:H3ZC9YV6RK  ticket IT-1 → none
      ~ teamid:AAAAAAAAAA  ticket none → IT-9
    ----- stderr -----
    added 1, changed 2, unchanged 0 (revision 3)
    ");
    insta::assert_snapshot!(shell.run("rule import rules.csv"), @"
    $ nicelist rule import rules.csv
    exit code: 0
    ----- stderr -----
    added 0, changed 0, unchanged 3 (revision 3)
    ");
    let of_team = &shell.json(&format!("rule list --target {TEAM}"))[0];
    assert_eq!((&of_team["comment"], &of_team["ticket"]), (&json!("why"), &Value::Null));

    shell.write("keys.jsonl", &format!("{{\"target\":\"{TEAM}\",\"policy\":\"block\"}}\n"));
    insta::assert_snapshot!(shell.run("rule import keys.jsonl"), @"
    $ nicelist rule import keys.jsonl
    exit code: 0
    ----- stderr -----
    added 0, changed 0, unchanged 1 (revision 3)
    ");
    let replaced = shell.json("rule import keys.jsonl --replace");
    assert_eq!(
        replaced["changes"],
        json!([{"outcome": "changed", "target": TEAM, "scope": "fleet",
                "fields": [{"field": "comment", "before": "why"}]}])
    );
}

#[test]
fn m3_a_long_import_is_summarized_and_complete_in_json() {
    let (shell, _server) = served();
    let file = |comment: &str| {
        let rows = (0..50).map(|number| format!("teamid:{number:010},block,{comment}\n"));
        format!("target,policy,comment\n{}", rows.collect::<String>())
    };
    shell.write("rules.csv", &file("old"));
    shell.run("rule import rules.csv");
    shell.write("rules.csv", &file("new"));
    let shown = shell.run("rule import rules.csv --dry-run");
    assert_eq!(shown.matches("old → new").count(), 20, "{shown}");
    assert!(shown.contains("… and 30 more"), "{shown}");
    let all = shell.json("rule import rules.csv --dry-run");
    assert_eq!(all["changes"].as_array().unwrap().len(), 50);
    shell.run("rule import rules.csv --source file");
    shell.write("rules.csv", "target,policy\nteamid:0000000000,block\n");
    let pruned = shell.json("rule import rules.csv --source file --prune");
    let removed = pruned["changes"].as_array().unwrap();
    assert_eq!(removed.len(), 49);
    assert_eq!(removed[0]["fields"][0], json!({"field": "policy", "before": "block"}));
}

#[test]
fn m3_a_manifest_is_complete() {
    let (shell, _server) = served();
    shell.run(&format!("rule add block {TEAM} --comment why --ticket IT-1"));
    let rule = format!("[[rules]]\ntarget = \"{TEAM}\"\npolicy = \"block\"\nticket = \"IT-1\"\n");
    shell.write("policy.toml", &rule);
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes"), @"
    $ nicelist apply -f policy.toml --yes
    exit code: 0
    ----- stdout -----
    Rules for fleet
      ~ teamid:H3ZC9YV6RK  comment why → none
    ----- stderr -----
    revision 2: 1 changed
    ");
    assert_eq!(rules(&shell)[0]["comment"], Value::Null);
}

#[tokio::test]
async fn m3_the_api_distinguishes_absent_from_empty() {
    let world = World::new().await;
    let put = async |more: Value| {
        let mut rule = json!({"target": TEAM, "policy": "block"});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.post("/rules", json!({"put": [rule]})).await["outcomes"][0].clone()
    };
    assert_eq!(put(json!({"comment": "why", "ticket": "IT-1", "url": "u"})).await, "added");
    assert_eq!(put(json!({})).await, "unchanged");
    assert_eq!(put(json!({"comment": null, "ticket": ""})).await, "changed");
    let stored = &world.get("/rules").await["items"][0];
    assert_eq!((&stored["comment"], &stored["ticket"]), (&Value::Null, &Value::Null));
    assert_eq!(stored["url"], "u");
    let put = json!([{"target": TEAM, "policy": "block"}]);
    let answer = world.post("/rules", json!({"put": put, "reset": ["url"]})).await;
    assert_eq!(answer["differences"][0]["fields"], json!([{"field": "url", "before": "u"}]));
}
