//! Responses and requests of Workshop's API.

use super::*;
use crate::format::Format::Workshop;
use crate::format::tests::{describe, drafts, written_of};

#[test]
fn tags_become_scopes_and_both_styles_of_keys_are_read() {
    let text = r#"{"rules":[
 {"ruleId":"r1","identifier":"platform:com.apple.yes","ruleType":"SIGNINGID","policy":"BLOCKLIST","tag":"global","comment":"c","customMsg":"m","customUrl":"u","blockReason":"BLOCK_REASON_POLICY"},
 {"rule_id":"r2","identifier":"ABCDE12345","rule_type":"TEAMID","policy":"CEL","tag":"eng","cel_expr":"true"},
 {"identifier":"ABCDE12345","rule_type":"TEAMID","policy":"ALLOWLIST","tag":"host:0A1B"},
 {"identifier":"ABCDE12345","rule_type":"TEAMID","policy":"SEATBELT","tag":"global","seatbelt_policy":"(version 1)"},
 {"identifier":"ABCDE12345","rule_type":"TEAMID","policy":"ALLOWLIST","tag":"a b"}
],"more":true}"#;
    assert!(Workshop.recognises(&File { name: "f".into(), bytes: text.into() }));
    insta::assert_snapshot!(describe(Workshop, text), @r#"
    f:2:2  {"target":"signingid:platform:com.apple.yes","policy":"block","scope":"fleet","message":"m","url":"u","comment":"c"}
    f:3:2  {"target":"teamid:ABCDE12345","policy":"cel","scope":"tag:eng","cel":"true"}
    f:4:2  {"target":"teamid:ABCDE12345","policy":"allow","scope":"host:0A1B"}
    f:5:59  fault: policy: invalid policy `SEATBELT`: expected allow, allow-compiler, block, silent-block, silent-block-gui, silent-block-tty, cel or remove
    f:5:103  note: seatbelt_policy: is an unknown key, which is ignored
    f:6:77  fault: tag: invalid tag name `a b`: use up to 63 letters, digits, dots, dashes and underscores, starting with a letter or digit
    f:7:10  note: more: the response has more pages, which are not in this file
    "#);
}

#[test]
fn a_request_and_a_bare_list_are_read_as_well() {
    let rule =
        r#"{"identifier":"ABCDE12345","ruleType":"TEAMID","policy":"ALLOWLIST","tag":"global"}"#;
    let expected = r#"{"target":"teamid:ABCDE12345","policy":"allow","scope":"fleet"}"#;
    for text in [format!("{{\"rule\":{rule}}}"), format!("[{rule}]")] {
        assert!(describe(Workshop, text.as_str()).ends_with(expected), "{text}");
    }
    insta::assert_snapshot!(describe(Workshop, "{\"x\":1}"), @"f:1:1  fault: is neither a list of rules nor an object with rules");
}

#[test]
fn what_workshop_cannot_express_is_lost() {
    insta::assert_snapshot!(written_of(Workshop, &drafts()), @r#"
    {
      "rules": [
        {
          "comment": "Chrome, all of it",
          "customMsg": "Ask \"IT\" <now>\n${or} later",
          "customUrl": "https://it.example/why",
          "identifier": "EQHXZ8M8AV",
          "policy": "BLOCKLIST",
          "ruleType": "TEAMID",
          "tag": "global"
        },
        {
          "identifier": "abababababababababababababababababababab",
          "policy": "ALLOWLIST",
          "ruleType": "CDHASH",
          "tag": "global"
        },
        {
          "celExpr": "euid != 0",
          "identifier": "platform:com.apple.say",
          "policy": "CEL",
          "ruleType": "SIGNINGID",
          "tag": "global"
        },
        {
          "identifier": "CCCCCCCCCC",
          "policy": "ALLOWLIST",
          "ruleType": "TEAMID",
          "tag": "host:M1"
        },
        {
          "identifier": "DDDDDDDDDD:clang",
          "policy": "ALLOWLIST_COMPILER",
          "ruleType": "SIGNINGID",
          "tag": "eng"
        }
      ]
    }

    lost: 0: button_label
    lost: 0: ticket
    lost: 0: expires
    lost: 3: Workshop has no policy silent-block-gui
    lost: 4: Workshop has no policy remove
    lost: 7: Workshop supports only rules for tags and Macs
    "#);
}
