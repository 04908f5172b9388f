//! Several files are imported as one revision.

use crate::shell::{Server, Shell};

fn with_files(files: &[(&str, &str)]) -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    files.iter().for_each(|(name, text)| shell.write(name, text));
    (shell, server)
}

#[test]
fn several_files_are_one_revision_and_pruned_together() {
    let (shell, _server) = with_files(&[
        ("a.csv", "target,policy\nteamid:AAAAAAAAAA,allow\n"),
        ("b.csv", "target,policy\nteamid:BBBBBBBBBB,block\nteamid:CCCCCCCCCC,block\n"),
    ]);
    insta::assert_snapshot!(shell.run("rule import a.csv b.csv --source base"), @"
    $ nicelist rule import a.csv b.csv --source base
    exit code: 0
    ----- stderr -----
    added 3, changed 0, unchanged 0 (revision 1)
    ");
    shell.write("b.csv", "target,policy\nteamid:BBBBBBBBBB,block\n");
    insta::assert_snapshot!(shell.run("rule import a.csv b.csv --source base --prune"), @"
    $ nicelist rule import a.csv b.csv --source base --prune
    exit code: 0
    ----- stdout -----
    Rules for fleet
      - teamid:CCCCCCCCCC  policy block  source base
    ----- stderr -----
    added 0, changed 0, unchanged 2, removed 1 (revision 2)
    ");
}

#[test]
fn faults_of_all_files_are_reported_with_their_places() {
    let (shell, _server) = with_files(&[
        ("a.csv", "target,policy\nteamid:AAAAAAAAAA,allow\nteamid:SHORT,allow\n"),
        ("b.csv", "target,policy\nteamid:BBBBBBBBBB,block\nteamid:AAAAAAAAAA,block\n"),
    ]);
    insta::assert_snapshot!(shell.run("rule import a.csv b.csv"), @"
    $ nicelist rule import a.csv b.csv
    exit code: 5
    ----- stderr -----
    a.csv:3: target: invalid teamid identifier `SHORT`: expected 10 letters and digits
    b.csv:3: differs from a.csv:2, which is for the same target and scope
    error: 2 of 4 rows are invalid; nothing was changed
    ");
    shell.write("a.csv", "target,policy,scope\nteamid:AAAAAAAAAA,allow,\n");
    shell.write("b.csv", "target,policy,scope\nteamid:BBBBBBBBBB,block,tag:unknown\n");
    let refused = shell.run("rule import a.csv b.csv");
    assert!(refused.contains("b.csv:2: tag `unknown` not found"), "{refused}");
}

/// Teams keep overlapping files, so identical rows are accepted. A row that differs in any field is
/// refused, because it is unknown which of the two rows is meant.
#[test]
fn identical_rows_of_several_files_are_imported_once() {
    let (shell, _server) = with_files(&[
        ("a.csv", "target,policy,comment\nteamid:AAAAAAAAAA,allow,x\nteamid:BBBBBBBBBB,block,\n"),
        ("b.csv", "target,policy,comment\nteamid:bbbbbbbbbb,Block,\nteamid:AAAAAAAAAA,allow,y\n"),
        (
            "c.csv",
            "target,policy,comment\nteamid:CCCCCCCCCC,allow,\nteamid:CCCCCCCCCC,allow,\n\
                   teamid:AAAAAAAAAA,allow,x\nteamid:BBBBBBBBBB,block,\n",
        ),
    ]);
    insta::assert_snapshot!(shell.run("rule import a.csv b.csv"), @"
    $ nicelist rule import a.csv b.csv
    exit code: 5
    ----- stderr -----
    b.csv:3: differs from a.csv:2, which is for the same target and scope
    warning: b.csv:2: repeats a.csv:3; 1 identical row is ignored
    error: 1 of 4 rows are invalid; nothing was changed
    ");
    insta::assert_snapshot!(shell.run("rule import a.csv c.csv"), @"
    $ nicelist rule import a.csv c.csv
    exit code: 0
    ----- stderr -----
    warning: c.csv:4: repeats a.csv:2; 3 identical rows are ignored
    added 3, changed 0, unchanged 0 (revision 1)
    ");
    assert!(shell.run("rule import c.csv a.csv c.csv").contains("unchanged 3"));
}

/// Without the check, the two rows after the quote would be lost.
#[test]
fn a_missing_closing_quote_is_refused_and_messages_of_several_lines_are_imported() {
    let (shell, _server) = with_files(&[
        (
            "a.csv",
            "target,policy,message,comment\nteamid:AAAAAAAAAA,block,\"Ask IT,x\n\
             teamid:BBBBBBBBBB,block,,y\nteamid:CCCCCCCCCC,block,\"Not allowed\",z\n",
        ),
        (
            "b.csv",
            "target,policy,message,comment\nteamid:AAAAAAAAAA,block,\"Not allowed.\nAsk IT, please\",x\n",
        ),
    ]);
    insta::assert_snapshot!(shell.run("rule import a.csv"), @r#"
    $ nicelist rule import a.csv
    exit code: 5
    ----- stderr -----
    a.csv:2:25: close the quote that begins with "Ask IT,x"; it contains the row on line 3
    error: 1 of 1 rows are invalid; nothing was changed
    hint: to import only the valid rows: nicelist rule import a.csv --partial --rejects rejects.csv
    "#);
    assert!(shell.run("rule import b.csv").contains("added 1"));
}

/// A rule keeps the value of a field whose column is missing, and loses the value if the cell is
/// empty. One import cannot do both for the same field.
#[test]
fn files_with_different_columns_are_imported_one_after_the_other() {
    let (shell, _server) = with_files(&[
        ("a.csv", "target,policy\nteamid:AAAAAAAAAA,allow\n"),
        ("b.csv", "target,policy,ticket\nteamid:BBBBBBBBBB,block,IT-1\n"),
    ]);
    insta::assert_snapshot!(shell.run("rule import a.csv b.csv"), @"
    $ nicelist rule import a.csv b.csv
    exit code: 2
    ----- stderr -----
    error: a.csv and b.csv have different columns: a.csv has no ticket
    hint: import them one after the other, or pass --replace to reset omitted fields
    ");
    assert!(shell.run("rule import a.csv b.csv --replace").contains("added 2"));
    let refused = shell.run("rule import a.csv b.csv --partial --rejects bad.csv");
    assert!(refused.contains("error: --partial imports only one file at a time"), "{refused}");
    let refused = shell.run("rule import - -");
    assert!(refused.contains("error: stdin can be read only one time"), "{refused}");
}

#[test]
fn rules_that_get_another_source_are_reported() {
    let rows = "target,policy\nteamid:AAAAAAAAAA,allow\nteamid:BBBBBBBBBB,block\n";
    let (shell, _server) = with_files(&[("a.csv", rows)]);
    shell.run("rule import a.csv --source base");
    let dry = shell.run("rule import a.csv --source other --dry-run");
    assert!(
        dry.contains("warning: 2 rules of source base would now belong to source other\n"),
        "{dry}"
    );
    let moved = shell.run("rule import a.csv --source other");
    assert!(moved.contains("warning: 2 rules of source base now belong to source other\n"));
    let again = shell.run("rule import a.csv --source other");
    assert!(!again.contains("warning"), "{again}");
}

#[test]
fn a_file_in_another_encoding_gets_a_hint() {
    let (shell, _server) = with_files(&[]);
    let rows = b"target,policy,comment\nteamid:AAAAAAAAAA,allow,caf\xe9\n";
    std::fs::write(shell.path("a.csv"), rows).unwrap();
    let run = shell.run("rule import a.csv");
    let hint = "hint: to convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > utf8.csv\n";
    assert!(run.contains("a.csv:2: comment: is not UTF-8\n") && run.contains(hint), "{run}");
}

/// A column that looks like a scope is refused. If it were ignored, the rules would apply to all
/// hosts.
#[test]
fn a_spreadsheet_with_tags_is_refused_and_lint_lists_unused_columns() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.write("tags.csv", "Target,Policy,Tag\nteamid:AAAAAAAAAA,Blocked,canary\n");
    let refused = shell.run("rule import tags.csv");
    assert!(refused.contains("tags.csv:2: column Tag looks like a scope"), "{refused}");
    assert!(refused.contains("the rules would apply to the whole fleet"), "{refused}");
    assert!(refused.contains("hint: rename the column to scope and write tag:canary"), "{refused}");
    assert!(shell.run("rule lint tags.csv").contains("column Tag looks like a scope"));
    shell.write("owner.csv", "Target,Policy,Owner\nteamid:AAAAAAAAAA,Blocked,ana\n");
    let warning = "column Owner is not used; 1 value is ignored";
    for command in ["rule lint owner.csv", "rule diff owner.csv owner.csv"] {
        let transcript = shell.run(command);
        assert!(transcript.contains(warning), "{transcript}");
    }
    shell.write("title.csv", "Rules\n\nTarget;Policy\nteamid:AAAAAAAAAA;Blocked\n");
    let refused = shell.run("rule import title.csv");
    assert!(refused.contains("the column names seem to be on line 3"), "{refused}");
    assert!(refused.contains("tail -n +3 title.csv > NEW.csv"), "{refused}");
}
