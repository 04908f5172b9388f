//! `nicelist program`: the programs that hosts reported.

use serde_json::json;

use crate::desk::with_two_macs;
use crate::shell::Shell;

/// The names of the listed programs.
fn names(shell: &Shell, options: &str) -> Vec<String> {
    let programs = shell.json(format!("program list {options}").trim_end());
    let programs = programs.as_array().unwrap().iter();
    programs.map(|program| program["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn programs_are_listed_newest_first() {
    let (shell, _server) = with_two_macs();
    insta::assert_snapshot!(shell.run("program list"), @"
    $ nicelist program list
    exit code: 0
    ----- stdout -----
    ID  FIRST SEEN  LAST SEEN  NAME  PUBLISHER  SIGNED  HOSTS
    2  [TIME]  [TIME]  Pinecone  Pinecone Software AB  production  2
    1  [TIME]  [TIME]  ledgerctl  ad hoc  1
    ");
    insta::assert_snapshot!(shell.run("program list --user joe.lindqvist -o csv"), @"
    $ nicelist program list --user joe.lindqvist -o csv
    exit code: 0
    ----- stdout -----
    id,first_seen,last_seen,name,publisher,signed,hosts,sha256,cdhash,signing_id,team_id
    2,[TIME],[TIME],Pinecone,Pinecone Software AB,production,2,6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206,06c81a1a793afd13fe42b90bb59d41674379a1ed,H3ZC9YV6RK:example.pinecone.desktop,H3ZC9YV6RK
    ");
    insta::assert_snapshot!(shell.run("program list --host mira --signed adhoc"), @"
    $ nicelist program list --host mira --signed adhoc
    exit code: 0
    ----- stdout -----
    ID  FIRST SEEN  LAST SEEN  NAME  PUBLISHER  SIGNED  HOSTS
    1  [TIME]  [TIME]  ledgerctl  ad hoc  1
    ");
    insta::assert_snapshot!(shell.run("program list --since 2030-01-01"), @"
    $ nicelist program list --since 2030-01-01
    exit code: 0
    ----- stderr -----
    no programs match
    ");
    insta::assert_snapshot!(shell.run("program list --signed maybe"), @"
    $ nicelist program list --signed maybe
    exit code: 2
    ----- stderr -----
    error: invalid value 'maybe' for '--signed <STATUS>': invalid signing status `maybe`: expected production, development, adhoc, unsigned, invalid or unknown

    For more information, try '--help'.
    ");
    assert_eq!(names(&shell, "-n 1").len(), 1);
    assert_eq!(names(&shell, "--text LEDGER"), ["ledgerctl"]);
    assert_eq!(names(&shell, "--publisher pinecone"), ["Pinecone"]);
    assert_eq!(names(&shell, "--host joe --blocked"), ["Pinecone"]);
}

#[test]
fn programs_are_listed_by_tag_and_while_they_are_pending() {
    let (shell, _server) = with_two_macs();
    shell.run("tag create sales");
    shell.run("tag create unused");
    shell.run("host tag joe sales");
    assert_eq!(names(&shell, "--tag eng"), ["Pinecone", "ledgerctl"]);
    assert_eq!(names(&shell, "--tag sales"), ["Pinecone"]);
    assert_eq!(names(&shell, "--tag sales --user mira.okafor"), [""; 0]);
    assert_eq!(names(&shell, "--tag unused"), [""; 0]);

    assert_eq!(names(&shell, "--pending"), ["Pinecone", "ledgerctl"]);
    assert_eq!(names(&shell, "--pending -n 1"), ["Pinecone"]);
    let pinecone = "signingid:H3ZC9YV6RK:example.pinecone.desktop";
    shell.run(&format!("rule add allow {pinecone} --scope tag:eng"));
    assert_eq!(names(&shell, "--pending"), ["Pinecone", "ledgerctl"], "still pending on joe's Mac");
    assert_eq!(names(&shell, "--pending --tag eng"), ["ledgerctl"]);
    assert_eq!(names(&shell, "--pending --tag sales"), ["Pinecone"]);
    assert_eq!(names(&shell, "--pending --host joe"), ["Pinecone"]);
    assert_eq!(names(&shell, "--pending --user mira.okafor"), ["ledgerctl"]);
    assert_eq!(names(&shell, "--pending --publisher pinecone"), ["Pinecone"]);
    assert_eq!(names(&shell, "--pending --signed adhoc"), ["ledgerctl"]);
    shell.run(&format!("rule add block {pinecone} --scope host:joe"));
    assert_eq!(names(&shell, "--pending"), ["ledgerctl"]);
    assert_eq!(names(&shell, ""), ["Pinecone", "ledgerctl"]);
}

#[test]
fn a_program_is_shown_with_its_hosts_and_rules() {
    let (shell, _server) = with_two_macs();
    shell.run("rule add allow teamid:H3ZC9YV6RK --scope tag:eng");
    insta::assert_snapshot!(shell.run("program show Pinecone"), @"
    $ nicelist program show Pinecone
    exit code: 0
    ----- stdout -----
    Program 2
      name  Pinecone
      bundle  Pinecone
      publisher  Pinecone Software AB
      signed  production
      signing id  H3ZC9YV6RK:example.pinecone.desktop
      team id  H3ZC9YV6RK
      cdhash  06c81a1a793afd13fe42b90bb59d41674379a1ed
      sha256  6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206
      first seen  [TIME]
      last seen  [TIME]
      hosts  2

    Rules that match
      rule  allow teamid:H3ZC9YV6RK in tag:eng  (revision 4 by admin)

    Decisions
      decision  allow teamid:H3ZC9YV6RK in tag:eng  (revision 4 by admin)
      at  [TIME]

    Hosts
      host  mira.local  BLOCK_UNKNOWN  /Applications/Pinecone.app/Contents/MacOS/Pinecone  by mira.okafor
      host  joe.local  BLOCK_UNKNOWN  /Applications/Pinecone.app/Contents/MacOS/Pinecone  by joe.lindqvist

    Possible rules, best first
      signingid  H3ZC9YV6RK:example.pinecone.desktop  every version of this program
      cdhash  06c81a1a793afd13fe42b90bb59d41674379a1ed  this build of the program only
      binary  6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206  this exact file only
      teamid  H3ZC9YV6RK  every program of team H3ZC9YV6RK
      certificate  d0239ca46c7081a14e7152326c6437644ee505a52f7b3053d4b4424af1c97d6f  every program signed with Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)

      why the first is best  a signing ID stays valid after updates and matches only this program
    ");
    insta::assert_snapshot!(shell.run("program show nosuch"), @"
    $ nicelist program show nosuch
    exit code: 1
    ----- stderr -----
    error: program `nosuch` not found
    hint: nicelist program list -n 20 lists the newest programs
    ");
    insta::assert_snapshot!(shell.run("program show e"), @"
    $ nicelist program show e
    exit code: 2
    ----- stderr -----
    error: `e` matches 2 programs
    hint: nicelist program show 2  (Pinecone, 2 hosts)
    hint: nicelist program show 1  (ledgerctl, 1 host)
    ");
    let shown = shell.json("program show H3ZC9YV6RK:example.pinecone.desktop");
    assert_eq!(shown["hosts"], 2);
    assert_eq!(shown["team_id"], "H3ZC9YV6RK");
    assert_eq!(shown["rules"][0]["scope"], "tag:eng");
    assert_eq!(shown["sightings"][0]["decision"], "BLOCK_UNKNOWN");
    assert_eq!(shown["versions"], json!([]));
    let by_number = shell.json(&format!("program show {}", shown["id"]));
    let by_hash = shell.json(&format!("program show {}", shown["sha256"].as_str().unwrap()));
    assert_eq!((&by_number, &by_hash), (&shown, &shown));
}

#[test]
fn decisions_about_a_program_are_shown_newest_first() {
    let (mut shell, _server) = with_two_macs();
    shell.run("rule add allow teamid:H3ZC9YV6RK --scope tag:eng");
    shell.run("rule remove teamid:H3ZC9YV6RK --scope tag:eng");
    let token = shell.json("token create desk --role helpdesk");
    shell.set("NICELIST_TOKEN", token["secret"].as_str().unwrap());
    shell.run("event approve 3 --scope host:joe --ticket IT-7");
    shell.run("event block 3 --scope host:joe");
    shell.run("event undo --yes");
    let shown = shell.json("program show Pinecone");
    let decision = |place: usize| {
        let decision = &shown["decisions"][place];
        let (made, ended) = (&decision["made"], &decision["ended"]["author"]);
        json!([decision["policy"], decision["source"], made["author"], ended, decision["undone"]])
    };
    assert_eq!(shown["decisions"].as_array().unwrap().len(), 4);
    assert_eq!(decision(0), json!(["allow", "event:3", "desk", null, null]), "restored");
    assert_eq!(decision(1), json!(["block", "event:3", "desk", "desk", true]));
    assert_eq!(decision(2), json!(["allow", "event:3", "desk", "desk", null]), "changed");
    assert_eq!(decision(3), json!(["allow", null, "admin", "admin", null]), "removed");
    assert_eq!(shown["decisions"][1]["made"]["revision"], 7);
    let report = shell.run("program show Pinecone");
    let decisions = report.find("Decisions\n").unwrap()..report.find("\nHosts\n").unwrap();
    insta::assert_snapshot!(&report[decisions], @"
    Decisions
      decision  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe  (revision 8 by desk)
      at  [TIME]
      decision  block signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe  (revision 7 by desk)
      at  [TIME]
      undone in  revision 8 by desk
      decision  allow signingid:H3ZC9YV6RK:example.pinecone.desktop in host:joe  (revision 6 by desk)
      at  [TIME]
      changed in  revision 7 by desk
      decision  allow teamid:H3ZC9YV6RK in tag:eng  (revision 4 by admin)
      at  [TIME]
      removed in  revision 5 by admin
    ");
}

#[test]
fn the_rules_of_a_program_are_shown_without_counting_hosts() {
    let (shell, server) = with_two_macs();
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state old.json --machine-id old --generation 2024.2 --no-backoff"
    ));
    shell.run("rule add cel signingid:H3ZC9YV6RK:example.pinecone.desktop --cel euid!=0");
    let mut listed = shell.json("rule list")[0].clone();
    assert_eq!(listed["withheld"], 1);
    listed.as_object_mut().unwrap().remove("withheld");
    let shown = shell.json("program show Pinecone");
    assert_eq!(shown["rules"], json!([listed]));
}
