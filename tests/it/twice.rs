//! A command that is run again changes nothing.

use serde_json::{Value, json};

use crate::desk::with_two_macs;
use crate::shell::Shell;

fn everything(shell: &Shell) -> Value {
    let parts = ["history", "rule list", "tag list", "settings show", "host list", "token list"];
    parts.map(|line| (line.to_owned(), shell.json(line))).into_iter().collect::<Value>()
}

fn exit_code(transcript: &str) -> i32 {
    let (_, rest) = transcript.split_once("exit code: ").unwrap();
    rest.lines().next().unwrap().parse().unwrap()
}

#[test]
fn every_command_that_changes_something_changes_nothing_the_second_time() {
    let (shell, _server) = with_two_macs();
    shell.write("rules.csv", "policy,target\nallow,teamid:AAAAAAAAAA\n");
    shell.write("fleet.toml", "[tags.ops]\n");
    shell.write(
        "santa.plist",
        r#"<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>
           <key>ClientMode</key><integer>1</integer></dict></plist>"#,
    );
    shell.run("token create bob --role viewer");
    let commands = [
        // A command line, and the exit code of its second run.
        ("tag create desk --description Help", 0),
        ("rule add allow teamid:BBBBBBBBBB --scope tag:desk --expires 30d --comment T-1", 0),
        ("rule add block teamid:BBBBBBBBBB --scope tag:desk", 0),
        ("rule import rules.csv", 0),
        ("rule remove teamid:AAAAAAAAAA", 0),
        ("settings set batch-size=100 --scope tag:desk", 0),
        ("settings unset batch-size --scope tag:desk", 0),
        ("settings import santa.plist", 0),
        ("apply --file fleet.toml --yes", 0),
        ("host tag joe desk", 0),
        ("host untag joe desk", 0),
        ("host clean-sync joe --yes", 0),
        ("host clean-sync joe --cancel", 0),
        ("host accept joe --yes", 0),
        ("event approve 3 --scope host:joe", 0),
        ("event block 2 --scope host:mira", 0),
        ("tag delete ops --yes --force", 1),
        ("rollback 3 --yes", 0),
        ("host forget joe --yes", 1),
        ("token revoke bob --yes", 1),
        ("database accept-clock --yes", 0),
    ];
    let mut before = everything(&shell);
    for (line, code) in commands {
        let transcript = shell.run(line);
        assert_eq!(exit_code(&transcript), 0, "{transcript}");
        let after = everything(&shell);
        assert!(after != before || line.contains("accept"), "it changes nothing: {line}");
        let transcript = shell.run(line);
        assert_eq!(exit_code(&transcript), code, "{transcript}");
        assert_eq!(everything(&shell), after, "{line}");
        before = after;
    }
    assert_ne!(before["history"], json!([]));
}
