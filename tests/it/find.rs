//! `nicelist find`: what a text is, and what to do about it.

use serde_json::{Value, json};

use crate::desk::{PINECONE, with_two_macs};
use crate::shell::{Server, Shell};

const HASH: &str = "6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206";

/// The kinds and names of the findings for a text.
fn found(shell: &Shell, text: &str) -> Vec<(String, String)> {
    let findings = shell.json(&format!("find {text}"));
    let field = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = findings.as_array().unwrap().iter();
    findings.map(|finding| (field(finding, "kind"), field(finding, "name"))).collect()
}

#[test]
fn an_app_that_is_blocked_is_found_with_the_command_that_approves_it() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("find pinecone"), @"
    $ nicelist find pinecone
    exit code: 0
    ----- stdout -----
    Program Pinecone
      about  Pinecone, Pinecone Software AB, production, signingid:H3ZC9YV6RK:example.pinecone.desktop
      hosts  2
      rule  none
      last block  [TIME]
      blocked  /Applications/Pinecone.app/Contents/MacOS/Pinecone on joe.local for joe.lindqvist (event 3)
      why  no rule; lockdown blocks unknown programs
      next  nicelist event approve 3
    ");
    shell.run("event approve 3 --scope host:joe");
    insta::assert_snapshot!(shell.run("find pinecone"), @"
    $ nicelist find pinecone
    exit code: 0
    ----- stdout -----
    Program Pinecone
      about  Pinecone, Pinecone Software AB, production, signingid:H3ZC9YV6RK:example.pinecone.desktop
      hosts  2
      rule  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe.local
      last block  [TIME]
      blocked  /Applications/Pinecone.app/Contents/MacOS/Pinecone on joe.local for joe.lindqvist (event 3)
      next  nicelist rule explain 3 --host joe.local
    ");
}

#[test]
fn a_host_is_refused_with_commands_that_accept_it() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("find zoom --host mira"), @"
    $ nicelist find zoom --host mira
    exit code: 2
    ----- stderr -----
    error: find does not accept --host
    hint: nicelist program list --text zoom --host mira
    hint: nicelist event list --text zoom --host mira
    ");
}

#[test]
fn a_program_is_found_by_hash_path_publisher_and_url() {
    let (shell, _server) = with_two_macs();
    let program = [("program".to_owned(), "2".to_owned())];
    for text in [
        HASH,
        &HASH[..8],
        &HASH.to_uppercase(),
        &format!("binary:{HASH}"),
        &format!("https://santa.example/blocked?file={HASH}&machine=joe"),
        "H3ZC9YV6RK",
        "teamid:H3ZC9YV6RK",
        "H3ZC9YV6RK:example.pinecone.desktop",
        PINECONE,
        "/Applications/Pinecone.app",
        "/Applications/Pinecone.app/Contents/MacOS/Pinecone",
        "PINECONE",
    ] {
        assert_eq!(found(&shell, text), program, "{text}");
    }
    let cdhash = shell.json("program show 2")["cdhash"].as_str().unwrap().to_owned();
    for text in [&cdhash, &cdhash.to_uppercase(), &format!("cdhash:{cdhash}")] {
        assert_eq!(found(&shell, text), program, "{text}");
    }
    let listed = shell.json(&format!("program list --cdhash {cdhash}"));
    assert_eq!(listed[0]["id"], 2, "{listed}");
    let line = format!("find https://santa.example/blocked/{HASH} -o csv");
    insta::assert_snapshot!(shell.run(&line), @r#"
    $ nicelist find https://santa.example/blocked/6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206 -o csv
    exit code: 0
    ----- stdout -----
    kind,name,about,rules,hosts,last_block,next,why
    program,2,"Pinecone, Pinecone Software AB, production, signingid:H3ZC9YV6RK:example.pinecone.desktop",,2,[TIME],nicelist event approve 3,no rule; lockdown blocks unknown programs
    ----- stderr -----
    searching for 6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206
    "#);
}

#[test]
fn hosts_users_and_events_are_found() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("find mira"), @"
    $ nicelist find mira
    exit code: 0
    ----- stdout -----
    Host mira
      about  mira.local, serial LAB000000001, user mira, in-sync
      last block  [TIME]
      blocked  /Applications/Pinecone.app/Contents/MacOS/Pinecone on mira.local for mira.okafor (event 2)
      next  nicelist event approve --host mira.local

    User mira
      about  primary user of mira.local
      hosts  1
      last block  none
      next  nicelist program list --user mira
    ");
    insta::assert_snapshot!(shell.run("find joe.lindqvist"), @"
    $ nicelist find joe.lindqvist
    exit code: 0
    ----- stdout -----
    User joe.lindqvist
      about  is in events, but is not the primary user of any host
      hosts  0
      last block  [TIME]
      blocked  /Applications/Pinecone.app/Contents/MacOS/Pinecone on joe.local for joe.lindqvist (event 3)
      next  nicelist event approve --user joe.lindqvist
    ");
    insta::assert_snapshot!(shell.run("find 3"), @"
    $ nicelist find 3
    exit code: 0
    ----- stdout -----
    Event 3
      about  BLOCK_UNKNOWN, /Applications/Pinecone.app/Contents/MacOS/Pinecone, joe.local, joe.lindqvist
      last block  [TIME]
      blocked  /Applications/Pinecone.app/Contents/MacOS/Pinecone on joe.local for joe.lindqvist (event 3)
      next  nicelist event approve 3

    Program Pinecone
      about  Pinecone, Pinecone Software AB, production, signingid:H3ZC9YV6RK:example.pinecone.desktop
      hosts  2
      rule  none
      last block  [TIME]
      blocked  /Applications/Pinecone.app/Contents/MacOS/Pinecone on joe.local for joe.lindqvist (event 3)
      why  no rule; lockdown blocks unknown programs
      next  nicelist event approve 3
    ");
    assert_eq!(found(&shell, "LAB000000001").len(), 2, "both Macs report this serial number");
}

#[test]
fn a_ticket_finds_its_rules() {
    let (shell, _server) = with_two_macs();
    shell.run("rule add allow teamid:EQHXZ8M8AV --scope tag:eng --ticket IT-4711");
    insta::assert_snapshot!(shell.run("find it-4711"), @"
    $ nicelist find it-4711
    exit code: 0
    ----- stdout -----
    Rule teamid:EQHXZ8M8AV
      about  allow in tag:eng, ticket IT-4711, revision 4 by admin
      next  nicelist rule show teamid:EQHXZ8M8AV
    ");
    assert_eq!(found(&shell, "4711"), found(&shell, "IT-4711"));
}

#[test]
fn at_most_five_of_a_kind_are_shown() {
    let (shell, _server) = with_two_macs();
    for number in 0..7 {
        shell.run(&format!("rule add allow teamid:EQHXZ8M8A{number} --ticket IT-7"));
    }
    let transcript = shell.run("find IT-7 -o jsonl");
    assert_eq!(transcript.matches("\"kind\":\"rule\"").count(), 5, "{transcript}");
    let hint =
        "hint: more than 5 rules match; to list all of them: nicelist rule list --text IT-7\n";
    assert!(transcript.ends_with(hint), "{transcript}");
}

#[test]
fn a_text_that_is_not_found_shows_what_was_tried() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("find nosuch"), @"
    $ nicelist find nosuch
    exit code: 1
    ----- stderr -----
    error: `nosuch` not found
      no program has this text in its name, publisher, signing ID, team ID or SHA-256
      no machine ID, serial number or host name begins with this text
      no user has exactly this name
      no rule has this text in its identifier, comment or ticket
    hint: list the programs pending approval: nicelist event list --waiting
    ");
    insta::assert_snapshot!(shell.run("find 4711"), @"
    $ nicelist find 4711
    exit code: 1
    ----- stderr -----
    error: `4711` not found
      no event has this ID
      no machine ID, serial number or host name begins with this text
      no user has exactly this name
      no rule has this text in its identifier, comment or ticket
    hint: list the programs pending approval: nicelist event list --waiting
    ");
    insta::assert_snapshot!(shell.run("find /opt/nosuch"), @"
    $ nicelist find /opt/nosuch
    exit code: 1
    ----- stderr -----
    error: `/opt/nosuch` not found
      no program was reported at this path, or with this name
    hint: list the programs pending approval: nicelist event list --waiting
    ");
    let hash = "ab".repeat(32);
    insta::assert_snapshot!(shell.run(&format!("find {hash}")), @"
    $ nicelist find abababababababababababababababababababababababababababababababab
    exit code: 1
    ----- stderr -----
    error: `abababababababababababababababababababababababababababababababab` not found
      no program or certificate has this SHA-256
      no rule has this text in its identifier, comment or ticket
    hint: list the programs pending approval: nicelist event list --waiting
    ");
}

/// A report may arrive days after the block. The clock of a host may be wrong.
#[test]
fn the_last_block_has_the_time_on_the_mac_unless_that_is_in_the_future() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    let last_block = |machine: &str, digits: &str, seconds: u64| {
        let event = json!([{"file_sha256": digits.repeat(32), "file_path": "/usr/local/bin",
            "file_name": "tool", "executing_user": "ana", "execution_time": seconds,
            "decision": "BLOCK_UNKNOWN"}]);
        shell.write(&format!("{machine}.events"), &event.to_string());
        let line =
            format!("lab sync {base} --state {machine}.json --machine-id {machine} --no-backoff");
        shell.json(&line);
        shell.json(&format!("{line} --events {machine}.events"));
        let found = shell.command(&["find", &digits.repeat(32), "-o", "csv"]).output().unwrap();
        String::from_utf8(found.stdout).unwrap()
    };
    let late = last_block("M1", "ab", 1_750_000_000);
    assert!(late.contains(",1,2025-06-15T15:06:40Z,"), "{late}");
    let ahead = last_block("M2", "cd", 4_000_000_000);
    assert!(ahead.contains("\nprogram,") && !ahead.contains(",2096-"), "{ahead}");
}
