//! `nicelist rule edit`: a rule is changed in an editor.

use serde_json::{Value, json};

use crate::shell::{Server, Shell};
use crate::terminal::Terminal;

const TEAM: &str = "teamid:H3ZC9YV6RK";

/// A server with one rule, and a shell whose editor is the script `editor.sh`.
fn with_a_rule() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run(&format!("rule add block {TEAM} --message Ask --ticket IT-7 --comment old"));
    shell.set("EDITOR", "sh editor.sh");
    (shell, server)
}

fn rule(shell: &Shell) -> Value {
    shell.json("rule list")[0].clone()
}

/// Returns the text from the file that the error mentions, and deletes the file.
fn kept(shown: &str) -> String {
    let path = shown.split("your text is in ").nth(1).unwrap().split(';').next().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::remove_file(path).unwrap();
    text
}

#[test]
fn m3_a_rule_is_edited_as_text_and_each_change_is_shown() {
    let (shell, _server) = with_a_rule();
    shell.write("editor.sh", "cp \"$1\" seen.toml; sed -i -e s/Ask/Call/ -e /^comment/d \"$1\"");
    insta::assert_snapshot!(shell.run(&format!("rule edit {TEAM} --dry-run")), @"
    $ nicelist rule edit teamid:H3ZC9YV6RK --dry-run
    exit code: 0
    ----- stdout -----
    changed  teamid:H3ZC9YV6RK in fleet
               comment old → none
               message Ask → Call
    ----- stderr -----
    dry run: nothing was changed (revision 1)
    ");
    insta::assert_snapshot!(shell.run(&format!("rule edit {TEAM} -m shorter")), @"
    $ nicelist rule edit teamid:H3ZC9YV6RK -m shorter
    exit code: 0
    ----- stdout -----
    changed  teamid:H3ZC9YV6RK in fleet
               comment old → none
               message Ask → Call
    ----- stderr -----
    revision 2
    ");
    let seen = std::fs::read_to_string(shell.path("seen.toml")).unwrap();
    insta::assert_snapshot!(seen, @r#"
    # Save this file to store the rule. To erase a field, delete its line.
    # To change nothing, leave the file as it is.
    # Fields: policy, cel, message, url, button_label, app_name, comment, ticket, source,
    # expires.

    [[rules]]
    target = "teamid:H3ZC9YV6RK"
    policy = "block"
    message = "Ask"
    comment = "old"
    ticket = "IT-7"
    "#);
    let now = rule(&shell);
    assert_eq!((&now["message"], &now["ticket"]), (&json!("Call"), &json!("IT-7")));
    assert_eq!(now["comment"], Value::Null);
    insta::assert_snapshot!(shell.run(&format!("rule edit {TEAM} -m shorter")), @"
    $ nicelist rule edit teamid:H3ZC9YV6RK -m shorter
    exit code: 0
    ----- stderr -----
    the text was not changed; nothing was stored
    ");
}

#[test]
fn m3_an_editor_that_fails_or_changes_nothing_stores_nothing() {
    let (shell, _server) = with_a_rule();
    shell.write("editor.sh", "sed -i s/Ask/Call/ \"$1\"; exit 1");
    insta::assert_snapshot!(shell.run(&format!("rule edit {TEAM}")), @"
    $ nicelist rule edit teamid:H3ZC9YV6RK
    exit code: 1
    ----- stderr -----
    error: the editor `sh editor.sh` failed: exit status: 1
    hint: nothing was stored; to use another editor, set VISUAL or EDITOR
    ");
    shell.write("editor.sh", "true");
    insta::assert_snapshot!(shell.run(&format!("rule edit {TEAM}")), @"
    $ nicelist rule edit teamid:H3ZC9YV6RK
    exit code: 0
    ----- stderr -----
    the text was not changed; nothing was stored
    ");
    assert_eq!(rule(&shell)["revision"], 1);
}

#[test]
fn m3_a_text_that_cannot_be_stored_is_kept_in_a_file() {
    let (mut shell, _server) = with_a_rule();
    shell.write("editor.sh", "sed -i s/block/blok/ \"$1\"");
    let shown = shell.run(&format!("rule edit {TEAM}"));
    assert!(shown.contains("exit code: 5"), "{shown}");
    assert!(kept(&shown).contains("blok"));
    shell.write("editor.sh", "sed -i s/H3ZC9YV6RK/EQHXZ8M8AV/ \"$1\"");
    let shown = shell.run(&format!("rule edit {TEAM}"));
    assert!(shown.contains("the target and the scope of a rule cannot be edited"), "{shown}");
    kept(&shown);
    // A tag is created while the editor is open, so there is a newer revision.
    shell.set("NICELIST", env!("CARGO_BIN_EXE_nicelist"));
    shell.write("editor.sh", "$NICELIST tag create eng; sed -i s/Ask/Call/ \"$1\"");
    let shown = shell.run(&format!("rule edit {TEAM}"));
    assert!(shown.contains("exit code: 7"), "{shown}");
    assert!(kept(&shown).contains("Call"));
    assert_eq!(rule(&shell)["revision"], 1);
}

#[test]
fn an_invalid_text_is_opened_again_with_the_errors_on_top() {
    let (shell, _server) = with_a_rule();
    shell.write(
        "editor.sh",
        "cp \"$1\" seen.toml\n\
         if grep -q '^# error' \"$1\"; then sed -i s/blok/allow/ \"$1\"; else sed -i s/block/blok/ \"$1\"; fi\n",
    );
    let mut terminal = Terminal::open(&shell, &format!("rule edit {TEAM}"));
    terminal.shows("Edit the text again?");
    terminal.press("y");
    let end = terminal.end();
    assert_eq!(end.code, 0, "{}", end.seen);
    assert!(end.seen.contains("policy block"), "{}", end.seen);
    let seen = std::fs::read_to_string(shell.path("seen.toml")).unwrap();
    let (first, rest) = seen.split_once('\n').unwrap();
    assert!(first.starts_with("# error: ") && first.contains("blok"), "{seen}");
    assert!(rest.starts_with("# Save this file to store the rule."), "{seen}");
    assert_eq!(rule(&shell)["policy"], "allow");
}

#[test]
fn m3_a_rule_to_edit_is_named_by_its_scope_if_there_are_several() {
    let (shell, _server) = with_a_rule();
    shell.run("tag create eng");
    shell.run(&format!("rule add allow {TEAM} --scope tag:eng"));
    insta::assert_snapshot!(shell.run(&format!("rule edit {TEAM}")), @"
    $ nicelist rule edit teamid:H3ZC9YV6RK
    exit code: 2
    ----- stderr -----
    error: 2 scopes have a rule for teamid:H3ZC9YV6RK
      fleet, tag:eng
    hint: nicelist rule edit teamid:H3ZC9YV6RK --scope fleet
    ");
    insta::assert_snapshot!(shell.run("rule edit teamid:EQHXZ8M8AV"), @"
    $ nicelist rule edit teamid:EQHXZ8M8AV
    exit code: 1
    ----- stderr -----
    error: no rule for teamid:EQHXZ8M8AV in any scope
    hint: to add one: nicelist rule add POLICY teamid:EQHXZ8M8AV
    ");
    shell.write("editor.sh", "sed -i s/allow/block/ \"$1\"");
    insta::assert_snapshot!(shell.run(&format!("rule edit {TEAM} --scope tag:eng")), @"
    $ nicelist rule edit teamid:H3ZC9YV6RK --scope tag:eng
    exit code: 0
    ----- stdout -----
    changed  teamid:H3ZC9YV6RK in tag:eng
               policy allow → block
    ----- stderr -----
    revision 4
    ");
}
