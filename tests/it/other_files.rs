//! Commands that expect rules but get files of other kinds, or files with the keys of other tools.

use crate::shell::Shell;

/// W12: the error describes the kind of the file, regardless of its extension.
#[test]
fn w12_files_of_another_kind_are_identified() {
    let shell = Shell::new();
    let upload = r#"{"events": [{"file_sha256": "aa", "decision": "BLOCK_UNKNOWN"}]}"#;
    let preflight = r#"{"serial_num": "C02", "hostname": "m", "os_version": "15.1",
        "santa_version": "2026.1", "client_mode": "MONITOR", "primary_user": "anna"}"#;
    let declaration = r#"{"Type": "com.apple.configuration.app.settings", "Identifier": "x",
        "Payload": {"Allowed": {}}}"#;
    let utf16: Vec<u8> = "target\tpolicy\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut workbook = b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml".to_vec();
    workbook.extend([0_u8; 40]);
    workbook.extend(b"xl/workbook.xml");
    let signed = b"0\x82\x10\0\x06\x09*\x86H\x86\xF7\r\x01\x07\x02\xA0\x82\x10".to_vec();
    let bundles = "[[bundles]]\nname = \"zoom\"\nrule_type = \"TEAM_ID\"\n\
                   cel = \"app.team_id == 'BJ4HAAB9B3'\"\n";
    let files: [(&str, &[u8]); 13] = [
        ("events.json", upload.as_bytes()),
        (
            "event.json",
            br#"{"file_sha256": "aa", "execution_time": 1.5, "decision": "ALLOW_TEAMID"}"#,
        ),
        (
            "events.jsonl",
            b"{\"file_sha256\": \"aa\", \"decision\": \"X\", \"machine_id\": \"M\"}\n{}\n",
        ),
        ("preflight.json", preflight.as_bytes()),
        ("settings.json", br#"{"client_mode": "LOCKDOWN", "full_sync_interval": 600}"#),
        ("ddm.json", declaration.as_bytes()),
        ("book.xlsx", &workbook),
        ("book.csv", &workbook),
        ("excel.txt", &utf16),
        ("bundles.toml", bundles.as_bytes()),
        ("inventory.json", br#"[{"name": "Zoom", "version": "6"}, {"name": "Chrome"}]"#),
        ("signed.mobileconfig", &signed),
        ("login.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>"),
    ];
    let mut transcript = String::new();
    for (name, bytes) in files {
        std::fs::write(shell.path(name), bytes).unwrap();
        transcript += &shell.run(&format!("rule convert {name} out.csv"));
        transcript += "\n";
    }
    insta::assert_snapshot!(transcript, @"
    $ nicelist rule convert events.json out.csv
    exit code: 5
    ----- stderr -----
    error: events.json is an event upload, not rules: see nicelist event import
    hint: nicelist event import events.json --machine-id ID

    $ nicelist rule convert event.json out.csv
    exit code: 5
    ----- stderr -----
    error: event.json is an event, not a rule
    hint: nicelist event import reads a folder of events in Moroz's layout

    $ nicelist rule convert events.jsonl out.csv
    exit code: 5
    ----- stderr -----
    error: events.jsonl is a file of events, not rules
    hint: nicelist event import events.jsonl

    $ nicelist rule convert preflight.json out.csv
    exit code: 5
    ----- stderr -----
    error: preflight.json is a preflight request, which describes a host; it has no rules

    $ nicelist rule convert settings.json out.csv
    exit code: 5
    ----- stderr -----
    error: settings.json is a preflight response, which has settings and no rules
    hint: to change settings: nicelist settings set client-mode=monitor

    $ nicelist rule convert ddm.json out.csv
    exit code: 5
    ----- stderr -----
    error: ddm.json is a declaration for device management, not rules
    hint: macOS enforces such a declaration itself; nicelist does not read it

    $ nicelist rule convert book.xlsx out.csv
    exit code: 5
    ----- stderr -----
    error: book.xlsx is an Excel workbook (.xlsx), not CSV
    hint: in Excel, save the sheet as CSV UTF-8, then import that file

    $ nicelist rule convert book.csv out.csv
    exit code: 5
    ----- stderr -----
    error: book.csv is an Excel workbook (.xlsx), not CSV
    hint: in Excel, save the sheet as CSV UTF-8, then import that file

    $ nicelist rule convert excel.txt out.csv
    exit code: 5
    ----- stderr -----
    error: excel.txt is UTF-16; save it as UTF-8
    hint: iconv -f UTF-16LE -t UTF-8 excel.txt > utf8.csv

    $ nicelist rule convert bundles.toml out.csv
    exit code: 5
    ----- stderr -----
    error: bundles.toml is a file of bundles for contour, not rules
    hint: let contour generate a profile from it, then import that profile

    $ nicelist rule convert inventory.json out.csv
    exit code: 5
    ----- stderr -----
    error: inventory.json is a JSON list with 2 entries that are not rules
    hint: a rule in JSON has target and policy, or rule_type, identifier and policy; docs/FORMATS.md describes all formats

    $ nicelist rule convert signed.mobileconfig out.csv
    exit code: 5
    ----- stderr -----
    signed.mobileconfig: is a damaged signed profile; it may be incomplete
    error: found 1 error; nothing was written

    $ nicelist rule convert login.csv out.csv
    exit code: 5
    ----- stderr -----
    error: login.csv is a web page, not a file of rules
    hint: it may be the sign-in page of the server it was downloaded from
    ");
    assert!(!shell.path("out.csv").exists());
    for name in ["book.csv", "events.json"] {
        let refused = shell.run(&format!("rule import {name} --from csv --database sqlite:a.db"));
        assert!(refused.contains("exit code: 5"), "{refused}");
        for command in ["rule lint", "plan -f", "rule diff server"] {
            let refused = shell.run(&format!("{command} {name} --database sqlite:a.db"));
            assert!(refused.contains(", not "), "{refused}");
        }
    }
}

/// W12: one error lists all old keys of a rule, with their replacements. For a CSV file,
/// the error is about the missing policy column.
#[test]
fn w12_old_keys_are_reported_together() {
    let shell = Shell::new();
    let hash = "ab".repeat(32);
    shell.write(
        "old.json",
        &format!(
            r#"{{"rules": [{{"sha256": "{hash}", "type": "BINARY", "state": "WHITELIST", "custommsg": "x"}}]}}"#
        ),
    );
    shell.write(
        "bare.json",
        &format!(
            r#"[{{"identifier": "{hash}", "type": "BINARY", "state": "WHITELIST", "custommsg": "x"}}]"#
        ),
    );
    shell.write(
        "own.json",
        r#"[{"target": "teamid:AAAAAAAAAA", "type": "TEAMID", "state": "allow", "custommsg": "x"}]"#,
    );
    shell.write(
        "old.plist",
        &format!(
            "<plist version=\"1.0\"><dict><key>StaticRules</key><array><dict>\
             <key>identifier</key><string>{hash}</string><key>type</key><string>BINARY</string>\
             <key>state</key><string>WHITELIST</string><key>custommsg</key><string>x</string>\
             </dict></array></dict></plist>"
        ),
    );
    shell.write("old.csv", &format!("sha256,type,state,custommsg\n{hash},BINARY,WHITELIST,x\n"));
    let mut transcript = String::new();
    for name in ["old.json", "bare.json", "own.json", "old.plist", "old.csv"] {
        transcript += &shell.run(&format!("rule convert {name} out.csv"));
        transcript += "\n";
    }
    insta::assert_snapshot!(transcript, @"
    $ nicelist rule convert old.json out.csv
    exit code: 5
    ----- stderr -----
    old.json:1:99: unknown keys: type (use rule_type), state (use policy), custommsg (use custom_msg)
    error: found 1 error; nothing was written

    $ nicelist rule convert bare.json out.csv
    exit code: 5
    ----- stderr -----
    bare.json:1:93: unknown keys: type (use rule_type), state (use policy), custommsg (use custom_msg)
    error: found 1 error; nothing was written

    $ nicelist rule convert own.json out.csv
    exit code: 5
    ----- stderr -----
    own.json:1:2: unknown fields: custommsg (use message), state (use policy), type (use target)
    error: found 1 error; nothing was written

    $ nicelist rule convert old.plist out.csv
    exit code: 5
    ----- stderr -----
    old.plist: rule 1: unknown keys: type (use rule_type), state (use policy), custommsg (use custom_msg)
    error: found 1 error; nothing was written

    $ nicelist rule convert old.csv out.csv
    exit code: 5
    ----- stderr -----
    error: old.csv has no policy column; it has: sha256, type, state, custommsg; rename state to policy
    hint: nicelist rule import --help lists the columns
    ");
}

/// Of 200,000 errors, the first 20 are shown and the others are counted.
#[test]
fn w12_the_first_errors_of_many_are_shown_and_all_are_counted() {
    let shell = Shell::new();
    let mut rows = String::from("target,policy\n");
    let mut list = String::from("[");
    for row in 0..200_000_u32 {
        rows.push_str(&format!("teamid:{row:09},allow\n"));
        list.push_str(if row == 0 { "\n" } else { ",\n" });
        list.push_str(r#"{"target":"teamid:SHORT","policy":"allow"}"#);
    }
    list.push_str("\n]\n");
    shell.write("rules.csv", &rows);
    shell.write("rules.json", &list);
    for (line, last) in [
        (
            "rule import rules.csv --database sqlite:a.db",
            "200000 of 200000 rows are invalid; nothing was changed",
        ),
        (
            "rule convert rules.csv out.jsonl",
            "200000 of 200000 rows are invalid; nothing was written",
        ),
        ("rule convert rules.json out.jsonl", "found 200000 errors; nothing was written"),
        ("plan -f rules.json --database sqlite:a.db", "found 200000 errors; nothing was changed"),
    ] {
        let run = shell.run(line);
        assert!(run.contains("exit code: 5") && run.contains(last), "{run}");
        assert!(run.contains("\nand 199980 more"), "{run}");
        assert!(run.lines().count() < 32, "{}", run.lines().count());
    }
}
