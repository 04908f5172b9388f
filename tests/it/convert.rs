//! Rules in files are converted, compared and imported, and errors in files are reported.

use crate::shell::Shell;

const RULES: &str = "target,policy,scope,message,ticket\n\
    teamid:AAAAAAAAAA,allow,,Ask IT,IT-1\n\
    signingid:platform:com.apple.osascript,block,tag:eng,\"no, \"\"sir\"\"\nnever\",\n";

fn shell() -> Shell {
    let shell = Shell::new();
    shell.write("rules.csv", RULES);
    shell
}

fn read(shell: &Shell, name: &str) -> String {
    std::fs::read_to_string(shell.path(name)).unwrap()
}

#[test]
fn rules_go_from_csv_to_json_and_back_unchanged() {
    let shell = shell();
    insta::assert_snapshot!(shell.run("rule convert rules.csv - --to jsonl"), @r#"
    $ nicelist rule convert rules.csv - --to jsonl
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"allow","scope":"fleet","message":"Ask IT","ticket":"IT-1"}
    {"target":"signingid:platform:com.apple.osascript","policy":"block","scope":"tag:eng","message":"no, \"sir\"\nnever"}
    "#);
    shell.run("rule convert rules.csv own.csv");
    for between in ["a.json", "a.jsonl", "a.tsv"] {
        shell.run(&format!("rule convert rules.csv {between}"));
        shell.run(&format!("rule convert {between} back.csv"));
        assert_eq!(read(&shell, "back.csv"), read(&shell, "own.csv"), "through {between}");
    }
}

#[test]
fn the_output_of_rule_list_can_be_converted() {
    let shell = shell();
    shell.run("rule import rules.csv --database sqlite:a.db");
    shell.run("tag create eng --database sqlite:a.db");
    shell.run("rule import rules.csv --database sqlite:a.db");
    for output in ["json", "jsonl", "csv", "tsv"] {
        let list = shell.command(&["rule", "list", "--database", "sqlite:a.db", "-o", output]);
        let list = { list }.output().unwrap();
        shell.write("list", &String::from_utf8(list.stdout).unwrap());
        shell.run("rule convert list listed.csv");
        shell.run("rule export -f exported.csv --database sqlite:a.db");
        assert_eq!(read(&shell, "listed.csv"), read(&shell, "exported.csv"), "as {output}");
    }
}

#[test]
fn unsupported_parts_are_listed_and_refused_with_strict() {
    let shell = shell();
    insta::assert_snapshot!(shell.run("rule convert rules.csv moroz --to moroz"), @"
    $ nicelist rule convert rules.csv moroz --to moroz
    exit code: 0
    ----- stderr -----
    warning: moroz does not support ticket; 1 rule loses it: teamid:AAAAAAAAAA
    warning: left out 1 rule (Moroz has no tags, groups or users): signingid:platform:com.apple.osascript for tag:eng
    wrote 1 rule to moroz (csv to moroz, left out 1)
    ");
    insta::assert_snapshot!(shell.run("rule convert rules.csv zentral.yaml --strict"), @"
    $ nicelist rule convert rules.csv zentral.yaml --strict
    exit code: 5
    ----- stderr -----
    warning: zentral-yaml does not support message; 1 rule loses it: teamid:AAAAAAAAAA
    warning: zentral-yaml does not support ticket; 1 rule loses it: teamid:AAAAAAAAAA
    error: zentral-yaml cannot express everything; nothing was written
    hint: to leave out what the format cannot express, remove --strict
    ");
    assert!(!shell.path("zentral.yaml").exists());
    insta::assert_snapshot!(shell.run("rule convert rules.csv zentral.yaml --dry-run"), @"
    $ nicelist rule convert rules.csv zentral.yaml --dry-run
    exit code: 0
    ----- stderr -----
    warning: zentral-yaml does not support message; 1 rule loses it: teamid:AAAAAAAAAA
    warning: zentral-yaml does not support ticket; 1 rule loses it: teamid:AAAAAAAAAA
    dry run: would write 2 rules to zentral.yaml (csv to zentral-yaml)
    ");
    assert!(!shell.path("zentral.yaml").exists());
    let lost = shell.json("rule convert rules.csv zentral.yaml");
    assert_eq!(lost["lost"][1]["what"], "ticket");
    assert_eq!(lost["lost"][1]["rules"][0]["target"], "teamid:AAAAAAAAAA");
}

#[test]
fn a_folder_of_moroz_becomes_one_file_and_a_full_folder_is_not_changed() {
    let shell = shell();
    std::fs::create_dir(shell.path("moroz")).unwrap();
    shell.write("moroz/global.toml", "client_mode = \"LOCKDOWN\"\n[[rules]]\nrule_type = \"TEAMID\"\npolicy = \"ALLOWLIST\"\nidentifier = \"AAAAAAAAAA\"\n");
    shell.write(
        "moroz/MAC-1.toml",
        "[[rules]]\nrule_type = \"TEAMID\"\npolicy = \"BLOCKLIST\"\nidentifier = \"AAAAAAAAAA\"\n",
    );
    insta::assert_snapshot!(shell.run("rule convert moroz rules.jsonl"), @"
    $ nicelist rule convert moroz rules.jsonl
    exit code: 0
    ----- stderr -----
    warning: moroz/MAC-1.toml: replaces global.toml, so this Mac gets 0 `remove` rules and Santa's default for 1 setting
    warning: left out: client-mode for host:MAC-1: the format supports only rules
    warning: left out: client-mode for fleet: the format supports only rules
    wrote 2 rules to rules.jsonl (moroz to jsonl)
    ");
    insta::assert_snapshot!(read(&shell, "rules.jsonl"), @r#"
    {"target":"teamid:AAAAAAAAAA","policy":"block","scope":"host:MAC-1"}
    {"target":"teamid:AAAAAAAAAA","policy":"allow","scope":"fleet"}
    "#);
    insta::assert_snapshot!(shell.run("rule convert rules.jsonl moroz --to moroz"), @"
    $ nicelist rule convert rules.jsonl moroz --to moroz
    exit code: 2
    ----- stderr -----
    error: moroz is not empty; nothing was written
    hint: use a folder that is empty or does not exist
    ");
    shell.write("moroz/notes.csv", RULES);
    insta::assert_snapshot!(shell.run("rule convert moroz again.jsonl"), @"
    $ nicelist rule convert moroz again.jsonl
    exit code: 5
    ----- stderr -----
    warning: moroz/MAC-1.toml: replaces global.toml, so this Mac gets 0 `remove` rules and Santa's default for 1 setting
    warning: left out: client-mode for host:MAC-1: the format supports only rules
    warning: left out: client-mode for fleet: the format supports only rules
    moroz/notes.csv: is not part of Moroz's policy; only .toml files are
    error: found 1 error; nothing was written
    ");
    assert!(!shell.path("again.jsonl").exists());
}

#[test]
fn bad_rows_are_reported_with_file_line_and_column_and_nothing_is_written() {
    let shell = Shell::new();
    let cases = [
        (
            "bom.csv",
            "\u{feff}target,policy\r\nteamid:AAAAAAAAA,allow\r\nteamid:BBBBBBBBBB,alow\r\n",
        ),
        ("twice.csv", "target,policy\nteamid:AAAAAAAAAA,allow\n\nteamid:aaaaaaaaaa,block\n"),
        ("heads.csv", "target,policy,target\nteamid:AAAAAAAAAA,allow,x\n"),
        ("nohead.csv", "teamid:AAAAAAAAAA,allow\n"),
        (
            "quote.csv",
            "target,policy,comment\nteamid:AAAAAAAAAA,allow,\"open\nteamid:BBBBBBBBBB,allow,x\n",
        ),
        ("cut.json", "[{\"target\":\"teamid:AAAAAAAAAA\",\n"),
        ("typo.json", "[\n  {\"target\":\"teamid:AAAAAAAAAA\",\"polcy\":\"allow\"}]\n"),
        (
            "twice.json",
            "[{\"target\":\"teamid:AAAAAAAAAA\",\"policy\":\"allow\"},\n {\"target\":\"teamid:AAAAAAAAAA\",\"policy\":\"block\"}]",
        ),
        (
            "lines.jsonl",
            "{\"target\":\"teamid:AAAAAAAAAA\",\"policy\":\"allow\"}\n{\"target\":\"teamid:BBBBBBBBBB\" \"policy\"}\n",
        ),
        ("empty.json", ""),
        ("words", "hello\n"),
    ];
    let mut transcript = String::new();
    for (name, text) in cases {
        shell.write(name, text);
        transcript += &shell.run(&format!("rule convert {name} out.csv"));
        transcript += "\n";
    }
    let utf16: Vec<u8> =
        "\u{feff}target,policy\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(shell.path("utf16.csv"), utf16).unwrap();
    transcript += &shell.run("rule convert utf16.csv out.csv");
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist rule convert bom.csv out.csv
    exit code: 5
    ----- stderr -----
    bom.csv:2: target: invalid teamid identifier `AAAAAAAAA`: expected 10 letters and digits
    bom.csv:3: policy: invalid policy `alow`: expected allow, allow-compiler, block, silent-block, silent-block-gui, silent-block-tty, cel or remove; did you mean allow?
    error: 2 of 2 rows are invalid; nothing was written

    $ nicelist rule convert twice.csv out.csv
    exit code: 5
    ----- stderr -----
    twice.csv:4: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 2
    error: 1 of 2 rows are invalid; nothing was written
    hint: to keep the first (or last) of the conflicting entries: nicelist rule convert twice.csv out.csv --duplicates first

    $ nicelist rule convert heads.csv out.csv
    exit code: 5
    ----- stderr -----
    error: heads.csv has two identifier columns: `target` and `target`

    $ nicelist rule convert nohead.csv out.csv
    exit code: 5
    ----- stderr -----
    error: nohead.csv has no identifier column; its first line must contain the column names, as in: target,policy,scope
    hint: nicelist rule import --help lists the columns

    $ nicelist rule convert quote.csv out.csv
    exit code: 5
    ----- stderr -----
    quote.csv:2:25: close the quote that begins with "open"; it contains the row on line 3
    error: 1 of 1 rows are invalid; nothing was written

    $ nicelist rule convert cut.json out.csv
    exit code: 5
    ----- stderr -----
    cut.json:2:1: ends unexpectedly; it may be incomplete
    error: found 1 error; nothing was written

    $ nicelist rule convert typo.json out.csv
    exit code: 5
    ----- stderr -----
    typo.json:2:3: unknown field: polcy (use policy)
    error: found 1 error; nothing was written

    $ nicelist rule convert twice.json out.csv
    exit code: 5
    ----- stderr -----
    twice.json:2:2: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at twice.json:1:2
    error: found 1 error; nothing was written
    hint: to keep the first (or last) of the conflicting entries: nicelist rule convert twice.json out.csv --duplicates first

    $ nicelist rule convert lines.jsonl out.csv
    exit code: 5
    ----- stderr -----
    lines.jsonl:2:31: is not valid JSON: expected `,` or `}`
    error: 1 of 2 rows are invalid; nothing was written

    $ nicelist rule convert empty.json out.csv
    exit code: 5
    ----- stderr -----
    empty.json:1:1: is empty
    error: found 1 error; nothing was written

    $ nicelist rule convert words out.csv
    exit code: 5
    ----- stderr -----
    error: cannot detect the format of words
    hint: choose one with --from: csv, tsv, json, jsonl, toml, santactl, static-rules, moroz, rudolph-csv, rudolph-json, zentral-json, zentral-yaml, workshop, terraform, fileinfo

    $ nicelist rule convert utf16.csv out.csv
    exit code: 5
    ----- stderr -----
    error: utf16.csv is UTF-16; save it as UTF-8
    hint: iconv -f UTF-16 -t UTF-8 utf16.csv > utf8.csv
    "#);
    assert!(!shell.path("out.csv").exists());
    assert!(!shell.path("out.csv.new").exists());
}

#[test]
fn the_destination_and_the_format_must_be_known() {
    let shell = shell();
    insta::assert_snapshot!(shell.run("rule convert rules.csv out"), @"
    $ nicelist rule convert rules.csv out
    exit code: 2
    ----- stderr -----
    error: cannot detect the format of out
    hint: choose one with --to: csv, tsv, json, jsonl, toml, santactl, static-rules, moroz, rudolph-csv, rudolph-json, zentral-json, zentral-yaml, workshop, terraform
    ");
    insta::assert_snapshot!(shell.run("rule convert rules.csv - --to fileinfo"), @"
    $ nicelist rule convert rules.csv - --to fileinfo
    exit code: 2
    ----- stderr -----
    error: nicelist can read but not write the format fileinfo, which is the output of santactl
    ");
    insta::assert_snapshot!(shell.run("rule convert rules.csv - --to fileinf"), @"
    $ nicelist rule convert rules.csv - --to fileinf
    exit code: 2
    ----- stderr -----
    error: invalid value 'fileinf' for '--to <FORMAT>': unknown format `fileinf`

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shell.run("rule convert nothing.csv out.csv"), @"
    $ nicelist rule convert nothing.csv out.csv
    exit code: 1
    ----- stderr -----
    error: cannot read nothing.csv
      No such file or directory (os error 2)
    ");
}

#[test]
fn pruning_deletes_only_rules_of_the_same_source() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.run("rule add allow teamid:CCCCCCCCCC --source other");
    shell.write("vendor.csv", "target,policy\nteamid:AAAAAAAAAA,allow\nteamid:BBBBBBBBBB,allow\n");
    shell.run("rule import vendor.csv --source vendor");
    shell.write("vendor.csv", "target,policy\nteamid:AAAAAAAAAA,block\n");
    insta::assert_snapshot!(
        shell.run("rule import vendor.csv --source vendor --prune --dry-run"), @"
    $ nicelist rule import vendor.csv --source vendor --prune --dry-run
    exit code: 0
    ----- stdout -----
    Rules for fleet
      - teamid:BBBBBBBBBB  policy allow  source vendor
      ~ teamid:AAAAAAAAAA  policy allow → block
    ----- stderr -----
    dry run: added 0, changed 1, unchanged 0, removed 1 (revision 2)
    ");
    insta::assert_snapshot!(shell.run("rule import vendor.csv --source vendor --prune"), @"
    $ nicelist rule import vendor.csv --source vendor --prune
    exit code: 0
    ----- stdout -----
    Rules for fleet
      - teamid:BBBBBBBBBB  policy allow  source vendor
      ~ teamid:AAAAAAAAAA  policy allow → block
    ----- stderr -----
    added 0, changed 1, unchanged 0, removed 1 (revision 3)
    ");
    insta::assert_snapshot!(shell.run("rule import vendor.csv --source vendor --prune"), @"
    $ nicelist rule import vendor.csv --source vendor --prune
    exit code: 0
    ----- stderr -----
    added 0, changed 0, unchanged 1 (revision 3)
    ");
    shell.write("vendor.csv", "target,policy\n");
    insta::assert_snapshot!(shell.run("rule import vendor.csv --source vendor --prune"), @"
    $ nicelist rule import vendor.csv --source vendor --prune
    exit code: 6
    ----- stderr -----
    error: the file has no rules; --prune would remove all rules of source vendor
    hint: to remove them: nicelist rule import vendor.csv --source vendor --prune --allow-empty
    ");
    let answer = shell.json("rule import vendor.csv --source vendor --prune --allow-empty");
    assert_eq!((&answer["removed"], &answer["revision"]), (&1.into(), &4.into()), "{answer}");
    assert_eq!(answer["changes"][0]["target"], "teamid:AAAAAAAAAA", "{answer}");
    assert_eq!(answer["changes"][0]["fields"][0]["before"], "block", "{answer}");
    insta::assert_snapshot!(shell.run("rule list"), @"
    $ nicelist rule list
    exit code: 0
    ----- stdout -----
    TARGET  POLICY  SCOPE  COMMENT  EXPIRES  SINCE  NOT SENT TO
    teamid:CCCCCCCCCC  allow  fleet  [TIME]
    ");
}

#[test]
fn rejects_are_rows_of_csv() {
    let mut shell = shell();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.run("rule convert rules.csv rules.jsonl");
    insta::assert_snapshot!(
        shell.run("rule import rules.jsonl --partial --rejects bad.csv"), @"
    $ nicelist rule import rules.jsonl --partial --rejects bad.csv
    exit code: 2
    ----- stderr -----
    created the local database sqlite:a.db
    error: --rejects requires a CSV file, but the format is jsonl
    ");
    insta::assert_snapshot!(shell.run("rule import rules.jsonl"), @"
    $ nicelist rule import rules.jsonl
    exit code: 5
    ----- stderr -----
    rules.jsonl:2: tag `eng` not found
    error: 1 of 2 rows are invalid; nothing was changed
    hint: create it first: nicelist tag create eng
    ");
}

#[test]
fn two_files_the_server_and_a_revision_are_compared() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.write("a.csv", "target,policy\nteamid:AAAAAAAAAA,allow\nteamid:BBBBBBBBBB,allow\n");
    shell.write("b.csv", "target,policy\nteamid:BBBBBBBBBB,block\nteamid:CCCCCCCCCC,allow\n");
    insta::assert_snapshot!(shell.run("rule diff a.csv b.csv"), @"
    $ nicelist rule diff a.csv b.csv
    exit code: 3
    ----- stdout -----
    Rules for fleet
      - teamid:AAAAAAAAAA  allow
      ~ teamid:BBBBBBBBBB  policy allow → block
      + teamid:CCCCCCCCCC  allow
    ----- stderr -----
    1 added, 1 changed, 1 removed
    ");
    shell.run("rule convert a.csv a.json");
    insta::assert_snapshot!(shell.run("rule diff a.csv a.json"), @"
    $ nicelist rule diff a.csv a.json
    exit code: 0
    ----- stderr -----
    no differences; 2 unchanged
    ");
    shell.run("rule import a.csv");
    insta::assert_snapshot!(shell.run("rule diff server a.json"), @"
    $ nicelist rule diff server a.json
    exit code: 0
    ----- stderr -----
    no differences; 2 unchanged
    ");
    shell.run("rule import b.csv");
    insta::assert_snapshot!(shell.run("rule diff @1 server -o jsonl"), @r#"
    $ nicelist rule diff @1 server -o jsonl
    exit code: 3
    ----- stdout -----
    {"outcome":"changed","kind":"rule","target":"teamid:BBBBBBBBBB","scope":"fleet","before":{"target":"teamid:BBBBBBBBBB","policy":"allow","scope":"fleet"},"after":{"target":"teamid:BBBBBBBBBB","policy":"block","scope":"fleet"}}
    {"outcome":"added","kind":"rule","target":"teamid:CCCCCCCCCC","scope":"fleet","after":{"target":"teamid:CCCCCCCCCC","policy":"allow","scope":"fleet"}}
    ----- stderr -----
    1 added, 1 changed; 1 unchanged
    "#);
    insta::assert_snapshot!(shell.run("rule diff @9 server"), @"
    $ nicelist rule diff @9 server
    exit code: 1
    ----- stderr -----
    error: revision 9 not found; the newest revision is 2
    hint: nicelist history lists all revisions
    ");
    shell.write("bad.csv", "target,policy\nteamid:SHORT,block\n");
    insta::assert_snapshot!(shell.run("rule diff bad.csv server"), @"
    $ nicelist rule diff bad.csv server
    exit code: 5
    ----- stderr -----
    bad.csv:2: target: invalid teamid identifier `SHORT`: expected 10 letters and digits
    error: found 1 error; nothing was changed
    ");
}

#[test]
fn each_of_a_thousand_bad_rows_in_a_million_is_reported_with_its_line() {
    let shell = Shell::new();
    let mut file = String::from("target,policy\n");
    for row in 0..1_000_000_u32 {
        let policy = if row % 1_000 == 7 { "alow" } else { "allow" };
        file.push_str(&format!("teamid:{row:010},{policy}\n"));
    }
    shell.write("rules.csv", &file);
    let run = shell
        .command(&["rule", "convert", "rules.csv", "out.jsonl", "--all-errors"])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(5));
    let transcript = String::from_utf8(run.stderr).unwrap();
    let lines: Vec<&str> = transcript.lines().collect();
    assert_eq!(lines.len(), 1_001);
    for (nth, line) in lines[..1_000].iter().enumerate() {
        let expected = format!("rules.csv:{}: policy: invalid policy `alow`", nth * 1_000 + 9);
        assert!(line.starts_with(&expected), "{line}");
    }
    assert_eq!(lines[1_000], "error: 1000 of 1000000 rows are invalid; nothing was written");
    assert!(!shell.path("out.jsonl").exists());
}

/// An error must not show the contents of a file that does not contain rules.
#[test]
fn b6_errors_do_not_quote_a_file_that_is_not_a_file_of_rules() {
    let shell = Shell::new();
    let secret = "hunter2-very-secret";
    for (name, text) in [
        ("shadow", format!("root:{secret}:19000:0:99999:7:::\ndaemon:*:19000::::::\n")),
        ("shadow.csv", format!("root:{secret}:19000:0:99999:7:::\ndaemon:*:19000::::::\n")),
        ("key.json", format!("\"{secret}\"\n")),
        ("rules.json", format!("{{\"rules\": \"{secret}\"}}\n")),
        ("field.json", format!("[{{\"target\": [], \"policy\": \"{secret}\", \"cel\": 1}}]\n")),
        ("key.tsv", format!("{secret}\t{secret}\n")),
        ("key.toml", format!("{secret}\n")),
        ("key.yaml", format!("- {secret}\n")),
        ("key.jsonl", format!("{secret}\n")),
        ("key.tf", format!("{secret}\n")),
        ("key.plist", format!("<plist><string>{secret}</string></plist>\n")),
    ] {
        shell.write(name, &text);
        let refused = shell.run(&format!("rule import {name} --database sqlite:nicelist.db"));
        let is_refused = refused.contains("exit code: 5") || refused.contains("exit code: 2");
        assert!(is_refused && !refused.contains("Usage:"), "{refused}");
        assert!(!refused.contains(secret), "{refused}");
    }
}

/// A wrong path may refer to a device with endless data, so nicelist stops reading at a limit.
#[test]
fn b6_files_without_end_are_refused() {
    let shell = Shell::new();
    for (line, refusal) in [
        ("rule import /dev/zero --from csv", "it has a line of more than 1 MiB"),
        ("rule import /dev/zero --from jsonl", "it has a line of more than 1 MiB"),
        ("rule import /dev/zero", "it is larger than 512 MiB"),
        ("rule list --server https://localhost:1 --ca /dev/zero", "it is larger than 1 MiB"),
        ("serve --tls-cert /dev/zero --tls-key /dev/zero", "the file is larger than 16 MiB"),
    ] {
        let refused = shell.run(line);
        assert!(refused.contains(refusal), "{refused}");
    }
    std::fs::create_dir_all(shell.path(".config/nicelist")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", shell.path(".config/nicelist/config.toml")).unwrap();
    let refused = shell.run("rule list");
    assert!(refused.contains("it is larger than 1 MiB"), "{refused}");
}
