mod writing;

use super::*;
use crate::format::{Defaults, File, ParsedPolicy};
use crate::rule::Scope;

const MAC: &str = "F4E9A1B2-0C3D-4E5F-8A6B-7C8D9E0F1A2B";

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn document(files: &[(&str, &str)]) -> ParsedPolicy {
    let files: Vec<File> = files.iter().map(|(name, text)| file(name, text)).collect();
    read(&files, &Defaults::default())
}

fn rules(document: &ParsedPolicy) -> Vec<String> {
    let rules = document.rules.iter().map(|it| &it.rule);
    rules.map(|it| format!("{} {} for {}", it.policy().kind(), it.target(), it.scope())).collect()
}

fn settings(document: &ParsedPolicy) -> Vec<String> {
    let settings = document.settings.iter();
    settings
        .map(|it| format!("{} = {} for {}", it.setting.key(), it.setting.value(), it.scope))
        .collect()
}

fn describe(document: &ParsedPolicy, remarks: &[crate::format::Remark]) -> Vec<String> {
    remarks.iter().map(|it| format!("{}: {}", document.name_of(it.location), it.text)).collect()
}

fn faults(document: &ParsedPolicy) -> Vec<String> {
    describe(document, &document.faults)
}

fn notes(document: &ParsedPolicy) -> Vec<String> {
    describe(document, &document.notes)
}

fn row(kind: &str, policy: &str, identifier: &str) -> String {
    format!(
        "[[rules]]\nrule_type = \"{kind}\"\npolicy = \"{policy}\"\nidentifier = \"{identifier}\"\n"
    )
}

const CURRENT: &str = r#"client_mode = "LOCKDOWN"
batch_size = 100
enable_all_event_upload = false
enable_bundles = true
enable_transitive_rules = false
clean_sync = false
full_sync_interval = 900
blocked_path_regex = ""
allowed_path_regex = "/opt/.*"

[[rules]]
rule_type = "SIGNINGID"
policy = "BLOCKLIST"
identifier = "platform:com.apple.osascript"
custom_msg = "scripting is off here"
custom_url = "https://it.example.com/why"

[[rules]]
rule_type = "TEAMID"
policy = "ALLOWLIST"
identifier = "abcde12345"
"#;

#[test]
fn a_global_file_is_for_the_fleet() {
    let document = document(&[("global.toml", CURRENT)]);
    assert_eq!(faults(&document), [""; 0]);
    assert_eq!(
        rules(&document),
        [
            "block signingid:platform:com.apple.osascript for fleet",
            "allow teamid:ABCDE12345 for fleet",
        ]
    );
    assert_eq!(document.name_of(document.rules[1].location), "global.toml:18:1");
    let notice = &document.rules[0].rule.notice;
    assert_eq!(notice.message.as_deref(), Some("scripting is off here"));
    assert_eq!(notice.url.as_deref(), Some("https://it.example.com/why"));
    assert_eq!(
        settings(&document),
        [
            "client-mode = lockdown for fleet",
            "batch-size = 100 for fleet",
            "enable-all-event-upload = false for fleet",
            "enable-bundles = true for fleet",
            "enable-transitive-rules = false for fleet",
            "full-sync-interval = 15m for fleet",
            "blocked-path-regex =  for fleet",
            "allowed-path-regex = ^/opt/.* for fleet",
        ]
    );
    assert_eq!(
        notes(&document),
        [
            "global.toml:6:1: clean_sync: is left out; nicelist host clean-sync orders a clean sync",
            "global.toml:9:22: allowed_path_regex: is read as `^/opt/.*`, as in Santa",
        ]
    );
}

#[test]
fn a_machines_file_replaces_the_global_one() {
    let global = format!(
        "client_mode = \"LOCKDOWN\"\nbatch_size = 100\nfull_sync_interval = 600\n{}{}{}{}",
        row("TEAMID", "BLOCKLIST", "AAAAAAAAAA"),
        row("TEAMID", "ALLOWLIST", "BBBBBBBBBB"),
        row("TEAMID", "ALLOWLIST", "CCCCCCCCCC"),
        row("TEAMID", "REMOVE", "DDDDDDDDDD"),
    );
    let own = format!(
        "batch_size = 100\n{}{}{}",
        row("TEAMID", "ALLOWLIST", "AAAAAAAAAA"),
        row("TEAMID", "ALLOWLIST", "BBBBBBBBBB"),
        row("TEAMID", "BLOCKLIST", "EEEEEEEEEE"),
    );
    let name = format!("{MAC}.toml");
    let document = document(&[(&name, &own), ("global.toml", &global)]);
    assert_eq!(faults(&document), [""; 0]);
    let own: Vec<_> = rules(&document).into_iter().filter(|it| it.contains(MAC)).collect();
    let for_mac = |text: &str| format!("{text} for host:{MAC}");
    assert_eq!(
        own,
        [
            for_mac("allow teamid:AAAAAAAAAA"),
            for_mac("block teamid:EEEEEEEEEE"),
            for_mac("remove teamid:CCCCCCCCCC"),
        ]
    );
    let own: Vec<_> = settings(&document).into_iter().filter(|it| it.contains(MAC)).collect();
    assert_eq!(own, [for_mac("client-mode = monitor")]);
    assert_eq!(
        notes(&document),
        [
            format!(
                "{name}: replaces global.toml, so this Mac gets 1 `remove` rule and Santa's default \
                    for 1 setting; 2 entries are the same as in global.toml and are left out"
            ),
            "global.toml:16:1: policy: REMOVE becomes a `remove` rule, which is not required: if a \
                rule is deleted, nicelist also removes it from hosts"
                .to_owned(),
        ]
    );
}

#[test]
fn the_keys_of_the_stale_readme_are_read_and_reported() {
    let hash = "ab".repeat(32);
    let text = format!(
        "blocklist_regex = \"^/tmp/.*\"\nallowlist_regex = \"^/opt/.*\"\nsync_type = \"clean\"\n\
         [[rules]]\nrule_type = \"BINARY\"\npolicy = \"BLOCKLIST\"\nsha256 = \"{hash}\"\nnotes = \"x\"\n"
    );
    let document = document(&[("global.toml", &text)]);
    assert_eq!(faults(&document), [""; 0]);
    assert_eq!(rules(&document), [format!("block binary:{hash} for fleet")]);
    assert_eq!(
        settings(&document),
        ["blocked-path-regex = ^/tmp/.* for fleet", "allowed-path-regex = ^/opt/.* for fleet"]
    );
    assert_eq!(
        notes(&document),
        [
            "global.toml:1:1: blocklist_regex: is read as blocked_path_regex; Moroz itself ignores it",
            "global.toml:2:1: allowlist_regex: is read as allowed_path_regex; Moroz itself ignores it",
            "global.toml:3:1: sync_type: is left out; nicelist host clean-sync orders a clean sync",
            "global.toml:7:10: sha256: is read as identifier; Moroz itself ignores it",
            "global.toml:8:1: notes: is an unknown key, which Moroz ignores",
        ]
    );
}

#[test]
fn an_old_and_a_new_name_for_one_setting_contradict_each_other() {
    let text = "allowed_path_regex = \"^/a\"\nwhitelist_regex = \"^/b\"\n";
    assert_eq!(
        faults(&document(&[("global.toml", text)])),
        ["global.toml:2:1: whitelist_regex: is already set on line 1; remove one of the two"]
    );
}

#[test]
fn rows_of_remove_stay_rules_and_are_noted_one_time() {
    let text = row("TEAMID", "REMOVE", "AAAAAAAAAA") + &row("TEAMID", "REMOVE", "BBBBBBBBBB");
    let document = document(&[("global.toml", &text)]);
    assert_eq!(
        rules(&document),
        ["remove teamid:AAAAAAAAAA for fleet", "remove teamid:BBBBBBBBBB for fleet"]
    );
    assert!(notes(&document)[0].starts_with("global.toml:1:1: policy: 2 rows with REMOVE"));
    assert_eq!(document.notes.len(), 1);
}

#[test]
fn a_rule_that_is_there_twice_names_both_lines() {
    let text = row("TEAMID", "ALLOWLIST", "AAAAAAAAAA") + &row("TEAMID", "BLOCKLIST", "aaaaaaaaaa");
    assert_eq!(
        faults(&document(&[("global.toml", &text)])),
        [
            "global.toml:5:1: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at \
          global.toml:1:1"
        ]
    );
}

#[test]
fn what_no_rule_and_no_setting_takes_is_reported_with_line_and_column() {
    let text = format!(
        "client_mode = \"STRICT\"\nbatch_size = 5000\nfull_sync_interval = 10\nenable_bundles = []\n\
         {}{}[[rules]]\npolicy = \"BLOCKLIST\"\nidentifier = 7\n[[rules]]\nrule_type = \"TEAMID\"\n\
         policy = \"BLOCKLIST\"\n{}",
        row("TEAMID", "MAYBE", "AAAAAAAAAA"),
        row("BINARY", "ALLOWLIST", "short"),
        row("TEAMID", "ALLOWLIST_COMPILER", "BBBBBBBBBB"),
    );
    assert_eq!(
        faults(&document(&[("global.toml", &text)])),
        [
            "global.toml:1:15: client_mode: invalid value `STRICT`: expected monitor, lockdown or standalone",
            "global.toml:2:14: batch_size: invalid value `5000`: expected a number from 1 to 1000",
            "global.toml:3:22: full_sync_interval: `10` is too short: Santa's minimum is 60 s",
            "global.toml:4:18: enable_bundles: expected a value, found a list",
            "global.toml:7:10: policy: invalid policy `MAYBE`: expected allow, allow-compiler, block, silent-block, silent-block-gui, silent-block-tty, cel or remove",
            "global.toml:12:14: identifier: invalid binary identifier `short`: expected 64 hex digits",
            "global.toml:15:14: identifier: expected a string, found a number",
            "global.toml:16:1: the rule has no identifier",
            "global.toml:21:10: policy: allow-compiler works only in binary, signingid and cdhash rules; Santa ignores it in a teamid rule",
        ]
    );
}

#[test]
fn a_broken_file_is_reported_where_it_breaks() {
    let whole = row("TEAMID", "ALLOWLIST", "AAAAAAAAAA");
    let cut = &whole[..whole.len() - 4];
    let document = document(&[("global.toml", cut)]);
    assert!(faults(&document)[0].starts_with("global.toml:4:"), "{:?}", faults(&document));
    assert_eq!(document.rules, []);
}

#[test]
fn a_byte_order_mark_and_crlf_change_nothing() {
    let crlf = format!("\u{feff}{}", CURRENT.replace('\n', "\r\n"));
    let (plain, odd) = (document(&[("global.toml", CURRENT)]), document(&[("global.toml", &crlf)]));
    assert_eq!(odd, plain);
}

#[test]
fn what_is_no_text_is_refused_by_name() {
    let utf16: Vec<u8> = CURRENT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files = [
        File { name: "global.toml".into(), bytes: utf16 },
        file("A.toml", ""),
        File { name: "B.toml".into(), bytes: b"client_mode = \"\xff\"".to_vec() },
    ];
    let document = read(&files, &Defaults::default());
    assert_eq!(
        faults(&document),
        [
            "global.toml:1:1: is UTF-16; save the file as UTF-8",
            "A.toml:1:1: is empty",
            "B.toml:1:16: is not UTF-8; save the file as UTF-8",
        ]
    );
}

#[test]
fn nested_files_are_read_as_moroz_does_and_reported() {
    let text = row("TEAMID", "ALLOWLIST", "AAAAAAAAAA");
    let document = document(&[("global.toml", "# nothing"), ("desks/M1.toml", &text)]);
    assert_eq!(rules(&document), ["allow teamid:AAAAAAAAAA for host:M1"]);
    assert_eq!(notes(&document), ["desks/M1.toml: Moroz also reads files in subfolders"]);
}

#[test]
fn a_backup_next_to_the_active_file_is_refused() {
    let text = row("TEAMID", "ALLOWLIST", "AAAAAAAAAA");
    let document = document(&[("backup/global.toml", &text), ("global.toml", &text)]);
    assert_eq!(
        faults(&document),
        ["global.toml: applies to the same Macs as backup/global.toml, and Moroz uses the file \
                that it reads last; move one of the two away"]
    );
}

#[test]
fn a_stray_file_is_refused_and_events_are_no_policy() {
    let event = format!("events/{}/{MAC}/1700000000.123456.json", "ab".repeat(32));
    let files = [
        ("global.toml", "client_mode = \"MONITOR\""),
        ("notes.txt", "x"),
        ("README.md", "x"),
        (".git/config", "x"),
        (&*event, "{}"),
    ];
    let document = document(&files);
    assert_eq!(
        faults(&document),
        ["notes.txt: is not part of Moroz's policy; only .toml files are"]
    );
    assert_eq!(
        notes(&document),
        [
            "global.toml: 1 file contains events, which are not part of the policy; nicelist event import reads them"
        ]
    );
}

#[test]
fn a_single_file_is_for_the_fleet_unless_a_uuid_names_it() {
    let text = row("TEAMID", "ALLOWLIST", "AAAAAAAAAA");
    let lone = |name: &str| {
        let document = document(&[(name, &text)]);
        (rules(&document).concat(), notes(&document).len())
    };
    assert_eq!(lone("etc/global.toml"), ("allow teamid:AAAAAAAAAA for fleet".to_owned(), 0));
    assert_eq!(lone("moroz.toml"), ("allow teamid:AAAAAAAAAA for fleet".to_owned(), 1));
    let own = format!("allow teamid:AAAAAAAAAA for host:{MAC}");
    assert_eq!(lone(&format!("etc/{MAC}.toml")), (own, 1));
    let scope: Scope = "tag:canary".parse().unwrap();
    let defaults =
        Defaults { scope: Some(scope), source: Some("moroz".into()), ..Defaults::default() };
    let document = read(&[file("moroz.toml", &text)], &defaults);
    assert_eq!(rules(&document), ["allow teamid:AAAAAAAAAA for tag:canary"]);
    assert_eq!(document.rules[0].rule.provenance.source.as_deref(), Some("moroz"));
}

#[test]
fn only_moroz_files_are_recognised() {
    let is = |text: &str| recognises(&file("x", text));
    assert!(is(CURRENT) && is("allowlist_regex = \"x\""));
    assert!(is(&row("TEAMID", "ALLOWLIST", "AAAAAAAAAA")));
    assert!(!is("[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\""));
    assert!(!is("{\"rules\": []}") && !is("") && !is("target,policy\n"));
}
