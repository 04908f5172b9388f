//! The list from which the help desk selects programs, in a pseudo-terminal.

use serde_json::json;

use crate::completion::{BASH, interactive, script};
use crate::desk::{PINECONE, with_two_macs};
use crate::shell::Shell;
use crate::terminal::{CTRL_C, DOWN, ENTER, ESCAPE, Terminal};

const SPACE: &str = " ";
const TAB: &str = "\t";
const CTRL_W: &str = "\u{17}";
const CTRL_A: &str = "\u{1}";
const HOME: &str = "\u{1b}[H";
const END: &str = "\u{1b}[F";
const PAGE_UP: &str = "\u{1b}[5~";
const PAGE_DOWN: &str = "\u{1b}[6~";

/// Runs a command that opens the list. The list contains two pending programs.
fn open(shell: &Shell, line: &str) -> Terminal {
    let mut terminal = Terminal::open(shell, line);
    terminal.screen_shows("2 of 2 match, 0 selected");
    // This text is in the bottom line, which is drawn last.
    terminal.screen_shows("? keys");
    terminal
}

/// Selects both programs, the suggested rule for each program, and the Macs where the programs are
/// pending.
fn up_to_the_expiry(shell: &Shell) -> Terminal {
    let mut terminal = open(shell, "event approve --ticket IT-7");
    terminal.press(TAB);
    terminal.screen_shows("> [ ]  ledgerctl");
    terminal.press(SPACE);
    terminal.screen_shows("2 of 2 match, 2 selected");
    terminal.press(ENTER);
    terminal.shows("selected: Pinecone, ledgerctl");
    terminal.shows("> the best rule for each  cdhash for 1, signingid for 1");
    terminal.press(ENTER);
    terminal.shows("> only these 2 Macs  one rule for each: joe.local, mira.local");
    terminal.shows("tag:eng  all Macs with this tag; 1 of them reported the programs");
    terminal.shows("fleet  all 2 Macs; 2 of them reported the programs");
    terminal.press(ENTER);
    terminal.shows("Expires (24h, 7d, a date, or never) [never]: ");
    terminal
}

fn up_to_the_last_question(shell: &Shell) -> Terminal {
    let mut terminal = up_to_the_expiry(shell);
    terminal.press(ENTER);
    terminal.shows("Create these 3 rules? [y/N]");
    terminal
}

#[test]
fn the_list_shows_who_ran_a_program_and_where() {
    let (shell, _server) = with_two_macs();
    let mut terminal = open(&shell, "event approve");
    let screen = terminal.screen();
    assert!(screen.starts_with("Programs to allow: 2 of 2 match, 0 selected\n>"), "{screen}");
    for text in
        ["program", "> [ ]  Pinecone", "Pinecone S", "mira.okafor", "mira.local", "just now"]
    {
        assert!(screen.contains(text), "{text:?} is not in\n{screen}");
    }
    terminal.press("ledg");
    terminal.screen_shows("1 of 2 match");
    terminal.screen_shows("> [ ]  ledgerctl");
    terminal.press(CTRL_A);
    terminal.screen_shows("1 of 2 match, 1 selected");
    terminal.press("\u{7f}\u{7f}\u{7f}\u{7f}joe.local");
    terminal.screen_shows("> [ ]  Pinecone");
    terminal.press(CTRL_A);
    terminal.screen_shows("1 of 2 match, 2 selected, 1 not shown");
    terminal.press(CTRL_A);
    terminal.screen_shows("1 of 2 match, 1 selected, not shown");
    terminal.press(ESCAPE);
    terminal.shows("nothing selected; nothing was changed");
    assert_eq!(terminal.end().code, 130);
}

#[test]
fn keys_move_in_the_list_and_a_question_mark_shows_them() {
    let (shell, _server) = with_two_macs();
    let mut terminal = open(&shell, "event block");
    terminal.press("?");
    terminal.screen_shows("Ctrl-A            select all rows that match");
    terminal.screen_shows("PageUp, PageDown  move by one screen");
    terminal.press(ESCAPE);
    terminal.screen_shows("> [ ]  Pinecone");
    terminal.screen_shows("/Applications/Pinecone.app/Contents/MacOS/Pinecone");
    for (key, highlighted) in
        [(END, "ledgerctl"), (HOME, "Pinecone"), (PAGE_DOWN, "ledgerctl"), (PAGE_UP, "Pinecone")]
    {
        terminal.press(key);
        terminal.screen_shows(&format!("> [ ]  {highlighted}"));
    }
    terminal.press(CTRL_C);
    let end = terminal.end();
    assert_eq!(end.code, 130);
    assert!(end.leaves_the_cursor_visible(), "{:?}", end.seen);
}

/// Counts every key that the help desk presses in bash, from the call "Pinecone is blocked on Mira's
/// Mac" to the new rule. The keys of the command count, too.
#[test]
fn an_approval_takes_at_most_40_keys() {
    let (shell, _server) = with_two_macs();
    // The terminal of `rexpect` has no echo, and Bash then shows no keys.
    let mut bash =
        interactive(&shell, &["sh", "-c", &format!("stty echo; exec {}", BASH.join(" "))]);
    bash.env("PS1", "(\\#) ");
    let mut terminal = Terminal::start(bash);
    terminal.press(&format!("source {}{ENTER}", script("nicelist.bash").display()));
    let mut keys = 0;
    for (shown, pressed) in [
        ("(2) ", "nicelist ev"),
        ("(2) nicelist ev", TAB),
        ("(2) nicelist event", "ap"),
        ("(2) nicelist event ap", TAB),
        ("(2) nicelist event approve", ENTER),
        ("2 of 2 match", "pine"),
        ("1 of 2 match", TAB),
        ("1 of 2 match, 1 selected", ENTER),
        ("> signingid:", ENTER),
        ("> only these 2 Macs", DOWN),
        ("> user:joe ", DOWN),
        ("> user:mira ", ENTER),
        ("Expires (24h, 7d, a date, or never) [never]: ", ENTER),
        ("Ticket: ", ENTER),
        ("Create this rule? [y/N]", "y"),
    ] {
        terminal.screen_shows(shown);
        terminal.press(pressed);
        keys += if pressed == DOWN { 1 } else { pressed.len() };
    }
    terminal.screen_shows("(3) ");
    terminal.press(&format!("exit{ENTER}"));
    assert_eq!(terminal.end().code, 0);
    let rules = shell.json("rule list");
    assert_eq!(rules.as_array().unwrap().len(), 1, "{rules}");
    assert_eq!(
        (&rules[0]["target"], &rules[0]["scope"]),
        (&json!(PINECONE), &json!("user:mira")),
        "only on Macs of Mira"
    );
    assert!(keys <= 40, "{keys} keys");
    shell.run("event undo --yes");
    assert_eq!(shell.json("rule list"), json!([]));
}

#[test]
fn a_terminal_that_cannot_show_the_list_gets_a_command_to_paste() {
    let (shell, _server) = with_two_macs();
    let end = Terminal::dumb(&shell, "event approve --user mira.okafor").end();
    assert_eq!(end.code, 2);
    for transcript in [
        "an event ID is required, because the list of programs needs a terminal\r\n",
        "nicelist event approve --user mira.okafor --yes\r\n",
    ] {
        assert!(end.seen.contains(transcript), "{transcript:?} is not in {}", end.seen);
    }
}

#[test]
fn an_expiry_is_asked_for_until_it_is_valid() {
    let (shell, _server) = with_two_macs();
    let mut terminal = up_to_the_expiry(&shell);
    terminal.press("soon\r");
    terminal.shows("expected a duration such as 24h");
    terminal.press("7d\r");
    terminal.shows("Create these 3 rules? [y/N]");
    terminal.press("y");
    terminal.shows("allowed ");
    terminal.shows(" (7d)\r\n");
    assert_eq!(terminal.end().code, 0);
    assert!(shell.json("rule list")[0]["expires"].is_string());
}

#[test]
fn picked_programs_become_rules_in_one_revision() {
    let (shell, _server) = with_two_macs();
    let before = shell.json("history")[0]["revision"].as_i64().unwrap();
    let mut terminal = up_to_the_last_question(&shell);
    terminal.press("y");
    terminal.shows("nicelist event undo");
    let end = terminal.end();
    for transcript in [
        &format!("allow {PINECONE} in host:joe\r\n"),
        &format!("allow {PINECONE} in host:mira\r\n"),
        "Pinecone will be allowed on 2 of 2 Macs after the next sync: joe.local, mira.local\r\n",
        "run by joe.lindqvist, mira.okafor\r\n",
        "allowed Pinecone on joe.local\r\n",
        "allowed Pinecone on mira.local\r\n",
        "allowed ledgerctl on mira.local\r\n",
        "ledgerctl will be allowed on 1 of 1 Mac after the next sync: mira.local\r\n",
    ] {
        assert!(end.seen.contains(transcript), "{transcript:?} is not in {}", end.seen);
    }
    assert_eq!(end.code, 0);
    assert!(end.leaves_the_cursor_visible());
    let rules = shell.json("rule list");
    assert_eq!(rules.as_array().unwrap().len(), 3, "{rules}");
    for rule in rules.as_array().unwrap() {
        assert_eq!(rule["revision"], before + 1);
        assert_eq!(rule["ticket"], "IT-7");
        assert_eq!(rule["policy"], "allow");
    }
    assert_eq!(shell.json("event list --waiting"), json!([]));
    let nothing = Terminal::open(&shell, "event approve").end();
    assert!(nothing.seen.contains("no programs are pending approval"), "{:?}", nothing.seen);
    assert_eq!(nothing.code, 0);
}

#[test]
fn the_preview_lists_hosts_outside_the_scope() {
    let (shell, _server) = with_two_macs();
    let mut terminal = Terminal::open(
        &shell,
        "event block --message Ask --scope tag:eng --user joe.lindqvist --for 24h --ticket IT-7",
    );
    terminal.screen_shows("Programs to block: 1 of 1 match, 0 selected");
    terminal.press(ENTER);
    terminal.shows(&format!("> {PINECONE}  every version of this program"));
    terminal.press(ENTER);
    terminal.shows("Pinecone will be blocked on 0 of 1 Mac after the next sync");
    terminal.shows("not on joe.local");
    terminal.shows("Create this rule? [y/N]");
    terminal.press("y");
    assert_eq!(terminal.end().code, 0);
    assert_eq!(shell.json("rule list")[0]["message"], "Ask");
}

#[test]
fn a_space_in_the_filter_selects_nothing_and_enter_needs_a_visible_row() {
    let (shell, _server) = with_two_macs();
    let mut terminal = open(&shell, "event approve");
    terminal.press("pine wo");
    terminal.screen_shows("0 of 2 match, 0 selected");
    terminal.press(ENTER);
    terminal.screen_shows("no row matches, so Enter does nothing");
    terminal.press(CTRL_W);
    terminal.screen_shows("> pine");
    terminal.press(CTRL_W);
    terminal.screen_shows("2 of 2 match, 0 selected");
    terminal.press(ESCAPE);
    assert_eq!(terminal.end().code, 130);
    assert_eq!(shell.json("rule list"), json!([]));
}

#[test]
fn a_canceled_selection_changes_nothing() {
    let (shell, _server) = with_two_macs();
    let mut canceled = open(&shell, "event approve");
    canceled.press(SPACE);
    canceled.screen_shows("1 selected");
    canceled.press(ESCAPE);
    canceled.shows("nothing selected; nothing was changed");
    let end = canceled.end();
    assert_eq!(end.code, 130);
    assert!(end.leaves_the_cursor_visible(), "{:?}", end.seen);
    let listed = open(&shell, "event approve");
    for mut terminal in [listed, up_to_the_expiry(&shell), up_to_the_last_question(&shell)] {
        terminal.press(CTRL_C);
        let end = terminal.end();
        assert_eq!(end.code, 130);
        assert!(end.seen.contains("nothing was changed\r\n"), "{:?}", end.seen);
        assert!(end.leaves_the_cursor_visible(), "{:?}", end.seen);
    }
    let mut refused = up_to_the_last_question(&shell);
    refused.press("n");
    refused.shows("not confirmed; nothing was changed");
    assert_eq!(refused.end().code, 1);
    let line = "event approve --dry-run --as binary --scope fleet --for 24h --ticket IT-7";
    let mut dry = open(&shell, line);
    dry.press(ENTER);
    dry.shows("Pinecone will be allowed on 2 of 2 Macs");
    let end = dry.end();
    assert_eq!(end.code, 0);
    assert!(end.seen.contains("dry run"), "{:?}", end.seen);
    assert_eq!(shell.json("rule list"), json!([]));
}
