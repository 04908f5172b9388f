//! Accepted and refused policy files, with the real binary.

use std::fs;

use crate::shell::{Server, Shell};

pub(crate) fn with_server() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    (shell, server)
}

pub(crate) const POLICY: &str = r#"# Our policy. Ask Anna.

# Engineering gets new things first.
[tags.eng]
priority = 10
hostnames = ["eng-*"] # by name

[settings.fleet]
client-mode = "lockdown" # since March
enable-bundles = true

[settings."tag:eng"]
client_mode = "monitor"

# Whom we trust.

# Google.
[[rules]]
target = "teamid:EQHXZ8M8AV"
policy = "allow" # signed

[[rules]]
target = "signingid:EQHXZ8M8AV:com.google.Chrome"
policy = "block"
scope = "tag:eng"
expires = 2099-01-01T00:00:00Z
"#;

pub(crate) fn with_policy() -> (Shell, Server) {
    let (shell, server) = with_server();
    shell.write("policy.toml", POLICY);
    let transcript = shell.run("apply -f policy.toml --yes -m first");
    assert!(transcript.contains("exit code: 0"), "{transcript}");
    (shell, server)
}

pub(crate) fn folder(shell: &Shell, name: &str, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = shell.path(name).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn a_plan_is_shown_and_applied_once() {
    let (shell, server) = with_server();
    shell.write("policy.toml", POLICY);
    insta::assert_snapshot!(shell.run("plan -f policy.toml"), @"
    $ nicelist plan -f policy.toml
    exit code: 3
    ----- stdout -----
    Tags
      + eng  priority 10  host names eng-*

    Settings for fleet
      + client-mode  lockdown
      + enable-bundles  true

    Settings for tag:eng
      + client-mode  monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      + signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    Plan: 6 to add
    hint: to apply exactly this plan: nicelist apply -f policy.toml --base 0 --yes
    ");
    let unconfirmed = shell.run("apply -f policy.toml").replace(&server.url, "[SERVER]");
    insta::assert_snapshot!(unconfirmed, @"
    $ nicelist apply -f policy.toml
    exit code: 2
    ----- stdout -----
    Tags
      + eng  priority 10  host names eng-*

    Settings for fleet
      + client-mode  lockdown
      + enable-bundles  true

    Settings for tag:eng
      + client-mode  monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      + signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    Plan: 6 to add
    error: not confirmed: Apply these changes to [SERVER]?
    hint: to confirm without a prompt: nicelist apply -f policy.toml --yes
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --base 0 --yes -m first"), @"
    $ nicelist apply -f policy.toml --base 0 --yes -m first
    exit code: 0
    ----- stdout -----
    Tags
      + eng  priority 10  host names eng-*

    Settings for fleet
      + client-mode  lockdown
      + enable-bundles  true

    Settings for tag:eng
      + client-mode  monitor

    Rules for fleet
      + teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      + signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    revision 1: 6 added
    ");
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes"), @"
    $ nicelist apply -f policy.toml --yes
    exit code: 0
    ----- stderr -----
    no changes (revision 1); 6 unchanged
    ");
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 1); 6 unchanged
    ");
    insta::assert_snapshot!(shell.run("history -o csv"), @r#"
    $ nicelist history -o csv
    exit code: 0
    ----- stdout -----
    revision,at,author,changes,message,rules_added,rules_changed,rules_removed,settings_added,settings_changed,settings_removed,tags_added,tags_changed,tags_removed,hosts
    1,[TIME],admin,"rules +2, settings +3, tags +1",first,2,0,0,3,0,0,1,0,0,0
    "#);
}

#[test]
fn every_fault_is_reported_with_its_place() {
    let (shell, _server) = with_policy();
    folder(
        &shell,
        "policy",
        &[
            (
                "a.toml",
                "[tags.eng]\nprioritty = 1\nserials = \"C02\"\n\n[settings.\"tag:eng\"]\nevent-retention = \"30d\"\nclientmode = \"monitor\"\nbatch-size = 0\n\n[settings.desk]\n",
            ),
            (
                "b.toml",
                "[tags.eng]\n\n[[rules]]\ntarget = \"teamid:short\"\npolicy = \"allow\"\n\n[[rules]]\ntarget = \"teamid:EQHXZ8M8AV\"\npolicy = \"allow\"\nexpires = \"soon\"\nidentifier = 1\n\n[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"block\"\n",
            ),
            ("c.csv", "policy,target\nblock,teamid:AAAAAAAAAA\nallow,\n"),
            ("d.toml", "[[rules]\n"),
            ("notes.txt", "hello"),
        ],
    );
    insta::assert_snapshot!(shell.run("plan -f policy"), @"
    $ nicelist plan -f policy
    exit code: 5
    ----- stderr -----
    policy/a.toml:2:1: prioritty: unknown key; did you mean priority?
    policy/a.toml:3:11: serials: expected a list of strings, found a string
    policy/a.toml:6:1: event-retention: can only be set for the fleet, not for tag:eng
    policy/a.toml:7:1: clientmode: unknown setting; did you mean client-mode?
    policy/a.toml:8:14: batch-size: invalid value `0`: expected a number from 1 to 1000
    policy/a.toml:10:11: settings: invalid scope `desk`: expected fleet, group:NAME, tag:NAME, user:NAME or host:NAME; did you mean tag:desk or host:desk?
    policy/b.toml:1:7: tag eng already exists, at a.toml:1:7
    policy/b.toml:4:10: target: invalid teamid identifier `short`: expected 10 letters and digits
    policy/b.toml:10:11: expires: expected a date or a time, as in 2026-12-31 or [TIME], found a string
    policy/b.toml:11:1: identifier: unknown key; expected one of target, policy, scope, cel, message, url, button_label, app_name, bundle_hash, bundle_binary_count, comment, ticket, source, expires
    policy/c.csv:2: teamid:AAAAAAAAAA for fleet is already at b.toml:13:1; remove one of the two
    policy/c.csv:3: target: is missing
    policy/d.toml:1:9: unclosed array table, expected `]`
    policy/notes.txt: is not part of a manifest; only .toml, .csv and .tsv files are allowed
    error: found 14 errors; nothing was changed
    ");
    assert!(shell.run("apply -f policy --yes").contains("found 14 errors; nothing was changed"));
    let exported = shell.run("export -f policy");
    assert!(exported.contains("hint: fix the manifest first; export updates only valid manifests"));
    insta::assert_snapshot!(shell.run("history -o csv"), @r#"
    $ nicelist history -o csv
    exit code: 0
    ----- stdout -----
    revision,at,author,changes,message,rules_added,rules_changed,rules_removed,settings_added,settings_changed,settings_removed,tags_added,tags_changed,tags_removed,hosts
    1,[TIME],admin,"rules +2, settings +3, tags +1",first,2,0,0,3,0,0,1,0,0,0
    "#);
}

#[test]
fn faults_found_by_the_server_are_reported_with_their_place() {
    let (shell, _server) = with_policy();
    shell.write("more.toml", "[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\"\n\n[[rules]]\ntarget = \"teamid:BBBBBBBBBB\"\npolicy = \"allow\"\nscope = \"tag:nobody\"\n\n[settings.\"tag:none\"]\nbatch-size = 5\n");
    insta::assert_snapshot!(shell.run("plan -f more.toml"), @"
    $ nicelist plan -f more.toml
    exit code: 5
    ----- stderr -----
    error: 2 items of the policy are invalid; nothing was changed
      more.toml:11:1: scope: tag `none` not found
      more.toml:5:1: scope: tag `nobody` not found
    hint: add the tag to the policy, or create it first: nicelist tag create none
    ");
}

#[test]
fn deleting_most_of_a_policy_needs_a_flag() {
    let (shell, _server) = with_policy();
    shell.write("empty.toml", "# Nothing yet.\n");
    insta::assert_snapshot!(shell.run("apply -f empty.toml --prune --yes"), @"
    $ nicelist apply -f empty.toml --prune --yes
    exit code: 6
    ----- stderr -----
    error: --prune would remove 6 of 6 active items
    hint: to list them: nicelist plan -f empty.toml --prune
    hint: to remove them: nicelist apply -f empty.toml --prune --prune-most --yes
    ");
    shell.write("cut.toml", "");
    insta::assert_snapshot!(shell.run("apply -f cut.toml --prune --yes"), @"
    $ nicelist apply -f cut.toml --prune --yes
    exit code: 5
    ----- stderr -----
    cut.toml:1:1: is empty
    error: found 1 error; nothing was changed
    ");
    insta::assert_snapshot!(shell.run("apply -f empty.toml --prune --prune-most --yes"), @"
    $ nicelist apply -f empty.toml --prune --prune-most --yes
    exit code: 0
    ----- stdout -----
    Tags
      - eng  priority 10  host names eng-*

    Settings for fleet
      - client-mode  lockdown
      - enable-bundles  true

    Settings for tag:eng
      - client-mode  monitor

    Rules for fleet
      - teamid:EQHXZ8M8AV  allow

    Rules for tag:eng
      - signingid:EQHXZ8M8AV:com.google.Chrome  block  expires [TIME]
    ----- stderr -----
    revision 2: 6 removed
    ");
    shell.run("export -f policy.toml");
    insta::assert_snapshot!(fs::read_to_string(shell.path("policy.toml")).unwrap(), @"
    # Our policy. Ask Anna.

    # Whom we trust.
    ");
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 2)
    ");
}

#[test]
fn hosts_are_found_by_host_name_serial_number_and_prefix() {
    let (shell, server) = with_server();
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state m.json --machine-id M-1 --hostname annas-mac --no-backoff"
    ));
    shell.write("host.toml", "[[rules]]\ntarget = \"teamid:EQHXZ8M8AV\"\npolicy = \"allow\"\nscope = \"host:annas-mac\"\n\n[settings.\"host:annas-mac\"]\nbatch-size = 5\n");
    insta::assert_snapshot!(shell.run("plan -f host.toml"), @"
    $ nicelist plan -f host.toml
    exit code: 3
    ----- stdout -----
    Settings for host:M-1
      + batch-size  5

    Rules for host:M-1
      + teamid:EQHXZ8M8AV  allow
    ----- stderr -----
    Plan: 2 to add
    hint: to apply exactly this plan: nicelist apply -f host.toml --base 0 --yes
    ");
}

#[test]
fn a_reader_may_plan_and_export_but_not_apply() {
    let (mut shell, _server) = with_policy();
    let token = shell.json("token create reader --role viewer");
    shell.set("NICELIST_TOKEN", token["secret"].as_str().unwrap());
    shell.write("policy.toml", &POLICY.replace("lockdown", "monitor"));
    assert!(shell.run("plan -f policy.toml").contains("exit code: 3"));
    insta::assert_snapshot!(shell.run("apply -f policy.toml --yes"), @"
    $ nicelist apply -f policy.toml --yes
    exit code: 4
    ----- stderr -----
    error: token `reader` has role viewer; this request requires editor
    ");
    insta::assert_snapshot!(shell.run("export -f policy.toml"), @"
    $ nicelist export -f policy.toml
    exit code: 0
    ----- stderr -----
    wrote 1 file of policy.toml: 1 tag, 3 settings, 2 rules
    ");
    assert_eq!(fs::read_to_string(shell.path("policy.toml")).unwrap(), POLICY);
}

#[test]
fn the_manifest_in_the_documentation_is_valid() {
    let (shell, _server) = with_server();
    let page = include_str!("../../docs/MANIFEST.md");
    let (_, from) = page.split_once("```toml\n").unwrap();
    let (shown, _) = from.split_once("```").unwrap();
    shell.write("policy.toml", shown);
    let planned = shell.run("plan -f policy.toml");
    assert!(planned.contains("Plan: 6 to add"), "{planned}");
    shell.run("apply -f policy.toml --yes");
    shell.run("export -f policy.toml");
    assert_eq!(fs::read_to_string(shell.path("policy.toml")).unwrap(), shown);
}
