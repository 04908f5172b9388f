use crate::format::Format::Santactl;
use crate::format::tests::{describe, drafts, written_of};

#[test]
fn an_export_is_read_and_its_defects_are_fixed() {
    let cdhash = "ab".repeat(20);
    let text = format!(
        r#"{{"rules":[
 {{"rule_type":"Unknown","policy":"ALLOWLIST","identifier":"{cdhash}","custom_msg":"","custom_url":"","comment":"why"}},
 {{"RULE_TYPE":"SigningID","Policy":"CEL","identifier":"platform:com.apple.say","cel_expr":"true"}},
 {{"rule_type":"Unknown","policy":"BLOCKLIST","identifier":"EQHXZ8M8AV"}},
 {{"rule_type":"TEAMID","policy":"Unknown","identifier":"EQHXZ8M8AV"}},
 {{"rule_type":"TEAMID","policy":"Seatbelt","identifier":"EQHXZ8M8AV"}},
 {{"rule_type":"BINARY","policy":"WHITELIST","sha256":"{0}"}},
 {{"rule_type":"BINARY","policy":"ALLOWLIST","identifier":"{cdhash}"}},
 {{"rule_type":"TEAMID","policy":3,"identifier":"EQHXZ8M8AV"}},
 {{"rule_type":"TEAMID","policy":"BLOCKLIST"}},
 {{"rule_type":"TEAMID","policy":"BLOCKLIST","identifier":"EQHXZ8M8AV","extra":1}},
 {{"rule_type":"TEAMID","policy":"BLOCKLIST","identifier":"eqhxz8m8av"}},
 7
]}}"#,
        "cd".repeat(32)
    );
    insta::assert_snapshot!(describe(Santactl, text), @r#"
    f:2:2  {"target":"cdhash:abababababababababababababababababababab","policy":"allow","scope":"fleet","comment":"why"}
    f:2:15  note: rule_type: `Unknown` is read as CDHASH, because santactl writes it for CDHASH rules
    f:3:2  {"target":"signingid:platform:com.apple.say","policy":"cel","scope":"fleet","cel":"true"}
    f:4:15  fault: rule_type: invalid rule type `Unknown`: expected binary, certificate, teamid, signingid or cdhash
    f:5:33  fault: policy: `Unknown` stands for CELv2 in santactl's output, which nicelist does not support
    f:6:33  fault: policy: invalid policy `Seatbelt`: expected allow, allow-compiler, block, silent-block, silent-block-gui, silent-block-tty, cel or remove
    f:7:2  {"target":"binary:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","policy":"allow","scope":"fleet"}
    f:8:58  fault: identifier: `abababababababababababababababababababab` has 40 hex digits, like a cdhash or a SHA-1; a binary rule needs the SHA-256 (64 hex digits)
    f:9:33  fault: policy: `3` is a number, and its meaning differs between tools; use the name
    f:10:2  fault: the rule has no identifier
    f:11:2  {"target":"teamid:EQHXZ8M8AV","policy":"block","scope":"fleet"}
    f:11:79  note: extra: is an unknown key, which is ignored
    f:12:2  note: repeats an earlier entry and is ignored
    f:13:2  fault: expected an object for each rule, found a number
    "#);
}

#[test]
fn an_incomplete_export_is_reported_with_its_end() {
    insta::assert_snapshot!(describe(Santactl, "{\"rules\":[{\"rule_type\":\n"), @"f:2:1  fault: ends unexpectedly; it may be incomplete");
    insta::assert_snapshot!(describe(Santactl, "{\"rules\":7}"), @r#"f:1:1  fault: is not a list of rules: expected {"rules": [...]}"#);
    insta::assert_snapshot!(describe(Santactl, "{\"rules\":[]]}"), @"f:1:12  fault: is not valid JSON: expected `,` or `}`");
}

#[test]
fn what_santa_has_no_place_for_is_lost() {
    insta::assert_snapshot!(written_of(Santactl, &drafts()), @r#"
    {
      "rules": [
        {
          "comment": "Chrome, all of it",
          "custom_msg": "Ask \"IT\" <now>\n${or} later",
          "custom_url": "https://it.example/why",
          "event_detail_button_label": "Why?",
          "identifier": "EQHXZ8M8AV",
          "policy": "BLOCKLIST",
          "rule_type": "TEAMID"
        },
        {
          "identifier": "abababababababababababababababababababab",
          "policy": "ALLOWLIST",
          "rule_type": "CDHASH"
        },
        {
          "cel_expr": "euid != 0",
          "identifier": "platform:com.apple.say",
          "policy": "CEL",
          "rule_type": "SIGNINGID"
        },
        {
          "identifier": "AAAAAAAAAA",
          "policy": "SILENT_GUI_BLOCKLIST",
          "rule_type": "TEAMID"
        }
      ]
    }

    lost: 0: ticket
    lost: 0: expires
    lost: 4: rules in Santa's own formats have no scope
    lost: 5: rules in Santa's own formats have no scope
    lost: 6: rules in Santa's own formats have no scope
    lost: 7: rules in Santa's own formats have no scope
    "#);
}

#[test]
fn a_rule_of_very_many_keys_and_deep_values_cost_no_more_than_their_length() {
    let keys: Vec<String> = (0..200_000).map(|number| format!("\"k{number}\":1")).collect();
    let text = format!("{{\"rules\":[{{{}}}]}}", keys.join(","));
    assert_eq!(describe(Santactl, text), "f:1:11  fault: has too many keys: a rule has at most 64");
    let deep = format!("{{\"rules\":[{{\"policy\":{}7", "[".repeat(200_000));
    insta::assert_snapshot!(describe(Santactl, deep), @"f:1:200021  fault: ends unexpectedly; it may be incomplete");
    let closed =
        format!("{{\"rules\":[{{\"policy\":{}{}}}]}}", "[".repeat(200_000), "]".repeat(200_000));
    insta::assert_snapshot!(describe(Santactl, closed), @"f:1:85  fault: is nested too deeply");
}
