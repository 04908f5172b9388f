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
    f:2:15  note: rule_type: `Unknown` is read as CDHASH, for which santactl writes it
    f:3:2  {"target":"signingid:platform:com.apple.say","policy":"cel","scope":"fleet","cel":"true"}
    f:4:15  fault: rule_type: `Unknown` is no rule type; expected binary, certificate, teamid, signingid or cdhash
    f:5:33  fault: policy: `Unknown` is what santactl writes for a policy of CELv2
    f:6:33  fault: policy: `Seatbelt` is no policy; expected allow, allow-compiler, block, silent-block, silent-block-gui, silent-block-tty, cel or remove
    f:7:2  {"target":"binary:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","policy":"allow","scope":"fleet"}
    f:8:58  fault: identifier: `abababababababababababababababababababab` has 40 hex digits, a cdhash or a SHA-1; a binary needs its SHA-256 (64 digits)
    f:9:33  fault: policy: `3` is a number, and tools number these differently; write the name
    f:10:2  fault: the rule has no identifier
    f:11:2  {"target":"teamid:EQHXZ8M8AV","policy":"block","scope":"fleet"}
    f:11:79  note: extra: is not known here and is passed over
    f:12:2  note: repeats an earlier entry, which is read once
    f:13:2  fault: expected an object for each rule, found a number
    "#);
}

#[test]
fn an_incomplete_export_is_reported_with_its_end() {
    insta::assert_snapshot!(describe(Santactl, "{\"rules\":[{\"rule_type\":\n"), @"f:2:1  fault: ends too early; it may be cut off");
    insta::assert_snapshot!(describe(Santactl, "{\"rules\":7}"), @r#"f:1:1  fault: is no object with a list of rules, {"rules": [...]}"#);
    insta::assert_snapshot!(describe(Santactl, "{\"rules\":[]]}"), @"f:1:12  fault: is not JSON: expected `,` or `}`");
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
    lost: 4: rules of Santa's own have no scope
    lost: 5: rules of Santa's own have no scope
    lost: 6: rules of Santa's own have no scope
    lost: 7: rules of Santa's own have no scope
    "#);
}

#[test]
fn a_rule_of_very_many_keys_and_deep_values_cost_no_more_than_their_length() {
    let keys: Vec<String> = (0..200_000).map(|number| format!("\"k{number}\":1")).collect();
    let text = format!("{{\"rules\":[{{{}}}]}}", keys.join(","));
    assert_eq!(describe(Santactl, text), "f:1:11  fault: has more keys than any rule, 64");
    let deep = format!("{{\"rules\":[{{\"policy\":{}7", "[".repeat(200_000));
    insta::assert_snapshot!(describe(Santactl, deep), @"f:1:200021  fault: ends too early; it may be cut off");
    let closed =
        format!("{{\"rules\":[{{\"policy\":{}{}}}]}}", "[".repeat(200_000), "]".repeat(200_000));
    insta::assert_snapshot!(describe(Santactl, closed), @"f:1:85  fault: is nested too deeply");
}
