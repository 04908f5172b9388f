//! Tests of reading and writing rules in JSON.

use super::*;
use crate::fleet::{Setting, SettingKey};
use crate::format::{Content, Defaults, File, Format, ParsedPolicy};
use crate::rule::Scope;

fn read(text: &str, format: Format) -> ParsedPolicy {
    format.read(&[File { name: "f".into(), bytes: text.into() }], &Defaults::default())
}

fn faults(document: &ParsedPolicy) -> Vec<String> {
    let described = document.faults.iter();
    described.map(|fault| format!("{}: {}", document.name_of(fault.location), fault.text)).collect()
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
    assert_eq!(lines.name_of(lines.rules[0].location), "f:2");
}

#[test]
fn other_fields_of_an_api_list_are_ignored_and_no_others() {
    let listed = RULE.replace(
        '}',
        r#","revision":3,"author":"anna","since":"2026-11-20T10:00:00Z","withheld":2}"#,
    );
    assert_eq!(read(&listed, Format::Jsonl).faults, []);
    let odd = RULE.replace('}', r#","revision":3,"polcy":"allow"}"#);
    assert!(
        faults(&read(&odd, Format::Jsonl))[0]
            .starts_with("f:1:1: unknown field: polcy (use policy)")
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
            "f:2:3: conflict: teamid:AAAAAAAAAA for tag:eng has policy allow here, but block at f:1:2",
            "f:3:12: target: invalid teamid identifier `SHORT`: expected 10 letters and digits",
            "f:4:2: expected an object for each rule, found a number",
        ]
    );
    let empty = RULE.replace("tag:eng", "");
    assert!(faults(&read(&empty, Format::Jsonl))[0].contains("invalid scope ``: expected fleet"));
    let lines = format!("{RULE}\n{{\"target\": \u{e9}}}\n");
    assert_eq!(faults(&read(&lines, Format::Jsonl)), ["f:2:12: is not valid JSON: expected value"]);
}

/// W12: messages about values of the wrong type contain no Rust types.
#[test]
fn w12_a_value_of_the_wrong_type_is_named_with_its_field() {
    for (rule, column, fault) in [
        (r#"["teamid:AAAAAAAAAA", "block"]"#, 1, "expected an object for each rule, found a list"),
        (r#""teamid:AAAAAAAAAA""#, 1, "expected an object for each rule, found a string"),
        (r#"{"target": 5, "policy": "block"}"#, 12, "target: expected a string, found a number"),
        (
            r#"{"target": "teamid:AAAAAAAAAA", "policy": null}"#,
            43,
            "policy: expected a string, found null",
        ),
        (
            r#"{"target": "teamid:AAAAAAAAAA", "policy": "block", "bundle_binary_count": -1}"#,
            75,
            "bundle_binary_count: `-1` is not a valid count",
        ),
        (
            r#"{"target": "teamid:AAAAAAAAAA", "policy": "block", "bundle_binary_count": "3"}"#,
            75,
            "bundle_binary_count: expected a number, found a string",
        ),
    ] {
        let faults = |text: &str, format| faults(&read(text, format));
        let expected = |column| [format!("f:1:{column}: {fault}")];
        assert_eq!(faults(&format!("[{rule}]"), Format::Json), expected(column + 1));
        assert_eq!(faults(rule, Format::Jsonl), expected(column));
    }
    let no_list = "f:1:1: is not a list of rules: expected [{...}, ...], or an object with one \
        such list under the key items or rules";
    assert_eq!(faults(&read("{}", Format::Json)), [no_list]);
}

/// W11: a rule that has a key twice is refused, because it is not clear which value is meant.
#[test]
fn w11_a_key_that_stands_twice_in_a_rule_is_refused() {
    let twice = RULE.replace('}', r#","target":"teamid:BBBBBBBBBB"}"#);
    let listed = twice.replace('}', r#","revision":3}"#);
    for rule in [twice, listed, RULE.replace('}', r#","revision":3,"policy":"allow"}"#)] {
        let key = if rule.contains("allow") { "policy" } else { "target" };
        let column = rule.rfind(key).unwrap() + key.len() + 3;
        let expected = |column| [format!("f:1:{column}: {key}: is given twice")];
        assert_eq!(faults(&read(&format!("[{rule}]"), Format::Json)), expected(column + 1));
        assert_eq!(faults(&read(&rule, Format::Jsonl)), expected(column));
    }
}

/// W9: a note reports that a page of the admin API is not the last page.
#[test]
fn w9_a_page_with_more_pages_behind_it_is_noted() {
    let notes = |text: &str| {
        let document = read(text, Format::Json);
        assert_eq!(document.rules.len(), 1);
        let notes = document.notes.iter();
        notes
            .map(|it| format!("{}: {}", document.name_of(it.location), it.text))
            .collect::<Vec<_>>()
    };
    let page = format!("{{\"items\":[{RULE}],\n\"next\":\"NDI\"}}");
    assert_eq!(
        notes(&page),
        ["f:2:8: next: the response has more pages, which are not in this file"]
    );
    assert_eq!(notes(&page.replace("\"NDI\"", "null")), [""; 0]);
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
fn the_beginning_of_a_file_distinguishes_lines_from_other_json() {
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
