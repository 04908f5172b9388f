//! Rules in JSON, as programs and people write them.

use super::*;
use crate::fleet::{Setting, SettingKey};
use crate::format::{Content, Defaults, Document, File, Format};
use crate::rule::Scope;

fn read(text: &str, format: Format) -> Document {
    format.read(&[File { name: "f".into(), bytes: text.into() }], &Defaults::default())
}

fn faults(document: &Document) -> Vec<String> {
    let told = document.faults.iter();
    told.map(|fault| format!("{}: {}", document.name_of(fault.place), fault.text)).collect()
}

const RULE: &str = r#"{"target":"teamid:AAAAAAAAAA","policy":"block","scope":"tag:eng"}"#;

#[test]
fn a_bare_array_a_page_and_lines_hold_the_same() {
    let array = read(&format!("[{RULE}]"), Format::Json);
    assert_eq!(array.rules.len(), 1);
    for text in [format!("{{\"items\":[{RULE}],\"next\":null}}"), format!("{{\"rules\":[{RULE}]}}")]
    {
        assert_eq!(read(&text, Format::Json).rules[0].rule, array.rules[0].rule);
    }
    let lines = read(&format!("\u{feff}\r\n{RULE}\r\n\r\n"), Format::Jsonl);
    assert_eq!(lines.rules[0].rule, array.rules[0].rule);
    assert_eq!(lines.name_of(lines.rules[0].place), "f:2");
}

#[test]
fn what_a_list_tells_beside_the_rule_is_passed_over_and_nothing_else_is() {
    let listed = RULE.replace(
        '}',
        r#","revision":3,"author":"anna","since":"2026-11-20T10:00:00Z","withheld":2}"#,
    );
    assert_eq!(read(&listed, Format::Jsonl).faults, []);
    let odd = RULE.replace('}', r#","revision":3,"polcy":"allow"}"#);
    assert!(
        faults(&read(&odd, Format::Jsonl))[0]
            .starts_with("f:1:1: unknown field: polcy (write policy)")
    );
}

#[test]
fn faults_have_their_line_and_column_and_come_all_at_once() {
    let other = RULE.replace("block", "allow");
    let text = format!(
        "[{RULE},\n  {other},\n {{\"target\":\"teamid:SHORT\",\"policy\":\"block\"}},\n 7]"
    );
    assert_eq!(
        faults(&read(&text, Format::Json)),
        [
            "f:2:3: conflict: teamid:AAAAAAAAAA for tag:eng is allow here, but block at f:1:2",
            "f:3:2: target: `SHORT` is no teamid identifier; expected 10 letters and digits",
            "f:4:2: invalid type: integer `7`, expected struct RuleDraft",
        ]
    );
    let empty = RULE.replace("tag:eng", "");
    assert!(faults(&read(&empty, Format::Jsonl))[0].contains("`` is no scope; expected fleet"));
    let lines = format!("{RULE}\n{{\"target\": \u{e9}}}\n");
    assert_eq!(faults(&read(&lines, Format::Jsonl)), ["f:2:12: expected value"]);
}

#[test]
fn settings_are_lost_and_said_to_be() {
    let setting = Setting::parse(SettingKey::ClientMode, "lockdown").unwrap();
    let settings = [(Scope::Fleet, setting)];
    let written = write(Content { settings: &settings, ..Content::default() });
    assert_eq!(written.files[0].bytes, b"[]\n");
    assert_eq!(written.losses.len(), 1);
}

#[test]
fn the_beginning_of_a_file_tells_lines_from_other_json() {
    assert!(recognises_lines(RULE.as_bytes()));
    assert!(!recognises_lines(format!("[{RULE}]").as_bytes()));
    assert!(!recognises_lines(b"{\"rules\":[\n"));
    let of = |text: &str| Format::of_content(&File { name: String::new(), bytes: text.into() });
    assert_eq!(of(&format!("[{RULE}]")), Some(Format::Json));
    assert_eq!(of(RULE), Some(Format::Jsonl));
    assert_eq!(of("target,policy\n"), Some(Format::Csv));
    assert_eq!(of("target\tpolicy\n"), Some(Format::Tsv));
    assert_eq!(of("hello, world\n"), None);
}
