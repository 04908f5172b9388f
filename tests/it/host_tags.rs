//! Tagging several hosts with one command.

use crate::shell::{Server, Shell};

/// A server with the hosts `anna`, `ben` and `joe`, and the tags `eng` and `canary`.
fn with_hosts() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    for name in ["anna", "ben", "joe"] {
        shell.json(&format!(
            "lab sync {base} --state {name}.json --machine-id {name} --hostname {name}-mac \
             --no-backoff"
        ));
    }
    shell.run("tag create eng");
    shell.run("tag create canary");
    (shell, server)
}

#[test]
fn hosts_on_stdin_are_tagged_in_one_revision() {
    let (shell, _server) = with_hosts();
    insta::assert_snapshot!(shell.run_with("host tag - eng", "# new\nanna\nben-mac\n"), @"
    $ nicelist host tag - eng
    exit code: 0
    ----- stdout -----
    added  tag eng of anna
    added  tag eng of ben-mac
    ----- stderr -----
    revision 3
    ");
    let refused = shell.run_with("host tag - canary", "anna\nzoe\nyves\n");
    insta::assert_snapshot!(refused, @"
    $ nicelist host tag - canary
    exit code: 5
    ----- stderr -----
    error: 2 names do not match exactly one host
      item 2: host `zoe` not found
      item 3: host `yves` not found
    hint: nicelist host list lists all hosts
    ");
    assert_eq!(shell.json("host list --tag canary"), serde_json::json!([]));
}

#[test]
fn hosts_that_match_a_filter_are_tagged_after_a_question() {
    let (shell, _server) = with_hosts();
    shell.run_with("host tag - eng", "anna\nben\n");
    let asked = shell.run("host tag --with-tag eng canary");
    assert!(asked.contains("not confirmed: Add the tag canary to 2 hosts?"), "{asked}");
    insta::assert_snapshot!(shell.run("host tag --with-tag eng canary --dry-run"), @"
    $ nicelist host tag --with-tag eng canary --dry-run
    exit code: 0
    ----- stdout -----
    added  tag canary of anna
    added  tag canary of ben
    ----- stderr -----
    dry run: nothing was changed (revision 3)
    ");
    insta::assert_snapshot!(shell.run("host tag --with-tag eng canary --yes"), @"
    $ nicelist host tag --with-tag eng canary --yes
    exit code: 0
    ----- stdout -----
    added  tag canary of anna
    added  tag canary of ben
    ----- stderr -----
    revision 4
    ");
    insta::assert_snapshot!(shell.run("host untag --prefix b eng canary -y"), @"
    $ nicelist host untag --prefix b eng canary -y
    exit code: 0
    ----- stdout -----
    removed  tag eng of ben
    removed  tag canary of ben
    ----- stderr -----
    revision 5
    ");
    assert!(shell.run("host tag --user zoe eng").contains("no hosts match"));
    assert!(shell.run("host tag anna").contains("exit code: 2"));
}

#[test]
fn one_request_searches_for_at_most_100_different_names() {
    let (shell, _server) = with_hosts();
    let unknown = |names: u32| (0..names).map(|name| format!("zoe{name}\n")).collect::<String>();
    let refused = shell.run_with("host tag - eng", &unknown(101));
    assert!(refused.contains("101 of these names are not a whole machine ID"), "{refused}");
    assert!(refused.contains("hint: use machine IDs or whole serial numbers"), "{refused}");
    let known = format!("anna\nBEN-MAC\njoe-mac\n{}", unknown(100));
    let refused = shell.run_with("host tag - eng", &known);
    assert!(refused.contains("100 names do not match exactly one host"), "{refused}");
    let tagged = shell.run_with("host tag - eng", "ann\nBEN\nJOE-MAC\n");
    assert!(tagged.contains("exit code: 0"), "{tagged}");
    assert_eq!(shell.json("host list --tag eng").as_array().unwrap().len(), 3);
}
