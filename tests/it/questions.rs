//! Questions before a change, in a pseudo-terminal: agreeing, refusing, Esc and Ctrl-C.

use serde_json::{Value, json};

use crate::shell::Shell;
use crate::terminal::{CTRL_C, DOWN, ENTER, ESCAPE, HIDE_CURSOR, Terminal, with_events, with_mira};

/// Runs `event approve 1` up to its last question, to create a temporary cdhash rule for the fleet.
fn up_to_the_last_question(shell: &Shell) -> Terminal {
    let mut terminal = Terminal::open(shell, "event approve 1");
    terminal.shows("> signingid:H3ZC9YV6RK:example.pinecone.desktop");
    terminal.shows("  certificate:");
    terminal.press(DOWN);
    terminal.shows("> cdhash:06c81a1a793afd1");
    terminal.press(ENTER);
    terminal.shows("Scope:");
    terminal.shows("> this Mac (mira.local)");
    terminal.shows("  fleet  all Macs");
    terminal.press(DOWN);
    terminal.shows("> user:mira  all Macs of mira");
    terminal.press(DOWN);
    terminal.shows("> fleet  all Macs");
    terminal.press(ENTER);
    terminal.shows("Expires (24h, 7d, a date, or never) [never]: ");
    terminal.press("7d\r");
    terminal.shows("Ticket: ");
    terminal.press(ENTER);
    terminal.shows("Allow cdhash:06c81a1a793afd13fe42b90bb59d41674379a1ed on all Macs? [y/N]");
    terminal
}

#[test]
fn an_approval_shows_the_event_and_creates_the_chosen_rule() {
    let (shell, _server) = with_events();
    let mut terminal = up_to_the_last_question(&shell);
    terminal.press("y");
    terminal.shows("allowed Pinecone on all Macs until ");
    terminal.shows(" (7d)\r\n  allow cdhash:06c81a1a793afd13fe42b90bb59d41674379a1ed in fleet\r\n");
    terminal.shows("nicelist event undo");
    let end = terminal.end();
    assert!(!end.seen.contains("nicelist rollback"), "one undo line: {}", end.seen);
    assert!(!end.seen.contains("[Etc/UTC]"), "{}", end.seen);
    assert_eq!(end.code, 0);
    assert!(end.leaves_the_cursor_visible());
    for transcript in [
        "Pinecone: BLOCK_UNKNOWN ",
        "  file    /Applications/Pinecone.app/Contents/MacOS/Pinecone\r\n",
        "  bundle  Pinecone 3.8.2\r\n",
        "  host    mira.local\r\n",
        "  user    mira.okafor\r\n",
        "  parent  launchd\r\n",
        "  signed  production, Developer ID Application: Pinecone Software AB (H3ZC9YV6RK)\r\n",
        "  from    https://dl.pinecone.example/mac/Pinecone-3.8.2.dmg\r\n",
        "  why the first is best: a signing ID stays valid after updates and matches only this program\r\n",
        "signingid:H3ZC9YV6RK:example.pinecone.desktop  every version of this program\r\n",
        "42b90bb59d41674379a1ed  this build of the program only\r\n",
        "teamid:H3ZC9YV6RK  every program of team H3ZC9YV6RK\r\n",
    ] {
        assert!(end.seen.contains(transcript), "{transcript:?} is not in {}", end.seen);
    }
    let rules = shell.json("rule list");
    assert_eq!(rules.as_array().unwrap().len(), 1, "{rules}");
    assert_eq!(rules[0]["target"], "cdhash:06c81a1a793afd13fe42b90bb59d41674379a1ed");
    assert_eq!((&rules[0]["policy"], &rules[0]["scope"]), (&json!("allow"), &json!("fleet")));
}

/// The server closes idle connections. The command does not notice this while it waits for a key.
#[test]
fn m1_a_question_answered_after_the_server_closed_the_idle_connection_is_carried_out() {
    let (shell, _server) = with_mira();
    let mut terminal = Terminal::open(&shell, "host clean-sync mira");
    terminal.shows("[y/N]");
    std::thread::sleep(std::time::Duration::from_secs(12));
    terminal.press("y");
    terminal.shows("the next sync of the host will be clean");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn an_approval_that_is_not_confirmed_changes_nothing() {
    let (shell, _server) = with_events();
    for no in ["n", ENTER] {
        let mut terminal = up_to_the_last_question(&shell);
        terminal.press(no);
        terminal.shows("error: ");
        terminal.shows("not confirmed; nothing was changed");
        let end = terminal.end();
        assert_eq!(end.code, 1, "after {no:?}");
        assert!(end.leaves_the_cursor_visible(), "after {no:?}");
    }
    assert_eq!(shell.json("rule list"), json!([]));
}

#[test]
fn esc_at_any_question_changes_nothing() {
    let (shell, _server) = with_events();
    let choice = || {
        let mut terminal = Terminal::open(&shell, "event approve 1");
        terminal.shows("  certificate:");
        terminal
    };
    let mut text = Terminal::open(&shell, "event approve 1");
    for shown in ["  certificate:", "  fleet  all Macs", "[never]: "] {
        text.shows(shown);
        text.press(if shown == "[never]: " { "7" } else { ENTER });
    }
    let last = || up_to_the_last_question(&shell);
    for (mut terminal, leave) in
        [(choice(), ESCAPE), (choice(), "q"), (text, ESCAPE), (last(), ESCAPE)]
    {
        terminal.press(leave);
        terminal.shows("nothing selected; nothing was changed");
        let end = terminal.end();
        assert_eq!(end.code, 130, "after {leave:?}");
        assert!(!end.seen.contains("error: "), "{}", end.seen);
        assert!(end.leaves_the_cursor_visible(), "after {leave:?}");
    }
    assert_eq!(shell.json("rule list"), json!([]));
}

#[test]
fn ctrl_c_at_a_question_shows_the_cursor_and_changes_nothing() {
    let (shell, _server) = with_events();
    let mut choice = Terminal::open(&shell, "event approve 1");
    choice.shows("  certificate:");
    for mut terminal in [choice, up_to_the_last_question(&shell)] {
        terminal.press(CTRL_C);
        let end = terminal.end();
        assert_eq!(end.code, 130);
        assert!(end.seen.contains(HIDE_CURSOR), "{:?}", end.seen);
        assert!(end.leaves_the_cursor_visible(), "{:?}", end.seen);
        assert!(end.seen.contains("\r\nnothing was changed\r\n"), "{:?}", end.seen);
    }
    assert_eq!(shell.json("rule list"), json!([]));
}

#[test]
fn a_clean_sync_warns_of_lost_events_and_asks_unless_yes_is_given() {
    let (shell, _server) = with_mira();
    let warning = "in a clean sync, the host deletes events that it has not uploaded";
    let question = "Order a clean sync of mira (mira.local, LAB000000001)? [y/N]";
    let ordered = || shell.json("host list")[0]["clean_sync"].clone();

    let mut refused = Terminal::open(&shell, "host clean-sync mira");
    refused.shows(warning);
    refused.shows(question);
    refused.press("n");
    refused.shows("not confirmed; nothing was changed");
    assert_eq!(refused.end().code, 1);
    assert_eq!(ordered(), Value::Null);

    let mut agreed = Terminal::open(&shell, "host clean-sync mira");
    agreed.shows(question);
    agreed.press("y");
    agreed.shows("the next sync of the host will be clean");
    assert_eq!(agreed.end().code, 0);
    assert_eq!(ordered(), "clean");

    let end = Terminal::open(&shell, "host clean-sync mira --all --yes").end();
    assert_eq!(end.code, 0);
    assert!(end.seen.contains(warning) && !end.seen.contains("[y/N]"), "{}", end.seen);
    assert_eq!(ordered(), "clean-all");
}
