//! A host's decision about a program: the rule that decides, and the reasons why other rules do
//! not.

use serde_json::json;

use crate::shell::{Server, Shell, example};
use crate::terminal::Terminal;

const PINECONE: &str = "6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206";

/// A server and the Mac `mira`, which has the tag eng. The Mac blocked Pinecone (event 1) and
/// ledgerctl (event 2).
fn with_mira(generation: &str) -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let fleet = std::fs::read_to_string(example("fleet.json")).unwrap();
    let fleet: serde_json::Value = serde_json::from_str(&fleet).unwrap();
    shell.write("events.json", &fleet["hosts"][0]["events"].to_string());
    // A Mac's first sync is a clean sync, which discards events.
    sync(&shell, &server, generation);
    shell.json(&format!("{} --events events.json", line(&server, generation)));
    shell.run("tag create eng");
    shell.run("host tag mira eng");
    (shell, server)
}

fn line(server: &Server, generation: &str) -> String {
    let base = server.sync_base();
    format!(
        "lab sync {base} --state mira.json --machine-id mira --hostname mira.local --generation {generation} --user mira --no-backoff"
    )
}

fn sync(shell: &Shell, server: &Server, generation: &str) {
    shell.json(&line(server, generation));
}

#[test]
fn l1_a_pending_rule_is_not_reported_as_active() {
    let (shell, server) = with_mira("2026.7");
    shell.run("settings set client-mode=lockdown");
    sync(&shell, &server, "2026.7");
    shell.run("rule add allow teamid:H3ZC9YV6RK");
    let shown = shell.run("rule explain 1 --host mira");
    let will = "Pinecone will be allowed on mira.local after its next sync: allow teamid:H3ZC9YV6RK in fleet";
    assert!(shown.contains(will), "{shown}");
    assert!(shown.contains("until then  it is blocked"), "{shown}");
    assert!(shown.contains("sync  1 pending rule; last seen "), "{shown}");
    let view = &shell.json("rule explain 1 --host mira")[0];
    assert_eq!((&view["ruling"], &view["ruling_now"]), (&json!("allow"), &json!("block")));
    assert_eq!(view["next_sync"]["due"], 1);
    let target = shell.json("rule explain teamid:H3ZC9YV6RK --host mira");
    assert_eq!((&target["verdict"], &target["held"]), (&json!("sent"), &json!(null)));
    assert_eq!(target["next_sync"]["due"], 1);

    sync(&shell, &server, "2026.7");
    let shown = shell.run("rule explain 1 --host mira");
    assert!(
        shown.contains("Pinecone is allowed on mira.local: allow teamid:H3ZC9YV6RK"),
        "{shown}"
    );
    let target = shell.json("rule explain teamid:H3ZC9YV6RK --host mira");
    assert_eq!((&target["held"], &target["next_sync"]), (&json!("allow"), &json!(null)));

    // A rule that was removed and added again unchanged is not pending.
    shell.run("rule remove teamid:H3ZC9YV6RK");
    shell.run("rule add allow teamid:H3ZC9YV6RK");
    let target = shell.json("rule explain teamid:H3ZC9YV6RK --host mira");
    assert_eq!((&target["held"], &target["next_sync"]), (&json!("allow"), &json!(null)));

    // On the Mac, a removed rule applies until the next sync.
    shell.run("rule remove teamid:H3ZC9YV6RK");
    let view = &shell.json("rule explain 1 --host mira")[0];
    assert_eq!((&view["ruling"], &view["ruling_now"]), (&json!("block"), &json!("allow")));
    let target = shell.json("rule explain teamid:H3ZC9YV6RK --host mira");
    assert_eq!((&target["verdict"], &target["held"]), (&json!("no-rule"), &json!("allow")));
}

#[test]
fn explain_shows_the_deciding_rule_and_why_others_lost() {
    let (shell, server) = with_mira("2026.7");
    shell.run("settings set client-mode=lockdown blocked-path-regex=^/tmp/ --scope tag:eng");
    shell.run("rule add allow teamid:H3ZC9YV6RK");
    shell.run("rule add block signingid:H3ZC9YV6RK:example.pinecone.desktop");
    shell.run("rule add allow signingid:H3ZC9YV6RK:example.pinecone.desktop --scope tag:eng");
    sync(&shell, &server, "2026.7");
    insta::assert_snapshot!(shell.run("rule explain 1 --host mira"), @"
    $ nicelist rule explain 1 --host mira
    exit code: 0
    ----- stdout -----
    Pinecone is allowed on mira.local: allow signingid:H3ZC9YV6RK:example.pinecone.desktop in tag:eng
        file  /Applications/Pinecone.app/Contents/MacOS/Pinecone
        signed  production, Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)
        signing ID  H3ZC9YV6RK:example.pinecone.desktop
        mode  lockdown
        santa  2026.7

    Rules for the program
      > signingid:H3ZC9YV6RK:example.pinecone.desktop  allow  tag:eng  decides
      - signingid:H3ZC9YV6RK:example.pinecone.desktop  block  fleet  weaker-scope: tag:eng has a rule for the same target and is stronger
      - teamid:H3ZC9YV6RK  allow  fleet  outranked: signingid takes precedence

    Other checks, in Santa's order
      ? static-rules  rules in the Mac's profile (StaticRules) take precedence and are not reported
      - platform  it is not part of macOS
      - blocked-path-regex  the path does not match ^/tmp/  (tag:eng)
      - client-mode  block  lockdown blocks all other programs; signingid takes precedence  (tag:eng)
    ");
    insta::assert_snapshot!(shell.run("rule explain 1 --host mira -o csv"), @r#"
    $ nicelist rule explain 1 --host mira -o csv
    exit code: 0
    ----- stdout -----
    path,sha256,machine,ruling,decided_by,part,policy,target,scope,why
    /Applications/Pinecone.app/Contents/MacOS/Pinecone,6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206,mira,allow,signingid,decides,allow,signingid:H3ZC9YV6RK:example.pinecone.desktop,tag:eng,allow
    /Applications/Pinecone.app/Contents/MacOS/Pinecone,6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206,mira,allow,signingid,weaker-scope,block,signingid:H3ZC9YV6RK:example.pinecone.desktop,fleet,tag:eng has a rule for the same target and is stronger
    /Applications/Pinecone.app/Contents/MacOS/Pinecone,6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206,mira,allow,signingid,outranked,allow,teamid:H3ZC9YV6RK,fleet,signingid takes precedence
    "#);

    let by_hash = shell.json(&format!("rule explain {PINECONE} --host mira"));
    assert_eq!(by_hash, shell.json("rule explain 1 --host mira"));
    assert_eq!(by_hash[0]["ruling"], "allow");
    assert_eq!(by_hash[0]["decided_by"], "signingid");
    let parts: Vec<_> = by_hash[0]["rules"].as_array().unwrap().iter().collect();
    assert_eq!(parts.len(), 3);
    assert_eq!(
        (&parts[0]["part"], &parts[1]["part"], &parts[2]["part"]),
        (&json!("decides"), &json!("weaker-scope"), &json!("outranked"))
    );
    assert_eq!(parts[0]["revision"], 6);
}

#[test]
fn without_a_rule_the_paths_or_the_mode_decide() {
    let (shell, server) = with_mira("2026.7");
    shell.run("settings set client-mode=lockdown allowed-path-regex=^/usr/local/ --scope tag:eng");
    sync(&shell, &server, "2026.7");
    insta::assert_snapshot!(shell.run("rule explain 1 --host mira"), @"
    $ nicelist rule explain 1 --host mira
    exit code: 0
    ----- stdout -----
    Pinecone is blocked on mira.local: client-mode: lockdown blocks all other programs
        file  /Applications/Pinecone.app/Contents/MacOS/Pinecone
        signed  production, Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)
        signing ID  H3ZC9YV6RK:example.pinecone.desktop
        mode  lockdown
        santa  2026.7

    Other checks, in Santa's order
      ? static-rules  rules in the Mac's profile (StaticRules) take precedence and are not reported
      - platform  it is not part of macOS
      - allowed-path-regex  the path does not match ^/usr/local/  (tag:eng)
      > client-mode  block  lockdown blocks all other programs  (tag:eng)
    ");
    insta::assert_snapshot!(shell.run("rule explain 2 --host mira"), @"
    $ nicelist rule explain 2 --host mira
    exit code: 0
    ----- stdout -----
    ledgerctl is allowed on mira.local: allowed-path-regex: the path matches ^/usr/local/
        file  /usr/local/bin/ledgerctl
        signed  ad hoc
        mode  lockdown
        santa  2026.7

    Other checks, in Santa's order
      ? static-rules  rules in the Mac's profile (StaticRules) take precedence and are not reported
      - platform  it is not part of macOS
      > allowed-path-regex  allow  the path matches ^/usr/local/  (tag:eng)
      - client-mode  block  lockdown blocks all other programs; allowed-path-regex takes precedence  (tag:eng)
    ");
    // Only the hash of the file is known, so it is unknown whether the path pattern matches.
    let unknown = "ab".repeat(32);
    insta::assert_snapshot!(shell.run(&format!("rule explain {unknown} --host mira")), @"
    $ nicelist rule explain abababababababababababababababababababababababababababababababab --host mira
    exit code: 0
    ----- stdout -----
    it is unknown whether abababababababababababababababababababababababababababababababab is allowed on mira.local: allowed-path-regex: the path is not known: ^/usr/local/
        signed  unknown
        mode  lockdown
        santa  2026.7

    Other checks, in Santa's order
      ? static-rules  rules in the Mac's profile (StaticRules) take precedence and are not reported
      - platform  it is not part of macOS
      ? allowed-path-regex  allow  the path is not known: ^/usr/local/  (tag:eng)
      > client-mode  block  lockdown blocks all other programs  (tag:eng)
    ----- stderr -----
    warning: no event contains the program abababababababababababababababababababababababababababababababab; only its hash is known
    ");
}

#[test]
fn unsupported_rules_do_not_decide() {
    let (shell, _server) = with_mira("2024.2");
    shell.run("rule add block cdhash:06c81a1a793afd13fe42b90bb59d41674379a1ed");
    shell.run("rule add cel teamid:H3ZC9YV6RK --cel path==\"/x\"");
    insta::assert_snapshot!(shell.run("rule explain 1 --host mira"), @r#"
    $ nicelist rule explain 1 --host mira
    exit code: 0
    ----- stdout -----
    Pinecone is allowed on mira.local: client-mode: monitor allows all other programs and reports them
        file  /Applications/Pinecone.app/Contents/MacOS/Pinecone
        signed  unknown, Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)
        signing ID  H3ZC9YV6RK:example.pinecone.desktop
        mode  monitor
        santa  2024.2

    Rules for the program
      ! teamid:H3ZC9YV6RK  path=="/x"  fleet  withheld: the host's Santa does not support it; it requires 2026.3

    Other checks, in Santa's order
      ? static-rules  rules in the Mac's profile (StaticRules) take precedence and are not reported
      - platform  it is not part of macOS
      > client-mode  allow  monitor allows all other programs and reports them
    "#);
}

#[test]
fn w1_explain_says_which_santa_compiles_an_expression_with_string_functions() {
    let (shell, _server) = with_mira("2025.7");
    shell.run("rule add cel teamid:H3ZC9YV6RK --cel args.join('_').contains('x')");
    let shown = shell.run("rule explain 1 --host mira");
    assert!(shown.contains("it requires 2025.8"), "{shown}");
    let (shell, server) = with_mira("2025.8");
    shell.run("rule add cel teamid:H3ZC9YV6RK --cel args.join('_').contains('x')");
    sync(&shell, &server, "2025.8");
    let shown = shell.run("rule explain 1 --host mira");
    assert!(shown.contains("it uses args)"), "{shown}");
}

#[test]
fn an_expression_about_the_program_alone_is_evaluated() {
    let (shell, server) = with_mira("2026.7");
    shell.run("rule add cel teamid:H3ZC9YV6RK --cel target.team_id!='H3ZC9YV6RK'");
    sync(&shell, &server, "2026.7");
    let shown = shell.run("rule explain 1 --host mira");
    assert!(shown.contains("(for this program, the result is block)"), "{shown}");
    shell.run("rule add cel teamid:H3ZC9YV6RK --cel path.contains('Pinecone')||euid==0");
    sync(&shell, &server, "2026.7");
    let shown = shell.run("rule explain 1 --host mira");
    assert!(shown.contains("(for this program, the result is allow)"), "{shown}");
}

#[test]
fn an_expression_is_shown_without_a_certain_decision() {
    let (shell, server) = with_mira("2026.7");
    shell.run("settings set client-mode=lockdown");
    shell.run("rule add cel signingid:H3ZC9YV6RK:example.pinecone.desktop --cel euid!=0");
    shell.run("rule add allow teamid:H3ZC9YV6RK");
    sync(&shell, &server, "2026.7");
    insta::assert_snapshot!(shell.run("rule explain 1 --host mira"), @"
    $ nicelist rule explain 1 --host mira
    exit code: 0
    ----- stdout -----
    it is unknown whether Pinecone is allowed on mira.local: the CEL expression of signingid:H3ZC9YV6RK:example.pinecone.desktop in fleet decides each time the program starts
        file  /Applications/Pinecone.app/Contents/MacOS/Pinecone
        signed  production, Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)
        signing ID  H3ZC9YV6RK:example.pinecone.desktop
        mode  lockdown
        santa  2026.7

    Rules for the program
      ? signingid:H3ZC9YV6RK:example.pinecone.desktop  euid!=0  fleet  asks: its expression decides each time; if it has no result, the steps after the rules decide (it uses euid)
      - teamid:H3ZC9YV6RK  allow  fleet  outranked: signingid takes precedence, and Santa checks no other rule, even if the expression has no result

    Other checks, in Santa's order
      ? static-rules  rules in the Mac's profile (StaticRules) take precedence and are not reported
      - platform  it is not part of macOS
      > client-mode  block  lockdown blocks all other programs  (fleet)
    ");
}

#[test]
fn the_output_of_santactl_fileinfo_is_accepted() {
    let (shell, _server) = with_mira("2026.7");
    shell.run("settings set client-mode=lockdown");
    let report = std::fs::read_to_string(example("fileinfo.json")).unwrap();
    shell.write("report.json", &report);
    let of_a_file = shell.json("rule explain report.json --host mira");
    let transcript: Vec<_> = of_a_file
        .as_array()
        .unwrap()
        .iter()
        .map(|view| (view["ruling"].as_str().unwrap(), view["decided_by"].as_str().unwrap()))
        .collect();
    assert_eq!(
        transcript,
        [("block", "client-mode"), ("block", "client-mode"), ("allow", "platform")]
    );
    let piped = shell.run_with("rule explain - --host mira -o csv", &report);
    assert_eq!(piped.lines().filter(|line| line.contains(",mira,")).count(), 3, "{piped}");
    let script = json!({"Path": "/opt/run", "SHA-256": "ab".repeat(32), "Type": "Script",
        "Code-signed": "No"});
    shell.write("script.json", &script.to_string());
    assert_eq!(shell.json("rule explain script.json --host mira")[0]["decided_by"], "no-code");
}

#[test]
fn bad_input_is_refused_with_a_hint() {
    let (shell, _server) = with_mira("2026.7");
    shell.write("notes.txt", "Path : /bin/x\n");
    insta::assert_snapshot!(shell.run("rule explain notes.txt --host mira"), @"
    $ nicelist rule explain notes.txt --host mira
    exit code: 5
    ----- stderr -----
    error: notes.txt is not the output of `santactl fileinfo --json`: expected value at line 1 column 1
    hint: create it with: santactl fileinfo --json /Applications/Some.app > FILE
    ");
    insta::assert_snapshot!(shell.run("rule explain teamid:H3ZC9YV6RK --host mora"), @"
    $ nicelist rule explain teamid:H3ZC9YV6RK --host mora
    exit code: 1
    ----- stderr -----
    error: host `mora` not found
    hint: nicelist host list lists all hosts
    ");
    insta::assert_snapshot!(shell.run("rule explain 99 --host mira"), @"
    $ nicelist rule explain 99 --host mira
    exit code: 1
    ----- stderr -----
    error: event 99 not found
    hint: nicelist event list lists the newest events
    ");
    insta::assert_snapshot!(shell.run("rule explain missing.json --host mira"), @"
    $ nicelist rule explain missing.json --host mira
    exit code: 5
    ----- stderr -----
    error: cannot read missing.json
      No such file or directory (os error 2)
    hint: nicelist find missing.json
    ");
    insta::assert_snapshot!(shell.run("rule explain teams:H3ZC9YV6RK --host mira"), @"
    $ nicelist rule explain teams:H3ZC9YV6RK --host mira
    exit code: 2
    ----- stderr -----
    error: invalid rule type `teams`: expected binary, certificate, teamid, signingid or cdhash
    ");
    insta::assert_snapshot!(shell.run("rule explain teamid:short --host mira"), @"
    $ nicelist rule explain teamid:short --host mira
    exit code: 2
    ----- stderr -----
    error: invalid teamid identifier `short`: expected 10 letters and digits
    ");
}

#[test]
fn the_decision_has_colors_only_on_a_terminal() {
    let (shell, server) = with_mira("2026.7");
    shell.run("rule add block teamid:H3ZC9YV6RK");
    sync(&shell, &server, "2026.7");
    let seen = Terminal::open(&shell, "rule explain 1 --host mira").end();
    assert_eq!(seen.code, 0);
    let title = "\u{1b}[1mPinecone is blocked on mira.local: block teamid:H3ZC9YV6RK in fleet";
    assert!(seen.seen.contains(title), "{:?}", seen.seen);
    assert!(seen.seen.contains("\u{1b}[31mblock\u{1b}[0m"), "{:?}", seen.seen);
    let plain = Terminal::open(&shell, "rule explain 1 --host mira --color never").end();
    assert!(!plain.seen.contains('\u{1b}'), "{:?}", plain.seen);
}
