//! Follows rules from the command line to simulated Macs. The server and the Macs run the real
//! binary.

use serde_json::Value;

use crate::shell::{Server, Shell, example};

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

/// The rules of a Mac as `TYPE identifier STATE`.
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
fn rules_are_added_to_and_removed_from_the_macs_of_their_scopes() {
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
        let transcript = shell.run(line);
        assert!(transcript.contains("exit code: 0"), "{transcript}");
    }
    let anna = Mac { shell: &shell, server: &server, name: "anna" };
    let ben = Mac { shell: &shell, server: &server, name: "ben" };
    anna.sync();
    ben.sync();
    shell.run("host tag anna eng");
    shell.run("host tag ben design");

    let (of_anna, of_ben) = (anna.sync(), ben.sync());
    insta::assert_snapshot!(holds(&of_anna).join("\n"), @"
    CERTIFICATE 00000000000000000000000000000000000000000000000000000000000000aa BLOCKLIST
    SIGNINGID EQHXZ8M8AV:com.example.cc ALLOWLIST_COMPILER
    SIGNINGID platform:com.apple.nc CEL
    TEAMID AAAAAAAAAA SILENT_GUI_BLOCKLIST
    TEAMID BBBBBBBBBB SILENT_TTY_BLOCKLIST
    TEAMID EQHXZ8M8AV ALLOWLIST
    ");
    insta::assert_snapshot!(holds(&of_ben).join("\n"), @"
    BINARY 00000000000000000000000000000000000000000000000000000000000000cc ALLOWLIST
    CDHASH 00000000000000000000000000000000000000bb SILENT_BLOCKLIST
    CERTIFICATE 00000000000000000000000000000000000000000000000000000000000000aa BLOCKLIST
    SIGNINGID platform:com.apple.nc CEL
    TEAMID BBBBBBBBBB SILENT_TTY_BLOCKLIST
    TEAMID EQHXZ8M8AV ALLOWLIST
    ");
    assert_eq!(of_anna["settings"]["client_mode"], "MONITOR");
    assert_eq!(of_ben["settings"]["client_mode"], "LOCKDOWN");

    shell.run("rule remove teamid:BBBBBBBBBB");
    shell.run("host untag anna eng");
    shell.run("settings set full-sync-interval=5m");
    let (of_anna, of_ben) = (anna.sync(), ben.sync());
    assert_eq!((received(&of_anna), received(&of_ben)), (2, 1), "exactly the difference");
    insta::assert_snapshot!(holds(&of_anna).join("\n"), @"
    CERTIFICATE 00000000000000000000000000000000000000000000000000000000000000aa BLOCKLIST
    SIGNINGID platform:com.apple.nc CEL
    TEAMID AAAAAAAAAA SILENT_GUI_BLOCKLIST
    TEAMID EQHXZ8M8AV ALLOWLIST
    ");
    assert!(!holds(&of_ben).iter().any(|rule| rule.contains("BBBBBBBBBB")));
    assert_eq!(of_anna["settings"]["client_mode"], "LOCKDOWN");
    assert_eq!(of_anna["settings"]["full_sync_interval"], 300);

    assert_eq!((received(&anna.sync()), received(&ben.sync())), (0, 0), "a third sync is idle");
    insta::assert_snapshot!(shell.run("host list -o csv"), @r#"
    $ nicelist host list -o csv
    exit code: 0
    ----- stdout -----
    machine,hostname,serial,state,contact,mode,reported,rules,due,last_seen,last_sync,santa,os,os_build,model,user,groups,tags,revision,first_seen,interval,withheld,tags_by_membership,conflict,reason
    anna,anna.local,LAB000000001,in-sync,online,lockdown,lockdown,4,0,[TIME],[TIME],2026.7,15.6,24G84,"Mac15,7",anna,,,18,[TIME],300,0,,,
    ben,ben.local,LAB000000001,in-sync,online,lockdown,lockdown,5,0,[TIME],[TIME],2026.7,15.6,24G84,"Mac15,7",ben,,design,18,[TIME],300,0,,,
    "#);
}

#[test]
fn a_csv_file_reaches_the_macs_and_comes_back_as_it_was() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let rules = example("rules.csv").display().to_string();
    let unknown = shell.run(&format!("rule import {rules}")).replace(&rules, "[RULES]");
    insta::assert_snapshot!(unknown, @"
    $ nicelist rule import [RULES]
    exit code: 5
    ----- stderr -----
    [RULES]:7: tag `design` not found
    [RULES]:9: tag `design` not found
    [RULES]:10: tag `eng` not found
    [RULES]:11: tag `eng` not found
    [RULES]:12: tag `eng` not found
    [RULES]:14: tag `eng` not found
    [RULES]:16: tag `canary` not found
    [RULES]:21: tag `eng` not found
    error: 8 of 21 rows are invalid; nothing was changed
    hint: to import only the valid rows: nicelist rule import [RULES] --partial --rejects rejects.csv
    hint: create it first: nicelist tag create design
    ");
    for tag in ["eng", "design", "canary"] {
        shell.run(&format!("tag create {tag}"));
    }
    insta::assert_snapshot!(shell.run(&format!("rule import {rules}")).replace(&rules, "[RULES]"), @"
    $ nicelist rule import [RULES]
    exit code: 0
    ----- stderr -----
    warning: signingid:T5GQ8WKN2B:example.forge.cc is allowed as a compiler, but the programs that it creates are not (NL502 compiler-without-transitive)
    added 21, changed 0, unchanged 0 (revision 4)
    ");
    insta::assert_snapshot!(shell.run(&format!("rule import {rules}")).replace(&rules, "[RULES]"), @"
    $ nicelist rule import [RULES]
    exit code: 0
    ----- stderr -----
    warning: signingid:T5GQ8WKN2B:example.forge.cc is allowed as a compiler, but the programs that it creates are not (NL502 compiler-without-transitive)
    added 0, changed 0, unchanged 21 (revision 4)
    ");
    let mac = Mac { shell: &shell, server: &server, name: "mira" };
    assert_eq!(received(&mac.sync()), 10);

    shell.run("rule export -f exported.csv");
    let again = shell.run("rule import exported.csv");
    assert!(again.contains("unchanged 21"), "{again}");
}

#[test]
fn an_approval_can_expire() {
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

    insta::assert_snapshot!(shell.run("event list --blocked"), @"
    $ nicelist event list --blocked
    exit code: 0
    ----- stdout -----
    ID  RECEIVED  HOST  USER  NAME  DECISION  PATH  ACCESSED
    2  [TIME]  mira.local  mira.okafor  ledgerctl  BLOCK_UNKNOWN  /usr/local/bin/ledgerctl
    1  [TIME]  mira.local  mira.okafor  Pinecone  BLOCK_UNKNOWN  /Applications/Pinecone.app/Contents/MacOS/Pinecone
    ");
    insta::assert_snapshot!(shell.run("event show 1"), @"
    $ nicelist event show 1
    exit code: 0
    ----- stdout -----
    Event 1
      kind  execution
      decision  BLOCK_UNKNOWN
      received  [TIME]
      occurred  [TIME]
      host  mira.local
      machine  mira
      user  mira.okafor
      parent  launchd
      pid  4127

    Program
      path  /Applications/Pinecone.app/Contents/MacOS/Pinecone
      bundle  Pinecone 3.8.2
      download url  https://dl.pinecone.example/mac/Pinecone-3.8.2.dmg
      signed  production
      certificate  Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)
      signing id  H3ZC9YV6RK:example.pinecone.desktop
      team id  H3ZC9YV6RK
      cdhash  06c81a1a793afd13fe42b90bb59d41674379a1ed
      sha256  6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206

    Possible rules, best first
      signingid  H3ZC9YV6RK:example.pinecone.desktop  every version of this program
      cdhash  06c81a1a793afd13fe42b90bb59d41674379a1ed  this build of the program only
      binary  6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206  this exact file only
      teamid  H3ZC9YV6RK  every program of team H3ZC9YV6RK
      certificate  d0239ca46c7081a14e7152326c6437644ee505a52f7b3053d4b4424af1c97d6f  every program signed with Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)

      why the first is best  a signing ID stays valid after updates and matches only this program
    ");
    insta::assert_snapshot!(shell.run("event stats"), @"
    $ nicelist event stats
    exit code: 0
    ----- stdout -----
    HOSTS  EVENTS  DECISION  FILE NAME  SIGNING ID  RULE  LATEST  LAST RECEIVED
    1  1  ALLOW_SIGNINGID  Harbor  9XD4HT3RVC:example.harbor.containers  3  [TIME]
    1  1  BLOCK_UNKNOWN  ledgerctl  2  [TIME]
    1  1  BLOCK_UNKNOWN  Pinecone  H3ZC9YV6RK:example.pinecone.desktop  1  [TIME]
    ");
    insta::assert_snapshot!(shell.run("event approve 1"), @"
    $ nicelist event approve 1
    exit code: 2
    ----- stderr -----
    error: choose a rule for event 1
    hint: to choose a rule: nicelist event approve 1 --as TYPE --scope SCOPE
    hint: to create the best rule, allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:mira: nicelist event approve 1 --yes
    ");
    insta::assert_snapshot!(shell.run("event approve 1 --as certificate --scope tag:eng"), @"
    $ nicelist event approve 1 --as certificate --scope tag:eng
    exit code: 5
    ----- stderr -----
    event 1: Pinecone on mira.local for mira.okafor
    error: tag `eng` not found
    hint: create it first: nicelist tag create eng
    ");
    insta::assert_snapshot!(shell.run("event approve 1 --for 24h --ticket IT-7 --yes"), @"
    $ nicelist event approve 1 --for 24h --ticket IT-7 --yes
    exit code: 0
    ----- stdout -----
    added  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:mira
    ----- stderr -----
    event 1: Pinecone on mira.local for mira.okafor
    the rule expires at [TIME]
    revision 1
    ");
    insta::assert_snapshot!(shell.run("event approve 99 --yes"), @"
    $ nicelist event approve 99 --yes
    exit code: 1
    ----- stderr -----
    error: event 99 not found
    hint: nicelist event list lists the newest events
    ");
    let report = mac.sync();
    assert_eq!(holds(&report), ["SIGNINGID H3ZC9YV6RK:example.pinecone.desktop ALLOWLIST"]);
    insta::assert_snapshot!(shell.run("host wait mira"), @"
    $ nicelist host wait mira
    exit code: 0
    ----- stdout -----
    HOSTNAME  STATE  CONTACT  MODE  REPORTED  PENDING  LAST SEEN  SANTA  USER  TAGS
    mira.local  in-sync  online  monitor  monitor  0  [TIME]  2026.7  mira
    ");
    shell.run("rule add block teamid:AAAAAAAAAA");
    let waited = shell.run("host wait mira --timeout 1s");
    assert!(waited.contains("exit code: 8"), "{waited}");
    assert!(waited.contains("error: mira is still behind after 1s"), "{waited}");
}

#[test]
fn invalid_requests_are_reported_and_change_nothing() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("tag create eng");
    insta::assert_snapshot!(shell.run("rule add allow teamid:SHORT"), @"
    $ nicelist rule add allow teamid:SHORT
    exit code: 5
    ----- stderr -----
    error: `teamid:SHORT`: invalid teamid identifier `SHORT`: expected 10 letters and digits
    ");
    insta::assert_snapshot!(shell.run("rule add allow teamid:EQHXZ8M8AV --scope tag:egn"), @"
    $ nicelist rule add allow teamid:EQHXZ8M8AV --scope tag:egn
    exit code: 5
    ----- stderr -----
    error: tag `egn` not found
    hint: did you mean tag:eng?
    hint: to create the tag: nicelist tag create egn
    ");
    insta::assert_snapshot!(shell.run("rule add cel teamid:EQHXZ8M8AV --cel uid==0"), @"
    $ nicelist rule add cel teamid:EQHXZ8M8AV --cel uid==0
    exit code: 5
    ----- stderr -----
    error: teamid:EQHXZ8M8AV: invalid CEL expression: unknown variable `uid` (line 1, column 1), did you mean `euid`?
    ");
    insta::assert_snapshot!(shell.run("rule add allow-compiler teamid:EQHXZ8M8AV"), @"
    $ nicelist rule add allow-compiler teamid:EQHXZ8M8AV
    exit code: 5
    ----- stderr -----
    error: teamid:EQHXZ8M8AV: allow-compiler works only in binary, signingid and cdhash rules; Santa ignores it in a teamid rule
    ");
    insta::assert_snapshot!(shell.run("settings set full-sync-interval=30s"), @"
    $ nicelist settings set full-sync-interval=30s
    exit code: 5
    ----- stderr -----
    error: full-sync-interval: `30s` is too short: Santa's minimum is 60 s
    ");
    insta::assert_snapshot!(shell.run_with("rule add block -", "teamid:AAAAAAAAAA\n\nteamid:x\nbundle:y\n"), @"
    $ nicelist rule add block -
    exit code: 5
    ----- stderr -----
    error: 2 targets are invalid; nothing was changed
      stdin:3: invalid teamid identifier `x`: expected 10 letters and digits
      stdin:4: invalid rule type `bundle`: expected binary, certificate, teamid, signingid or cdhash
    ");
    shell.write("bad.csv", "rule_type,identifier,policy,scope\nTEAMID,EQHXZ8M8AV,ALLOWLIST,fleet\nTEAMID,nope,ALLOWLIST,fleet\nBINARY,abc,MAYBE,\nTEAMID,EQHXZ8M8AV,BLOCKLIST,fleet\n");
    insta::assert_snapshot!(shell.run("rule import bad.csv"), @"
    $ nicelist rule import bad.csv
    exit code: 5
    ----- stderr -----
    bad.csv:3: identifier: invalid teamid identifier `nope`: expected 10 letters and digits
    bad.csv:4: identifier: invalid binary identifier `abc`: has 3 digits instead of 64
    bad.csv:5: conflict: teamid:EQHXZ8M8AV for fleet has policy block here, but allow on line 2
    error: 3 of 4 rows are invalid; nothing was changed
    hint: to import only the valid rows: nicelist rule import bad.csv --partial --rejects rejects.csv
    hint: to keep the first (or last) of the conflicting entries: nicelist rule import bad.csv --duplicates first
    ");
    assert_eq!(shell.json("rule list"), serde_json::json!([]));
    insta::assert_snapshot!(shell.run("rule import bad.csv --partial --rejects rejects.csv"), @"
    $ nicelist rule import bad.csv --partial --rejects rejects.csv
    exit code: 5
    ----- stderr -----
    added 0, changed 0, unchanged 0 (revision 1)
    error: 4 rows were rejected; see rejects.csv
    hint: to keep the first (or last) of the conflicting entries: nicelist rule import bad.csv --partial --rejects rejects.csv --duplicates first
    ");
    insta::assert_snapshot!(std::fs::read_to_string(shell.path("rejects.csv")).unwrap(), @r#"
    nicelist_line,nicelist_reason,rule_type,identifier,policy,scope
    2,conflict: line 5 has the same target and scope,TEAMID,EQHXZ8M8AV,ALLOWLIST,fleet
    3,identifier: invalid teamid identifier `nope`: expected 10 letters and digits,TEAMID,nope,ALLOWLIST,fleet
    4,identifier: invalid binary identifier `abc`: has 3 digits instead of 64,BINARY,abc,MAYBE,
    5,"conflict: teamid:EQHXZ8M8AV for fleet has policy block here, but allow on line 2",TEAMID,EQHXZ8M8AV,BLOCKLIST,fleet
    "#);
    shell.set("NICELIST_TOKEN", "a-guess");
    insta::assert_snapshot!(shell.run("rule list"), @"
    $ nicelist rule list
    exit code: 4
    ----- stderr -----
    error: the token is unknown, revoked or expired
    hint: pass a token with --token or NICELIST_TOKEN; an admin creates one with `nicelist token create`
    ");
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
    insta::assert_snapshot!(script(), @"
    $ nicelist tag create eng
    exit code: 0
    ----- stdout -----
    added  tag eng
    ----- stderr -----
    revision 1

    $ nicelist rule add allow teamid:EQHXZ8M8AV --scope tag:eng
    exit code: 0
    ----- stdout -----
    added  allow teamid:EQHXZ8M8AV in tag:eng
    ----- stderr -----
    revision 2

    $ nicelist settings set batch-size=100
    exit code: 0
    ----- stdout -----
    added  batch-size=100 in fleet
    ----- stderr -----
    revision 3
    ");
    insta::assert_snapshot!(script(), @"
    $ nicelist tag create eng
    exit code: 0
    ----- stdout -----
    unchanged  tag eng
    ----- stderr -----
    no changes (revision 3)

    $ nicelist rule add allow teamid:EQHXZ8M8AV --scope tag:eng
    exit code: 0
    ----- stdout -----
    unchanged  allow teamid:EQHXZ8M8AV in tag:eng
    ----- stderr -----
    no changes (revision 3)

    $ nicelist settings set batch-size=100
    exit code: 0
    ----- stdout -----
    unchanged  batch-size=100 in fleet
    ----- stderr -----
    no changes (revision 3)
    ");
}
