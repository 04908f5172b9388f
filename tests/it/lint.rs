//! Lint findings in files and in a local database.

use crate::shell::Shell;

const POLICY: &str = r#"[settings.fleet]
client-mode = "lockdown"
allowed-path-regex = "^/opt/|/Users/"

[[rules]]
target = "teamid:ZMCG7MLDV9"
policy = "block"

[[rules]]
target = "teamid:AAAAAAAAAA"
policy = "allow"

[[rules]]
target = "teamid:AAAAAAAAAA"
policy = "allow"
scope = "host:M1"

[[rules]]
target = "teamid:BBBBBBBBBB"
policy = "block"

[[rules]]
target = "teamid:BBBBBBBBBB"
policy = "allow"
scope = "host:M1"
"#;

fn shell() -> Shell {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.write("policy.toml", POLICY);
    shell
}

#[test]
fn findings_have_their_place_and_a_fix() {
    let shell = shell();
    insta::assert_snapshot!(shell.run("rule lint policy.toml"), @"
    $ nicelist rule lint policy.toml
    exit code: 3
    ----- stdout -----
    Errors
      • NL301  policy.toml:5:1  teamid:ZMCG7MLDV9 is blocked for fleet  → remove the rule: it would block Santa's installers and updates

    Warnings
      • NL401  policy.toml:3:1  allowed-path-regex for fleet: `/Users/` matches anywhere in a path  → begin every alternative with ^, as in ^(?:/a/|/b/)
      • NL403  policy.toml:3:1  allowed-path-regex for fleet: `/Users/` allows programs in /Users/  → allow programs by rules, or only folders that only administrators can write to
      • NL101  policy.toml:13:1  teamid:AAAAAAAAAA has the same rule for host:M1 as for fleet (see policy.toml:9:1)  → remove this rule, or keep it if you plan to remove the weaker one

    Notes
      • NL104  policy.toml:22:1  teamid:BBBBBBBBBB is blocked for fleet and allowed for host:M1 (see policy.toml:18:1)  → nothing is needed if the exception is intended; otherwise remove the stronger rule, or change it to block
    ----- stderr -----
    1 error, 3 warnings, 1 note
    ");
    insta::assert_snapshot!(shell.run("rule lint policy.toml -o csv --ignore NL104 --ignore blocks-santa"), @r#"
    $ nicelist rule lint policy.toml -o csv --ignore NL104 --ignore blocks-santa
    exit code: 3
    ----- stdout -----
    severity,code,file,line,column,target,scope,message,fix
    warning,NL401,policy.toml,3,1,,,allowed-path-regex for fleet: `/Users/` matches anywhere in a path,"begin every alternative with ^, as in ^(?:/a/|/b/)"
    warning,NL403,policy.toml,3,1,,,allowed-path-regex for fleet: `/Users/` allows programs in /Users/,"allow programs by rules, or only folders that only administrators can write to"
    warning,NL101,policy.toml,13,1,teamid:AAAAAAAAAA,host:M1,teamid:AAAAAAAAAA has the same rule for host:M1 as for fleet (see policy.toml:9:1),"remove this rule, or keep it if you plan to remove the weaker one"
    ----- stderr -----
    3 warnings
    "#);
    insta::assert_snapshot!(shell.run("rule lint policy.toml --ignore NL999"), @"
    $ nicelist rule lint policy.toml --ignore NL999
    exit code: 2
    ----- stderr -----
    error: invalid value 'NL999' for '--ignore <CODE>': unknown finding `NL999`: expected a code or name such as NL104 or block-lifted

    For more information, try '--help'.
    ");
}

#[test]
fn without_a_file_the_policy_on_the_server_is_checked() {
    let shell = shell();
    shell.run("rule add allow teamid:AAAAAAAAAA");
    insta::assert_snapshot!(shell.run("rule lint"), @"
    $ nicelist rule lint
    exit code: 0
    ----- stderr -----
    no findings
    ");
    shell.run("rule add block teamid:BBBBBBBBBB");
    shell.run("tag create eng");
    shell.run("rule add allow teamid:BBBBBBBBBB --scope tag:eng");
    insta::assert_snapshot!(shell.run("rule lint"), @"
    $ nicelist rule lint
    exit code: 0
    ----- stdout -----
    Notes
      • NL104  teamid:BBBBBBBBBB is blocked for fleet and allowed for tag:eng  → nothing is needed if the exception is intended; otherwise remove the stronger rule, or change it to block
    ----- stderr -----
    1 note
    ");
    insta::assert_snapshot!(shell.run("rule lint --deny note -o json"), @r#"
    $ nicelist rule lint --deny note -o json
    exit code: 3
    ----- stdout -----
    [
      {
        "code": "NL104",
        "name": "block-lifted",
        "severity": "note",
        "target": "teamid:BBBBBBBBBB",
        "scope": "tag:eng",
        "message": "teamid:BBBBBBBBBB is blocked for fleet and allowed for tag:eng",
        "fix": "nothing is needed if the exception is intended; otherwise remove the stronger rule, or change it to block"
      }
    ]
    ----- stderr -----
    1 note
    "#);
}

#[test]
fn invalid_rules_are_findings_and_duplicates_have_both_places() {
    let shell = shell();
    shell.write(
        "rules.csv",
        "target,policy,scope\nteamid:SHORT,allow,\nteamid:AAAAAAAAAA,allow,\n\nteamid:aaaaaaaaaa,block,\n",
    );
    insta::assert_snapshot!(shell.run("rule lint rules.csv"), @"
    $ nicelist rule lint rules.csv
    exit code: 3
    ----- stdout -----
    Errors
      • NL001  rules.csv:2  target: invalid teamid identifier `SHORT`: expected 10 letters and digits
      • NL001  rules.csv:5  conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 3
    ----- stderr -----
    2 errors
    ");
}

/// The table shows the first 20 errors and counts the others. `--full`, JSON Lines and CSV show all
/// errors.
#[test]
fn many_findings_are_counted_in_a_table() {
    let shell = shell();
    let rows: String = (0..25).map(|row| format!("teamid:SHORT{row:02},allow\n")).collect();
    shell.write("rules.csv", &format!("target,policy\n{rows}teamid:ZMCG7MLDV9,block\n"));
    let transcript = shell.run("rule lint rules.csv");
    let shown = transcript.lines().filter(|line| line.contains("• NL")).count();
    assert_eq!(shown, 20, "{transcript}");
    let end = transcript.split_once("… and ").map(|(_, end)| end).unwrap_or_default();
    insta::assert_snapshot!(end, @"
    6 more
    ----- stderr -----
    hint: to show all of them: nicelist rule lint rules.csv --full
    26 errors
    ");
    let count = |line: &str| shell.run(line).matches("NL001").count();
    assert_eq!(count("rule lint rules.csv --full"), 25);
    assert_eq!(count("rule lint rules.csv -o jsonl"), 25);
    assert_eq!(count("rule lint rules.csv -o csv"), 25);
}

/// The fingerprint of a finding stays the same when its line number changes.
#[test]
fn sarif_is_what_code_review_reads() {
    let shell = shell();
    let run = shell.command(&["rule", "lint", "policy.toml", "--sarif"]).output().unwrap();
    assert_eq!(run.status.code(), Some(3));
    let log: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(rules[index]["defaultConfiguration"]["level"], result["level"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "policy.toml");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
    }
    let prints = |log: &serde_json::Value| {
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results.map(|it| it["partialFingerprints"]["finding/v1"].clone()).collect::<Vec<_>>()
    };
    shell.write("policy.toml", &format!("# A line more.\n{POLICY}"));
    let moved = shell.command(&["rule", "lint", "policy.toml", "--sarif"]).output().unwrap();
    assert_eq!(prints(&serde_json::from_slice(&moved.stdout).unwrap()), prints(&log));
}

#[test]
fn w13_a_rule_that_matches_nothing_is_added_with_a_warning() {
    let shell = shell();
    insta::assert_snapshot!(
        shell.run("rule add allow signingid:EQHXZ8M8AV:EQHXZ8M8AV:com.google.Chrome teamid:ZLCNA8GP43"),
        @"
    $ nicelist rule add allow signingid:EQHXZ8M8AV:EQHXZ8M8AV:com.google.Chrome teamid:ZLCNA8GP43
    exit code: 0
    ----- stdout -----
    added  allow signingid:EQHXZ8M8AV:EQHXZ8M8AV:com.google.Chrome in fleet
    added  allow teamid:ZLCNA8GP43 in fleet
    ----- stderr -----
    created the local database sqlite:a.db
    warning: no program matches signingid:EQHXZ8M8AV:EQHXZ8M8AV:com.google.Chrome: the team ID must not be repeated before com.google.Chrome (NL204 matches-nothing)
    warning: no program matches teamid:ZLCNA8GP43: Santa's team ID is ZMCG7MLDV9 (NL204 matches-nothing)
    revision 1
    "
    );
}
