//! Kinds of files by their first bytes and their keys.

use super::{File, Foreign};

fn named(bytes: impl AsRef<[u8]>) -> String {
    let file = File { name: "f".to_owned(), bytes: bytes.as_ref().to_vec() };
    let foreign = Foreign::of_bytes(&file).or_else(|| Foreign::of_content(&file));
    foreign.map_or("nothing".to_owned(), |foreign| foreign.what)
}

#[test]
fn files_with_bytes_of_their_own_are_named() {
    let kinds = [
        &b"PK\x03\x04 word"[..],
        b"PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        b"\x1F\x8B\x08",
        b"SQLite format 3\0",
        b"\xCF\xFA\xED\xFE",
        b"%PDF-1.7",
        b"\xFF\xFEa\0",
        b"a\0b\0",
        b"-----BEGIN CERTIFICATE-----\n",
        b"-----BEGIN PKCS7-----\n",
        b"0\x82\x03\0\x30\x82",
        b"0\x80\x06\x09*\x86H\x86\xF7\r\x01\x07\x03",
    ];
    let told: Vec<String> = kinds.into_iter().map(named).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    is a ZIP archive, not a file of rules
    is a spreadsheet, not CSV
    is an old Excel workbook (.xls), not CSV
    is compressed with gzip
    is an SQLite database, not a file of rules
    is a program, not a file of rules
    is a PDF document, not a file of rules
    is UTF-16; save it as UTF-8
    is UTF-16; save it as UTF-8
    is a certificate or a key, not a file of rules
    is a signed profile in PEM; convert it to DER first
    is a certificate or a key, not a file of rules
    is an encrypted profile; only the Mac it was encrypted for can read it
    ");
}

#[test]
fn json_of_other_kinds_is_named_by_its_keys() {
    let kinds = [
        r#"{"rules_received": 3, "rules_processed": 3}"#,
        r#"{"boot_session_uuid": "x", "event_time": "y", "execution": {}}"#,
        r#"[{"file_sha256": "aa", "decision": "X"}]"#,
        "{\"file_sha256\": \"aa\", \"execution_time\": 1}\n{}",
        r#"{"results": [{"name": "Zoom"}]}"#,
        r#"{"policies": {"a": [1, [2, {}]]}, "version": 1.5, "on": true, "no": null}"#,
    ];
    let told: Vec<String> = kinds.into_iter().map(named).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    is a postflight request, with which a host ends a sync; it has no rules
    is Santa's telemetry, not rules
    is a list of events, not rules
    is a list of events, not rules
    is JSON of another tool, not rules
    is JSON of another tool, not rules
    ");
}

#[test]
fn rules_and_what_is_broken_are_left_to_their_format() {
    for text in [
        r#"[{"target": "teamid:AAAAAAAAAA"}]"#,
        r#"{"rules": [{"identifier": "x", "type": "BINARY"}]}"#,
        r#"{"rules": "x"}"#,
        r#"{"items": [{"trget": "x", "policy": "allow"}]}"#,
        "[]",
        "{}",
        "[{\"name\": ",
        "target,policy\n",
        "",
    ] {
        assert_eq!(named(text), "nothing", "{text}");
    }
}

#[test]
fn a_key_that_stands_a_million_times_takes_no_memory() {
    let text = format!("{{{}\"z\": 1}}", "\"a\": [{\"b\": 1}],".repeat(100_000));
    assert_eq!(named(text), "is JSON of another tool, not rules");
}
