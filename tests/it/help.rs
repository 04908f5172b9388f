//! `nicelist help` with topics, commands and unknown words.

use crate::shell::Shell;
use crate::terminal::Terminal;

const TOPICS: [&str; 3] = ["scopes", "formats", "exit-codes"];

fn stdout(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let output = Shell::new().command(&words).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn topics_fit_into_80_columns() {
    for topic in TOPICS {
        let text = stdout(&format!("help {topic}"));
        assert!(text.starts_with(&format!("{topic}: ")), "{text}");
        assert!(text.contains("\nEXAMPLES\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn scopes_are_listed_from_the_weakest_to_the_strongest() {
    let text = stdout("help scopes");
    let start: Vec<&str> = text.lines().take(10).collect();
    insta::assert_snapshot!(start.join("\n"), @r"
    scopes: the hosts that rules and settings apply to

    A scope selects the hosts that a rule or a setting applies to. These are
    the scopes, from the weakest to the strongest:

        fleet         all hosts
        group:NAME    the hosts whose user is in the group
        tag:NAME      the hosts that have the tag
        user:NAME     the hosts of the user
        host:NAME     one host
    ");
}

#[test]
fn exit_codes_are_a_table() {
    insta::assert_snapshot!(stdout("help exit-codes"), @r"
    exit-codes: results that scripts can distinguish

    Scripts can distinguish these results by the exit code:

          0  success, or nothing to do
          1  failed; for status: the server is not ready
          2  invalid usage or configuration
          3  differences found
          4  not authenticated, or not allowed
          5  invalid input
          6  refused by a safety check
          7  conflict: someone else changed the policy first
          8  timed out
        130  canceled with Ctrl-C, or ended with SIGTERM

    Code 3 is not a failure. The commands plan, rule diff, rule lint, enroll
    check and database compare use it if they find differences or mistakes.
    The command find uses code 1 if nothing is found.

    Errors and hints go to stderr, so stdout contains only data. With --quiet,
    stderr contains only warnings and errors.

    EXAMPLES

    Show what a manifest would change. The exit code is 0 if nothing would
    change, and 3 if anything would change:

        nicelist plan -f policy/

    Fail a job if a rule has an error or a warning:

        nicelist rule lint rules.csv --deny warning
    ");
}

#[test]
fn the_documentation_has_the_same_exit_codes() {
    let page = include_str!("../../docs/CLI.md");
    let (_, section) = page.split_once("\n## Exit codes\n").unwrap();
    let table = section.lines().skip_while(|line| !line.starts_with("|---"));
    let table = table.skip(1).take_while(|line| line.starts_with('|'));
    let documented = table.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        format!("{:>7}  {}", cells[0], cells[1].replace('`', ""))
    });
    let text = stdout("help exit-codes");
    let is_row = |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let shown: Vec<&str> = text.lines().filter(is_row).collect();
    assert_eq!(documented.collect::<Vec<_>>(), shown);
}

#[test]
fn the_first_page_names_the_topics() {
    let first = stdout("help");
    assert!(first.lines().count() <= 24, "{first}");
    assert!(first.contains(", or nicelist help scopes|formats|exit-codes\n"), "{first}");
    assert_eq!(first, stdout("--help"));
    assert_eq!(stdout("help rule add"), stdout("rule add --help"));
}

#[test]
fn unknown_words_are_refused_with_the_nearest_names() {
    let shell = Shell::new();
    let lines = ["help scope", "help rule lnt", "help zebra", "help rule zebra"];
    let transcript = lines.map(|line| shell.run(line)).join("\n");
    insta::assert_snapshot!(transcript, @r"
    $ nicelist help scope
    exit code: 2
    ----- stderr -----
    error: no command or topic `scope`
    hint: did you mean: nicelist help scopes

    $ nicelist help rule lnt
    exit code: 2
    ----- stderr -----
    error: rule has no subcommand `lnt`
    hint: did you mean: nicelist help rule lint
    hint: did you mean: nicelist help rule list

    $ nicelist help zebra
    exit code: 2
    ----- stderr -----
    error: no command or topic `zebra`
    hint: nicelist --help lists the commands
    hint: the topics are scopes, formats, exit-codes

    $ nicelist help rule zebra
    exit code: 2
    ----- stderr -----
    error: rule has no subcommand `zebra`
    hint: nicelist help rule lists its subcommands
    ");
}

#[test]
fn a_topic_that_is_longer_than_the_screen_is_paged() {
    let mut shell = Shell::new();
    shell.set("NICELIST_PAGER", "sed s/^/paged:/");
    let end = Terminal::sized(&shell, "help formats", (80, 12)).end();
    assert_eq!(end.code, 0);
    assert!(end.seen.contains("paged:OUTPUT"), "{}", end.seen);
}
