//! Runs the `sh` blocks of docs/QUICKSTART.md and of the emergencies in docs/OPERATIONS.md in order.
//! A `text` block below a `sh` block is its output. `…` matches any text, and alone on a line, any
//! number of lines. `docs/states.sh` has the programs that cannot run in a test, and the states in
//! which the emergencies begin.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::shell::{ADMIN, ENROLLMENT};

const QUICK_START: &str = include_str!("../../docs/QUICKSTART.md");
const OPERATIONS: &str = include_str!("../../docs/OPERATIONS.md");
const STATES: &str = include_str!("docs/states.sh");

/// What a test uses in place of names, ports and paths in the pages.
const REPLACED: [(&str, &str); 4] = [
    ("SERVER=santa.example.com", "SERVER=localhost"),
    ("https://santa.example.com:8443", "https://localhost:8443"),
    (":8443", ":[PORT]"),
    ("/var/lib/nicelist", "[HOME]/var/lib/nicelist"),
];

/// The blocks that are shown but not run, because they need a Mac.
const NOT_RUN: [&str; 1] = ["On the Mac:\n$ santactl sync\n"];

const EMERGENCIES: [&str; 5] = [
    "Programs are blocked on every Mac, or administrators are locked out",
    "The database is lost",
    "The admin token is lost",
    "The enrollment secret has leaked",
    "A bad rule is on every Mac",
];

/// The maximum time of a walk-through, in seconds.
const TIMEOUT: &str = "180";

#[test]
fn the_quick_start_works() {
    run("Quick start", QUICK_START, "quick_start");
}

#[test]
fn a_lockout_ends() {
    run_emergency(EMERGENCIES[0], "lockout");
}

#[test]
fn a_lost_database_is_restored() {
    run_emergency(EMERGENCIES[1], "lost_database");
}

#[test]
fn a_lost_admin_token_is_replaced() {
    run_emergency(EMERGENCIES[2], "lost_token");
}

#[test]
fn a_leaked_secret_is_replaced() {
    run_emergency(EMERGENCIES[3], "leaked_secret");
}

#[test]
fn a_bad_rule_is_rolled_back() {
    run_emergency(EMERGENCIES[4], "bad_rule");
}

#[test]
fn every_emergency_is_run() {
    let titles: Vec<&str> = emergencies().into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, EMERGENCIES);
}

#[test]
fn outputs_are_compared() {
    assert!(shows("a  b\n…\nrevision …\n", "a b\nx\ny\nrevision 3\n"));
    assert!(shows("…\nx … y … z\n", "x 1 y 2 z\n"));
    assert!(!shows("x … y … z\n", "x 1 y 2\n"));
    assert!(!shows("a\n", "a\nb\n"));
    assert!(!shows("a\nb\n", "a\n"));
}

/// The title and the text of each emergency.
fn emergencies() -> Vec<(&'static str, &'static str)> {
    let (_, section) = OPERATIONS.split_once("\n## Emergencies\n").expect("a section");
    let (section, _) = section.split_once("\n## ").expect("another section follows");
    let mut parts = section.split("\n### ");
    let introduction = parts.next().unwrap();
    assert!(steps(introduction).is_empty(), "no test runs the commands before the first emergency");
    parts.map(|part| part.split_once('\n').unwrap()).collect()
}

/// A block of commands, and the output below it.
struct Step {
    commands: String,
    output: Option<String>,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        assert!(!line.starts_with("    "), "use a sh block, so that a test runs it: {line}");
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let content = lines.by_ref().take_while(|line| *line != "```");
        let content: String = content.map(|line| format!("{line}\n")).collect();
        match language {
            "sh" => steps.push(Step { commands: content, output: None }),
            "text" => {
                let step = steps.last_mut().expect("output follows commands");
                assert!(step.output.replace(content).is_none(), "commands have one output");
            }
            "console" => assert!(NOT_RUN.contains(&content.as_str()), "not run: {content}"),
            _ => panic!("neither commands nor output: {language}"),
        }
    }
    steps
}

fn run_emergency(title: &str, state: &str) {
    let found = emergencies().into_iter().find(|(known, _)| *known == title);
    let (_, text) = found.expect("the section has this emergency");
    run(title, text, state);
}

/// Runs the blocks of a page in one shell, between the functions `STATE_before` and `STATE_after`
/// of `docs/states.sh`.
fn run(title: &str, page: &str, state: &str) {
    let steps = steps(page);
    assert!(!steps.is_empty(), "{title} has commands");
    let home = tempfile::tempdir().unwrap();
    let port = free_port();
    let replaced = |text: &str| {
        let all = REPLACED.iter();
        let text = all.fold(text.to_owned(), |text, (shown, here)| text.replace(shown, here));
        text.replace("[HOME]", &home.path().display().to_string()).replace("[PORT]", &port)
    };
    let mut parts = vec![("before".to_owned(), format!("{STATES}\n{state}_before\n"))];
    let numbered = (1..).zip(&steps);
    parts.extend(numbered.map(|(n, step)| (format!("block {n}"), replaced(&step.commands))));
    parts.push(("after".to_owned(), format!("{state}_after\n")));

    let outputs = tempfile::tempdir().unwrap();
    let redirected = parts.iter().map(|(name, commands)| {
        format!("exec > '{}' 2>&1\n{commands}", outputs.path().join(name).display())
    });
    let status = shell(&home, &port, &redirected.collect::<String>()).status().unwrap();

    let printed = |name: &str| std::fs::read_to_string(outputs.path().join(name));
    for (name, commands) in &parts {
        if let Ok(printed) = printed(name) {
            let shown = if name == "before" { "" } else { commands.as_str() };
            eprintln!("===== {title}, {name}\n{shown}-----\n{printed}");
        }
    }
    assert!(status.success(), "{title}: the last block failed: {status}");
    for (n, step) in (1..).zip(steps) {
        let Some(output) = step.output.map(|output| replaced(&output)) else { continue };
        let printed = printed(&format!("block {n}")).unwrap();
        assert!(
            shows(&output, &printed),
            "{title}, block {n}\nshown:\n{output}\nprinted:\n{printed}"
        );
    }
}

/// A shell that stops at the first command that fails. If it takes too long, it is killed together
/// with its servers.
fn shell(home: &TempDir, port: &str, script: &str) -> Command {
    let nicelist = Path::new(env!("CARGO_BIN_EXE_nicelist")).parent().unwrap();
    let mut command = Command::new("timeout");
    command.args([TIMEOUT, "bash", "-e", "-c", script]).current_dir(home.path()).env_clear();
    command.env("HOME", home.path()).env("USER", "anna").env("COLUMNS", "100");
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", nicelist.display()));
    command.env("PORT", port).env("ADMIN", ADMIN).env("ENROLLMENT", ENROLLMENT);
    command.stdin(Stdio::null());
    command
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

/// Whether the output matches what the page shows. Empty lines are ignored, and several spaces count
/// as one, because the widths of columns depend on their values.
fn shows(shown: &str, printed: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect()
    };
    lines_match(&lines(shown), &lines(printed))
}

fn lines_match(shown: &[String], printed: &[String]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [any, rest @ ..] if any == "…" => {
            (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]))
        }
        [first, rest @ ..] => match printed {
            [line, others @ ..] => line_matches(first, line) && lines_match(rest, others),
            [] => false,
        },
    }
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let mut texts: Vec<&str> = shown.split('…').collect();
    let last = texts.pop().unwrap_or_default();
    let Some((first, between)) = texts.split_first() else { return printed == last };
    let Some(mut rest) = printed.strip_prefix(*first) else { return false };
    for text in between {
        let Some((_, after)) = rest.split_once(*text) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}
