//! Files of JSON.

use super::*;

/// The wire bytes of events in JSON.
fn encoded(events: &[&str]) -> Vec<Vec<u8>> {
    let encode = |event: &&str| crate::detect::telemetry::encode_json(event.as_bytes()).unwrap();
    events.iter().map(encode).collect()
}

const ONE: &str = r#"{"disk":{"volume":"}{\"]\\"}}"#;
const TWO: &str = r#"{"network_activity":{"processes":[{"flows":[{"remote_port":443}]}]}}"#;

#[test]
fn lines_arrays_and_nested_arrays_are_read() {
    let files = [
        format!("{ONE}\n{TWO}\n"),
        format!("{ONE}\r\n\r\n{TWO}"),
        format!("\u{FEFF}\n  {ONE}{TWO}"),
        format!("[{ONE},{TWO}]"),
        format!("\n[[\n{ONE}\n],[],[{TWO}]]\n"),
    ];
    for file in files {
        assert_eq!(read(file.as_bytes()), (encoded(&[ONE, TWO]), Vec::new()), "{file}");
    }
    let pretty = |event: &str| {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        serde_json::to_string_pretty(&event).unwrap()
    };
    let file = format!("{}\n{}\n", pretty(ONE), pretty(TWO));
    assert_eq!(read(file.as_bytes()), (encoded(&[ONE, TWO]), Vec::new()));
    assert_eq!(read(&gzip(file.as_bytes())), (encoded(&[ONE, TWO]), Vec::new()));
}

#[test]
fn an_invalid_line_loses_only_itself() {
    let invalid = [
        "garbage",
        "{\"disk\":",
        "{\"disk\": \"open",
        "{\"disk\":{\"volume\":1}}",
        "{\"disk\":{\"volume\":\"\u{0}\"}}",
        "{\"disk\":{}]",
        "{nothing}",
    ];
    for line in invalid {
        let file = format!("{ONE}\n{line}\n{TWO}\n");
        let (found, lost) = read(file.as_bytes());
        assert_eq!(found, encoded(&[ONE, TWO]), "{line}");
        assert_eq!(lost, [(Loss::Undecodable, 1)], "{line}");
    }
    let invalid_utf_8 = [&b"{\"disk\":{\"volume\":\"\xFF\"}}\n"[..], ONE.as_bytes()].concat();
    assert_eq!(read(&invalid_utf_8), (encoded(&[ONE]), vec![(Loss::Undecodable, 1)]));
}

#[test]
fn the_end_of_a_file_may_be_missing() {
    let file = format!("[{ONE},\n{}", &TWO[..TWO.len() - 1]);
    assert_eq!(read(file.as_bytes()), (encoded(&[ONE]), vec![(Loss::Truncated, 1)]));
    let file = format!("[{ONE}");
    assert_eq!(read(file.as_bytes()), (encoded(&[ONE]), Vec::new()));
}

#[test]
fn a_giant_object_is_skipped() {
    let limits = Limits { message: 1_000, ..Limits::default() };
    let giant = format!("{{\"disk\":{{\"volume\":\"{}\"}}}}", "}{".repeat(500_000));
    let file = format!("{ONE}\n{giant}\n{TWO}");
    let (found, lost) = read_with(limits, file.as_bytes());
    assert_eq!(found, encoded(&[ONE, TWO]));
    assert_eq!(lost, [(Loss::MessageTooLarge, 1)]);
}

#[test]
fn other_objects_are_events_of_an_unknown_kind() {
    assert_eq!(read(b"{\"rules\":[]}"), (Vec::new(), vec![(Loss::UnknownKind, 1)]));
}
