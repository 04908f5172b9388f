//! Checks of changes before they are stored, and of the decisions in event filters.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::shell::{Server, Shell};
use crate::world::{World, ask};

fn served() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    (shell, server)
}

#[test]
fn m6_harmful_changes_need_force_and_a_reason() {
    let (shell, _server) = served();
    insta::assert_snapshot!(shell.run("rule add block teamid:ZMCG7MLDV9"), @"
    $ nicelist rule add block teamid:ZMCG7MLDV9
    exit code: 6
    ----- stderr -----
    error: teamid:ZMCG7MLDV9 is blocked for fleet (NL301 blocks-santa)
    hint: remove the rule: it would block Santa's installers and updates
    hint: to store it anyway and record the reason: nicelist rule add block teamid:ZMCG7MLDV9 --force --reason TEXT
    ");
    insta::assert_snapshot!(shell.run("rule add block signingid:platform:com.apple.WindowServer --dry-run"), @"
    $ nicelist rule add block signingid:platform:com.apple.WindowServer --dry-run
    exit code: 6
    ----- stderr -----
    error: signingid:platform:com.apple.WindowServer is blocked for fleet (NL303 blocks-system)
    hint: remove the rule: a Mac might not start or log in without this program
    hint: to store it anyway and record the reason: nicelist rule add block signingid:platform:com.apple.WindowServer --dry-run --force --reason TEXT
    ");
    insta::assert_snapshot!(shell.run("rule add block teamid:ZMCG7MLDV9 --force"), @"
    $ nicelist rule add block teamid:ZMCG7MLDV9 --force
    exit code: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      --reason <TEXT>

    Usage: nicelist rule add --reason <TEXT> --force <POLICY> <TARGET>...

    For more information, try '--help'.
    ");
    let blank = shell.run("rule add block teamid:ZMCG7MLDV9 --force --reason=");
    assert!(blank.contains("error: a forced change requires a reason"), "{blank}");
    assert_eq!(shell.json("rule list"), json!([]));
    let forced = "rule add block teamid:ZMCG7MLDV9 --force --reason lab";
    insta::assert_snapshot!(shell.run(forced), @"
    $ nicelist rule add block teamid:ZMCG7MLDV9 --force --reason lab
    exit code: 0
    ----- stdout -----
    added  block teamid:ZMCG7MLDV9 in fleet
    ----- stderr -----
    warning: teamid:ZMCG7MLDV9 is blocked for fleet (NL301 blocks-santa)
    revision 1
    ");
    assert_eq!(shell.json("history")[0]["message"], "lab (forced: NL301)");
    // Rules that already exist are not refused again.
    insta::assert_snapshot!(shell.run("rule add block teamid:ZMCG7MLDV9"), @"
    $ nicelist rule add block teamid:ZMCG7MLDV9
    exit code: 0
    ----- stdout -----
    unchanged  block teamid:ZMCG7MLDV9 in fleet
    ----- stderr -----
    no changes (revision 1)
    ");
}

#[test]
fn m6_warnings_are_shown_and_the_change_is_stored() {
    let (shell, _server) = served();
    insta::assert_snapshot!(shell.run("rule add block teamid:EQHXZ8M8AV"), @"
    $ nicelist rule add block teamid:EQHXZ8M8AV
    exit code: 0
    ----- stdout -----
    added  block teamid:EQHXZ8M8AV in fleet
    ----- stderr -----
    warning: teamid:EQHXZ8M8AV is blocked for fleet (NL302 blocks-santa-team)
    revision 1
    ");
    shell.run("tag create eng");
    insta::assert_snapshot!(shell.run("rule add block teamid:EQHXZ8M8AV --scope tag:eng"), @"
    $ nicelist rule add block teamid:EQHXZ8M8AV --scope tag:eng
    exit code: 0
    ----- stdout -----
    added  block teamid:EQHXZ8M8AV in tag:eng
    ----- stderr -----
    warning: teamid:EQHXZ8M8AV has the same rule for tag:eng as for fleet (NL101 repeats-weaker-scope)
    warning: teamid:EQHXZ8M8AV is blocked for tag:eng (NL302 blocks-santa-team)
    revision 3
    ");
    insta::assert_snapshot!(shell.run("rule add remove teamid:AAAAAAAAAA --scope tag:eng"), @"
    $ nicelist rule add remove teamid:AAAAAAAAAA --scope tag:eng
    exit code: 0
    ----- stdout -----
    added  remove teamid:AAAAAAAAAA in tag:eng
    ----- stderr -----
    warning: no scope weaker than tag:eng has a rule for teamid:AAAAAAAAAA (NL102 removes-nothing)
    revision 4
    ");
}

#[test]
fn m6_path_patterns_are_compiled() {
    let (shell, _server) = served();
    insta::assert_snapshot!(shell.run("settings set allowed-path-regex=.*"), @"
    $ nicelist settings set allowed-path-regex=.*
    exit code: 6
    ----- stderr -----
    error: allowed-path-regex for fleet: `^.*` allows every program (NL404 allows-everything)
    hint: list only the folders that should be allowed
    hint: to store it anyway and record the reason: nicelist settings set 'allowed-path-regex=.*' --force --reason TEXT
    ");
    insta::assert_snapshot!(shell.run("settings set blocked-path-regex=^/opt/(a"), @"
    $ nicelist settings set blocked-path-regex=^/opt/(a
    exit code: 6
    ----- stderr -----
    error: blocked-path-regex for fleet: `^/opt/(a` does not compile: unclosed group (NL405 invalid-pattern)
    hint: fix the pattern: Santa ignores patterns that do not compile
    hint: to store it anyway and record the reason: nicelist settings set 'blocked-path-regex=''^/opt/(a' --force --reason TEXT
    ");
    insta::assert_snapshot!(shell.run("settings set blocked-path-regex=^/opt/[a"), @"
    $ nicelist settings set blocked-path-regex=^/opt/[a
    exit code: 6
    ----- stderr -----
    error: blocked-path-regex for fleet: `^/opt/[a` does not compile: unclosed character class (NL405 invalid-pattern)
    hint: fix the pattern: Santa ignores patterns that do not compile
    hint: to store it anyway and record the reason: nicelist settings set 'blocked-path-regex=''^/opt/[a' --force --reason TEXT
    ");
    insta::assert_snapshot!(shell.run("settings set blocked-path-regex=^/opt/(a+)+$"), @"
    $ nicelist settings set blocked-path-regex=^/opt/(a+)+$
    exit code: 6
    ----- stderr -----
    error: blocked-path-regex for fleet: `^/opt/(a+)+$` has nested repetition (NL402 catastrophic-pattern)
    hint: avoid nested repetition: a repeated part must not contain a repeated part
    hint: to store it anyway and record the reason: nicelist settings set 'blocked-path-regex=''^/opt/(a+)+$' --force --reason TEXT
    ");
    insta::assert_snapshot!(shell.run("settings set allowed-path-regex=^/Users/"), @"
    $ nicelist settings set allowed-path-regex=^/Users/
    exit code: 0
    ----- stdout -----
    added  allowed-path-regex=^/Users/ in fleet
    ----- stderr -----
    warning: allowed-path-regex for fleet: `^/Users/` allows programs in /Users/ (NL403 allows-writable-path)
    revision 1
    ");
    // Santa supports look-around, but nicelist cannot check it. So the setting is not refused.
    shell.run("settings set blocked-path-regex=^/opt/(?!ok)");
    let stored = shell.json("settings show");
    assert!(stored.to_string().contains("(?!ok)"), "{stored}");
}

#[test]
fn m6_files_are_checked_too() {
    let (shell, _server) = served();
    shell.write("rules.csv", "target,policy\nteamid:AAAAAAAAAA,allow\nteamid:ZMCG7MLDV9,block\n");
    insta::assert_snapshot!(shell.run("rule import rules.csv"), @"
    $ nicelist rule import rules.csv
    exit code: 6
    ----- stderr -----
    error: teamid:ZMCG7MLDV9 is blocked for fleet (NL301 blocks-santa)
    hint: remove the rule: it would block Santa's installers and updates
    hint: to store it anyway and record the reason: nicelist rule import rules.csv --force --reason TEXT
    ");
    let rule = "[[rules]]\ntarget = \"teamid:ZMCG7MLDV9\"\npolicy = \"block\"\n";
    shell.write("policy.toml", &format!("[settings.fleet]\nallowed-path-regex = \".*\"\n{rule}"));
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes"), @"
    $ nicelist apply -f policy.toml --yes
    exit code: 6
    ----- stderr -----
    error: 2 changes would be harmful; nothing was changed
      allowed-path-regex for fleet: `^.*` allows every program (NL404 allows-everything)
      teamid:ZMCG7MLDV9 is blocked for fleet (NL301 blocks-santa)
    hint: list only the folders that should be allowed
    hint: to store it anyway and record the reason: nicelist apply -f policy.toml --yes --force --reason TEXT
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes --force --reason lab"), @"
    $ nicelist apply -f policy.toml --yes --force --reason lab
    exit code: 0
    ----- stdout -----
    Settings for fleet
      + allowed-path-regex  ^.*

    Rules for fleet
      + teamid:ZMCG7MLDV9  block
    ----- stderr -----
    warning: allowed-path-regex for fleet: `^.*` allows every program (NL404 allows-everything)
    warning: teamid:ZMCG7MLDV9 is blocked for fleet (NL301 blocks-santa)
    revision 1: 2 added
    ");
    assert_eq!(shell.json("history")[0]["message"], "lab (forced: NL301, NL404)");
    shell.run("rule remove teamid:ZMCG7MLDV9");
    insta::assert_snapshot!(shell.run("rollback 1 --yes"), @"
    $ nicelist rollback 1 --yes
    exit code: 6
    ----- stderr -----
    error: teamid:ZMCG7MLDV9 is blocked for fleet (NL301 blocks-santa)
    hint: remove the rule: it would block Santa's installers and updates
    hint: to store it anyway and record the reason: nicelist rollback 1 --yes --force --reason TEXT
    ");
    shell.run("rollback 1 --yes --force --reason lab");
    assert_eq!(shell.json("rule list")[0]["target"], "teamid:ZMCG7MLDV9");
}

#[test]
fn m6_a_lockdown_without_rules_is_a_warning() {
    let (shell, _server) = served();
    insta::assert_snapshot!(shell.run("settings set client-mode=lockdown"), @"
    $ nicelist settings set client-mode=lockdown
    exit code: 0
    ----- stdout -----
    added  client-mode=lockdown in fleet
    ----- stderr -----
    warning: fleet is in lockdown, but no rule for all its hosts allows a program (NL501 empty-lockdown)
    revision 1
    ");
    shell.run("settings set client-mode=monitor");
    // A rule for one Mac does not help the others.
    shell.run("rule add allow teamid:AAAAAAAAAA --scope host:annas-mac");
    assert!(shell.run("settings set client-mode=lockdown").contains("NL501"));
    shell.run("settings set client-mode=monitor");
    shell.run("rule add allow teamid:AAAAAAAAAA");
    insta::assert_snapshot!(shell.run("settings set client-mode=lockdown"), @"
    $ nicelist settings set client-mode=lockdown
    exit code: 0
    ----- stdout -----
    changed  client-mode=lockdown in fleet
               value monitor → lockdown
    ----- stderr -----
    revision 7
    ");
}

#[tokio::test]
async fn m6_the_api_refuses_with_a_problem() {
    let world = World::new().await;
    let block = json!([{"target": "teamid:ZMCG7MLDV9", "policy": "block"}]);
    let post = async |body: Value| ask(&world.router(), Method::POST, "/rules", body).await;
    let (status, problem) = post(json!({"put": block})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("guarded")));
    let (status, problem) = post(json!({"put": block, "force": true})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")));
    let (status, answer) = post(json!({"put": block, "force": true, "message": "lab"})).await;
    assert_eq!((status, &answer["warnings"][0]["code"]), (StatusCode::OK, &json!("NL301")));
}

#[test]
fn m9_a_scope_that_no_host_has_is_a_warning() {
    let (shell, server) = served();
    // Before any host is enrolled, there is no warning about unknown users.
    let shown = shell.run("rule add allow teamid:AAAAAAAAAA --scope user:early");
    assert!(!shown.contains("warning"), "{shown}");
    let base = server.sync_base();
    shell.json(&format!("lab sync {base} --state a.json --machine-id m1 --user mira --no-backoff"));
    insta::assert_snapshot!(shell.run("rule add allow teamid:AAAAAAAAAA --scope user:mria"), @"
    $ nicelist rule add allow teamid:AAAAAAAAAA --scope user:mria
    exit code: 0
    ----- stdout -----
    added  allow teamid:AAAAAAAAAA in user:mria
    ----- stderr -----
    warning: no host is in the scope user:mria; check the spelling
    revision 2
    ");
    insta::assert_snapshot!(shell.run("settings set client-mode=monitor --scope group:engnieers"), @"
    $ nicelist settings set client-mode=monitor --scope group:engnieers
    exit code: 0
    ----- stdout -----
    added  client-mode=monitor in group:engnieers
    ----- stderr -----
    warning: no host is in the scope group:engnieers; check the spelling
    revision 3
    ");
    insta::assert_snapshot!(shell.run("rule add allow teamid:AAAAAAAAAA --scope user:mira"), @"
    $ nicelist rule add allow teamid:AAAAAAAAAA --scope user:mira
    exit code: 0
    ----- stdout -----
    added  allow teamid:AAAAAAAAAA in user:mira
    ----- stderr -----
    revision 4
    ");
}

#[test]
fn m9_unknown_decisions_are_refused_with_the_nearest() {
    let (shell, _server) = served();
    insta::assert_snapshot!(shell.run("event list --decision BLOCK_UNKNWN"), @"
    $ nicelist event list --decision BLOCK_UNKNWN
    exit code: 5
    ----- stderr -----
    error: unknown decision `BLOCK_UNKNWN`
    hint: did you mean BLOCK_UNKNOWN?
    ");
    insta::assert_snapshot!(shell.run("event list --decision block_unknown,BLOCK_NOTHING_LIKE_IT"), @"
    $ nicelist event list --decision block_unknown,BLOCK_NOTHING_LIKE_IT
    exit code: 5
    ----- stderr -----
    error: unknown decision `BLOCK_NOTHING_LIKE_IT`
    hint: known decisions: DECISION_UNKNOWN, ALLOW_UNKNOWN, ALLOW_BINARY, ALLOW_CERTIFICATE, ALLOW_SCOPE, ALLOW_TEAMID, ALLOW_SIGNINGID, ALLOW_CDHASH, ALLOW_PLATFORM, BLOCK_UNKNOWN, BLOCK_BINARY, BLOCK_CERTIFICATE, BLOCK_SCOPE, BLOCK_TEAMID, BLOCK_SIGNINGID, BLOCK_CDHASH, BLOCK_BINARY_MISMATCH, BUNDLE_BINARY, FILE_ACCESS_DECISION_UNKNOWN, FILE_ACCESS_DECISION_DENIED, FILE_ACCESS_DECISION_DENIED_INVALID_SIGNATURE, FILE_ACCESS_DECISION_AUDIT_ONLY
    ");
    insta::assert_snapshot!(shell.run("event list --decision block_unknown"), @"
    $ nicelist event list --decision block_unknown
    exit code: 0
    ----- stderr -----
    no events match
    ");
}
