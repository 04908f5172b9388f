//! Tests that files without rules are identified.

use super::{File, NonRuleFile};

fn named(bytes: impl AsRef<[u8]>) -> String {
    let file = File { name: "f".to_owned(), bytes: bytes.as_ref().to_vec() };
    let foreign = NonRuleFile::of_bytes(&file).or_else(|| NonRuleFile::of_content(&file));
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
    let described: Vec<String> = kinds.into_iter().map(named).collect();
    insta::assert_snapshot!(described.join("\n"), @"
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

fn hint(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let file = File { name: name.to_owned(), bytes: bytes.as_ref().to_vec() };
    let foreign = NonRuleFile::of_bytes(&file).or_else(|| NonRuleFile::of_content(&file));
    foreign.and_then(|foreign| foreign.hint).unwrap_or_default()
}

#[test]
fn w12_documents_archives_and_signed_messages_are_named() {
    let mut tar = vec![b'a'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let kinds = [
        b"PK\x03\x04 [Content_Types].xml word/document.xml".to_vec(),
        b"PK\x03\x04 [Content_Types].xml ppt/slides".to_vec(),
        b"PK\x03\x04 [Content_Types].xml xl/workbook.xml".to_vec(),
        tar,
        b"xar!\0\x1c".to_vec(),
        b"\x89PNG\r\n\x1a\n".to_vec(),
        b"MIME-Version: 1.0\nContent-Type: application/x-pkcs7-mime\n\nMIIB".to_vec(),
    ];
    let described: Vec<String> = kinds.into_iter().map(named).collect();
    insta::assert_snapshot!(described.join("\n"), @"
    is a Word document (.docx), not a file of rules
    is a PowerPoint presentation (.pptx), not a file of rules
    is an Excel workbook (.xlsx), not CSV
    is a tar archive, not a file of rules
    is an installer package (.pkg), not a file of rules
    is an image, not a file of rules
    is a signed profile as an S/MIME message; remove the signature first
    ");
}

/// Without a byte-order mark, the name of the encoding must contain the byte order.
#[test]
fn w12_hints_for_utf16_name_the_encoding() {
    assert_eq!(hint("f", b"\0a\0b"), "iconv -f UTF-16BE -t UTF-8 f > utf8.csv");
    assert_eq!(hint("f", b"a\0b\0"), "iconv -f UTF-16LE -t UTF-8 f > utf8.csv");
    assert_eq!(hint("f", b"\xFE\xFF\0a"), "iconv -f UTF-16 -t UTF-8 f > utf8.csv");
}

/// W12: hints quote file names, because a hint is pasted into a shell, and someone else may have
/// chosen the name of the file.
#[test]
fn w12_names_of_files_in_hints_are_quoted_for_the_shell() {
    let hint = hint("my; rm x.csv", b"a\0b\0");
    assert_eq!(hint, "iconv -f UTF-16LE -t UTF-8 'my; rm x.csv' > utf8.csv");
}

/// Input from a pipe has no file name, so hints contain `FILE`.
#[test]
fn w12_hints_for_input_from_a_pipe_name_no_file() {
    for input in [
        &b"a\0b\0"[..],
        b"\x1F\x8B\x08",
        b"SQLite format 3\0",
        b"\xCF\xFA\xED\xFE",
        br#"{"events": [{"file_sha256": "aa", "decision": "X"}]}"#,
        b"{\"file_sha256\": \"aa\", \"decision\": \"X\", \"machine_id\": \"M\"}\n",
    ] {
        let hint = hint("stdin", input);
        assert!(hint.contains("FILE") && !hint.contains("stdin"), "{hint}");
    }
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
    let described: Vec<String> = kinds.into_iter().map(named).collect();
    insta::assert_snapshot!(described.join("\n"), @"
    is a postflight request, which ends a sync; it has no rules
    is Santa's telemetry, not rules
    is a list of events, not rules
    is a list of events, not rules
    is JSON from another tool, not rules
    is JSON from another tool, not rules
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
    assert_eq!(named(text), "is JSON from another tool, not rules");
}
