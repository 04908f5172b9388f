//! Dates and times that people type, in Berlin's time zone.

use crate::shell::{Server, Shell};

const TEAM: &str = "teamid:H3ZC9YV6RK";

fn in_berlin() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.set("TZ", "Europe/Berlin");
    (shell, server)
}

fn expiry(shell: &Shell) -> String {
    shell.json("rule list")[0]["expires"].as_str().unwrap().to_owned()
}

#[test]
fn m8_a_date_is_the_end_of_that_day_here() {
    let (shell, _server) = in_berlin();
    let shown = shell.run(&format!("rule add allow {TEAM} --expires 2099-01-31"));
    assert!(shown.contains("expires at [TIME]"), "{shown}");
    assert_eq!(expiry(&shell), "2099-01-31T22:59:59Z");
    shell.run(&format!("rule add allow {TEAM} --expires 2099-07-31T18:00"));
    assert_eq!(expiry(&shell), "2099-07-31T16:00:00Z");
    shell.run(&format!("rule add allow {TEAM} --expires tomorrow"));
    let tomorrow: jiff::Timestamp = expiry(&shell).parse().unwrap();
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(tomorrow.to_zoned(zone).strftime("%H:%M:%S").to_string(), "23:59:59");
    insta::assert_snapshot!(shell.run(&format!("rule add allow {TEAM} --expires 31.01.2099")), @"
    $ nicelist rule add allow teamid:H3ZC9YV6RK --expires 31.01.2099
    exit code: 2
    ----- stderr -----
    error: invalid value '31.01.2099' for '--expires <WHEN>': expected a duration such as 24h or 7d, tomorrow, a date such as 2027-01-31, or a time such as 2027-01-31T18:00 or [TIME]

    For more information, try '--help'.
    ");
}

#[test]
fn m8_files_accept_dates() {
    let (shell, _server) = in_berlin();
    shell.write("rules.csv", &format!("target,policy,expires\n{TEAM},allow,2099-01-31\n"));
    insta::assert_snapshot!(shell.run("rule import rules.csv"), @"
    $ nicelist rule import rules.csv
    exit code: 0
    ----- stderr -----
    expiries without a time zone are read as Europe/Berlin time
    added 1, changed 0, unchanged 0 (revision 1)
    ");
    assert_eq!(expiry(&shell), "2099-01-31T22:59:59Z");
    let rule = |expires: &str| {
        format!("[[rules]]\ntarget = \"{TEAM}\"\npolicy = \"allow\"\nexpires = {expires}\n")
    };
    shell.write("policy.toml", &rule("2099-02-01"));
    shell.run("apply -f policy.toml --yes");
    assert_eq!(expiry(&shell), "2099-02-01T22:59:59Z");
    shell.write("policy.toml", &rule("\"2099-02-02T12:00\""));
    shell.run("apply -f policy.toml --yes");
    assert_eq!(expiry(&shell), "2099-02-02T11:00:00Z");
    shell.write(
        "rules.jsonl",
        &format!("{{\"target\":\"{TEAM}\",\"policy\":\"allow\",\"expires\":\"2099-03-01\"}}\n"),
    );
    shell.run("rule import rules.jsonl");
    assert_eq!(expiry(&shell), "2099-03-01T22:59:59Z");
}

#[test]
fn m8_a_past_expiry_is_refused_everywhere() {
    let (shell, _server) = in_berlin();
    insta::assert_snapshot!(shell.run(&format!("rule add allow {TEAM} --expires 2020-01-31")), @"
    $ nicelist rule add allow teamid:H3ZC9YV6RK --expires 2020-01-31
    exit code: 2
    ----- stderr -----
    error: the expiry [TIME] is in the past
    ");
    let rows = format!(
        "target,policy,expires\n{TEAM},allow,2099-01-31\nteamid:AAAAAAAAAA,allow,2020-01-31\n"
    );
    shell.write("rules.csv", &rows);
    insta::assert_snapshot!(shell.run("rule import rules.csv"), @"
    $ nicelist rule import rules.csv
    exit code: 5
    ----- stderr -----
    expiries without a time zone are read as Europe/Berlin time
    rules.csv:3: expires: [TIME] is in the past
    error: 1 of 2 rows are invalid; nothing was changed
    hint: to import only the valid rows: nicelist rule import rules.csv --partial --rejects rejects.csv
    ");
    insta::assert_snapshot!(shell.run("rule import rules.csv --dry-run"), @"
    $ nicelist rule import rules.csv --dry-run
    exit code: 5
    ----- stderr -----
    expiries without a time zone are read as Europe/Berlin time
    rules.csv:3: expires: [TIME] is in the past
    error: 1 of 2 rows are invalid; nothing was changed
    hint: to import only the valid rows: nicelist rule import rules.csv --dry-run --partial --rejects rejects.csv
    ");
    insta::assert_snapshot!(shell.run("rule list -o csv"), @"
    $ nicelist rule list -o csv
    exit code: 0
    ----- stdout -----
    target,policy,scope,cel,message,url,button_label,app_name,bundle_hash,bundle_binary_count,comment,ticket,source,expires,revision,author,since,withheld
    ");
    insta::assert_snapshot!(shell.run("token create ci --role viewer --expires 2020-01-31"), @"
    $ nicelist token create ci --role viewer --expires 2020-01-31
    exit code: 2
    ----- stderr -----
    error: the expiry [TIME] is in the past
    ");
}

#[test]
fn m8_periods_accept_dates() {
    let (shell, _server) = in_berlin();
    shell.run(&format!("rule add allow {TEAM}"));
    let since =
        |when: &str| shell.json(&format!("history --since {when}")).as_array().unwrap().len();
    assert_eq!(since("yesterday"), 1);
    assert_eq!(since("2099-01-01"), 0);
    insta::assert_snapshot!(shell.run("event list --since 2026-11-21 --until 2026-11-20"), @"
    $ nicelist event list --since 2026-11-21 --until 2026-11-20
    exit code: 2
    ----- stderr -----
    error: --until must be later than --since
    hint: for example, --since 7d --until 24h is the last week without its last day
    ");
    insta::assert_snapshot!(shell.run("event list --since 2026-11-20 --until 2026-11-20"), @"
    $ nicelist event list --since 2026-11-20 --until 2026-11-20
    exit code: 0
    ----- stderr -----
    no events match
    ");
}

#[test]
fn rules_that_expire_soon_are_listed() {
    let (shell, _server) = in_berlin();
    shell.run(&format!("rule add allow {TEAM} --expires 2099-01-31"));
    shell.run("rule add allow teamid:EQHXZ8M8AV --expires 2099-03-31");
    shell.run("rule add allow teamid:AAAAAAAAAA --expires never");
    let targets = |line: &str| -> Vec<String> {
        let rules = shell.json(&format!("rule list {line}"));
        let target = |rule: &serde_json::Value| rule["target"].as_str().unwrap().to_owned();
        rules.as_array().unwrap().iter().map(target).collect()
    };
    assert_eq!(targets("--expires-before 2099-02-01"), [TEAM]);
    // The rule expires at the end of January 31.
    assert_eq!(targets("--expires-before 2099-01-31"), Vec::<String>::new());
    assert_eq!(targets("--expires-before 2100-01-01"), ["teamid:EQHXZ8M8AV", TEAM]);
    assert_eq!(targets("--expires-before 30d"), Vec::<String>::new());
    assert!(shell.run("rule list --expires-before soon").contains("exit code: 2"));
}
