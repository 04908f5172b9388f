//! Exports a policy into new files and into files that people have written, with the real binary.

use std::fs;

use crate::apply::{POLICY, folder, with_policy, with_server};

#[test]
fn an_export_plans_to_no_changes_and_keeps_comments() {
    let (shell, _server) = with_policy();
    insta::assert_snapshot!(shell.run("export -f policy.toml"), @"
    $ nicelist export -f policy.toml
    exit code: 0
    ----- stderr -----
    no changes to policy.toml: 1 tag, 3 settings, 2 rules
    ");
    assert_eq!(fs::read_to_string(shell.path("policy.toml")).unwrap(), POLICY);
    for line in [
        "rule remove teamid:EQHXZ8M8AV",
        "rule add block teamid:AAAAAAAAAA --scope tag:eng --comment why",
        "settings set client-mode=monitor",
        "tag create ops --serial C02XK0AAJG5J",
    ] {
        shell.run(line);
    }
    insta::assert_snapshot!(shell.run("export -f policy.toml"), @"
    $ nicelist export -f policy.toml
    exit code: 0
    ----- stderr -----
    wrote 1 file of policy.toml: 2 tags, 3 settings, 2 rules
    ");
    insta::assert_snapshot!(fs::read_to_string(shell.path("policy.toml")).unwrap(), @r#"
    # Our policy. Ask Anna.

    # Engineering gets new things first.
    [tags.eng]
    priority = 10
    hostnames = ["eng-*"] # by name

    [tags.ops]
    priority = 0
    serials = ["C02XK0AAJG5J"]

    [settings.fleet]
    client-mode = "monitor" # since March
    enable-bundles = true

    [settings."tag:eng"]
    client_mode = "monitor"

    # Whom we trust.

    [[rules]]
    target = "signingid:EQHXZ8M8AV:com.google.Chrome"
    policy = "block"
    scope = "tag:eng"
    expires = 2099-01-01T00:00:00Z

    [[rules]]
    target = "teamid:AAAAAAAAAA"
    policy = "block"
    scope = "tag:eng"
    comment = "why"
    "#);
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 5); 7 unchanged
    ");
}

#[test]
fn a_new_folder_has_a_file_for_each_kind() {
    let (shell, _server) = with_policy();
    insta::assert_snapshot!(shell.run("export -f policy"), @"
    $ nicelist export -f policy
    exit code: 0
    ----- stderr -----
    wrote 3 files of policy: 1 tag, 3 settings, 2 rules
    ");
    let read = |name: &str| fs::read_to_string(shell.path("policy").join(name)).unwrap();
    insta::assert_snapshot!(read("tags.toml"), @r#"
    # [tags.NAME]: the tags, with their priorities and members.

    [tags.eng]
    priority = 10
    hostnames = ["eng-*"]
    "#);
    insta::assert_snapshot!(read("settings.toml"), @r#"
    # [settings.fleet], [settings."tag:NAME"]: the settings of each scope.

    [settings.fleet]
    client-mode = "lockdown"
    enable-bundles = true

    [settings."tag:eng"]
    client-mode = "monitor"
    "#);
    insta::assert_snapshot!(read("rules.toml"), @r#"
    # [[rules]]: the rules.

    [[rules]]
    target = "teamid:EQHXZ8M8AV"
    policy = "allow"

    [[rules]]
    target = "signingid:EQHXZ8M8AV:com.google.Chrome"
    policy = "block"
    scope = "tag:eng"
    expires = 2099-01-01T00:00:00Z
    "#);
    insta::assert_snapshot!(shell.run("plan -f policy --prune"), @"
    $ nicelist plan -f policy --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 1); 6 unchanged
    ");
    insta::assert_snapshot!(shell.run("export -f policy/"), @"
    $ nicelist export -f policy/
    exit code: 0
    ----- stderr -----
    no changes to policy/: 1 tag, 3 settings, 2 rules
    ");
}

#[test]
fn after_a_rollback_an_older_export_plans_to_nothing() {
    let (shell, _server) = with_policy();
    shell.run("export -f before.toml");
    shell.run("rule add block teamid:AAAAAAAAAA");
    shell.run("rule add block teamid:EQHXZ8M8AV");
    shell.run("settings unset client-mode");
    insta::assert_snapshot!(shell.run("export -f at.toml --at 1"), @"
    $ nicelist export -f at.toml --at 1
    exit code: 0
    ----- stderr -----
    wrote 1 file of at.toml: 1 tag, 3 settings, 2 rules
    ");
    let read = |name: &str| fs::read_to_string(shell.path(name)).unwrap();
    assert_eq!(read("at.toml"), read("before.toml"));
    assert!(shell.run("plan -f before.toml --prune").contains("exit code: 3"));
    shell.run("rollback 1 --yes");
    insta::assert_snapshot!(shell.run("plan -f before.toml --prune"), @"
    $ nicelist plan -f before.toml --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 5); 6 unchanged
    ");
}

#[test]
fn a_folder_has_rules_in_tables_and_in_rows() {
    let (shell, _server) = with_server();
    folder(
        &shell,
        "policy",
        &[
            ("README.md", "Ask Anna.\n"),
            (".git/HEAD", "ref: x\n"),
            ("tags.toml", "[tags.canary]\n"),
            (
                "canary/rules.toml",
                "scope = \"tag:canary\"\nsource = \"git\"\n[[rules]]\ntarget = \"teamid:EQHXZ8M8AV\"\npolicy = \"allow\"\n",
            ),
            (
                "vendor.csv",
                "Policy,target,Owner,comment\r\nBLOCKLIST,teamid:AAAAAAAAAA,x,one\r\nBLOCKLIST,teamid:BBBBBBBBBB,y,\"two, too\"\r\nBLOCKLIST,teamid:CCCCCCCCCC,\"z\",three\r\n",
            ),
        ],
    );
    insta::assert_snapshot!(shell.run("apply -f policy --prune --yes"), @"
    $ nicelist apply -f policy --prune --yes
    exit code: 0
    ----- stdout -----
    Tags
      + canary  priority 0

    Rules for fleet
      + teamid:AAAAAAAAAA  block  comment one
      + teamid:BBBBBBBBBB  block  comment two, too
      + teamid:CCCCCCCCCC  block  comment three

    Rules for tag:canary
      + teamid:EQHXZ8M8AV  allow  source git
    ----- stderr -----
    warning: policy/vendor.csv:1: column Owner is not used; 3 values are ignored
    revision 1: 5 added
    ");
    insta::assert_snapshot!(shell.run("export -f policy"), @"
    $ nicelist export -f policy
    exit code: 0
    ----- stderr -----
    no changes to policy: 1 tag, 0 settings, 4 rules
    ");
    shell.run("rule remove teamid:AAAAAAAAAA");
    shell.run("rule add block teamid:CCCCCCCCCC --comment three --ticket IT-9");
    shell.run("rule add allow teamid:EQHXZ8M8AV --scope tag:canary --comment mine --replace");
    insta::assert_snapshot!(shell.run("export -f policy"), @"
    $ nicelist export -f policy
    exit code: 0
    ----- stderr -----
    wrote 2 files of policy: 1 tag, 0 settings, 3 rules
    ");
    let read = |name: &str| fs::read_to_string(shell.path("policy").join(name)).unwrap();
    insta::assert_snapshot!(read("canary/rules.toml"), @r#"
    scope = "tag:canary"
    source = "git"
    [[rules]]
    target = "teamid:EQHXZ8M8AV"
    policy = "allow"
    comment = "mine"
    source = ""
    "#);
    insta::assert_snapshot!(read("vendor.csv"), @r#"
    Policy,target,Owner,comment,ticket
    BLOCKLIST,teamid:BBBBBBBBBB,y,"two, too",
    BLOCKLIST,teamid:CCCCCCCCCC,z,three,IT-9
    "#);
    insta::assert_snapshot!(shell.run("plan -f policy --prune"), @"
    $ nicelist plan -f policy --prune
    exit code: 0
    ----- stderr -----
    warning: policy/vendor.csv:1: column Owner is not used; 2 values are ignored
    no changes (revision 4); 4 unchanged
    ");
}

#[test]
fn byte_order_marks_and_line_ends_stay() {
    let (shell, _server) = with_policy();
    let windows = format!("\u{feff}{}", POLICY.replace('\n', "\r\n"));
    shell.write("policy.toml", &windows);
    insta::assert_snapshot!(shell.run("plan -f policy.toml --prune"), @"
    $ nicelist plan -f policy.toml --prune
    exit code: 0
    ----- stderr -----
    no changes (revision 1); 6 unchanged
    ");
    shell.run("export -f policy.toml");
    let read = || fs::read_to_string(shell.path("policy.toml")).unwrap();
    assert_eq!(read(), windows);
    shell.run("settings set client-mode=monitor");
    shell.run("rule remove teamid:EQHXZ8M8AV");
    shell.run("export -f policy.toml");
    let google = "# Google.\r\n[[rules]]\r\ntarget = \"teamid:EQHXZ8M8AV\"\r\npolicy = \"allow\" # signed\r\n\r\n";
    assert_eq!(read(), windows.replace("lockdown", "monitor").replace(google, ""));
}

#[test]
fn files_that_are_not_manifests_are_not_overwritten() {
    let (shell, _server) = with_policy();
    shell.write("rules.csv", "policy,target\n");
    shell.write("Cargo.toml", "[package]\nname = \"x\"\n");
    folder(&shell, "photos", &[("a.jpg", "x")]);
    for (line, name) in
        [("rules.csv", "rules.csv"), ("Cargo.toml", "Cargo.toml"), ("photos", "photos/a.jpg")]
    {
        let before = fs::read(shell.path(name)).unwrap();
        let transcript = shell.run(&format!("export -f {line}"));
        assert!(!transcript.contains("exit code: 0"), "{transcript}");
        assert_eq!(fs::read(shell.path(name)).unwrap(), before);
    }
    insta::assert_snapshot!(shell.run("export -f rules.csv"), @"
    $ nicelist export -f rules.csv
    exit code: 2
    ----- stderr -----
    error: rules.csv is not a manifest; nothing was written
    hint: use a .toml file or a folder; nicelist rule export writes other formats
    ");
    insta::assert_snapshot!(shell.run("export -f Cargo.toml"), @"
    $ nicelist export -f Cargo.toml
    exit code: 5
    ----- stderr -----
    Cargo.toml:1:2: package: unknown key; expected one of scope, source, tags, settings, rules
    error: found 1 error; nothing was changed
    hint: fix the manifest first; export updates only valid manifests
    ");
    insta::assert_snapshot!(shell.run("export -f photos"), @"
    $ nicelist export -f photos
    exit code: 5
    ----- stderr -----
    photos/a.jpg: is not part of a manifest; only .toml, .csv and .tsv files are allowed
    error: found 1 error; nothing was changed
    hint: fix the manifest first; export updates only valid manifests
    ");
    insta::assert_snapshot!(shell.run("plan -f nowhere.toml"), @"
    $ nicelist plan -f nowhere.toml
    exit code: 1
    ----- stderr -----
    error: cannot read nowhere.toml
      No such file or directory (os error 2)
    ");
}
