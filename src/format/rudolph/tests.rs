//! Rudolph's files, including those that Rudolph itself cannot read.

use super::*;
use crate::format::Format::{Csv, RudolphCsv, RudolphJson};
use crate::format::tests::{describe, drafts, written_of};

#[test]
fn both_headers_are_read_with_all_kinds_of_identifiers_below() {
    let hash = "ab".repeat(32);
    for first in ["identifier", "sha256"] {
        let text = format!(
            "{first},type,policy,custom_msg,description\r\n\
             {hash},CERTIFICATE,ALLOWLIST,,\"Developer ID Application: Example, Inc. (ABCDE12345)\"\r\n\
             ABCDE12345,TEAMID,SILENT_BLOCKLIST,,\"quoted, comma\"\r\n\
             {hash},BINARY,5,,\r\n\
             {hash},BINARY,ALLOWLIST_TRANSITIVE,,\r\n"
        );
        let file = File { name: "f".into(), bytes: text.clone().into_bytes() };
        assert!(recognises_csv(&file));
        insta::allow_duplicates! {
            insta::assert_snapshot!(describe(RudolphCsv, text), @r#"
            f:2  {"target":"certificate:abababababababababababababababababababababababababababababababab","policy":"allow","scope":"fleet","comment":"Developer ID Application: Example, Inc. (ABCDE12345)"}
            f:3  {"target":"teamid:ABCDE12345","policy":"silent-block","scope":"fleet","comment":"quoted, comma"}
            f:4  fault: policy: `5` is a number, and its meaning differs between tools; use the name of the policy
            f:5  fault: policy: invalid policy `ALLOWLIST_TRANSITIVE`: expected allow, allow-compiler, block, silent-block, silent-block-gui, silent-block-tty, cel or remove
            "#);
        }
    }
    let ours = File { name: "f".into(), bytes: b"identifier,type,policy\n".to_vec() };
    assert!(!recognises_csv(&ours));
    assert_eq!(crate::format::Format::of_content(&ours), Some(Csv));
}

#[test]
fn json_is_read_by_name_and_not_by_number() {
    let text = r#"[{"type":"BINARY","policy":"ALLOWLIST","identifier":"SHA","custom_msg":"","description":"x"},
{"type":"TEAMID","policy":2,"identifier":"ABCDE12345","description":""},
{"type":"TEAMID","policy":"BLOCKLIST","identifier":"ABCDE12345","description":""}]"#;
    insta::assert_snapshot!(describe(RudolphJson, text.replace("SHA", &"ab".repeat(32))), @r#"
    f:1:2  {"target":"binary:abababababababababababababababababababababababababababababababab","policy":"allow","scope":"fleet","comment":"x"}
    f:2:27  fault: policy: `2` is a number, and its meaning differs between tools; use the name
    f:3:1  {"target":"teamid:ABCDE12345","policy":"block","scope":"fleet"}
    "#);
    insta::assert_snapshot!(describe(RudolphJson, "{}"), @"f:1:1  fault: is not a list of rules: expected [{...}, ...]");
}

#[test]
fn what_is_written_can_be_imported_by_rudolph() {
    insta::assert_snapshot!(written_of(RudolphCsv, &drafts()), @r#"
    identifier,type,policy,custom_msg,description
    EQHXZ8M8AV,TEAMID,BLOCKLIST,"Ask ""IT"" <now>
    ${or} later","Chrome, all of it"

    lost: 0: url
    lost: 0: button_label
    lost: 0: ticket
    lost: 0: expires
    lost: 1: Rudolph does not support cdhash rules
    lost: 2: Rudolph has no policy cel
    lost: 3: Rudolph has no policy silent-block-gui
    lost: 4: Rudolph supports only rules for all Macs
    lost: 5: Rudolph supports only rules for all Macs
    lost: 6: Rudolph supports only rules for all Macs
    lost: 7: Rudolph supports only rules for all Macs
    "#);
    insta::assert_snapshot!(written_of(RudolphJson, &drafts()), @r#"
    [
      {
        "custom_msg": "Ask \"IT\" <now>\n${or} later",
        "description": "Chrome, all of it",
        "identifier": "EQHXZ8M8AV",
        "policy": "BLOCKLIST",
        "type": "TEAMID"
      }
    ]

    lost: 0: url
    lost: 0: button_label
    lost: 0: ticket
    lost: 0: expires
    lost: 1: Rudolph does not support cdhash rules
    lost: 2: Rudolph has no policy cel
    lost: 3: Rudolph has no policy silent-block-gui
    lost: 4: Rudolph supports only rules for all Macs
    lost: 5: Rudolph supports only rules for all Macs
    lost: 6: Rudolph supports only rules for all Macs
    lost: 7: Rudolph supports only rules for all Macs
    "#);
}
