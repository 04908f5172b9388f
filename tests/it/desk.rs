//! The help desk lists programs waiting for approval, decides on them, and undoes its own
//! decisions.

use serde_json::{Value, json};

use crate::shell::{Server, Shell, example};
use crate::terminal::{ENTER, Terminal, with_mira};

pub(crate) const PINECONE: &str = "signingid:H3ZC9YV6RK:example.pinecone.desktop";

/// A server and two Macs in lockdown. Both blocked Pinecone, and mira's Mac also blocked ledgerctl.
/// Mira's Mac has the tag eng.
pub(crate) fn with_two_macs() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("settings set client-mode=lockdown");
    shell.run("tag create eng");
    let fleet = std::fs::read_to_string(example("fleet.json")).unwrap();
    let fleet: Value = serde_json::from_str(&fleet).unwrap();
    let of_mira = |place: usize| fleet["hosts"][0]["events"][place].clone();
    let mut pinecone = of_mira(0);
    pinecone["executing_user"] = json!("joe.lindqvist");
    shell.write("mira.events", &json!([of_mira(1), of_mira(0)]).to_string());
    shell.write("joe.events", &json!([pinecone]).to_string());
    for name in ["mira", "joe"] {
        let base = server.sync_base();
        let line = format!(
            "lab sync {base} --state {name}.json --machine-id {name} --hostname {name}.local --user {name} --no-backoff"
        );
        shell.json(&line);
        shell.json(&format!("{line} --events {name}.events"));
    }
    shell.run("host tag mira eng");
    (shell, server)
}

fn names(waiting: &Value) -> Vec<&str> {
    let programs = waiting.as_array().unwrap().iter();
    programs.map(|program| program["path"].as_str().unwrap().rsplit('/').next().unwrap()).collect()
}

#[test]
fn m10_the_help_desk_cannot_change_the_fleet_or_rules_of_others() {
    let (mut shell, _server) = with_two_macs();
    let token = shell.json("token create desk --role helpdesk");
    shell.run(&format!("rule add block {PINECONE} --scope tag:eng"));
    shell.set("NICELIST_TOKEN", token["secret"].as_str().unwrap());
    insta::assert_snapshot!(shell.run("event approve 3 --scope fleet"), @"
    $ nicelist event approve 3 --scope fleet
    exit code: 4
    ----- stderr -----
    event 3: Pinecone on joe.local for joe.lindqvist
    error: role helpdesk cannot create rules for the whole fleet
    hint: choose a host, user, group or tag, for example: --scope host:NAME
    ");
    insta::assert_snapshot!(shell.run("event approve 3 --as teamid --scope host:joe"), @"
    $ nicelist event approve 3 --as teamid --scope host:joe
    exit code: 4
    ----- stderr -----
    event 3: Pinecone on joe.local for joe.lindqvist
    error: role helpdesk cannot create teamid rules
    hint: choose a narrower rule type: --as signingid
    ");
    insta::assert_snapshot!(shell.run("event approve 3 --scope tag:eng"), @"
    $ nicelist event approve 3 --scope tag:eng
    exit code: 4
    ----- stderr -----
    event 3: Pinecone on joe.local for joe.lindqvist
    error: admin created the rule for signingid:H3ZC9YV6RK:example.pinecone.desktop in tag:eng
    hint: role helpdesk can change only its own rules
    ");
    let approved = shell.run("event approve 3 --scope host:joe");
    assert!(approved.contains("exit code: 0"), "{approved}");
    let changed = shell.run("event block 3 --scope host:joe");
    assert!(changed.contains("exit code: 0"), "its own rule: {changed}");
}

#[test]
fn m10_a_decision_is_taken_back_by_its_author() {
    let (mut shell, _server) = with_two_macs();
    let token = shell.json("token create desk --role helpdesk");
    shell.set("NICELIST_TOKEN", token["secret"].as_str().unwrap());
    shell.run("event approve 3 --scope host:joe --ticket IT-1");
    shell.run("event block 3 --scope host:joe");
    let policies = |shell: &Shell| {
        let rules = shell.json("rule list");
        let policies = rules.as_array().unwrap().iter();
        policies.map(|rule| rule["policy"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(policies(&shell), ["block"]);
    let dry = shell.run("event undo --dry-run");
    assert!(dry.contains("exit code: 0") && dry.contains("dry run"), "{dry}");
    assert_eq!(policies(&shell), ["block"]);

    let undone = shell.run("event undo --yes");
    assert!(undone.contains("exit code: 0"), "{undone}");
    assert_eq!(policies(&shell), ["allow"], "the rule that was there before");
    assert_eq!(shell.json("rule list")[0]["ticket"], "IT-1");
    let undone = shell.run("event undo --yes");
    assert!(undone.contains("exit code: 0"), "{undone}");
    assert!(policies(&shell).is_empty());
    insta::assert_snapshot!(shell.run("event undo --yes"), @"
    $ nicelist event undo --yes
    exit code: 1
    ----- stderr -----
    error: desk has no decision to undo
    hint: nicelist history lists all changes
    ");
}

#[test]
fn m10_a_decision_that_someone_changed_is_not_taken_back() {
    let (mut shell, _server) = with_two_macs();
    let token = shell.json("token create desk --role helpdesk");
    let secret = token["secret"].as_str().unwrap().to_owned();
    let admin = crate::shell::ADMIN;
    shell.set("NICELIST_TOKEN", &secret);
    shell.run("event approve 3 --scope host:joe");
    shell.set("NICELIST_TOKEN", admin);
    shell.run(&format!("rule add block {PINECONE} --scope host:joe"));
    shell.set("NICELIST_TOKEN", &secret);
    let refused = shell.run("event undo --yes");
    assert!(refused.contains("exit code: 7"), "{refused}");
    assert!(refused.contains("was changed after revision"), "{refused}");
    assert_eq!(shell.json("rule list")[0]["policy"], "block");
}

#[test]
fn a_pending_program_is_listed_once_until_a_rule_decides() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("event list --waiting"), @"
    $ nicelist event list --waiting
    exit code: 0
    ----- stdout -----
    EVENT  LAST RECEIVED  NAME  PUBLISHER  SIGNED  HOSTS  USERS  DECISION  BEST TARGET
    3  [TIME]  Pinecone  Pinecone Software AB  production  2  2  BLOCK_UNKNOWN  signingid:H3ZC9YV6RK:example.pinecone.desktop
    1  [TIME]  ledgerctl  ad hoc  1  1  BLOCK_UNKNOWN  cdhash:270b12fbfc3c7622b1b11893a173bf166ad6d6af
    ");
    insta::assert_snapshot!(shell.run("event list --waiting --user joe.lindqvist -o csv"), @"
    $ nicelist event list --waiting --user joe.lindqvist -o csv
    exit code: 0
    ----- stdout -----
    latest,last_received,name,publisher,signed,hosts,users,events,decision,path,best_target,sha256,machines,user_names
    3,[TIME],Pinecone,Pinecone Software AB,production,1,1,1,BLOCK_UNKNOWN,/Applications/Pinecone.app/Contents/MacOS/Pinecone,signingid:H3ZC9YV6RK:example.pinecone.desktop,6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206,joe,joe.lindqvist
    ");
    let waiting = shell.json("event list --waiting");
    assert_eq!(names(&waiting), ["Pinecone", "ledgerctl"]);
    assert_eq!(
        waiting[0]["hosts"][1]["scopes"],
        json!(["fleet", "tag:eng", "user:mira", "host:LAB000000001", "host:mira"])
    );
    assert_eq!(names(&shell.json("event list --waiting -n 1")), ["Pinecone"]);

    shell.run(&format!("rule add allow {PINECONE} --scope tag:eng"));
    let waiting = shell.json("event list --waiting");
    assert_eq!(names(&waiting), ["Pinecone", "ledgerctl"]);
    assert_eq!(waiting[0]["hosts"].as_array().unwrap().len(), 1, "it waits on joe's alone");
    shell.run(&format!("rule add block {PINECONE} --scope host:joe"));
    assert_eq!(names(&shell.json("event list --waiting")), ["ledgerctl"]);
    shell.run("settings set allowed-path-regex=^/usr/local/");
    insta::assert_snapshot!(shell.run("event list --waiting"), @"
    $ nicelist event list --waiting
    exit code: 0
    ----- stderr -----
    no programs are pending approval
    ");
}

#[test]
fn without_a_terminal_an_event_must_be_named() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("event approve"), @"
    $ nicelist event approve
    exit code: 2
    ----- stderr -----
    error: an event ID is required, because the list of programs needs a terminal
    hint: list the programs pending approval: nicelist event list --waiting
    hint: decide about one event: nicelist event approve ID --yes
    hint: decide about all programs that match: nicelist event approve --text NAME --yes
    ");
    insta::assert_snapshot!(shell.run("event block --yes --scope fleet"), @"
    $ nicelist event block --yes --scope fleet
    exit code: 2
    ----- stderr -----
    error: an event ID is required, because the list of programs needs a terminal
    hint: list the programs pending approval: nicelist event list --waiting
    hint: decide about one event: nicelist event block ID --yes
    hint: decide about all programs that match: nicelist event block --text NAME --yes
    ");
    insta::assert_snapshot!(shell.run("event list --waiting --kind execution"), @"
    $ nicelist event list --waiting --kind execution
    exit code: 2
    ----- stderr -----
    error: the argument '--waiting' cannot be used with '--kind <KIND>'

    Usage: nicelist event list --waiting

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shell.run("event approve 1 --host mira"), @"
    $ nicelist event approve 1 --host mira
    exit code: 2
    ----- stderr -----
    error: an event ID cannot be used with --host
    hint: for one host: nicelist event approve 1 --scope host:mira
    ");
    insta::assert_snapshot!(shell.run("event approve pinecone"), @"
    $ nicelist event approve pinecone
    exit code: 2
    ----- stderr -----
    error: `pinecone` is not an event ID
    hint: to search for it: nicelist find pinecone
    ");
    insta::assert_snapshot!(shell.run("event approve --bundle"), @"
    $ nicelist event approve --bundle
    exit code: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <ID>

    Usage: nicelist event approve --bundle <ID>

    For more information, try '--help'.
    ");
    assert_eq!(shell.json("rule list"), json!([]));
}

#[test]
fn m3_a_decision_that_is_repeated_is_unchanged() {
    let (shell, _server) = with_two_macs();
    shell.run("event approve 1 --yes --for 24h --ticket IT-7");
    insta::assert_snapshot!(shell.run("event approve 1 --yes --for 24h"), @"
    $ nicelist event approve 1 --yes --for 24h
    exit code: 0
    ----- stdout -----
    unchanged  allow cdhash:270b12fbfc3c7622b1b11893a173bf166ad6d6af in host:mira
    ----- stderr -----
    event 1: ledgerctl on mira.local for mira.okafor
    the rule expires at [TIME]
    the expiry was kept, because --for gives nearly the same time
    no changes (revision 4)
    ");
    insta::assert_snapshot!(shell.run("event approve 1 --yes --for 24h --ticket IT-8 --dry-run"), @"
    $ nicelist event approve 1 --yes --for 24h --ticket IT-8 --dry-run
    exit code: 0
    ----- stdout -----
    changed  allow cdhash:270b12fbfc3c7622b1b11893a173bf166ad6d6af in host:mira
               ticket IT-7 → IT-8
    ----- stderr -----
    event 1: ledgerctl on mira.local for mira.okafor
    the rule expires at [TIME]
    the expiry was kept, because --for gives nearly the same time
    dry run: nothing was changed (revision 4)
    ");
    insta::assert_snapshot!(shell.run("event block 1 --yes"), @"
    $ nicelist event block 1 --yes
    exit code: 0
    ----- stdout -----
    changed  block cdhash:270b12fbfc3c7622b1b11893a173bf166ad6d6af in host:mira
               policy allow → block
               expires [TIME] → none
               ticket IT-7 → none
    ----- stderr -----
    event 1: ledgerctl on mira.local for mira.okafor
    revision 5
    ");
}

#[test]
fn m3_pending_programs_are_decided_by_filter_without_a_terminal() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("event approve --yes"), @"
    $ nicelist event approve --yes
    exit code: 2
    ----- stderr -----
    error: an event ID is required, because the list of programs needs a terminal
    hint: list the programs pending approval: nicelist event list --waiting
    hint: decide about one event: nicelist event approve ID --yes
    hint: decide about all programs that match: nicelist event approve --text NAME --yes
    ");
    insta::assert_snapshot!(shell.run("event approve --text pinecone"), @"
    $ nicelist event approve --text pinecone
    exit code: 2
    ----- stderr -----
    error: an event ID is required, because the list of programs needs a terminal
    hint: decide about all programs that match: nicelist event approve --text pinecone --yes
    ");
    insta::assert_snapshot!(shell.run("event approve --text pinecone --yes --dry-run"), @"
    $ nicelist event approve --text pinecone --yes --dry-run
    exit code: 0
    ----- stdout -----
    added  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe
    added  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:mira
    ----- stderr -----
      allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe
      allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:mira
      Pinecone will be allowed on 2 of 2 Macs after the next sync: joe.local, mira.local
        run by joe.lindqvist, mira.okafor
    dry run: nothing was changed (revision 3)
    ");
    insta::assert_snapshot!(shell.run("event approve --text pinecone --yes"), @"
    $ nicelist event approve --text pinecone --yes
    exit code: 0
    ----- stdout -----
    added  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe
    added  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:mira
    ----- stderr -----
      allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe
      allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:mira
      Pinecone will be allowed on 2 of 2 Macs after the next sync: joe.local, mira.local
        run by joe.lindqvist, mira.okafor
    revision 4
    ");
    insta::assert_snapshot!(shell.run("event approve --text pinecone --yes"), @"
    $ nicelist event approve --text pinecone --yes
    exit code: 0
    ----- stderr -----
    no programs are pending approval
    ");
    assert_eq!(names(&shell.json("event list --waiting")), ["ledgerctl"]);
}

#[test]
fn the_approval_of_a_bundle_asks_only_for_the_scope() {
    let (shell, server) = with_mira();
    let program = "6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206";
    // Santa's hash of a bundle with this one program.
    let hash = "2f3056acbd13cbd6d9959b474bb6261268002d1d36293256c20548c31af4b6bc";
    let event = |decision: &str| {
        json!({
            "file_sha256": program, "file_name": "Pinecone", "decision": decision,
            "file_bundle_name": "Pinecone", "file_bundle_hash": hash,
            "file_bundle_binary_count": 1,
        })
    };
    shell
        .write("events.json", &json!([event("BLOCK_UNKNOWN"), event("BUNDLE_BINARY")]).to_string());
    let base = server.sync_base();
    shell.json(&format!("lab sync {base} --state mira.json --events events.json --no-backoff"));
    let mut terminal = Terminal::open(&shell, "event approve 1 --bundle");
    terminal.shows("Pinecone: BLOCK_UNKNOWN ");
    terminal.shows("> this Mac (mira.local)");
    terminal.shows("  fleet  all Macs");
    terminal.press(ENTER);
    terminal.shows("Allow all programs of Pinecone (1) on mira.local? [y/N]");
    terminal.press("y");
    terminal.shows(&format!("allow binary:{program} in host:mira"));
    assert_eq!(terminal.end().code, 0);
    assert_eq!(shell.json("rule list")[0]["bundle_hash"], hash);
}

#[test]
fn surprises_of_the_help_desk_are_explained() {
    let (shell, _server) = with_two_macs();
    shell.run("rule add block teamid:H3ZC9YV6RK --ticket IT-4711");
    insta::assert_snapshot!(shell.run("event approve 3 --yes --dry-run"), @"
    $ nicelist event approve 3 --yes --dry-run
    exit code: 0
    ----- stdout -----
    added  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe
    ----- stderr -----
    event 3: Pinecone on joe.local for joe.lindqvist
    warning: Pinecone is blocked by the rule block teamid:H3ZC9YV6RK in fleet (IT-4711, by admin): the approval overrides it
    dry run: nothing was changed (revision 4)
    ");
    let empty = shell.run("event list --waiting --text nosuch");
    assert!(empty.contains("no program pending approval matches these filters"), "{empty}");
    let unknown = shell.run("rule add allow teamid:EQHXZ8M8AV --scope tag:mira");
    assert!(unknown.contains("hint: did you mean host:mira?\n"), "{unknown}");
    let empty = shell.run("event list --user mir");
    assert!(empty.contains("no events; --user matches only whole user names"), "{empty}");
}
