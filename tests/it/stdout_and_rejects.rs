//! Input with invalid rows: nothing is written to stdout, and a partial import rejects these rows.

use crate::shell::Shell;

const HALF: &str = "identifier,type,policy\nABCDE12345,TEAMID,block\nbad,TEAMID,block\n\
    ABCDE12347,TEAMID,block\n";

/// W12: a program that reads the output must not get only some of the rules.
#[test]
fn w12_nothing_is_written_to_stdout_if_any_row_is_wrong() {
    let shell = Shell::new();
    shell.write("half.csv", HALF);
    shell.write("whole.csv", &HALF.replace("bad,TEAMID,block\n", ""));
    for format in ["csv", "tsv", "json", "jsonl"] {
        let run =
            shell.command(&["rule", "convert", "half.csv", "-", "--to", format]).output().unwrap();
        let transcript = String::from_utf8(run.stderr).unwrap();
        assert_eq!((run.stdout.as_slice(), run.status.code()), (&b""[..], Some(5)), "{format}");
        assert!(
            transcript.contains("1 of 3 rows are invalid; nothing was written"),
            "{transcript}"
        );
        let run =
            shell.command(&["rule", "convert", "whole.csv", "-", "--to", format]).output().unwrap();
        shell.run(&format!("rule convert whole.csv out.{format}"));
        let file = std::fs::read(shell.path(&format!("out.{format}"))).unwrap();
        assert_eq!((run.stdout, run.status.code()), (file, Some(0)), "{format}");
    }
}

/// W11: if two rows for the same target and scope conflict, a partial import rejects both rows,
/// because either row may be wrong.
#[test]
fn w11_a_partial_import_rejects_both_sides_of_a_conflict() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.write(
        "rules.csv",
        "identifier,type,policy,comment\nABCDE12345,TEAMID,block,a\nABCDE12346,TEAMID,block,b\n\
         ABCDE12345,TEAMID,allow,c\nABCDE12345,TEAMID,block,a\n",
    );
    let mut transcript = shell.run("rule import rules.csv --partial --rejects bad.csv");
    transcript += "\n";
    transcript += &std::fs::read_to_string(shell.path("bad.csv")).unwrap();
    transcript += "\n";
    transcript += &shell.run("rule convert rules.csv out.csv");
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist rule import rules.csv --partial --rejects bad.csv
    exit code: 5
    ----- stderr -----
    created the local database sqlite:a.db
    warning: rules.csv:5: repeats rules.csv:2; 1 identical row is ignored
    added 1, changed 0, unchanged 0 (revision 1)
    error: 2 rows were rejected; see bad.csv
    hint: to keep the first (or last) of the conflicting entries: nicelist rule import rules.csv --partial --rejects bad.csv --duplicates first

    nicelist_line,nicelist_reason,identifier,type,policy,comment
    2,conflict: line 4 has the same target and scope,ABCDE12345,TEAMID,block,a
    4,"conflict: teamid:ABCDE12345 for fleet has policy allow here, but block on line 2",ABCDE12345,TEAMID,allow,c

    $ nicelist rule convert rules.csv out.csv
    exit code: 5
    ----- stderr -----
    rules.csv:4: conflict: teamid:ABCDE12345 for fleet has policy allow here, but block on line 2
    error: 1 of 4 rows are invalid; nothing was written
    hint: to keep the first (or last) of the conflicting entries: nicelist rule convert rules.csv out.csv --duplicates first
    "#);
}
