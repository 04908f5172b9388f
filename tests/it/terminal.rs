//! Output on a terminal and responses to keys, with the real binary in a pseudo-terminal.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serde_json::Value;

use crate::shell::{Server, Shell, example};

const PATIENCE_MS: u64 = 20_000;

pub(crate) const DOWN: &str = "\u{1b}[B";
pub(crate) const ENTER: &str = "\r";
pub(crate) const ESCAPE: &str = "\u{1b}";
pub(crate) const CTRL_C: &str = "\u{3}";

pub(crate) const HIDE_CURSOR: &str = "\u{1b}[?25l";
const SHOW_CURSOR: &str = "\u{1b}[?25h";

pub(crate) struct Terminal {
    pub(crate) session: PtySession,
    seen: String,
    screen: vt100::Parser,
}

pub(crate) struct End {
    /// Everything that was sent to the terminal.
    pub(crate) seen: String,
    pub(crate) code: i32,
}

impl Terminal {
    pub(crate) fn open(shell: &Shell, line: &str) -> Self {
        Self::start(of_line(shell, line))
    }

    /// Runs a command in a terminal that cannot move its cursor.
    pub(crate) fn dumb(shell: &Shell, line: &str) -> Self {
        Self::start_as("dumb", of_line(shell, line))
    }

    pub(crate) fn sized(shell: &Shell, line: &str, (columns, lines): (u16, u16)) -> Self {
        let size = [columns, lines].map(|size| size.to_string());
        let script = "stty cols $1 rows $2; shift 2; exec \"$@\"";
        Self::start(after(script, &size, &of_line(shell, line)))
    }

    pub(crate) fn start(command: Command) -> Self {
        Self::start_as("xterm-256color", command)
    }

    fn start_as(term: &str, mut command: Command) -> Self {
        command.env("TERM", term);
        let session = spawn_command(command, Some(PATIENCE_MS)).unwrap();
        Self { session, seen: String::new(), screen: vt100::Parser::new(24, 80, 0) }
    }

    /// Waits until the terminal shows a text. Output that an earlier call has read does not count.
    pub(crate) fn shows(&mut self, text: &str) {
        let before = self.session.exp_string(text).unwrap_or_else(|error| panic!("{error}"));
        self.note(&before);
        self.note(text);
    }

    pub(crate) fn screen_shows(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_millis(PATIENCE_MS);
        while !self.screen().contains(text.trim_end()) {
            assert!(Instant::now() < deadline, "{text:?} is not on\n{}", self.screen());
            match self.session.try_read() {
                Some(byte) => self.note(&byte.to_string()),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// The lines that the screen shows after the output that was read so far.
    pub(crate) fn screen(&self) -> String {
        let rows = self.screen.screen().contents();
        rows.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// Records output, in which each character represents one byte.
    fn note(&mut self, output: &str) {
        self.seen.push_str(output);
        let bytes: Vec<u8> = output.chars().map(|byte| byte as u8).collect();
        self.screen.process(&bytes);
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    pub(crate) fn end(mut self) -> End {
        let rest = self.session.exp_eof().unwrap_or_else(|error| panic!("{error}"));
        self.seen.push_str(&rest);
        let code = match self.session.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
            status => panic!("{status:?}"),
        };
        eprintln!("{:?} (exit code {code})", self.seen);
        End { seen: self.seen, code }
    }
}

pub(crate) fn of_line(shell: &Shell, line: &str) -> Command {
    let words: Vec<&str> = line.split(' ').collect();
    shell.command(&words)
}

/// The command with its standard output redirected to a file, as with `> file`.
fn with_output_in(file: &Path, command: &Command) -> Command {
    after("file=$1; shift; exec \"$@\" > \"$file\"", &[file], command)
}

/// A command that runs a script. The arguments of the script are `args` and the words of `command`.
fn after(script: &str, args: &[impl AsRef<OsStr>], command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script, "sh"]).args(args);
    shell.arg(command.get_program()).args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

#[test]
fn errors_about_arguments_and_results_are_wrapped_at_words() {
    let shell = Shell::new();
    let value = "http://santa.example.com/a-long-path/";
    let line = format!("enroll profile --url {value} --secret macs --organization {value}");
    for line in [line.as_str(), "rule list --policy a-policy-with-a-long-name-that-does-not-exist"]
    {
        let end = Terminal::sized(&shell, line, (80, 24)).end();
        let plain = anstream::adapter::strip_str(&end.seen).to_string();
        let mut lines = plain.lines().filter(|line| !line.contains(": nicelist "));
        assert!(lines.all(|line| line.trim_end().chars().count() <= 80), "{plain}");
    }
}

impl End {
    pub(crate) fn leaves_the_cursor_visible(&self) -> bool {
        self.seen.rfind(SHOW_CURSOR) > self.seen.rfind(HIDE_CURSOR)
    }
}

pub(crate) fn with_mira() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state mira.json --machine-id mira --hostname mira.local --user mira --no-backoff"
    ));
    (shell, server)
}

/// The shell and the server of [`with_mira`], after the Mac has uploaded its events. Event 1 is
/// about Pinecone.
pub(crate) fn with_events() -> (Shell, Server) {
    let (shell, server) = with_mira();
    let fleet = std::fs::read_to_string(example("fleet.json")).unwrap();
    let fleet: Value = serde_json::from_str(&fleet).unwrap();
    shell.write("events.json", &fleet["hosts"][0]["events"].to_string());
    let base = server.sync_base();
    shell.json(&format!("lab sync {base} --state mira.json --events events.json --no-backoff"));
    (shell, server)
}

#[test]
fn a_list_has_colors_only_on_a_terminal_that_wants_them() {
    let (shell, _server) = with_mira();
    let escapes = |text: &str| text.contains('\u{1b}');
    let relative = |text: &str| text.contains(" ago") || text.contains("just now");

    let list = Terminal::open(&shell, "host list").end();
    assert_eq!(list.code, 0);
    assert!(list.seen.contains("mira.local"), "{:?}", list.seen);
    assert!(escapes(&list.seen) && relative(&list.seen), "{:?}", list.seen);
    assert!(list.seen.contains("1 host: 1 in-sync"), "{:?}", list.seen);

    let never = Terminal::open(&shell, "host list --color never").end();
    let mut no_color = of_line(&shell, "host list");
    no_color.env("NO_COLOR", "1");
    let no_color = Terminal::start(no_color).end();
    for plain in [never, no_color] {
        assert_eq!(plain.code, 0);
        assert!(!escapes(&plain.seen) && relative(&plain.seen), "{:?}", plain.seen);
    }

    let piped = shell.run("host list");
    assert!(piped.contains("mira.local"), "{piped}");
    assert!(!escapes(&piped) && !relative(&piped), "{piped:?}");
    assert!(!piped.contains("1 host"), "{piped}");
}

#[test]
fn an_import_shows_progress_and_leaves_only_its_result() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let mut csv = String::from("rule_type,identifier,policy\n");
    for number in 0..5_000 {
        writeln!(csv, "BINARY,{number:064x},ALLOWLIST").unwrap();
    }
    shell.write("rules.csv", &csv);
    let import = of_line(&shell, "rule import rules.csv -o json");
    let end = Terminal::start(with_output_in(&shell.path("summary.json"), &import)).end();
    assert_eq!(end.code, 0);

    let (drawn, left) = end.seen.rsplit_once("\r\u{1b}[2K").unwrap();
    let (summary, undo) = left.split_once("\r\n").unwrap();
    assert_eq!(summary, "added 5000, changed 0, unchanged 0 (revision 1)");
    assert!(undo.ends_with("nicelist rollback 0\r\n"), "{undo:?}");
    assert!(drawn.starts_with("reading rules.csv ["), "{drawn:?}");
    assert!(drawn.contains("\r\u{1b}[2K"), "drawn once only: {drawn:?}");
    assert!(drawn.contains("sending 5000 rules to http://"), "{drawn:?}");
    assert!(!drawn.contains('\n'), "something stays: {drawn:?}");
    let summary: Value =
        serde_json::from_slice(&std::fs::read(shell.path("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["added"], 5_000);
}

/// A server whose newest revision is a mistake.
fn with_a_mistake() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("rule add allow teamid:AAAAAAAAAA");
    shell.run("rule add block teamid:AAAAAAAAAA teamid:BBBBBBBBBB");
    (shell, server)
}

#[test]
fn a_rollback_shows_what_changes_and_asks() {
    let (shell, _server) = with_a_mistake();
    let mut refused = Terminal::open(&shell, "rollback 1");
    refused.shows("Rules for fleet");
    refused.shows("Roll back to revision 1? [y/N]");
    refused.press("n");
    refused.shows("not confirmed; nothing was changed");
    assert_eq!(refused.end().code, 1);
    assert_eq!(shell.json("rule list").as_array().unwrap().len(), 2);

    let mut agreed = Terminal::open(&shell, "rollback 1");
    agreed.shows("Roll back to revision 1? [y/N]");
    agreed.press("y");
    agreed.shows("revision 3: 1 changed, 1 removed\r\n");
    let end = agreed.end();
    assert_eq!(end.code, 0);
    for transcript in [
        "\u{1b}[33m~\u{1b}[0m teamid:AAAAAAAAAA",
        // The test does not compare the arrow between the two values.
        "\u{1b}[2mpolicy\u{1b}[0m \u{1b}[31mblock\u{1b}[0m ",
        " \u{1b}[32mallow\u{1b}[0m\r\n",
        "\u{1b}[31m-\u{1b}[0m teamid:BBBBBBBBBB",
        "Plan: 1 to change, 1 to remove\r\n",
    ] {
        assert!(end.seen.contains(transcript), "{transcript:?} is not in {:?}", end.seen);
    }
    assert_eq!(shell.json("rule list")[0]["policy"], "allow");
}

#[test]
fn a_rollback_is_refused_if_the_revision_changed_before_the_answer() {
    let (shell, _server) = with_a_mistake();
    let mut terminal = Terminal::open(&shell, "rollback 1");
    terminal.shows("Roll back to revision 1? [y/N]");
    shell.run("rule add block teamid:CCCCCCCCCC");
    terminal.press("y");
    terminal.shows("teamid:CCCCCCCCCC");
    terminal.shows("Plan: 1 to change, 2 to remove");
    terminal.shows(
        "the policy changed: this change was planned on revision 2, but the newest revision is 3",
    );
    assert_eq!(terminal.end().code, 7);
    assert_eq!(shell.json("rule list").as_array().unwrap().len(), 3);
}

#[test]
fn a_manifest_is_shown_before_it_is_applied() {
    let (shell, _server) = with_a_mistake();
    shell.write(
        "policy.toml",
        "[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\"\ncomment = \"mended\"\n",
    );
    let mut refused = Terminal::open(&shell, "apply -f policy.toml --prune");
    refused.shows("Plan: 1 to change, 1 to remove");
    refused.shows("[y/N]");
    refused.press("\u{3}");
    let end = refused.end();
    assert!(end.leaves_the_cursor_visible());
    assert_eq!((end.code, shell.json("rule list").as_array().unwrap().len()), (130, 2));

    let mut agreed = Terminal::open(&shell, "apply -f policy.toml");
    agreed.shows("Plan: 1 to change");
    agreed.shows("[y/N]");
    agreed.press("y");
    agreed.shows("revision 3: 1 changed\r\n");
    let end = agreed.end();
    assert!(end.seen.contains("\u{1b}[33m~\u{1b}[0m teamid:AAAAAAAAAA"), "{:?}", end.seen);
    assert_eq!(end.code, 0);

    let mut late = Terminal::open(&shell, "apply -f policy.toml --prune");
    late.shows("Plan: 1 to remove");
    shell.run("rule add block teamid:CCCCCCCCCC");
    late.press("y");
    late.shows("Plan: 2 to remove");
    assert_eq!(late.end().code, 7);
}

#[test]
fn the_history_is_shortened_on_a_terminal() {
    let (shell, _server) = with_a_mistake();
    for number in 0..30 {
        shell.run(&format!("rule add allow teamid:{number:010}"));
    }
    let list = Terminal::open(&shell, "history").end();
    assert!(list.seen.contains("for more: nicelist history -n 1000"), "{:?}", list.seen);
    assert!(list.seen.contains("just now") && !list.seen.contains("\n2 "), "{:?}", list.seen);
    let all = Terminal::open(&shell, "history -n 99").end();
    assert!(all.seen.contains("\n2 ") && !all.seen.contains("hint"), "{:?}", all.seen);
    assert_eq!(shell.json("history").as_array().unwrap().len(), 32);
}

#[test]
fn faults_and_progress_do_not_overlap() {
    let shell = Shell::new();
    let mut file = String::from("target,policy\n");
    for row in 0..20_000 {
        file.push_str(&format!(
            "teamid:{row:010},{}\n",
            if row == 9_999 { "alow" } else { "allow" }
        ));
    }
    shell.write("rules.csv", &file);
    let end = Terminal::open(&shell, "rule convert rules.csv out.jsonl").end();
    assert_eq!(end.code, 5);
    let (before, _) = end.seen.split_once("rules.csv:10001: policy").expect("the fault is shown");
    assert!(before.contains("reading rules.csv ["), "{before:?}");
    assert!(before.ends_with("\r\u{1b}[2K"), "the bar is wiped before the fault: {before:?}");
}

#[test]
fn a_change_shows_the_command_that_takes_it_back() {
    /// The label, and the escape sequence that ends the color of the label.
    const UNDO: &str = "undo: \u{1b}[0m";

    let (shell, server) = with_mira();
    let line = "tag create eng --server";
    let end = Terminal::open(&shell, &format!("{line} {}", server.url)).end();
    let undo = format!("{UNDO}nicelist --server {}/ rollback 0", server.url);
    assert!(end.seen.contains(&undo), "{}", end.seen);
    for (line, undo) in [
        ("rule add block teamid:H3ZC9YV6RK", "nicelist rollback 1"),
        ("settings set client-mode=lockdown", "nicelist rollback 2"),
        ("host tag mira eng", "nicelist host untag mira eng"),
        ("host untag mira eng", "nicelist host tag mira eng"),
        ("rollback 2 --yes", "nicelist rollback 5"),
    ] {
        let end = Terminal::open(&shell, line).end();
        assert!(end.seen.contains(&format!("{UNDO}{undo}")), "{line}: {}", end.seen);
    }
    let unchanged = Terminal::open(&shell, "rule add block teamid:H3ZC9YV6RK").end();
    assert!(!unchanged.seen.contains("undo:"), "{}", unchanged.seen);
    assert!(!shell.run("tag create ops").contains("undo:"));
}
