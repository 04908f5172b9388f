//! One rule's road: from the command line to a Mac, with the real binary on both ends.

use serde_json::Value;

use crate::shell::{Server, Shell, example};

/// A Mac that lives in a file between its syncs.
struct Mac<'a> {
    shell: &'a Shell,
    server: &'a Server,
    name: &'static str,
}

impl Mac<'_> {
    fn sync(&self) -> Value {
        let Self { shell, server, name } = self;
        let base = server.sync_base();
        shell.json(&format!(
            "lab sync {base} --state {name}.json --machine-id {name} --hostname {name}.local --user {name} --no-backoff"
        ))
    }
}

/// What a Mac holds, as `TYPE identifier STATE`, without the rules of the examples.
fn holds(report: &Value) -> Vec<String> {
    let rules = report["holds"].as_array().unwrap().iter();
    let line = |rule: &Value| {
        let text = |key: &str| rule[key].as_str().unwrap().to_owned();
        format!("{} {} {}", text("rule_type"), text("identifier"), text("state"))
    };
    let mut lines: Vec<String> = rules.map(line).collect();
    lines.sort();
    lines
}

fn received(report: &Value) -> u64 {
    report["rules"]["received"].as_u64().unwrap()
}

#[test]
fn rules_reach_the_macs_of_their_scopes_and_leave_them_again() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    for line in [
        "tag create eng",
        "tag create design",
        "rule add allow teamid:EQHXZ8M8AV",
        "rule add allow-compiler signingid:EQHXZ8M8AV:com.example.cc --scope tag:eng",
        "rule add block certificate:00000000000000000000000000000000000000000000000000000000000000aa",
        "rule add silent-block cdhash:00000000000000000000000000000000000000bb --scope tag:design",
        "rule add silent-block-gui teamid:AAAAAAAAAA",
        "rule add silent-block-tty teamid:BBBBBBBBBB",
        "rule add cel signingid:platform:com.apple.nc --cel euid!=0",
        "rule add allow binary:00000000000000000000000000000000000000000000000000000000000000cc --scope host:ben",
        "rule add remove teamid:AAAAAAAAAA --scope user:ben",
        "settings set client-mode=lockdown full-sync-interval=10m",
        "settings set client-mode=monitor --scope tag:eng",
    ] {
        let told = shell.run(line);
        assert!(told.contains("exit code: 0"), "{told}");
    }
    let anna = Mac { shell: &shell, server: &server, name: "anna" };
    let ben = Mac { shell: &shell, server: &server, name: "ben" };
    anna.sync();
    ben.sync();
    shell.run("host tag anna eng");
    shell.run("host tag ben design");

    let (of_anna, of_ben) = (anna.sync(), ben.sync());
    insta::assert_snapshot!(holds(&of_anna).join("\n"), @"");
    insta::assert_snapshot!(holds(&of_ben).join("\n"), @"");
    assert_eq!(of_anna["settings"]["client_mode"], "MONITOR");
    assert_eq!(of_ben["settings"]["client_mode"], "LOCKDOWN");

    shell.run("rule remove teamid:BBBBBBBBBB");
    shell.run("host untag anna eng");
    shell.run("settings set full-sync-interval=5m");
    let (of_anna, of_ben) = (anna.sync(), ben.sync());
    assert_eq!((received(&of_anna), received(&of_ben)), (2, 1), "exactly the difference");
    insta::assert_snapshot!(holds(&of_anna).join("\n"), @"");
    assert!(!holds(&of_ben).iter().any(|rule| rule.contains("BBBBBBBBBB")));
    assert_eq!(of_anna["settings"]["client_mode"], "LOCKDOWN");
    assert_eq!(of_anna["settings"]["full_sync_interval"], 300);

    assert_eq!((received(&anna.sync()), received(&ben.sync())), (0, 0), "a third sync is idle");
    insta::assert_snapshot!(shell.run("host list -o csv"), @"");
}

#[test]
fn a_csv_file_reaches_the_macs_and_comes_back_as_it_was() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let rules = example("rules.csv").display().to_string();
    let unknown = shell.run(&format!("rule import {rules}")).replace(&rules, "[RULES]");
    insta::assert_snapshot!(unknown, @"");
    for tag in ["eng", "design", "canary"] {
        shell.run(&format!("tag create {tag}"));
    }
    insta::assert_snapshot!(shell.run(&format!("rule import {rules}")).replace(&rules, "[RULES]"), @"");
    insta::assert_snapshot!(shell.run(&format!("rule import {rules}")).replace(&rules, "[RULES]"), @"");
    let mac = Mac { shell: &shell, server: &server, name: "mira" };
    assert_eq!(received(&mac.sync()), 10);

    shell.run("rule export -f exported.csv");
    let again = shell.run("rule import exported.csv");
    assert!(again.contains("unchanged 21"), "{again}");
}

#[test]
fn a_blocked_program_is_approved_for_a_while() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let fleet: Value =
        serde_json::from_str(&std::fs::read_to_string(example("fleet.json")).unwrap()).unwrap();
    shell.write("events.json", &fleet["hosts"][0]["events"].to_string());
    let mac = Mac { shell: &shell, server: &server, name: "mira" };
    mac.sync();
    let base = server.sync_base();
    shell.json(&format!("lab sync {base} --state mira.json --events events.json --no-backoff"));

    insta::assert_snapshot!(shell.run("event list --blocked"), @"");
    insta::assert_snapshot!(shell.run("event show 1"), @"");
    insta::assert_snapshot!(shell.run("event stats"), @"");
    insta::assert_snapshot!(shell.run("event approve 1"), @"");
    insta::assert_snapshot!(shell.run("event approve 1 --as certificate --scope tag:eng"), @"");
    insta::assert_snapshot!(shell.run("event approve 1 --for 24h --ticket IT-7 --yes"), @"");
    insta::assert_snapshot!(shell.run("event approve 99 --yes"), @"");
    let report = mac.sync();
    assert_eq!(holds(&report), ["SIGNINGID H3ZC9YV6RK:example.pinecone.desktop ALLOWLIST"]);
    insta::assert_snapshot!(shell.run("host wait mira"), @"");
    shell.run("rule add block teamid:AAAAAAAAAA");
    insta::assert_snapshot!(shell.run("host wait mira --timeout 1s"), @"");
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_changed() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("tag create eng");
    insta::assert_snapshot!(shell.run("rule add allow teamid:SHORT"), @"");
    insta::assert_snapshot!(shell.run("rule add allow teamid:EQHXZ8M8AV --scope tag:egn"), @"");
    insta::assert_snapshot!(shell.run("rule add cel teamid:EQHXZ8M8AV --cel uid==0"), @"");
    insta::assert_snapshot!(shell.run("rule add allow-compiler teamid:EQHXZ8M8AV"), @"");
    insta::assert_snapshot!(shell.run("settings set full-sync-interval=30s"), @"");
    insta::assert_snapshot!(shell.run_with("rule add block -", "teamid:AAAAAAAAAA\n\nteamid:x\nbundle:y\n"), @"");
    shell.write("bad.csv", "rule_type,identifier,policy,scope\nTEAMID,EQHXZ8M8AV,ALLOWLIST,fleet\nTEAMID,nope,ALLOWLIST,fleet\nBINARY,abc,MAYBE,\nTEAMID,EQHXZ8M8AV,BLOCKLIST,fleet\n");
    insta::assert_snapshot!(shell.run("rule import bad.csv"), @"");
    assert_eq!(shell.json("rule list"), serde_json::json!([]));
    insta::assert_snapshot!(shell.run("rule import bad.csv --partial --rejects rejects.csv"), @"");
    insta::assert_snapshot!(std::fs::read_to_string(shell.path("rejects.csv")).unwrap(), @"");
    shell.set("NICELIST_TOKEN", "a-guess");
    insta::assert_snapshot!(shell.run("rule list"), @"");
}

#[test]
fn a_script_can_run_twice() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let script = || {
        [
            "tag create eng",
            "rule add allow teamid:EQHXZ8M8AV --scope tag:eng",
            "settings set batch-size=100",
        ]
        .map(|line| shell.run(line))
        .join("\n")
    };
    insta::assert_snapshot!(script(), @"");
    insta::assert_snapshot!(script(), @"");
}
